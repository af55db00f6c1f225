"""One document may be spelt in two ways, and a job is found by either."""

from __future__ import annotations

import pytest

from ask_lsp.assistant.jobs import Job


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
