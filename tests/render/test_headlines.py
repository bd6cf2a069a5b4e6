"""Situations to exact sentences: what a reader is told first must be true in each of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from secscan.model.posture import CouncilRow, Point, Posture
from secscan.render import headlines
from secscan.render.compare import Comparison
from tests.render.postures import BEFORE, TODAY, empty, first_run, partnership
from tests.render.reader import Reader, cached

MOST_WORDS = 25
BLOCKS = ("p", "ul", "dl", "span", "h3")


def calm(**given: object) -> Posture:
    """Two councils, everything seen, the same as last time."""
    p = partnership()
    rows = [
        replace(c, stale=False, complete=True, patched_unknown=0, unsupported=0, unsupported_unprotected=0)
        for c in p.councils[:2]
    ]
    values: dict[str, object] = {"councils": rows, "gaps": [], "complete": True, "trends": trend((90, 100), (90, 100))}
    return replace(p, **{**values, **given})  # type: ignore[arg-type]


def trend(then: tuple[int, int] | None, now: tuple[int, int], mark: str | None = None) -> dict[str, list[Point]]:
    made = [
        Point(on=TODAY, run_id=f"{TODAY}-0600", council="alderbeck", numerator=now[0], denominator=now[1], mark=mark)
    ]
    if then:
        made.insert(0, Point(on=BEFORE, run_id="before", council="alderbeck", numerator=then[0], denominator=then[1]))
    return {"patched-on-time": made}


def rows(p: Posture, **given: object) -> list[CouncilRow]:
    return [replace(p.councils[0], **given), *p.councils[1:]]  # type: ignore[arg-type]


SAME = "The share of devices that get updates on time is as it was on 30 September 2026, like for like."
NONE = "No unsupported system was found."

SITUATIONS: dict[str, tuple[Posture, int, list[str]]] = {
    "nothing legacy, nothing moved": (calm(), 0, [NONE, SAME]),
    "decisions all the same": (calm(), 1, ["No unsupported system was found, but 1 decision is due in the next 90 days.", SAME]),
    "better": (calm(trends=trend((80, 100), (90, 100))), 0, [
        NONE, "A larger share of devices gets updates on time than on 30 September 2026, like for like."]),
    "worse": (calm(trends=trend((90, 100), (80, 100))), 0, [
        NONE, "A smaller share of devices gets updates on time than on 30 September 2026, like for like."]),
    "less was judged": (calm(trends=trend((80, 100), (50, 50))), 0, [
        NONE, "Less could be judged than on 30 September 2026, so we cannot say that patching got better."]),
    "rules changed": (calm(trends=trend((80, 100), (95, 100), "rules changed")), 0, [
        NONE, "The rules changed after 30 September 2026, so patching cannot be compared."]),
    "stopped": (calm(trends=trend((80, 100), (0, 0), "silent")), 0, [
        NONE, "We cannot say whether patching got better or worse: data is missing."]),
    "first run": (calm(trends=trend(None, (90, 100)), previous_as_of=None), 0, [
        NONE, "This is the first run, so there is nothing to compare it with yet."]),
    "one system, no protection": (calm(councils=rows(calm(), unsupported=1, unsupported_unprotected=1)), 2, [
        "The one unsupported system has no working protection, and 2 decisions are due in the next 90 days.", SAME]),
    "one of many": (calm(councils=rows(calm(), unsupported=40, unsupported_unprotected=1)), 0, [
        "1 of 40 unsupported systems has no working protection.", SAME]),
    "all protected": (calm(councils=rows(calm(), unsupported=40)), 0, ["All 40 unsupported systems have a working protection.", SAME]),
    "one, protected": (calm(councils=rows(calm(), unsupported=1)), 0, ["The one unsupported system has a working protection.", SAME]),
    "unknown patching": (calm(councils=rows(calm(), patched_unknown=7)), 0, [NONE, SAME, "Patching is not known for 7 devices."]),
    "a council stopped": (calm(councils=rows(calm(), stale=True)), 0, [
        "No unsupported system was found where we could look.", SAME,
        "Part of the picture is missing: Alderbeck has data missing or too old."]),
    "a file is missing": (calm(gaps=[{"council": "brackenford", "source": "s", "why": "missing", "says": "x", "stale": False}]), 0, [
        "No unsupported system was found where we could look.", SAME,
        "Part of the picture is missing: Brackenford has data missing or too old."]),
    "rows were refused": (calm(gaps=[{"council": "brackenford", "source": "s", "why": "refused-rows", "says": "x", "stale": False}]), 0, [
        NONE, SAME]),
    "an incomplete run": (calm(complete=False), 0, [
        "No unsupported system was found where we could look.", SAME, "Part of the picture is missing: this run did not see everything."]),
}  # fmt: skip


@pytest.mark.parametrize(("posture", "due", "expected"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_answer(posture: Posture, due: int, expected: list[str]) -> None:
    assert headlines.answer(posture, due) == expected


def test_a_gain_among_those_who_reported_says_so() -> None:
    assert headlines.answer(partnership(), 4) == [
        "12 of 14 unsupported systems have no working protection, and 4 decisions are due in the next 90 days.",
        "A larger share of devices gets updates on time than on 30 September 2026, in the councils that reported both times.",
        "Part of the picture is missing: Corvale has data missing or too old.",
    ]


def test_nothing_at_all_came() -> None:
    assert headlines.answer(empty(), 0) == [
        "No unsupported system was found where we could look.",
        "This is the first run, so there is nothing to compare it with yet.",
        "Part of the picture is missing: Alderbeck, Brackenford and 2 more have data missing or too old.",
    ]


def test_a_silent_council_is_told_apart_from_a_bad_one() -> None:
    corvale = partnership().councils[2]
    assert headlines.council_answer(corvale, partnership(), 1) == [
        "2 of 2 unsupported systems have no working protection, and 1 decision is due in the next 90 days.",
        "We cannot say whether patching got better or worse: data is missing.",
        "Part of the picture is missing: some of its data did not come or is too old.",
    ]


@pytest.mark.parametrize(
    ("standings", "title"),
    [
        ([("Alderbeck", "above"), ("Brackenford", "near"), ("Corvale", "stopped")],
         "Alderbeck is on or above the target line; Brackenford is just below it; Corvale has no recent data"),
        ([("A", "above"), ("B", "above")], "A and B are on or above the target line"),
        ([("A", "below")], "A is below the target line"),
        ([("A", "not known"), ("B", "stopped"), ("C", "stopped")], "A is not known; B and C have no recent data"),
        ([], "No council has data yet"),
    ],
)  # fmt: skip
def test_the_title_of_the_chart(standings: list[tuple[str, headlines.Standing]], title: str) -> None:
    assert headlines.chart_title(standings) == title


@pytest.mark.parametrize(
    ("counted", "mark", "word", "expected"),
    [
        ((95, 100), None, "Met", "above"),
        ((90, 100), None, "Not met", "near"),
        ((89, 100), None, "Not met", "below"),
        ((10, 10), None, "Not known", "not known"),
        ((0, 0), None, "Not known", "stopped"),
        ((99, 100), "silent", "Met", "stopped"),
    ],
)
def test_where_a_line_ends(counted: tuple[int, int], mark: str | None, word: str, expected: str) -> None:
    point = Point(on=TODAY, run_id="r", council="a", numerator=counted[0], denominator=counted[1], mark=mark)
    assert headlines.standing(point, word, 95) == expected
    assert headlines.standing(None, word, 95) == "stopped"


def test_a_note_on_a_share_gives_points_and_base() -> None:
    c = Comparison(
        measure="patched-on-time",
        direction="better",
        since=date(2026, 9, 30),
        then=(900, 1000),
        now=(921, 1000),
        councils=("a",),
    )
    assert headlines.moved(c) == "Up 2.1 points since 30 September 2026, like for like."
    assert (
        headlines.moved(replace(c, direction="worse", now=(880, 1000)))
        == "Down 2.0 points since 30 September 2026, like for like."
    )
    assert headlines.moved(replace(c, direction="narrower")) == "Less could be judged, so not called better."


def sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.?!])\s+(?=[A-Z0-9])", text) if s]


@pytest.mark.parametrize("kind", ["partnership", "first_run", "empty"])
def test_no_sentence_is_longer_than_25_words(kind: str) -> None:
    for name, text in cached(kind).items():
        for paragraph in prose(text):
            for sentence in sentences(paragraph):
                assert len(sentence.split()) <= MOST_WORDS, (name, sentence)


def prose(page: str) -> list[str]:
    found = [
        e
        for e in Reader(page).all("p", "li", "dd", "figcaption", "span")
        if not any(c.tag in BLOCKS for c in e.children)
    ]
    return [e.text for e in found if e.tag != "span" or e.attributes.get("class") == "app-figure__note"]


def test_first_runs_never_speak_of_change() -> None:
    assert "since 30 September" not in cached("first_run")["index.html"]
    assert first_run().previous_as_of is None
