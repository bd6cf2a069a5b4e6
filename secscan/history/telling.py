"""What the record answers, put together from rows that ``reading`` has held against their digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from secscan.doors import files
from secscan.history import repairs, schema
from secscan.history.clock import clocked
from secscan.history.lives import LifeRow, finding_of
from secscan.history.nouns import Life, Rollup, Run
from secscan.history.reading import checked, held, runs, standing
from secscan.history.sqlite import damaged
from secscan.model.findings import Clocked
from secscan.model.posture import FindingRow, Point
from secscan.model.raw import PARTLY, Accepted

BELIEVED: Final = PARTLY | {"whole", "silent"}
"""States of an input that a later, smaller one is held against; an incomplete look is no measure of anything."""
ENDED: Final = frozenset({"closed", "settled"})
_LIFE: Final = schema.change.c.keys().index("life")
_WHAT: Final = schema.change.c.keys().index("what")


def accepted(connection: Connection, where: str) -> dict[str, Accepted]:
    """The last export of each source that a run believed in full."""
    known = runs(connection, where)
    found: dict[str, Accepted] = {}
    for rows in checked(connection, where, schema.input_, known).values():
        of_source: dict[str, list[Any]] = {}
        for row in rows:
            item = dict(zip(schema.input_.columns.keys(), row, strict=True))
            of_source.setdefault(item["source"], []).append(item)
        for source, items in of_source.items():
            if all(i["state"] in BELIEVED and i["file"] for i in items):
                found[source] = _accepted(source, items)
    return found


def _accepted(source: str, items: Sequence[Mapping[str, Any]]) -> Accepted:
    one = len(items) == 1
    together = ",".join(sorted(i["sha256"] for i in items)).encode()
    return Accepted(
        source=source,
        file=items[0]["file"],
        sha256=items[0]["sha256"] if one else files.sha256(together),
        rows=sum(i["rows_loaded"] for i in items),
        dated_on=date.fromisoformat(max(i["dated_on"] for i in items)),
    )


def trends(connection: Connection, where: str, known: Sequence[Run]) -> dict[str, list[Point]]:
    """Measure -> points, oldest first; of several runs of one day the last counts (``repairs.put``)."""
    rows = checked(connection, where, schema.measure, known)
    last = {run.as_of: run.seq for run in known}
    found: dict[str, list[Point]] = {}
    for run in known:
        for _, council, name, numerator, denominator, mark in rows.get(run.seq, ()):
            if run.seq != last[run.as_of] and name != repairs.DAYS:
                continue
            point = Point(
                on=run.as_of,
                run_id=run.run_id,
                council=council,
                numerator=numerator,
                denominator=denominator,
                mark=mark,
            )
            repairs.put(found.setdefault(name, []), name, point)
    return found


def came_back(connection: Connection, where: str, known: Sequence[Run]) -> dict[str, repairs.Counted]:
    """Council -> failures that opened again, of those that had closed, counted from every change on record.

    Asked once, for a record from before these were measured.
    """
    again, closed = Counter[str](), Counter[str]()
    council = schema.change.c.keys().index("council")
    for rows in checked(connection, where, schema.change, known).values():
        again.update(row[council] for row in rows if row[_WHAT] == "reopened")
        closed.update(row[council] for row in rows if row[_WHAT] == "closed")
    return {name: (again[name], count) for name, count in closed.items()}


def rollups(connection: Connection, where: str, known: Sequence[Run], run: Run) -> list[Rollup]:
    names = schema.rollup.columns.keys()
    rows = checked(connection, where, schema.rollup, known, run).get(run.seq, [])
    return [
        Rollup(run_id=run.run_id, as_of=run.as_of, **{k: v for k, v in zip(names, row, strict=True) if k != "run"})
        for row in rows
    ]


def findings_at(connection: Connection, where: str, known: Sequence[Run], run: Run) -> list[Clocked]:
    """The findings as they stood after a run: outcome, status and severity of then, wording as last seen."""
    events: dict[int, tuple[Any, ...]] = {}
    if run.seq == known[-1].seq:
        alive = standing(connection, where, known)
        news = _news(checked(connection, where, schema.change, known, run).get(run.seq, ()))
    else:
        life = schema.life
        then = and_(life.c.opened_run <= run.seq, or_(life.c.closed_run.is_(None), life.c.closed_run > run.seq))
        alive = held(connection.execute(select(life).where(then).order_by(life.c.id)), where)
        changes = checked(connection, where, schema.change, known)
        events = {row[_LIFE]: row for n, rows in changes.items() if n <= run.seq for row in rows}
        if {row.id for row in alive} != {id for id, row in events.items() if row[_WHAT] not in ENDED}:
            raise damaged(where, f"run {run.run_id}: findings were added or lost")
        news = _news(changes.get(run.seq, ()))
    return [_as_of(row, run, events.get(row.id), news.get(row.id)) for row in alive]


def _news(changes: Iterable[tuple[Any, ...]]) -> dict[int, str]:
    words = {"noticed": "new", "opened": "new", "reopened": "reopened"}
    return {row[_LIFE]: words[row[_WHAT]] for row in changes if row[_WHAT] in words}


def _as_of(row: LifeRow, run: Run, event: tuple[Any, ...] | None, news: str | None) -> Clocked:
    unseen = row.unseen_run is not None and row.unseen_run <= run.seq
    if event is not None:
        unseen = event[_WHAT] == "unseen"
        row = row._replace(outcome=event[4], status=event[5], severity=event[6])
        if row.failed_run is not None and row.failed_run > run.seq:
            row = row._replace(failed_on=None)
    return clocked(finding_of(row), row.first_seen, run.as_of, news or ("carried" if unseen else "same"))


def closed_findings(connection: Connection, where: str, known: Sequence[Run], run: Run) -> list[FindingRow]:
    """The failures that had closed by a run and did not stand then; of several intervals of one, the last."""
    life = schema.life
    rows = held(connection.execute(select(life).where(life.c.opened_run <= run.seq).order_by(life.c.id)), where)
    changes = checked(connection, where, schema.change, known)
    last_event = {row[_LIFE]: row for n, found in changes.items() if n <= run.seq for row in found}
    if {row.id for row in rows} != set(last_event):
        raise damaged(where, f"run {run.run_id}: findings were added or lost")
    ended = [row for row in rows if last_event[row.id][_WHAT] == "closed"]
    again = {row.fingerprint for row in rows if last_event[row.id][_WHAT] not in ENDED}
    last = {row.fingerprint: row for row in ended if row.fingerprint not in again}
    return [_closed(row, run) for row in last.values()]


def _closed(row: LifeRow, run: Run) -> FindingRow:
    c = clocked(finding_of(row), row.first_seen, run.as_of, "closed")
    f = c.finding
    return FindingRow(
        fingerprint=f.fingerprint, control=f.control, check=f.check, theme="", council=f.council, asset=f.asset,
        hostname=f.hostname, subject=f.subject, title=f.title, fix="", outcome=f.outcome, status="closed",
        severity=f.severity, count=f.count, first_seen=c.first_seen, due=c.due, overdue=False, news="closed",
        evidence=dict(f.evidence), evidence_places=dict(f.evidence_places), sources=list(f.sources),
        exception=f.exception, mitigation=f.mitigation, mitigation_state=f.mitigation_state, stale=f.stale,
    )  # fmt: skip


def lives_of(connection: Connection, where: str, known: Sequence[Run], fingerprint: str) -> list[Life]:
    """Every interval of one finding, oldest first."""
    ids = {run.seq: run.run_id for run in known}
    life = schema.life
    rows = connection.execute(select(life).where(life.c.fingerprint == fingerprint).order_by(life.c.id))
    return [
        Life(
            finding=finding_of(row),
            opened_run=ids[row.opened_run],
            opened_on=date.fromisoformat(row.opened_on),
            first_seen=row.first_seen,
            closed_run=None if row.closed_run is None else ids[row.closed_run],
            closed_on=None if row.closed_on is None else date.fromisoformat(row.closed_on),
            closed_why=row.closed_why,
        )
        for row in held(rows, where)
    ]
