"""Runs the cases that stand beside a check, through the engine and through the slow witness: both must agree."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from secscan.doors import validate, yaml
from secscan.engine.find import expression
from secscan.engine.judge import judge
from secscan.engine.reference import answer
from secscan.model.check import CheckSpec, Params
from secscan.model.errors import PolicyError, Problem
from secscan.model.estate import Estate
from secscan.model.expr import Kind
from secscan.model.frame import Col, Frame, constant
from secscan.model.places import Files, Place
from secscan.model.policy import Control
from secscan.model.words import Outcome

_COUNCIL: Final = "cases"
_TOP: Final = ("today", "defaults", "with")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One row of a cases file: what it expects, what the engine said and what the witness said."""

    check: str
    case: str
    place: Place
    expected: Outcome
    engine: Outcome
    witness: Outcome

    @property
    def ok(self) -> bool:
        return self.expected == self.engine == self.witness


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    name: str
    place: Place
    expected: Outcome
    values: Mapping[str, Any]
    params: Mapping[str, Any]


def run_cases(spec: CheckSpec) -> list[CaseResult]:
    """A result for every case of a check. Raises PolicyError when the cases file is missing or not valid."""
    today, cases = _read(spec)
    groups: dict[str, list[_Case]] = {}
    for case in cases:
        groups.setdefault(repr(sorted(case.params.items())), []).append(case)
    return [result for group in groups.values() for result in _run(spec, today, group)]


def _run(spec: CheckSpec, today: date, group: list[_Case]) -> list[CaseResult]:
    columns = {name: Col([case.values.get(name) for case in group]) for name in spec.table.columns()}
    columns["council"] = constant(_COUNCIL, len(group))
    frame = Frame(spec.table.table, len(group), columns)
    control = Control(
        id="CASES", check=spec.id, title="", text="", theme="inventory", severity="low", due_days=0,
        params=group[0].params, councils=frozenset({_COUNCIL}),
    )  # fmt: skip
    estate = Estate(today=today, files=Files(), frames={frame.table: frame})
    (judged,) = judge(estate, [control], {spec.id: spec}, today)
    failed, unknown = set(judged.fail_rows.tolist()), set(judged.unknown_rows.tolist())
    fails, unclear, _ = expression(spec, Params(today, {**spec.params, **group[0].params}))
    results = []
    for row, case in enumerate(group):
        engine: Outcome = "fail" if row in failed else "unknown" if row in unknown else "pass"
        said = answer(fails, case.values)
        if unclear is not None and answer(unclear, case.values) is not False:
            said = None
        witness: Outcome = "unknown" if said is None else "fail" if said else "pass"
        results.append(
            CaseResult(
                check=spec.id, case=case.name, place=case.place, expected=case.expected, engine=engine, witness=witness
            )
        )
    return results


def _read(spec: CheckSpec) -> tuple[date, list[_Case]]:
    shown = spec.shown_cases
    if not spec.cases_file.is_file():
        raise PolicyError([Problem(place=Place(shown), says=f"'{spec.id}' has no cases; write this file beside it")])
    document = yaml.read(spec.cases_file, shown)
    problems: list[Problem] = []
    data = document.data if isinstance(document.data, dict) else {}
    table = spec.table.table
    for key in data:
        if key not in (*_TOP, table):
            near = validate.nearest(key, (*_TOP, table))
            problems.append(Problem(place=document.keys[(key,)], says=f"unknown key '{key}'{near}"))
    today = _date(document, problems, data.get("today"), ("today",))
    shared = data.get("with") or {}
    defaults = data.get("defaults") or {}
    cases = []
    for number, row in enumerate(data.get(table) or []):
        if not isinstance(row, dict):
            problems.append(
                Problem(place=document.place(table, number), says="a case is a set of columns and 'expect'")
            )
            continue
        cases.append(_case(spec, document, problems, defaults, shared, row, number))
    if not cases:
        problems.append(Problem(place=document.place(), says=f"no cases under '{table}'"))
    if problems:
        raise PolicyError(problems)
    return today or date.min, cases


def _case(
    spec: CheckSpec,
    document: yaml.Document,
    problems: list[Problem],
    defaults: Mapping[str, Any],
    shared: Mapping[str, Any],
    row: Mapping[str, Any],
    number: int,
) -> _Case:
    table = spec.table.table
    known = spec.table.columns()
    values: dict[str, Any] = {}
    for path, part in ((("defaults",), defaults), ((table, number), row)):
        for name, value in part.items():
            if name in ("expect", "with"):
                continue
            if name not in known:
                near = validate.nearest(name, known)
                problems.append(
                    Problem(place=document.keys[(*path, name)], says=f"table '{table}' has no column '{name}'{near}")
                )
                continue
            values[name] = _value(document, problems, known[name].kind, value, (*path, name))
    expected = row.get("expect")
    if expected not in ("pass", "fail", "unknown"):
        problems.append(Problem(place=document.place(table, number), says="'expect' must be pass, fail or unknown"))
    params = {**shared, **(row.get("with") or {})}
    for name in params:
        if name not in spec.params:
            near = validate.nearest(name, spec.params)
            problems.append(
                Problem(place=document.place(table, number), says=f"'{spec.id}' has no parameter '{name}'{near}")
            )
    label = row.get("asset") or f"{table}[{number}]"
    return _Case(
        name=str(label),
        place=document.place(table, number),
        expected=expected or "unknown",
        values=values,
        params=params,
    )


def _value(document: yaml.Document, problems: list[Problem], kind: Kind, value: Any, path: tuple[Hashable, ...]) -> Any:
    if value is None:
        return None
    if kind == "date":
        return _date(document, problems, value, path)
    wanted = {"text": str, "int": int, "bool": bool}[kind]
    if not isinstance(value, wanted) or (kind == "int" and isinstance(value, bool)):
        hint = f'; put it in quotes: "{value}"' if kind == "text" else ""
        problems.append(Problem(place=document.place(*path), says=f"'{path[-1]}' must be {kind}, not {value!r}{hint}"))
        return None
    return value


def _date(document: yaml.Document, problems: list[Problem], value: Any, path: tuple[Hashable, ...]) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        problems.append(
            Problem(place=document.place(*path), says=f"'{path[-1]}' must be a date like 2026-03-01, not {value!r}")
        )
        return None
