"""What the settings file may hold: the one source of its checks, of the example file and of the JSON schema.

The text under a field is what its readers see in all of them. Anything not declared here is an error, since a setting
that is silently ignored is worse than none.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    SecretStr,
    StringConstraints,
    Tag,
    model_validator,
)

from ask_lsp.core.action import Needs, Output

DEFAULT_MODEL = "gpt-5.4-mini"
BUILT_IN_PROFILES = ("default", "local", "echo")
ACTION_KINDS = ("ask", "quickfix", "refactor")

_LANGUAGE = re.compile(r"[^\W\d_][\w ()-]{0,39}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
_KIND = re.compile(r"[a-z]+(\.[A-Za-z]+)*")
_TITLE_FIELD = re.compile(r"\{[^{}]*\}")


def wrong_base_url(value: str) -> str | None:
    """Why this is no endpoint, as words that fit behind a name; None when it is one. Never repeats the value."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return "is not a URL - write it like http://127.0.0.1:11434/v1"
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable() or " " in value:
        return "is not a URL - write it like http://127.0.0.1:11434/v1"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password - put it into api_key or headers"
    if parts.query or parts.fragment:
        return "has a part behind “?” or “#” - leave that out"
    return None


def _check_base_url(value: str) -> str:
    wrong = wrong_base_url(value)
    if wrong:
        raise ValueError(wrong)
    return value


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("is not the name of a language - write auto, German, pt-BR or the like")
    return value


def _check_one_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("is not a line of text - write some words")
    return value


def _check_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("has a name that is no HTTP header - write it like X-Team")
        text = value.get_secret_value()
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            text = "\n"
        if not text.isprintable():
            raise ValueError("has a value that HTTP cannot carry - use plain characters on one line")
    return headers


def _check_kind(value: str) -> str:
    if not _KIND.fullmatch(value) or value.partition(".")[0] not in ACTION_KINDS:
        raise ValueError("is not a kind of ours - write ask, quickfix, refactor or refactor.rewrite (never source)")
    return value


def _check_title(value: str) -> str:
    if set(_TITLE_FIELD.findall(value)) - {"{target}", "{assistant}", "{problem}", "{count}"}:
        raise ValueError(
            "has an unknown field in braces - only {target}, {assistant}, {problem} and {count} are filled in"
        )
    return _check_one_line(value)


def _check_file(value: str) -> str:
    if set(_TITLE_FIELD.findall(value)) - {"{stem}", "{suffix}"}:
        raise ValueError("has an unknown field in braces - only {stem} and {suffix} are filled in")
    if "/" in value or "\\" in value or value.startswith("."):
        raise ValueError("must be the name of a file, without a folder")
    return value


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_check_one_line)]
Language = Annotated[str, AfterValidator(_check_language)]
AssistantName = Annotated[str, StringConstraints(max_length=30), AfterValidator(_check_one_line)]
Headers = Annotated[dict[str, SecretStr], AfterValidator(_check_headers)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Milliseconds = Annotated[int, Field(ge=0, le=10_000)]
Hover = Literal["off", "cached", "ask"]
Review = Literal["apply", "preview", "proposal"]
LogLevel = Literal["debug", "info", "warning", "error"]
PositionEncoding = Literal["auto", "utf-8", "utf-16", "utf-32"]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )


class KeyPlace(_Strict):
    """Where a key is, if it is not written out. Exactly one of the three."""

    env: Line | None = Field(default=None, examples=["WORK_API_KEY"])
    """The name of an environment variable. An editor started from the desktop may not see those of your shell."""

    file: Line | None = Field(default=None, examples=["~/.keys/work"])
    """A file that holds the key alone. Relative to the folder of this file."""

    command: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, examples=[["pass", "show", "work/key"]]
    )
    """A program and its arguments that print the key. It runs when the key is first needed, once, for at most 20 s."""

    @model_validator(mode="after")
    def _exactly_one(self) -> KeyPlace:
        if sum(value is not None for value in (self.env, self.file, self.command)) != 1:
            raise ValueError("needs exactly one of env, file and command")
        return self


def _written_out_or_place(value: Any) -> str:
    return "place" if isinstance(value, (dict, KeyPlace)) else "text"


ApiKey = Annotated[
    Annotated[SecretStr, Tag("text")] | Annotated[KeyPlace, Tag("place")],
    Discriminator(_written_out_or_place),
]


class PricesEntry(_Strict):
    """What the model costs. It is only used to show what was spent."""

    input: float = Field(ge=0, examples=[0.75])
    """USD per million tokens sent."""

    output: float = Field(ge=0, examples=[4.5])
    """USD per million tokens answered."""


class LimitsEntry(_Strict):
    """The limits of one profile."""

    connect: Seconds = 10.0
    """Until a connection is there."""

    first_content: Seconds = 600.0
    """Until the first words. Reasoning models, and local ones that are just being loaded, are silent for minutes."""

    idle: Seconds = 60.0
    """Of silence in the middle of an answer."""

    retries: int = Field(default=3, ge=0, le=10)
    """How often a request that failed for a passing reason is sent again. A number, not seconds."""


class Endpoint(_Strict):
    """Which model, where, and with which key."""

    api_key: ApiKey | None = Field(default=None, examples=["sk-..."])
    """The key. Written out, or where it is: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}.
    It is sent to the base_url beside it and nowhere else."""

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
    """What the model costs. It is only used to show what was spent."""

    headers: Headers = Field(default={}, examples=[{"X-Team": "compilers"}])
    """Further HTTP headers. Like the key, they are sent to this endpoint only."""

    limits: LimitsEntry = LimitsEntry()
    """How long to wait, in seconds. There is no limit on a whole answer."""


class ProfileEntry(Endpoint):
    """One further way to get an answer, under a name of its own."""

    kind: Literal["openai", "local", "echo"] | None = Field(default=None, examples=["openai"])
    """openai is any OpenAI-compatible endpoint, local the embedded model, echo repeats the question (for tests)."""


class EditsEntry(_Strict):
    """What happens to changes that an answer proposes."""

    review: Review | None = Field(default=None, examples=["preview"])
    """apply makes the change at once, preview shows it first, proposal offers it as a code action.
    Not set: the best that the editor can do."""


class ActionEntry(_Strict):
    """An action: what is asked, about what, and where the answer goes."""

    title: Annotated[Line, AfterValidator(_check_title)] | None = Field(default=None, examples=["Review {target}"])
    """What the editor's menu shows. {target} is what is selected, {assistant} the assistant's name, {problem} the first
    problem reported there and {count} how many there are."""

    kind: Annotated[str, AfterValidator(_check_kind)] | None = Field(default=None, examples=["ask"])
    """The kind of code action, which decides where editors sort it: ask, quickfix, or refactor with a suffix."""

    system: str | None = Field(default=None, examples=["You are a strict and kind reviewer."])
    """Who the model is to be. A Jinja2 template, with the same variables as the prompt."""

    prompt: str | None = Field(
        default=None,
        examples=[
            "Review {{ target }} as if it came in a pull request.\n"
            "{% if problems %}Mind the {{ problems | length }} reported problems.{% endif %}\n"
        ],
    )
    """The question. A Jinja2 template with target, language, file, question, code, problems (each with message, code,
    source and line), surrounding and answer_language. The code itself is put below it by itself."""

    context: list[Literal["symbol", "diagnostics"]] | None = Field(default=None, examples=[["symbol"]])
    """What is sent with the code: symbol is the definition around it, diagnostics the problems reported in it."""

    output: Output | None = Field(default=None, examples=["chat"])
    """Where the answer goes: chat, or into the code. replace puts it in the place of what it is about, insert_before
    and insert_after beside that, insert at the cursor, and new_file into a file beside this one."""

    file: Annotated[Line, AfterValidator(_check_file)] | None = Field(default=None, examples=["{stem}_notes.md"])
    """The name of the new file; {stem} and {suffix} are those of this one. Not set: where the project has its tests."""

    scope: Literal["selection", "file"] | None = Field(default=None, examples=["selection"])
    """What it is about: the selection (or the definition around the cursor), or the whole file."""

    languages: list[Line] | None = Field(default=None, examples=[["python", "go"]])
    """The languages it is listed for, by their LSP names. Not set: all."""

    profile: Line | None = Field(default=None, examples=["default"])
    """The profile that answers. Not set: the active one."""

    needs: Needs | None = Field(default=None, examples=["nothing"])
    """What must be there: question asks you for words, diagnostics lists it only where a problem is reported,
    several_diagnostics where there are two or more, and each_diagnostic once for each of them."""

    listed: bool | None = Field(default=None, examples=[True])
    """Whether it is shown in the menu."""


def _hidden_or_entry(value: Any) -> str:
    return "hidden" if isinstance(value, bool) else "entry"


ActionOrHidden = Annotated[
    Annotated[Literal[False], Tag("hidden")] | Annotated[ActionEntry, Tag("entry")],
    Discriminator(_hidden_or_entry),
]


class Config(Endpoint):
    """The settings of ask-lsp."""

    profile: Line = "default"
    """The profile that answers. The settings above are the profile “default”; “local” (the embedded model) and “echo”
    always exist."""

    profiles: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}$")], ProfileEntry] = (
        Field(
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

    max_jobs: int = Field(default=4, ge=1, le=32)
    """How many questions are answered at the same time. The others wait."""

    log_level: LogLevel = "info"
    """How much is logged. Keys never are; prompts only at debug."""

    position_encoding: PositionEncoding = "auto"
    """How columns are counted between editor and server. auto takes the editor's first choice. To be set only where
    another language server of the same editor insists on one."""


class EditorSettings(_Strict):
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
