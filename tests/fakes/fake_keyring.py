"""Keyrings that behave: one that keeps its entries in a file, and others that are locked, slow, forgetful or broken.

Real subclasses of keyring's own class, so that they are found as any other (PYTHON_KEYRING_BACKEND, set_keyring).
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Entries in the JSON file that FAKE_KEYRING names: {"service user": "password"}."""

    priority = 1
    name = "test keyring"

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self.path = path or Path(os.environ.get("FAKE_KEYRING", os.devnull))
        self.reads = 0

    @property
    def entries(self) -> dict[str, str]:
        return dict(json.loads(self.path.read_text())) if self.path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        return self.entries.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.path.write_text(json.dumps({**self.entries, f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        entries = self.entries
        if entries.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("not found")
        self.path.write_text(json.dumps(entries))


class LockedKeyring(FileKeyring):
    """The user dismissed its dialog. Its error quotes, as errors do."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("sk-quoted")


class BrokenKeyring(FileKeyring):
    """Fails like a C library behind it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("sk-quoted")


class ForgetfulKeyring(FileKeyring):
    """Takes what it is given, and has nothing, as keyring's own `null` backend."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class WaitingKeyring(FileKeyring):
    """Shows a dialog that nobody answers until `answered` is set."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path)
        self.answered = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        self.answered.wait(30)
        return self.entries.get(f"{service} {username}")
