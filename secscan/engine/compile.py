"""From our closed expressions to Narwhals, the same on every engine it speaks.

Dates are whole days since 1970 and booleans are booleans; nothing here needs a type that engines disagree on.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import Any

import narwhals.stable.v2 as nw

from secscan.model import expr as e

_EPOCH = date(1970, 1, 1).toordinal()


def days(value: date) -> int:
    """Whole days since 1970-01-01."""
    return value.toordinal() - _EPOCH


def compile_(node: e.Expr) -> nw.Expr:
    """The Narwhals expression that answers what ``node`` answers, nulls included."""
    match node:
        case e.Ref():
            return nw.col(node.column)
        case e.Literal_():
            return nw.lit(_plain(node.value))
        case e.Compare():
            return _compare(node.op, compile_(node.left), compile_(node.right))
        case e.Logic():
            left, right = compile_(node.left), compile_(node.right)
            return left & right if node.op == "&" else left | right
        case e.Not():
            return ~compile_(node.inner)
        case e.IsMissing():
            return compile_(node.inner).is_null()
        case e.IsIn():
            return _is_in(compile_(node.inner), node.values)
        case e.Arithmetic():
            left, right = compile_(node.left), compile_(node.right)
            return {"+": left + right, "-": left - right, "*": left * right}[node.op]
        case e.Extreme():
            pick = nw.max_horizontal if node.later else nw.min_horizontal
            return pick(compile_(node.left), compile_(node.right))
        case e.Choose():
            return _choose(node)
    raise e.ExprError(f"{type(node).__name__} is not part of the language")


def _plain(value: Any) -> Any:
    return days(value) if isinstance(value, date) else value


def _compare(op: str, left: nw.Expr, right: nw.Expr) -> nw.Expr:
    match op:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _is_in(inner: nw.Expr, values: tuple[Any, ...]) -> nw.Expr:
    """Equalities, not the engines' own ``in``: they differ on an empty list and on null."""
    if not values:
        return nw.when(~inner.is_null()).then(nw.lit(False))
    return reduce(lambda a, b: a | b, (inner == nw.lit(_plain(v)) for v in values))


def _choose(node: e.Choose) -> nw.Expr:
    """First true condition wins; a null condition on the way makes the answer null."""
    answer = compile_(node.otherwise)
    for condition, value in reversed(node.branches):
        asked = compile_(condition)
        answer = nw.when(asked).then(compile_(value)).otherwise(nw.when(~asked).then(answer))
    return answer
