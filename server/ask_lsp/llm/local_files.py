"""Where the embedded model's files are, and how its processes find and exclude each other.

Everything lies in one directory that only its owner can read, since the key of a running server is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from ask_lsp.core.errors import LocalModelError

MODEL_NAME = "SmolLM2-135M-Instruct"
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SIZE = 98_362_432
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def pulled_model(data_directory: Path) -> Path:
    """Where `ask-lsp local pull` puts the model, whether it has been pulled or not."""
    return data_directory / "models" / MODEL_FILE


def is_pulled(data_directory: Path) -> bool:
    """Whether the model is there, whole by its size."""
    with contextlib.suppress(OSError):
        return pulled_model(data_directory).stat().st_size == MODEL_SIZE
    return False


def model_file(data_directory: Path, model: str) -> Path:
    """The GGUF file that a profile's `model` means: a path that ends in .gguf, or else the pulled one.

    Raises LocalModelError when it is not there.
    """
    if model.lower().endswith(".gguf"):
        path = Path(model).expanduser().absolute()
        if not path.is_file():
            raise LocalModelError(f"There is no model file {path}. Correct `model` in the settings.")
        return path
    if not is_pulled(data_directory):
        raise LocalModelError("The embedded model is not here yet. Get it with `ask-lsp local pull` (93 MB).")
    return pulled_model(data_directory)


class Running(NamedTuple):
    """A server that serves one GGUF file. `control` is the port at which its users make themselves known."""

    pid: int
    port: int
    control: int
    model: str
    key: str

    @property
    def base_url(self) -> str:
        """What to send requests to."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __repr__(self) -> str:
        return f"Running(pid={self.pid}, port={self.port}, control={self.control}, model={self.model!r})"


class RunFiles(NamedTuple):
    """The files of the server of one GGUF file. The key has one of its own, so that a profile can name it."""

    state: Path
    key: Path
    lock: Path
    log: Path

    @classmethod
    def of(cls, data_directory: Path, gguf: Path) -> RunFiles:
        """The names; nothing is created."""
        digest = hashlib.sha256(str(gguf.resolve()).encode()).hexdigest()[:12]
        base = data_directory / "run" / digest
        return cls(*(base.with_suffix(suffix) for suffix in (".json", ".key", ".lock", ".log")))

    def prepare(self) -> None:
        """Creates the directory, for its owner alone. Raises LocalModelError."""
        with self._writing():
            self.state.parent.mkdir(parents=True, exist_ok=True)
            self.state.parent.chmod(0o700)

    def write(self, running: Running) -> None:
        """Publishes a running server; readers see all of it or nothing. Raises LocalModelError."""
        self.prepare()
        fields = {name: value for name, value in running._asdict().items() if name != "key"}
        with self._writing():
            write_private(self.key, running.key)
            write_private(self.state, json.dumps(fields))

    def read(self) -> Running | None:
        """The server that was last published, alive or not."""
        try:
            fields = json.loads(self.state.read_text("utf-8"))
            return Running(**fields, key=self.key.read_text("utf-8"))
        except (OSError, ValueError, TypeError):
            return None

    def remove(self, pid: int) -> None:
        """Withdraws the server of that process, if it is still the one published."""
        running = self.read()
        if running is not None and running.pid == pid:
            self.state.unlink(missing_ok=True)
            self.key.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LocalModelError(
                f"{self.state.parent} cannot be written ({(error.strerror or 'unknown error').lower()}). "
                "Make it writable, or set ASK_LSP_DATA to another directory."
            ) from error


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, in one step."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


@contextlib.contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Whether the lock could be had, at once. The operating system releases it with its holder, however that ends."""
    with open(path, "ab") as file:
        if not _lock(file):
            yield False
            return
        # Closing the file releases it. The file itself stays: removing it would let two hold "the" lock.
        yield True


if os.name == "nt":  # pragma: no cover

    def _lock(file: IO[bytes]) -> bool:
        import msvcrt

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

else:

    def _lock(file: IO[bytes]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
