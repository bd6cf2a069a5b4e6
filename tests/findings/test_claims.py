"""How a claim stood, run by run: spells, from what each run kept of its claims."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from secscan.findings import spells, standing
from secscan.model.estate import Estate
from secscan.model.places import Files
from secscan.model.words import CLAIM_STATES
from tests.render.postures import claim

DAYS = [date(2026, month, 28) for month in range(1, 9)]
TODAY = date(2026, 10, 31)
NOW = claim("M-1", "alderbeck", "A1", "disproven", "tcp/445 gets through")


def kept(state: str, why: str | None = None, **more: Any) -> dict[str, Any]:
    return {"M-1": {"state": state, "since": None, **({"why": why} if why else {}), **more}}


def told(*past: tuple[date, dict[str, Any]]) -> list[tuple[str, date, date, int, str | None]]:
    (found,) = spells(past, [NOW], TODAY)
    return [(s.state, s.first_on, s.last_on, s.runs, s.why) for s in found.spells]


def test_runs_in_one_state_are_one_spell_with_what_the_first_of_them_found() -> None:
    past = [
        (DAYS[0], kept("claimed", "nobody looked")),
        (DAYS[1], kept("proven", "it held")),
        (DAYS[2], kept("proven")),
    ]
    assert told(*past) == [
        ("claimed", DAYS[0], DAYS[0], 1, "nobody looked"), ("proven", DAYS[1], DAYS[2], 2, "it held"),
        ("disproven", TODAY, TODAY, 1, "tcp/445 gets through"),
    ]  # fmt: skip
    assert told() == [("disproven", TODAY, TODAY, 1, "tcp/445 gets through")]


def test_a_run_in_which_it_was_not_claimed_breaks_the_spell() -> None:
    past = [(DAYS[0], kept("disproven", "a way")), (DAYS[1], {}), (DAYS[2], kept("disproven"))]
    assert told(*past) == [("disproven", DAYS[0], DAYS[0], 1, "a way"), ("disproven", DAYS[2], TODAY, 2, None)]


def test_of_several_runs_of_one_day_the_last_counts_and_keeps_why_the_first_of_them_found_it_so() -> None:
    past = [(DAYS[0], kept("claimed")), (DAYS[1], kept("proven", "it held")), (DAYS[1], kept("proven"))]
    assert told(*past)[1] == ("proven", DAYS[1], DAYS[1], 1, "it held")
    past = [(DAYS[1], kept("proven", "it held")), (DAYS[1], kept("claimed"))]
    assert told(*past)[0] == ("claimed", DAYS[1], DAYS[1], 1, None)
    assert told((TODAY, kept("proven", "this morning"))) == told()


def test_a_claim_of_the_same_name_of_another_council_is_none_of_its_past() -> None:
    assert told((DAYS[0], kept("proven", "theirs", council="corvale"))) == told()
    assert len(told((DAYS[0], kept("proven", "ours", council="alderbeck")))) == 2


def test_a_run_keeps_why_a_state_is_another_than_before_and_no_more() -> None:
    estate = Estate(today=TODAY, files=Files(), frames={}, notes={"claims": [NOW]})
    first = standing(estate, {})
    assert first["M-1"] == {
        "council": "alderbeck",
        "state": "disproven",
        "since": "2026-09-30",
        "why": "tcp/445 gets through",
    }
    assert "why" not in standing(estate, first)["M-1"]
    assert "why" in standing(estate, kept("proven"))["M-1"]


states = st.lists(st.sampled_from([*CLAIM_STATES, None]), max_size=len(DAYS))


@given(states)
def test_every_run_with_the_claim_is_in_one_spell_and_the_spells_follow_each_other(past: list[str | None]) -> None:
    found = told(*((on, kept(s) if s else {}) for on, s in zip(DAYS, past, strict=False)))
    assert sum(runs for *_, runs, _ in found) == 1 + sum(s is not None for s in past)
    for (_, _, last, _, _), (_, first, _, _, _) in pairwise(found):
        assert last < first
