"""One document may be spelt in two ways, and a job is found by either."""

from __future__ import annotations

from pathlib import Path

import pytest

from ask_lsp.assistant.jobs import Job
from ask_lsp.core.uris import judged_path, root_of
from ask_lsp.privacy.allow import FileRules


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///c%3A/work/a.py", "file:///C:/work/a.py"),
        ("file:///work/with%20space/%E4%BD%A0.py", "file:///work/with space/你.py"),
        ("file:///work/a%2Bb.py", "file:///work/a+b.py"),
    ],
)
def test_a_job_concerns_its_document_however_it_is_spelt(one: str, other: str) -> None:
    assert Job("job-1", "Ask", one).concerns(other)
    assert Job("job-1", "Ask", other).concerns(one)


def test_other_documents_are_none_of_its_business() -> None:
    job = Job("job-1", "Ask", "file:///work/A.py")
    assert not job.concerns("file:///work/a.py")
    assert not job.concerns("file:///work/A.pyi")
    job.chat_uri = "file:///chats/x%20y.md"
    assert job.concerns("file:///chats/x y.md")


@pytest.mark.parametrize(
    ("uri", "sent"),
    [
        ("untitled:/w/.env", False),
        ("untitled:.env", False),
        ("git:/w/.env?%7B%22ref%22%3A%22HEAD%22%7D", False),
        ("fugitive:///w/.git//0/.env", False),
        ("vscode-vfs://github/a/b/%2Eenv", False),
        ("vscode-vfs://[broken/w/.env", False),
        ("scp://host/.env", False),
        ("scp://host//home/me/.aws/credentials", False),
        ("ssh://host/home/me/id_rsa", False),
        ("jar:file:///w/a.jar!/server.key", False),
        ("vscode-notebook-cell:/w/private/a.ipynb#W0sZmlsZQ", False),
        ("untitled:Untitled-1", True),
        ("untitled:", True),
        ("git:/w/a.py?HEAD", True),
        ("fugitive:///w/.git//0/a.py", True),
        ("vscode-vfs://github/a/b/environment.py", True),
        ("output:tasks", True),
    ],
)
async def test_what_is_no_file_here_is_judged_by_its_names(uri: str, sent: bool, tmp_path: Path) -> None:
    verdict = await FileRules(tmp_path).verdict(judged_path(uri), (), ["private/"])

    assert verdict.kind == ("allowed" if sent else "denied")


def test_what_is_in_no_folder_belongs_to_the_only_workspace() -> None:
    here, there = Path("/w"), Path("/v")

    def of(uri: str, *roots: Path) -> Path | None:
        path = judged_path(uri)
        assert path is not None
        return root_of([path], {root: root for root in roots})

    assert of("untitled:Untitled-1", here) == here
    assert of("untitled:Untitled-1", here, there) is None
    assert of("untitled:/w/new.py", here, there) == here
