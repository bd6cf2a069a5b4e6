"""The register and its parts: every row somewhere, a page for each device that has room, and nothing left out unsaid."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.model.places import Place
from secscan.model.posture import LegacyRow, Posture, Route
from secscan.render import site, words
from secscan.render.pages import legacy as page
from secscan.render.pages import system
from secscan.render.site import PAGE_LIMIT
from secscan.render.view import SYSTEM_PAGES
from tests.render.postures import TODAY, claim, finding, legacy, partnership, register, route, support_ends
from tests.render.reader import Parser, Reader, cached, html_of, view_of
from tests.render.test_numbers import table_rows

P = partnership()
V = view_of(P)


def of_device(council: str, asset: str, posture: Posture = P) -> Parser:
    made = cached("partnership") if posture is P else html_of(posture)
    return Reader(made[view_of(posture).described[council, asset]])


def section(reader: Parser, id: str) -> str:
    """The text between a heading and the next one of its level."""
    start = next(i for i, e in enumerate(reader.elements) if e.attributes.get("id") == id)
    end = next(i for i, e in enumerate(reader.elements) if i > start and e.tag == "h2")
    return " ".join(e.text for e in reader.elements[start:end] if e.tag in ("p", "li", "dd", "dt", "h3", "tr"))


def test_each_device_of_the_register_has_a_page_with_all_its_products() -> None:
    devices = {(r.council, r.asset) for r in P.legacy}
    assert set(V.described) == devices
    for council, asset in devices:
        rows = table_rows(of_device(council, asset), "products")
        assert len(rows) == sum((r.council, r.asset) == (council, asset) for r in P.legacy)


def test_a_page_says_why_the_device_is_legacy_with_source_row_catalogue_line_and_date() -> None:
    text = section(of_device("corvale", "CV-SRV-014"), "why")
    for said in (
        "Windows Server 2012 R2", "10 October 2023", "1,117", "secscan/knowledge/catalogue/microsoft.yaml:212",
        "inventory/corvale/2026-10-31/software.csv:1187", "SQL Server 2012", "12 July 2022",
    ):  # fmt: skip
        assert said in text
    assert text.count("secscan explain ") == 2


def test_a_page_says_what_can_reach_the_device_by_which_line_and_what_a_scan_saw() -> None:
    rows = table_rows(of_device("corvale", "CV-SRV-014"), "ways")
    assert ["corvale-offices", "tcp/445", "In", "Yes", "core-fw rule 118 firewalls/core-fw/2026-10-30/running.cfg:118", "Let through"] in rows  # fmt: skip
    assert rows[-1][:3] == ["internet", "any", "Out"] and rows[-1][3].startswith("Cannot tell")


def test_a_page_shows_protection_its_proof_and_only_the_history_that_is_known() -> None:
    text = section(of_device("corvale", "CV-SRV-014"), "protection")
    assert "MIT-003" in text and "Disproven" in text and "tcp/445 from corvale-offices is let through" in text
    assert "secscan exposure --to CV-SRV-014 --council corvale --from corvale-offices --port tcp/445" in text
    assert "30 September 2026" in text and "21 October 2026" in text and "Proof lapses" not in text
    proven = section(of_device("alderbeck", "AB-SRV-019"), "protection")
    assert "12 January 2027" in proven and "Proof lapses" in proven
    assert "Nobody claims a protection" in section(of_device("alderbeck", "AB-SRV-007"), "protection")


def test_a_page_names_the_exception_and_the_decision() -> None:
    accepted = of_device("brackenford", "BB-SRV-044")
    assert "EXC-001: In force, last day 31 December 2026" in section(accepted, "exceptions")
    assert "Decision needed" not in accepted.shown
    late = of_device("alderbeck", "AB-SRV-007")
    assert "EXC-002: Overdue" in section(late, "exceptions")
    assert "Who decides: No owner recorded; by 14 October 2026, which has passed." in late.shown


def test_a_page_lists_the_devices_other_findings_and_not_those_of_its_products_again() -> None:
    rows = table_rows(of_device("corvale", "CV-SRV-014"), "findings")
    assert len(rows) == 1 and "tcp/445 from corvale-offices is let through secscan explain" in rows[0][0]


def test_what_waiting_costs_rests_on_dates_that_are_known() -> None:
    rows = [r for r in P.legacy if r.asset == "CV-SRV-014"]
    assert system.waiting(rows, [], TODAY) == [
        "No security update for 1,572 days, and one more each day.",
        "Windows Server 2012 R2: the maker's extension ended on 13 October 2026, so no update can be bought.",
    ]
    offered = replace(rows[0], extended_on=date(2027, 1, 1))
    assert system.waiting([offered], [], TODAY)[1] == (
        "Windows Server 2012 R2: the maker offers an extension until 1 January 2027; it is not held here."
    )
    held = replace(rows[0], entitled_until=date(2026, 10, 1))
    assert system.waiting([held], [], TODAY) == [
        "No security update for 30 days, and one more each day.",
        "Windows Server 2012 R2: the extended support that this council held ran until 1 October 2026.",
    ]
    assert system.waiting([replace(rows[0], eol_on=None, extended_on=None)], [], TODAY) == []


@pytest.mark.parametrize(("said", "shown"), [(True, True), (False, False), (None, False), ("yes", False)])
def test_known_to_be_exploited_is_said_only_where_the_data_says_so(said: object, shown: bool) -> None:
    used = finding("corvale", "CV-SRV-014", "SQL Server 2012", evidence={"exploited": said})
    made = system.waiting([r for r in P.legacy if r.asset == "CV-SRV-014"], [used], TODAY)
    assert any("known to be exploited" in line for line in made) == shown
    text = of_device("corvale", "CV-SRV-014", replace(P, findings=[*P.findings, used]))
    assert ("known to be exploited" in section(text, "waiting")) == shown


zone, port = st.sampled_from(["a", "b", "c"]), st.sampled_from(["tcp/1", "tcp/2", "any"])
ways = st.lists(
    st.tuples(zone, port, st.sampled_from(["in", "out"]), st.sampled_from([True, False, None]), st.sampled_from(["r1", None])),
    max_size=14, unique_by=lambda w: w[:3],
)  # fmt: skip


@settings(deadline=None)
@given(ways=ways)
def test_ways_that_are_told_together_are_each_told_once(
    ways: list[tuple[str, str, str, bool | None, str | None]],
) -> None:
    routes = [
        Route(zone=z, port=p, direction=d, reach=r, partly=False, rule=rule, place=None, observed=None) for z, p, d, r, rule in ways
    ]  # fmt: skip
    verdict = {"Yes": True, "No": False, "Cannot tell": None}
    told: list[tuple[str, str, str, bool | None]] = []
    for row in system.routes(replace(P.legacy[0], routes=routes)).rows:
        zones, ports, way, reach = (c.parts[0].text for c in row.cells[:4])
        told += product(re.split(", | and ", zones), re.split(", | and ", ports), [way.lower()], [verdict[reach]])
    assert Counter(told) == Counter((z, p, d, r) for z, p, d, r, _ in ways)


def test_the_parts_hold_the_rows_that_they_are_named_after() -> None:
    made = cached("partnership")

    def rows(file: str) -> list[list[str]]:
        return table_rows(Reader(made[file]), "register")

    assert len(rows("legacy-no-protection.html")) == sum(r.protection == "none" for r in P.legacy)
    assert len(rows("legacy-disproven.html")) == sum(r.protection == "disproven" for r in P.legacy)
    by_council = [rows(f"legacy-of-{c.id}.html") if c.unsupported else [] for c in P.councils]
    assert sum(map(len, by_council)) == len(P.legacy) == len(rows("legacy.html"))
    for row in rows("legacy-of-corvale.html"):
        assert row[1] == "Corvale"


def test_every_part_leads_to_the_others_and_says_how_much_each_holds() -> None:
    made = cached("partnership")
    for file in ("legacy.html", "legacy-disproven.html", "legacy-ending.html", "legacy-of-corvale.html"):
        nav = next(
            e for e in Reader(made[file]).all("nav") if e.attributes.get("aria-label") == "Parts of the register"
        )
        assert nav.text == (
            "All (14) No protection (8) Disproven (2) Support ends within 12 months (4) Alderbeck (9) Brackenford (3) Corvale (2) "
            "Threeways Shared ICT (0)"
        )
        here = [e for e in Reader(made[file]).elements if e.tag == "b" and "aria-current" in e.attributes]
        assert len(here) == 1


def test_one_council_alone_has_no_page_of_its_own_part() -> None:
    alone = replace(P, councils=P.councils[:1], legacy=[r for r in P.legacy if r.council == "alderbeck"])
    assert not [name for name in html_of(alone) if name.startswith("legacy-of-")]


def test_support_that_ends_within_twelve_months_is_listed_by_day_and_what_has_ended_is_not() -> None:
    rows = table_rows(Reader(cached("partnership")["legacy-ending.html"]), "ending")
    assert [(r[0].split(" secscan")[0], r[2], r[3]) for r in rows] == [
        ("PostgreSQL 13", "13 November 2026", "The maker's support"),
        ("PHP 8.2", "31 December 2026", "The maker's support"),
        ("Windows Server 2016", "12 January 2027", "The maker's support"),
        ("SQL Server 2016", "14 July 2027", "Extended support that the council holds"),
    ]


def test_the_last_day_within_twelve_months_counts_and_the_next_does_not() -> None:
    ends = [
        replace(support_ends()[0], on=day)
        for day in (TODAY, date(2027, 10, 31), date(2027, 11, 1), TODAY - timedelta(days=1))
    ]
    shown = page.ending(view_of(replace(P, support_ends=ends)))
    assert [e.on for e in shown] == [TODAY, date(2027, 10, 31)]
    assert words.months_on(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert words.months_on(date(2026, 10, 31), 4) == date(2027, 2, 28)


def many(count: int) -> list[LegacyRow]:
    return [
        legacy("alderbeck", f"AB-OLD-{n:05}", label, f"Service {n}", None, "none", routes=[route("internet", f"tcp/{p}", True) for p in range(40)])
        for n in range(count) for label in ("Windows 7", "Office 2010")
    ]  # fmt: skip


def test_with_thousands_of_devices_the_gravest_have_a_page_and_the_register_says_how_many(tmp_path: Path) -> None:
    old = many(SYSTEM_PAGES * 2)
    kept = legacy("alderbeck", "ZZ-LAST", "Windows 7", "Records", date(2020, 1, 14), "proven", mitigations=["MIT-001"])
    written = {w.path.name: w.size for w in site(replace(P, legacy=[*old, kept]), tmp_path)}
    own = [name for name in written if name.startswith("system-")]
    assert len(own) == SYSTEM_PAGES
    assert max(size for name, size in written.items() if name.endswith(".html")) <= PAGE_LIMIT
    text = (tmp_path / "legacy.html").read_text(encoding="utf-8")
    assert f"{SYSTEM_PAGES} of {SYSTEM_PAGES * 2 + 1} devices have a page of their own" in text
    assert f"of {len(old) + 1:,} shown; all are in" in text
    assert set(re.findall(r"system-[0-9a-f]{12}\.html", text)) <= set(own)
    view = view_of(replace(P, legacy=[*old, kept]))
    assert ("alderbeck", "ZZ-LAST") in view.described, "a protected device is told of first"
    assert sum(size for name, size in written.items() if name.endswith(".html")) < 60_000_000


def test_names_of_pages_hold_nothing_of_the_inventory_and_stay_the_same() -> None:
    assert (
        V.described["corvale", "CV-SRV-014"]
        == view_of(replace(P, legacy=register()[:1])).described["corvale", "CV-SRV-014"]
    )
    assert all(re.fullmatch(r"system-[0-9a-f]{12}\.html", name) for name in V.described.values())


def test_decisions_claims_and_exceptions_lead_to_the_device() -> None:
    made = cached("partnership")
    file = V.described["corvale", "CV-SRV-014"]
    assert all(f'href="{file}"' in made[name] for name in ("index.html", "council-corvale.html", "mitigations.html"))
    assert f'href="{V.described["brackenford", "BB-SRV-044"]}"' in made["exceptions.html"]


def test_devices_of_one_service_lead_to_each_other() -> None:
    rows = [replace(r, service="Payroll") for r in register() if r.council == "alderbeck"]
    text = of_device("alderbeck", "AB-SRV-007", replace(P, legacy=rows)).shown
    assert "Also on this service AB-SRV-021 AB-LAP-001" in text or "Also on this service" in text
    assert "AB-SRV-007" not in text.split("Also on this service")[1].split("Why it is legacy")[0]


def test_a_claim_about_another_product_of_the_device_is_not_its_protection() -> None:
    other = claim("MIT-9", "alderbeck", "AB-SRV-007", "proven", "blocked", product="java")
    reader = of_device("alderbeck", "AB-SRV-007", replace(P, claims=[*P.claims, other]))
    assert "MIT-9" not in section(reader, "protection")


def test_a_place_that_nobody_states_is_said_to_be_missing() -> None:
    bare = replace(register()[0], support_place=None, source_place=Place(""))
    assert section(of_device("corvale", "CV-SRV-014", replace(P, legacy=[bare])), "why").count("Not stated") == 2
