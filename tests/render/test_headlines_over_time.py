"""Situations to exact sentences, for what moved, what ends and what was not seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from secscan.model.posture import Point, Posture
from secscan.render import headlines, measures
from secscan.render.compare import Comparison, Direction, compare
from tests.render.postures import BEFORE, MONTHS, TODAY, empty, partnership

P = partnership()
SHARE, COUNT = measures.BY_ID["patched-on-time"], measures.BY_ID["open-findings"]
NAMES = {"a": "Alderbeck", "b": "Brackenford", "c": "Corvale"}


def moved(direction: Direction, then: tuple[int, int], now: tuple[int, int], *councils: str) -> Comparison:
    return Comparison(
        measure="m", direction=direction, since=BEFORE, then=then, now=now, councils=councils or tuple(NAMES)
    )


SITUATIONS = {
    "better": (SHARE, moved("better", (800, 1000), (921, 1000)), [
        "Better: 12.1 points up since 30 September 2026, from 80% (800 of 1,000) to 92.1% (921 of 1,000).",
        "Like for like in all 3 councils on record."]),
    "worse": (SHARE, moved("worse", (900, 1000), (880, 1000), "a", "b"), [
        "Worse: 2.0 points down since 30 September 2026, from 90% (900 of 1,000) to 88% (880 of 1,000).",
        "Like for like in 2 of 3 councils; left out: Corvale."]),
    "the same": (SHARE, moved("same", (900, 1000), (901, 1000), "b"), [
        "As on 30 September 2026: 90% (900 of 1,000) then, 90.1% (901 of 1,000) now.",
        "Like for like in 1 of 3 councils; left out: Alderbeck and Corvale."]),
    "less was judged": (SHARE, moved("narrower", (80, 100), (50, 50)), [
        "Less could be judged than on 30 September 2026, so neither better nor worse is claimed.",
        "Like for like in all 3 councils on record."]),
    "fewer": (COUNT, moved("better", (19, 27), (10, 12)), [
        "Better: down since 30 September 2026, from 19 of 27 to 10 of 12.", "Like for like in all 3 councils on record."]),
    "more": (COUNT, moved("worse", (10, 12), (19, 27)), [
        "Worse: up since 30 September 2026, from 10 of 12 to 19 of 27.", "Like for like in all 3 councils on record."]),
    "rules": (SHARE, Comparison(measure="m", direction="rules", since=BEFORE), [
        "The rules changed after 30 September 2026, and no run before this one has today's rules."]),
    "missing": (SHARE, Comparison(measure="m", direction="unknown", since=BEFORE), ["Cannot be compared: data is missing."]),
    "missing now": (SHARE, Comparison(measure="m", direction="unknown"), ["Cannot be compared: data is missing."]),
    "first": (SHARE, Comparison(measure="m", direction="first"), ["First run: nothing to compare with yet."]),
}  # fmt: skip


@pytest.mark.parametrize(("measure", "comparison", "expected"), SITUATIONS.values(), ids=SITUATIONS)
def test_what_a_measure_did(measure: measures.Measure, comparison: Comparison, expected: list[str]) -> None:
    assert headlines.trend(measure, comparison, NAMES) == expected
    assert all(len(sentence.split()) <= 25 for sentence in expected)


def test_one_council_alone_is_called_so() -> None:
    c = moved("same", (9, 10), (9, 10), "a")
    assert headlines.trend(SHARE, c, {"a": "Alderbeck"})[1] == "Like for like in the one council on record."


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, ["Nothing can be said yet about habits: there is nothing to judge."]),
        ({"Not applicable": 4}, ["Nothing can be said yet about habits: there is nothing to judge."]),
        ({"Not known": 3}, ["Of 3 habits, none can be judged, and not known is never routine."]),
        ({"Embedded": 1}, ["Of 1 habit, 1 is embedded."]),
        ({"Ad hoc": 2, "Embedded": 3, "Not known": 1, "Not applicable": 9},
         ["Of 6 habits, 3 are embedded and 2 ad hoc.", "1 is not known, and not known is never routine."]),
        ({"Regular": 1, "Not started": 4, "Not known": 2},
         ["Of 7 habits, 1 is regular and 4 not started.", "2 are not known, and not known is never routine."]),
    ],
)  # fmt: skip
def test_how_far_habits_have_come(counts: dict[str, int], expected: list[str]) -> None:
    assert headlines.routine(counts) == expected


def days(*pairs: tuple[int, int]) -> list[Point]:
    return [Point(on=TODAY, run_id="r", council=str(i), numerator=n, denominator=d) for i, (n, d) in enumerate(pairs)]


def test_days_to_fix_claim_no_direction() -> None:
    assert (
        headlines.days_to_fix(days((0, 0)))
        == headlines.days_to_fix([])
        == ["No finding was found gone in the newest run."]
    )
    assert headlines.days_to_fix(days((31, 4)))[0] == "In the newest run: 31 days, over 4 findings that went."
    several = headlines.days_to_fix(days((31, 4), (92, 1), (0, 0)))
    assert several[0] == "In the newest run: 31 to 92 days, by council, over 5 findings that went."
    assert several[1].startswith("No direction is claimed")


def test_what_ends_soon_is_told_with_what_nobody_knows() -> None:
    assert headlines.support_answer(P) == [
        "Within 6 months support ends for 3 release lines, on 19 devices.",
        "Nobody here knows when support ends for 300 of 7,533 installed programs.",
        "More may end than is listed: Corvale has data missing or too old.",
    ]


def test_an_extension_on_offer_is_no_support_that_ends_and_what_has_ended_is_not_ahead() -> None:
    def only(what: str, on: date) -> str:
        return headlines.support_answer(replace(P, support_ends=[replace(P.support_ends[0], what=what, on=on)]))[0]

    none = "No support that a council holds is known to end within 6 months."
    assert only("extension", date(2026, 12, 1)) == only("support", BEFORE) == only("support", date(2027, 5, 1)) == none
    assert only("entitlement", TODAY) == "Within 6 months support ends for 1 release line, on 3 devices."
    assert only("support", date(2027, 4, 30)) != none


def test_nothing_installed_is_not_nothing_ending() -> None:
    said = ["Nothing can be said about ends of support: no installed program is on record."]
    assert headlines.support_answer(empty()) == headlines.support_answer(replace(P, support_known=[])) == said
    known = [replace(k, undated=0, unrecognised=0, later=k.later + k.undated + k.unrecognised) for k in P.support_known]
    assert headlines.support_answer(replace(P, support_known=known))[1] == (
        "The end of support is known for all 7,533 installed programs."
    )


@pytest.mark.parametrize(
    ("short", "sources", "first"),
    [
        (2, 12, "2 of 12 sources gave less than they should."),
        (1, 12, "1 of 12 sources gave less than it should."),
        (0, 12, "All 12 sources gave what they should."),
        (0, 1, "The one source gave what it should."),
        (0, 0, "No source is expected, so nothing could be seen."),
    ],
)
def test_what_was_not_seen(short: int, sources: int, first: str) -> None:
    assert headlines.unseen_answer(P, short, sources) == [
        first,
        "Corvale has data missing or too old.",
        "178 of 9,705 results are not known, and none of them counts as a pass.",
    ]
    assert headlines.unseen_answer(empty(), short, sources)[-1] == "No result is known."


def test_the_longest_span_that_can_be_compared_begins_with_todays_rules() -> None:
    def marked(on: date) -> Posture:
        points = [
            replace(q, mark="rules changed" if q.on == on else None)
            for q in P.trends["patched-on-time"] if q.council == "alderbeck"
        ]  # fmt: skip
        return replace(P, trends={"patched-on-time": points})

    def since(on: date) -> tuple[date | None, str]:
        c = compare(marked(on), "patched-on-time", over="longest")
        return c.since, c.direction

    assert since(date(1999, 1, 1)) == (MONTHS[0], "better")
    assert since(MONTHS[4]) == (MONTHS[4], "better")
    assert since(TODAY) == (MONTHS[0], "rules")
    assert compare(marked(MONTHS[4]), "patched-on-time", over="year").direction == "rules"


def test_one_council_that_began_early_is_no_base_for_all() -> None:
    begun = {"alderbeck": MONTHS[0], "brackenford": MONTHS[2], "threeways": MONTHS[5]}
    points = [q for q in P.trends["patched-on-time"] if q.on >= begun.get(q.council, date.max)]
    assert compare(replace(P, trends={"patched-on-time": points}), "patched-on-time", over="longest").since == MONTHS[2]
