"""What the record alone can measure: days from first seen to gone, and what came back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.history import Store, repairs
from secscan.model.posture import Point
from tests.history.made import DAY, Measure, finding, never, run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "history.db", create=True) as opened:
        yield opened


def later(days: int) -> date:
    return DAY + timedelta(days=days)


def figures(store: Store, measure: str) -> list[tuple[int, int, int]]:
    """(days since the first run, numerator, denominator)"""
    return [((p.on - DAY).days, p.numerator, p.denominator) for p in store.trend(measure)]


def test_days_to_fix_is_the_median_of_what_went_and_says_how_many_went(store: Store) -> None:
    store.record(run([finding("a"), finding("b"), finding("c")]))
    store.record(run([finding("b"), finding("c"), finding("d")], later(10)))
    store.record(run([], later(30)))
    assert figures(store, repairs.DAYS) == [(0, 0, 0), (10, 10, 1), (30, 30, 3)]


def test_what_still_stands_and_what_was_never_a_failure_is_not_in_it(store: Store) -> None:
    store.record(run([finding("a"), finding("b", outcome="unknown")]))
    store.record(run([finding("a")], later(10)))
    store.record(run([], later(20), closing=never))
    assert figures(store, repairs.DAYS) == [(0, 0, 0), (10, 0, 0), (20, 0, 0)]
    assert figures(store, repairs.CAME_BACK)[-1] == (20, 0, 0)


def test_a_control_that_is_no_longer_judged_repairs_nothing(store: Store) -> None:
    store.record(run([finding("a"), finding("b", control="PAT-01")]))
    store.record(run([], later(10)))  # PAT-01 has no tally here: it was withdrawn
    assert figures(store, repairs.DAYS)[-1] == (10, 10, 1)
    assert figures(store, repairs.CAME_BACK)[-1] == (10, 0, 2)


def test_what_came_back_adds_up_from_the_records_beginning(store: Store) -> None:
    for number, found in enumerate([["a", "b"], [], ["a"], [], ["a", "c"]]):
        store.record(run([finding(name) for name in found], later(number)))
    assert figures(store, repairs.CAME_BACK) == [(0, 0, 0), (1, 0, 2), (2, 1, 2), (3, 1, 3), (4, 2, 3)]


def test_a_second_run_of_a_day_takes_nothing_from_what_the_first_found_repaired(store: Store) -> None:
    store.record(run([finding("a"), finding("b")]))
    store.record(run([finding("b")], later(10)))
    told = store.record(run([finding("b")], later(10)))
    assert figures(store, repairs.DAYS) == [(0, 0, 0), (10, 10, 1)]
    assert figures(store, repairs.CAME_BACK) == [(0, 0, 0), (10, 0, 1)]
    assert store.trends() == told.trends


def test_a_run_with_the_marks_of_its_council(store: Store) -> None:
    store.record(run([], measures=[Measure("alderbeck", "coverage", 1, 2, "silent")]))
    store.record(run([], later(1), rules_digest="other"))
    assert [p.mark for p in store.trend(repairs.CAME_BACK)] == ["silent", "rules changed"]


def test_a_record_from_before_is_counted_once_from_its_changes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(repairs, "measured", lambda *_: [])
        for number, found in enumerate([["a", "b"], ["b"], ["a", "b"]]):
            store.record(run([finding(name) for name in found], later(number)))
    assert store.trend(repairs.CAME_BACK) == []
    store.record(run([], later(3)))
    assert figures(store, repairs.CAME_BACK) == [(3, 1, 3)]


@settings(max_examples=25, deadline=None)
@given(runs=st.lists(st.sets(st.sampled_from("abc")), min_size=1, max_size=8))
def test_never_more_came_back_than_had_closed(runs: list[set[str]]) -> None:
    with TemporaryDirectory() as folder, Store.open(Path(folder) / "history.db", create=True) as store:
        for number, found in enumerate(runs):
            store.record(run([finding(name) for name in sorted(found)], later(number)))
        counts = figures(store, repairs.CAME_BACK)
        lives = [life for name in "abc" for life in store.lives(finding(name).fingerprint)]
    assert all(again <= closed for _, again, closed in counts)
    assert counts[-1][1] == len(lives) - len({life.finding.asset for life in lives})
    assert counts[-1][2] == sum(life.closed_run is not None for life in lives)


@given(days=st.lists(st.integers(0, 900), min_size=1))
def test_at_least_half_do_not_exceed_the_median_and_no_lower_value_has_that(days: list[int]) -> None:
    middle = repairs._median(sorted(days))
    assert 2 * sum(d <= middle for d in days) >= len(days)
    assert 2 * sum(d < middle for d in days) < len(days)


def test_points_of_other_councils_and_days_are_left_alone() -> None:
    def point(day: int, council: str, n: int) -> Point:
        return Point(on=later(day), run_id=str(n), council=council, numerator=n, denominator=n)

    points: list[Point] = []
    for one in (point(0, "a", 1), point(1, "a", 2), point(1, "b", 3), point(1, "a", 4)):
        repairs.put(points, "coverage", one)
    assert [(p.council, p.numerator) for p in points] == [("a", 1), ("a", 4), ("b", 3)]
