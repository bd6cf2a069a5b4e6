"""Situations to exact sentences: what a reader is told first must be true in each of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from secscan.model.posture import CouncilRow, LegacyRow, Point, Posture
from secscan.render import headlines
from secscan.render.compare import Comparison
from secscan.render.figures import totals
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


LEGACY = partnership().legacy
ONE = [r for r in LEGACY if r.asset == "CV-SRV-014"]


@pytest.mark.parametrize(
    ("rows", "whole", "expected"),
    [
        ([], True, ["No unsupported system was found."]),
        ([], False, ["No unsupported system was found where we could look."]),
        (ONE, True, ["2 unsupported systems run on 1 device.", "2 have no working protection.",
                     "2 can be reached from a network that policy does not trust."]),
        ([replace(LEGACY[5], routes_open=0)], False, ["1 unsupported system runs on 1 device.", "0 have no working protection.",
                                                      "0 can be reached from a network that policy does not trust."]),
    ],
)  # fmt: skip
def test_the_register_and_its_councils(rows: list[LegacyRow], whole: bool, expected: list[str]) -> None:
    assert headlines.legacy_answer(rows, whole) == expected


def test_the_parts_of_the_register() -> None:
    assert headlines.none_protects(0, 14, True) == "No unsupported system is without a claimed protection."
    assert (
        headlines.none_protects(0, 14, False)
        == "No unsupported system is without a claimed protection where we could look."
    )
    assert headlines.none_protects(1, 14, True) == "1 of 14 unsupported systems has no protection that anybody claims."
    assert headlines.none_protects(8, 14, True) == "8 of 14 unsupported systems have no protection that anybody claims."
    assert headlines.disproven(0, 14) == "No protection of an unsupported system was tested and found not to work."
    assert (
        headlines.disproven(2, 14) == "The protection of 2 of 14 unsupported systems was tested and found not to work."
    )


def test_support_that_is_about_to_end() -> None:
    rest = "A product whose last day nobody knows is not in this list."
    assert headlines.ending_answer([], True) == ["No end of support within 12 months is known.", rest]
    assert headlines.ending_answer([], False) == [
        "No end of support within 12 months is known where we could look.",
        rest,
    ]
    ends = partnership().support_ends
    assert headlines.ending_answer(ends[:1], True) == [
        "Support ends within 12 months for 1 release line.", "The first is PHP 8.2, on 31 December 2026.", rest,
    ]  # fmt: skip
    assert headlines.ending_answer(ends[:3], True)[:2] == [
        "Support ends within 12 months for 3 release lines.", "The first is PostgreSQL 13, on 13 November 2026."
    ]  # fmt: skip


NOTHING_READ = "No firewall file that was read says who can reach it."


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ONE, ["Nobody mends 2 products on this device any more: the first support ended on 12 July 2022, 1,572 days ago.",
               "Its protection was tested and does not work.",
               "2 ways in or out are open to networks that policy does not trust; 1 cannot be told."]),
        ([replace(ONE[0], protection="none", routes=[], routes_open=0, routes_unknown=0)], [
            "Nobody mends 1 product on this device any more: support ended on 10 October 2023, 1,117 days ago.",
            "Nobody claims that anything protects it.", NOTHING_READ]),
        ([replace(ONE[0], eol_on=None, protection="claimed", routes_open=1, routes_unknown=0)], [
            "Nobody mends 1 product on this device any more; no last day is stated.",
            "A protection is claimed, and nobody has tested it.",
            "1 way in or out is open to networks that policy does not trust."]),
        ([replace(ONE[0], protection="configured", routes_open=0, routes_unknown=3)], [
            "Nobody mends 1 product on this device any more: support ended on 10 October 2023, 1,117 days ago.",
            "The rules that were read protect it; no packets have shown it yet.",
            "No open way in or out was found; 3 cannot be told."]),
        ([replace(ONE[0], protection="proven", routes_open=0, routes_unknown=0)], [
            "Nobody mends 1 product on this device any more: support ended on 10 October 2023, 1,117 days ago.",
            "Its protection is proven.", "No open way in or out was found."]),
        ([replace(ONE[0], protection="cannot-tell", routes=[], routes_open=0, routes_unknown=0, status="accepted",
                  exception_until=date(2026, 12, 31))], [
            "Nobody mends 1 product on this device any more: support ended on 10 October 2023, 1,117 days ago.",
            "What was read does not decide whether its protection works.", NOTHING_READ,
            "The risk is accepted until 31 December 2026."]),
    ],
)  # fmt: skip
def test_one_device_of_the_register(rows: list[LegacyRow], expected: list[str]) -> None:
    assert headlines.system_answer(rows, TODAY) == expected


def test_a_device_is_as_badly_protected_as_its_worst_product_and_accepted_only_whole() -> None:
    mixed = [
        replace(ONE[0], protection="proven", status="accepted", exception_until=TODAY),
        replace(ONE[1], protection="none"),
    ]
    said = headlines.system_answer(mixed, TODAY)
    assert "Nobody claims that anything protects it." in said
    assert not [s for s in said if "accepted" in s]
    odd = headlines.system_answer([replace(ONE[0], protection="hopeful"), replace(ONE[1], protection="proven")], TODAY)
    assert "Its protection is called hopeful, which no page knows." in odd


def test_claimed_protections() -> None:
    proven = [c for c in partnership().claims if c.state == "proven"]
    assert headlines.mitigations_answer([], TODAY) == ["No protection is claimed."]
    assert headlines.mitigations_answer(partnership().claims, TODAY) == [
        "1 of 6 claimed protections is proven.", "1 was tested and found not to work.",
    ]  # fmt: skip
    assert headlines.mitigations_answer(proven, TODAY) == [
        "1 of 1 claimed protections is proven.",
        "None was found not to work.",
    ]
    soon = [replace(proven[0], lapses_on=date(2026, 11, 30)), replace(proven[0], id="B", lapses_on=date(2026, 12, 1))]
    assert headlines.mitigations_answer(soon, TODAY)[2:] == ["The proof of 1 lapses within 30 days."]
    assert [c.id for c in headlines.lapsing([*soon, replace(soon[0], id="C", state="claimed")], TODAY)] == ["MIT-001"]


def test_exceptions() -> None:
    rows = partnership().exceptions
    assert headlines.exceptions_answer([]) == ["No risk is on record as accepted."]
    assert headlines.exceptions_answer(rows) == [
        "1 of 3 exceptions is past its last day.", "1 finding counts again for that reason.",
        "1 exception matches nothing any more.",
    ]  # fmt: skip
    assert headlines.exceptions_answer([r for r in rows if r.state == "in-force"]) == [
        "0 of 1 exceptions are past their last day."
    ]
    two = [replace(rows[1], findings=["a", "b"])] * 2
    assert headlines.exceptions_answer(two) == [
        "2 of 2 exceptions are past their last day.",
        "4 findings count again for that reason.",
    ]


def test_what_the_run_rests_on() -> None:
    whole = partnership()
    assert headlines.evidence_answer(whole) == [
        "7 of 12 files that the run needs came whole.",
        "Controls judged 9,705 rows; the result is known for 98.1% (9,527 of 9,705).",
    ]
    assert headlines.evidence_answer(empty()) == ["No file was read.", "No control judged anything."]


def test_what_policy_leaves_out_of_patching() -> None:
    p = partnership()
    assert headlines.patching_excluded(totals(p.councils)) == [
        "Policy leaves 12 of 837 devices out of patching; the reasons are below."
    ]
    assert headlines.patching_excluded(totals(p.councils[:1])) == []
    assert "Policy leaves 12 of 837 devices out" in cached("partnership")["patching.html"]
