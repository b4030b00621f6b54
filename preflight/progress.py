"""What happened, in one SQLite file in workspace/."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from preflight.errors import Unavailable

RUNG_COUNT = 4
HELD = ("kept", "elsewhere")

# One entry a schema version; a file of an older version gets the later entries, in order, in one transaction.
MIGRATIONS = (
    """
    CREATE TABLE starts (
        id INTEGER PRIMARY KEY, lab INTEGER NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL
    );
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, lab INTEGER NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL,
        synth REAL NOT NULL, deploy REAL NOT NULL, checks REAL NOT NULL, total REAL NOT NULL
    );
    CREATE TABLE outcomes (
        attempt INTEGER NOT NULL REFERENCES attempts(id), position INTEGER NOT NULL,
        promise TEXT NOT NULL, outcome TEXT NOT NULL, bullets TEXT NOT NULL,
        PRIMARY KEY (attempt, position)
    );
    CREATE TABLE hints (
        id INTEGER PRIMARY KEY, lab INTEGER NOT NULL, promise TEXT NOT NULL, rung INTEGER NOT NULL, at TEXT NOT NULL
    );
    CREATE INDEX attempts_by_lab ON attempts(lab, id);
    CREATE INDEX outcomes_by_promise ON outcomes(promise, attempt);
    """,
    """
    ALTER TABLE attempts ADD COLUMN code TEXT NOT NULL DEFAULT '';
    ALTER TABLE attempts ADD COLUMN untouched INTEGER NOT NULL DEFAULT 0
    """,
)


class LabFacts(Protocol):
    """What progress needs to know of a lab; its number is what stays when its folder is renamed."""

    @property
    def number(self) -> int: ...
    @property
    def version(self) -> int: ...


class Outcome(Protocol):
    """What progress keeps of a verdict."""

    @property
    def id(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def bullets(self) -> Iterable[str]: ...


@dataclass(frozen=True)
class Standing:
    """Where the learner stands in one lab.

    `started` is told by the folder in workspace/, which the learner may move or remove as well as Preflight.
    `outcomes` are those of the last attempt since the lab was started or reset, by promise; `kept_at` is the first time
    every promise held, before a reset or after; times are UTC. `code` is the digest of what that last attempt checked,
    at `checked_at`; empty when it was not kept.
    """

    started: bool = False
    started_version: int | None = None
    attempts: int = 0
    last_at: datetime | None = None
    kept_at: datetime | None = None
    outcomes: Mapping[str, str] = field(default_factory=dict)
    checked_at: datetime | None = None
    code: str = ""

    @property
    def holds(self) -> bool:
        """Every promise held at the last attempt."""
        return bool(self.outcomes) and all(outcome in HELD for outcome in self.outcomes.values())

    @property
    def broken(self) -> bool:
        """Once every promise held; at the last attempt not every one."""
        return self.kept_at is not None and bool(self.outcomes) and not self.holds

    @property
    def under_way(self) -> bool:
        return self.started and (self.kept_at is None or not self.outcomes)

    @property
    def kept(self) -> int:
        return sum(outcome in HELD for outcome in self.outcomes.values())


class Progress:
    """The learner's history in workspace/progress.sqlite.

    Reading never creates the file. Each attempt is written in one transaction, so a process killed at any moment
    loses the attempt under way and no other. `notices` are sentences the learner should read. Raises Unavailable
    when the file cannot be written, or when a newer Preflight wrote it.
    """

    def __init__(self, root: Path) -> None:
        self.workspace = root / "workspace"
        self.file = self.workspace / "progress.sqlite"
        self.notices: list[str] = []
        self._connection: sqlite3.Connection | None = None
        self._writable = False
        self._identity: tuple[int, int] | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._writable = None, False

    def record_start(self, lab: LabFacts) -> None:
        """The learner begins this lab, at its version of today."""
        with self._writing() as database:
            database.execute(
                "INSERT INTO starts (lab, version, at) VALUES (?, ?, ?)", (lab.number, lab.version, _now())
            )

    def record_attempt(
        self,
        lab: LabFacts,
        verdicts: Iterable[Outcome],
        seconds: Mapping[str, float],
        *,
        code: str = "",
        untouched: bool = False,
    ) -> None:
        """One check of the learner's own code: an outcome a promise, and its seconds by stage.

        `code` is a digest of what was checked, `untouched` whether it was the starter as it was handed out.
        """
        stages = [float(seconds.get(stage, 0.0)) for stage in ("synth", "deploy", "checks", "total")]
        with self._writing() as database:
            attempt = database.execute(
                "INSERT INTO attempts (lab, version, at, synth, deploy, checks, total, code, untouched)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (lab.number, lab.version, _now(), *stages, code, untouched),
            ).lastrowid
            database.executemany(
                "INSERT INTO outcomes (attempt, position, promise, outcome, bullets) VALUES (?, ?, ?, ?, ?)",
                [
                    (attempt, position, each.id, str(each.outcome), json.dumps(list(each.bullets)))
                    for position, each in enumerate(verdicts)
                ],
            )

    def take_rung(self, lab: LabFacts, promise: str) -> int:
        """One rung further for this promise, remembered: 1 to 4, and 4 again after that."""
        with self._writing() as database:
            rung = min(self._rung(database, lab.number, promise) + 1, RUNG_COUNT)
            database.execute(
                "INSERT INTO hints (lab, promise, rung, at) VALUES (?, ?, ?, ?)", (lab.number, promise, rung, _now())
            )
        return rung

    def rung(self, lab: LabFacts, promise: str) -> int:
        """The last rung taken for this promise; 0 when none was."""
        with self._reading() as database:
            return self._rung(database, lab.number, promise) if database else 0

    def standing(self, lab: LabFacts) -> Standing:
        """Where the learner stands in this lab."""
        with self._reading() as database:
            folder = any(path.is_dir() for path in self.workspace.glob(f"lab{lab.number:02d}_*"))
            return self._standing(database, lab.number, folder) if database else Standing(started=folder)

    def missed(self, bullet: str) -> int:
        """In how many checks a promise whose first exam bullet is this one turned to not yet, in any lab.

        Checking again without mending it is the same miss, so saving often costs nothing; nor does what the starter,
        as it was handed out, leaves to do.
        """
        with self._reading() as database:
            rows = database.execute(_HISTORY).fetchall() if database else []
        missed: set[int] = set()
        last: dict[tuple[int, str], str] = {}
        for attempt, untouched, lab, promise, outcome, named in rows:
            if untouched:
                last[lab, promise] = outcome if outcome in HELD else "not_yet"
                continue
            turned = outcome == "not_yet" and last.get((lab, promise)) != "not_yet"
            if turned and json.loads(named)[:1] == [bullet]:
                missed.add(attempt)
            # waiting or could_not_ask says nothing about what the learner knows
            if outcome in (*HELD, "not_yet"):
                last[lab, promise] = outcome
        return len(missed)

    def history(self, lab: LabFacts) -> list[dict[str, Any]]:
        """This lab's attempts, oldest first, as plain data."""
        with self._reading() as database:
            if not database:
                return []
            attempts = database.execute(
                "SELECT id, at, version, total FROM attempts WHERE lab = ? ORDER BY id", (lab.number,)
            ).fetchall()
            return [
                {"at": at, "version": version, "seconds": total, "promises": self._outcomes(database, id)}
                for id, at, version, total in attempts
            ]

    def rungs(self, lab: LabFacts) -> dict[str, int]:
        """The last rung taken, by promise; promises without one are left out."""
        with self._reading() as database:
            return dict(database.execute(_RUNGS, (lab.number,)).fetchall()) if database else {}

    def _standing(self, database: sqlite3.Connection, lab: int, folder: bool) -> Standing:
        started = database.execute(
            "SELECT version, at FROM starts WHERE lab = ? ORDER BY id DESC LIMIT 1", (lab,)
        ).fetchone()
        attempts = database.execute("SELECT id, at, code FROM attempts WHERE lab = ? ORDER BY id", (lab,)).fetchall()
        kept_at = database.execute(_FIRST_KEPT, (lab,)).fetchone()[0]
        version, started_at = started or (None, "")
        since = [attempt for attempt in attempts if attempt[1] >= started_at]
        last, checked_at, code = since[-1] if since else (None, None, "")
        return Standing(
            started=folder,
            started_version=version,
            attempts=len(attempts),
            last_at=_time(max(started_at, *(at for _, at, _ in attempts[-1:]), "")),
            kept_at=_time(kept_at),
            outcomes=self._outcomes(database, last) if last is not None else {},
            checked_at=_time(checked_at),
            code=code,
        )

    def _outcomes(self, database: sqlite3.Connection, attempt: int) -> dict[str, str]:
        rows = database.execute("SELECT promise, outcome FROM outcomes WHERE attempt = ? ORDER BY position", (attempt,))
        return dict(rows.fetchall())

    def _rung(self, database: sqlite3.Connection, lab: int, promise: str) -> int:
        row = database.execute("SELECT MAX(rung) FROM hints WHERE lab = ? AND promise = ?", (lab, promise)).fetchone()
        return row[0] or 0

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read from, or None when nothing was written yet."""
        if self._connection is None and self.file.exists():
            self._connection = self._open(for_writing=False)
        yield self._connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; all of it is kept, or nothing."""
        try:
            if not self._writable:
                self.close()
                self.workspace.mkdir(exist_ok=True)
                self._connection = self._open(for_writing=True)
            assert self._connection is not None
            with self._connection as database:
                database.execute("BEGIN IMMEDIATE")
                yield database
        except (OSError, sqlite3.OperationalError) as error:
            raise Unavailable(
                f"Progress cannot be written to workspace/ ({error}). Make the folder writable, then run ./lab doctor"
            ) from error

    def _open(self, *, for_writing: bool) -> sqlite3.Connection | None:
        try:
            return self._connect(for_writing=for_writing)
        except sqlite3.OperationalError:
            if for_writing:
                raise
            return self._connect_unwritable()
        except sqlite3.DatabaseError:
            self._set_aside()
            return self._connect(for_writing=for_writing) if for_writing else None

    def _connect(self, *, for_writing: bool) -> sqlite3.Connection:
        begun = not self.file.exists()
        # transactions are begun by hand; ten seconds cover another process's commit
        database = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        try:
            self._identity = _identity(self.file)
            if not begun:
                _insist_on_health(database)
            self._bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        self._writable = os.access(self.file, os.W_OK) and os.access(self.workspace, os.W_OK)
        return database

    def _connect_unwritable(self) -> sqlite3.Connection | None:
        """A file in a folder nobody may write to can still be read, as it is."""
        try:
            database = sqlite3.connect(f"{self.file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            version = _version(database)
            if 0 < version < len(MIGRATIONS):
                old, database = database, sqlite3.connect(":memory:", isolation_level=None)
                with contextlib.closing(old):
                    old.backup(database)
                self._bring_up_to_date(database)
            return database if version else None
        except sqlite3.DatabaseError:
            return None

    def _bring_up_to_date(self, database: sqlite3.Connection) -> None:
        version = _version(database)
        if version > len(MIGRATIONS):
            raise Unavailable(
                "workspace/progress.sqlite was written by a newer Preflight; update this one with git pull."
            )
        if version == len(MIGRATIONS):
            return
        _write_ahead(database)
        with database:
            database.execute("BEGIN IMMEDIATE")
            # another process may have done it while this one waited
            for number, statements in enumerate(MIGRATIONS[_version(database) :], start=_version(database) + 1):
                for statement in statements.split(";"):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {number}")

    def _set_aside(self) -> None:
        """Move the damaged file out of the way under a name of its own; what is in it may still be saved."""
        if _identity(self.file) != self._identity:
            # another process has set it aside already, and what lies here now is new
            return
        aside = self.file.with_name(f"progress.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite")
        self.file.rename(aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                Path(f"{self.file}{suffix}").rename(f"{aside}{suffix}")
        self.notices.append(
            f"workspace/progress.sqlite is damaged. It was set aside as workspace/{aside.name}, and a new one begins; "
            "your stacks are untouched. See where you stand with ./lab progress"
        )


_RUNGS = "SELECT promise, MAX(rung) FROM hints WHERE lab = ? GROUP BY promise"

_HISTORY = """
    SELECT attempts.id, untouched, attempts.lab, promise, outcome, bullets FROM outcomes
    JOIN attempts ON attempts.id = outcomes.attempt ORDER BY attempts.id, position
"""

_FIRST_KEPT = """
    SELECT MIN(at) FROM attempts WHERE lab = ?
    AND EXISTS (SELECT 1 FROM outcomes WHERE attempt = attempts.id)
    AND NOT EXISTS (SELECT 1 FROM outcomes WHERE attempt = attempts.id AND outcome NOT IN ('kept', 'elsewhere'))
"""


def _insist_on_health(database: sqlite3.Connection) -> None:
    """Raise DatabaseError when any page of the file is damaged; some milliseconds for years of attempts."""
    found = database.execute("PRAGMA quick_check(1)").fetchone()
    if found is None or found[0] != "ok":
        raise sqlite3.DatabaseError(found[0] if found else "unreadable")


def _write_ahead(database: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; SQLite does not wait for its turn here, so this does."""
    for pause in (0.01, 0.05, 0.2, 0.5, 1.0):
        with contextlib.suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode = WAL")
            return
        time.sleep(pause)
    database.execute("PRAGMA journal_mode = WAL")


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def _identity(file: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        status = file.stat()
        return status.st_dev, status.st_ino
    return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
