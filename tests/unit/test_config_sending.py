"""What may be sent, where, encrypted or not, and for how much: the settings that say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_rig import Rig, problems_of

from ask_lsp.config import layers
from ask_lsp.config.keys import Keys
from ask_lsp.core.privacy import Route
from ask_lsp.core.profile import Prices, Profile, is_loopback, origin, origin_of
from ask_lsp.core.redaction import RedactRules
from ask_lsp.core.spend import Amounts, Caps

LAN = "http://192.168.0.9:8080/v1"


async def test_every_setting_arrives(tmp_path: Path) -> None:
    rig = Rig(
        tmp_path,
        """
deny: [secrets/, "*.tfstate"]
redact: {patterns: {ticket: "TCK-[0-9]{8}"}, allow: ["EXAMPLE[A-Z]+"]}
routes:
  - {paths: [customers/, "~/work/"], profile: local}
  - {paths: ["*.key.py"], profile: w}
spend: {per_request: 0.1, per_hour: 2, per_day: 3, per_month: 40.5}
tokens: {per_day: 7000}
log_prompts: true
profiles: {w: {model: x}}
""",
    )

    settings = await rig.settings()

    assert rig.keeper.take_problems() == []
    assert settings.deny == ("secrets/", "*.tfstate")
    assert settings.redact == RedactRules({"TICKET": "TCK-[0-9]{8}"}, ("EXAMPLE[A-Z]+",))
    assert settings.routes == (Route(("customers/", "~/work/"), "local"), Route(("*.key.py",), "w"))
    assert settings.caps == Caps(Amounts(0.1, 2, 3, 40.5), Amounts(50_000, None, 7000, None), tokens_chosen=True)
    assert settings.log_prompts is True


async def test_without_any_there_are_caps_and_no_text_is_logged(tmp_path: Path) -> None:
    settings = await Rig(tmp_path).settings()

    assert settings.caps == Caps()
    assert (settings.caps.spend, settings.caps.tokens.per_day) == (Amounts(per_request=0.5, per_day=5), 1_000_000)
    assert (settings.caps.tokens_chosen, settings.log_prompts) == (False, False)
    assert (settings.deny, settings.ignore, settings.routes, settings.instructions) == ((), (), (), "")
    assert settings.redact == RedactRules()


@pytest.mark.parametrize(
    ("text", "caps"),
    [
        ("spend: {per_day: null}\n", Caps(Amounts(per_request=0.5))),
        ("spend: {per_day: false, per_request: false}\n", Caps(Amounts())),
        ("spend: {per_day:}\n", Caps(Amounts(per_request=0.5))),
        ("spend: {per_hour: 1}\n", Caps(Amounts(per_request=0.5, per_hour=1, per_day=5))),
        ("spend: {per_day: 0}\n", Caps(Amounts(per_request=0.5, per_day=0))),
        ("spend:\ntokens:\n", Caps()),
        ("tokens: {per_request: null, per_day: false}\n", Caps(tokens=Amounts())),
        ("tokens: {per_hour: 10}\n", Caps(tokens=Amounts(50_000, 10, 1_000_000), tokens_chosen=True)),
    ],
)
async def test_null_and_false_lift_a_cap(tmp_path: Path, text: str, caps: Caps) -> None:
    """Only the one that they stand at. A limit in tokens that you set yourself holds at any price."""
    rig = Rig(tmp_path, text)

    assert (await rig.settings()).caps == caps
    assert rig.keeper.take_problems() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "redact: {patterns: {A: '('}}\n",
            "1: “A” in redact.patterns is not a regular expression: missing ), unterminated subpattern at character 1"
            " - correct it.",
        ),
        (
            "redact:\n  allow:\n    - ok\n    - '[z-a]'\n",
            "4: item 2 of “allow” in redact is not a regular expression: bad character range z-a at character 2"
            " - correct it.",
        ),
        (
            "redact: {allow: ['x*']}\n",
            "1: item 1 of “allow” in redact matches nothing at all, and so everywhere"
            " - let it need at least one character.",
        ),
        (
            "redact:\n  patterns:\n    two words: x\n",
            "3: this name in redact.patterns is no possible name"
            " - use words of letters and digits with “_” between them.",
        ),
        (
            "redact:\n  patterns:\n    Name: x\n    NAME: y\n",
            "3: “Name” is given twice, in other letters - rename one of them.",
        ),
        ("redact: {pattern: {A: x}}\n", "1: unknown key “pattern” in redact - did you mean “patterns”?"),
        ("deny: secrets/\n", "1: “deny” must be a list, as in [one, two]."),
        ("deny: [5]\n", "1: item 1 of “deny” must be text - put it in quotes."),
        (
            "deny:\n  - ok\n  - '!x'\n",
            "3: item 2 of “deny” begins with “!”, which would take something off the list - this list can only add.",
        ),
        ("deny: ['#x']\n", "1: item 1 of “deny” begins with “#”, which makes it a comment - write “\\#”."),
        (
            "deny: ['']\n",
            "1: item 1 of “deny” is no pattern - write it like a line of .gitignore, as in “secrets/” or “*.pem”.",
        ),
        (
            "routes:\n  - paths: [a]\n    profile: wrok\nprofiles: {work: {}}\n",
            "3: there is no profile “wrok” for this route - did you mean “work”?",
        ),
        ("routes: [{paths: [], profile: local}]\n", "1: “paths” in routes.1 must have at least one item."),
        ("routes: [{paths: [a]}]\n", "1: “profile” in routes.1 is missing."),
        (
            "routes: [{path: [a], profile: local, paths: [b]}]\n",
            "1: unknown key “path” in routes.1 - did you mean “paths”?",
        ),
        ("spend: {per_day: true}\n", "1: “per_day” in spend must be a number, or false for no limit."),
        ("spend: {per_day: '5'}\n", "1: “per_day” in spend must be a number, or false for no limit."),
        ("spend: {per_day: -1}\n", "1: “per_day” in spend must be at least 0."),
        ("spend: {per_dya: 1}\n", "1: unknown key “per_dya” in spend - did you mean “per_day”?"),
        ("spend: false\n", "1: “spend” must be followed by indented lines “name: value”."),
        ("tokens: {per_day: 1.5}\n", "1: “per_day” in tokens must be a whole number."),
        ("log_prompts: 'no'\n", "1: “log_prompts” must be true or false."),
        ("allow_insecure: 1\n", "1: “allow_insecure” must be true or false."),
        ("proxy: proxy.example:3128\n", "1: “proxy” is not a proxy - write it like http://proxy.example.com:3128."),
        (
            "proxy: http://u:hunter2@p/path\n",
            "1: “proxy” is not a proxy - write it like http://proxy.example.com:3128.",
        ),
        (
            "profiles:\n  e: {kind: echo, allow_insecure: true}\n",
            "2: “allow_insecure” has no meaning for the kind echo - leave one of the two out.",
        ),
        ("prices: {input: 1, output: 2, cached: -1}\n", "1: “cached” in prices must be at least 0."),
    ],
)
async def test_one_mistake_is_one_sentence(tmp_path: Path, text: str, expected: str) -> None:
    """File, line, what was expected; a value, which may be a secret, is never repeated."""
    assert await problems_of(tmp_path, text) == [f"config.yaml:{expected}"]


@pytest.mark.parametrize(
    "rule", ["deny: [x]", "redact: {allow: [x]}", "routes: []", "spend: {per_day: 1}", "tokens: {}"]
)
async def test_a_wrong_file_with_a_rule_in_it_sends_nothing(tmp_path: Path, rule: str) -> None:
    """Nobody knows what the rule was to be; what it would forbid must not be sent because of a typing error."""
    rig = Rig(tmp_path, f"modle: x\n{rule}\n", OPENAI_API_KEY="sk-env")

    problem = (await rig.settings()).profile().problem

    assert problem is not None
    assert problem.startswith(f"Nothing is sent before {rig.path} is right")


# ---- unencrypted ----


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.255.0.9", True), ("localhost", True), ("::1", True),
        ("127.0.0.1.example.com", False), ("127.0.0.256", False), ("127.1", False), ("0.0.0.0", False),
        ("localhost.example.com", False), ("x.localhost", False), ("128.0.0.1", False), ("192.168.0.1", False),
        ("::ffff:127.0.0.1", False), ("127.0.0.1\n", False), ("١٢٧.0.0.1", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_this_machine(host: str, here: bool) -> None:
    """What no name server can lead elsewhere."""
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://API.openai.com/v1", "https://api.openai.com"),
        ("https://api.openai.com:443", "https://api.openai.com"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("http://host:80", "http://host"),
        ("https://host:80", "https://host:80"),
        ("ftp://host", ""),
        ("http://host:99999", ""),
        ("host/v1", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(base_url: str, expected: str) -> None:
    assert origin(base_url) == expected


def test_profiles_without_an_endpoint_have_an_origin_too() -> None:
    """For the ledger and the audit log."""
    assert origin_of(Profile("local", kind="local", base_url="")) == "local"
    assert origin_of(Profile("default", unconfigured=True)) == "http://localhost"
    assert origin_of(Profile("default")) == "https://api.openai.com"


@pytest.mark.parametrize(
    ("text", "environ", "refused"),
    [
        (f"base_url: {LAN}\n", {}, True),
        (f"base_url: {LAN}\napi_key: sk-file\n", {}, True),
        (f"base_url: {LAN}\nallow_insecure: true\n", {}, False),
        ("base_url: HTTP://192.168.0.9/v1\n", {}, True),
        ("base_url: http://127.0.0.1:1234/v1\n", {}, False),
        ("base_url: http://localhost:1234/v1\n", {}, False),
        ("base_url: http://[::1]:1234/v1\n", {}, False),
        ("base_url: http://localhost.evil.example/v1\n", {}, True),
        ("base_url: https://192.168.0.9/v1\n", {}, False),
        ("", {"OPENAI_BASE_URL": LAN}, True),
        # Said of the file's endpoint, which the environment's is not.
        ("allow_insecure: true\n", {"OPENAI_BASE_URL": LAN}, True),
        ("profiles: {default: {allow_insecure: true}}\n", {"OPENAI_BASE_URL": LAN}, True),
    ],
)
async def test_http_to_another_machine_is_refused(
    tmp_path: Path, text: str, environ: dict[str, str], refused: bool
) -> None:
    """Whether a key would go there or not: code would."""
    rig = Rig(tmp_path, text, **environ)

    problem = (await rig.settings()).profile().problem

    assert (problem is not None) == refused
    if problem:
        assert "would send code unencrypted to http://" in problem
        assert "https://" in problem
        assert f"allow_insecure: true beside it in {rig.path}" in problem


async def test_the_refusal_and_its_exception_go_with_the_endpoint(tmp_path: Path) -> None:
    rig = Rig(
        tmp_path,
        f"""
base_url: {LAN}
profiles:
  same: {{model: x}}
  allowed: {{model: y, allow_insecure: true}}
  alone: {{base_url: "http://10.0.0.1/v1"}}
  ok: {{base_url: "http://10.0.0.1/v1", allow_insecure: true}}
""",
    )

    settings = await rig.settings()

    refused = {name for name, profile in settings.profiles.items() if profile.problem}
    assert refused == {"default", "same", "alone"}
    assert settings.profile("same").problem != settings.profile("default").problem


async def test_no_profile_allows_it_for_an_endpoint_of_the_environment(tmp_path: Path) -> None:
    """One that names no base_url was not written with that endpoint in mind."""
    rig = Rig(tmp_path, "profiles: {w: {model: x, allow_insecure: true}}\n", OPENAI_BASE_URL=LAN)

    assert "unencrypted" in ((await rig.settings()).profile("w").problem or "")


async def test_the_refusal_comes_before_the_key(tmp_path: Path) -> None:
    """The router raises a profile's problem before it fetches anything: the command that prints a key does not run."""
    from ask_lsp.core.conversation import Message
    from ask_lsp.core.errors import SettingsError
    from ask_lsp.llm.local import LocalModel
    from ask_lsp.llm.models import ModelRouter
    from ask_lsp.llm.openai_client import OpenAIClient

    ran = tmp_path / "ran"
    rig = Rig(tmp_path, f"base_url: {LAN}\napi_key: {{command: [touch, '{ran}']}}\n")
    router = ModelRouter(Keys(rig.environment).resolve, OpenAIClient({}), LocalModel(tmp_path, {}))

    with pytest.raises(SettingsError, match="would send code unencrypted"):
        async for _ in router.stream((await rig.settings()).profile(), [Message("user", "x")]):
            pass

    assert not ran.exists()


# ---- certificates and proxies ----


async def test_certificates_and_proxy_go_with_the_endpoint(tmp_path: Path) -> None:
    """A relative path begins at the settings file; a profile that stands alone inherits neither."""
    rig = Rig(
        tmp_path,
        """
ca_bundle: company.pem
proxy: http://user:hunter2@proxy.example:3128
profiles:
  same: {model: x}
  own: {model: y, ca_bundle: /etc/own.pem, proxy: "socks5://p:1080"}
  alone: {base_url: "https://other.example.com/v1"}
""",
    )

    settings = await rig.settings()

    found = {name: (settings.profile(name).ca_bundle, settings.profile(name).proxy) for name in settings.profiles}
    company = (str(rig.folder / "company.pem"), "http://user:hunter2@proxy.example:3128")
    assert found["default"] == found["same"] == company
    assert found["own"] == ("/etc/own.pem", "socks5://p:1080")
    assert found["alone"] == (None, None)
    assert "hunter2" not in repr(settings)


# ---- prices ----

TABLE = {("https://api.openai.com", "gpt-5.4-mini"): Prices(1, 4, 0.1), ("https://api.openai.com", "big"): Prices(9, 9)}


@pytest.fixture
def _table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "price_of", lambda where, model: TABLE.get((where, model)))


@pytest.mark.usefixtures("_table")
@pytest.mark.parametrize(
    ("text", "environ", "name", "prices", "source"),
    [
        ("api_key: x\n", {}, "default", Prices(1, 4, 0.1), "table"),
        ("api_key: x\nprices: {input: 2, output: 3, cached: 1}\n", {}, "default", Prices(2, 3, 1), "settings"),
        ("api_key: x\nprices: {input: 0, output: 0}\n", {}, "default", Prices(0, 0), "settings"),
        ("api_key: x\nmodel: odd\n", {}, "default", None, ""),
        ("base_url: https://other.example/v1\n", {}, "default", None, ""),
        ("base_url: http://127.0.0.1:1/v1\n", {}, "default", Prices(0, 0), "this machine"),
        ("base_url: http://localhost:1/v1\nprices: {input: 1, output: 1}\n", {}, "default", Prices(1, 1), "settings"),
        (f"base_url: {LAN}\nallow_insecure: true\n", {}, "default", None, ""),
        ("", {}, "local", Prices(0, 0), "this machine"),
        ("", {}, "echo", Prices(0, 0), "this machine"),
        # With nothing configured only this machine is asked.
        ("", {}, "default", Prices(0, 0), "this machine"),
        # Prices go with the model that they were written for; another one's are looked up.
        ("api_key: x\nprices: {input: 2, output: 3}\nprofiles: {w: {}}\n", {}, "w", Prices(2, 3), "settings"),
        ("api_key: x\nprices: {input: 2, output: 3}\nprofiles: {w: {model: big}}\n", {}, "w", Prices(9, 9), "table"),
        ("api_key: x\nprices: {input: 2, output: 3}\nprofiles: {w: {model: odd}}\n", {}, "w", None, ""),
        ("api_key: x\nprices: {input: 2, output: 3}\n", {"ASK_LSP_MODEL": "big"}, "default", Prices(9, 9), "table"),
        ("api_key: x\nprices: {input: 2, output: 3}\n", {"ASK_LSP_MODEL": "odd"}, "default", None, ""),
    ],
)
async def test_where_prices_come_from(
    tmp_path: Path, text: str, environ: dict[str, str], name: str, prices: Prices | None, source: str
) -> None:
    """The profile, else this machine for nothing, else the table, else nobody knows - which is not 0."""
    profile = (await Rig(tmp_path, text, **environ).settings()).profile(name)

    assert (profile.prices, profile.price_source) == (prices, source)
