"""`ask-lsp local ...` with the fake model server in the place of llama.cpp, run as a program by tests of processes.

The environment says how it is to misbehave: STAND_IN=fail says something and exits, STAND_IN=hang never gets ready.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from openai_server import FakeOpenAI

from ask_lsp.__main__ import main
from ask_lsp.core.errors import LocalModelError
from ask_lsp.llm import local_server


class FakeLlama:
    """Looks like xllamacpp.Server."""

    def __init__(self, gguf: Path, port: int, key: str) -> None:
        if os.environ.get("STAND_IN") == "fail":
            raise LocalModelError("It is no model.")
        if os.environ.get("STAND_IN") == "hang":
            time.sleep(60)
        self._server: Any = FakeOpenAI(key=key, port=port).__enter__()
        self.listening_address = self._server.origin


local_server._start_llama = FakeLlama  # type: ignore[assignment]
local_server.LINGER = 0.05
sys.exit(main())
