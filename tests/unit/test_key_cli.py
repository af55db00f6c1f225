"""`ask-lsp key`: a key goes from the keyboard into the keyring, never through the command line or onto the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from config_rig import Rig

from ask_lsp.config.keys import Keys

FAKES = Path(__file__).parents[1] / "fakes"
KEY = "sk-canary-0123456789abcdef"
CONFIG = """
api_key: {env: MINE}
profiles:
  work: {base_url: "https://models.example.com/v1", api_key: {keyring: job}}
  bare: {base_url: "https://other.example.com:8443/v1"}
  cheap: {model: small}
  lan: {base_url: "http://192.168.0.9/v1"}
"""


class Shell:
    """Runs `ask-lsp key` with a keyring in a file."""

    def __init__(self, folder: Path, home: dict[str, str], backend: str = "FileKeyring") -> None:
        self.ring = folder / "ring.json"
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG)
        self.environment = {
            **home,
            "ASK_LSP_CONFIG": str(self.config),
            "PYTHON_KEYRING_BACKEND": f"fake_keyring.{backend}",
            "PYTHONPATH": str(FAKES),
            "FAKE_KEYRING": str(self.ring),
        }

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "ask_lsp", "key", *arguments],
            input=typed, env=self.environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert KEY not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    @property
    def entries(self) -> dict[str, str]:
        return dict(json.loads(self.ring.read_text())) if self.ring.exists() else {}


@pytest.fixture
def shell(tmp_path: Path, home: dict[str, str]) -> Shell:
    return Shell(tmp_path, home)


@pytest.mark.parametrize(
    ("profile", "entry", "lines"),
    [
        ("default", "default for https://api.openai.com", {"api_key": {"keyring": "default"}}),
        ("work", "job for https://models.example.com", None),
        (
            "bare",
            "bare for https://other.example.com:8443",
            {"profiles": {"bare": {"base_url": "https://other.example.com:8443/v1", "api_key": {"keyring": "bare"}}}},
        ),
        ("cheap", "cheap for https://api.openai.com", {"profiles": {"cheap": {"api_key": {"keyring": "cheap"}}}}),
    ],
)
def test_a_key_is_stored_for_the_endpoint_of_its_profile(
    shell: Shell, profile: str, entry: str, lines: dict[str, object] | None
) -> None:
    """And the lines for the settings file are printed, unless they are there already."""
    code, printed, said = shell.run("set", profile, typed=f"{KEY}\n")

    assert code == 0, said
    assert shell.entries == {f"ask-lsp {entry}": KEY}
    assert (yaml.safe_load(printed) if lines else printed) == (lines or "")
    assert "It is sent nowhere else." in said


async def test_what_is_printed_is_what_takes_the_key(shell: Shell, tmp_path: Path) -> None:
    """Pasted into the file, the lines give the profile its key."""
    _, printed, _ = shell.run("set", "bare", typed=KEY)
    rig = Rig(tmp_path, printed)

    import keyring
    from fake_keyring import FileKeyring

    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring(shell.ring))
    try:
        key = await Keys(rig.environment).resolve((await rig.settings()).profile("bare"))
    finally:
        keyring.set_keyring(before)
    assert key is not None
    assert key.reveal() == KEY


def test_a_key_on_the_command_line_is_refused(shell: Shell) -> None:
    """Everybody on the machine can read it there. It is not repeated either."""
    code, printed, said = shell.run("set", "default", KEY)

    assert (code, printed, shell.entries) == (3, "", {})
    assert "does not belong on the command line" in said


@pytest.mark.skipif(os.name != "posix", reason="there is no pseudo-terminal")
def test_a_key_is_typed_without_being_shown(shell: Shell) -> None:
    """At a terminal it is asked for, and the terminal shows nothing of it."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ask_lsp", "key", "set", "default"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=shell.environment, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while b"(not shown):" not in shown:
        shown += os.read(ours, 1000)
    os.write(ours, f"{KEY}\n".encode())
    while True:
        try:
            more = os.read(ours, 1000)
        except OSError:  # Linux says so when the other end is closed
            break
        if not more:
            break
        shown += more
    os.close(ours)

    assert process.wait(30) == 0
    assert KEY.encode() not in shown
    assert list(shell.entries.values()) == [KEY]


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "No key was given"), ("sk-a\nsk-b\n", "more than one line"), ("“sk-quoted”", "characters that no key has")],
)
def test_what_is_no_key_is_not_stored(shell: Shell, typed: str, words: str) -> None:
    code, _, said = shell.run("set", "default", typed=typed)

    assert (code, shell.entries) == (3, {})
    assert words in said
    assert not {"sk-a", "sk-quoted"} & set(said.replace("“", " ").replace("”", " ").split())


def test_the_status_shows_no_more_than_the_ends(shell: Shell) -> None:
    """And says where the profile takes its key from."""
    code, printed, said = shell.run("status", "work")
    assert code == 1
    assert "“job” for https://models.example.com: not stored" in printed
    assert "ask-lsp key set work" in said

    shell.run("set", "work", typed=KEY)
    code, printed, _ = shell.run("status", "work")
    assert code == 0
    assert "keyring: test keyring" in printed
    assert "“job” for https://models.example.com: sk-…cdef" in printed
    assert "work takes its key from there" in printed

    code, printed, _ = shell.run("status", "default")
    assert code == 1
    assert "default takes its key from the environment variable MINE" in printed


def test_another_endpoint_has_no_key(shell: Shell) -> None:
    """A file that now names another base_url finds nothing under the same name."""
    shell.run("set", "work", typed=KEY)
    shell.config.write_text(CONFIG.replace("models.example.com", "evil.example.com"))

    code, printed, _ = shell.run("status", "work")

    assert code == 1
    assert "“job” for https://evil.example.com: not stored" in printed


def test_a_key_is_deleted(shell: Shell) -> None:
    shell.run("set", "work", typed=KEY)

    assert shell.run("delete", "work")[0] == 0
    assert shell.entries == {}
    code, _, said = shell.run("delete", "work")
    assert code == 1
    assert "there is no key “job” for https://models.example.com" in said


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("nope", "There is no profile “nope”"),
        ("echo", "needs no key"),
        ("local", "needs no key"),
        ("lan", "would send code unencrypted"),
    ],
)
def test_a_profile_that_cannot_have_a_key(shell: Shell, profile: str, words: str) -> None:
    code, _, said = shell.run("set", profile, typed=KEY)

    assert (code, shell.entries) == (3, {})
    assert words in said


@pytest.mark.parametrize("backend", ["LockedKeyring", "BrokenKeyring", "ForgetfulKeyring"])
@pytest.mark.parametrize("command", ["set", "status", "delete"])
def test_a_keyring_that_fails_is_a_sentence(tmp_path: Path, home: dict[str, str], backend: str, command: str) -> None:
    code, _, said = Shell(tmp_path, home, backend).run(command, "work", typed=KEY)

    assert code in (1, 3)
    assert "Traceback" not in said
    assert said.rstrip().endswith((".", "work"))
