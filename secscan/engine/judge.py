"""Judges every control over its table: exactly one outcome for every row in scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from secscan.engine.compile import compile_
from secscan.engine.find import about, deadline, expression
from secscan.engine.reference import answer
from secscan.engine.relation import relation
from secscan.model.check import CheckSpec, Params
from secscan.model.estate import Estate
from secscan.model.expr import Expr, ExprError, Kind, columns_of, lift
from secscan.model.findings import FAIL, OUTSIDE, PASS, UNKNOWN, Judgement
from secscan.model.frame import Alike, Frame, Index, Kinds
from secscan.model.policy import Control, Scope
from secscan.model.tables import NO_DEVICES, TableSpec


def judge(estate: Estate, controls: Sequence[Control], checks: Mapping[str, CheckSpec], today: date) -> list[Judgement]:
    """A judgement for every control variant that is on and whose table exists, in the order of ``controls``.

    A check that breaks makes every row of its control unknown and says why; so does a table whose builder broke
    (``broken_tables`` in the estate's notes). The others go on.
    """
    active = [c for c in controls if c.disabled is None and c.check in checks]
    plans = [_plan(control, checks[control.check], today) for control in active]
    for plan in plans:
        if why := estate.notes.get("broken_tables", {}).get(plan.spec.table.table):
            plan.give_up(why)
    stale = _stale(estate, {plan.spec.table for plan in plans})
    tables = {plan.spec.table.table for plan in plans} & estate.frames.keys()
    alike = {name: Alike(estate.frames[name]) for name in tables}
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        return [
            _judge(plan, alike[plan.spec.table.table], connection, stale)
            for plan in plans
            if plan.spec.table.table in alike
        ]


class _Plan:
    """One control made ready: its expressions, and the columns they need."""

    def __init__(self, control: Control, spec: CheckSpec) -> None:
        self.control, self.spec = control, spec
        self.fails: Expr | None = None
        self.unknown: Expr | None = None
        self.scope: Expr | None = None
        self.about: Expr | None = None
        self.due: Expr | None = None
        self.reads: tuple[str, ...] = ()
        self.error: str | None = None

    def give_up(self, why: str) -> None:
        """It cannot be judged: every row is unknown."""
        self.fails = self.unknown = self.scope = self.about = self.due = None
        self.error = why

    @property
    def columns(self) -> list[str]:
        return [c for e in (self.fails, self.unknown, self.scope, self.about) if e is not None for c in columns_of(e)]


def _plan(control: Control, spec: CheckSpec, today: date) -> _Plan:
    plan = _Plan(control, spec)
    try:
        values = {**spec.params, **control.params}
        plan.fails, plan.unknown, plan.reads = expression(spec, Params(today, values))
        plan.due = deadline(spec, Params(today, values))
        plan.about = about(spec, Params(today, values))
        plan.scope = _scope(control.scope, spec.table)
    except (Exception, SystemExit) as error:  # a check is somebody's code: name it, and let the rest of the scan go on
        plan.give_up(f"{spec.shown_file}: {type(error).__name__}: {error}")
    return plan


def _scope(scope: Scope, spec: type[TableSpec]) -> Expr | None:
    row = spec()
    known = spec.columns()
    terms: list[Expr] = []
    for mapping, wanted in ((scope.only, True), (scope.excluded, False)):
        for column, values in mapping.items():
            if column not in known:
                raise ExprError(f"scope names '{column}', which table '{spec.table}' does not have")
            inside = getattr(row, column).is_in(values)
            terms.append(inside if wanted else ~inside)
    answer: Expr | None = None
    for term in terms:
        answer = term if answer is None else answer & term
    return answer


def _outcomes(plan: _Plan, alike: Alike, kinds: Kinds, connection: duckdb.DuckDBPyConnection) -> NDArray[np.int8]:
    """PASS, FAIL, UNKNOWN or OUTSIDE for every kind of row. One whose scope cannot be told is unknown, not outside.

    Of those that pass, the ones that the check does not speak about are outside: they would swell every share.
    """
    outcomes = np.full(kinds.count, UNKNOWN, dtype=np.int8)
    if plan.fails is None:
        return outcomes
    nothing = (None,) * kinds.count
    columns: dict[str, tuple[Kind, Sequence[Any]]] = {}
    for name in dict.fromkeys(plan.columns):
        col = alike.frame.columns.get(name)
        kind = plan.spec.table.columns()[name].kind
        columns[name] = (kind, nothing if col is None else col.pick(kinds.first))
    lazy = nw.from_native(relation(connection, columns, kinds.count)).select(
        nw.col("row"),
        fails=compile_(plan.fails),
        unclear=compile_(plan.unknown if plan.unknown is not None else lift(False)),
        inside=compile_(plan.scope if plan.scope is not None else lift(True)),
        meant=compile_(plan.about if plan.about is not None else lift(True)),
    )
    native: Any = lazy.to_native()
    fetched = native.project(
        "row, CAST(CASE WHEN inside IS FALSE THEN 3 WHEN inside IS NULL OR unclear IS NULL OR unclear OR fails IS NULL"
        " THEN 2 WHEN fails THEN 1 WHEN meant IS FALSE THEN 3 ELSE 0 END AS TINYINT) AS outcome"
    ).fetchnumpy()
    outcomes[np.asarray(fetched["row"])] = np.asarray(fetched["outcome"])
    return outcomes


def _judge(plan: _Plan, alike: Alike, connection: duckdb.DuckDBPyConnection, stale: set[tuple[str, str]]) -> Judgement:
    """What the control makes of its table: worked out once for each kind of row, then told of every row."""
    control, frame = plan.control, alike.frame
    devices = plan.spec.table.of_devices and _others(frame)
    kinds = alike.of(["council", *(["type"] if devices else []), *plan.columns])
    councils = frame.columns["council"].pick(kinds.first)
    mine = np.fromiter((name in control.councils for name in councils), dtype=bool, count=kinds.count)
    try:
        outcomes = _outcomes(plan, alike, kinds, connection)
        due = _deadlines(plan, alike, _rows_of((outcomes == FAIL) & mine, kinds))
    except Exception as error:
        plan.give_up(f"{plan.spec.shown_file}: {type(error).__name__}: {' '.join(str(error).splitlines()[:1])}")
        outcomes, due = np.full(kinds.count, UNKNOWN, dtype=np.int8), {}
    if devices:
        outcomes[[kind in NO_DEVICES for kind in frame.columns["type"].pick(kinds.first)]] = OUTSIDE
    old = {council for council, table in stale if table == frame.table}
    late = np.fromiter(("" in old or name in old for name in councils), dtype=bool, count=kinds.count)
    outcomes = np.where(mine, outcomes, np.int8(OUTSIDE))
    went_stale = (outcomes == PASS) & late
    outcomes = np.where(went_stale, np.int8(UNKNOWN), outcomes).astype(np.int8)

    def counted(which: NDArray[np.bool_]) -> dict[str, int]:
        counts = dict.fromkeys((name for name in dict.fromkeys(councils) if name in control.councils), 0)
        for kind in np.flatnonzero(which & mine).tolist():
            counts[councils[kind]] += int(kinds.size[kind])
        return counts

    of_rows = outcomes[kinds.take]
    return Judgement(
        control=control,
        table=frame.table,
        reads=plan.reads,
        passed=counted(outcomes == PASS),
        failed=counted(outcomes == FAIL),
        unknown=counted(outcomes == UNKNOWN),
        stale=counted(went_stale),
        outcomes=of_rows,
        fail_rows=_rows_of(outcomes == FAIL, kinds),
        unknown_rows=_rows_of((outcomes == UNKNOWN) & ~went_stale, kinds),
        stale_rows=_rows_of(went_stale, kinds),
        due=due,
        error=plan.error,
    )


def _others(frame: Frame) -> bool:
    """Whether some asset of the table is no device; asked before its column is, for most councils have none."""
    column = frame.columns.get("type")
    return column is not None and not NO_DEVICES.isdisjoint(column.values)


def _rows_of(which: NDArray[np.bool_], kinds: Kinds) -> Index:
    """The rows of some kinds, in their order."""
    return np.flatnonzero(which[kinds.take]).astype(np.int32) if which.any() else np.empty(0, dtype=np.int32)


def _deadlines(plan: _Plan, alike: Alike, rows: Index) -> dict[int, date | None]:
    """Each failing row's own deadline: the slow witness answers, once for rows that say the same."""
    if plan.due is None or not len(rows):
        return {}
    wanted = columns_of(plan.due)
    kinds = alike.of(wanted)
    known: dict[int, date | None] = {}
    for kind in np.unique(kinds.take[rows]).tolist():
        first = int(kinds.first[kind])
        known[kind] = answer(plan.due, {c: alike.frame.get(c, first) for c in wanted})
    return dict(zip(rows.tolist(), map(known.__getitem__, kinds.take[rows].tolist()), strict=True))


def _stale(estate: Estate, tables: Iterable[type[TableSpec]]) -> set[tuple[str, str]]:
    """(council, table) whose evidence is too old to pass anything on; '' is a shared source's, which concerns every council."""
    gaps = [gap for gap in estate.gaps if gap.stale]
    return {(gap.council, spec.table) for gap in gaps for spec in tables if spec.fed_by & gap.tables}
