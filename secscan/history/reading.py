"""Reading the record. Whatever is read is held against its digest first: a damaged record gives no answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, column, func, select, text

from secscan.doors import json
from secscan.history import digests, schema
from secscan.history.lives import LifeRow
from secscan.history.nouns import Run
from secscan.history.sqlite import damaged
from secscan.model.errors import UsageError

_AT_ONCE: Final = 30_000
_BY_TABLE: Final = "life NOT INDEXED"
_BY_INDEX: Final = "life INDEXED BY life_past"


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

    def ask(fingerprints: Collection[str]) -> set[str]:
        found: set[str] = set()
        asked = list(fingerprints) if anything else []
        if asked:
            _refuse_odd_index(connection, where)
        for at in range(0, len(asked), _AT_ONCE):
            past = _past(connection, _BY_TABLE, LifeRow._fields).where(
                column("fingerprint").in_(asked[at : at + _AT_ONCE])
            )
            found.update(row.fingerprint for row in held(connection.execute(past), where) if row.failed_run is not None)
        return found

    return ask


def _past(connection: Connection, way: str, columns: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Columns of the closed lives, read in a given way where the database can be told which."""
    life = text(way) if connection.dialect.name == "sqlite" else schema.life
    return select(*(column(name) for name in columns)).select_from(life).where(column("closed_run").is_not(None))


def _refuse_odd_index(connection: Connection, where: str) -> None:
    """Nothing happens when the table of closed lives and its index name the same findings.

    No digest shows that a damaged row left something out, and then what comes back would look new.
    """
    told = [
        sorted(connection.execute(_past(connection, way, ["fingerprint"])).scalars()) for way in (_BY_TABLE, _BY_INDEX)
    ]
    if told[0] != told[1]:
        raise damaged(where, "an index does not have what its table has")


def held(rows: Iterable[Any], where: str) -> list[LifeRow]:
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
