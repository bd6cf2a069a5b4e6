"""Words for habits: each has its test, and what is not known never makes one better."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.model.posture import Point, Posture
from secscan.render.habits import QUARTERS, WORDS, habits, routine, standing, word_for
from tests.render.postures import MONTHS, TODAY, partnership

A = "alderbeck"
BASE = partnership()
PATCHING, LEGACY, CLAIMS, EXCEPTIONS = habits(BASE)
ORDER = ("Not started", "Ad hoc", "Regular", "Embedded")
Figure = tuple[int, int, int] | None
"""In time, late and not known; None: silent."""


def posture(figures: list[Figure], days: list[date] | None = None) -> Posture:
    """Alderbeck's patching over the runs, the last of them today's."""
    trends: dict[str, list[Point]] = {"patched-on-time": [], "patching-known": [], "coverage": []}
    for day, figure in zip(days or MONTHS[-len(figures) :], figures, strict=True):
        good, late, unknown = figure or (0, 0, 100)
        for measure, n, d in (
            ("patched-on-time", good, good + late),
            ("patching-known", good + late, good + late + unknown),
        ):
            mark = None if figure else "silent"
            trends[measure].append(
                Point(on=day, run_id=f"{day}-0600", council=A, numerator=n, denominator=d, mark=mark)
            )
    return replace(BASE, trends=trends)


def word(*figures: Figure) -> str:
    return routine(posture(list(figures)), PATCHING, A).word


GOOD, BAD, VAGUE, SILENT, NOTHING = (96, 4, 0), (80, 20, 0), (90, 0, 10), None, (0, 0, 0)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ([GOOD] * 12, "Embedded"),
        ([BAD] * 3 + [GOOD] * 9, "Regular"),
        ([BAD] * 6 + [GOOD] * 6, "Regular"),
        ([BAD] * 7 + [GOOD] * 5, "Ad hoc"),
        ([GOOD] * 5 + [BAD] + [GOOD] * 6, "Regular"),
        ([GOOD] * 11 + [BAD], "Ad hoc"),
        ([BAD] * 12, "Not started"),
        ([(50, 50, 0)] * 6 + [BAD] * 6, "Ad hoc"),
        ([GOOD], "Ad hoc"),
        ([BAD], "Not started"),
        ([GOOD] * 11 + [SILENT], "Not known"),
        ([GOOD] * 10 + [BAD, SILENT], "Not known"),
        ([GOOD] * 5 + [SILENT] + [GOOD] * 6, "Regular"),
        ([GOOD] * 2 + [VAGUE] + [GOOD] * 9, "Regular"),
        ([GOOD] * 10 + [VAGUE, GOOD], "Not known"),
        ([GOOD] * 11 + [VAGUE], "Not known"),
        ([NOTHING] * 12, "Not applicable"),
        ([NOTHING], "Not applicable"),
        ([GOOD] * 9 + [NOTHING] * 3, "Ad hoc"),
    ],
)
def test_a_councils_word(figures: list[Figure], expected: str) -> None:
    assert word(*figures) == expected


def test_a_council_without_a_run_is_not_known() -> None:
    assert routine(posture([GOOD] * 12), PATCHING, "brackenford").word == "Not known"


def test_a_good_year_without_runs_is_no_habit() -> None:
    days = [MONTHS[0], TODAY]
    found = routine(posture([GOOD, GOOD], days), PATCHING, A)
    assert (found.word, found.met, found.unknown) == ("Ad hoc", 2, 2)


def test_without_a_figure_for_what_is_known_nothing_is_met() -> None:
    p = posture([GOOD] * 12)
    old = replace(p, trends={**p.trends, "patching-known": []})
    assert routine(old, PATCHING, A).word == "Not known"


@pytest.mark.parametrize(
    ("habit", "counted", "known", "expected"),
    [
        (LEGACY, (1, 5), (10, 10), "missed"),
        (LEGACY, (0, 5), (10, 10), "met"),
        (LEGACY, (0, 0), (10, 10), "met"),
        (LEGACY, (0, 0), (9, 10), "unknown"),
        (LEGACY, (0, 0), (0, 0), "unknown"),
        (LEGACY, (0, 0), None, "unknown"),
        (CLAIMS, (3, 3), None, "met"),
        (CLAIMS, (2, 3), None, "missed"),
        (CLAIMS, (0, 0), None, "none"),
        (EXCEPTIONS, (3, 3), None, "met"),
        (EXCEPTIONS, (2, 3), None, "missed"),
        (PATCHING, (95, 100), (100, 100), "met"),
        (PATCHING, (95, 100), (100, 101), "unknown"),
        (PATCHING, (94, 100), (100, 100), "missed"),
        (PATCHING, (94, 100), (100, 101), "missed"),
        (PATCHING, (90, 90), (90, 100), "unknown"),
        (PATCHING, (0, 0), (0, 10), "unknown"),
        (PATCHING, (0, 0), (0, 0), "none"),
    ],
)
def test_how_a_run_stands(
    habit: object, counted: tuple[int, int], known: tuple[int, int] | None, expected: str
) -> None:
    def point(pair: tuple[int, int]) -> Point:
        return Point(on=TODAY, run_id="r", council=A, numerator=pair[0], denominator=pair[1])

    assert standing(habit, point(counted), point(known) if known else None, 95) == expected  # type: ignore[arg-type]


figures = st.lists(st.sampled_from([GOOD, BAD, VAGUE, SILENT]), min_size=12, max_size=12)


@settings(deadline=None)
@given(year=figures, hidden=st.integers(0, 11), how=st.sampled_from([SILENT, (0, 0, 100)]))
def test_hiding_a_run_never_makes_the_word_better(year: list[Figure], hidden: int, how: Figure) -> None:
    before, after = word(*year), word(*year[:hidden], how, *year[hidden + 1 :])
    if before in ORDER and after in ORDER:
        assert ORDER.index(after) <= ORDER.index(before)
    assert before != "Not known" or after == "Not known" or hidden < 11


@given(
    quarters=st.lists(st.sampled_from(["met", "missed", "unknown", "none"]), min_size=QUARTERS, max_size=QUARTERS),
    begun=st.booleans(),
)
def test_embedded_needs_four_quarters_that_are_all_known_and_met(quarters: list[str], begun: bool) -> None:
    found = word_for(quarters, begun)  # type: ignore[arg-type]
    assert found in WORDS
    assert (found == "Embedded") == (quarters == ["met"] * QUARTERS)
