"""any3 and all3 are Kleene's: null is not known, never ignored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from secscan.model.kleene import all3, any3

threes = st.lists(st.sampled_from([True, False, None]), max_size=6)


def test_the_cases_that_sql_gets_wrong() -> None:
    assert any3([False, None]) is None
    assert all3([True, None]) is None
    assert any3([]) is False
    assert all3([]) is True


@given(threes)
def test_the_answer_is_what_every_resolution_agrees_on(values: list[bool | None]) -> None:
    worlds = [[v if v is not None else guess for v in values] for guess in (True, False)]
    anys = {any(w) for w in worlds}
    alls = {all(w) for w in worlds}
    assert any3(values) is (anys.pop() if len(anys) == 1 else None)
    assert all3(values) is (alls.pop() if len(alls) == 1 else None)


@given(threes)
def test_the_two_are_each_others_mirror(values: list[bool | None]) -> None:
    flipped = [None if v is None else not v for v in values]
    found = any3(flipped)
    assert all3(values) is (None if found is None else not found)
