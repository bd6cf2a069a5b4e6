"""Trends, support calendar and what was not seen: the pages hold what the posture says, and add up."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest

from secscan.model.horizon import months_after
from secscan.model.posture import Point, SupportEnd
from secscan.render.data import tables
from secscan.render.measures import BY_ID, MEASURES
from secscan.render.pages import not_seen, support
from tests.render.postures import BEFORE, MONTHS, TODAY, partnership
from tests.render.reader import Reader, cached, html_of, view_of
from tests.render.test_numbers import table_rows

P = partnership()
VIEW = view_of(P)


def page(name: str, kind: str = "partnership"):  # type: ignore[no-untyped-def]
    return Reader(cached(kind)[name])


# ------------------------------------------------------------------------------------------------------- trends


def test_each_measure_on_record_has_a_drawing_in_two_sizes_sentences_and_its_numbers() -> None:
    reader = page("trends.html")
    shown = [m for m in MEASURES if m.id in P.trends]
    assert [e.attributes["id"] for e in reader.all("figure")] == [m.id for m in shown]
    assert len(reader.all("svg")) == 2 * len(shown)
    for m in shown:
        rows = table_rows(reader, f"{m.id}-numbers")
        assert len(rows) == len({q.on for q in P.trends[m.id]})


def test_the_numbers_are_those_of_the_record_and_a_silent_council_has_none() -> None:
    rows = table_rows(page("trends.html"), "patched-on-time-numbers")
    assert rows[-1][0] == "31 October 2026"
    assert rows[-1][1] == "96.2% (381 of 396)"
    assert rows[-1][3] == rows[-2][3] == "not known: too old"
    assert rows[-3][3] != "not known: too old"


def test_a_measure_that_began_later_says_since_when_and_one_without_a_figure_is_named() -> None:
    shown = page("trends.html").shown
    assert "On record since 31 March 2026." in shown
    assert "Facts on which sources agree" in shown


def test_a_record_without_the_newer_measures_makes_a_page() -> None:
    old = ("patched-on-time", "unsupported-unprotected", "coverage", "protections-proven", "open-findings")
    made = html_of(replace(P, trends={m: P.trends[m] for m in old}, support_known=[], support_ends=[], coverage=[]))
    reader = Reader(made["trends.html"])
    assert len(reader.all("figure")) == len(old)
    words = [cell for row in table_rows(reader, "routine") for cell in row[1:3]]
    assert not [w for w in words if w.startswith(("Embedded", "Regular"))]
    assert "Nothing can be said about ends of support" in made["support.html"]
    assert "not on record for this run" in made["not-seen.html"]


def test_a_first_run_has_figures_and_no_line() -> None:
    reader = page("trends.html", "first_run")
    assert not reader.all("svg")
    assert "Alderbeck: 96.2% (381 of 396)" in reader.shown


def test_a_fifth_council_is_in_the_table_and_the_four_that_need_it_most_are_drawn() -> None:
    def fifth(points: list[Point]) -> list[Point]:
        return [
            replace(q, council="oak", numerator=q.denominator, mark=None) for q in points if q.council == "alderbeck"
        ]

    more = replace(
        P, councils=[*P.councils, replace(P.councils[0], id="oak", name="Zedham Council")],
        trends={m: [*points, *fifth(points)] for m, points in P.trends.items()},
    )  # fmt: skip
    text = html_of(more)["trends.html"]
    assert "The 4 that need most attention are drawn, of 5." in text
    assert "100% (396 of 396)" in text
    figure = text.split('id="patched-on-time"')[1].split("</svg>")[0]
    assert "Zedham" not in figure and "Corvale" in figure


def test_every_mark_in_a_drawing_is_in_the_table_of_marks() -> None:
    rows = table_rows(page("trends.html", "rules_changed"), "marks")
    assert [r[:3] for r in rows] == [
        ["1", "31 July 2026", "All councils"],
        ["1", "31 July 2026", "Alderbeck"],
        ["1", "31 July 2026", "Brackenford"],
        ["2", "30 September 2026", "Corvale"],
    ]
    assert "since 31 July 2026" in page("trends.html", "rules_changed").shown


def test_a_long_record_stays_a_small_page() -> None:
    weeks = [TODAY - timedelta(days=7 * n) for n in range(520)][::-1]
    trends = {
        m: [replace(q, on=on, run_id=f"{on}-0600", mark=None) for on in weeks for q in points if q.on == MONTHS[5]]
        for m, points in P.trends.items()
    }
    text = html_of(replace(P, trends=trends))["trends.html"]
    assert len(text.encode()) < 1_000_000
    assert "60 of 520 shown; all are in" in text


# ------------------------------------------------------------------------------------------------------- support


def test_every_end_within_the_horizon_is_listed_once_under_its_months() -> None:
    reader = page("support.html")
    listed = [row for id, _, _ in support.horizons(VIEW) for row in table_rows_or_none(reader, id)]
    assert len(listed) == len(P.support_ends)
    assert sum(int(row[3]) for row in listed) == sum(e.assets for e in P.support_ends)


def table_rows_or_none(reader, id: str) -> list[list[str]]:  # type: ignore[no-untyped-def]
    return table_rows(reader, id) if reader.by_id(f"{id}-caption") else []


@pytest.mark.parametrize(
    ("on", "where"),
    [
        (TODAY, "within-3"),
        (months_after(TODAY, 3), "within-3"),
        (months_after(TODAY, 3) + timedelta(days=1), "within-6"),
        (months_after(TODAY, 12), "within-12"),
        (months_after(TODAY, 24), "within-24"),
        (TODAY - timedelta(days=1), "ended"),
        (TODAY - timedelta(days=365), "ended"),
        (TODAY - timedelta(days=366), None),
        (months_after(TODAY, 24) + timedelta(days=1), None),
    ],
)
def test_the_edges_of_each_horizon(on: date, where: str | None) -> None:
    ends = [replace(P.support_ends[0], on=on)]
    found = {id for id, _, rows in support.horizons(view_of(replace(P, support_ends=ends))) if rows}
    assert found == ({where} if where else set())


def test_councils_with_the_same_end_are_one_row_with_each_ones_devices() -> None:
    def end(council: str, assets: int, services: list[str]) -> SupportEnd:
        return replace(P.support_ends[0], council=council, assets=assets, services=services)

    ends = [end("corvale", 2, ["Rents"]), end("alderbeck", 3, ["Events", "Rents"])]
    reader = Reader(html_of(replace(P, support_ends=ends))["support.html"])
    (row,) = table_rows(reader, "within-3")
    assert row[1:6] == ["PHP 8.2", "Support", "5", "Alderbeck 3 and Corvale 2", "Events and Rents"]


def test_a_drawing_of_months_counts_what_is_held_and_no_offer() -> None:
    made = support.by_month(VIEW)
    assert made is not None
    text = str(made["svg"])
    assert "December 2026: 3." in text and "April 2028" not in text
    offers = [replace(e, what="extension") for e in P.support_ends]
    assert support.by_month(view_of(replace(P, support_ends=offers))) is None


def test_what_is_known_of_ends_adds_up_to_the_installed_programs() -> None:
    reader = page("support.html")
    for row, council in zip(table_rows(reader, "known"), P.councils, strict=True):
        numbers = [int(cell.replace(",", "")) for cell in row[1:]]
        assert numbers[0] == sum(numbers[1:]) == council.installs


# ------------------------------------------------------------------------------------------------------ not seen


def spots() -> dict[str, str]:
    return {row[0]: row[1] for row in table_rows(page("not-seen.html"), "blind-spots")}


def test_every_blind_spot_has_its_count_and_agrees_with_the_other_pages() -> None:
    found = spots()
    t = {
        n: sum(getattr(c, n) for c in P.councils)
        for n in ("assets", "seen_fresh", "listed", "installs", "recognised", "patched_unknown")
    }
    assert found["Devices not seen lately"] == f"{t['assets'] - t['seen_fresh']} of {t['assets']}"
    assert found["Devices without a software list"] == f"{t['assets'] - t['listed']} of {t['assets']}"
    assert found["Program names that nothing recognises"] == f"{t['installs'] - t['recognised']} of {t['installs']:,}"
    assert found["Devices that one source alone names"] == f"{sum(c.only_here for c in P.coverage)} of {t['assets']}"
    assert found["Sources that gave less than they should"] == "5 of 12"
    assert found["Controls that are switched off"] == f"1 of {len(P.controls)}"
    assert found["Councils with data missing or too old"] == "1 of 4"
    assert found["Ways to unsupported systems that cannot be told"].startswith("4 of ")


def test_a_silent_source_says_since_when_it_does_not_count() -> None:
    rows = {row[0].split(" ")[0]: row for row in table_rows(page("not-seen.html"), "sources")}
    assert "not counted since the run of 30 September 2026" in rows["corvale-fixes"][3]
    assert not_seen.silent_since(P, "corvale") == BEFORE
    assert not_seen.silent_since(P, "alderbeck") is None
    assert next(iter(rows)) == "corvale-fixes"


def test_a_source_is_as_bad_as_its_worst_file() -> None:
    first = P.inputs[0]
    both = [replace(first, state="whole"), replace(first, state="missing", file=None)]
    (source,) = not_seen.sources(replace(P, inputs=both))
    assert [not_seen._state(source)] == ["missing"]


def test_a_firewall_file_that_did_not_come_is_counted() -> None:
    firewall = replace(
        P.inputs[0], council="", source="core-fw", kind="secscan-rules", state="missing", file=None, sha256=None
    )
    reader = Reader(html_of(replace(P, inputs=[*P.inputs, firewall]))["not-seen.html"])
    found = {row[0]: row[1] for row in table_rows(reader, "blind-spots")}
    assert found["Firewall files that were not read whole"] == "1 of 1"
    row = next(r for r in table_rows(reader, "sources") if r[0].startswith("core-fw"))
    assert row[1] == "All councils" and row[2] == "Missing"


def test_what_each_source_saw_is_told_as_a_count_of_a_count() -> None:
    rows = {(row[0].split(" ")[0]): row for row in table_rows(page("not-seen.html"), "coverage")}
    assert len(rows) == len(P.coverage)
    assert rows["alderbeck-register"][3:7] == ["402 of 402", "402 of 402", "400 of 402", "5 of 402"]
    assert rows["alderbeck-software"][7:] == ["3,618", "3,587 of 3,618"]


def test_two_sources_that_disagree_are_shown_with_what_is_used_first() -> None:
    ((_, _, fact, used, others),) = table_rows(page("not-seen.html"), "disagreements")
    assert fact == "os" and used == "Windows 10 22H2 (alderbeck-register, 31 October 2026)"
    assert others.startswith("Windows 11 24H2 (alderbeck-agent, 30 September 2026)")


def test_controls_that_judged_nothing_are_named_with_the_reason() -> None:
    broken = [replace(P.controls[0], error="division by zero"), *P.controls[1:]]
    rows = table_rows(Reader(html_of(replace(P, controls=broken))["not-seen.html"]), "idle-controls")
    assert [(r[0].split(" ")[0], r[3], r[4]) for r in rows] == [
        ("PAT-01", "Broke", "division by zero"),
        ("INV-09", "Switched off", "No source tells this yet."),
    ]


def test_the_new_data_files_hold_every_row() -> None:
    made = {name: list(csv.reader(io.StringIO(text))) for name, text in tables(VIEW).items()}
    assert len(made["support-ends.csv"]) == 1 + len(P.support_ends)
    assert len(made["support-known.csv"]) == 1 + len(P.support_known)
    assert len(made["coverage.csv"]) == 1 + len(P.coverage)
    assert [row[4] for row in made["disagreements.csv"]] == ["used", "true", "false"]


def test_tables_are_capped_and_name_the_file_with_all() -> None:
    many = replace(
        P, coverage=P.coverage * 200, support_ends=[replace(P.support_ends[0], label=f"PHP {n}") for n in range(1_200)],
        disagreements=P.disagreements * 1_100, inputs=[replace(P.inputs[0], source=f"s{n}") for n in range(1_001)],
    )  # fmt: skip
    made = html_of(many)
    assert "1000 of 1,200 shown" in made["support.html"].replace("1,000 of", "1000 of")
    for said in ("of 2,400 shown; all are in", "of 1,100 shown; all are in", "of 1,001 shown; all are in"):
        assert said in made["not-seen.html"]


def test_measures_of_a_page_are_compared_the_right_way_round() -> None:
    from secscan.render.compare import HIGHER_IS_BETTER

    assert set(BY_ID) <= set(HIGHER_IS_BETTER)
