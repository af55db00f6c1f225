"""A key comes from where the settings say it is, late, once, and never into a message."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import sys
from pathlib import Path

import pytest

from ask_lsp.config.env import take_environment
from ask_lsp.config.keys import Keys
from ask_lsp.core.errors import KeyUnavailable
from ask_lsp.core.profile import KeySource, Profile
from ask_lsp.core.secret import Secret


class KeyRing:
    """Keys beside a settings file in `folder`, and commands that are small Python programs."""

    def __init__(self, folder: Path, limit: float = 20.0, **environ: str) -> None:
        self.folder = folder
        self.file = folder / "config.yaml"
        environ = {"ASK_LSP_CONFIG": str(self.file), "PATH": os.environ["PATH"], **environ}
        self.keys = Keys(take_environment(environ), limit)

    async def resolve(self, source: KeySource | None) -> str | None:
        secret = await self.keys.resolve(Profile(name="work", key=source))
        return secret.reveal() if secret else None

    async def refusal(self, source: KeySource) -> str:
        with pytest.raises(KeyUnavailable) as refused:
            await self.resolve(source)
        sentence = str(refused.value)
        assert sentence[-1] in ".?" or "chmod" in sentence
        return sentence


def program(text: str) -> KeySource:
    return KeySource(command=(sys.executable, "-c", text))


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path, WORK_KEY="sk-work", EMPTY_KEY="", OPENAI_API_KEY="sk-env\n")


async def test_no_key_is_none(ring: KeyRing) -> None:
    assert await ring.resolve(None) is None


async def test_a_written_out_key(ring: KeyRing) -> None:
    assert await ring.resolve(KeySource(literal=Secret("sk-literal"))) == "sk-literal"


async def test_a_key_of_the_environment(ring: KeyRing) -> None:
    """It is found although it was removed from the process."""
    assert await ring.resolve(KeySource(env="WORK_KEY")) == "sk-work"
    assert await ring.resolve(KeySource(env="OPENAI_API_KEY")) == "sk-env"


@pytest.mark.parametrize("name", ["ABSENT_KEY", "EMPTY_KEY"])
async def test_a_missing_variable_says_why_and_what_else(ring: KeyRing, name: str) -> None:
    """The usual reason is an editor that was not started from the shell."""
    sentence = await ring.refusal(KeySource(env=name))

    assert f"environment variable {name}, which is not set here" in sentence
    assert "started from the desktop" in sentence
    assert "{file: PATH}" in sentence
    assert "{command: [...]}" in sentence
    assert str(ring.file) in sentence


@pytest.mark.parametrize("content", [b"sk-filed", b"sk-filed\n", b"sk-filed\r\n", b"\xef\xbb\xbfsk-filed\n"])
async def test_a_key_in_a_file(ring: KeyRing, content: bytes) -> None:
    """Relative to the settings file; one newline at the end does not count."""
    (ring.folder / "key").write_bytes(content)

    assert await ring.resolve(KeySource(file="key")) == "sk-filed"
    assert await ring.resolve(KeySource(file=str(ring.folder / "key"))) == "sk-filed"


async def test_a_key_file_at_home(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(ring.folder))
    monkeypatch.setenv("USERPROFILE", str(ring.folder))
    (ring.folder / ".key").write_text("sk-home\n")

    assert await ring.resolve(KeySource(file="~/.key")) == "sk-home"


async def test_a_new_key_in_the_file_is_taken(ring: KeyRing) -> None:
    """Keys expire; only commands are remembered."""
    for key in ("sk-old", "sk-new"):
        (ring.folder / "key").write_text(key)
        assert await ring.resolve(KeySource(file="key")) == key


async def test_a_key_file_that_is_none(ring: KeyRing) -> None:
    (ring.folder / "folder").mkdir()

    assert "does not exist" in await ring.refusal(KeySource(file="absent"))
    assert "is no plain file" in await ring.refusal(KeySource(file="folder"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("sk-one\nsk-two", "has more than one line"),
        ("sk-one\n\n", "has more than one line"),
        ("“sk-quoted”", "characters that no key has"),
        ("sk-\x1b[0m", "characters that no key has"),
        ("", "has an empty key"),
        ("   ", "has an empty key"),
        ("sk-...", "placeholder"),
    ],
)
async def test_what_no_header_can_carry_is_refused_here(ring: KeyRing, value: str, words: str) -> None:
    """The HTTP client would refuse it too, and quote it."""
    (ring.folder / "key").write_bytes(value.encode())

    sentence = await ring.refusal(KeySource(file="key"))

    assert words in sentence
    assert "sk-" not in sentence.replace(str(ring.folder), "")


async def test_a_command_runs_once_for_all(ring: KeyRing) -> None:
    """Nobody wants to type a passphrase per question."""
    command = program("open('ran', 'a').write('x'); print('  sk-printed  ')")

    found = await asyncio.gather(*(ring.resolve(command) for _ in range(5)))
    found.append(await ring.resolve(command))

    assert found == ["sk-printed"] * 6
    assert (ring.folder / "ran").read_text() == "x"


async def test_a_command_that_failed_is_tried_again(ring: KeyRing) -> None:
    command = program("import os, sys; os.path.exists('ok') or sys.exit('vault is locked'); print('sk-later')")

    assert "failed and said: vault is locked. " in await ring.refusal(command)
    (ring.folder / "ok").touch()
    assert await ring.resolve(command) == "sk-later"


async def test_a_command_gets_no_secret_and_no_input(tmp_path: Path) -> None:
    """Its input would be the editor's connection; its environment is minimal, with what asks for a passphrase."""
    ring = KeyRing(tmp_path, OPENAI_API_KEY="sk-env", GITHUB_TOKEN="ghp", GPG_TTY="/dev/tty", HOME=str(tmp_path))
    command = program("import os, sys; print(sys.stdin.read() + ','.join(sorted(os.environ)))")

    names = set((await ring.resolve(command) or "").split(","))

    assert {"PATH", "HOME", "GPG_TTY"} <= names
    assert not names & {"OPENAI_API_KEY", "GITHUB_TOKEN", "ASK_LSP_CONFIG"}


async def test_a_command_has_no_shell(ring: KeyRing) -> None:
    assert "not there" in await ring.refusal(KeySource(command=("echo sk-x; touch pwned",)))
    assert not (ring.folder / "pwned").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty key"),
        ("print('sk-a'); print('sk-b')", "more than one line"),
        (
            "import sys; print('sk-leakedleakedleakedleaked'); sys.exit('got sk-leakedleakedleakedleaked')",
            "failed and said: got …",
        ),
        ("import sys; sys.exit('first\\nsecond sk-x')", "failed and said: first. "),
        ("import sys; sys.exit('token=abcdefghijklmnopqrstuvwxyz rejected')", "said: token=… rejected. "),
        ("import sys; sys.exit(1)", "failed. "),
    ],
)
async def test_a_command_that_gives_no_key(ring: KeyRing, text: str, words: str) -> None:
    """The sentence shows the first line that it said, without anything that looks like a key."""
    sentence = await ring.refusal(program(text))

    assert words in sentence
    assert "sk-" not in sentence
    assert "second" not in sentence


@pytest.mark.skipif(os.name != "posix", reason="process groups exist on POSIX only")
async def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """Its dialog, say, must not stay on the screen. The limit is ours to shorten here."""
    ring = KeyRing(tmp_path, limit=0.5)
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    child = f"exec 3>{shlex.quote(str(fifo))}; sleep 600"
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        sentence = await ring.refusal(KeySource(command=("/bin/sh", "-c", f"({child}) & ({child}); wait")))

        assert "did not end within 0.5 seconds and was stopped" in sentence
        os.set_blocking(reader, True)
        # The end of the file means that every process that held the other end is gone.
        assert await asyncio.wait_for(asyncio.to_thread(os.read, reader, 1), 5) == b""
    finally:
        os.close(reader)


async def test_one_who_gives_up_does_not_take_the_key_from_others(ring: KeyRing) -> None:
    command = program("import time, os\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('sk-slow')")
    impatient = asyncio.create_task(ring.resolve(command))
    patient = asyncio.create_task(ring.resolve(command))
    await asyncio.sleep(0)

    impatient.cancel()
    (ring.folder / "go").touch()

    assert await patient == "sk-slow"
    assert impatient.cancelled()


async def test_closing_ends_a_running_command(ring: KeyRing, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is left behind, and nothing complains."""
    waiting = asyncio.create_task(ring.resolve(program("import time; open('started', 'w'); time.sleep(600)")))
    while not (ring.folder / "started").exists():
        await asyncio.sleep(0.01)

    await ring.keys.aclose()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    del waiting
    gc.collect()
    assert caplog.records == []
