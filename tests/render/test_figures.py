"""The word for a figure holds whatever the unknowns turn out to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.posture import CouncilRow
from secscan.render import figures
from secscan.render.figures import bounded
from tests.render.postures import empty, partnership

ORDER = ["Not met", "Not known", "Nearly met", "Met"]
small = st.integers(0, 60)


@pytest.mark.parametrize(
    ("passed", "failed", "unknown", "word"),
    [
        (0, 0, 0, "Not applicable"),
        (95, 5, 0, "Met"),
        (94, 6, 0, "Nearly met"),
        (90, 10, 0, "Nearly met"),
        (89, 11, 0, "Not met"),
        (95, 0, 5, "Met"),
        (94, 0, 6, "Nearly met"),
        (0, 0, 100, "Not known"),
        (50, 5, 45, "Not known"),
        (50, 6, 44, "Not met"),
    ],
)
def test_against_a_target_of_95_percent(passed: int, failed: int, unknown: int, word: str) -> None:
    assert bounded(passed, failed, unknown, 95) == word


@given(passed=small, failed=small, unknown=small, target=st.integers(1, 100))
def test_met_and_not_met_hold_for_every_way_the_unknowns_can_fall(
    passed: int, failed: int, unknown: int, target: int
) -> None:
    word = bounded(passed, failed, unknown, target)
    for good in range(unknown + 1):
        truth = bounded(passed + good, failed + unknown - good, 0, target)
        if word == "Met":
            assert truth == "Met"
        if word == "Not met":
            assert truth in ("Not met", "Nearly met")
            assert truth != "Met"
        if word == "Nearly met":
            assert truth in ("Nearly met", "Met")


@given(passed=small, failed=small, unknown=small, hidden=small, target=st.integers(1, 100))
def test_seeing_less_never_makes_a_word_better_than_not_known(
    passed: int, failed: int, unknown: int, hidden: int, target: int
) -> None:
    before = bounded(passed, failed, unknown, target)
    after = bounded(passed, failed - min(hidden, failed), unknown + min(hidden, failed), target)
    if before == "Not met":
        assert after in ("Not met", "Not known")


def council(**given: object) -> CouncilRow:
    return replace(partnership().councils[0], **given)  # type: ignore[arg-type]


def test_a_council_that_sent_nothing_meets_nothing() -> None:
    p = empty()
    for row in p.councils:
        words = {t: r.word for t, r in figures.results(p, [row]).items()}
        assert "Met" not in words.values() and "Nearly met" not in words.values()
        assert (
            words["Patching"] == words["Unsupported software"] == words["Network"] == words["Inventory"] == "Not known"
        )


def test_a_share_is_not_shown_where_most_devices_are_unknown() -> None:
    t = figures.totals([council(patched_in_time=0, patched_late=5, patched_unknown=143)])
    assert figures.patching(t, 95) == figures.Result(word="Not known", says="5 known to be late; 143 not known")


def test_devices_that_policy_leaves_out_are_said_and_meet_nothing() -> None:
    nothing = council(patched_in_time=0, patched_late=0, patched_unknown=0, patched_excluded=40)
    assert figures.patching(figures.totals([nothing]), 95) == figures.Result(word="Not applicable", says="40 excluded")
    some = council(patched_in_time=90, patched_late=10, patched_unknown=0, patched_excluded=1_000)
    assert figures.patching(figures.totals([some]), 95).word == "Nearly met"
    assert figures.patching(figures.totals([some]), 95).says == "90% (90 of 100) on time; 1,000 excluded"


@pytest.mark.parametrize(
    ("claims", "proven", "configured", "disproven", "word"),
    [
        (0, 0, 0, 0, "Not applicable"),
        (3, 3, 0, 0, "Met"),
        (3, 2, 1, 0, "Nearly met"),
        (3, 2, 0, 0, "Not known"),
        (3, 2, 0, 1, "Not met"),
    ],
)
def test_protections(claims: int, proven: int, configured: int, disproven: int, word: str) -> None:
    t = figures.totals(
        [council(claims=claims, claims_proven=proven, claims_configured=configured, claims_disproven=disproven)]
    )
    assert figures.protections(t).word == word


def test_unsupported_software_that_all_has_an_exception_is_accepted_until_the_first_ends() -> None:
    rows = [r for r in partnership().legacy if r.exception]
    later = replace(rows[0], asset="other", exception_until=date(2027, 6, 30))
    t = figures.totals([council(unsupported=2, unsupported_unprotected=2)])
    assert figures.unsupported(t, [rows[0], later], 0, 10, True).word == "Accepted until 31 December 2026"
    open_row = replace(later, status="open")
    assert figures.unsupported(t, [rows[0], open_row], 0, 10, True).word == "Not met"


@pytest.mark.parametrize(
    ("unknown", "judged", "sure", "word"),
    [
        (0, 100, True, "Met"),
        (0, 100, False, "Not known"),
        (5, 100, True, "Nearly met"),
        (6, 100, True, "Not known"),
        (0, 0, True, "Not known"),
    ],
)
def test_no_unsupported_software_is_met_only_when_all_of_it_could_be_judged(
    unknown: int, judged: int, sure: bool, word: str
) -> None:
    t = figures.totals([council(unsupported=0, unsupported_unprotected=0)])
    assert figures.unsupported(t, [], unknown, judged, sure).word == word


def test_figures_that_their_lists_do_not_add_up_to_are_named() -> None:
    p = partnership()
    assert figures.disagreements(p) == []
    wrong = replace(p, councils=[replace(p.councils[0], unsupported=p.councils[0].unsupported + 1), *p.councils[1:]])
    assert figures.disagreements(wrong) == ["Alderbeck District Council: unsupported says 10, its list holds 9"]
