"""One estate from many sources: identity, provenance, zones, and nobody vanishing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from secscan.inventory import settle
from secscan.model.estate import Estate
from secscan.model.places import Files, Place
from secscan.model.raw import RAW_COLUMNS, Load, RawTable, Refusal
from secscan.model.settings import Settings

TODAY = date(2026, 3, 1)


def settings(**more: Any) -> Settings:
    return Settings.model_validate(
        {
            "partnership": {"name": "P"},
            "councils": [
                {"id": "a", "name": "A"}, {"id": "b", "name": "B"},
                {"id": "p", "name": "P", "role": "provider",
                 "sources": [{"id": "scan", "as": "nmap-xml", "file": "x.xml", "vantage": "box"}]},
            ],
            "zones": [
                {"id": "wide", "addresses": ["10.0.0.0/8"]}, {"id": "users", "name": "User network", "addresses": ["10.1.0.0/16"]},
                {"id": "b-only", "council": "b", "addresses": ["10.1.2.0/24"]}, {"id": "internet", "internet": True},
            ],
            "vantage_points": [{"id": "box", "zone": "users"}],
            **more,
        }
    )  # fmt: skip


class Sources:
    """Builds loads as readers would hand them on."""

    def __init__(self) -> None:
        self.files = Files()
        self.loads: list[Load] = []

    def add(
        self, table: str, *rows: dict[str, Any], council: str = "a", source: str | None = None, **more: Any
    ) -> Sources:
        names = {n for r in rows for n in r} | {next(iter(RAW_COLUMNS[table]))}
        file = f"{table}-{len(self.loads)}.csv"
        raw = RawTable(
            table=table,
            columns={n: [r.get(n) for r in rows] for n in names},
            places=[self.files.code(file, i + 2) for i in range(len(rows))],
        )
        self.loads.append(
            Load(
                source=source or file,
                council=council,
                kind="k",
                file=file,
                sha256="0",
                size=0,
                dated_on=TODAY,
                rows_read=len(rows),
                rows_loaded=len(rows),
                rows_refused=0,
                rows_blank=0,
                tables={table: raw},
                **more,
            )
        )
        return self

    def settle(self, **more: Any) -> Estate:
        return settle(self.loads, (), settings(**more), self.files, TODAY)


def rows(estate: Estate, table: str, *columns: str) -> list[tuple[Any, ...]]:
    frame = estate.frames[table]
    return [tuple(frame.get(c, r) for c in columns) for r in range(frame.rows)]


def test_same_tag_in_two_councils_is_two_assets() -> None:
    made = (
        Sources()
        .add("assets", {"asset_tag": "1", "hostname": "srv"})
        .add("assets", {"asset_tag": "1", "hostname": "srv"}, council="b")
    )
    assert rows(made.settle(), "assets", "council", "asset", "hostname") == [("a", "1", "srv"), ("b", "1", "srv")]


def test_the_first_source_that_knows_a_fact_is_believed_and_named() -> None:
    made = (
        Sources()
        .add("assets", {"asset_tag": "X", "hostname": None, "owner": "Head of ICT"})
        .add("assets", {"asset_tag": "x", "hostname": "srv", "owner": "Somebody else"})
    )
    estate = made.settle()
    assert rows(estate, "assets", "hostname", "owner", "sources_seen") == [("srv", "Head of ICT", 2)]
    frame = estate.frames["assets"]
    assert estate.files.place(frame.place("hostname", 0) or 0) == Place("assets-1.csv", 2)
    assert estate.files.place(frame.place("owner", 0) or 0) == Place("assets-0.csv", 2)


def test_the_newest_sighting_counts_whichever_source_has_it() -> None:
    old, new = date(2026, 1, 1), date(2026, 2, 1)
    made = (
        Sources()
        .add("assets", {"asset_tag": "1", "last_seen": new})
        .add("assets", {"asset_tag": "1", "last_seen": old})
    )
    assert rows(made.settle(), "assets", "last_seen_on") == [(new,)]


def test_order_of_sources_changes_no_population() -> None:
    one = Sources().add("assets", {"asset_tag": "1"}).add("software", {"asset_tag": "2", "name": "x"})
    two = Sources().add("software", {"asset_tag": "2", "name": "x"}).add("assets", {"asset_tag": "1"})
    for table in ("assets", "installs", "services", "fixes"):
        assert sorted(rows(one.settle(), table, "asset")) == sorted(rows(two.settle(), table, "asset"))


def test_nobody_vanishes_an_asset_without_lists_has_a_null_row_in_every_table() -> None:
    estate = Sources().add("assets", {"asset_tag": "1"}).settle()
    assert rows(estate, "installs", "asset", "name") == [("1", None)]
    assert rows(estate, "fixes", "asset", "missing") == [("1", None)]
    assert rows(estate, "services", "asset", "port") == [("1", None)]


def test_an_asset_that_only_a_software_list_names_is_an_asset() -> None:
    estate = Sources().add("software", {"asset_tag": "ghost", "name": "Java"}).settle()
    assert rows(estate, "assets", "asset", "sources_seen") == [("ghost", 0)]


def test_the_operating_system_is_an_install_with_its_edition() -> None:
    made = Sources().add(
        "assets", {"asset_tag": "1", "os": "Windows 11", "os_version": "10.0.22631", "os_edition": "Enterprise"}
    )
    estate = made.settle()
    assert rows(estate, "installs", "name", "version", "kind", "is_os") == [
        ("Windows 11 Enterprise", "10.0.22631", "os_caption", True), (None, None, None, False),
    ]  # fmt: skip


def test_distinct_software_is_held_once() -> None:
    many = [{"asset_tag": str(i), "name": "Java", "version": "8"} for i in range(50)]
    frame = Sources().add("software", *many).settle().frames["installs"]
    assert len(frame.columns["name"].values) == 1
    assert frame.columns["name"].take is frame.columns["version"].take


@pytest.mark.parametrize(
    ("council", "addresses", "zone"),
    [
        ("a", ("10.1.2.3",), "users"),
        ("b", ("10.1.2.3",), "b-only"),
        ("a", ("10.9.0.1",), "wide"),
        ("a", ("192.168.0.1",), None),
        ("a", ("10.1.0.1", "10.9.0.1"), None),
        ("a", ("10.1.0.1", "10.1.0.2"), "users"),
    ],
)
def test_zone_is_the_narrowest_network_of_ones_own_and_none_where_addresses_disagree(
    council: str, addresses: tuple[str, ...], zone: str | None
) -> None:
    estate = Sources().add("assets", {"asset_tag": "1", "ip": addresses}, council=council).settle()
    assert rows(estate, "assets", "zone") == [(zone,)]


def test_the_registers_word_for_a_zone_is_understood_by_id_or_name() -> None:
    estate = Sources().add("assets", {"asset_tag": "1", "zone": "user NETWORK", "ip": ("10.9.0.1",)}).settle()
    assert rows(estate, "assets", "zone") == [("users",)]


PORT = {"asset_tag": None, "proto": "tcp", "port": 445, "product": None, "service": "smb"}
PROBE = {
    "hostname": None, "host_state": "up", "proto": "tcp", "port": 445, "state": "open", "reason": "syn-ack",
    "reason_ttl": 63, "seen_on": TODAY,
}  # fmt: skip


def test_a_scan_finds_its_asset_by_address_and_never_another_councils() -> None:
    made = Sources().add("assets", {"asset_tag": "1", "ip": ("10.1.0.1",)})
    made.add("services", {**PORT, "address": "10.1.0.1"}, council="b")
    estate = made.settle()
    assert rows(estate, "services", "asset", "port") == [("1", None)]
    assert rows(estate, "sightings", "council", "asset", "sighting", "ports") == [
        ("a", "1", "1", None), ("b", None, "10.1.0.1", "tcp/445"),
    ]  # fmt: skip


def test_the_providers_scan_reaches_everyone_but_only_where_one_asset_has_the_address() -> None:
    made = Sources().add("assets", {"asset_tag": "1", "ip": ("10.1.0.1",)})
    made.add("probes", {**PROBE, "address": "10.1.0.1"}, council="p", source="scan")
    (probe,) = made.settle().probes
    assert (probe.council, probe.asset, probe.zone) == ("a", "1", "users")
    made.add("assets", {"asset_tag": "9", "ip": ("10.1.0.1",)}, council="b")
    (probe,) = made.settle().probes
    assert probe.asset is None


def test_every_row_leads_back_to_its_line() -> None:
    made = (
        Sources()
        .add("assets", {"asset_tag": "1"})
        .add("software", {"asset_tag": "1", "name": "x"}, {"asset_tag": "1", "name": "y"})
    )
    estate = made.settle()
    frame = estate.frames["installs"]
    found = [str(estate.files.place(frame.place("", r) or 0)) for r in range(frame.rows)]
    assert found == ["software-1.csv:2", "software-1.csv:3"]


def test_the_application_protocol_is_told_in_small_letters_or_not_at_all() -> None:
    made = Sources().add(
        "services",
        *(
            {"asset_tag": "1", "proto": "tcp", "port": p, "service": s}
            for p, s in ((1, " Telnet "), (2, "unknown"), (3, "tcpwrapped"), (4, None), (5, "ssl/http"))
        ),
    )
    assert rows(made.settle(), "services", "port", "protocol") == [
        (1, "telnet"), (2, None), (3, None), (4, None), (5, "ssl/http"),
    ]  # fmt: skip


def test_an_asset_is_listed_where_a_software_source_of_its_council_names_it() -> None:
    made = (
        Sources()
        .add("assets", *({"asset_tag": t, "os": "Windows 11"} for t in ("1", "2")))
        .add("assets", {"asset_tag": "1"}, council="b")
        .add("software", {"asset_tag": "1", "name": "x"}, {"asset_tag": "1", "name": "y"})
    )
    estate = made.settle()
    assert rows(estate, "assets", "council", "asset", "software_listed") == [
        ("a", "1", True),
        ("a", "2", False),  # its system is known from the register: that is no list
        ("b", "1", None),  # nobody read a software source of this council
    ]
    frame = estate.frames["assets"]
    told = [estate.files.place(code) for r in (0, 1) if (code := frame.place("software_listed", r)) is not None]
    assert told == [Place("software-2.csv", 2), Place("software-2.csv")]


def test_what_a_port_answers_is_no_list_of_what_is_installed() -> None:
    made = (
        Sources()
        .add("assets", {"asset_tag": "1"}, {"asset_tag": "2"})
        .add("software", {"asset_tag": "1", "name": "php", "kind": "service_banner"})
    )
    alone = made.settle()
    assert rows(alone, "assets", "asset", "software_listed") == [("1", None), ("2", None)]
    assert rows(alone, "installs", "asset", "name") == [("1", "php"), ("1", None), ("2", None)]
    both = made.add(
        "software", {"asset_tag": "1", "name": "nginx", "kind": "service_banner"}, {"asset_tag": "1", "name": "x"}
    ).settle()
    assert rows(both, "assets", "asset", "software_listed") == [("1", True), ("2", False)]
    assert [name for _, name in rows(both, "installs", "asset", "name")] == ["php", "nginx", "x", None]
    place = both.frames["assets"].place("software_listed", 0)
    assert place is not None
    assert both.files.place(place) == Place("software-2.csv", 3)


@pytest.mark.parametrize(
    "more",
    [
        {"incomplete": "cut off"},
        {"refused": (Refusal(line=9, column="name", reason="blank", asset_tag=" x "),)},
    ],
)
def test_whose_list_was_not_read_whole_is_not_known_to_lack_one(more: dict[str, Any]) -> None:
    made = (
        Sources()
        .add("assets", {"asset_tag": "X"}, {"asset_tag": "1"})
        .add("software", {"asset_tag": "1", "name": "x"}, **more)
    )
    assert rows(made.settle(), "assets", "asset", "software_listed") == [("X", None), ("1", True)]
