"""One run into the record: read and worked out first, then written in one short transaction, or not at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from secscan.history import clock, reading, repairs, rows, schema, telling
from secscan.history.base import Base, bulk, many
from secscan.history.clock import Step
from secscan.history.lives import LifeRow
from secscan.history.nouns import Recorded, Run, RunRecord
from secscan.model.errors import Busy, UsageError
from secscan.model.posture import Point

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
        known, step, points, before = _looked(base, run)
        measures = rows.measures(run, known, step, before)
        told = rows.recorded(run, known, step, points, measures)
    posture_sha256 = keep(told) if keep else ""
    with _collector_at_rest():
        tables = {
            schema.input_: rows.inputs(run, told.seq),
            schema.rollup: rows.rollups(run, told.seq, step),
            schema.measure: measures,
            schema.change: rows.changes(step, told.seq),
        }
        columns = rows.run(run, told, step, tables, posture_sha256)
        with base.writing() as connection:
            _unmoved(connection, base, told)
            bulk(connection, schema.run, [tuple(columns[column.name] for column in schema.run.c)])
            bulk(connection, schema.life, [tuple(row) for row in step.fresh])
            _update(connection, step.changed)
            for table, content in tables.items():
                bulk(connection, table, content)
    return replace(told, digest=columns["digest"])


def _looked(
    base: Base, run: RunRecord
) -> tuple[list[Run], Step, dict[str, list[Point]], dict[str, repairs.Counted]]:  # fmt: skip
    """The runs so far, the step that this one makes, the points of every measure, and how many had come back."""
    with base.reading() as connection:
        known = reading.runs(connection, base.where)
        may_record(known, run.as_of)
        points = telling.trends(connection, base.where, known)
        if known and repairs.CAME_BACK not in points:
            before = telling.came_back(connection, base.where, known)
        else:
            before = repairs.newest(points.get(repairs.CAME_BACK, ()))
        step = clock.step(
            run,
            len(known) + 1,
            reading.standing(connection, base.where, known),
            reading.failed_before(connection, base.where, known),
            reading.next_id(connection, base.where),
        )
    return known, step, points, before


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


def _update(connection: Connection, changed: Sequence[LifeRow]) -> None:
    """Each life that is there already takes its new values."""
    life = schema.life
    names = [f"new_{name}" for name in LifeRow._fields]  # a parameter may not be called as a column that is set
    statement = (
        update(life)
        .where(life.c.council == bindparam("new_council"), life.c.id == bindparam("new_id"))
        .values({name: bindparam(f"new_{name}") for name in LifeRow._fields if name not in _FIXED})
    )
    many(connection, statement, names, changed)
