"""A table as data: columns, distinct values once, and for every fact the place it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int32]
K = TypeVar("K")
T = TypeVar("T")
_KEPT: Final = 6
"""How many answers of each sort ``Alike`` remembers: for six million rows each is 24 MB."""
_SPARSE: Final = 4
"""How many times as many numbers as rows there may be before they are made dense."""


@dataclass(frozen=True, slots=True)
class Col:
    """One column. ``values`` holds one value a row, or, with ``take``, each value once.

    ``take`` (int32, one entry a row) says which of ``values`` a row has; -1 means not known. Columns that
    depend on the same thing (the asset, the software triple) share one ``take`` array, so six million
    installs carry twenty columns for the price of two. ``None`` among the values means not known.
    """

    values: Sequence[Any] | NDArray[Any]
    take: Index | None = None

    def __len__(self) -> int:
        return len(self.values) if self.take is None else len(self.take)

    def __getitem__(self, row: int) -> Any:
        if self.take is None:
            return self.values[row]
        at = int(self.take[row])
        return None if at < 0 else self.values[at]

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def pick(self, rows: NDArray[Any]) -> list[Any]:
        """The values of some rows, in their order."""
        values = self.values
        if isinstance(values, np.ndarray):  # numbers as Python's own, and of a million only those asked for
            at = rows if self.take is None else self.take[rows]
            found: list[Any] = values[at].tolist() if len(values) else [None] * len(rows)
            return (
                found
                if not len(at) or int(at.min()) >= 0
                else [None if i < 0 else v for i, v in zip(at, found, strict=True)]
            )
        if self.take is None:
            return [values[row] for row in rows.tolist()]
        return [None if at < 0 else values[at] for at in self.take[rows].tolist()]

    def test(self, predicate: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """For every row whether its value (None: not known) passes; each distinct value is asked once."""
        answers = np.fromiter((predicate(v) for v in self.values), dtype=bool, count=len(self.values))
        if self.take is None:
            return answers
        return np.append(answers, predicate(None))[self.take]  # -1 takes the last

    def codes(self) -> tuple[NDArray[np.int64], list[Any]]:
        """A number a row, and the value that each number stands for; equal values share a number."""
        of_value, values = coded(self.values)
        if self.take is None:
            return of_value[:-1].astype(np.int64), values
        return of_value[self.take].astype(np.int64), values  # -1 takes the last

    def over(self, take: Index) -> Col:
        """The same column for other rows: row i of the answer is row ``take[i]`` of this one (-1: not known)."""
        if self.take is None:
            return Col(self.values, take)
        missing = take < 0
        return Col(self.values, np.where(missing, np.int32(-1), self.take[np.where(missing, 0, take)]).astype(np.int32))


def coded(values: Sequence[Any] | NDArray[Any]) -> tuple[Index, list[Any]]:
    """A number a value, equal ones the same, with one more at the end for what is not known; and what each stands for."""
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    numbers = dict.fromkeys(plain)
    numbers.setdefault(None)
    known = list(numbers)
    at = dict(zip(known, range(len(known)), strict=True))
    codes = np.empty(len(plain) + 1, dtype=np.int32)
    codes[:-1] = np.fromiter(map(at.__getitem__, plain), dtype=np.int32, count=len(plain))
    codes[-1] = at[None]
    return codes, known


def constant(value: Any, rows: int) -> Col:
    """The same value in every row."""
    return Col((value,), np.zeros(rows, dtype=np.int32))


@dataclass(frozen=True, slots=True)
class Frame:
    """A table's data. A column that is not there is not known in any row.

    ``places``: for each column, or for the row as a whole under ``""``, the place code (``Files.code``) of the
    source row, catalogue entry or rule that says so.
    """

    table: str
    rows: int
    columns: Mapping[str, Col]
    places: Mapping[str, Col] = field(default_factory=dict)

    def get(self, column: str, row: int) -> Any:
        col = self.columns.get(column)
        return None if col is None else col[row]

    def place(self, column: str, row: int) -> int | None:
        """The place code of one fact: the column's own, else the row's."""
        own = self.places.get(column)
        code = own[row] if own is not None else None
        if code is None and "" in self.places:
            code = self.places[""][row]
        return None if code is None else int(code)

    def with_columns(self, columns: Mapping[str, Col], places: Mapping[str, Col] | None = None) -> Frame:
        for name, col in columns.items():
            if len(col) != self.rows:
                raise ValueError(f"{self.table}.{name}: {len(col)} rows, not {self.rows}")
        return replace(self, columns={**self.columns, **columns}, places={**self.places, **(places or {})})


class Alike:
    """The rows of a frame by what they say in some columns: rows that say the same are one kind, and asked once.

    Every column's values are numbered once, whatever is asked for afterwards; of what was asked the newest is remembered.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._coded: dict[str, tuple[Index, int]] = {}
        self._of_index: dict[tuple[str, ...], tuple[Index, int]] = {}
        self._kinds: dict[frozenset[str], Kinds] = {}

    def of(self, columns: Iterable[str]) -> Kinds:
        """The kinds of rows by these columns; one that the frame lacks says nothing and tells no rows apart."""
        names = frozenset(c for c in columns if c in self.frame.columns)
        return _remembered(self._kinds, names, lambda: self._found(names))

    def _found(self, names: frozenset[str]) -> Kinds:
        groups: dict[Any, list[str]] = {}
        for name in sorted(names):
            col = self.frame.columns[name]
            # Columns over one index may still differ in how many values they hold.
            groups.setdefault(name if col.take is None else (id(col.take), len(col.values)), []).append(name)
        codes, count = np.zeros(self.frame.rows, dtype=np.int32), 1
        for group in groups.values():
            codes, count = _joined(codes, count, *self._over_rows(tuple(group)))
        return Kinds(*_dense(codes, count))

    def _over_rows(self, names: tuple[str, ...]) -> tuple[Index, int]:
        """The columns of one index together, as a number a row."""

        def found() -> tuple[Index, int]:
            codes, count = self._numbers(names[0])
            for name in names[1:]:
                codes, count = _dense(*_joined(codes, count, *self._numbers(name)))
            take = self.frame.columns[names[0]].take
            return codes[:-1] if take is None else codes[take], count

        return _remembered(self._of_index, names, found)

    def _numbers(self, name: str) -> tuple[Index, int]:
        if name not in self._coded:
            codes, values = coded(self.frame.columns[name].values)
            self._coded[name] = codes, len(values)
        return self._coded[name]


def _remembered(known: dict[K, T], key: K, find: Callable[[], T]) -> T:
    """What ``known`` has under the key, else what is found, remembered in the place of the oldest."""
    if key not in known:
        if len(known) >= _KEPT:
            del known[next(iter(known))]
        known[key] = find()
    return known[key]


class Kinds:
    """Which kind each row is, ``count`` in all."""

    __slots__ = ("_first", "_size", "count", "take")

    def __init__(self, take: Index, count: int) -> None:
        self.take, self.count = take, count
        self._first: Index | None = None
        self._size: NDArray[np.int64] | None = None

    @property
    def first(self) -> Index:
        """For each kind its first row."""
        if self._first is None:
            self._first = np.empty(self.count, dtype=np.int32)
            # Of several rows with one number the last that is written stays.
            self._first[self.take[::-1]] = np.arange(len(self.take) - 1, -1, -1, dtype=np.int32)
        return self._first

    @property
    def size(self) -> NDArray[np.int64]:
        """For each kind how many rows it has."""
        if self._size is None:
            self._size = np.bincount(self.take, minlength=self.count)
        return self._size


def _joined(codes: Index, count: int, more: Index, number: int) -> tuple[Any, int]:
    """Two numbers a row as one, kept small enough that the next product fits too."""
    if count == 1:
        return more, number
    total = count * number
    joined: NDArray[Any] = codes.astype(np.int32 if total < 2**31 else np.int64)
    joined *= number
    joined += more
    return (joined, total) if total <= _SPARSE * len(joined) else _dense(joined, total)


def _dense(codes: NDArray[Any], count: int) -> tuple[Index, int]:
    """The same numbers without those that no row has: 0 up to as many as there are."""
    if count <= max(_SPARSE * len(codes), 1 << 16):
        used = np.zeros(count, dtype=bool)
        used[codes] = True
        total = int(used.sum())
        if total == count:
            return codes.astype(np.int32, copy=False), count
        return (np.cumsum(used, dtype=np.int32) - np.int32(1))[codes], total
    known, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int32), len(known)
