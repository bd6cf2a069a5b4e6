"""The slow witness: the same expressions answered one row at a time in plain Python, three-valued."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from secscan.model import expr as e

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def answer(node: e.Expr, row: Mapping[str, Any]) -> Any:
    """The value of ``node`` for one row; None where it cannot be known."""
    match node:
        case e.Ref():
            return row.get(node.column)
        case e.Literal_():
            return node.value
        case e.Compare():
            left, right = answer(node.left, row), answer(node.right, row)
            return None if left is None or right is None else _COMPARE[node.op](left, right)
        case e.Logic():
            return _logic(node.op, answer(node.left, row), answer(node.right, row))
        case e.Not():
            inner = answer(node.inner, row)
            return None if inner is None else not inner
        case e.IsMissing():
            return answer(node.inner, row) is None
        case e.IsIn():
            inner = answer(node.inner, row)
            return None if inner is None else inner in node.values
        case e.Arithmetic():
            return _arithmetic(node, answer(node.left, row), answer(node.right, row))
        case e.Extreme():
            known = [v for v in (answer(node.left, row), answer(node.right, row)) if v is not None]
            return (max if node.later else min)(known) if known else None
        case e.Choose():
            return _choose(node, row)
    raise e.ExprError(f"{type(node).__name__} is not part of the language")


def _logic(op: str, left: bool | None, right: bool | None) -> bool | None:
    decided = op == "|"  # true decides an or, false decides an and
    if left is decided or right is decided:
        return decided
    return None if left is None or right is None else not decided


def _arithmetic(node: e.Arithmetic, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if node.op == "*":
        return left * right
    if isinstance(left, date) and isinstance(right, date):
        return (left - right).days
    if isinstance(left, date):
        return left + timedelta(days=right if node.op == "+" else -right)
    return left + right if node.op == "+" else left - right


def _choose(node: e.Choose, row: Mapping[str, Any]) -> Any:
    for condition, value in node.branches:
        asked = answer(condition, row)
        if asked is None:
            return None
        if asked:
            return answer(value, row)
    return answer(node.otherwise, row)
