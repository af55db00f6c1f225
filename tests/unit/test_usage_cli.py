"""What must hold of `ask-lsp usage` and `ask-lsp log`: they need nothing, hide nothing, and are safe to look at."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ask_lsp.cli import log, usage, usage_page
from ask_lsp.core.conversation import Usage
from ask_lsp.core.ledger import Grouping, UsageRow
from ask_lsp.core.profile import Prices
from ask_lsp.core.spend import Caps, Outcome, Planned
from ask_lsp.store.db import Database
from ask_lsp.store.ledger import SqliteLedger
from ask_lsp.store.owner import Owner

PRICES = Prices(1.0, 10.0)
EVIL = "</td><script>alert(1)</script>&\x1b[31m\u202e"


def planned(
    model: str = "big-1", *, prices: Prices | None = PRICES, action: str = "ask", prompt: str | None = None
) -> Planned:
    return Planned(
        "https://api.example",
        "work",
        model,
        action,
        pieces=800,
        input_tokens=1_000,
        max_output=100,
        prices=prices,
        file="/home/me/p/a.py",
        project="/home/me/p",
        redactions={"openai_key": 2},
        content_hash="c0ffee00c0ffee00",
        prompt=prompt,
    )


def fill(home: Mapping[str, str], *requests: tuple[Planned, Outcome]) -> Path:
    """Writes requests as a server would have, and returns the state directory."""
    state = Path(home["XDG_STATE_HOME"]) / "ask-lsp"

    async def write() -> None:
        database = Database(state)
        ledger = SqliteLedger(database, Owner(state / "running"))
        for each, outcome in requests:
            await ledger.settle(await ledger.reserve(each, Caps()), outcome)
        await ledger.aclose()
        await database.aclose()

    asyncio.run(write())
    return state


def run(home: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ask_lsp", *arguments],
        env=dict(home),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


TOLD = Outcome("done", Usage(2_000, 300, 500), 0, 1.25)
GUESSED = Outcome("cancelled", None, 50, 0.5)


@pytest.mark.parametrize("command", [("usage",), ("log",), ("usage", "--json"), ("usage", "--html", "page.html")])
def test_before_the_first_request_there_is_one_sentence_and_nothing_is_made(
    home: dict[str, str], command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(home, *command)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Nothing was sent yet. Ask something in your editor, or with: ask-lsp ask\n"
    assert not (Path(home["XDG_STATE_HOME"]) / "ask-lsp").exists()
    assert not (tmp_path / "page.html").exists()


def test_usage_is_a_plain_table_with_bars_when_piped(home: dict[str, str]) -> None:
    fill(home, (planned(), TOLD), (planned(action="fix"), GUESSED), (planned("odd", prices=None), TOLD))

    done = run(home, "usage", "--by", "model")

    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "model  requests  tokens in  cached   out                   USD",
        "big-1         2     ~3,000    ~500  ~350              ~$0.0065  " + "#" * 24,
        "odd           1      2,000     500   300               unknown",
        "total         3     ~5,000  ~1,000  ~650  ~$0.0065 + 1 unknown",
    ]
    assert "Not in the sum: 1 request of unknown price." in done.stderr
    assert "~ is an estimate: of 1 request the endpoint did not tell what was used." in done.stderr


def test_usage_has_colours_and_bars_in_a_terminal_and_obeys_no_escape(home: dict[str, str]) -> None:
    fill(home, (planned(EVIL), TOLD))
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ask_lsp", "usage", "--by", "model"],
        env={**home, "TERM": "xterm-256color", "COLUMNS": "140"},
        stdout=secondary,
        stderr=subprocess.PIPE,
    )
    os.close(secondary)
    shown = b""
    while True:
        try:
            piece = os.read(primary, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(primary)
    errors = process.communicate(timeout=60)[1]

    assert (process.returncode, errors) == (0, b"")
    text = shown.decode()
    assert "█" * 24 in text
    assert "⟦ESC⟧[31m" in text
    assert "\x1b[31m" not in text.replace("\x1b[36m", "")
    assert "\u202e" not in text


def test_usage_as_json_has_null_for_what_is_unknown(home: dict[str, str]) -> None:
    fill(home, (planned(), TOLD), (planned("odd", prices=None), GUESSED))

    found = json.loads(run(home, "usage", "--by", "model", "--days", "7", "--json").stdout)

    assert (found["by"], found["days"]) == ("model", 7)
    assert [(row["name"], row["usd"], row["unknown"], row["estimated"]) for row in found["rows"]] == [
        ("big-1", pytest.approx(0.005), 0, 0),
        ("odd", None, 1, 1),
    ]
    assert found["total"] == {
        "requests": 2,
        "input_tokens": 3_000,
        "cached_tokens": 500,
        "output_tokens": 350,
        "usd": pytest.approx(0.005),
        "unknown": 1,
        "estimated": 1,
    }


class Reader(HTMLParser):
    """What a page holds: its elements, and everything that could load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.reaching: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.reaching += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name in ("src", "href", "srcset", "action", "data", "style", "xlink:href") or name.startswith("on")
        ]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_one_file_that_loads_and_runs_nothing(home: dict[str, str], tmp_path: Path) -> None:
    fill(home, (planned(), TOLD), (planned(EVIL, prices=None, action=EVIL), GUESSED))
    target = tmp_path / "usage.html"

    done = run(home, "usage", "--html", str(target))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{target}\n", "")
    text = target.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)

    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & set(reader.tags)
    assert reader.reaching == []
    assert not re.search(r"https?:|url\(|@import", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert reader.tags.count("svg") == reader.tags.count("table") == 4
    assert "alert(1)" in "".join(reader.text)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_page_shows_every_day_and_says_what_is_unknown() -> None:
    day = UsageRow("2025-03-05", 3, 1_000, 200, 50, 0.5, 1, 2)
    groups: dict[Grouping, list[UsageRow]] = {"day": [day], "model": [day._replace(name="m", usd=None)]}

    text = usage_page.page(groups, 30, datetime(2025, 3, 6, 12))

    assert "~$0.50 + 1 unknown" in text
    assert ">unknown<" in text
    assert text.count("<rect") == 2
    assert text.count("<text x=") == 8
    assert usage_page._all_days([day], 30, datetime(2025, 3, 6).date())[-2:] == [
        day,
        UsageRow("2025-03-06", 0, 0, 0, 0, 0.0, 0, 0),
    ]


def test_a_page_that_cannot_be_written_is_said(home: dict[str, str], tmp_path: Path) -> None:
    fill(home, (planned(), TOLD))

    done = run(home, "usage", "--html", str(tmp_path / "no" / "page.html"))

    assert done.returncode == 1
    assert "could not be written (No such file or directory)" in done.stderr
    assert "Traceback" not in done.stderr


def test_bars_are_by_price_or_by_tokens_where_no_price_is_known() -> None:
    dear = UsageRow("a", 1, 10, 0, 0, 2.0, 0, 0)
    cheap = UsageRow("b", 1, 1_000, 0, 0, 1.0, 0, 0)

    assert usage.weights([dear, cheap]) == [1.0, 0.5]
    assert usage.weights([dear._replace(usd=None), cheap._replace(usd=0.0)]) == [0.01, 1.0]
    assert usage.weights([]) == []
    assert usage.weights([UsageRow("a", 1, 0, 0, 0, None, 1, 0)]) == [0.0]


def test_the_log_has_one_line_a_request_newest_last_and_no_text(home: dict[str, str]) -> None:
    fill(home, (planned(), TOLD), (planned("odd", prices=None), GUESSED))

    done = run(home, "log")

    first, second = done.stdout.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  done       https://api\.example work/big-1  ask  /home/me/p/a\.py  "
        r"2,000 in \(500 cached\), 300 out  \$0\.0050  1\.2 s  replaced: 2 openai_key  c0ffee00c0ff",
        first,
    )
    assert "cancelled  https://api.example work/odd" in second
    assert "~1,000 in, ~50 out  price unknown  0.5 s" in second
    assert run(home, "log", "--limit", "1").stdout.splitlines() == [second]


def test_the_log_shows_the_text_only_where_it_was_logged(home: dict[str, str]) -> None:
    fill(home, (planned(), TOLD), (planned(prompt="[user]\nwhat is\x1b[2J this?"), TOLD))

    shown = run(home, "log").stdout.splitlines()
    found = json.loads(run(home, "log", "--json").stdout)

    assert shown[2:] == ["    | [user]", "    | what is⟦ESC⟧[2J this?"]
    assert "prompt" not in found[0]
    assert found[1]["prompt"] == "[user]\nwhat is\x1b[2J this?"
    assert (found[0]["usd"], found[0]["redactions"]) == (pytest.approx(0.005), {"openai_key": 2})
    assert datetime.fromisoformat(found[0]["at"]).tzinfo is not None


def test_nothing_in_the_log_can_begin_a_line_of_its_own(home: dict[str, str]) -> None:
    fill(home, (planned("a\n2025-01-01 00:00:00  done"), TOLD))

    assert len(run(home, "log").stdout.splitlines()) == 1
    assert log.LIMIT > 1


@pytest.mark.parametrize("wrong", [("usage", "--days", "0"), ("usage", "--by", "week"), ("log", "--limit", "none")])
def test_a_wrong_command_line_is_exit_code_2(home: dict[str, str], wrong: tuple[str, ...]) -> None:
    done = run(home, *wrong)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_database_of_a_newer_version_is_one_sentence(home: dict[str, str]) -> None:
    import sqlite3
    from contextlib import closing

    state = fill(home, (planned(), TOLD))
    with closing(sqlite3.connect(state / "ask-lsp.db")) as connection:
        connection.execute("PRAGMA user_version = 99")

    done = run(home, "usage")

    assert done.returncode == 1
    assert "newer version of ask-lsp" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_settings_file_does_not_matter(home: dict[str, str]) -> None:
    config = Path(home["XDG_CONFIG_HOME"]) / "ask-lsp" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("nonsense: [", encoding="utf-8")
    fill(home, (planned(), TOLD))

    assert run(home, "usage").returncode == 0
    assert run(home, "log").returncode == 0
