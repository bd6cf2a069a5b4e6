"""A rules file is read strictly: what is not understood may match or not, and is never any and never nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from secscan.exposure import devices, from_table
from secscan.exposure import words as w
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, Device, Origin, PortSet, Rule
from secscan.model.places import Files
from secscan.model.raw import Gap, Refusal
from tests.exposure.net import FILE, TODAY, ZONES, firewall, load, row, settings, steps


def read(*rows: dict[str, Any], **more: Any) -> Device:
    files = Files()
    return from_table(load(files, rows, **more), firewall(), files, TODAY)


def only(*rows: dict[str, Any], **more: Any) -> Rule:
    (found,) = steps(read(*rows, **more))
    return found


def lost(one: Device) -> list[Origin]:
    """The lines of its list that were not understood."""
    return [step for step in one.chains["rules"].steps if isinstance(step, Origin)]


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ("10.0.0.1", 1),
        ("10.0.0.0/30", 4),
        ("10.0.0.0/255.255.255.252", 4),
        ("10.0.0.1-10.0.0.3", 3),
        ("10.0.0.1 - 10.0.0.3", 3),
        ("10.0.0.1;10.0.0.2, 10.0.0.9 10.0.0.2", 3),
    ],
)
def test_addresses_are_read_in_every_form(cell: str, count: int) -> None:
    found = w.addresses(cell, "src")
    assert found.unknown is None
    assert sum(hi - lo + 1 for lo, hi in found.v4) == count


def test_any_is_both_families_and_any4_is_one() -> None:
    assert (w.addresses("Any", "src").v4, w.addresses("any", "src").v6) == (V4_ALL, V6_ALL)
    assert (w.addresses("any4", "src").v4, w.addresses("any4", "src").v6) == (V4_ALL, ())
    assert (w.addresses("any6", "src").v4, w.addresses("any6", "src").v6) == ((), V6_ALL)


@pytest.mark.parametrize(
    "cell",
    [
        "mail.example.org", "10.0.0.300", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0.0/33", "10.0.0.5/24", "!10.0.0.0/8",
        "10.0.0.0 255.255.255.0", "10.0.0.0 0.0.0.255", "10.0.0.0/0.0.0.255", "10.0.0.0/0.0.0.0", "fe80::1%eth0", "", None,
        "users", "10.0.0.1;$(reboot)", "\u202e10.0.0.1",
    ],
)  # fmt: skip
def test_what_is_not_an_address_makes_the_rule_unknown(cell: str | None) -> None:
    found = only(row(10, "permit", src=cell))  # type: ignore[arg-type]
    assert found.unknown is not None
    assert found.unknown.startswith("src ")
    assert found.src.unknown == found.unknown


@pytest.mark.parametrize(
    ("proto", "dport", "expected"),
    [
        ("tcp", "443", [("tcp", ((443, 443),))]),
        ("TCP", "80;443", [("tcp", ((80, 80), (443, 443)))]),
        ("tcp", "1000-2000", [("tcp", ((1000, 2000),))]),
        ("tcp;udp", "53", [("tcp", ((53, 53),)), ("udp", ((53, 53),))]),
        ("tcp/udp", "53", [("tcp", ((53, 53),)), ("udp", ((53, 53),))]),
        ("any", "tcp/443;udp/53", [("tcp", ((443, 443),)), ("udp", ((53, 53),))]),
        ("tcp", "443/tcp", [("tcp", ((443, 443),))]),
        ("ip", "any", [("any", PORTS_ALL)]),
        ("6", "22", [("tcp", ((22, 22),))]),
        ("17", "any", [("udp", PORTS_ALL)]),
        ("icmp", None, [("icmp", PORTS_ALL)]),
        ("gre", "", [("47", PORTS_ALL)]),
    ],
)
def test_services_are_read_in_every_form(proto: str, dport: str, expected: list[Any]) -> None:
    found = only(row(10, "permit", proto=proto, dport=dport))
    assert found.unknown is None
    assert [(s.proto, s.dport) for s in found.services] == expected


@pytest.mark.parametrize(
    ("proto", "dport"),
    [
        ("tcp", "https"),
        ("tcp", "70000"),
        ("tcp", "20-10"),
        ("tcp", None),
        ("udp", "tcp/80"),
        ("tcp", "8-"),
        ("tcp", "²"),
    ],
)
def test_a_port_that_cannot_be_read_may_be_any_port_of_its_protocol(proto: str, dport: str | None) -> None:
    found = only(row(10, "permit", proto=proto, dport=dport))  # type: ignore[arg-type]
    assert found.unknown is not None
    assert found.services == (PortSet(proto=proto),)


@pytest.mark.parametrize("proto", ["quic", "", None, "256", "tcp;bogus"])
def test_a_protocol_that_cannot_be_read_may_be_any(proto: str | None) -> None:
    found = only(row(10, "permit", proto=proto))  # type: ignore[arg-type]
    assert found.unknown is not None
    assert found.services == (PortSet(proto="any"),)


@pytest.mark.parametrize(
    ("word", "action"), [("Allow", "permit"), ("accept", "permit"), ("DROP", "deny"), ("reject", "deny")]
)
def test_actions_are_the_words_of_the_trade(word: str, action: str) -> None:
    assert only(row(10, word)).action == action


@pytest.mark.parametrize("word", ["log", "", None])
def test_an_action_that_cannot_be_read_may_be_either(word: str | None) -> None:
    found = steps(read(row(10, word)))  # type: ignore[arg-type]
    assert [r.action for r in found] == ["deny", "permit"]
    assert all(r.unknown and r.origin.line == 2 for r in found)


def test_rules_stand_in_their_order_and_equal_orders_in_the_files() -> None:
    found = read(row(20, "deny", name="b"), row(10, "permit", name="a"), row(20, "permit", name="c"))
    assert [r.origin.name for r in steps(found)] == ["a", "b", "c"]
    assert [r.position for r in steps(found)] == [0, 1, 2]
    assert found.warnings == (f"{FILE}:4: order 20 also stands on line 2; the file's own order decides",)


def test_a_rule_keeps_its_line_its_words_and_its_number() -> None:
    origin = only(
        row(10, "permit", src="10.1.0.0/24", dst="10.9.0.5", dport="443", from_zone="users", name="web")
    ).origin
    assert (origin.file, origin.line, origin.vendor_id, origin.name) == (FILE, 2, "10", "web")
    assert origin.text == "permit from users 10.1.0.0/24 -> 10.9.0.5 tcp 443"


def test_zones_are_ids_and_blank_is_any() -> None:
    found = only(row(10, "permit", from_zone="Users; guest", to_zone=""))
    assert found.from_zones == frozenset(("users", "guest"))
    assert found.to_zones is None


def test_a_rule_is_off_past_its_day_and_on_through_it() -> None:
    gone, last = steps(read(row(1, "permit", expires_on=date(2026, 2, 28)), row(2, "permit", expires_on=TODAY)))
    assert (gone.expired, last.expired) == (True, False)
    assert only(row(1, "permit", enabled=False)).enabled is False
    assert only(row(1, "permit", enabled=None)).enabled is True


def test_refused_rows_and_rows_without_order_are_not_decoded() -> None:
    refused = [Refusal(line=3, column="order", reason="'x' is not a number")]
    found = read(row(10, "permit"), {**row(0, "deny"), "order": None, "line": 5}, refused=refused)
    assert [(o.line, o.text) for o in lost(found)] == [
        (3, "'x' is not a number"),
        (5, "order is blank, so nobody knows what it stands before"),
    ]
    assert len(steps(found)) == 1


def test_a_held_or_broken_off_file_is_not_decoded() -> None:
    assert [o.line for o in lost(read(held="half as long as before", tables={}))] == [0]
    found = read(row(10, "permit"), row(20, "deny"), incomplete="the last line is cut")
    assert [o.line for o in lost(found)] == [3]


@pytest.mark.parametrize(
    ("header", "cell"), [("Schedule", "office hours"), ("user", "ACME\\admins"), ("negate-source", "yes")]
)
def test_a_column_that_limits_a_rule_makes_it_unknown(header: str, cell: str) -> None:
    assert only({**row(10, "permit"), header: cell}, extra=[header]).unknown is not None
    assert only({**row(10, "permit"), header: "any"}, extra=[header]).unknown is None
    assert only({**row(10, "permit"), header: None}, extra=[header]).unknown is None


def test_a_rule_for_established_connections_is_known_as_one() -> None:
    assert only({**row(10, "permit"), "state": "established,related"}, extra=["state"]).state == "established"
    assert only({**row(10, "permit"), "state": "new;established"}, extra=["state"]).state == "new"
    assert only({**row(10, "permit"), "state": "invalid"}, extra=["state"]).unknown is not None


def test_every_firewall_has_a_list_even_without_an_export() -> None:
    files = Files()
    both = settings(ZONES, [firewall(), firewall(id="other", max_age_days=5)])
    found = devices([load(files, [row(10, "permit")])], (), both, files, TODAY)
    assert [(one.name, len(steps(one)), len(lost(one))) for one in found] == [("fw", 1, 0), ("other", 0, 1)]
    late = devices([load(files, [row(10, "permit")])], (), both, files, date(2026, 4, 16))
    assert late[0].stale
    assert not devices([load(files, [row(10, "permit")])], (), both, files, date(2026, 4, 15))[0].stale


@pytest.mark.parametrize("why", ["unreadable", "held", "silent", "refused-rows"])
def test_an_export_is_stale_once_a_newer_one_cannot_be_used(why: str) -> None:
    files = Files()
    gap = Gap(council="", source="fw", tables=frozenset({"rules"}), why=why, says="cut", place_file="newer.csv")
    other = Gap(council="", source="other", tables=frozenset({"rules"}), why=why, says="cut", place_file="newer.csv")
    read = [load(files, [row(10, "permit")])]
    assert devices(read, [gap], settings(ZONES, [firewall()]), files, TODAY)[0].stale is (why in ("unreadable", "held"))
    assert not devices(read, [other], settings(ZONES, [firewall()]), files, TODAY)[0].stale


def test_the_default_says_where_it_comes_from() -> None:
    files = Files()
    found = from_table(load(files, []), firewall(default=None), files, TODAY).chains["rules"]
    assert found.default is None
    assert (found.default_origin.file, found.default_origin.line) == (FILE, 0)
