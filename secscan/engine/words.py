"""Says in words why an expression came out as it did, and what would turn it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from secscan.engine.reference import answer
from secscan.model import expr as e

_SAYS: Final[Mapping[str, str]] = {
    "==": "is", "!=": "is not", "<": "is before", "<=": "is at or before", ">": "is after", ">=": "is at or after",
}  # fmt: skip
_NUMBERS: Final[Mapping[str, str]] = {**_SAYS, "<": "is under", "<=": "is at most", ">": "is over", ">=": "is at least"}
_OPPOSITE: Final[Mapping[str, str]] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def why(node: e.Expr, row: Mapping[str, Any]) -> str:
    """The comparisons that decided, with the values they saw."""
    said = answer(node, row)
    if said is None:
        missing = [c for c in e.columns_of(node) if row.get(c) is None]
        return "cannot be told: " + (", ".join(missing) or "a needed fact") + " not known"
    return _reason(node, row, said)


def would_turn(node: e.Expr, row: Mapping[str, Any]) -> str:
    """What would have to be otherwise for the answer to be false: for a finding, for it to pass."""
    said = answer(node, row)
    if said is None:
        missing = [c for c in e.columns_of(node) if row.get(c) is None]
        return "it is known: " + (", ".join(missing) or "what the rule asks")
    return _turn(node, row, wanted=False) if said else "nothing: it passes"


def _reason(node: e.Expr, row: Mapping[str, Any], said: bool) -> str:
    match node:
        case e.Logic():
            parts = [p for p in (node.left, node.right) if answer(p, row) is said]
            if (node.op == "|") is said:  # one deciding side is enough
                return _reason(parts[0], row, said)
            return " and ".join(dict.fromkeys(_reason(p, row, said) for p in parts))
        case e.Not():
            return _reason(node.inner, row, not said)
        case e.Choose():
            return _reason_of_choice(node, row, said)
    return _leaf(node, row, said)


def _reason_of_choice(node: e.Choose, row: Mapping[str, Any], said: bool) -> str:
    for condition, value in node.branches:
        if answer(condition, row):
            return f"{_reason(condition, row, True)}, so {_reason(value, row, said)}"
    return _reason(node.otherwise, row, said)


def _turn(node: e.Expr, row: Mapping[str, Any], wanted: bool) -> str:
    match node:
        case e.Logic():
            stuck = [p for p in (node.left, node.right) if answer(p, row) is not wanted]
            either = (node.op == "|") is wanted
            return (" or " if either else " and ").join(dict.fromkeys(_turn(p, row, wanted) for p in stuck))
        case e.Not():
            return _turn(node.inner, row, not wanted)
    return _leaf(node, row, wanted, values=False)


def _leaf(node: e.Expr, row: Mapping[str, Any], said: bool, *, values: bool = True) -> str:
    def name(inner: e.Expr) -> str:
        return _phrase(inner, row if values else None)

    match node:
        case e.Compare():
            op = node.op if said else _OPPOSITE[node.op]
            words = _SAYS if node.left.kind in ("date", "text") else _NUMBERS
            return f"{name(node.left)} {words[op]} {_phrase(node.right, row)}"
        case e.IsIn():
            listed = ", ".join(_shown(v) for v in node.values) or "(an empty list)"
            return f"{name(node.inner)} is {'' if said else 'not '}one of {listed}"
        case e.IsMissing():
            return f"{_phrase(node.inner, None)} is {'not known' if said else 'known'}"
        case e.Ref():
            return f"{node.column} is {'yes' if said else 'no'}"
    return _phrase(node, row)


def _phrase(node: e.Expr, row: Mapping[str, Any] | None) -> str:
    """A value in words; with a row, what each column holds stands beside its name."""
    match node:
        case e.Ref():
            return node.column if row is None else f"{node.column} ({_shown(row.get(node.column))})"
        case e.Literal_():
            return _shown(node.value)
        case e.Extreme():
            return f"the {'later' if node.later else 'earlier'} of {_phrase(node.left, row)} and {_phrase(node.right, row)}"
        case e.Arithmetic() if node.kind == "date":
            if isinstance(node.right, e.Choose):  # a window that depends on a column: the answer is what matters
                return "the deadline" if row is None else f"the deadline ({_shown(answer(node, row))})"
            left = _phrase(node.left, row)
            return left if _is_zero(node.right) else f"{left} plus {_days(node.right, row)}"
        case e.Arithmetic():
            return f"{_phrase(node.left, row)} {node.op} {_phrase(node.right, row)}"
        case e.Choose():
            name = "the deadline" if node.kind == "date" else "the value"
            return name if row is None else f"{name} ({_shown(answer(node, row))})"
    return ", ".join(e.columns_of(node)) or "a value"


def _is_zero(node: e.Expr) -> bool:
    return isinstance(node, e.Literal_) and node.value == 0


def _days(node: e.Expr, row: Mapping[str, Any] | None) -> str:
    days = answer(node, row or {})
    return f"{days} days" if days is not None else _phrase(node, row)


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else str(value)
