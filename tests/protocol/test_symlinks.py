"""A repository may hold symlinks: “Write tests” reads nothing and writes nothing through one that leads out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsp_client import titled
from openai_server import FakeOpenAI
from test_edit_kinds import TESTS, announce, block, open_source
from test_edits import AT_MEAN
from test_sending import told

DIARY = "Dear diary, nobody may read this.\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's that is no part of any workspace."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "diary.txt").write_text(DIARY, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("in_workspace", [True, False])
def test_a_file_of_tests_that_leads_out_is_not_read(
    in_workspace: bool, editor, model: FakeOpenAI, config, project: Path, outside: Path
) -> None:
    config("edits: {review: apply}\n")
    (project / "test_numbers.py").symlink_to(outside / "diary.txt")
    client = editor(root=project if in_workspace else None)
    uri = open_source(client, project)

    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))

    assert "not read or written" in told(client, "test_numbers.py")
    assert not model.requests
    assert "Dear diary" not in json.dumps(client.seen)
    assert (outside / "diary.txt").read_text(encoding="utf-8") == DIARY
    client.close(unread=True)


@pytest.mark.parametrize("in_workspace", [True, False])
def test_a_folder_of_tests_that_leads_out_is_not_written_to(
    in_workspace: bool, editor, model: FakeOpenAI, config, project: Path, outside: Path
) -> None:
    """The tests go beside the code, as if there were no such folder."""
    config("edits: {review: apply}\n")
    (project / "tests").symlink_to(outside)
    client = editor(root=project if in_workspace else None)
    uri = open_source(client, project)
    model.say(block(TESTS))

    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))

    assert "written to" in client.ended_progress()
    assert [path.name for path in outside.iterdir()] == ["diary.txt"]
    assert (project / "test_numbers.py").read_text(encoding="utf-8") == f"{TESTS}\n"
    client.close(unread=True)


def test_a_folder_that_is_made_a_link_while_the_answer_comes_is_not_written_to(
    editor, model: FakeOpenAI, config, project: Path, outside: Path
) -> None:
    """The text is kept, and applying it later does not follow the link either."""
    config("edits: {review: apply}\n")
    (project / "tests").mkdir()
    client = editor("vscode-1.100", change=announce, root=project)
    uri = open_source(client, project)
    held = model.hold()
    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))
    model.wait_for_request()
    (project / "tests").rmdir()
    (project / "tests").symlink_to(outside)
    held.send(block(TESTS))
    held.finish()

    client.until(lambda: "The text is kept" in json.dumps(client.seen), "the refusal")
    kept = client.expect("ask/proposal", lambda params: params["state"] == "kept")
    client.execute("ask.apply", {"proposal": kept["id"]})

    told(client, "A symbolic link leads to another folder")
    assert [path.name for path in outside.iterdir()] == ["diary.txt"]
    client.close(unread=True)


def test_a_link_inside_of_the_workspace_is_followed(
    editor, model: FakeOpenAI, config, project: Path, outside: Path
) -> None:
    config("edits: {review: apply}\n")
    (project / "checks").mkdir()
    (project / "tests").symlink_to(project / "checks")
    alias = project.with_name("alias")
    alias.symlink_to(project)
    client = editor(root=alias)
    uri = open_source(client, project)
    model.say(block(TESTS))

    client.run(titled(client.code_actions(uri, AT_MEAN), "Write tests"))

    assert "written to" in client.ended_progress()
    assert (project / "checks" / "test_numbers.py").read_text(encoding="utf-8") == f"{TESTS}\n"
    client.close(unread=True)
