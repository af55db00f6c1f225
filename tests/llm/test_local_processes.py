"""The embedded model's process: started when needed, shared, and gone with its last user, however that one ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from asking_rig import QUESTION

from ask_lsp.core.conversation import TextDelta
from ask_lsp.core.errors import LocalModelError
from ask_lsp.core.profile import Profile
from ask_lsp.core.secret import Secret
from ask_lsp.llm.local import LocalModel
from ask_lsp.llm.local_files import RunFiles, Running, is_pulled, model_file, pulled_model, try_lock, write_private
from ask_lsp.llm.local_users import Door, join
from ask_lsp.llm.openai_client import OpenAIClient

STAND_IN = Path(__file__).parent.parent / "fakes" / "local_model_stand_in.py"
COMMAND = (sys.executable, str(STAND_IN))


class Machine:
    """A data directory with a model file in it, and editors that use it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.gguf = directory / "model.gguf"
        self.gguf.write_bytes(b"GGUF")
        self.files = RunFiles.of(directory, self.gguf)
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.editors: list[LocalModel] = []

    def editor(self, start_limit: float = 20.0, **environment: str) -> LocalModel:
        made = LocalModel(self.directory, self.environment | environment, command=COMMAND, start_limit=start_limit)
        self.editors.append(made)
        return made

    async def use(self, editor: LocalModel) -> tuple[str, Secret]:
        return await editor.endpoint(str(self.gguf))

    @property
    def process(self) -> psutil.Process:
        running = self.files.read()
        assert running is not None
        return psutil.Process(running.pid)


async def gone(process: psutil.Process) -> None:
    """Waits until a process has ended."""
    await asyncio.to_thread(process.wait, 10)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    made = Machine(tmp_path)
    yield made
    running = made.files.read()
    process = psutil.Process(running.pid) if running is not None and psutil.pid_exists(running.pid) else None
    for editor in made.editors:
        await editor.aclose()
    if process is not None:
        await gone(process)


async def test_it_is_started_when_needed_and_answers_with_its_key(machine: Machine) -> None:
    assert machine.files.read() is None

    base_url, key = await machine.use(machine.editor())

    client = OpenAIClient({})
    profile = Profile("local", base_url=base_url, model="m")
    text = [e.text async for e in client.stream(profile, key, QUESTION) if isinstance(e, TextDelta)]
    await client.aclose()
    assert "".join(text) == "Hello from the fake model."


async def test_editors_share_it_and_it_ends_with_the_last_one(machine: Machine) -> None:
    first, second = machine.editor(), machine.editor()
    assert await machine.use(first) == await machine.use(second)
    process = machine.process

    await first.aclose()
    assert await machine.use(second) is not None
    assert process.is_running()

    await second.aclose()
    await gone(process)
    assert machine.files.read() is None
    assert not machine.files.key.exists()


async def test_two_editors_that_start_at_once_start_one(machine: Machine) -> None:
    one, other = await asyncio.gather(machine.use(machine.editor()), machine.use(machine.editor()))

    assert one == other


async def test_a_killed_editor_counts_as_gone(machine: Machine) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from ask_lsp.llm.local import LocalModel\n"
        "async def main():\n"
        "    local = LocalModel(Path(sys.argv[1]), {}, command=sys.argv[3:])\n"
        "    print(await local.endpoint(sys.argv[2]), flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    arguments = [sys.executable, "-c", program, str(machine.directory), str(machine.gguf), *COMMAND]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as editor:
        assert editor.stdout is not None
        assert await asyncio.to_thread(editor.stdout.readline)
        process = machine.process

        editor.send_signal(signal.SIGKILL)

        await gone(process)


async def test_a_server_that_died_is_started_again(machine: Machine) -> None:
    editor = machine.editor()
    before = await machine.use(editor)
    process = machine.process
    process.kill()
    await gone(process)

    after = await machine.use(editor)

    assert before[1] != after[1], "a new process makes a new key"


async def test_the_key_is_neither_in_an_argument_nor_in_a_variable(machine: Machine) -> None:
    _, key = await machine.use(machine.editor())

    process = machine.process
    assert key.reveal() not in " ".join(process.cmdline())
    assert key.reveal() not in " ".join(process.environ().values())
    assert stat.S_IMODE(machine.files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.files.state.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.files.state.parent.stat().st_mode) == 0o700
    assert "key" not in json.loads(machine.files.state.read_text())


async def test_its_environment_is_the_one_it_was_given(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODYS_SECRET", "s")

    await machine.use(machine.editor())

    assert "SOMEBODYS_SECRET" not in machine.process.environ()
    assert Path(machine.process.cwd()) == machine.files.state.parent


async def test_a_server_that_does_not_start_says_why(machine: Machine) -> None:
    with pytest.raises(LocalModelError) as caught:
        await machine.use(machine.editor(STAND_IN="fail"))

    assert "did not start: ask-lsp: It is no model. Try `ask-lsp local serve` in a terminal." in str(caught.value)


async def test_a_server_that_does_not_get_ready_is_given_up(machine: Machine) -> None:
    with pytest.raises(LocalModelError, match="did not start in time"):
        await machine.use(machine.editor(start_limit=0.05, STAND_IN="hang"))


async def test_a_port_taken_by_somebody_else_is_found_out(machine: Machine) -> None:
    heard: list[bytes] = []

    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.write(b"welcome yes\nwelcome\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(impostor, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    machine.files.write(Running(1, port, port, "m", "the-old-key"))

    base_url, key = await machine.use(machine.editor())

    server.close()
    assert heard
    assert b"the-old-key" not in b"".join(heard)
    assert str(port) not in base_url
    assert key.reveal() != "the-old-key"


async def test_nobody_enters_without_the_key() -> None:
    counts: list[int] = []
    door = Door("right", counts.append)
    port = await door.open()

    assert await join(Running(1, 1, port, "m", "wrong")) is None
    assert counts == []
    membership = await join(Running(1, 1, port, "m", "right"))
    assert membership is not None
    assert counts == [1]
    await membership.close()
    door.close()


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match="Get it with `ask-lsp local pull`"):
        model_file(tmp_path, "")


def test_half_a_model_is_none(tmp_path: Path) -> None:
    pulled_model(tmp_path).parent.mkdir()
    pulled_model(tmp_path).write_bytes(b"GGUF")

    assert not is_pulled(tmp_path)


def test_a_lock_is_had_once_and_released_with_its_holder(tmp_path: Path) -> None:
    with try_lock(tmp_path / "lock") as first, try_lock(tmp_path / "lock") as second:
        assert (first, second) == (True, False)
    with try_lock(tmp_path / "lock") as again:
        assert again


def test_a_private_file_replaces_what_lay_there(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o644)

    write_private(path, "new")

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
