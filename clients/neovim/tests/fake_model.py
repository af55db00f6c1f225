"""The model server of the Python tests, led over pipes: a JSON object a line on standard input, and the same back.

{"say": "Hello", "chunks": 2} is the next answer; {"hold": true} has it led from here by {"send": "a"} and then
{"finish": true}; {"requests": true} asks for the messages of all requests so far.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "tests" / "fakes"))

from openai_server import FakeOpenAI


def main() -> None:
    with FakeOpenAI() as server:
        held = None
        tell({"base_url": server.base_url})
        for line in sys.stdin:
            told = json.loads(line)
            if "say" in told:
                server.say(told["say"], chunks=told.get("chunks", 1))
            elif "hold" in told:
                held = server.hold()
            elif "send" in told and held is not None:
                held.send(told["send"])
            elif "finish" in told and held is not None:
                held.finish()
            elif "requests" in told:
                tell({"requests": [request.messages for request in server.requests]})


def tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
