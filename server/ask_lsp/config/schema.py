"""What the settings file may hold: the one source of its checks, of the example file and of the JSON schema.

The text under a field is what its readers see in all of them. Anything not declared here is an error, since a setting
that is silently ignored is worse than none.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, JsonValue, SecretStr, StringConstraints, Tag, model_validator

from ask_lsp.config.action_entry import ActionOrHidden
from ask_lsp.config.fields import (
    AssistantName,
    BaseUrl,
    Headers,
    Hover,
    Language,
    Line,
    LogLevel,
    Milliseconds,
    Pattern,
    PositionEncoding,
    Proxy,
    Regex,
    Review,
    Seconds,
    Strict,
    Tokens,
    Usd,
)

DEFAULT_MODEL = "gpt-5.4-mini"
BUILT_IN_PROFILES = ("default", "local", "echo")
NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}$"


class KeyPlace(Strict):
    """Where a key is, if it is not written out. Exactly one of the four."""

    env: Line | None = Field(default=None, examples=["WORK_API_KEY"])
    """The name of an environment variable. An editor started from the desktop may not see those of your shell."""

    file: Line | None = Field(default=None, examples=["~/.keys/work"])
    """A file that holds the key alone. Relative to the folder of this file."""

    command: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, examples=[["pass", "show", "work/key"]]
    )
    """A program and its arguments that print the key. It runs when the key is first needed, once, for at most 20 s."""

    keyring: Annotated[Line, StringConstraints(pattern=NAME)] | None = Field(default=None, examples=["work"])
    """The name of a key in the operating system's keyring, where `ask-lsp key set PROFILE` puts it, for this base_url
    only. Needs the extra: pip install "ask-lsp[keyring]"."""

    @model_validator(mode="after")
    def _exactly_one(self) -> KeyPlace:
        if sum(value is not None for value in (self.env, self.file, self.command, self.keyring)) != 1:
            raise ValueError("needs exactly one of env, file, command and keyring")
        return self


def _written_out_or_place(value: Any) -> str:
    return "place" if isinstance(value, (dict, KeyPlace)) else "text"


ApiKey = Annotated[
    Annotated[SecretStr, Tag("text")] | Annotated[KeyPlace, Tag("place")],
    Discriminator(_written_out_or_place),
]


class PricesEntry(Strict):
    """What the model costs."""

    input: float = Field(ge=0, examples=[0.75])
    """USD per million tokens sent."""

    output: float = Field(ge=0, examples=[4.5])
    """USD per million tokens answered."""

    cached: float | None = Field(default=None, ge=0, examples=[0.075])
    """USD per million tokens sent that the endpoint had in its cache. Not set: the same as input."""


class LimitsEntry(Strict):
    """The limits of one profile."""

    connect: Seconds = 10.0
    """Until a connection is there."""

    first_content: Seconds = 600.0
    """Until the first words. Reasoning models, and local ones that are just being loaded, are silent for minutes."""

    idle: Seconds = 60.0
    """Of silence in the middle of an answer."""

    retries: int = Field(default=3, ge=0, le=10)
    """How often a request that failed for a passing reason is sent again. A number, not seconds."""


class Endpoint(Strict):
    """Which model, where, and with which key."""

    api_key: ApiKey | None = Field(default=None, examples=["sk-..."])
    """The key. Written out, or where it is: {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]}
    or {keyring: NAME}. It is sent to the base_url beside it and nowhere else."""

    model: Line | None = Field(default=None, examples=[DEFAULT_MODEL])
    """The model, as its endpoint calls it."""

    base_url: BaseUrl | None = Field(default=None, examples=["https://api.openai.com/v1"])
    """Any OpenAI-compatible endpoint. Ollama is http://127.0.0.1:11434/v1, llama.cpp http://127.0.0.1:8080/v1."""

    parameters: dict[str, JsonValue] = Field(default={}, examples=[{"reasoning_effort": "low"}])
    """Further parameters of the request, as the endpoint calls them. Nothing is sent that does not stand here."""

    max_output: int | None = Field(default=None, ge=1, le=10_000_000, examples=[4000])
    """The longest answer, in tokens."""

    prediction: bool | None = Field(default=None, examples=[True])
    """Whether an edit sends the code as a predicted output, which makes it faster; what was predicted wrongly is billed
    all the same. Not set: for the models of OpenAI that take it."""

    prices: PricesEntry | None = None
    """What the model costs: for what is shown, and for the caps in “spend”. Not set: what is known of the model."""

    headers: Headers = Field(default={}, examples=[{"X-Team": "compilers"}])
    """Further HTTP headers. Like the key, they are sent to this endpoint only."""

    allow_insecure: bool = False
    """Whether code and key may go to another machine unencrypted: without it, http:// is refused but for this machine.
    It counts for the base_url beside it."""

    ca_bundle: Line | None = Field(default=None, examples=["~/.certificates/company.pem"])
    """A file of certificates (PEM) that are trusted for this endpoint in the place of the operating system's. Relative
    to the folder of this file. Rarely needed: certificates that your system trusts are trusted here."""

    proxy: Proxy | None = Field(default=None, examples=["http://proxy.example.com:3128"])
    """The proxy to this endpoint. Not set: that of the environment (HTTPS_PROXY and the like). Never used for this
    machine."""

    limits: LimitsEntry = LimitsEntry()
    """How long to wait, in seconds. There is no limit on a whole answer."""


class ProfileEntry(Endpoint):
    """One further way to get an answer, under a name of its own."""

    kind: Literal["openai", "local", "echo"] | None = Field(default=None, examples=["openai"])
    """openai is any OpenAI-compatible endpoint, local the embedded model, echo repeats the question (for tests)."""


class EditsEntry(Strict):
    """What happens to changes that an answer proposes."""

    review: Review | None = Field(default=None, examples=["preview"])
    """apply makes the change at once, preview shows it first, proposal offers it as a code action.
    Not set: the best that the editor can do."""


class RedactEntry(Strict):
    """Your own rules about secrets."""

    patterns: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*(_[A-Za-z][A-Za-z0-9]*)*$", max_length=40)],
        Regex,
    ] = Field(default={}, examples=[{"TICKET": "TCK-[0-9]{8}"}])
    """Regular expressions by name. What one matches is a secret; the name is what its placeholder says."""

    allow: list[Regex] = Field(default=[], examples=[["EXAMPLE[0-9A-Z]+"]])
    """Regular expressions. What one of them matches as a whole is no secret."""


class RouteEntry(Strict):
    """Files that may go to one profile only."""

    paths: Annotated[list[Pattern], Field(min_length=1)] = Field(examples=[["customers/", "*.key.py"]])
    """Patterns as in .gitignore, relative to the workspace folders. One that begins with ~/, or is the path of a folder
    on this machine, means just that."""

    profile: Line = Field(examples=["local"])
    """The profile. What is in these files goes to no other, in no question, follow-up or hover."""


class SpendEntry(Strict):
    """Caps in USD, over all editors. null or false is no cap."""

    per_request: Usd = 0.50
    """What one request may cost at most: its input, and the longest answer that it may get."""

    per_hour: Usd = None
    """In any 60 minutes."""

    per_day: Usd = 5.0
    """In a day of your time zone."""

    per_month: Usd = None
    """In a month of your time zone."""


class TokensEntry(Strict):
    """Caps in tokens, sent and answered together. null or false is no cap."""

    per_request: Tokens = 50_000
    """What one request may take at most."""

    per_hour: Tokens = None
    """In any 60 minutes."""

    per_day: Tokens = 1_000_000
    """In a day of your time zone."""

    per_month: Tokens = None
    """In a month of your time zone."""


class Config(Endpoint):
    """The settings of ask-lsp."""

    profile: Line = "default"
    """The profile that answers. The settings above are the profile “default”; “local” (the embedded model) and “echo”
    always exist."""

    profiles: dict[Annotated[str, StringConstraints(pattern=NAME)], ProfileEntry] = Field(
        default={},
        examples=[
            {
                "work": {
                    "kind": "openai",
                    "base_url": "https://models.example.com/v1",
                    "api_key": {"env": "WORK_API_KEY"},
                    "model": "gpt-5.4",
                },
                "ollama": {"base_url": "http://127.0.0.1:11434/v1", "model": "qwen3-coder"},
                "cheap": {"model": "gpt-5.4-nano"},
            }
        ],
    )
    """Further ways to get an answer, each with any of the settings above. One that names base_url or api_key stands on
    its own: it takes neither from anywhere else. One that names neither uses those of “default”."""

    assistant_name: AssistantName = "ChatGPT"
    """What menus call the assistant."""

    language: Language = "auto"
    """The language of the answers. auto is the language of your editor, then of your system."""

    hover: Hover = "cached"
    """off, cached (shows explanations that were asked for before) or ask (asks for one, which sends code)."""

    hover_wait: Milliseconds = 100
    """How long a hover waits for a new explanation, in milliseconds. Editors show no hover at all until it is over."""

    hover_profile: Line | None = Field(default=None, examples=["local"])
    """The profile that explains on hover. Not set: the active one."""

    edits: EditsEntry = EditsEntry()
    """How changes to your code are shown."""

    actions: dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")], ActionOrHidden] = Field(
        default={},
        examples=[
            {
                "review": {
                    "title": "Review {target}",
                    "kind": "ask",
                    "system": "You are a strict and kind reviewer.",
                    "prompt": (
                        "Review {{ target }} as if it came in a pull request.\n"
                        "{% if problems %}Mind the {{ problems | length }} reported problems.{% endif %}\n"
                    ),
                    "context": ["symbol", "diagnostics"],
                    "output": "chat",
                    "scope": "selection",
                    "file": "{stem}_notes.md",
                    "languages": ["python", "go"],
                    "profile": "default",
                    "needs": "nothing",
                    "listed": True,
                },
                "tests": False,
                "explain": {"title": "What does {target} do?"},
            }
        ],
    )
    """Your own actions. A built-in one (ask, explain, find_problems, fix, fix_all, fix_file, refactor, simplify,
    document, types, tests, complete, rewrite, explain_problem) is changed by naming the fields that differ, and hidden
    by false."""

    deny: list[Pattern] = Field(default=[], examples=[["secrets/", "*.tfstate"]])
    """Files that are never sent, beside those that never are anyway (.env, keys, certificates, ...). Patterns as in
    .gitignore."""

    redact: RedactEntry = RedactEntry()
    """What counts as a secret beside what is known as one. Secrets are replaced by placeholders before sending."""

    routes: list[RouteEntry] = Field(default=[], examples=[[{"paths": ["customers/", "*.key.py"], "profile": "local"}]])
    """Files that may go to one profile only. Where several routes match a file, all of them count."""

    spend: SpendEntry = SpendEntry()
    """What questions may cost, in USD, all editors together. null or false is no cap."""

    tokens: TokensEntry = TokensEntry()
    """The same in tokens, where the price is unknown. Once you set a number here, all of these hold at any price."""

    log_prompts: bool = False
    """Whether `ask-lsp log` keeps the text of what was sent, secrets replaced. Otherwise it keeps no text."""

    max_jobs: int = Field(default=4, ge=1, le=32)
    """How many questions are answered at the same time. The others wait."""

    log_level: LogLevel = "info"
    """How much is logged. Keys never are; prompts only at debug."""

    position_encoding: PositionEncoding = "auto"
    """How columns are counted between editor and server. auto takes the editor's first choice. To be set only where
    another language server of the same editor insists on one."""


class EditorSettings(Strict):
    """What the editor may set. A repository can write these, so nothing here says where anything is sent."""

    profile: Line | None = None
    language: Language | None = None
    assistant_name: AssistantName | None = None
    hover: Hover | None = None
    hover_wait: Milliseconds | None = None
    edits: EditsEntry | None = None
    log_level: LogLevel | None = None
    position_encoding: PositionEncoding | None = None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the settings file, for editors that check YAML."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(),
    }
