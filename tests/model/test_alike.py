"""Rows that say the same are one kind: whatever indexes the columns share, and however many values there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.model import frame as module
from secscan.model.frame import Alike, Col, Frame

VALUES = st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"])


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Columns of every make: plain, over an index of their own, over one that they share, with and without gaps."""
    rows = draw(st.integers(0, 12))
    columns: dict[str, Col] = {}
    for group in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 5))
        take = np.array(draw(st.lists(st.integers(-1, size - 1), min_size=rows, max_size=rows)), dtype=np.int32)
        for number in range(draw(st.integers(1, 2))):
            values = draw(st.lists(VALUES, min_size=size, max_size=size + 1))
            columns[f"c{group}{number}"] = Col(values, take)
    columns["plain"] = Col(draw(st.lists(VALUES, min_size=rows, max_size=rows)))
    return Frame("t", rows, columns)


@pytest.mark.parametrize("sparse", [0, 4])
@settings(max_examples=150, deadline=None)
@given(made=frames(), data=st.data())
def test_rows_are_of_one_kind_where_they_say_the_same_and_only_there(
    sparse: int, made: Frame, data: st.DataObject
) -> None:
    asked = data.draw(st.lists(st.sampled_from([*made.columns, "not-there"]), unique=True))
    before, module._SPARSE = module._SPARSE, sparse  # type: ignore[misc]
    try:
        kinds = Alike(made).of(asked)
        first, size = kinds.first.tolist(), kinds.size.tolist()
    finally:
        module._SPARSE = before  # type: ignore[misc]
    said: list[tuple[Any, ...]] = [
        tuple((type(v), v) for v in (made.get(c, row) for c in asked)) for row in range(made.rows)
    ]
    number = dict(zip(said, kinds.take.tolist(), strict=True))
    assert [number[one] for one in said] == kinds.take.tolist()
    assert sorted(number.values()) == list(range(kinds.count))
    for one, kind in number.items():
        assert first[kind] == said.index(one)
        assert size[kind] == Counter(said)[one]


def test_many_values_of_many_columns_stay_apart() -> None:
    """The product of their numbers is past what 32 bits hold."""
    rng = np.random.default_rng(1)
    rows = 3_000
    columns = {f"c{i}": Col(list(range(2_000)), rng.integers(-1, 2_000, rows).astype(np.int32)) for i in range(5)}
    made = Frame("t", rows, columns)
    kinds = Alike(made).of(columns)
    assert kinds.count == len({tuple(made.get(c, row) for c in columns) for row in range(rows)})
