"""Questions to the record. Whatever is read is held against its digest first: a damaged record gives no answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, func, or_, select

from secscan.doors import files, json
from secscan.history import digests, schema
from secscan.history.clock import clocked
from secscan.history.lives import LifeRow, finding_of
from secscan.history.nouns import Life, Rollup, Run
from secscan.history.sqlite import damaged
from secscan.model.errors import UsageError
from secscan.model.findings import Clocked
from secscan.model.posture import FindingRow, Point
from secscan.model.raw import Accepted

BELIEVED: Final = frozenset({"whole", "refused-rows", "silent"})
"""States of an input that a later, smaller one is held against; an incomplete look is no measure of anything."""
ENDED: Final = frozenset({"closed", "settled"})
_AT_ONCE: Final = 30_000
_CLOSED: Final = select(schema.life).where(schema.life.c.closed_run.is_not(None))
_BY_TABLE: Final = _CLOSED.with_hint(schema.life, "NOT INDEXED", "sqlite")
_BY_INDEX: Final = _CLOSED.with_hint(schema.life, "INDEXED BY life_past", "sqlite")
_LIFE: Final = schema.change.c.keys().index("life")
_WHAT: Final = schema.change.c.keys().index("what")


def runs(connection: Connection, where: str) -> list[Run]:
    """Every run, oldest first. Raises IntegrityError where the chain does not hold."""
    found: list[Run] = []
    for columns in chain(connection):
        if why := broken(columns, found[-1] if found else None):
            raise damaged(where, f"run {columns['run_id']}: {why}")
        found.append(run_of(columns))
    return found


def chain(connection: Connection) -> list[dict[str, Any]]:
    """The rows of ``run`` in order."""
    rows = connection.execute(select(schema.run).order_by(schema.run.c.seq))
    return [dict(row) for row in rows.mappings()]


def broken(columns: Mapping[str, Any], before: Run | None) -> str | None:
    """What is wrong with a run's row as the next after ``before``; None: nothing."""
    if digests.of_run({name: value for name, value in columns.items() if name != "digest"}) != columns["digest"]:
        return "its row was changed"
    if columns["seq"] != (before.seq + 1 if before else 1):
        return "the run before it is missing"
    if columns["previous"] != (before.digest if before else ""):
        return "it does not follow the run before it"
    return None


def run_of(columns: Mapping[str, Any]) -> Run:
    """The run of a row whose digest holds."""
    kept = {name: columns[name] for name in Run.__dataclass_fields__}
    return Run(
        **kept
        | {
            "as_of": date.fromisoformat(columns["as_of"]),
            "started_at": datetime.fromisoformat(columns["started_at"]),
            "finished_at": datetime.fromisoformat(columns["finished_at"]),
            "complete": bool(columns["complete"]),
            "facts": json.loads(columns["facts"].encode(), "facts"),
        }
    )


def rows_by_run(
    connection: Connection, table: Table, only: int | None = None
) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """The rows of one of the tables of ``schema.OF_RUN``, a run at a time, in the order of their key."""
    keys = sorted(table.primary_key.columns, key=lambda c: list(table.columns).index(c))
    # Text in byte order on every database, whatever its locale.
    order = [func.convert_to(c, "UTF8") if _by_locale(connection, c) else c for c in keys]
    asked = select(table) if only is None else select(table).where(table.c.run == only)
    with connection.execution_options(yield_per=10_000).execute(asked.order_by(*order)) as rows:
        for number, group in groupby(rows, key=lambda row: row[0]):
            yield number, [tuple(row) for row in group]


def checked(
    connection: Connection, where: str, table: Table, known: Sequence[Run], only: Run | None = None
) -> dict[int, list[tuple[Any, ...]]]:
    """The rows of one table by run, or of one run. Raises IntegrityError where they are not what their run says."""
    column = dict(schema.OF_RUN)[table]
    held = {row[0]: row[1] for row in connection.execute(select(schema.run.c.seq, schema.run.c[column]))}
    found = dict(rows_by_run(connection, table, only.seq if only else None))
    asked = (only,) if only else known
    for run in asked:
        if digests.of_rows(found.get(run.seq, [])) != held.get(run.seq):
            raise damaged(where, f"run {run.run_id}: the rows of '{table.name}' are not those that were written")
    return {run.seq: found.get(run.seq, []) for run in asked}


def standing(connection: Connection, where: str, known: Sequence[Run]) -> list[LifeRow]:
    """The lives that are open, by id. Raises IntegrityError when one was changed, added or lost."""
    life = schema.life
    rows = connection.execute(select(life).where(life.c.closed_run.is_(None)).order_by(life.c.id))
    found = [LifeRow._make(row) for row in rows]
    for row in found:
        if not row.holds():
            raise damaged(where, f"finding {row.fingerprint} of {row.council} was changed")
    if digests.of_lives(row.hash for row in found) != _lives_digest(connection, known):
        raise damaged(where, "open findings were added or lost")
    return found


def _lives_digest(connection: Connection, known: Sequence[Run]) -> str:
    if not known:
        return digests.of_lives(())
    run = schema.run
    held: str = connection.execute(select(run.c.lives_digest).where(run.c.seq == known[-1].seq)).scalar_one()
    return held


def next_id(connection: Connection, where: str) -> int:
    """A number that no life has."""
    highest = connection.execute(select(func.max(schema.life.c.id))).scalar()
    if highest is not None and not isinstance(highest, int):
        raise damaged(where, "a finding's number is none")
    return (highest or 0) + 1


def failed_before(connection: Connection, where: str, known: Sequence[Run]) -> Callable[[Collection[str]], set[str]]:
    """Answers which fingerprints have a closed interval in which they failed."""
    anything = any(run.closed for run in known)
    life = schema.life

    def ask(fingerprints: Collection[str]) -> set[str]:
        found: set[str] = set()
        asked = list(fingerprints) if anything else []
        if asked:
            _refuse_odd_index(connection, where)
        for at in range(0, len(asked), _AT_ONCE):
            past = _BY_TABLE.where(life.c.fingerprint.in_(asked[at : at + _AT_ONCE]))
            found.update(
                row.fingerprint for row in _held(connection.execute(past), where) if row.failed_run is not None
            )
        return found

    return ask


def _refuse_odd_index(connection: Connection, where: str) -> None:
    """Nothing happens when the table of closed lives and its index name the same findings.

    No digest shows that a damaged row left something out, and then what comes back would look new.
    """
    if connection.dialect.name != "sqlite":
        return
    told = [
        sorted(connection.execute(asked.with_only_columns(schema.life.c.fingerprint)).scalars())
        for asked in (_BY_TABLE, _BY_INDEX)
    ]
    if told[0] != told[1]:
        raise damaged(where, "an index does not have what its table has")


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
    """Measure -> points, oldest first; of several runs of one day the last counts."""
    rows = checked(connection, where, schema.measure, known)
    last = {run.as_of: run for run in known}
    found: dict[str, list[Point]] = {}
    for run in last.values():
        for _, council, name, numerator, denominator, mark in rows.get(run.seq, ()):
            point = Point(
                on=run.as_of,
                run_id=run.run_id,
                council=council,
                numerator=numerator,
                denominator=denominator,
                mark=mark,
            )
            found.setdefault(name, []).append(point)
    return found


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
        alive = _held(connection.execute(select(life).where(then).order_by(life.c.id)), where)
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
    rows = _held(connection.execute(select(life).where(life.c.opened_run <= run.seq).order_by(life.c.id)), where)
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
        for row in _held(rows, where)
    ]


def _held(rows: Iterable[Any], where: str) -> list[LifeRow]:
    """The rows as lives. Raises IntegrityError when one is not what was written."""
    found = [LifeRow._make(row) for row in rows]
    for row in found:
        if not row.holds():
            raise damaged(where, f"finding {row.fingerprint} of {row.council} was changed")
    return found


def _by_locale(connection: Connection, column: Any) -> bool:
    return connection.dialect.name != "sqlite" and column.type.python_type is str


def run_named(known: Sequence[Run], run_id: str | None) -> Run:
    """The run of a name, the newest without one. Raises UsageError where there is none."""
    for run in reversed(known):
        if run_id is None or run.run_id == run_id:
            return run
    raise UsageError(
        "nothing has been recorded yet" if run_id is None else f"no run '{run_id}'; 'secscan runs list' shows them"
    )
