"""Patching: all devices of a council in four parts, who has waited longest, and why the rest cannot be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from secscan.model.posture import Excluded, Posture
from secscan.render import figures
from secscan.render.pages import patching
from tests.render.postures import TODAY, finding, partnership
from tests.render.reader import Reader, cached, html_of, view_of
from tests.render.test_numbers import table_rows

P = partnership()
counts = st.integers(0, 500)


def rows_of(id: str, posture: Posture = P) -> list[list[str]]:
    made = cached("partnership") if posture is P else html_of(posture)
    return table_rows(Reader(made["patching.html"]), id)


@given(a=counts, b=counts, c=counts, d=counts)
def test_the_four_parts_add_up_to_the_devices_and_the_share_is_of_those_judged(a: int, b: int, c: int, d: int) -> None:
    row = replace(
        P.councils[0], assets=a + b + c + d, patched_in_time=a, patched_late=b, patched_unknown=c, patched_excluded=d
    )
    p = replace(P, councils=[row], excluded=[])
    cells = [cell.parts[0].text for cell in patching._table(view_of(p)).rows[0].cells]
    numbers = [int(text.replace(",", "")) for text in cells[1:6]]
    assert numbers == [a, b, c, d, a + b + c + d]
    assert (f"({a:,} of {a + b:,})" in cells[6]) == (a + b > c)
    bars = patching.bars(view_of(p))
    assert (bars is None) == (a + b + c + d == 0)
    said = [w for w in figures.disagreements(p) if "patched" in w]
    assert said == [], "the parts are all of the council's devices"


@given(a=counts, b=counts, c=counts, off=st.integers(1, 9))
def test_parts_that_are_not_all_of_the_devices_are_named_as_a_fault(a: int, b: int, c: int, off: int) -> None:
    row = replace(
        P.councils[0], assets=a + b + c + off, patched_in_time=a, patched_late=b, patched_unknown=c, patched_excluded=0
    )
    assert any("patched" in w for w in figures.disagreements(replace(P, councils=[row])))


@given(a=counts, b=counts, c=counts, hidden=counts, target=st.integers(1, 100))
def test_hiding_results_never_turns_not_met_into_met(a: int, b: int, c: int, hidden: int, target: int) -> None:
    moved = min(hidden, b)
    one = figures.totals([replace(P.councils[0], patched_in_time=a, patched_late=b, patched_unknown=c)])
    other = figures.totals(
        [replace(P.councils[0], patched_in_time=a, patched_late=b - moved, patched_unknown=c + moved)]
    )
    if figures.patching(one, target).word == "Not met":
        assert figures.patching(other, target).word in ("Not met", "Not known")


def test_what_is_left_out_has_its_words_reason_and_line() -> None:
    assert rows_of("excluded") == [
        ["PAT-01 policies/overlay.yaml:9", "Brackenford", "not type printer, network", "12 of 263",
         "No patch source covers their firmware yet."]
    ]  # fmt: skip


def test_only_exclusions_from_patching_stand_on_the_page() -> None:
    other = Excluded(
        council="corvale", control="LEG-04", theme="legacy", what="not type laptop", reason=None, assets=9, place=P.excluded[0].place
    )  # fmt: skip
    p = replace(P, excluded=[*P.excluded, other])
    assert len(rows_of("excluded", p)) == 1
    assert len(table_rows(Reader(html_of(p)["evidence.html"]), "excluded")) == 2


def test_an_update_known_to_be_exploited_says_so_and_comes_first_among_the_late() -> None:
    rows = rows_of("fixes")
    assert ["Known to be exploited" in r[0] for r in rows] == [True, False, False]
    p = replace(P, fixes=[replace(f, exploited=f.product.startswith("Windows"), severity="low") for f in P.fixes])
    assert rows_of("fixes", p)[0][0].startswith("Windows 11 23H2")


def test_the_twenty_devices_that_waited_longest_come_oldest_first() -> None:
    late = [
        finding("alderbeck", f"AB-{n:02}", "Chrome", evidence={"released_on": str(TODAY - timedelta(days=30 + n))}) for n in range(30)
    ] + [finding("alderbeck", "AB-05", "Edge", evidence={"released_on": TODAY - timedelta(days=400)})]  # fmt: skip
    rows = rows_of("oldest", replace(P, findings=late))
    assert len(rows) == 20
    assert (rows[0][0], rows[0][4], rows[0][5]) == ("ab-05.alderbeck.example AB-05", "400", "2")
    days = [int(r[4]) for r in rows]
    assert days == sorted(days, reverse=True)


def test_a_finding_without_a_day_of_release_is_not_among_the_oldest() -> None:
    odd = [
        finding("alderbeck", f"AB-{n}", "Chrome", evidence={"released_on": said})
        for n, said in enumerate((None, "soon", 7))
    ]
    assert "No device has an update past its window." in html_of(replace(P, findings=odd))["patching.html"]


def test_devices_that_wait_for_a_restart_are_listed_where_a_control_asks() -> None:
    (row,) = rows_of("restarts")
    assert row[0] == "ab-srv-030.alderbeck.example AB-SRV-030" and "secscan explain" in row[2]
    silent = replace(P, controls=[c for c in P.controls if c.id != "PAT-02"])
    assert "Waiting for a restart" not in html_of(silent)["patching.html"]
    nobody = replace(
        P, findings=[replace(f, outcome="unknown", count=4) if f.control == "PAT-02" else f for f in P.findings]
    )
    assert "No device is known to wait for a restart. For 4 rows nobody can tell." in html_of(nobody)["patching.html"]


def test_devices_that_no_source_names_come_before_sources_that_fell_silent() -> None:
    rows = rows_of("untold")
    assert [(r[0], r[1], r[2]) for r in rows] == [
        ("Alderbeck", "No source of updates names them", "6"),
        ("Corvale", "fixes: nobody knows whether a fix is missing", "143"),
    ]
    assert rows[0][3] == "ab-srv-019 and ab-srv-021"


def test_what_cannot_be_patched_leads_to_the_register() -> None:
    text = cached("partnership")["patching.html"]
    assert f'<a class="govuk-link" href="legacy.html">{len(P.legacy)} unsupported systems</a>' in text
