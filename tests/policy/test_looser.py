"""What counts as asking for less than the baseline, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.policy import Control, Scope
from secscan.policy.looser import looser, lower_version

from .desk import CHECKS, COUNCILS, load, overlay

LOOSER = [
    # entry, what, before, after, column of the place
    ("{id: OLD, severity: medium}", "severity", "high", "medium"),
    ("{id: OLD, due: 91 days}", "due", "90 days", "91 days"),
    ("{id: OLD, mitigated_by: configured}", "mitigated_by", "proven", "configured"),
    ("{id: FIX, mitigated_by: proven}", "mitigated_by", "no", "proven"),
    ("{id: FIX, unknowns: per-issue}", "unknowns", "each", "per-issue"),
    ("{id: OLD, unknowns: per-council}", "unknowns", "per-issue", "per-council"),
    ("{id: OLD, scope: {type: [server]}}", "scope", "everything", "type server"),
    ("{id: OLD, scope: {not: {type: [printer]}}}", "scope", "everything", "not type printer"),
    (
        "{id: WAY, scope: {type: [server], not: {zone: [lab]}}}",
        "scope", "type server, desktop; not zone lab", "type server; not zone lab",
    ),
    (
        "{id: WAY, scope: {type: [server, desktop], not: {zone: [lab, lan]}}}",
        "scope", "type server, desktop; not zone lab", "type server, desktop; not zone lab, lan",
    ),
    ("{id: OLD, disabled: Not needed here.}", "disabled", "on", "off: Not needed here."),
    ("{id: OLD, with: {grace_days: 1}}", "with.grace_days", "0", "1"),
    ("{id: SEEN, with: {max_age_days: 46}}", "with.max_age_days", "45", "46"),
    ("{id: FIX, with: {window_days: {low: 181}}}", "with.window_days.low", "180", "181"),
    ("{id: FIX, with: {window_days: {moderate: 15}}}", "with.window_days.moderate", "14", "15"),
    ("{id: FIX, with: {otherwise_days: 15}}", "with.otherwise_days", "14", "15"),
    ("{id: FIX, with: {score: 90}}", "with.score", "70", "90"),
    ("{id: FIX, with: {word: epss}}", "with.word (changed)", "cvss", "epss"),
    ("{id: WAY, with: {trusted_zones: [lan]}}", "with.trusted_zones", "none", "lan"),
    ("{id: WAY, with: {ports: [tcp/22]}}", "with.ports", "tcp/22, tcp/3389", "tcp/22"),
    ("{id: WAY, with: {depth: 2}}", "with.depth", "3", "2"),
    ("{id: OLD, with: {accept_all: true}}", "with.accept_all (changed)", "false", "true"),
    ("{id: OLD, with: {accepted_products: [a]}}", "with.accepted_products (changed)", "none", "a"),
    ("{id: OLD, check: demo.unseen}", "check (changed)", "demo.old-software", "demo.unseen"),
]  # fmt: skip

TIGHTER = [
    "{id: OLD, severity: critical}",
    "{id: OLD, due: 89 days}",
    "{id: OLD, mitigated_by: no}",
    "{id: OLD, unknowns: each}",
    "{id: WAY, scope: {type: [server, desktop, laptop]}}",
    "{id: WAY, scope: {not: {zone: [lab]}}}",
    "{id: SEEN, with: {max_age_days: 44}}",
    "{id: FIX, with: {window_days: {critical: 7, low: 30, moderate: 14}, otherwise_days: 7, score: 40}}",
    "{id: WAY, with: {trusted_zones: [], ports: [tcp/3389, tcp/22, tcp/23], depth: 4}}",
    "{id: WAY, title: Other words, text: Other words, references: [CAF v3.2 B4.d], theme: legacy}",
    "{id: OLD, disabled: false}",
]


@pytest.mark.parametrize(("entry", "what", "before", "after"), LOOSER, ids=[row[0] for row in LOOSER])
def test_asking_for_less_is_recorded_with_its_reason_and_line(tmp_path, entry, what, before, after):
    entry = entry.replace("{id", "{reason: Agreed., id", 1)
    found = load(tmp_path, overlay(f"controls:\n  - {entry}\n", councils=["corvale"]))
    (one,) = found.loosened
    assert (one.what, one.before, one.after) == (what, before, after)
    assert (one.councils, one.reason) == (frozenset({"corvale"}), "Agreed.")
    assert (one.place.file, one.place.line) == ("overlay1.yaml", 6)
    assert one.place.column > 5
    assert not found.warnings


@pytest.mark.parametrize("entry", TIGHTER)
def test_asking_for_more_or_saying_it_otherwise_is_not_recorded(tmp_path, entry):
    assert load(tmp_path, overlay(f"controls:\n  - {entry}\n")).loosened == ()


def test_without_a_reason_there_is_a_warning(tmp_path):
    found = load(tmp_path, overlay("controls:\n  - {id: OLD, due: 365 days}\n"))
    assert found.loosened[0].reason is None
    assert found.loosened[0].councils == frozenset(COUNCILS)
    assert found.warnings == (
        "overlay1.yaml:5:15: OLD: asks for less than before (due: 90 days -> 365 days) and gives no 'reason'",
    )


def test_the_reason_for_switching_off_is_the_reason(tmp_path):
    found = load(tmp_path, overlay("controls:\n  - {id: OLD, disabled: Not needed here.}\n"))
    assert found.loosened[0].reason == "Not needed here."
    assert not found.warnings


def test_what_a_later_overlay_takes_back_is_not_recorded(tmp_path):
    found = load(
        tmp_path,
        overlay("controls:\n  - {id: OLD, due: 365 days, reason: Long.}\n"),
        overlay("controls:\n  - {id: OLD, due: 30 days}\n", councils=["corvale"]),
    )
    assert [(one.councils, one.after) for one in found.loosened] == [
        (frozenset({"alderbeck", "brackenford"}), "365 days")
    ]


def test_a_control_of_an_overlay_is_measured_against_its_own_first_form(tmp_path):
    own = "controls:\n  - {id: MINE, check: demo.unseen, title: T, text: T, theme: inventory, severity: low, due: 5 days}\n"
    found = load(tmp_path, overlay(own), overlay("controls:\n  - {id: MINE, due: 6 days}\n", councils=["corvale"]))
    assert [(one.control, one.what, one.place.file) for one in found.loosened] == [("MINE", "due", "overlay2.yaml")]


@pytest.mark.parametrize(
    ("python", "what"),
    [
        ('"3.9"', ("minimum version of python", "3.10", "3.9")),
        ("none", ("minimum version of python", "3.10", "none")),
        ('"3.11"', None),
        ('"3.10.0"', None),
        ('"4"', None),
        ("3.x", ("minimum version of python (changed)", "3.10", "3.x")),
    ],
)
def test_a_lower_minimum_version_is_a_loosening(tmp_path, python, what):
    found = load(tmp_path, overlay(f"minimum_versions: {{python: {python}}}\nreason: Agreed.\n"))
    assert [(one.what, one.before, one.after) for one in found.loosened] == ([what] if what else [])
    assert all((one.control, one.reason) == ("minimum_versions", "Agreed.") for one in found.loosened)


def test_counting_free_extended_support_is_a_loosening(tmp_path):
    (one,) = load(tmp_path, overlay("free_extensions: [debian]\n")).loosened
    assert (one.control, one.what) == ("free_extensions", "free extended support of debian")
    assert str(one.place) == "overlay1.yaml:4:19"


def test_versions_that_are_not_dotted_numbers_are_neither_lower_nor_higher():
    assert lower_version("1.9", "1.10") is False
    assert lower_version("1.10", "1.9") is True
    assert lower_version("1.0", "1") is False
    assert lower_version("1.0", "1.0a") is None


# ------------------------------------------------------------------------------------------------ properties

SPEC = CHECKS["demo.late-fix"]
WORDS = st.sampled_from(["critical", "high", "low", "moderate"])
WINDOWS = st.dictionaries(WORDS, st.integers(0, 400))


def control(windows: dict[str, int], otherwise: int, score: int, due: int) -> Control:
    params = {**SPEC.params, "window_days": windows, "otherwise_days": otherwise, "score": score}
    return Control(
        id="FIX", check=SPEC.id, title="t", text="t", theme="patching", severity="high", due_days=due, params=params
    )


@given(WINDOWS, st.integers(1, 400), st.integers(0, 100), st.integers(1, 400), st.data())
def test_tightening_a_window_is_never_a_loosening(windows, otherwise, score, due, data):
    before = control(windows, otherwise, score, due)
    tighter = {k: data.draw(st.integers(0, v)) for k, v in windows.items()}
    new = data.draw(st.dictionaries(WORDS.filter(lambda w: w not in windows), st.integers(0, otherwise)))
    after = control(
        {**tighter, **new},
        data.draw(st.integers(0, otherwise)),
        data.draw(st.integers(0, score)),
        data.draw(st.integers(1, due)),
    )
    assert list(looser(before, after, SPEC)) == []


@given(WINDOWS.filter(bool), st.data())
def test_widening_any_window_is_always_a_loosening(windows, data):
    before = control(windows, 14, 70, 14)
    word = data.draw(st.sampled_from(sorted(windows)))
    after = control({**windows, word: windows[word] + data.draw(st.integers(1, 99))}, 14, 70, 14)
    assert [c.what for c in looser(before, after, SPEC)] == [f"with.window_days.{word}"]


VALUES = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1).map(tuple)
SCOPES = st.builds(
    Scope, only=st.dictionaries(st.sampled_from(["type", "zone"]), VALUES),
    excluded=st.dictionaries(st.sampled_from(["type", "zone"]), VALUES),
)  # fmt: skip


def rows(scope: Scope) -> set[tuple[str, str]]:
    every = [(t, z) for t in "abcd" for z in "abcd"]
    return {
        row
        for row in every
        if all(dict(zip(("type", "zone"), row, strict=True))[k] in v for k, v in scope.only.items())
        and not any(dict(zip(("type", "zone"), row, strict=True))[k] in v for k, v in scope.excluded.items())
    }


@given(SCOPES, SCOPES)
def test_a_scope_that_leaves_a_row_out_is_never_missed(one, other):
    base = control({}, 14, 70, 14)
    found = list(looser(replace(base, scope=one), replace(base, scope=other), SPEC))
    if rows(one) - rows(other):
        assert [c.what for c in found] == ["scope"]
    if one == other:
        assert found == []
