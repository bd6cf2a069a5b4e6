"""Where one control asks for less than another: the comparison behind 'loosened'."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from secscan.model.check import CheckSpec
from secscan.model.policy import Control, Scope
from secscan.model.words import SEVERITIES

_STRICTEST_FIRST: Final[Mapping[str, Sequence[str]]] = {
    "severity": SEVERITIES,
    "mitigated_by": ("no", "proven", "configured"),
    "unknowns": ("each", "per-issue", "per-council"),
}
CHANGED: Final = " (changed)"
"""Stands behind what was changed where nothing says which way asks for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that ``after`` asks less of than ``before``, and the key of the entry that says so."""

    key: tuple[str, ...]
    what: str
    before: str
    after: str


def looser(before: Control, after: Control, spec: CheckSpec | None) -> Iterator[Change]:
    """Everything that ``after`` asks less of. ``spec`` is the check of both; None: it is not known."""
    if before.check != after.check:
        yield Change(key=("check",), what="check" + CHANGED, before=before.check, after=after.check)
    for name, order in _STRICTEST_FIRST.items():
        was, now = getattr(before, name), getattr(after, name)
        if order.index(now) > order.index(was):
            yield Change(key=(name,), what=name, before=was, after=now)
    if after.due_days > before.due_days:
        yield Change(key=("due",), what="due", before=f"{before.due_days} days", after=f"{after.due_days} days")
    if _narrower(before.scope, after.scope):
        yield Change(key=("scope",), what="scope", before=scope_text(before.scope), after=scope_text(after.scope))
    if before.disabled is None and after.disabled is not None:
        yield Change(key=("disabled",), what="disabled", before="on", after=f"off: {after.disabled}")
    if spec is not None and before.check == after.check:
        for name in spec.params:
            way = spec.looser.get(name) or ("higher" if name.endswith("_days") else None)
            silent = before.params.get("otherwise_days", before.params.get("otherwise"))
            for part, mark, was, now in _param(way, before.params.get(name), after.params.get(name), silent):
                what = ".".join(("with", name, *part)) + mark
                yield Change(key=("with", name, *part), what=what, before=value_text(was), after=value_text(now))


def lower_version(before: str, after: str) -> bool | None:
    """Whether ``after`` is the lower of two dotted numbers; None where either is not one."""
    keys = [_numbers(v) for v in (before, after)]
    if keys[0] is None or keys[1] is None:
        return None
    return keys[1] < keys[0]


def scope_text(scope: Scope) -> str:
    """A scope in words: 'type server; not zone lab'."""
    parts = [f"{k} {', '.join(v)}" for k, v in scope.only.items()]
    parts += [f"not {k} {', '.join(v)}" for k, v in scope.excluded.items()]
    return "; ".join(parts) or "everything"


def value_text(value: Any) -> str:
    """A parameter's value as a person would write it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Mapping():
            return ", ".join(f"{k}: {value_text(v)}" for k, v in value.items()) or "none"
        case list() | tuple():
            return ", ".join(map(str, value)) or "none"
        case None:
            return "none"
    return str(value)


def _narrower(before: Scope, after: Scope) -> bool:
    for column, values in after.only.items():
        if column not in before.only or set(before.only[column]) - set(values):
            return True
    return any(set(values) - set(before.excluded.get(column, ())) for column, values in after.excluded.items())


def _param(way: str | None, before: Any, after: Any, silent: Any) -> Iterator[tuple[tuple[str, ...], str, Any, Any]]:
    """The parts of one parameter that ask for less: (key within it, mark, before, after)."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            # A key that the map did not have was judged by the check's own word for silence.
            yield from (
                ((key, *p), w, b, a) for p, w, b, a in _param(way, before.get(key, silent), after.get(key), None)
            )
        return
    less = _less(way, before, after)
    if less or less is None:
        yield (), "" if less else CHANGED, before, after


def _less(way: str | None, before: Any, after: Any) -> bool | None:
    """Whether ``after`` asks for less; None where nothing says which way that is."""
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        if set(before) == set(after):
            return False
        match way:
            case "more" | "higher":
                return bool(set(after) - set(before))
            case "fewer" | "lower":
                return bool(set(before) - set(after))
        return None
    if isinstance(before, int) and isinstance(after, int):
        match way:
            case "more" | "higher":
                return after > before
            case "fewer" | "lower":
                return after < before
    return None


def _numbers(version: str) -> tuple[int, ...] | None:
    if not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})*", version):
        return None
    numbers = [int(n) for n in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
