"""Takes the pictures that the READMEs show, in the real VS Code, against the fake model.

.venv/bin/python tests/editors/vscode_pictures.py      # into clients/vscode/images
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fakes")]

from openai_server import FakeOpenAI  # noqa: E402
from vscode_editor import VSCode  # noqa: E402
from vscode_parts import CLIENT  # noqa: E402
from vscode_rig import SERVER, Person  # noqa: E402

CODE = """from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def report(values: Sequence[float]) -> str:
    return f"mean {mean(values):.2f}, median {median(values):.2f}"
"""
FIXED = """def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 0:
        return (ordered[middle - 1] + ordered[middle]) / 2
    return ordered[middle]
"""
ANSWER = """Not for an even number of values: for `[1, 2, 3, 4]` it returns 3, and the median is 2.5.

```python
middle = len(ordered) // 2
if len(ordered) % 2 == 0:
    return (ordered[middle - 1] + ordered[middle]) / 2
```

An empty sequence ends in an `IndexError`; say what it should mean instead.
"""
FOLLOW_UP = "`statistics.median` does all of that, and takes any iterable.\n"


def ask(window: VSCode, model: FakeOpenAI) -> None:
    window.select("return ordered[len(ordered) // 2]")
    model.say(ANSWER)
    window.keys("Control+k", "Control+a")
    window.say("Is this right for every list?")
    window.until(lambda: "answered" in window.answer(), "answer")
    window.until(lambda: any("follow-up" in lens for lens in window.lenses()), "lens")
    model.say(FOLLOW_UP)
    window.click(".codelens-decoration a:has-text('follow-up')")
    window.say("Is there something ready-made?")
    window.until(lambda: window.answer().count("answered") == 2, "second answer")


def change(window: VSCode, model: FakeOpenAI) -> None:
    window.clean()
    window.show(window.workspace / "report.py")
    window.put(8, 4)
    model.say(f"```python\n{FIXED}```\n")
    window.pick("Rewrite function")
    window.say("Mind even numbers of values")
    window.until(lambda: "middle" in (window.text("ask-lsp-proposal:") or ""), "proposal")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, FakeOpenAI() as model:
        person = Person(Path(folder))
        person.work = Path(folder) / "statistics"
        person.work.mkdir()
        person.configure(model, "gpt-5.4-mini")
        path = person.code("report.py", CODE)
        with person.window({"askLsp.path": SERVER, "workbench.activityBar.location": "hidden"}) as window:
            window.page("await page.setViewportSize({ width: 1180, height: 560 })")
            window.api("await vscode.commands.executeCommand('workbench.action.closeSidebar')")
            window.edit(path)
            for name, work in (("answer", ask), ("diff", change)):
                work(window, model)
                window.api("await new Promise(done => setTimeout(done, 1500))")  # until nothing is being drawn
                shutil.copy(window.picture(f"readme-{name}"), CLIENT / "images" / f"{name}.png")


if __name__ == "__main__":
    main()
