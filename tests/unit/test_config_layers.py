"""Which layer wins, and that a key is only ever paired with the endpoint it was written for."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_rig import Rig

from ask_lsp.config.keys import Keys
from ask_lsp.core.profile import Profile

OPENAI = "https://api.openai.com/v1"
OTHER = "https://other.example.com/v1"
OWN = "https://own.example.com/v1"
ENV_KEY = {"OPENAI_API_KEY": "sk-env"}
ENV_URL = {"OPENAI_BASE_URL": OTHER}


async def profile_of(
    tmp_path: Path, text: str, environ: dict[str, str], name: str | None = None
) -> tuple[Profile, str]:
    """The profile and its key, empty for none."""
    rig = Rig(tmp_path, text, **environ)
    profile = (await rig.settings()).profile(name)
    key = await Keys(rig.environment).resolve(profile)
    return profile, key.reveal() if key else ""


@pytest.mark.parametrize(
    ("text", "environ", "base_url", "key"),
    [
        # (c) The file says nothing about an endpoint: the environment's pair, as it is.
        ("", {}, OPENAI, ""),
        ("", ENV_KEY, OPENAI, "sk-env"),
        ("", ENV_URL, OTHER, ""),
        ("model: x\n", ENV_KEY | ENV_URL, OTHER, "sk-env"),
        # (b) The two-line file.
        ("api_key: sk-file\n", {}, OPENAI, "sk-file"),
        ("api_key: sk-file\n", ENV_KEY, OPENAI, "sk-env"),
        ("api_key: sk-file\n", ENV_KEY | ENV_URL, OTHER, "sk-env"),
        (
            "api_key: sk-file\n",
            {"OPENAI_BASE_URL": "https://API.openai.com:443/v1/"},
            "https://API.openai.com:443/v1/",
            "sk-file",
        ),
        ("api_key: {env: MINE}\n", {"MINE": "sk-mine"}, OPENAI, "sk-mine"),
        ("api_key: ''\n", ENV_KEY, OPENAI, "sk-env"),
        # (a) The file names the endpoint.
        (f"base_url: {OWN}\n", ENV_KEY | ENV_URL, OWN, ""),
        (f"base_url: {OWN}\napi_key: sk-file\n", ENV_KEY | ENV_URL, OWN, "sk-file"),
        # The implicit profile written out is the same as any profile that names its own.
        ("profiles: {default: {api_key: sk-file}}\n", ENV_KEY | ENV_URL, OPENAI, "sk-file"),
        (f"profiles: {{default: {{base_url: {OWN}}}}}\n", ENV_KEY | ENV_URL, OWN, ""),
        ("profiles: {default: {model: x}}\n", ENV_KEY | ENV_URL, OTHER, "sk-env"),
    ],
)
async def test_the_default_profile(tmp_path: Path, text: str, environ: dict[str, str], base_url: str, key: str) -> None:
    """OPENAI_API_KEY and OPENAI_BASE_URL define it as a pair; the pair of the file is never mixed with theirs."""
    profile, found = await profile_of(tmp_path, text, environ)

    assert (profile.base_url, found, profile.problem) == (base_url, key, None)


@pytest.mark.parametrize("url", [OTHER, "http://api.openai.com/v1", "https://api.openai.com:8443/v1"])
async def test_the_key_of_a_two_line_file_stays_with_openai(tmp_path: Path, url: str) -> None:
    """An endpoint of the environment does not get it, and the sentence says what to write instead."""
    profile, key = await profile_of(tmp_path, "api_key: sk-file\nmodel: x\n", {"OPENAI_BASE_URL": url})

    assert key == ""
    assert profile.problem is not None
    assert "belongs to api.openai.com and is not sent to" in profile.problem
    assert str(tmp_path / "ask-lsp" / "config.yaml") in profile.problem
    assert "Write base_url beside the key" in profile.problem
    assert "sk-file" not in profile.problem


@pytest.mark.parametrize(
    "url", ["example.com", "file:///etc/passwd", "https://u:hunter2@x.example.com", "https://x:port/"]
)
async def test_an_endpoint_in_the_environment_that_is_none(tmp_path: Path, url: str) -> None:
    profile, key = await profile_of(tmp_path, "", ENV_KEY | {"OPENAI_BASE_URL": url})

    assert key == ""
    assert profile.problem is not None
    assert profile.problem.startswith("OPENAI_BASE_URL ")
    assert "hunter2" not in profile.problem


@pytest.mark.parametrize(
    ("entry", "base_url", "key"),
    [
        (f"base_url: {OWN}", OWN, ""),
        (f"base_url: {OWN}, api_key: sk-work", OWN, "sk-work"),
        ("api_key: sk-work", OPENAI, "sk-work"),
        ("model: y", None, None),
        ("", None, None),
    ],
)
@pytest.mark.parametrize("environ", [{}, ENV_KEY, ENV_URL, ENV_KEY | ENV_URL])
@pytest.mark.parametrize("top", ["", "api_key: sk-file\n", f"base_url: {OTHER}\napi_key: sk-file\n"])
async def test_a_profile_takes_endpoint_and_key_together_or_not_at_all(
    tmp_path: Path, top: str, environ: dict[str, str], entry: str, base_url: str | None, key: str | None
) -> None:
    """Naming one of them makes it stand alone; naming neither gives exactly the pair of `default`."""
    text = f"{top}profiles: {{work: {{{entry}}}}}\n"
    profile, found = await profile_of(tmp_path, text, environ, "work")
    default, default_key = await profile_of(tmp_path, text, environ, "default")

    expected = (base_url, key) if base_url else (default.base_url, default_key)
    assert (profile.base_url, found) == expected
    assert profile.problem == (None if base_url else default.problem)


async def test_headers_and_the_like_go_with_the_endpoint(tmp_path: Path) -> None:
    """What a profile inherits, it inherits with the endpoint; waiting is the same everywhere unless said otherwise."""
    rig = Rig(
        tmp_path,
        f"""
api_key: sk-file
model: big
parameters: {{a: 1, b: 1}}
headers: {{X-Team: t}}
max_output: 7
prices: {{input: 1, output: 2}}
limits: {{idle: 5, connect: 2}}
profiles:
  same: {{parameters: {{b: 2}}, limits: {{connect: 3}}}}
  cheap: {{model: small}}
  alone: {{base_url: {OWN}, model: own}}
""",
    )

    settings = await rig.settings()

    same, cheap, alone = (settings.profile(name) for name in ("same", "cheap", "alone"))
    assert (same.parameters, list(same.headers), same.max_output, same.prices is None) == (
        {"a": 1, "b": 2},
        ["X-Team"],
        7,
        False,
    )
    assert (same.limits.idle, same.limits.connect, same.limits.first_content) == (5, 3, 600)
    assert (cheap.model, cheap.prices) == ("small", None)
    assert (alone.parameters, dict(alone.headers), alone.max_output, alone.prices) == ({}, {}, None, None)
    assert alone.limits.idle == 5


async def test_headers_of_the_file_stay_with_openai(tmp_path: Path) -> None:
    """They can hold a key as well; the endpoint of the environment does not get them."""
    rig = Rig(tmp_path, "headers: {X-Key: secret}\nprofiles: {w: {headers: {X-Other: y}}}\n", **ENV_KEY, **ENV_URL)

    settings = await rig.settings()

    assert dict(settings.profile().headers) == {}
    assert dict(settings.profile("w").headers) == {}
    problems = rig.keeper.take_problems()
    assert ["not sent to https://other.example.com" in problem for problem in problems] == [True, True]
    assert "profile “w”" in problems[1]


@pytest.mark.parametrize(
    ("text", "environ", "unconfigured"),
    [
        ("", {}, True),
        ("model: x\n", {}, True),
        ("", ENV_KEY, False),
        ("", ENV_URL, False),
        ("api_key: x\n", {}, False),
        (f"base_url: {OWN}\n", {}, False),
    ],
)
async def test_whether_anybody_configured_anything(
    tmp_path: Path, text: str, environ: dict[str, str], unconfigured: bool
) -> None:
    """Only then are local servers looked for."""
    rig = Rig(tmp_path, f"{text}profiles: {{w: {{model: y}}}}\n", **environ)

    settings = await rig.settings()

    assert {name: profile.unconfigured for name, profile in settings.profiles.items()} == {
        "default": unconfigured,
        "local": False,
        "echo": False,
        "w": False,
    }


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("local: {max_output: 9}", "local"),
        ("echo: {}", "echo"),
        ("mine: {kind: local, model: ~/m.gguf}", "local"),
        ("local: {base_url: 'http://127.0.0.1:11434/v1', model: qwen}", "openai"),
        ("mine: {}", "openai"),
    ],
)
async def test_the_kinds(tmp_path: Path, entry: str, kind: str) -> None:
    """`local` and `echo` keep their kind when they are tuned, and have no endpoint and no key."""
    rig = Rig(tmp_path, f"api_key: sk-file\nprofiles: {{{entry}}}\n")

    profile = (await rig.settings()).profile(entry.partition(":")[0])

    assert profile.kind == kind
    assert bool(profile.base_url) == (kind == "openai")
    assert kind == "openai" or profile.key is None


async def test_the_model_of_the_environment_goes_to_the_active_profile(tmp_path: Path) -> None:
    text = (
        f"model: a\nprices: {{input: 1, output: 1}}\nprofile: work\nprofiles: {{work: {{base_url: {OWN}, model: b}}}}\n"
    )
    rig = Rig(tmp_path, text, ASK_LSP_MODEL="c")

    settings = await rig.settings()

    assert (settings.profile("default").model, settings.profile("work").model) == ("a", "c")


async def test_a_profile_that_was_switched_to_keeps_its_own_model(tmp_path: Path) -> None:
    """The model of the environment belongs to what was configured, not to whatever is tried out later."""
    rig = Rig(tmp_path, f"profiles: {{work: {{base_url: {OWN}, model: b}}}}\n", ASK_LSP_MODEL="c")

    await rig.keeper.select_profile("work")

    settings = await rig.settings()
    assert (settings.active, settings.profile().model, settings.profile("default").model) == ("work", "b", "c")


@pytest.mark.parametrize(
    ("environ", "editor", "active"),
    [
        ({}, {}, "a"),
        ({"ASK_LSP_PROFILE": "b"}, {}, "b"),
        ({"ASK_LSP_PROFILE": "b"}, {"profile": "echo"}, "echo"),
        ({"ASK_LSP_PROFILE": "nope"}, {}, "a"),
        ({"ASK_LSP_PROFILE": "b"}, {"profile": "nope"}, "b"),
    ],
)
async def test_the_active_profile_follows_the_layers(
    tmp_path: Path, environ: dict[str, str], editor: dict[str, str], active: str
) -> None:
    """File < environment < editor; an unknown name is a sentence and no layer."""
    rig = Rig(tmp_path, "profile: a\nprofiles: {a: {}, b: {}}\n", **environ)

    settings = await rig.settings(editor)

    assert settings.active == active
    problems = rig.keeper.take_problems()
    assert len(problems) == ("nope" in [*environ.values(), *editor.values()])
    assert all("“nope”" in problem and "Known: a, b, default, echo, local." in problem for problem in problems)


async def test_the_position_encoding_follows_the_layers(tmp_path: Path) -> None:
    text = "position_encoding: utf-8\n"
    assert (await Rig(tmp_path, text).settings()).position_encoding == "utf-8"
    assert (await Rig(tmp_path, text, ASK_LSP_POSITION_ENCODING="utf-32").settings()).position_encoding == "utf-32"
    assert (await Rig(tmp_path, text, ASK_LSP_POSITION_ENCODING="auto").settings()).position_encoding is None

    rig = Rig(tmp_path, text, ASK_LSP_POSITION_ENCODING="utf8")
    assert (await rig.settings({"position_encoding": "utf-16"})).position_encoding == "utf-16"
    (problem,) = rig.keeper.take_problems()
    assert problem.startswith("ASK_LSP_POSITION_ENCODING must be")


async def test_the_settings_show_no_key(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "api_key: sk-hidden\nheaders: {Authorization: hidden}\n", OPENAI_API_KEY="sk-hidden")

    assert "hidden" not in repr(await rig.settings())
