"""One asset from several sources: its id, its facts, what follows it, and what is said where sources disagree."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.inventory import sources_of
from secscan.model.estate import Estate
from secscan.model.posture import Disagreement
from secscan.model.raw import Load, RawTable
from tests.inventory.test_settle import TODAY, Sources, rows, settings

DECLARED = ("register", "agent", "tool")
COUNCILS = [
    {"id": "a", "name": "A", "sources": [{"id": s, "as": "k", "file": "x"} for s in DECLARED]},
    {"id": "b", "name": "B", "sources": [{"id": "b-register", "as": "k", "file": "x"}]},
]
HOST = {"asset_tag": None, "device_id": "dev-1", "serial": "EX7Q2LM1", "hostname": "SRV-1"}


def settled(made: Sources, **more: Any) -> Estate:
    return made.settle(councils=COUNCILS, vantage_points=[], **more)


def assets(estate: Estate, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(rows(estate, "assets", *(columns or ("asset",))), key=repr)


def register(*told: Mapping[str, Any], source: str = "register", **more: Any) -> Sources:
    return Sources().add("assets", *(dict(row) for row in told), source=source, **more)


# --- who is who -----------------------------------------------------------------------------------------------------


def test_the_agents_host_is_the_registers_asset_by_its_serial_and_keeps_the_registers_tag() -> None:
    made = register({"asset_tag": "T-1", "serial": "ex7q2lm1", "owner": "Head of ICT"}).add(
        "assets", HOST, source="agent"
    )
    estate = settled(made)
    assert assets(estate, "asset", "owner", "hostname", "sources_seen") == [("T-1", "Head of ICT", "SRV-1", 2)]
    assert str(estate.files.place(estate.frames["assets"].place("asset", 0) or 0)) == "assets-0.csv:2"
    (join,) = estate.notes["joins"]
    assert (join.council, join.asset, join.also, join.key) == ("a", "T-1", ["dev-1"], "serial")
    assert [str(p) for p in join.places] == ["assets-0.csv:2", "assets-1.csv:2"]


# --- two lists of one tool ------------------------------------------------------------------------------------------

LISTED = {"device_id": "aa01", "hostname": "srv-1"}


def of_kinds(hosts: str, programs: str, **listed: Any) -> Estate:
    """A tool's list of hosts, and its list of programs with what that says of its hosts."""
    made = register({**HOST, "device_id": "AA01"}, source="agent").add("assets", {**LISTED, **listed}, source="tool")
    made.add("software", {"asset_tag": "aa01", "name": "Notes"}, source="tool")
    made.loads = [replace(load, kind=kind) for load, kind in zip(made.loads, (hosts, programs, programs), strict=True)]
    return settled(made)


@pytest.mark.parametrize("kinds", [("lansweeper", "lansweeper"), ("intune-devices", "intune-apps")])
def test_a_host_and_its_programs_are_one_asset_by_the_id_that_their_tool_has_for_both(kinds: tuple[str, str]) -> None:
    estate = of_kinds(*kinds)
    assert assets(estate, "asset", "hostname", "sources_seen") == [("serial:ex7q2lm1", "SRV-1", 2)]
    assert rows(estate, "installs", "asset", "name") == [("serial:ex7q2lm1", "Notes")]


@pytest.mark.parametrize(
    ("kinds", "listed"),
    [
        (("lansweeper", "servicenow"), {}), (("secscan-assets", "secscan-assets"), {}), (("table", "table"), {}),
        (("lansweeper", "lansweeper"), {"hostname": "SRV-9"}), (("lansweeper", "lansweeper"), {"serial": "OTHER77"}),
    ],
)  # fmt: skip
def test_an_id_of_another_tool_or_another_installation_joins_nothing(
    kinds: tuple[str, str], listed: dict[str, str]
) -> None:
    assert len(assets(of_kinds(*kinds, **listed))) == 2


@pytest.mark.parametrize("address", ["192.168.1.10", "fd00::10"])
def test_an_address_is_no_id_for_two_networks_may_have_it(address: str) -> None:
    made = register({"device_id": address, "os": "x"}, source="agent").add(
        "assets", {"device_id": address}, source="tool"
    )
    made.loads = [replace(load, kind="nessus") for load in made.loads]
    assert len(assets(settled(made))) == 2


def test_a_list_that_knows_names_alone_means_the_one_host_of_that_name() -> None:
    def assets_of(*hosts: dict[str, Any]) -> list[tuple[Any, ...]]:
        made = register(*({**host, "device_id": f"id-{n}"} for n, host in enumerate(hosts)), source="agent")
        made.add("assets", {"device_id": "srv-1", "hostname": "SRV-1"}, source="tool")
        made.add("software", {"asset_tag": "SRV-1", "name": "Notes"}, source="tool")
        made.loads = [replace(load, kind="lansweeper") for load in made.loads]
        return assets(settled(made), "asset", "software_listed")

    one, twin = {"hostname": "SRV-1", "serial": "EX7Q2LM1"}, {"hostname": "srv-1", "serial": "EX9Z9ZZ9"}
    assert assets_of(one) == [("serial:ex7q2lm1", True)]
    assert len(assets_of(one, twin)) == 3
    assert len(assets_of({"hostname": "SRV-10"})) == 2


# --- who is who, with tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tagged", ["register", "tool"])
def test_the_id_is_the_tag_whichever_source_comes_first_and_leads_to_its_row(tagged: str) -> None:
    made = (
        Sources()
        .add("assets", HOST, source="agent")
        .add("assets", {"asset_tag": "T-1", "serial": "EX7Q2LM1"}, source=tagged)
    )
    estate = settled(made)
    assert assets(estate) == [("T-1",)]
    frame = estate.frames["assets"]
    assert str(estate.files.place(frame.place("asset", 0) or 0)) == "assets-1.csv:2"
    assert str(estate.files.place(frame.place("hostname", 0) or 0)) == "assets-0.csv:2"


def test_a_host_that_only_the_agent_sees_has_its_surest_key_for_an_id() -> None:
    def alone(**facts: Any) -> str:
        ((asset,),) = assets(settled(Sources().add("assets", {"device_id": "dev-1", **facts}, source="agent")))
        return str(asset)

    assert alone(serial="EX7Q2LM1", fqdn="srv-1.example") == "serial:ex7q2lm1"
    assert alone(serial="Default string", fqdn="SRV-1.example.") == "fqdn:srv-1.example"
    assert alone(hostname="SRV-1") == "device:dev-1"


def test_two_tags_of_one_asset_the_first_in_the_settings_names_it() -> None:
    made = register({"asset_tag": "NEW-1", "serial": "EX7Q2LM1"}, source="tool")
    made.add("assets", {"asset_tag": "OLD-1", "serial": "EX7Q2LM1"}, source="register")
    estate = settled(made, join=["serial"])
    assert assets(estate) == [("OLD-1",)]
    assert estate.notes["joins"][0].also == ["NEW-1"]


def test_the_same_tag_serial_name_and_private_address_in_two_councils_stay_two_assets() -> None:
    row = {"asset_tag": "1", "serial": "EX7Q2LM1", "fqdn": "srv.example", "hostname": "srv", "ip": ("10.1.0.1",)}
    estate = settled(
        register(row).add("assets", row, source="b-register", council="b"), join=["serial", "fqdn", "hostname"]
    )
    assert assets(estate, "council", "asset") == [("a", "1"), ("b", "1")]
    assert not estate.notes["joins"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"hostname": "srv-1"}, {"hostname": "srv-1"}),
        ({"fqdn": "srv-1.ourtown.example"}, {"fqdn": "srv-1.0urtown.example"}),
        ({"fqdn": "srv-1"}, {"fqdn": "srv-1"}),
        ({"serial": "EX7Q2LM1"}, {"serial": "EX7Q2LMI"}),
        ({"serial": "To be filled by O.E.M."}, {"serial": "To be filled by O.E.M."}),
        ({"mac": "02:00:00:00:00:01"}, {"mac": "02:00:00:00:00:01"}),
        ({"ip": ("10.1.0.1",)}, {"ip": ("10.1.0.1",), "serial": "EX7Q2LM1"}),
        ({"ip": ("10.1.0.1",)}, {"ip": ("10.1.0.10",)}),
        ({"fqdn": "ws-k1.example"}, {"fqdn": "ws-\u212a1.example"}),
        ({"hostname": "WS-O1", "ip": ("10.1.0.1",)}, {"hostname": "WS-01", "ip": ("10.1.0.1",)}),
    ],
)
def test_what_merely_looks_alike_is_not_joined(one: dict[str, Any], other: dict[str, Any]) -> None:
    made = register({"asset_tag": "T-1", **one}).add("assets", {"device_id": "dev-1", **other}, source="agent")
    assert len(assets(settled(made))) == 2


def test_mac_and_host_name_join_where_they_are_declared() -> None:
    made = register({"asset_tag": "T-1", "mac": "00-1B-21-00-00-01"})
    made.add("assets", {"device_id": "d", "mac": "001b.2100.0001"}, source="agent")
    made.add("assets", {"device_id": "e", "hostname": "pc-9.ad"}, {"device_id": "f", "hostname": "pc-8"}, source="tool")
    made.add("assets", {"asset_tag": "T-9", "hostname": "PC-9"}, source="register")
    assert len(assets(settled(made, join_weakly={"keys": []}))) == 5
    assert assets(settled(made, join=["mac", "hostname"])) == [("T-1",), ("T-9",), ("hostname:pc-8",)]


# --- by hardware or network address alone ---------------------------------------------------------------------------

SEEN = date(2026, 2, 20)
BARE = {"device_id": "10.1.0.1", "ip": ("10.1.0.1",), "last_seen": SEEN}
KNOWN = {"asset_tag": "T-1", "hostname": "SRV-1", "ip": ("10.1.0.1", "10.1.0.2"), "last_seen": SEEN}


def joined(known: Mapping[str, Any], bare: Mapping[str, Any], **more: Any) -> bool:
    """Whether what a scan saw is the register's asset."""
    made = register({**KNOWN, **known}).add("assets", {**BARE, **bare}, source="tool")
    return len(assets(settled(made, **more))) == 1


@pytest.mark.parametrize(
    ("known", "bare", "same"),
    [
        ({}, {}, True),
        ({}, {"hostname": "srv-1.ad.example"}, True),
        ({}, {"fqdn": "srv-1.ad.example"}, True),
        ({}, {"fqdn": "srv-2.ad.example"}, False),
        ({}, {"hostname": "SRV-2"}, False),
        ({"hostname": "FINANCE-SERVER-"}, {"hostname": "finance-server-7"}, True),
        ({"hostname": "WS-01"}, {"hostname": "WS-O1"}, False),
        ({"serial": "EX7Q2LM1"}, {"serial": "EX9Z9ZZ9"}, False),
        ({"mac": "00:1b:21:00:00:01"}, {"mac": "00:1b:21:00:00:02"}, False),
        ({"mac": "00:1b:21:00:00:01"}, {"mac": "001b.2100.0001", "ip": ()}, True),
        ({"mac": "02:00:00:00:00:01"}, {"mac": "02:00:00:00:00:01", "ip": ()}, False),
        ({"type": "laptop"}, {}, False),
        ({"type": "laptop", "mac": "00:1b:21:00:00:01"}, {"mac": "001b.2100.0001"}, False),
        ({"type": "laptop"}, {"hostname": "srv-1"}, True),
        ({"type": "laptop"}, {"hostname": "srv-2"}, False),
        ({"last_seen": date(2025, 2, 13)}, {"hostname": "srv-1"}, True),
        ({"ip": ("192.168.1.7",)}, {"ip": ("192.168.1.7",), "hostname": "SRV-1"}, True),
        ({"ip": ("127.0.0.1",)}, {"ip": ("127.0.0.1",), "hostname": "SRV-1"}, False),
        ({"last_seen": date(2026, 2, 13)}, {}, True),
        ({"last_seen": date(2026, 2, 12)}, {}, False),
        ({}, {"last_seen": date(2026, 2, 28)}, False),
        ({"ip": ("127.0.0.1", "169.254.1.1", "fe80::1")}, {"ip": ("127.0.0.1", "169.254.1.1", "fe80::1")}, False),
        ({"ip": ("192.168.1.7",)}, {"ip": ("192.168.1.7",)}, False),
    ],
)
def test_an_address_joins_where_nothing_speaks_against_it(
    known: dict[str, Any], bare: dict[str, Any], same: bool
) -> None:
    assert joined(known, bare) == same


def test_the_day_of_the_file_counts_where_a_row_has_none() -> None:
    assert joined({"last_seen": None}, {"last_seen": TODAY})
    assert not joined({"last_seen": None}, {"last_seen": date(2026, 1, 1)})


def test_a_range_whose_addresses_change_hands_joins_nothing_and_a_council_may_declare_no_weak_key() -> None:
    assert not joined({}, {}, join_weakly={"changing": ["10.1.0.0/28"]})
    assert joined({}, {}, join_weakly={"changing": ["10.2.0.0/28"]})
    assert not joined({}, {}, join_weakly={"keys": ["mac"]})
    assert joined({"type": "laptop"}, {}, join_weakly={"roaming": []})
    assert not joined({}, {}, join_weakly={"within_days": 0, "keys": []})


def test_an_address_that_two_assets_have_joins_neither_and_both_are_named() -> None:
    made = register(KNOWN, {**KNOWN, "asset_tag": "T-2", "hostname": "SRV-2"}).add("assets", BARE, source="tool")
    estate = settled(made)
    assert assets(estate) == [("T-1",), ("T-2",), ("device:10.1.0.1",)]
    assert estate.notes["maybe"][2] == ["T-1", "T-2"]


def test_an_address_that_another_asset_had_before_joins_the_one_that_has_it_now() -> None:
    made = register(KNOWN, {**KNOWN, "asset_tag": "T-0", "hostname": "OLD", "last_seen": date(2025, 3, 1)})
    made.add("assets", BARE, source="tool")
    assert assets(settled(made), "asset", "sources_seen") == [("T-0", 1), ("T-1", 2)]


def test_an_address_of_another_council_joins_nothing() -> None:
    made = register(KNOWN).add("assets", BARE, source="b-register", council="b")
    assert len(assets(settled(made))) == 2


def test_a_join_by_a_weak_key_is_told_as_one() -> None:
    (join,) = settled(register(KNOWN).add("assets", BARE, source="tool")).notes["joins"]
    assert (join.asset, join.also, join.key, join.sure) == ("T-1", ["10.1.0.1"], "ip", False)


def test_a_serial_that_one_source_has_twice_joins_nothing_and_both_places_are_told() -> None:
    made = register({"asset_tag": "T-1", "serial": "EX7Q2LM1"}, {"asset_tag": "T-2", "serial": "EX7Q2LM1"})
    estate = settled(made.add("assets", HOST, source="agent"))
    assert assets(estate) == [("T-1",), ("T-2",), ("serial:ex7q2lm1",)]
    (warning,) = estate.notes["join_warnings"]
    assert warning == (
        "assets-0.csv:2 and assets-0.csv:3 are two assets of 'register', and the serial 'ex7q2lm1' would make them one "
        "asset of a: nothing is joined by it"
    )


def test_one_name_with_two_serials_stays_two_assets_and_says_so() -> None:
    made = register({"asset_tag": "T-1", "serial": "EX7Q2LM1", "fqdn": "srv.example"})
    estate = settled(
        made.add("assets", {"device_id": "d", "serial": "EX9Z9ZZ9", "fqdn": "SRV.example"}, source="agent")
    )
    assert len(assets(estate)) == 2
    assert "differ in serial, and the fqdn 'srv.example'" in estate.notes["join_warnings"][0]


def test_two_devices_of_an_agent_with_one_tag_are_two_assets_and_the_tag_is_neithers() -> None:
    twice = [{"asset_tag": "T-1", "device_id": d, "serial": s} for d, s in (("d1", "EX7Q2LM1"), ("d2", "EX9Z9ZZ9"))]
    made = (
        Sources()
        .add("assets", *twice, source="agent")
        .add("software", {"asset_tag": "T-1", "name": "x"}, source="tool")
    )
    assert assets(settled(made)) == [("T-1",), ("serial:ex7q2lm1",), ("serial:ex9z9zz9",)]


def test_many_refused_joins_are_counted_not_listed() -> None:
    made = register(*({"asset_tag": f"T-{i}", "serial": f"EX7Q2L{i // 2:03}"} for i in range(60)))
    made.add("assets", *({"device_id": f"d{i}", "serial": f"EX7Q2L{i:03}"} for i in range(30)), source="agent")
    warnings = settled(made).notes["join_warnings"]
    assert len(warnings) == 21
    assert warnings[-1] == "a: 10 more keys join nothing, for more than one asset has them"


# --- what follows the asset -----------------------------------------------------------------------------------------


def test_lists_follow_the_asset_whichever_of_its_names_they_use() -> None:
    made = register({"asset_tag": "T-1", "serial": "EX7Q2LM1"}).add("assets", HOST, source="agent")
    made.add("software", {"asset_tag": "dev-1", "name": "one"}, source="agent")
    made.add("software", {"asset_tag": "t-1", "name": "two"}, source="tool")
    made.add("fixes", {"asset_tag": "DEV-1", "name": "three", "missing": True}, source="agent")
    made.add("services", {"asset_tag": "T-1", "proto": "tcp", "port": 22}, source="tool")
    estate = settled(made)
    assert rows(estate, "installs", "asset", "name", "source") == [("T-1", "one", "agent"), ("T-1", "two", "tool")]
    assert rows(estate, "fixes", "asset", "name") == [("T-1", "three")]
    assert rows(estate, "services", "asset", "port") == [("T-1", 22)]
    assert estate.notes["aliases"] == {("a", "dev-1"): "T-1"}


def test_a_name_that_two_assets_have_means_the_lists_own_sources() -> None:
    made = register({"asset_tag": "T-1", "serial": "EX7Q2LM1"})
    made.add("assets", {"asset_tag": "T-1", "device_id": "d", "serial": "EX9Z9ZZ9"}, source="agent")
    for source in ("register", "agent", "tool"):
        made.add("software", {"asset_tag": "T-1", "name": source}, source=source)
    estate = settled(made, join=["serial"])
    assert sorted(rows(estate, "installs", "asset", "name")) == [
        ("T-1", "register"), ("T-1", "tool"), ("serial:ex9z9zz9", "agent"),
    ]  # fmt: skip


# --- facts ----------------------------------------------------------------------------------------------------------


def test_the_version_of_another_operating_system_is_not_taken_for_ours() -> None:
    made = register({"asset_tag": "T-1", "serial": "EX7Q2LM1", "os": "Windows Server 2019"})
    made.add("assets", {**HOST, "os": "Windows Server 2022", "os_version": "10.0.20348.1"}, source="agent")
    made.add(
        "assets",
        {"device_id": "x", "serial": "EX7Q2LM1", "os": "windows  server 2019", "os_version": "10.0.17763.9"},
        source="tool",
    )
    estate = settled(made)
    assert rows(estate, "installs", "name", "version")[0] == ("Windows Server 2019", "10.0.17763.9")


def test_a_placeholder_is_no_fact_either() -> None:
    made = register({"asset_tag": "T-1", "serial": "Default string"}).add(
        "assets", {"asset_tag": "T-1", "serial": "EX7Q2LM1"}, source="tool"
    )
    estate = settled(made)
    assert rows(estate, "assets", "serial") == [("EX7Q2LM1",)]
    assert not estate.notes["disagreements"]


def test_of_several_files_of_one_source_the_one_that_saw_the_asset_last_is_believed() -> None:
    old = {**HOST, "hostname": "OLD", "last_seen": date(2026, 1, 1)}
    new = {**HOST, "hostname": "NEW", "last_seen": date(2026, 2, 1)}
    for first, second in ((old, new), (new, old)):
        made = Sources().add("assets", first, source="agent").add("assets", second, source="agent")
        assert assets(settled(made), "hostname", "last_seen_on", "sources_seen") == [("NEW", date(2026, 2, 1), 1)]


# --- disagreement ---------------------------------------------------------------------------------------------------


def told(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[list[Disagreement], tuple[int, int] | None]:
    made = register({"asset_tag": "T-1", **one}).add("assets", {"asset_tag": "T-1", **other}, source="agent")
    estate = settled(made)
    return list(estate.notes["disagreements"]), estate.notes["agreed"].get("a")


def test_a_disagreement_names_both_sources_with_their_places_and_what_is_used_first() -> None:
    (found,), counts = told({"encrypted": True, "hostname": "PC-1"}, {"encrypted": False, "hostname": "pc-1"})
    assert (found.council, found.asset, found.hostname, found.fact) == ("a", "T-1", "PC-1", "encrypted")
    assert [(s.source, s.value, s.dated_on, str(s.place)) for s in found.said] == [
        ("register", "yes", TODAY, "assets-0.csv:2"), ("agent", "no", TODAY, "assets-1.csv:2"),
    ]  # fmt: skip
    assert counts == (1, 2)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ({"hostname": "PC-1"}, {"hostname": "pc-1.ourtown.example"}, True),
        ({"hostname": "PC-1"}, {"hostname": "PC-2"}, False),
        ({"owner": "Head  of ICT "}, {"owner": "head of ict"}, True),
        ({"type": "Laptop"}, {"type": "desktop"}, False),
        ({"zone": "User network"}, {"zone": "users"}, True),
        ({"serial": "EX 7Q2LM1"}, {"serial": "ex7q2lm1"}, True),
        ({"ip": ("10.1.0.1", "10.1.0.2")}, {"ip": ("10.1.0.2",)}, True),
        ({"ip": ("10.1.0.1",)}, {"ip": ("10.1.0.2",)}, False),
        ({"internet_facing": False}, {"internet_facing": True}, False),
    ],
)
def test_spelling_is_no_disagreement(one: dict[str, Any], other: dict[str, Any], agree: bool) -> None:
    found, counts = told(one, other)
    assert (len(found), counts) == (0 if agree else 1, (int(agree), 1))


def test_what_changes_by_the_day_or_the_network_card_is_not_compared() -> None:
    one = {"restart_pending": True, "definitions_on": TODAY, "mac": "02:00:00:00:00:01", "last_seen": TODAY}
    other = {
        "restart_pending": False,
        "definitions_on": date(2026, 1, 1),
        "mac": "02:00:00:00:00:02",
        "last_seen": date(2026, 1, 1),
    }
    assert told(one, other) == ([], None)


def test_everything_that_is_said_of_an_asset_can_be_asked_for() -> None:
    made = register({"asset_tag": "T-1", "serial": "EX7Q2LM1", "owner": "Head of ICT"}).add(
        "assets", HOST, source="agent"
    )
    asked = settings(councils=COUNCILS, vantage_points=[])
    found = sources_of(made.loads, asked, made.files, "a", "t-1")
    assert {fact: [(s.source, s.value) for s in said] for fact, said in found.facts.items()} == {
        "hostname": [("agent", "SRV-1")], "serial": [("register", "EX7Q2LM1"), ("agent", "EX7Q2LM1")],
        "owner": [("register", "Head of ICT")],
    }  # fmt: skip
    assert [(n.source, n.name, n.key, n.value, n.sure) for n in found.named] == [
        ("register", "T-1", "serial", "ex7q2lm1", True), ("agent", "dev-1", "serial", "ex7q2lm1", True),
    ]  # fmt: skip
    nothing = sources_of(made.loads, asked, made.files, "b", "T-1")
    assert (nothing.facts, nothing.named) == ({}, ())


def test_of_the_days_on_which_sources_saw_it_the_newest_is_used_and_what_a_weak_key_told_says_so() -> None:
    made = register(KNOWN).add("assets", {**BARE, "last_seen": date(2026, 2, 22)}, source="tool")
    found = sources_of(made.loads, settings(councils=COUNCILS, vantage_points=[]), made.files, "a", "T-1")
    assert [(s.source, s.value) for s in found.facts["last_seen"]] == [
        ("tool", "2026-02-22"),
        ("register", "2026-02-20"),
    ]
    assert [(n.source, n.key, n.value, n.sure) for n in found.named] == [
        ("register", "ip", "10.1.0.1", False), ("tool", "ip", "10.1.0.1", False),
    ]  # fmt: skip


# --- order ----------------------------------------------------------------------------------------------------------


def shuffled(load: Load, chance: random.Random) -> Load:
    """The same file with its rows in another order; every row keeps its place."""
    order = list(range(load.rows_loaded))
    chance.shuffle(order)
    tables = {
        name: RawTable(
            table=name,
            columns={c: [values[i] for i in order] for c, values in table.columns.items()},
            places=[table.places[i] for i in order],
        )
        for name, table in load.tables.items()
    }
    return replace(load, tables=tables)


@st.composite
def estates(draw: st.DrawFn) -> Sources:
    """Sources that know each other's assets in part, by keys that repeat and contradict."""
    few = st.none() | st.sampled_from(["EX7Q2LM1", "EX9Z9ZZ9", "EX1A1AA1"])
    row = st.fixed_dictionaries(
        {
            "serial": few, "fqdn": st.none() | st.sampled_from(["a.example", "b.example"]),
            "ip": st.sampled_from([(), ("10.1.0.1",), ("10.1.0.1", "10.1.0.2"), ("10.1.0.3",)]),
            "hostname": st.none() | st.sampled_from(["a", "b"]), "encrypted": st.none() | st.booleans(),
            "last_seen": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 5)),
        }
    )  # fmt: skip
    made = Sources()
    for source in DECLARED:
        found: Sequence[dict[str, Any]] = draw(st.lists(row, max_size=4))
        tags = draw(st.permutations(["1", "2", "3", "4"]))
        ids = "asset_tag" if source == "register" else "device_id"
        made.add("assets", *({ids: f"{tag}", **one} for tag, one in zip(tags, found, strict=False)), source=source)
    made.add("software", *({"asset_tag": t, "name": "x"} for t in draw(st.sets(st.sampled_from("129")))), source="tool")
    return made


def everything(estate: Estate) -> list[Any]:
    """All that an estate says, without regard to the order of its rows."""
    frame = estate.frames["assets"]
    facts = [
        (tuple(frame.get(c, r) for c in sorted(frame.columns)), tuple(frame.place(c, r) for c in sorted(frame.columns)))
        for r in range(frame.rows)
    ]
    lists = rows(estate, "installs", "asset", "name", "source")
    return [
        sorted(facts, key=repr), sorted(lists, key=repr), sorted(map(repr, estate.notes["joins"])),
        sorted(map(repr, estate.notes["disagreements"])), sorted(estate.notes["join_warnings"]), estate.notes["aliases"],
    ]  # fmt: skip


@given(estates(), st.randoms(use_true_random=False))
def test_order_of_files_and_rows_changes_nothing(made: Sources, chance: random.Random) -> None:
    before = everything(settled(made))
    made.loads = [shuffled(load, chance) for load in made.loads]
    chance.shuffle(made.loads)
    assert everything(settled(made)) == before


@given(estates())
def test_joining_what_is_joined_already_changes_nothing(made: Sources) -> None:
    before = everything(settled(made))
    made.loads = [*made.loads[:3], *made.loads]  # every register once more, every list once
    assert everything(settled(made)) == before


@given(estates())
def test_no_two_assets_of_a_council_have_one_id(made: Sources) -> None:
    found = [(council, asset.casefold()) for council, asset in assets(settled(made), "council", "asset")]
    assert len(found) == len(set(found))
