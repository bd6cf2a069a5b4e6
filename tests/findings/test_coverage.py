"""Coverage by source and council: what a plain count of the rows gives, and what the councils' own figures say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan import inventory, knowledge
from secscan.findings import councils
from secscan.findings.coverage import agreement, coverage, disagreements
from secscan.findings.measures import MEASURES, measure
from secscan.model.estate import Estate
from secscan.model.policy import Policy
from secscan.model.posture import CouncilRow, CoverageRow
from secscan.model.raw import Load
from secscan.model.settings import Settings
from tests.inventory.test_settle import PORT, PROBE, TODAY, Sources

CATALOGUE = knowledge.load_catalogue()
SETTINGS = Settings.model_validate(
    {
        "partnership": {"name": "P"},
        "councils": [
            {"id": "a", "name": "A", "sources": [
                {"id": "register", "as": "secscan-assets", "file": "x"}, {"id": "agent", "as": "glpi", "file": "x"},
                {"id": "software", "as": "secscan-software", "file": "x"}, {"id": "never", "as": "secscan-fixes", "file": "x"},
            ]},
            {"id": "b", "name": "B", "sources": [{"id": "b-register", "as": "secscan-assets", "file": "x"}]},
            {"id": "p", "name": "P", "role": "provider", "sources": [{"id": "scan", "as": "nmap-xml", "file": "x", "vantage": "box"}]},
        ],
        "zones": [{"id": "users", "addresses": ["10.0.0.0/8"]}],
        "vantage_points": [{"id": "box", "zone": "users"}],
        "limits": {"source_max_age_days": 45},
    }
)  # fmt: skip
OLD = TODAY - timedelta(days=46)
CHROME, OWN = "Google Chrome", "Line of business"


def estate(made: Sources, *, dated: dict[str, date] | None = None) -> Estate:
    """Settled and recognised, with files of these days."""
    loads = [replace(load, dated_on=(dated or {}).get(load.source, TODAY)) for load in made.loads]
    found = inventory.settle(loads, (), SETTINGS, made.files, TODAY)
    return knowledge.attach(found, CATALOGUE, Policy(name="", version="", controls=()))


def of(rows: Sequence[CoverageRow], source: str, council: str = "a") -> CoverageRow:
    (found,) = (r for r in rows if (r.source, r.council) == (source, council))
    return found


def whole(found: Estate) -> list[CouncilRow]:
    return councils.councils(SETTINGS, found, [], [], [], [], [], [], [])


# --- what a row says ------------------------------------------------------------------------------------------------


def test_a_source_whose_file_never_came_has_a_row_all_the_same() -> None:
    rows = coverage(SETTINGS, estate(Sources().add("assets", {"asset_tag": "1"}, source="register")))
    assert {(r.council, r.source) for r in rows} == {
        ("a", "register"), ("a", "agent"), ("a", "software"), ("a", "never"), ("b", "b-register"), ("p", "scan"),
    }  # fmt: skip
    never = of(rows, "never")
    assert (never.kind, never.dated_on, never.assets, never.of_assets) == ("secscan-fixes", None, 0, 1)
    assert of(rows, "b-register", "b").of_assets == 0


def test_what_is_seen_fresh_and_seen_by_nobody_else_is_told_for_each_source() -> None:
    made = Sources()
    made.add(
        "assets",
        {"asset_tag": "1", "serial": "EX7Q2LM1", "last_seen": TODAY},
        {"asset_tag": "2", "last_seen": OLD},
        {"asset_tag": "3"},
        source="register",
    )
    made.add(
        "assets",
        {"device_id": "d", "serial": "EX7Q2LM1", "last_seen": OLD},
        {"device_id": "e", "last_seen": TODAY},
        source="agent",
    )
    made.add("software", {"asset_tag": "3", "name": CHROME}, {"asset_tag": "3", "name": OWN}, source="software")
    rows = coverage(SETTINGS, estate(made, dated={"software": TODAY - timedelta(days=45)}))
    told = [(r.source, r.assets, r.of_assets, r.fresh, r.only_here, r.installs, r.recognised) for r in rows[:3]]
    assert told == [("register", 3, 4, 1, 1, 0, 0), ("agent", 2, 4, 1, 1, 0, 0), ("software", 1, 4, 1, 0, 2, 1)]
    old = coverage(SETTINGS, estate(made, dated={"software": OLD}))
    assert (of(old, "software").fresh, of(old, "software").dated_on) == (0, OLD)


def test_the_programs_in_an_agents_file_do_not_make_an_old_sighting_new() -> None:
    made = Sources().add("assets", {"device_id": "d", "last_seen": OLD}, source="agent")
    listed = Sources().add("software", {"asset_tag": "d", "name": CHROME}, source="agent").loads[0]
    made.loads = [replace(made.loads[0], tables={**made.loads[0].tables, **listed.tables})]
    agent = of(coverage(SETTINGS, estate(made)), "agent")
    assert (agent.assets, agent.fresh, agent.installs) == (1, 0, 1)


def test_an_operating_system_counts_for_the_source_whose_word_is_used() -> None:
    made = Sources().add("assets", {"asset_tag": "1", "hostname": "a"}, source="register")
    made.add("assets", {"asset_tag": "1", "os": "Microsoft Windows 11 Pro"}, source="agent")
    rows = coverage(SETTINGS, estate(made))
    assert [(of(rows, s).installs, of(rows, s).recognised) for s in ("register", "agent")] == [(0, 0), (1, 1)]


def test_the_providers_scan_is_told_for_each_council_that_it_sees() -> None:
    made = Sources().add(
        "assets", {"asset_tag": "1", "ip": ("10.0.0.1",)}, {"asset_tag": "2", "ip": ("10.0.0.2",)}, source="register"
    )
    made.add("assets", {"asset_tag": "1", "ip": ("10.0.0.3",)}, source="b-register", council="b")
    made.add("services", {**PORT, "address": "10.0.0.1"}, source="scan", council="p")
    made.add(
        "probes",
        {**PROBE, "address": "10.0.0.2", "state": "filtered"},
        {**PROBE, "address": "10.0.0.3", "state": "closed"},
        source="scan",
        council="p",
    )
    rows = coverage(SETTINGS, estate(made))
    assert [(r.council, r.assets, r.of_assets, r.fresh) for r in rows if r.source == "scan"] == [
        ("a", 1, 2, 1), ("b", 1, 1, 1), ("p", 0, 0, 0),
    ]  # fmt: skip


def test_the_day_is_that_of_the_file_that_is_used() -> None:
    made = Sources().add("software", {"asset_tag": "1", "name": "x"}, source="software")
    held = replace(made.loads[0], held="too small", tables={}, dated_on=TODAY, file="newer.csv")
    made.loads.append(held)
    found = replace(estate(made), loads=[replace(made.loads[0], dated_on=OLD), held])
    assert of(coverage(SETTINGS, found), "software").dated_on == OLD
    assert of(coverage(SETTINGS, replace(found, loads=[held])), "software").dated_on == TODAY


# --- the totals agree -----------------------------------------------------------------------------------------------


@st.composite
def loads(draw: st.DrawFn) -> Sources:
    days = st.none() | st.dates(OLD - timedelta(days=3), TODAY)
    tags = st.sampled_from("12345")
    made = Sources()
    for source, council in (("register", "a"), ("agent", "a"), ("b-register", "b")):
        known = draw(st.sets(tags))
        made.add(
            "assets",
            *(
                {"asset_tag": t, "last_seen": draw(days), "os": draw(st.sampled_from([None, "Ubuntu 22.04"]))}
                for t in sorted(known)
            ),
            source=source,
            council=council,
        )
    listed = draw(st.lists(st.tuples(tags, st.sampled_from([CHROME, OWN])), max_size=8))
    made.add("software", *({"asset_tag": t, "name": n} for t, n in listed), source="software")
    return made


def plainly(loads: Sequence[Load], source: str, council: str) -> tuple[int, int, int, int]:
    """Assets, those seen lately, those that nobody else names, and installs without systems: counted row by row."""
    named: dict[str, set[str]] = {}
    lately: set[str] = set()
    installs = 0
    for load in (one for one in loads if one.council == council):
        for name, table in load.tables.items():
            for i, tag in enumerate(table.columns["asset_tag"]):
                named.setdefault(load.source, set()).add(tag)
                if load.source != source:
                    continue
                installs += name == "software"
                day = load.dated_on if name == "software" else table.columns["last_seen"][i]
                if day is not None and (TODAY - day).days <= 45:
                    lately.add(tag)
    mine = named.pop(source, set())
    return len(mine), len(lately), len(mine.difference(*named.values())), installs


@given(loads())
def test_counts_are_those_of_a_plain_count_and_add_up_to_the_councils_own(made: Sources) -> None:
    found = estate(made)
    rows = coverage(SETTINGS, found)
    systems = found.frames["installs"].columns["is_os"]
    sources = found.frames["installs"].columns["source"]
    for row in rows:
        own_systems = sum(
            is_os and source == row.source and council == row.council
            for is_os, source, council in zip(
                systems, sources, found.frames["installs"].columns["council"], strict=True
            )
        )
        expected = plainly(made.loads, row.source, row.council)
        assert (row.assets, row.fresh, row.only_here, row.installs - own_systems) == expected, row
        assert row.recognised <= row.installs and row.fresh <= row.assets <= row.of_assets
    for council in whole(found):
        own = [r for r in rows if r.council == council.id]
        assert {r.of_assets for r in own} == {council.assets}
        assert sum(r.installs for r in own) == council.installs
        assert sum(r.recognised for r in own) == council.recognised
        lists = [r for r in own if r.kind == "secscan-software"]
        assert council.listed == sum(r.assets for r in lists)
        registers = [r for r in own if r.kind in ("secscan-assets", "glpi")]
        assert max((r.fresh for r in registers), default=0) <= council.seen_fresh <= sum(r.fresh for r in registers)
        if len(registers) == 1:
            assert council.seen_fresh == registers[0].fresh


# --- agreement ------------------------------------------------------------------------------------------------------


def two(one: dict[str, Any], other: dict[str, Any]) -> Estate:
    made = Sources().add("assets", {"asset_tag": "1", **one}, source="register")
    return estate(made.add("assets", {"asset_tag": "1", **other}, source="agent"))


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (("Windows 11 Pro", "10.0.26100"), ("Microsoft Windows 11 Pro", "10.0.26100.6584"), False),
        (("Windows 11 Pro", "10.0.26100"), ("Microsoft Windows 11 Pro", "10.0.22631.1"), True),
        (("Windows 11 Pro", "10.0.26100"), ("Microsoft Windows 10 Pro", "10.0.19045"), True),
        (
            ("Microsoft Windows Server 2019 Standard", None),
            ("Microsoft Windows Server 2022 Standard", "10.0.20348"),
            True,
        ),
        (("Ubuntu 22.04.5 LTS", "22.04"), ("Ubuntu", None), False),
        (("Ubuntu 22.04.5 LTS", "22.04"), ("Debian GNU/Linux 12 (bookworm)", "12"), True),
        (("Acme OS", "1"), ("acme  os", "2"), False),
        (("Acme OS", "1"), ("Other OS", "1"), None),
        (("Ubuntu 22.04.5 LTS", "22.04"), ("Acme OS", "1"), None),
    ],
)
def test_operating_systems_are_compared_as_what_they_are_recognised_as(
    one: tuple[str, str], other: tuple[str, str], differ: bool | None
) -> None:
    found = two({"os": one[0], "os_version": one[1]}, {"os": other[0], "os_version": other[1]})
    assert [d.fact for d in disagreements(found)] == (["os"] if differ else [])
    assert agreement(found) == ({} if differ is None else {"a": (int(not differ), 1)})
    if differ:
        (said,) = disagreements(found)
        assert [(s.source, s.value) for s in said.said] == [
            ("register", " ".join(filter(None, one))), ("agent", " ".join(filter(None, other))),
        ]  # fmt: skip


def test_the_trend_counts_the_facts_that_two_sources_give_and_agree_on() -> None:
    found = two(
        {"os": "Ubuntu 22.04", "owner": "Head of ICT", "encrypted": True},
        {"os": "Ubuntu 22.04", "owner": "head of ict", "encrypted": False},
    )
    measures = {
        (m.council, m.measure): (m.numerator, m.denominator)
        for m in measure(found, SETTINGS, Policy(name="", version="", controls=()), [], [], [], {})
    }
    assert measures["a", "source-agreement"] == (2, 3)
    assert measures["b", "source-agreement"] == (0, 0)
    assert {name for _, name in measures} == set(MEASURES)
