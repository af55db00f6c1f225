"""Where a proposal is offered: in a file that was loaded anew, after a restart, in a file that was made or is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, titled
from openai_server import FakeOpenAI
from test_edit_kinds import AT_MEDIAN, TESTS, block, open_source
from test_edits import AFTER, ANSWER, AT_MEAN, CODE, URI, document, text_is

AROUND = "import re\n\n\ndef f(a):\n    a = 1\n    b = 2\n{more}    d = 4\n    return a\n\n\ndef g():\n    pass\n"
FIVE = "```\n<<<<<<< SEARCH\n    d = 4\n=======\n    d = 5\n>>>>>>> REPLACE\n```"


def code(lines: int) -> str:
    """A file with a function of so many lines more."""
    return AROUND.format(more="".join(f"    c{number} = {number}\n" for number in range(lines)))


def five_for_four(client: LspClient, model: FakeOpenAI, text: str) -> None:
    """Has a change of one line kept, of all the function."""
    client.open(URI, text)
    function = text[text.index("def f") : text.index("\n\n\ndef g")]
    long = len(function.splitlines()) > 400
    model.say(FIVE if long else block(function.replace("d = 4", "d = 5")))
    client.run(titled(client.code_actions(URI, client.range_of(URI, function), triggerKind=1), "Simplify"))
    assert "ready to review" in client.ended_progress()


def titles(client: LspClient, where: dict[str, Any], uri: str = URI) -> list[str]:
    return [each["title"] for each in client.code_actions(uri, where)]


def listed(client: LspClient, where: dict[str, Any], uri: str = URI) -> list[dict[str, Any]]:
    return [each for each in client.code_actions(uri, where) if each["title"].startswith("Apply: ")]


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` finds, once it does; each look is a request, so the server gets on meanwhile."""
    for _ in range(2_000):
        if found := look():
            return found
    raise AssertionError(f"never {what}")


def test_a_file_that_was_loaded_anew_while_the_answer_came_shows_it_at_once(editor, model: FakeOpenAI) -> None:
    """As `:e` does it: didClose, then didOpen."""
    client = editor()
    held = model.hold()
    client.open(URI, CODE)
    client.run(document(client))
    model.wait_for_request()
    client.close_document(URI)
    client.open(URI, f"import os\n{CODE}", version=5)
    held.send(ANSWER)
    held.finish()
    assert "not applied. The file is no longer open, or was opened anew." in client.ended_progress()

    (entry,) = listed(client, {side: {"line": 5, "character": 4} for side in ("start", "end")})

    client.apply_literal(entry)
    text_is(client, f"import os\n{AFTER}")
    client.close(unread=True)


def test_all_of_them_are_found_again_however_fast_a_file_is_loaded_anew(editor, model, config) -> None:
    config("edits: {review: proposal}\n")
    client = editor()
    client.open(URI, CODE)
    for number in range(3):
        model.say(ANSWER.replace("arithmetic", f"{number}th"))
        entries = client.code_actions(URI, AT_MEAN)
        client.run(next(each for each in entries if each["title"].startswith("Write documentation for")))
        client.ended_progress()
    assert len(listed(client, AT_MEAN)) == 3

    for version in (10, 20):
        client.close_document(URI)
        client.open(URI, CODE, version=version)
        eventually(lambda: len(listed(client, AT_MEAN)) == 3, "all three")

    client.close(unread=True)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("meets", [True, False])
@pytest.mark.parametrize("lines", [0, 2_000])
def test_what_was_typed_in_its_place_does_not_lose_it_at_a_restart(lines, meets, closed, editor, model, config) -> None:
    """Merged with it or against it, in a long text or a short one, whether the file was closed before or not."""
    config("edits: {review: proposal}\n")
    client = editor()
    five_for_four(client, model, code(lines))
    at = client.buffers[URI].text.index("d = 4" if meets else "a = 1")
    client.edit(URI, at + 4, at + 5, "9")
    text = client.buffers[URI].text
    if closed:
        client.close_document(URI)
    client.close(unread=True)

    client = editor()
    client.open(URI, f"import os\n{text}", version=7)
    where = {side: {"line": 6, "character": 5} for side in ("start", "end")}
    entry = eventually(lambda: listed(client, where), "found again")[0]

    offered = [title.split(" Simplify")[0] for title in titles(client, where)]
    assert {"Show diff:", "Discard:"} <= set(offered)
    if meets:
        assert not entry.get("edit")
        client.run(entry)
        client.expect("window/showMessage", lambda params: "The same lines were changed" in params["message"])
        assert client.buffers[URI].text == f"import os\n{text}"
        client.run(titled(client.code_actions(URI, where), "Show diff: "))
        page = Path(client.expect("window/showDocument")["uri"].removeprefix("file://")).read_text(encoding="utf-8")
        assert "-    d = 9\n+    d = 5\n" in page
        assert "make it by hand or discard it" in page
    else:
        entry = eventually(lambda: [each for each in listed(client, where) if each.get("edit")], "a literal edit")[0]
        client.apply_literal(entry)
        text_is(client, f"import os\n{text}".replace("d = 4", "d = 5"))
    client.close(unread=True)


def test_a_large_one_carries_its_edit_too_as_soon_as_it_is_worked_out(editor, model, config) -> None:
    """Merged with what was typed in it, in a thread; and told to clients of ours with its places."""
    config("edits: {review: proposal}\n")

    def announce(params: dict[str, Any]) -> None:
        params["capabilities"]["experimental"] = {"askLsp": {"protocol": 1}}

    client = editor("vscode-1.100", change=announce)
    five_for_four(client, model, code(2_000))
    first = client.expect("ask/proposal", lambda params: params["state"] == "kept")
    (hunk,) = first["hunks"]
    assert hunk["newText"] == "    d = 5\n"

    at = client.buffers[URI].text.index("a = 1")
    client.edit(URI, at + 4, at + 5, "9")
    told = client.expect("ask/proposal", lambda params: params["version"] == client.buffers[URI].version)
    client.edit(URI, 0, 0, "import os\n")

    assert [each["newText"] for each in told["hunks"]] == ["    d = 5\n"]
    where = {side: {"line": 6, "character": 5} for side in ("start", "end")}
    (entry,) = listed(client, where)
    client.apply_literal(entry)
    text_is(client, "import os\n" + code(2_000).replace("a = 1", "a = 9").replace("d = 4", "d = 5"))
    client.close(unread=True)


def ask_for_tests(client: LspClient, uri: str, where: dict[str, Any] = AT_MEAN) -> str:
    client.run(titled(client.code_actions(uri, where), "Write tests"))
    return client.ended_progress()


def test_a_new_file_has_no_place_in_one_that_says_something_by_now(editor, model, config, tmp_path) -> None:
    """Not on its blank lines either; applied, it goes behind what is there, by the editor."""
    config("edits: {review: proposal}\n")
    client = editor()
    uri = open_source(client, tmp_path)
    model.say(block(TESTS))
    ask_for_tests(client, uri)
    mine = "import os\n\n\ndef test_mine():\n    pass\n"
    (tmp_path / "test_numbers.py").write_text(mine, encoding="utf-8")
    tests = client.open_file(tmp_path / "test_numbers.py", "python")

    client.execute("ask.proposals")
    page = Path(client.expect("window/showDocument")["uri"].removeprefix("file://")).read_text(encoding="utf-8")

    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
    assert not listed(client, everywhere, tests)
    proposal = page.split("`")[page.split("`").index(next(word for word in page.split("`") if len(word) == 8))]
    client.execute("ask.apply", proposal)
    client.until(lambda: client.buffers[tests].text == f"{mine}\n\n{TESTS}\n")
    assert (tmp_path / "test_numbers.py").read_text(encoding="utf-8") == mine
    client.close(unread=True)


def test_in_an_empty_document_a_new_file_is_offered(editor, model, config, tmp_path) -> None:
    """And no longer, once something else is typed there."""
    config("edits: {review: proposal}\n")
    client = editor()
    uri = open_source(client, tmp_path)
    for _ in range(2):
        model.say(block(TESTS))
        ask_for_tests(client, uri)
    top = {side: {"line": 0, "character": 0} for side in ("start", "end")}
    tests = client.open((tmp_path / "test_numbers.py").as_uri(), "")

    entries = eventually(lambda: listed(client, top, tests), "offered")
    client.apply_literal(entries[0])

    assert client.buffers[tests].text == f"{TESTS}\n"
    eventually(lambda: not listed(client, top, tests), "gone")
    client.close(unread=True)


@pytest.mark.parametrize("review", ["apply", "proposal"])
def test_of_two_answers_for_one_new_file_the_second_goes_behind_the_first(
    review, editor, model, config, tmp_path
) -> None:
    config(f"edits: {{review: {review}}}\n")
    client = editor()
    uri = open_source(client, tmp_path)
    one, other = model.hold(), model.hold()
    for number, where in enumerate((AT_MEAN, AT_MEDIAN), 1):
        client.run(titled(client.code_actions(uri, where), "Write tests"))
        model.wait_for_request(number)
    for held, name in ((one, "mean"), (other, "median")):
        held.send(block(f"def test_{name}():\n    assert {name}([2]) == 2"))
        held.finish()
        client.ended_progress()
    if review == "proposal":
        client.execute("ask.proposals")
        page = client.expect("window/showDocument")["uri"]
        text = Path(page.removeprefix("file://")).read_text(encoding="utf-8")
        for proposal in [word for word in text.split("`") if len(word) == 8 and word.isalnum()]:
            job = client.execute("ask.apply", proposal)
            assert job
            client.expect("window/showMessage", lambda params: "is there" in params["message"] or "done" in str(params))

    tests = (tmp_path / "test_numbers.py").as_uri()
    client.until(lambda: tests in client.buffers and client.buffers[tests].text.count("def test_") == 2)
    first = "mean" if review == "apply" else "median"  # the page has the newest first
    assert (tmp_path / "test_numbers.py").read_text(encoding="utf-8").startswith(f"def test_{first}():\n")
    assert "== 2\n\n\ndef test_" in client.buffers[tests].text
    client.close(unread=True)


@pytest.mark.parametrize("renamed", [True, False])
@pytest.mark.parametrize("meanwhile", [True, False])
def test_a_file_that_was_renamed_or_deleted_is_not_written_and_its_edit_not_lost(
    meanwhile, renamed, editor, model, config, tmp_path
) -> None:
    """Whether the answer was still on its way then, or kept already."""
    config("edits: {review: proposal}\n" if not meanwhile else "")
    client = editor()
    uri = open_source(client, tmp_path)
    held = model.hold()
    client.run(titled(client.code_actions(uri, AT_MEAN), "Write documentation"))
    model.wait_for_request()

    def gone() -> None:
        client.close_document(uri)
        old = tmp_path / "numbers.py"
        if renamed:
            client.open_file(old.rename(tmp_path / "figures.py"), "python")
        else:
            old.unlink()

    if meanwhile:
        gone()
    held.send(ANSWER)
    held.finish()
    client.ended_progress()
    if not meanwhile:
        gone()

    client.execute("ask.proposals")
    page = Path(client.expect("window/showDocument")["uri"].removeprefix("file://")).read_text(encoding="utf-8")
    (proposal,) = [word for word in page.split("`") if len(word) == 8 and word.isalnum()]
    client.execute("ask.apply", proposal)

    client.expect("window/showMessage", lambda params: "numbers.py is not open: nothing was" in params["message"])
    assert not (tmp_path / "numbers.py").exists()
    if renamed:
        figures = (tmp_path / "figures.py").as_uri()
        assert client.buffers[figures].text == (tmp_path / "figures.py").read_text(encoding="utf-8") == CODE
    client.execute("ask.diff", proposal)
    shown = client.expect("window/showDocument", lambda params: "diff-" in params["uri"])["uri"]
    assert '+    """The arithmetic mean' in Path(shown.removeprefix("file://")).read_text(encoding="utf-8")
    client.close(unread=True)
