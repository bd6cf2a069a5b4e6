"""One run into the record: read and worked out first, then written in one short transaction, or not at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from secscan.doors import json
from secscan.history import clock, digests, reading, schema
from secscan.history.base import Base, bulk
from secscan.history.clock import Step
from secscan.history.lives import LifeRow
from secscan.history.nouns import RULES_CHANGED, Recorded, Run, RunRecord
from secscan.model.errors import Busy, UsageError
from secscan.model.posture import Point
from secscan.model.raw import Gap, Load

Rows = list[tuple[Any, ...]]
Keep = Callable[[Recorded], str]

_FIXED: Final = ("council", "id", "fingerprint", "control", "asset", "subject", "opened_run", "opened_on")
"""What of a life never changes."""


def may_record(known: Sequence[Run], as_of: date) -> None:
    """Nothing happens when a run as of this day may come next. Raises UsageError for a day before the newest run's."""
    if known and as_of < known[-1].as_of:
        raise UsageError(
            f"the record already has a run as of {known[-1].as_of}; a run as of {as_of} cannot be put before it"
        )


def record(base: Base, run: RunRecord, keep: Keep | None) -> Recorded:
    """The run is in the record, whole; answers what the record made of it.

    ``keep`` is called before anything is written, with everything but the digest; it answers the SHA-256 of the
    result that it stored. Raises UsageError for a day before the newest run's and Busy when another run was
    recorded meanwhile.
    """
    with _collector_at_rest():
        known, step, points = _looked(base, run)
        measures = _measures(run, len(known) + 1, known[-1] if known else None)
        told = _recorded(run, known, step, _trends(points, measures, run, _run_id(run, known)))
    posture_sha256 = keep(told) if keep else ""
    with _collector_at_rest():
        tables = {
            schema.input_: _inputs(run, told.seq),
            schema.rollup: _rollups(run, told.seq, step),
            schema.measure: measures,
            schema.change: _changes(step, told.seq),
        }
        columns = _run_columns(run, told, step, tables, posture_sha256)
        with base.writing() as connection:
            _unmoved(connection, base, told)
            bulk(connection, schema.run, [tuple(columns[column.name] for column in schema.run.c)])
            bulk(connection, schema.life, [tuple(row) for row in step.fresh])
            _update(connection, step.changed)
            for table, rows in tables.items():
                bulk(connection, table, rows)
    return replace(told, digest=columns["digest"])


def _looked(base: Base, run: RunRecord) -> tuple[list[Run], Step, dict[str, list[Point]]]:
    """The runs so far, the step that this one makes, and the points of every measure."""
    with base.reading() as connection:
        known = reading.runs(connection, base.where)
        may_record(known, run.as_of)
        points = reading.trends(connection, base.where, known)
        step = clock.step(
            run,
            len(known) + 1,
            reading.standing(connection, base.where, known),
            reading.failed_before(connection, base.where, known),
            reading.next_id(connection, base.where),
        )
    return known, step, points


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage collection meanwhile: a run makes a million objects and no cycles, and each pass would walk them all."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _unmoved(connection: Connection, base: Base, told: Recorded) -> None:
    """Raises Busy when the record is not as it was when the run was worked out."""
    run = schema.run
    newest = connection.execute(select(run.c.digest).order_by(run.c.seq.desc()).limit(1)).scalar()
    if newest != told.previous_digest:
        raise Busy(f"{base.where}: another run was recorded meanwhile; run again")


def _update(connection: Connection, rows: Sequence[LifeRow]) -> None:
    if not rows:
        return
    life = schema.life
    loose = [name for name in LifeRow._fields if name not in _FIXED]
    statement = (
        update(life)
        .where(life.c.council == bindparam("of_council"), life.c.id == bindparam("of_id"))
        .values({name: bindparam(f"new_{name}") for name in loose})
    )
    connection.execute(
        statement,
        [
            {"of_council": row.council, "of_id": row.id, **{f"new_{name}": getattr(row, name) for name in loose}}
            for row in rows
        ],
    )


def _run_id(run: RunRecord, known: Sequence[Run]) -> str:
    first = f"{run.as_of.isoformat()}-{_utc(run.started_at):%H%M}"
    taken = {r.run_id for r in known}
    number, found = 1, first
    while found in taken:
        number += 1
        found = f"{first}-{number}"
    return found


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a run's times need their time zone")
    return moment.astimezone(UTC)


def _recorded(run: RunRecord, known: Sequence[Run], step: Step, trends: dict[str, list[Point]]) -> Recorded:
    before = known[-1] if known else None
    changes = step.changes() if before else []
    return Recorded(
        run_id=_run_id(run, known),
        seq=len(known) + 1,
        as_of=run.as_of,
        previous_run_id=before.run_id if before else None,
        previous_as_of=before.as_of if before else None,
        previous_digest=before.digest if before else None,
        clocked=step.clocked,
        changes=changes,
        trends=trends,
        opened=sum(c.what == "opened" for c in changes),
        closed=sum(c.what == "closed" for c in changes),
        reopened=sum(c.what == "reopened" for c in changes),
        carried=step.carried,
    )


def _run_columns(
    run: RunRecord, told: Recorded, step: Step, tables: dict[Any, Rows], posture_sha256: str
) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "seq": told.seq,
        "run_id": told.run_id,
        "as_of": run.as_of.isoformat(),
        "started_at": _utc(run.started_at).isoformat(timespec="seconds"),
        "finished_at": _utc(run.finished_at).isoformat(timespec="seconds"),
        "tool_version": run.tool_version,
        "complete": int(run.complete),
        "policy_digest": run.policy_digest,
        "rules_digest": run.rules_digest or run.policy_digest,
        "posture_sha256": posture_sha256,
        "facts": digests.clean(json.canonical(run.facts).decode("utf-8", "surrogatepass")),
        "opened": step.count("opened"),
        "closed": step.count("closed"),
        "reopened": step.count("reopened"),
        "carried": step.carried,
        "lives": len(step.standing),
        **{column: digests.of_rows(tables[table]) for table, column in schema.OF_RUN},
        "lives_digest": digests.of_lives(step.standing),
        "previous": told.previous_digest or "",
    }
    return columns | {"digest": digests.of_run(columns)}


def _sorted(rows: Iterable[tuple[Any, ...]], key_columns: int) -> Rows:
    """In the order of the table's key, in which its digest is taken."""
    return sorted(rows, key=lambda row: row[:key_columns])


def _inputs(run: RunRecord, seq: int) -> Rows:
    worst: dict[str, Gap] = {}
    for gap in run.gaps:
        if gap.source not in worst or worst[gap.source].why == "refused-rows":
            worst[gap.source] = gap
    rows: Rows = []
    read: dict[str, int] = {}
    for load in sorted(run.loads, key=lambda item: (item.source, item.file)):
        position = read[load.source] = read.get(load.source, -1) + 1
        rows.append(
            (
                seq, load.council, load.source, position, load.kind, digests.clean(load.file), load.sha256,
                load.dated_on.isoformat(), load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank,
                _state(load, worst.get(load.source)),
            )
        )  # fmt: skip
    for source, gap in worst.items():
        if source not in read:
            rows.append((seq, gap.council, source, 0, None, None, None, None, 0, 0, 0, 0, gap.why))
    return _sorted(rows, 4)


def _state(load: Load, gap: Gap | None) -> str:
    if load.held:
        return "held"
    if load.incomplete:
        return "incomplete"
    if gap is not None and gap.why != "refused-rows":
        return gap.why
    return "refused-rows" if load.rows_refused else "whole"


def _rollups(run: RunRecord, seq: int, step: Step) -> Rows:
    """Rows from the tallies; findings counted here, because only the record knows of those carried."""
    standing = clock.standing_counts(step.clocked)
    judged: dict[tuple[str, str, str], tuple[int, int, int]] = {
        (t.council, t.control, t.severity): (t.passed, t.failed, t.unknown) for t in run.tallies
    }
    keys = {*judged, *(key[:3] for key in standing)}
    words = ("open", "mitigated", "accepted", "unknown", "carried")
    return _sorted(
        ((seq, *key, *judged.get(key, (0, 0, 0)), *(standing[(*key, word)] for word in words)) for key in keys), 4
    )


def _measures(run: RunRecord, seq: int, before: Run | None) -> Rows:
    ruled = RULES_CHANGED if before and before.rules_digest != (run.rules_digest or run.policy_digest) else None
    return _sorted(((seq, m.council, m.measure, m.numerator, m.denominator, m.mark or ruled) for m in run.measures), 3)


def _changes(step: Step, seq: int) -> Rows:
    return _sorted(
        (
            (seq, row.council, row.id, what, row.outcome, row.status, row.severity, row.hash)
            for row, what in step.events
        ),
        3,
    )


def _trends(points: dict[str, list[Point]], measures: Rows, run: RunRecord, run_id: str) -> dict[str, list[Point]]:
    """The points so far and this run's, which take the place of an earlier run's of the same day."""
    found = {name: [p for p in old if p.on != run.as_of] for name, old in points.items()}
    for _, council, name, numerator, denominator, mark in measures:
        found.setdefault(name, []).append(
            Point(on=run.as_of, run_id=run_id, council=council, numerator=numerator, denominator=denominator, mark=mark)
        )
    return found


__all__ = ["may_record", "record"]
