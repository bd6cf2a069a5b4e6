"""The record as other rooms see it. SQLAlchemy is imported when a record is opened, not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from secscan.history.nouns import Anchor, Life, Recorded, Rollup, Run, RunRecord, Verified
from secscan.model.findings import Clocked
from secscan.model.posture import FindingRow, Point
from secscan.model.raw import Accepted

if TYPE_CHECKING:
    from secscan.history.base import Base

WAIT_SECONDS = 5.0


class Store:
    """An open record. Every answer is held against its digest first, and is of one moment."""

    def __init__(self, base: Base) -> None:
        self._base = base

    @classmethod
    @contextmanager
    def open(cls, at: Path | str, *, create: bool, wait_seconds: float = WAIT_SECONDS) -> Iterator[Store]:
        """The record at a path (SQLite) or a PostgreSQL URL, brought up to date; made where ``create`` says so.

        A file that is there is never replaced: empty, cut short, of another kind or of a newer version it is
        refused. Raises StorageError, IntegrityError when it is damaged, and Busy when it stays locked for
        ``wait_seconds``.
        """
        from secscan.history.base import attach

        base = attach(at, create=create, wait_seconds=wait_seconds)
        try:
            yield cls(base)
        finally:
            base.close()

    def may_record(self, as_of: date) -> None:
        """Nothing happens when a run as of this day may come next. Raises UsageError for an earlier day."""
        from secscan.history import writing

        writing.may_record(self.runs(), as_of)

    def record(self, run: RunRecord, keep: Callable[[Recorded], str] | None = None) -> Recorded:
        """The run is in the record, whole or not at all; answers its findings with their clocks.

        ``keep`` is called before anything is written and answers the SHA-256 of the result that it stored: a run
        in the record always has its result. Raises UsageError for a day before the newest run's, Busy when
        another run was recorded meanwhile.
        """
        from secscan.history import writing

        return writing.record(self._base, run, keep)

    def runs(self) -> list[Run]:
        """Every run, oldest first."""
        from secscan.history import reading

        with self._base.reading() as connection:
            return reading.runs(connection, self._base.where)

    def accepted(self) -> dict[str, Accepted]:
        """By source id, the last export that a run believed in full; its rows over all files of its set."""
        from secscan.history import telling

        with self._base.reading() as connection:
            return telling.accepted(connection, self._base.where)

    def trend(self, measure: str, council: str | None = None) -> list[Point]:
        """The points of a measure, oldest first, one a day and council."""
        return [p for p in self.trends().get(measure, ()) if council in (None, p.council)]

    def trends(self) -> dict[str, list[Point]]:
        """Every measure's points, oldest first."""
        from secscan.history import reading, telling

        with self._base.reading() as connection:
            known = reading.runs(connection, self._base.where)
            return telling.trends(connection, self._base.where, known)

    def rollups(self, run_id: str | None = None) -> list[Rollup]:
        """Every control of every council in a run (default: the newest). Raises UsageError for no such run."""
        from secscan.history import reading, telling

        with self._base.reading() as connection:
            known = reading.runs(connection, self._base.where)
            return telling.rollups(connection, self._base.where, known, reading.run_named(known, run_id))

    def open_findings(self) -> list[Clocked]:
        """The findings as the newest run left them, carried ones too; none where nothing was recorded."""
        return self.findings_at() if self.runs() else []

    def findings_at(self, run_id: str | None = None) -> list[Clocked]:
        """The findings as they stood after a run: outcome, status, severity and clock of then, wording as last seen.

        Raises UsageError for no such run.
        """
        from secscan.history import reading, telling

        with self._base.reading() as connection:
            known = reading.runs(connection, self._base.where)
            return telling.findings_at(connection, self._base.where, known, reading.run_named(known, run_id))

    def closed_findings(self, run_id: str | None = None) -> list[FindingRow]:
        """The failures that had closed by a run and did not stand then, each once, as last seen."""
        from secscan.history import reading, telling

        with self._base.reading() as connection:
            known = reading.runs(connection, self._base.where)
            if not known and run_id is None:
                return []
            return telling.closed_findings(connection, self._base.where, known, reading.run_named(known, run_id))

    def lives(self, fingerprint: str) -> list[Life]:
        """Every interval of one finding, oldest first."""
        from secscan.history import reading, telling

        with self._base.reading() as connection:
            known = reading.runs(connection, self._base.where)
            return telling.lives_of(connection, self._base.where, known, fingerprint)

    def verify(self, *, full: bool = False, anchors: Sequence[Anchor] = ()) -> Verified:
        """Whether the record is what was written: every row against its digest, every run against the next.

        ``full`` adds the database's own check and the schema. ``anchors`` are digests kept elsewhere: only they
        show that the end was not cut off. Changes nothing.
        """
        from secscan.history import verifying

        return verifying.verify(self._base, full=full, anchors=anchors)

    def backup(self, to: Path) -> Path:
        """One moment of the record is in the new file ``to``, and was read back. Raises StorageError when it is there."""
        from secscan.history import backup

        return backup.copy(self._base, to)
