"""Whether the record is what was written: every column of every row is under a digest, every run under the next.

Rows of a run (inputs, roll-ups, measures, changes) are under that run's digest; a closed life under the change
that closed it; the open ones together under the newest run. The chain cannot show that its end was cut off: for
that an anchor is needed, a digest kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, func, select

from secscan.doors.terminal import safe
from secscan.history import digests, reading, schema
from secscan.history.base import Base
from secscan.history.lives import LifeRow
from secscan.history.nouns import Anchor, Bad, Run, Verified
from secscan.model.errors import IntegrityError


def verify(base: Base, *, full: bool, anchors: Sequence[Anchor]) -> Verified:
    """Every row against its digest; with ``full`` also the database's own checks and the schema.

    Changes nothing. What a damaged file cannot even answer counts as bad.
    """
    try:
        with base.reading() as connection:
            total = connection.execute(select(func.count()).select_from(schema.run)).scalar_one()
            known: list[Run] = []
            with closing(_faults(connection, known, full=full)) as faults:
                bad = next(faults, None)
    except IntegrityError as error:
        return Verified(ok=False, anchored=False, runs=0, first_bad=Bad(run=None, what=str(error)))
    if bad is not None:
        bad = replace(bad, what=safe(bad.what))
    ids = {run.run_id: run.digest for run in known}
    for anchor in anchors if bad is None else ():
        if ids.get(anchor.run_id) != anchor.digest:
            bad = Bad(run=anchor.run_id, what="the record does not have this run as it was anchored")
            break
    return Verified(ok=bad is None, anchored=bool(anchors) and bad is None, runs=total, first_bad=bad)


def _faults(connection: Connection, known: list[Run], *, full: bool) -> Generator[Bad]:
    """What is wrong, oldest run first. ``known`` takes the runs as their chain is checked."""
    if full and connection.dialect.name == "sqlite":
        yield from _file_faults(connection)
    columns = reading.chain(connection)
    for row in columns:
        if why := reading.broken(row, known[-1] if known else None):
            yield Bad(run=row["run_id"], what=why)
        known.append(reading.run_of(row))
    ids = {run.seq: run.run_id for run in known}
    for table, column in schema.OF_RUN:
        yield from _row_faults(connection, table, {row["seq"]: row[column] for row in columns}, ids)
    yield from _life_faults(connection, columns, ids)


def _row_faults(connection: Connection, table: Any, held: dict[int, str], ids: dict[int, str]) -> Iterator[Bad]:
    left = dict(held)
    for number, rows in reading.rows_by_run(connection, table):
        if number not in left:
            yield Bad(run=None, what=f"'{table.name}' has rows of a run that is not there (number {number})")
        elif digests.of_rows(rows) != left.pop(number):
            yield Bad(run=ids[number], what=f"rows of '{table.name}' were changed, added or removed")
    for number, digest in left.items():
        if digest != digests.of_rows(()):
            yield Bad(run=ids[number], what=f"the rows of '{table.name}' are gone")


def _life_faults(connection: Connection, columns: Sequence[dict[str, Any]], ids: dict[int, str]) -> Iterator[Bad]:
    life, change = schema.life, schema.change
    ending = and_(change.c.run == life.c.closed_run, change.c.council == life.c.council, change.c.life == life.c.id)
    asked = select(life, change.c.hash.label("sealed")).select_from(life.outerjoin(change, ending)).order_by(life.c.id)
    standing: list[bytes] = []
    closed = 0
    with connection.execution_options(yield_per=10_000).execute(asked) as rows:
        for *cells, sealed in rows:
            row = LifeRow._make(cells)
            named = f"finding {row.fingerprint} of {row.council} (life {row.id})"
            if not row.holds():
                yield Bad(run=ids.get(row.opened_run), what=f"{named} was changed")
            if row.closed_run is None:
                standing.append(row.hash)
                continue
            closed += 1
            if sealed != row.hash:
                yield Bad(run=ids.get(row.closed_run), what=f"{named} is not as it was closed")
    newest = columns[-1] if columns else None
    if digests.of_lives(standing) != (newest["lives_digest"] if newest else digests.of_lives(())):
        yield Bad(run=newest["run_id"] if newest else None, what="open findings were changed, added or removed")
    ended = select(func.count()).select_from(change).where(change.c.what.in_(("closed", "settled")))
    if connection.execute(ended).scalar_one() != closed:
        yield Bad(run=newest["run_id"] if newest else None, what="closed findings are gone")


def _file_faults(connection: Connection) -> Iterator[Bad]:
    """What SQLite itself finds wrong, and anything in the file that no migration put there."""
    for row in connection.exec_driver_sql("PRAGMA integrity_check(1)"):
        if row[0] != "ok":
            yield Bad(run=None, what=" ".join(f"the file is damaged: {row[0]}".split()))
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Bad(run=None, what=f"a row of '{row[0]}' hangs on a row that is not there")
    strange = _schema_of(connection) ^ _expected()
    for kind, name, _ in sorted(strange, key=str):
        yield Bad(run=None, what=f"the {kind} '{name}' is not as this version made it")


def _schema_of(connection: Connection) -> set[tuple[str, str, str | None]]:
    rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master")
    return {(row[0], row[1], row[2]) for row in rows}


def _expected() -> set[tuple[str, str, str | None]]:
    """The schema of a record that was made just now, in memory."""
    from sqlalchemy import create_engine

    from secscan.history import migrate

    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection, connection.begin():
            migrate.run(connection)
            return _schema_of(connection)
    finally:
        engine.dispose()
