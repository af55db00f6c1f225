"""The corpus of exfiltration attempts: none may work in what is shown, and harmless answers come through unchanged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendered import dangers

from ask_lsp.core.markdown import shown
from ask_lsp.core.visible import visible

CORPUS = Path(__file__).parent.parent / "corpus" / "exfiltration"
FILES = sorted(CORPUS.glob("*.yaml"))

ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")  # a mark that means nothing but itself (CommonMark 0.31, 2.4)


def entries(*names: str) -> list[Any]:
    """The entries of these files, or of all but the harmless ones."""
    wanted = [path for path in FILES if (path.stem in names if names else path.stem != "harmless")]
    return [
        pytest.param(entry, id=f"{path.stem}: {entry['name']}")
        for path in wanted
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def text_of(entry: dict[str, Any]) -> str:
    if "text_repeated" in entry:
        before, middle, times, after = entry["text_repeated"]
        return f"{before}{middle * times}{after}"
    return str(entry["text"])


def words(text: str) -> str:
    """The letters and digits, which nobody may lose."""
    return re.sub(r"[^A-Za-z0-9]+", "", text)


@pytest.mark.parametrize("entry", entries())
def test_an_attempt_fails(entry: dict[str, Any]) -> None:
    text = text_of(entry)

    result = shown(text)

    assert dangers(result) == []
    meaningful = ESCAPED.sub("", result)
    for forbidden in entry["must_not_contain"]:
        assert forbidden not in meaningful
    assert visible(result) == result


@pytest.mark.parametrize("entry", entries())
def test_what_the_model_said_can_still_be_read(entry: dict[str, Any]) -> None:
    """Marks are added, words are not taken away; but for what stands behind a fence, which is no code and no prose."""
    text = text_of(entry)
    if "element behind it" not in entry["name"] and "begins with a fence" not in entry["name"]:
        assert words(shown(text)) == words(visible(text))


@pytest.mark.parametrize("entry", entries("harmless"))
def test_a_harmless_answer_comes_through_unchanged(entry: dict[str, Any]) -> None:
    text = text_of(entry)

    assert shown(text) == text
    assert shown(shown(text)) == text


def test_the_corpus_is_as_large_as_we_say_and_names_each_entry_once() -> None:
    attempts = [entry.id for entry in entries()]
    harmless = [entry.id for entry in entries("harmless")]

    assert len(attempts) == len(set(attempts)) >= 100
    assert len(harmless) == len(set(harmless)) >= 30


def test_most_attempts_would_work_if_they_were_shown_as_they_are() -> None:
    """The renderers of this test are no dead ones: unfiltered, they find the danger in seven attempts of ten."""
    attempts = [text_of(entry.values[0]) for entry in entries()]

    assert sum(bool(dangers(text)) for text in attempts) > len(attempts) * 0.7


INJECTION = CORPUS.parent / "injection"
OBEDIENT = yaml.safe_load((INJECTION / "answers.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", OBEDIENT, ids=[entry["file"] for entry in OBEDIENT])
def test_what_an_obeying_model_says_is_harmless_to_look_at(entry: dict[str, Any]) -> None:
    for answer in (entry["answer"], entry["edit"]):
        result = shown(answer)
        assert dangers(result) == []
        assert visible(result) == result
    meaningful = ESCAPED.sub("", shown(entry["answer"]))
    assert not [text for text in entry["forbidden"] if text in meaningful]


def test_the_injections_are_complete() -> None:
    """Each file has its entry, each target stands once, and the languages are many."""
    files = {path.name for path in INJECTION.iterdir()} - {"README.md", "answers.yaml"}

    assert files == {entry["file"] for entry in OBEDIENT}
    assert len(OBEDIENT) >= 20
    assert len({entry["language"] for entry in OBEDIENT}) >= 15
    for entry in OBEDIENT:
        code = (INJECTION / entry["file"]).read_text(encoding="utf-8")
        assert code.count(entry["target"]) == 1, entry["file"]
