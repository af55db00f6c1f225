"""What is made of models' answers: the corpus of recorded-style answers, and the limits."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from ask_lsp.core.answer import Target, Unusable, completion, insertion, replacement, search_replace, whole_file
from ask_lsp.core.codeblocks import MAX_LENGTH

CORPUS = Path(__file__).parent.parent / "corpus" / "answers"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(CORPUS.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
KEYS = {
    *("name", "language", "seen", "answer", "how", "gives", "refused"),
    *("indent", "unit", "eol", "defines", "before", "after"),
}


def target_of(case: dict[str, Any]) -> Target:
    return Target(
        seen=case.get("seen", ""),
        indent=case.get("indent", ""),
        language=case.get("language", "python"),
        eol=case.get("eol", "\n"),
        unit=case.get("unit", "    "),
        name=case.get("defines", ""),
    )


def read(case: dict[str, Any]) -> str:
    answer, target = case["answer"], target_of(case)
    how = case.get("how", "replace")
    if how == "insert":
        return completion(answer, case["before"], case["after"], target)
    if how.startswith("insert_"):
        return insertion(answer, target, how.removeprefix("insert_"))
    return {"replace": replacement, "blocks": search_replace, "file": whole_file}[how](answer, target)


@pytest.mark.parametrize("case", CASES)
def test_an_answer_becomes_this_text_or_is_refused_with_this_sentence(case: dict[str, Any]) -> None:
    assert set(case) <= KEYS
    if "refused" in case:
        with pytest.raises(Unusable) as unusable:
            read(case)

        assert case["refused"] in str(unusable.value)
        assert str(unusable.value).endswith(".")
    else:
        assert read(case) == case["gives"]


def test_the_corpus_is_large_and_names_each_answer_once() -> None:
    names = [case.id for case in CASES]

    assert len(names) >= 45
    assert len(set(names)) == len(names)


LINE = "    value = compute(value)  # and so it goes on, line after line\n"
LARGE = {
    "code": "```python\n" + LINE * 30_000 + "```\n",
    "no fence": LINE * 30_000,
    "one line": "```python\nx = '" + "a" * 1_990_000 + "'\n```\n",
    "backticks": "`" * 1_990_000,
    "fences": "```\n" * 50_000,
    "deep fences": "```python\n" + "        ```\n" * 60_000,
    "comment signs": "```python\n" + "# " * 900_000 + "\n```\n",
    "dots": "```python\nx = 1\n" + "..." * 600_000 + "\n```\n",
    "spaces": "```python\nx = 1" + " " * 1_900_000 + "y\n```\n",
    "blank lines": "```python\nx = 1" + "\n" * 600_000 + "y = 1\n```\n",
    "thinking": "<think>" * 100_000,
    "angles": "<" * 1_990_000,
    "search": "<<<<<<< SEARCH\n" + "x = 1\n" * 50_000 + "=======\n" + "x = 1\n" * 50_000 + ">>>>>>> REPLACE\n",
    "half search": "<<<<<<< SEARCH\n" * 45_000,
    "numbers": "```\n" + "".join(f"{number} | x\n" for number in range(50_000)) + "```\n",
    "tags": "```\n" + "<code>\n" * 80_000 + "```\n",
    "surrogates": "\ud83d\ude00" * 900_000,
    "diff": "```diff\n" + "-x\n+y\n" * 100_000 + "```\n",
    "sentence": "Word " * 390_000,
    "entities": "```\n" + "&lt;" * 50_000 + "\n```\n",
}


WAYS = [
    *((name, "replace") for name in LARGE),
    *(("search", "blocks"), ("half search", "blocks"), ("code", "insert"), ("code", "insert_after"), ("code", "file")),
]


@pytest.mark.parametrize(("name", "how"), WAYS)
def test_a_large_answer_is_read_in_time_that_grows_with_their_length(name: str, how: str) -> None:
    """The limit is far above what linear work takes, and far below what quadratic work would."""
    case = {
        "answer": LARGE[name],
        "how": how,
        "seen": "x = 1\n" * 2_000,
        "before": "x = 1\nx = ",
        "after": "\n",
    }
    assert len(case["answer"]) <= MAX_LENGTH
    before = time.process_time()

    with contextlib.suppress(Unusable):
        read(case)

    assert time.process_time() - before < 8


def test_more_is_refused_at_once() -> None:
    with pytest.raises(Unusable, match="longer than 2,000,000 characters"):
        replacement("x" * (MAX_LENGTH + 1), target_of({"seen": "x"}))
