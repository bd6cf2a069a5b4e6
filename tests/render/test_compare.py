"""Then and now: what may be compared, and what seeing less must never be called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.posture import Point, Posture
from secscan.render.compare import by_month, compare
from tests.render.postures import BEFORE, TODAY, partnership

Counts = dict[str, tuple[int, int, str | None]]


def points(day: date, counts: Counts) -> list[Point]:
    return [
        Point(on=day, run_id=f"{day}-0600", council=c, numerator=n, denominator=d, mark=m)
        for c, (n, d, m) in counts.items()
    ]


def posture(measure: str, *runs: tuple[date, Counts], coverage: list[Point] | None = None, **given: object) -> Posture:
    trends = {measure: [p for day, counts in runs for p in points(day, counts)], "coverage": coverage or []}
    if measure == "coverage":
        trends = {measure: trends[measure]}
    return replace(partnership(), trends=trends, **given)  # type: ignore[arg-type]


A, B = "alderbeck", "brackenford"

CASES = {
    "better": ((80, 100, None), (90, 100, None), "better"),
    "worse": ((90, 100, None), (80, 100, None), "worse"),
    "less than half a point is the same": ((900, 1000, None), (904, 1000, None), "same"),
    "half a point counts": ((900, 1000, None), (905, 1000, None), "better"),
    "a gain over fewer devices is not called one": ((80, 100, None), (80, 90, None), "narrower"),
    "the same share over fewer devices is not called steady": ((80, 100, None), (72, 90, None), "narrower"),
    "a loss over fewer devices is still a loss": ((80, 100, None), (60, 90, None), "worse"),
    "one device fewer in a hundred is no loss of sight": ((80, 100, None), (90, 99, None), "better"),
    "silent now": ((80, 100, None), (0, 0, "silent"), "unknown"),
    "silent now though a number is there": ((80, 100, None), (95, 100, "silent"), "unknown"),
    "silent then": ((0, 0, "silent"), (95, 100, None), "unknown"),
    "nothing judged now": ((80, 100, None), (0, 0, None), "unknown"),
    "rules changed": ((80, 100, None), (95, 100, "rules changed"), "rules"),
}


@pytest.mark.parametrize(("then", "now", "expected"), CASES.values(), ids=CASES)
def test_one_council(then: tuple[int, int, str | None], now: tuple[int, int, str | None], expected: str) -> None:
    made = posture("patched-on-time", (BEFORE, {A: then}), (TODAY, {A: now}))
    assert compare(made, "patched-on-time", over="last-run").direction == expected


def test_a_council_that_stopped_is_left_out_of_both_sides() -> None:
    made = posture(
        "patched-on-time",
        (BEFORE, {A: (90, 100, None), B: (50, 100, None)}),
        (TODAY, {A: (90, 100, None), B: (0, 0, "silent")}),
    )
    found = compare(made, "patched-on-time", over="last-run")
    assert (found.direction, found.then, found.now, found.councils, found.everyone) == (
        "same",
        (90, 100),
        (90, 100),
        (A,),
        False,
    )


def test_a_bad_council_that_disappears_does_not_improve_the_figure() -> None:
    made = posture("patched-on-time", (BEFORE, {A: (90, 100, None), B: (0, 100, None)}), (TODAY, {A: (90, 100, None)}))
    assert compare(made, "patched-on-time", over="last-run").direction == "same"


def test_what_is_about_other_findings_each_time_is_never_compared() -> None:
    made = posture("days-to-fix", (BEFORE, {A: (61, 9, None)}), (TODAY, {A: (31, 9, None)}))
    assert {compare(made, "days-to-fix", over=o).direction for o in ("last-run", "year", "longest")} == {"apart"}


def test_first_run() -> None:
    made = posture("patched-on-time", (TODAY, {A: (90, 100, None)}), previous_as_of=None)
    assert compare(made, "patched-on-time", over="last-run").direction == "first"
    assert compare(replace(made, trends={}), "patched-on-time", over="last-run").direction == "first"


def test_no_figure_for_this_run_is_unknown_not_first() -> None:
    made = posture("patched-on-time", (BEFORE, {A: (90, 100, None)}))
    assert compare(made, "patched-on-time", over="last-run").direction == "unknown"


def test_over_a_year_the_oldest_run_within_it_is_the_base() -> None:
    made = posture(
        "patched-on-time", (date(2024, 10, 31), {A: (1, 100, None)}), (date(2025, 11, 30), {A: (70, 100, None)}),
        (BEFORE, {A: (95, 100, None)}), (TODAY, {A: (90, 100, None)}),
    )  # fmt: skip
    assert compare(made, "patched-on-time", over="year").since == date(2025, 11, 30)
    assert compare(made, "patched-on-time", over="year").direction == "better"
    assert compare(made, "patched-on-time", over="last-run").direction == "worse"


def test_a_change_of_rules_between_the_two_ends_breaks_the_comparison() -> None:
    made = posture(
        "patched-on-time", (date(2026, 6, 30), {A: (70, 100, None)}), (BEFORE, {A: (95, 100, "rules changed")}), (TODAY, {A: (95, 100, None)})
    )  # fmt: skip
    assert compare(made, "patched-on-time", over="year").direction == "rules"
    assert compare(made, "patched-on-time", over="last-run").direction == "same"


def test_fewer_unprotected_systems_is_better_and_more_is_worse() -> None:
    def after(now: int) -> str:
        made = posture("unsupported-unprotected", (BEFORE, {A: (9, 12, None)}), (TODAY, {A: (now, 11, None)}))
        return compare(made, "unsupported-unprotected", over="last-run").direction

    assert [after(n) for n in (8, 9, 10, 0)] == ["better", "same", "worse", "better"]


def test_a_fall_in_unprotected_systems_beside_a_loss_of_coverage_is_not_called_better() -> None:
    seen = [*points(BEFORE, {A: (980, 1000, None)}), *points(TODAY, {A: (900, 1000, None)})]
    made = posture("unsupported-unprotected", (BEFORE, {A: (9, 12, None)}), (TODAY, {A: (2, 3, None)}), coverage=seen)
    assert compare(made, "unsupported-unprotected", over="last-run").direction == "narrower"


counted = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda t: (min(t), max(t), None))


@given(then=counted, now=counted, lost=st.integers(1, 200))
def test_losing_sight_of_late_devices_never_reads_as_better_than_keeping_them(
    then: tuple[int, int, None], now: tuple[int, int, None], lost: int
) -> None:
    """Property: a council that drops late devices from view gains the word better only where it had it, or lost under 5%."""
    kept = compare(
        posture("patched-on-time", (BEFORE, {A: then}), (TODAY, {A: now})), "patched-on-time", over="last-run"
    )
    late = now[1] - now[0]
    fewer = (now[0], now[1] - min(lost, late), None)
    found = compare(
        posture("patched-on-time", (BEFORE, {A: then}), (TODAY, {A: fewer})), "patched-on-time", over="last-run"
    )
    if found.direction == "better" and kept.direction != "better":
        assert fewer[1] * 100 >= then[1] * 95


def test_of_several_runs_in_a_month_the_last_counts() -> None:
    made = posture(
        "patched-on-time",
        (date(2026, 8, 30), {A: (50, 100, None)}),
        (date(2026, 9, 6), {A: (99, 100, None)}),
        (date(2026, 9, 27), {A: (60, 100, None)}),
        (date(2026, 10, 4), {A: (70, 100, None)}),
    )
    months = by_month(made, "patched-on-time")
    assert [(m.on, m.points[A].numerator, m.step.direction) for m in months] == [
        (date(2026, 8, 30), 50, "first"),
        (date(2026, 9, 27), 60, "better"),
        (date(2026, 10, 4), 70, "better"),
    ]
    assert [(m.step.then, m.step.now) for m in months[1:]] == [((50, 100), (60, 100)), ((60, 100), (70, 100))]


def test_rules_that_changed_within_a_month_mark_it() -> None:
    made = posture(
        "patched-on-time",
        (date(2026, 8, 30), {A: (50, 100, None)}),
        (date(2026, 9, 6), {A: (99, 100, "rules changed")}),
        (date(2026, 9, 27), {A: (60, 100, None)}),
        (date(2026, 10, 4), {A: (70, 100, None)}),
    )
    months = by_month(made, "patched-on-time")
    assert [(m.points[A].mark, m.step.direction) for m in months] == [
        (None, "first"), ("rules changed", "rules"), (None, "better"),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 50)), min_size=1, max_size=12, unique_by=lambda x: x[0]))
def test_the_last_step_by_month_is_the_last_step_of_runs_a_month_apart(runs: list[tuple[int, int]]) -> None:
    days = sorted(date(2026, 1, 1) + timedelta(days=n) for n, _ in runs)
    made = posture("patched-on-time", *((d, {A: (n, 100, None)}) for d, (_, n) in zip(days, runs, strict=True)))
    months = by_month(made, "patched-on-time")
    assert [m.on for m in months] == sorted({(d.year, d.month): d for d in days}.values())
    if len(months) == len(days):
        now = replace(
            made, as_of=days[-1], run_id=f"{days[-1]}-0600", previous_as_of=None if len(days) == 1 else days[-2]
        )
        assert months[-1].step == compare(now, "patched-on-time", over="last-run")
