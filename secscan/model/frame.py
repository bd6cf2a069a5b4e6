"""A table as data: columns, distinct values once, and for every fact the place it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int32]


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
        numbers: dict[Any, int] = {}
        count = len(self.values)
        of_value = np.fromiter((numbers.setdefault(v, len(numbers)) for v in self.values), dtype=np.int64, count=count)
        if self.take is None:
            return of_value, list(numbers)
        absent = numbers.setdefault(None, len(numbers))
        return np.append(of_value, absent)[self.take], list(numbers)  # -1 takes the last

    def over(self, take: Index) -> Col:
        """The same column for other rows: row i of the answer is row ``take[i]`` of this one (-1: not known)."""
        if self.take is None:
            return Col(self.values, take)
        missing = take < 0
        return Col(self.values, np.where(missing, np.int32(-1), self.take[np.where(missing, 0, take)]).astype(np.int32))


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
