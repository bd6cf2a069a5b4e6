"""The pages of zones and of claims: every pair somewhere, a word in every cell, and nothing left out unsaid."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from secscan.model.posture import ClaimSpell, PairRow, Posture, ZoneMatrix
from secscan.render import headlines, strips
from secscan.render.data import tables
from secscan.render.pages import matrix as page
from secscan.render.site import PAGE_LIMIT
from secscan.render.view import CLAIM_PAGES
from tests.render.postures import BEFORE, MONTHS, TODAY, claim, matrix, pair, partnership, spell
from tests.render.reader import Parser, Reader, cached, html_of, view_of
from tests.render.test_numbers import table_rows

P = partnership()
V = view_of(P)
M = matrix()


def zone_page(zone: str, posture: Posture = P) -> Parser:
    made = cached("partnership") if posture is P else html_of(posture)
    return Reader(made[view_of(posture).zone_pages[zone]])


def claim_page(council: str, id: str, posture: Posture = P) -> Parser:
    made = cached("partnership") if posture is P else html_of(posture)
    return Reader(made[view_of(posture).claim_pages[council, id]])


def grids(reader: Parser) -> dict[str, list[str]]:
    """Column -> the cells below it, over every table of words."""
    found: dict[str, list[str]] = {}
    for table in (e for e in reader.all("table") if "app-matrix" in e.attributes["class"]):
        heads = [h.text for h in table.children[1].children[0].children]
        for row in table.children[2].children:
            start = row.children[0].text.split(" ")
            for head, cell in zip(heads[1:], row.children[1:], strict=True):
                found.setdefault(head, []).append(f"{' '.join(start[:2])}: {cell.text}")
    return found


# -- zones


def test_every_pair_has_its_word_and_how_many_ports_get_through() -> None:
    found = grids(Reader(cached("partnership")["matrix.html"]))
    assert found["Corvale servers"] == [
        "Internet internet: Blocked 0 of 2 ports", "Corvale offices: Partly Against policy 2 of 2 ports", "Corvale servers: same zone",
    ]  # fmt: skip
    assert found["Internet"] == [
        "Internet internet: same zone", "Corvale offices: Permitted 2 of 2 ports", "Corvale servers: Blocked 0 of 2 ports",
    ]  # fmt: skip
    assert found["Corvale offices"][0] == "Internet internet: Cannot tell 0 of 2 ports"


def test_what_is_against_policy_comes_first_with_its_rule_packet_control_and_claim() -> None:
    reader = Reader(cached("partnership")["matrix.html"])
    (row,) = table_rows(reader, "against")
    for said in (
        "Corvale offices", "to Corvale servers", "tcp/445", "4,096 of 4,096 addresses reach 1 of 256", "core-fw rule 118",
        "firewalls/core-fw/2026-10-30/running.cfg:118", "permit tcp offices servers eq 445", "and 1 more rule",
        "Packet: 10.60.0.7 to 10.60.16.9, tcp 49152 to 445", "NET-06", "MIT-003",
    ):  # fmt: skip
        assert said in " ".join(row), said
    assert "1 of 6 pairs of zones lets through" in reader.all("main")[0].text
    assert "Ports that fewest devices listen on: tcp/9191." in reader.all("main")[0].text


def test_a_zone_s_page_has_a_word_for_each_zone_and_port_and_the_rule_behind_each() -> None:
    reader = zone_page("corvale-servers")
    found = grids(reader)
    assert list(found) == ["Any port", "tcp/443", "tcp/445"]
    assert found["tcp/445"] == ["Internet internet: Blocked", "Corvale offices: Partly Against policy"]
    assert len(table_rows(reader, "rules")) == sum(r.to_zone == "corvale-servers" for r in M.pairs)
    assert "10.60.16.0/24" in reader.all("main")[0].text


def test_ipv6_and_old_exports_and_untold_ways_are_said_beside_the_word() -> None:
    text = zone_page("internet").all("main")[0].text
    assert "over IPv6" in text and "by an export that is no longer current" in text
    assert (
        "no firewall export covers the traffic between the two zones"
        in zone_page("corvale-offices").all("main")[0].text
    )


def test_words_of_both_families_make_one_word() -> None:
    def word(*verdicts: Any) -> str:
        return page.verdict([pair("a", "b", ["any"], v, ip=ip) for v, ip in zip(verdicts, (4, 6), strict=False)], "any")

    assert word("permitted", "permitted") == "permitted"
    assert word("blocked", "permitted") == word("permitted", "cannot-tell") == word("partly", "blocked") == "partly"
    assert word("blocked", "cannot-tell") == word() == "cannot-tell"


def test_a_pair_that_nobody_followed_is_not_known_and_no_pass() -> None:
    bare = replace(P, matrix=replace(M, pairs=[r for r in M.pairs if r.to_zone != "internet"]))
    found = grids(Reader(html_of(bare)["matrix.html"]))
    assert found["Internet"][1:] == ["Corvale offices: Not known", "Corvale servers: Not known"]
    assert set(grids(zone_page("internet", bare))["Any port"]) == {
        "Corvale offices: Not known",
        "Corvale servers: Not known",
    }


def test_a_run_that_kept_no_matrix_says_so() -> None:
    made = html_of(replace(P, matrix=None))
    assert "This run kept no matrix of its zones" in made["matrix.html"]
    assert not [name for name in made if name.startswith("zone-")]


@pytest.mark.parametrize(
    ("found", "sentences"),
    [
        (M, ["1 of 6 pairs of zones lets through what policy or a claim says is shut.", "For 1 pair something cannot be told."]),
        (replace(M, pairs=[r for r in M.pairs if not r.controls and r.verdict != "cannot-tell"]),
         ["Between 6 pairs of zones nothing gets through that policy or a claim says is shut."]),
        (replace(M, pairs=[], controls=[]),
         ["No claim is contradicted. No control names ports and zones of users, so policy could not be held against the rules."]),
        (replace(M, zones=M.zones[:1], pairs=[]), ["There are not two zones, so nothing passes from one to another."]),
    ],
)  # fmt: skip
def test_the_first_sentences_follow_from_the_rows(found: ZoneMatrix, sentences: list[str]) -> None:
    assert headlines.matrix_answer(found) == sentences


def big(count: int) -> Posture:
    zones = [replace(M.zones[1], id=f"zone-{n:02}", name=f"Zone number {n} of the council") for n in range(count)]
    ports = ["any", *(f"tcp/{n}" for n in range(19))]
    text = "permit from somewhere to somewhere else by way of " * 4
    pairs: list[PairRow] = [
        pair(a.id, b.id, [port], "partly", text=text, sources=9, targets=9, to_networks=["10.60.16.9/32"] * 5)
        for a in zones for b in zones if a.id != b.id for port in ports
    ]  # fmt: skip
    return replace(P, matrix=replace(M, zones=zones, services=ports, pairs=pairs))


def test_the_largest_matrix_keeps_its_pages_small_and_says_what_is_left_out() -> None:
    made = {n: t for n, t in html_of(big(60)).items() if n.startswith(("matrix", "zone-"))}
    assert len(made) == 61 and max(len(t.encode()) for t in made.values()) <= PAGE_LIMIT
    assert "all are in <a" in made[view_of(big(60)).zone_pages["zone-00"]]
    assert "Packet: " in made["matrix.html"] or "None. Nothing" in made["matrix.html"]


def test_the_data_file_has_a_line_for_each_service_of_each_pair() -> None:
    rows = list(csv.DictReader(io.StringIO(tables(V)["zone-matrix.csv"])))
    assert len(rows) == sum(len(r.services) for r in M.pairs)
    against = [r for r in rows if r["controls"]]
    assert [(r["from_zone"], r["to_zone"], r["service"], r["verdict"], r["targets"], r["claims"]) for r in against] == [
        ("corvale-offices", "corvale-servers", "tcp/445", "partly", "1", "MIT-003")
    ]
    assert against[0]["packet"] == "10.60.0.7 to 10.60.16.9, tcp 49152 to 445"
    assert [r["id"] for r in csv.DictReader(io.StringIO(tables(V)["zones.csv"]))] == [z.id for z in M.zones]


# -- claims


def test_each_claim_has_a_page_that_other_pages_lead_to() -> None:
    made = cached("partnership")
    for (council, id), file in V.claim_pages.items():
        assert f'href="{file}"' in made["mitigations.html"], (council, id)
    assert f'href="{V.claim_pages["corvale", "MIT-003"]}"' in made[V.described["corvale", "CV-SRV-014"]]
    assert f'href="{V.claim_pages["corvale", "MIT-003"]}"' in made["matrix.html"]


def test_a_claim_s_page_has_its_words_what_decides_it_and_every_way() -> None:
    text = claim_page("corvale", "MIT-003").all("main")[0].text
    for said in (
        "File sharing and remote desktop are blocked from office networks", "Network Manager", "policies/mitigations.yaml:12",
        "tcp/445 and tcp/3389", "corvale-offices and internet, and nothing may go out to there either", "90 days", "It is disproven",
        "core-fw rule 118", "permit tcp offices servers eq 445", "OFFICES, then FLOOR-2", "10.60.0.7 to 10.60.16.9, tcp 49152 to 445",
        "secscan exposure --to CV-SRV-014 --council corvale --from corvale-offices --port tcp/445",
        "secscan exposure --to CV-SRV-014 --council corvale --from internet --port tcp/3389",
    ):  # fmt: skip
        assert said in text, said
    ways = table_rows(claim_page("corvale", "MIT-003"), "ways")
    assert ways[0][3:] == [
        "Yes, from some addresses", "core-fw rule 118 firewalls/core-fw/2026-10-30/running.cfg:118",
        "Let through open, from corvale-offices on 21 October 2026",
    ]  # fmt: skip
    assert ways[1][3].startswith("Cannot tell") and ways[1][5] == "Nobody looked"


def test_a_claim_s_page_lists_the_findings_that_rest_on_it_and_no_others() -> None:
    rows = table_rows(claim_page("corvale", "MIT-003"), "findings")
    mine = [f for f in P.findings if (f.council, f.mitigation) == ("corvale", "MIT-003")]
    assert len(rows) == len(mine) > 1
    assert "No finding of this run rests on this claim." in claim_page("alderbeck", "MIT-006").all("main")[0].text


def test_a_proof_says_when_it_lapses_and_another_state_does_not() -> None:
    assert "The proof lapses on 12 January 2027, in 73 days." in claim_page("alderbeck", "MIT-001").all("main")[0].text
    assert "Proof lapses" not in claim_page("corvale", "MIT-003").all("main")[0].text


def test_a_scan_of_long_ago_and_what_changed_since_are_told() -> None:
    old = replace(P.claims[0].ways[0], lapsed=True)
    own = replace(
        P, claims=[replace(P.claims[0], state="configured", ways=[old], changed=["rule core-fw 12"]), *P.claims[1:]]
    )
    reader = claim_page("alderbeck", "MIT-001", own)
    assert (
        "Changed since it was proven" in reader.all("main")[0].text and "rule core-fw 12" in reader.all("main")[0].text
    )
    assert table_rows(reader, "ways")[0][5].endswith("too long ago to count")


def test_a_claim_that_rests_on_a_control_names_it_and_how_to_ask() -> None:
    own = replace(P, claims=[*P.claims[:-1], replace(P.claims[-1], control="PAT-01")])
    text = claim_page("alderbeck", "MIT-006", own).all("main")[0].text
    assert "Rests on control" in text and "PAT-01" in text and "secscan explain AB-SRV-030 --council alderbeck" in text
    assert "Must be shut" not in text


def test_the_history_strip_and_its_table_tell_the_same_states_and_days() -> None:
    reader = claim_page("corvale", "MIT-003")
    rows = table_rows(reader, "spells")
    assert [r[0] for r in rows] == ["1 Claimed", "2 Proven", "3 Disproven"]
    assert rows[2][1:] == ["30 September 2026", "31 October 2026", "2", "tcp/445 from corvale-offices is let through"]
    assert rows[1][4] == "Not kept by that run"
    (wide, narrow) = reader.all("svg")
    said = "Claimed from 30 November 2025, then Proven from 31 March 2026, then Disproven from 30 September 2026"
    assert said in wide.children[1].text and said in narrow.children[1].text
    drawn = [e.text for e in wide.children if e.tag == "text"]
    assert "2 Proven" in drawn and drawn[-2:] == ["30 November 2025", "31 October 2026"]


def test_the_page_of_the_device_tells_how_its_protection_stood() -> None:
    made = cached("partnership")[V.described["corvale", "CV-SRV-014"]]
    history = next(e for e in Reader(made).elements if e.attributes.get("class") == "app-history")
    assert [i.text.split(" MIT")[0] for i in history.children] == [
        "30 November 2025", "31 March 2026", "30 September 2026", "21 October 2026",
    ]  # fmt: skip


def test_a_claim_without_history_has_a_sentence_and_no_strip() -> None:
    reader = claim_page("brackenford", "MIT-002")
    assert reader.all("svg") == [] and "This run kept no history of its claims." in reader.all("main")[0].text


def test_a_stretch_ends_where_the_next_begins_and_where_the_claim_was_not_made() -> None:
    def ends(*found: ClaimSpell) -> list[tuple[date, date]]:
        return [(s.first, s.after) for s in strips.stretches(found, [*MONTHS])]

    one, other = spell("proven", MONTHS[0], MONTHS[2], 3), spell("claimed", MONTHS[3], TODAY, 9)
    assert ends(one, other) == [(MONTHS[0], MONTHS[3]), (MONTHS[3], TODAY)]
    late = replace(other, first_on=MONTHS[6])
    assert ends(one, late) == [(MONTHS[0], MONTHS[2]), (MONTHS[6], TODAY)]
    assert ends(one) == [(MONTHS[0], MONTHS[2])]


@pytest.mark.parametrize(
    "spells",
    [[spell("proven", TODAY, TODAY, 1)], [spell("proven", BEFORE, BEFORE, 1), spell("claimed", TODAY, TODAY, 1)]],
)
def test_a_strip_of_one_day_or_a_last_run_alone_still_shows_every_state(spells: list[ClaimSpell]) -> None:
    for drawn in strips.strip("k", strips.stretches(spells, [BEFORE, TODAY]), "a title", "a description"):
        assert drawn.count("<rect") == 2 + len(spells)
        assert "-" not in drawn.split('width="')[3].split('"')[0]


def test_more_claims_than_pages_leave_the_rest_on_the_list_and_say_how_many() -> None:
    many = replace(P, claims=[claim(f"M-{n:04}", "alderbeck", "AB-SRV-019", "proven", "it held") for n in range(CLAIM_PAGES + 5)]
                   + [claim("LAST", "corvale", "CV-SRV-014", "disproven", "a way")])  # fmt: skip
    pages = view_of(many).claim_pages
    assert len(pages) == CLAIM_PAGES and ("corvale", "LAST") in pages
    text = html_of(many)["mitigations.html"]
    assert f"{CLAIM_PAGES} of {CLAIM_PAGES + 6} claims have a page of their own" in text
    assert view_of(many).claim("alderbeck", f"M-{CLAIM_PAGES + 4:04}").href.startswith("mitigations.html#claim-")


def test_the_data_files_of_claims_have_every_way_and_spell() -> None:
    made = tables(V)
    ways = list(csv.DictReader(io.StringIO(made["mitigation-ways.csv"])))
    assert len(ways) == sum(len(c.ways) for c in P.claims) > 0
    history = list(csv.DictReader(io.StringIO(made["mitigation-history.csv"])))
    assert [(r["claim"], r["state"], r["first_on"], r["runs"]) for r in history][-1] == (
        "MIT-003",
        "disproven",
        "2026-09-30",
        "2",
    )
