"""A closed little language over one row: what a check may say, and nothing more.

An expression is a tree of the nodes below. ``engine.compile`` turns it into a Narwhals expression (DuckDB
today, any engine Narwhals speaks tomorrow) and ``engine.reference`` answers it row by row in plain Python,
as the slow witness. Null means "we do not know" and follows Kleene's three-valued logic; there is no clock,
no regular expression, no float and no function of the caller's own.

Dates are whole days wherever an engine sees them, so date arithmetic is integer arithmetic and answers the
same on every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NoReturn

Kind = Literal["text", "int", "date", "bool"]
Scalar = str | int | date | bool

_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")


class ExprError(TypeError):
    """An expression that cannot mean anything; found when the check is loaded, before any data is read."""


@dataclass(frozen=True, eq=False)
class Expr:
    """A node. Compare, combine with ``& | ~``, or use the methods; Python's ``and``/``or``/``not`` cannot work."""

    kind: Kind

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return _compare("==", self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return _compare("!=", self, other)

    def __lt__(self, other: object) -> Expr:
        return _compare("<", self, other)

    def __le__(self, other: object) -> Expr:
        return _compare("<=", self, other)

    def __gt__(self, other: object) -> Expr:
        return _compare(">", self, other)

    def __ge__(self, other: object) -> Expr:
        return _compare(">=", self, other)

    def __and__(self, other: object) -> Expr:
        return Logic("bool", "&", _boolean(self), _boolean(other))

    def __or__(self, other: object) -> Expr:
        return Logic("bool", "|", _boolean(self), _boolean(other))

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Expr:
        return Not("bool", _boolean(self))

    def __add__(self, other: object) -> Expr:
        return _arithmetic("+", self, other)

    def __sub__(self, other: object) -> Expr:
        return _arithmetic("-", self, other)

    def __mul__(self, other: object) -> Expr:
        return _arithmetic("*", self, other)

    def is_in(self, values: Iterable[Scalar]) -> Expr:
        """True where the value is one of ``values``; null where it is not known."""
        members = tuple(values)
        if isinstance(values, str) or any(_kind_of(v) != self.kind for v in members):
            raise ExprError(f"is_in() takes a list of {self.kind} values, not {values!r}")
        return IsIn("bool", self, members)

    def is_missing(self) -> Expr:
        """True where nothing is known, false elsewhere: never null itself."""
        return IsMissing("bool", self)

    def __bool__(self) -> NoReturn:
        raise ExprError("a column has no single truth value: use & | ~ instead of and, or, not")

    def __iter__(self) -> NoReturn:
        raise ExprError("a check sees one row at a time and cannot loop over a column")

    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False)
class Ref(Expr):
    """A documented column of the check's table."""

    column: str


@dataclass(frozen=True, eq=False)
class Literal_(Expr):
    """A value from policy."""

    value: Scalar


@dataclass(frozen=True, eq=False)
class Compare(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False)
class Logic(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False)
class Not(Expr):
    inner: Expr


@dataclass(frozen=True, eq=False)
class IsIn(Expr):
    inner: Expr
    values: tuple[Scalar, ...]


@dataclass(frozen=True, eq=False)
class IsMissing(Expr):
    inner: Expr


@dataclass(frozen=True, eq=False)
class Arithmetic(Expr):
    """Whole numbers, or a date and a number of days."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False)
class Extreme(Expr):
    """The later or earlier of two dates; where only one is known, that one."""

    later: bool
    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False)
class Choose(Expr):
    """The first branch whose condition is true; a null condition chooses nothing and makes the answer null."""

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class When:
    """``when(condition).then(value).otherwise(value)``; ``.when()`` may be repeated."""

    condition: Expr
    before: tuple[tuple[Expr, Expr], ...] = ()

    def then(self, value: object) -> Then:
        return Then((*self.before, (self.condition, lift(value))))


@dataclass(frozen=True, slots=True)
class Then:
    branches: tuple[tuple[Expr, Expr], ...]

    def when(self, condition: Expr) -> When:
        return When(_boolean(condition), self.branches)

    def otherwise(self, value: object) -> Expr:
        final = lift(value)
        for _, branch in self.branches:
            if branch.kind != final.kind:
                raise ExprError(f"when/then/otherwise must answer one kind, not {branch.kind} and {final.kind}")
        return Choose(final.kind, self.branches, final)


def when(condition: Expr) -> When:
    """Start a choice between values."""
    return When(_boolean(condition))


def later_of(left: Expr, right: Expr) -> Expr:
    """The later of two dates; where only one is known, that one; null where neither is."""
    return Extreme("date", True, _of_kind(left, "date"), _of_kind(right, "date"))


def earlier_of(left: Expr, right: Expr) -> Expr:
    """The earlier of two dates; where only one is known, that one; null where neither is."""
    return Extreme("date", False, _of_kind(left, "date"), _of_kind(right, "date"))


def days_after(day: Expr, days: int | Expr) -> Expr:
    """``day`` plus a number of days (negative: before); null where the day is not known."""
    return Arithmetic("date", "+", _of_kind(day, "date"), _of_kind(lift(days), "int"))


def due_on(released: Expr, key: Expr, windows: Mapping[str, int], *, otherwise: int) -> Expr:
    """``released`` plus the window, in days, that ``key`` has in ``windows``.

    A key that is missing, or that ``windows`` does not name, takes ``otherwise``: a standard may give silence a
    meaning (Cyber Essentials: a fix without a stated severity is in scope of the 14 days).
    """
    key, released = _of_kind(key, "text"), _of_kind(released, "date")
    window: Expr = lift(otherwise)
    for word, days in windows.items():
        known = ~key.is_missing() & (key == word)
        window = Choose("int", ((known, lift(days)),), window)
    # ``known`` is never null: is_missing() is not, and false & null is false.
    return Arithmetic("date", "+", released, window)


def lift(value: object) -> Expr:
    """A value from policy as a node; an expression as it is."""
    if isinstance(value, Expr):
        return value
    if value is None:
        raise ExprError("nothing equals 'not known': use .is_missing()")
    if isinstance(value, str | int | date):
        return Literal_(_kind_of(value), value)
    raise ExprError(f"{value!r} cannot stand in an expression: text, whole numbers, dates and true/false can")


def walk(expr: Expr) -> Iterator[Expr]:
    """The node and everything below it."""
    yield expr
    match expr:
        case Compare() | Logic() | Arithmetic() | Extreme():
            yield from walk(expr.left)
            yield from walk(expr.right)
        case Not() | IsIn() | IsMissing():
            yield from walk(expr.inner)
        case Choose():
            for condition, value in expr.branches:
                yield from walk(condition)
                yield from walk(value)
            yield from walk(expr.otherwise)


def columns_of(expr: Expr) -> tuple[str, ...]:
    """The columns an expression reads, each once, in the order it names them: they are its evidence."""
    return tuple(dict.fromkeys(node.column for node in walk(expr) if isinstance(node, Ref)))


def _kind_of(value: object) -> Kind:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case str():
            return "text"
        case date():
            return "date"
    raise ExprError(f"{value!r} is not text, a whole number, a date or true/false")


def _of_kind(expr: object, kind: Kind) -> Expr:
    node = lift(expr)
    if node.kind != kind:
        raise ExprError(f"expected {kind}, got {node.kind}")
    return node


def _boolean(value: object) -> Expr:
    return _of_kind(value, "bool")


def _compare(op: str, left: Expr, other: object) -> Expr:
    right = lift(other)
    if left.kind != right.kind:
        raise ExprError(f"cannot compare {left.kind} {op} {right.kind}")
    if left.kind == "bool" and op not in ("==", "!="):
        raise ExprError("true and false have no order")
    return Compare("bool", op, left, right)


def _arithmetic(op: str, left: Expr, other: object) -> Expr:
    right = lift(other)
    if left.kind == right.kind == "int":
        return Arithmetic("int", op, left, right)
    if left.kind == "date" and right.kind == "int" and op in "+-":
        return Arithmetic("date", op, left, right)
    if left.kind == right.kind == "date" and op == "-":
        return Arithmetic("int", op, left, right)
    raise ExprError(f"cannot do {left.kind} {op} {right.kind}")
