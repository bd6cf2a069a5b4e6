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
from secscan.engine.find import deadline, expression
from secscan.engine.reference import answer
from secscan.engine.relation import relation
from secscan.model.check import CheckSpec, Params
from secscan.model.estate import Estate
from secscan.model.expr import Expr, ExprError, columns_of, lift
from secscan.model.findings import FAIL, OUTSIDE, PASS, UNKNOWN, Judgement
from secscan.model.frame import Frame
from secscan.model.policy import Control, Scope
from secscan.model.tables import TableSpec


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
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        tables: dict[str, Any] = {}
        for spec in {plan.spec.table for plan in plans}:
            if (frame := estate.frames.get(spec.table)) is None:
                continue
            wanted = [c for plan in plans if plan.spec.table is spec for c in plan.columns]
            tables[spec.table] = relation(connection, frame, spec, wanted)
        return [
            _judge(plan, estate.frames[plan.spec.table.table], tables[plan.spec.table.table], stale)
            for plan in plans
            if plan.spec.table.table in tables
        ]


class _Plan:
    """One control made ready: its expressions, and the columns they need."""

    def __init__(self, control: Control, spec: CheckSpec) -> None:
        self.control, self.spec = control, spec
        self.fails: Expr | None = None
        self.unknown: Expr | None = None
        self.scope: Expr | None = None
        self.due: Expr | None = None
        self.reads: tuple[str, ...] = ()
        self.error: str | None = None

    def give_up(self, why: str) -> None:
        """It cannot be judged: every row is unknown."""
        self.fails = self.unknown = self.scope = self.due = None
        self.error = why

    @property
    def columns(self) -> list[str]:
        return [c for e in (self.fails, self.unknown, self.scope) if e is not None for c in columns_of(e)]


def _plan(control: Control, spec: CheckSpec, today: date) -> _Plan:
    plan = _Plan(control, spec)
    try:
        values = {**spec.params, **control.params}
        plan.fails, plan.unknown, plan.reads = expression(spec, Params(today, values))
        plan.due = deadline(spec, Params(today, values))
        plan.scope = _scope(control.scope, spec.table)
    except Exception as error:  # a check is somebody's code: name it, and let the rest of the scan go on
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


def _outcomes(plan: _Plan, table: Any, rows: int) -> NDArray[np.int8]:
    """PASS, FAIL, UNKNOWN or OUTSIDE for every row. A row whose scope cannot be told is unknown, not outside."""
    if plan.fails is None:
        return np.full(rows, UNKNOWN, dtype=np.int8)
    lazy = nw.from_native(table).select(
        nw.col("row"),
        fails=compile_(plan.fails),
        unclear=compile_(plan.unknown if plan.unknown is not None else lift(False)),
        inside=compile_(plan.scope if plan.scope is not None else lift(True)),
    )
    native: Any = lazy.to_native()
    fetched = native.project(
        "row, CAST(CASE WHEN inside IS FALSE THEN 3 WHEN inside IS NULL OR unclear IS NULL OR unclear OR fails IS NULL"
        " THEN 2 WHEN fails THEN 1 ELSE 0 END AS TINYINT) AS outcome"
    ).fetchnumpy()
    outcomes = np.full(rows, UNKNOWN, dtype=np.int8)
    outcomes[np.asarray(fetched["row"])] = np.asarray(fetched["outcome"])
    return outcomes


def _judge(plan: _Plan, frame: Frame, table: Any, stale: set[tuple[str, str]]) -> Judgement:
    control = plan.control
    try:
        outcomes = _outcomes(plan, table, frame.rows)
    except Exception as error:
        plan.error = f"{plan.spec.shown_file}: {type(error).__name__}: {str(error).splitlines()[0]}"
        outcomes = np.full(frame.rows, UNKNOWN, dtype=np.int8)
    codes, names = _councils(frame)
    mine = np.isin(codes, [i for i, name in enumerate(names) if name in control.councils])
    outcomes = np.where(mine, outcomes, np.int8(OUTSIDE))
    late = np.isin(codes, [i for i, name in enumerate(names) if (name, frame.table) in stale])
    went_stale = (outcomes == PASS) & late
    outcomes = np.where(went_stale, np.int8(UNKNOWN), outcomes)

    def counted(which: NDArray[np.bool_]) -> dict[str, int]:
        counts = np.bincount(codes[which], minlength=len(names))
        return {name: int(counts[i]) for i, name in enumerate(names) if name in control.councils}

    return Judgement(
        control=control,
        table=frame.table,
        reads=plan.reads,
        passed=counted(outcomes == PASS),
        failed=counted(outcomes == FAIL),
        unknown=counted(outcomes == UNKNOWN),
        stale=counted(went_stale),
        outcomes=outcomes.astype(np.int8),
        fail_rows=np.flatnonzero(outcomes == FAIL),
        unknown_rows=np.flatnonzero((outcomes == UNKNOWN) & ~went_stale),
        stale_rows=np.flatnonzero(went_stale),
        due=_deadlines(plan, frame, np.flatnonzero(outcomes == FAIL)),
        error=plan.error,
    )


def _deadlines(plan: _Plan, frame: Frame, rows: NDArray[np.int64]) -> dict[int, date | None]:
    """Each failing row's own deadline: failures are few, so the slow witness answers."""
    if plan.due is None:
        return {}
    wanted = columns_of(plan.due)
    return {row: answer(plan.due, {c: frame.get(c, row) for c in wanted}) for row in rows.tolist()}


def _councils(frame: Frame) -> tuple[NDArray[np.int64], list[str]]:
    """A number a row, and the council each number stands for."""
    col = frame.columns["council"]
    names: dict[str, int] = {}
    of_value = np.array([names.setdefault(v, len(names)) for v in col.values] or [0], dtype=np.int64)
    codes = of_value[: frame.rows] if col.take is None else of_value[col.take]
    return codes, list(names)


def _stale(estate: Estate, tables: Iterable[type[TableSpec]]) -> set[tuple[str, str]]:
    """(council, table) whose evidence is too old to pass anything on. A shared source ('') concerns every council."""
    everyone = {load.council for load in estate.loads if load.council} | {g.council for g in estate.gaps if g.council}
    found: set[tuple[str, str]] = set()
    for gap in estate.gaps:
        if gap.stale:
            councils = {gap.council} if gap.council else everyone
            found |= {(c, spec.table) for spec in tables if spec.fed_by & gap.tables for c in councils}
    return found
