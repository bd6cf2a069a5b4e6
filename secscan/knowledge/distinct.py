"""Rows by the distinct combinations of values that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from secscan.model.frame import Col, Index


def distinct(columns: Sequence[Col], rows: int) -> tuple[Index, list[tuple[Any, ...]]]:
    """For every row the number of its combination of values (-1: all unknown), and the combinations."""
    if not columns:
        return np.full(rows, -1, dtype=np.int32), []
    first = columns[0].take
    if first is not None and all(column.take is first for column in columns):
        return _together(first, list(zip(*(column.values for column in columns), strict=True)))
    codes = np.zeros(rows, dtype=np.int64)
    parts: list[tuple[list[Any], Index]] = []
    for column in columns:
        numbers: dict[Any, int] = {None: 0}
        over = np.fromiter((numbers.setdefault(v, len(numbers)) for v in column.values), np.int32, len(column.values))
        code = over if column.take is None else np.append(over, np.int32(0))[column.take]
        parts.append((list(numbers), code))
        # Kept small after every column, so that the product of the counts cannot overflow.
        codes = np.unique(codes * len(numbers) + code, return_inverse=True)[1].astype(np.int64)
    _, where, take = np.unique(codes, return_index=True, return_inverse=True)
    return _together(take.astype(np.int32), [tuple(values[code[i]] for values, code in parts) for i in where])


def _together(take: Index, combinations: list[tuple[Any, ...]]) -> tuple[Index, list[tuple[Any, ...]]]:
    """The same with equal combinations as one, and those that say nothing as -1."""
    numbers: dict[tuple[Any, ...], int] = {}
    to = np.empty(len(combinations) + 1, dtype=np.int32)
    for i, combination in enumerate(combinations):
        to[i] = numbers.setdefault(combination, len(numbers)) if any(combination) else -1
    to[-1] = -1
    return to[take], list(numbers)
