"""Drawings: what they must not hide, and what they must not need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.posture import Point
from secscan.render.charts import (
    COUNTS,
    DAYS,
    MOST_LINES,
    SHARES,
    Bar,
    Line,
    Mark,
    Scale,
    _apart,
    bar_chart,
    column_chart,
    fitted,
    floor_of,
    line_chart,
    small_chart,
)
from tests.render.reader import Reader

DAY = date(2026, 1, 31)


def line(name: str, *shares: int | None, mark: str | None = None) -> Line:
    made = [
        Point(on=DAY + timedelta(days=30 * i), run_id=str(i), council=name, numerator=s or 0, denominator=0 if s is None else 100, mark=mark)
        for i, s in enumerate(shares)
    ]  # fmt: skip
    return Line(name=name, points=made, ending="81%")


def drawn(*lines: Line) -> str:
    return str(line_chart("k", lines, title="a title", description="a description", target_percent=95))


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    wide = drawn(line("a", 80, 81, None, 83, 84)).split("</svg>")[0]
    assert len(re.findall("<polyline", wide)) == 2
    assert len(re.findall("<circle", wide)) == 4 + 1  # and one beside the name


def test_a_point_that_is_marked_silent_is_not_drawn() -> None:
    assert "<polyline" not in drawn(line("a", 80, 81, mark="silent"), line("b", None, None)).split("</svg>")[0]


def test_lines_differ_in_dash_and_marker_and_not_in_colour_alone() -> None:
    wide = drawn(line("a", 80, 81), line("b", 70, 71), line("c", 60, 61), line("d", 50, 51)).split("</svg>")[0]
    dashes = re.findall(r'<polyline[^>]*?stroke-width="3"(?: stroke-dasharray="([^"]*)")?>', wide)
    assert len(dashes) == MOST_LINES == len(set(dashes))
    colours = re.findall(r'<polyline[^>]*stroke="(#[0-9A-F]+)"', wide)
    assert colours == ["#12436D", "#28A197", "#801650", "#F46A25"]


def test_each_line_is_named_at_its_end() -> None:
    text = drawn(line("Alderbeck", 80, 81), line("Corvale", 70, 71))
    assert text.count(">Alderbeck</text>") == 2 and text.count(">Corvale</text>") == 2


def test_a_change_of_rules_is_marked_where_it_happened() -> None:
    assert drawn(line("a", 80, 81, mark="rules changed")).count("rules changed</text>") >= 2


def test_the_scale_starts_below_everything_that_is_drawn() -> None:
    assert floor_of([line("a", 84, 96)], 95) == 80
    assert floor_of([line("a", 80, 96)], 95) == 70
    assert floor_of([line("a", 0, 96)], 95) == 0
    assert floor_of([line("a", None)], 95) == 0


def counts(name: str, *values: int | None) -> Line:
    made = [
        Point(on=DAY + timedelta(days=30 * i), run_id=str(i), council=name, numerator=v or 0, denominator=v or 0, mark="silent" if v is None else None)
        for i, v in enumerate(values)
    ]  # fmt: skip
    return Line(name=name, points=made, ending="end")


def small(scale: Scale, *lines: Line, marks: Sequence[Mark] = ()) -> str:
    return str(small_chart("k", lines, scale, marks, title="a title", description="a description"))


@pytest.mark.parametrize(
    ("scale", "given", "axis"),
    [
        (COUNTS, counts("a", 0, 0), (0, 1, 1)),
        (COUNTS, counts("a", 3, 8), (0, 8, 2)),
        (COUNTS, counts("a", 11, 7), (0, 15, 5)),
        (COUNTS, counts("a", 4_100, 7), (0, 6_000, 2_000)),
        (DAYS, counts("a", 35, 61), (0, 80, 20)),
        (SHARES, line("a", 0, 4), (0, 5, 1)),
        (SHARES, line("a", 0, 20), (0, 20, 4)),
        (SHARES, line("a", 0, 21), (0, 100, 20)),
        (SHARES, line("a", 84, 96), (80, 100, 10)),
        (SHARES, line("a", None), (0, 1, 1)),
    ],
)
def test_the_axis_holds_everything_drawn(scale: Scale, given: Line, axis: tuple[int, int, int]) -> None:
    found = fitted(scale, [given])
    assert (found.floor, found.ceiling, found.step) == axis


@given(values=st.lists(st.integers(0, 10**7), min_size=1, max_size=8))
def test_no_count_is_drawn_outside_its_axis_and_the_axis_has_few_lines(values: list[int]) -> None:
    found = fitted(COUNTS, [counts("a", *values)])
    assert max(values) <= found.ceiling <= max(5 * max(values), 1)
    assert 1 <= found.ceiling // found.step <= 5


def test_nothing_of_nothing_is_a_count_but_neither_a_share_nor_days() -> None:
    zero = counts("a", 0).points[0]
    assert COUNTS.seen(zero) and not SHARES.seen(zero) and not DAYS.seen(zero)


def test_a_silent_count_is_a_gap() -> None:
    wide = small(COUNTS, counts("a", 3, None, 4)).split("</svg>")[0]
    assert len(re.findall("<polyline", wide)) == 2


def test_each_mark_has_a_line_at_its_day_and_a_number_below_unless_there_is_no_room() -> None:
    marks = [Mark(number=n, on=DAY + timedelta(days=d)) for n, d in ((1, 0), (2, 1), (3, 60))]
    wide = small(COUNTS, counts("a", 3, 2, 1), marks=marks).split("</svg>")[0]
    assert len(re.findall('stroke-dasharray="1 4"', wide)) == 3
    assert re.findall(r'font-weight="700">(\d)</text>', wide) == ["1", "3"]


def test_many_runs_are_a_line_with_a_marker_at_its_end() -> None:
    wide = small(COUNTS, counts("a", *range(40))).split("</svg>")[0]
    assert len(re.findall("<circle", wide)) == 2


def test_a_long_name_is_cut_in_the_drawing_and_whole_nowhere_else() -> None:
    assert "Threeways Share…</text>" in small(COUNTS, counts("Threeways Shared ICT", 1)).split("</svg>")[0]


def test_months_stand_side_by_side_and_three_together_on_phones() -> None:
    months = [(date(2026 + m // 12, m % 12 + 1, 1), m) for m in range(25)]
    wide, narrow, _ = str(column_chart("k", months, title="a title", description="a description")).split("</svg>")
    assert wide.count('fill="#12436D"') == 24  # January has none
    assert narrow.count('fill="#12436D"') == 9
    assert ">24</text>" in wide and ">66</text>" in narrow and ">0</text>" not in wide


@given(wanted=st.lists(st.floats(0, 400), min_size=1, max_size=5).map(sorted))
def test_labels_never_touch_and_stay_in_the_drawing(wanted: list[float]) -> None:
    placed = _apart(wanted, [42] * len(wanted), 12, 370)
    assert all(b - a >= 42 - 1e-6 for a, b in pairwise(placed))
    assert placed[0] >= 12 - 1e-6 and placed[-1] <= 370 + 1e-6


def test_text_in_a_drawing_is_escaped() -> None:
    hostile = '"><script data-pwned>x</script>'
    reader = Reader(drawn(Line(name=hostile, points=line("a", 80).points, ending=hostile)))
    assert not reader.all("script")
    assert not Reader(
        str(bar_chart("b", [Bar(name=hostile, in_time=1, late=1, unknown=1)], title=hostile, description=hostile))
    ).all("script")


@pytest.mark.parametrize(
    "counts", [(1, 0, 0, 0), (0, 0, 7, 0), (0, 0, 0, 0), (10_000, 1, 1, 1), (5, 0, 0, 5), (0, 0, 0, 3)]
)
def test_bars_fill_their_width_and_hide_no_part(counts: tuple[int, int, int, int]) -> None:
    in_time, late, unknown, excluded = counts
    bar = Bar(name="a", in_time=in_time, late=late, unknown=unknown, excluded=excluded)
    svg = str(bar_chart("b", [bar], title="t", description="d")).split("</svg>")[0]
    parts = re.findall(r'<rect x="([\d.]+)" y="40" width="([\d.]+)" height="36"', svg)
    assert len(parts) == sum(c > 0 for c in counts)
    assert all(float(w) >= 1 for _, w in parts)
    assert f"{late:,} late, {unknown:,} not known" in svg
    assert (f", {excluded:,} excluded" in svg) == (excluded > 0)
    if parts:
        left, (last, wide) = float(parts[0][0]), map(float, parts[-1])
        assert left == 330 and 1060 - 3 <= last + wide <= 1060 + 3 * len(parts)
    else:
        assert "No device" in svg


@given(
    counts=st.lists(st.integers(0, 400), min_size=4, max_size=4).filter(lambda c: sum(c) > 0 and not any(0 < n * 100 < sum(c) for n in c))
)  # fmt: skip
def test_each_part_of_a_bar_has_its_share_of_the_whole(counts: list[int]) -> None:
    bar = Bar(name="a", in_time=counts[0], late=counts[1], unknown=counts[2], excluded=counts[3])
    svg = str(bar_chart("b", [bar], title="t", description="d")).split("</svg>")[0]
    widths = [float(w) + 2 for w in re.findall(r'y="40" width="([\d.]+)" height="36"', svg)]
    shares = [730 * c / sum(counts) for c in counts if c]
    assert all(abs(w - s) < 0.2 for w, s in zip(widths, shares, strict=True))


def test_no_drawing_has_a_style_attribute() -> None:
    assert "style=" not in drawn(line("a", 80)) + str(
        bar_chart("b", [Bar(name="a", in_time=1, late=0, unknown=0)], title="t", description="d")
    )
