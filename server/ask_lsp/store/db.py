"""The one SQLite file that all editors of a person share: opening it, bringing its tables up to date, using it.

It holds conveniences and a journal. So whatever is wrong with it, the caller gets DatabaseUnavailable, the user one
sentence, and answers go on. It is opened at first use: sqlite3 must not be imported before the server has started.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ask_lsp.core.errors import AskError
from ask_lsp.store.private_files import create_file, make_directory
from ask_lsp.store.worker import Worker

if TYPE_CHECKING:
    import sqlite3

Result = TypeVar("Result")
logger = logging.getLogger(__name__)

FILE_NAME = "ask-lsp.db"
BUSY_SECONDS = 10.0

# Each entry brings the tables to the next version (PRAGMA user_version). Released entries are never changed.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE explanations (key TEXT PRIMARY KEY, text TEXT NOT NULL, used REAL NOT NULL) WITHOUT ROWID",
        "CREATE INDEX explanations_used ON explanations (used)",
        "CREATE TABLE choices (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE usage (
            id INTEGER PRIMARY KEY, at REAL NOT NULL, profile TEXT NOT NULL, model TEXT NOT NULL, action TEXT NOT NULL,
            input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, usd REAL
        )""",
        "CREATE INDEX usage_at ON usage (at)",
        """CREATE TABLE answers (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, job TEXT NOT NULL, owner TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'recovering', 'ended')), text TEXT NOT NULL,
            updated REAL NOT NULL
        )""",
        "CREATE INDEX answers_unfinished ON answers (owner) WHERE state != 'ended'",
    ),
    (
        """CREATE TABLE proposals (
            id TEXT PRIMARY KEY, created REAL NOT NULL, start_line INTEGER NOT NULL, start_column INTEGER NOT NULL,
            end_line INTEGER NOT NULL, end_column INTEGER NOT NULL, new_file INTEGER NOT NULL, uri BLOB NOT NULL,
            title BLOB NOT NULL, action BLOB NOT NULL, seen BLOB NOT NULL, new BLOB NOT NULL, before BLOB NOT NULL,
            after BLOB NOT NULL, reason BLOB NOT NULL, chat BLOB, question BLOB NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX proposals_created ON proposals (created)",
    ),
    (
        "ALTER TABLE proposals ADD COLUMN standing BLOB",
        "ALTER TABLE proposals ADD COLUMN source TEXT",
    ),
    (
        # The ledger and the audit log in one. While a request is under way its tokens and price are those set aside.
        """CREATE TABLE requests (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, owner TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('reserved', 'done', 'cancelled', 'failed', 'cut', 'estimated')),
            conversation TEXT NOT NULL, origin TEXT NOT NULL, profile TEXT NOT NULL, model TEXT NOT NULL,
            action TEXT NOT NULL, file TEXT NOT NULL, project TEXT NOT NULL, pieces INTEGER NOT NULL,
            estimated_input INTEGER NOT NULL, output_limit INTEGER, reserved_usd REAL, input_tokens INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, is_estimated INTEGER NOT NULL, usd REAL,
            seconds REAL, redactions TEXT NOT NULL, content_hash TEXT NOT NULL, prompt TEXT
        )""",
        "CREATE INDEX requests_spent ON requests (at, usd, input_tokens, output_tokens)",
        "CREATE INDEX requests_reserved ON requests (owner) WHERE state = 'reserved'",
        """CREATE TABLE token_ratios (
            origin TEXT NOT NULL, model TEXT NOT NULL, pieces REAL NOT NULL, tokens REAL NOT NULL,
            PRIMARY KEY (origin, model)
        ) WITHOUT ROWID""",
        """INSERT INTO requests (at, owner, state, conversation, origin, profile, model, action, file, project, pieces,
            estimated_input, input_tokens, cached_tokens, output_tokens, is_estimated, usd, redactions, content_hash)
            SELECT at, '', 'done', '', '', profile, model, action, '', '', 0, input_tokens, input_tokens,
            cached_tokens, output_tokens, 0, usd, '{}', '' FROM usage ORDER BY id""",
        "DROP TABLE usage",
    ),
)


class DatabaseUnavailable(AskError):
    """The database cannot be used, now (locked, disk full) or at all (corrupt, newer than we are, not writable)."""

    code = "store"


class Database:
    """The file in `directory`. All access is on one thread of its own."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        self._worker = Worker("ask-lsp-db")
        self._connection: sqlite3.Connection | None = None
        self._failure: DatabaseUnavailable | None = None
        self._problems: list[str] = []
        self._told = False

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `work` returns, outside of a transaction. Raises DatabaseUnavailable."""
        return await self._worker.run(lambda: self._guarded(work))

    async def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `work` returns, within a transaction that waits for those of other processes.

        Raises DatabaseUnavailable. Who is cancelled while waiting may count on it that the work is done.
        """
        return await self._worker.run(lambda: self._guarded(lambda connection: _transaction(connection, work)))

    def write_later(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Like `write`, for what nobody waits for; a failure is only logged."""

        def attempt() -> None:
            try:
                self._guarded(lambda connection: _transaction(connection, work))
            except DatabaseUnavailable as error:
                logger.debug("not written: %s", error)

        self._worker.submit(attempt)

    async def off_loop(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, which belongs on the database's thread but needs no database."""
        return await self._worker.run(work)

    def take_problems(self) -> list[str]:
        """Sentences for the user about a database that cannot be used, each given once."""
        problems, self._problems = self._problems, []
        return problems

    async def aclose(self) -> None:
        """Finishes what is queued and closes the file."""
        await self._worker.run(self._close)
        await self._worker.aclose()

    def _guarded(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        import sqlite3

        try:
            return work(self._connected())
        except sqlite3.OperationalError as error:
            # Locked or a full disk: the next attempt may well succeed.
            raise self._unavailable(str(error)) from error
        except sqlite3.DatabaseError as error:
            self._close()
            self._failure = self._unavailable(str(error))
            raise self._failure from error

    def _connected(self) -> sqlite3.Connection:
        if self._failure is not None:
            raise DatabaseUnavailable(str(self._failure))
        if self._connection is None:
            import sqlite3

            try:
                self._connection = _open(self.path)
            except (OSError, sqlite3.Error, _Newer) as error:
                if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                    raise
                self._failure = self._unavailable(getattr(error, "strerror", None) or str(error))
                raise self._failure from error
        return self._connection

    def _unavailable(self, reason: str) -> DatabaseUnavailable:
        sentence = (
            f"{self.path} cannot be used ({reason}). Answers go on without history and usage; "
            "move that file away, or make it writable, and restart."
        )
        if not self._told:
            self._told = True
            self._problems.append(sentence)
            logger.warning("%s", sentence)
        return DatabaseUnavailable(sentence)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _Newer(Exception):
    """The file belongs to a newer version of ask-lsp, which alone knows what is in it."""


def _open(path: Path) -> sqlite3.Connection:
    import sqlite3

    make_directory(path.parent)
    try:
        # SQLite gives its -wal and -shm files the mode of this one.
        descriptor = create_file(path)
    except FileExistsError:
        path.chmod(0o600)
    else:
        # Harmless only because it is new: closing any descriptor of a file drops this process's POSIX locks on it.
        os.close(descriptor)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if _version(connection) > len(MIGRATIONS):
            raise _Newer("it belongs to a newer version of ask-lsp")
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        if _version(connection) < len(MIGRATIONS):
            _transaction(connection, _migrate)
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for other processes here, however long its busy time-out is.
    import sqlite3

    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _migrate(connection: sqlite3.Connection) -> None:
    # Read again within the transaction: another process may have been faster.
    for version in range(_version(connection), len(MIGRATIONS)):
        for statement in MIGRATIONS[version]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")


def _transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Result]) -> Result:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
