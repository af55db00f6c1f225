"""A key in the operating system's keyring: read late, in a thread, under a limit, and for its own endpoint only."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from config_rig import Rig, problems_of
from fake_keyring import BrokenKeyring, FileKeyring, ForgetfulKeyring, LockedKeyring, WaitingKeyring

from ask_lsp.config import keyring_store
from ask_lsp.config.env import take_environment
from ask_lsp.config.keys import Keys
from ask_lsp.core.errors import KeyUnavailable
from ask_lsp.core.profile import KeySource, Profile
from ask_lsp.core.secret import Secret

OWN = "https://own.example.com"
KEY = Secret("sk-kept-0123456789")

Use = Callable[[FileKeyring], FileKeyring]


@pytest.fixture
def use() -> Iterator[Use]:
    """Makes a keyring the one in use, as installing it would."""
    before = keyring.get_keyring()

    def put(backend: FileKeyring) -> FileKeyring:
        keyring.set_keyring(backend)
        return backend

    yield put
    keyring.set_keyring(before)


@pytest.fixture
def ring(tmp_path: Path, use: Use) -> FileKeyring:
    return use(FileKeyring(tmp_path / "ring"))


def profile(base_url: str = f"{OWN}/v1", name: str = "work") -> Profile:
    return Profile("work", base_url=base_url, key=KeySource(keyring=name))


def keys(tmp_path: Path, limit: float = 20.0) -> Keys:
    return Keys(take_environment({"ASK_LSP_CONFIG": str(tmp_path / "config.yaml")}), limit)


async def refusal(tmp_path: Path, wanted: Profile, limit: float = 20.0) -> str:
    with pytest.raises(KeyUnavailable) as refused:
        await keys(tmp_path, limit).resolve(wanted)
    assert not {"sk-quoted", KEY.reveal()} & set(str(refused.value).split())
    return str(refused.value)


async def test_a_key_in_the_keyring(tmp_path: Path, ring: FileKeyring) -> None:
    """`api_key: {keyring: NAME}`; the entry's name says which endpoint it belongs to."""
    keyring_store.store_key("work", OWN, KEY)
    rig = Rig(tmp_path, f"profiles:\n  w:\n    base_url: {OWN}/v1\n    api_key: {{keyring: work}}\n")

    found = await Keys(rig.environment).resolve((await rig.settings()).profile("w"))

    assert rig.keeper.take_problems() == []
    assert found == KEY
    assert ring.entries == {f"ask-lsp work for {OWN}": KEY.reveal()}


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example.com/v1", "http://own.example.com/v1", f"{OWN}:8443/v1", f"{OWN}.evil.example/v1"],
)
async def test_a_key_of_one_endpoint_is_refused_for_another(tmp_path: Path, ring: FileKeyring, elsewhere: str) -> None:
    keyring_store.store_key("work", OWN, KEY)

    sentence = await refusal(tmp_path, profile(elsewhere))

    assert "There is no key “work” for" in sentence
    assert "stored for another endpoint does not count" in sentence
    assert sentence.endswith("Run: ask-lsp key set work")


@pytest.mark.parametrize("same", [f"{OWN}/v2", f"{OWN}:443/other", "https://OWN.example.com/"])
async def test_the_path_does_not_bind_a_key(tmp_path: Path, ring: FileKeyring, same: str) -> None:
    """What counts is scheme, host and port."""
    keyring_store.store_key("work", OWN, KEY)

    assert await keys(tmp_path).resolve(profile(same)) == KEY


async def test_a_key_in_the_keyring_does_not_follow_the_environment(tmp_path: Path, ring: FileKeyring) -> None:
    """Like one that is written out: OPENAI_BASE_URL leads elsewhere, so nothing is sent."""
    rig = Rig(tmp_path, "api_key: {keyring: mine}\n", OPENAI_BASE_URL="https://other.example.com/v1")

    found = (await rig.settings()).profile()

    assert found.key is None
    assert found.problem is not None
    assert "belongs to api.openai.com and is not sent to https://other.example.com" in found.problem


@pytest.mark.parametrize("name", ["a b", "", "x" * 41, "../x"])
async def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    (problem,) = await problems_of(tmp_path, f"api_key: {{keyring: '{name}'}}\n")

    assert problem.startswith("config.yaml:1: “keyring” in api_key")


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (LockedKeyring, "The keyring is locked. Unlock it, then ask again"),
        (BrokenKeyring, "keyring failed (RuntimeError)"),
    ],
)
async def test_a_keyring_that_fails_is_a_sentence(
    tmp_path: Path, use: Use, backend: type[FileKeyring], words: str
) -> None:
    """Which names another way, and never quotes the error."""
    use(backend(tmp_path / "ring"))

    sentence = await refusal(tmp_path, profile())

    assert words in sentence
    assert "{file: PATH}" in sentence


async def test_a_machine_without_a_keyring(tmp_path: Path, use: Use) -> None:
    from keyring.backends.fail import Keyring

    use(Keyring())  # type: ignore[arg-type]

    assert "There is no keyring here that can be used" in await refusal(tmp_path, profile())


async def test_without_the_extra_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "keyring" else real(name, *rest)
    )

    assert 'Run: pip install "ask-lsp[keyring]"' in await refusal(tmp_path, profile())


async def test_a_dialog_that_nobody_answers_ends_at_the_limit(tmp_path: Path, use: Use) -> None:
    """The process can still end, and asking again opens no second dialog."""
    waiting = WaitingKeyring(tmp_path / "ring")
    use(waiting)
    waiting.set_password("ask-lsp", f"work for {OWN}", KEY.reveal())
    fetcher = keys(tmp_path, limit=0.2)

    for _ in range(2):
        with pytest.raises(KeyUnavailable, match=r"within 0.2 seconds. It may be waiting for you: unlock it"):
            await fetcher.resolve(profile())
    assert waiting.reads == 1

    patient = keys(tmp_path)
    asked = [asyncio.create_task(patient.resolve(profile())) for _ in range(3)]
    await asyncio.sleep(0)
    asked[0].cancel()
    waiting.answered.set()
    assert await asyncio.gather(*asked[1:]) == [KEY, KEY]
    assert waiting.reads == 2


async def test_the_loop_goes_on_while_the_keyring_waits(tmp_path: Path, use: Use) -> None:
    waiting = WaitingKeyring(tmp_path / "ring")
    use(waiting)
    waiting.set_password("ask-lsp", f"work for {OWN}", KEY.reveal())

    asked = asyncio.create_task(keys(tmp_path).resolve(profile()))
    for _ in range(10):
        await asyncio.sleep(0.001)

    assert not asked.done()
    waiting.answered.set()
    assert await asked == KEY


async def test_a_new_key_is_taken(tmp_path: Path, ring: FileKeyring) -> None:
    """`ask-lsp key set` takes effect at the next question."""
    fetcher = keys(tmp_path)
    for value in ("sk-old-key", "sk-new-key"):
        keyring_store.store_key("work", OWN, Secret(value))
        assert await fetcher.resolve(profile()) == Secret(value)


def test_a_keyring_that_keeps_nothing_is_noticed(tmp_path: Path, use: Use) -> None:
    use(ForgetfulKeyring(tmp_path / "ring"))

    with pytest.raises(KeyUnavailable, match="does not give it back"):
        keyring_store.store_key("work", OWN, KEY)


def test_the_package_is_imported_when_a_key_is_needed_and_not_before() -> None:
    import subprocess

    program = (
        "import sys, ask_lsp.config.keys, ask_lsp.config.keyring_store, ask_lsp.cli.commands; "
        "assert 'keyring' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
