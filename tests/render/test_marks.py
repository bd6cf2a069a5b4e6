"""Dated marks: every step that may be no progress has one, told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from secscan.model.posture import Point
from secscan.render.marks import dated
from tests.render.postures import BEFORE, MONTHS, TODAY, empty, partnership, rules_changed
from tests.render.reader import view_of

P = partnership()


def told(**measures: list[tuple[date, str, int, int, str | None]]) -> list[tuple[date, str, str]]:
    trends = {
        name.replace("_", "-"): [
            Point(on=on, run_id=str(on), council=council, numerator=n, denominator=d, mark=mark)
            for on, council, n, d, mark in points
        ]
        for name, points in measures.items()
    }
    return [(e.on, council, what) for e in dated(view_of(replace(P, trends=trends))) for council, what in e.what]


def test_silence_is_marked_where_it_begins_and_where_it_ends() -> None:
    days = MONTHS[:5]
    marks = [None, "silent", "silent", None, None]
    found = told(coverage=[(on, "oak", 90, 100, mark) for on, mark in zip(days, marks, strict=True)])
    assert found == [
        (days[1], "oak", "A source fell silent: its figures are not counted"),
        (days[3], "oak", "Its sources report again"),
    ]


def test_a_step_in_what_is_known_is_marked_from_two_points_on_either_way() -> None:
    def step(then: int, now: int) -> list[tuple[date, str, str]]:
        return told(coverage=[(BEFORE, "oak", then, 1000, None), (TODAY, "oak", now, 1000, None)])

    assert step(800, 819) == step(800, 781) == []
    assert step(800, 820) == [(TODAY, "oak", "Results known: 80% (800 of 1,000), then 82% (820 of 1,000)")]
    assert len(step(820, 800)) == 1


def test_a_register_that_grows_or_shrinks_is_marked_from_five_per_cent_on() -> None:
    def step(then: int, now: int, mark: str | None = None) -> list[tuple[date, str, str]]:
        return told(seen_lately=[(BEFORE, "oak", then, then, None), (TODAY, "oak", now, now, mark)])

    assert step(100, 104) == step(100, 96) == step(100, 50, "silent") == []
    assert step(100, 105) == [(TODAY, "oak", "Devices on the register: 100, then 105")]
    assert len(step(100, 95)) == len(step(0, 1)) == 1


def test_a_change_of_rules_for_all_is_told_once_and_for_some_by_council() -> None:
    both = [(TODAY, c, 90, 100, "rules changed") for c in ("oak", "elm")]
    assert told(coverage=both, open_findings=both) == [(TODAY, "", "Rules changed")]
    one = [both[0], (TODAY, "elm", 90, 100, None)]
    assert told(coverage=one) == [(TODAY, "oak", "Rules changed")]


def test_marks_are_numbered_by_day() -> None:
    found = dated(view_of(rules_changed()))
    assert [(e.number, e.on) for e in found] == [(1, MONTHS[8]), (2, BEFORE)]
    assert {council for council, _ in found[0].what} == {"", "alderbeck", "brackenford"}
    assert dated(view_of(empty())) == []
