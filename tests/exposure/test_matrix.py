"""The matrix of zones: whole zones against one address at a time, and what of it goes against policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from secscan.exposure import asset_reach, attach, matrix
from secscan.exposure import intervals as iv
from secscan.exposure.engine import Engine
from secscan.model.net import Device
from secscan.model.policy import Forbidden, Policy, Scope
from secscan.model.posture import PairRow, ZoneMatrix
from secscan.model.settings import Firewall, Zone
from tests.exposure.net import ALL, TODAY, ZONES, listed, plain_zones, rule, settings, undecoded
from tests.exposure.networks import Maker, spots, zones
from tests.exposure.test_attach import OLD, asset, claim, estate
from tests.exposure.test_devices import host, turn

MINE = ("alderbeck", "A1")


def rows(devices: Sequence[Device], to: str, services: Sequence[str] = ("tcp/443",), **more: Any) -> list[PairRow]:
    engine, known = Engine(devices, plain_zones()), plain_zones()
    end = next(z for z in known if z.id == to)
    families = [matrix.End(engine, family, end, more.get("hosts", {})) for family in iv.FAMILIES]
    return matrix.between(known, families, services)


def one(devices: Sequence[Device], start: str, to: str, service: str = "tcp/443", **more: Any) -> PairRow:
    (found,) = [r for r in rows(devices, to, [service], **more) if r.from_zone == start and r.ip == 4]
    return found


# -- against one address at a time, which is held against the slow witness elsewhere


def expected(engine: Engine, family: Any, start: str, end: str, port: str) -> tuple[str, int, int]:
    """(verdict, sources, targets) by asking about every address of the zone by itself."""
    reached, sources, whole, open_ = 0, 0, True, False
    for address in spots(family, end):
        asked = engine.ask(address, family, end, port, host=MINE if address == spots(family, end)[0] else ("", ""))
        found = asked.reach(start)
        full = asked.board.axis.full[found.zone]
        sources |= found.lower
        reached += bool(found.lower)
        whole &= found.lower == full
        open_ |= bool(found.upper & ~found.lower)
    size = asked.board.axis.size(found.zone, sources)
    verdict = "permitted" if whole else "partly" if sources else "cannot-tell" if open_ else "blocked"
    return verdict, size, reached


def differences(devices: Sequence[Device], family: Any, port: str) -> list[tuple[Any, ...]]:
    known, found = zones(family), []
    engine = Engine(devices, known)
    for end in known:
        hosts = {spots(family, end.id)[0]: MINE} if any(d.host for d in devices) else {}
        told = matrix.between(known, [matrix.End(engine, family, end, hosts)], [port])
        for start in known:
            mine = [(r.verdict, r.sources, r.targets) for r in told if r.from_zone == start.id]
            if start.id != end.id and mine != [wanted := expected(engine, family, start.id, end.id, port)]:
                found.append((start.id, end.id, mine, wanted))
    return found


seeds = st.integers(0, 2**32)
ports = st.sampled_from(["tcp/2", "tcp/2", "any"])


@effort(max_examples=60, deadline=None)
@given(seeds, st.sampled_from([4, 6]), ports)
def test_a_whole_zone_is_answered_as_each_of_its_addresses(seed: int, family: int, port: str) -> None:
    assert differences([Maker(seed, family).device()], family, port) == []


@effort(max_examples=40, deadline=None)
@given(seeds, ports)
def test_several_devices_and_a_host_s_own_firewall_are_answered_so_too(seed: int, port: str) -> None:
    made = Maker(seed)
    several = [made.listed("one", most=3), made.listed("two", most=3), made.device("own", most=3, host=True)]
    assert differences(several, 4, port) == []


@effort(max_examples=60, deadline=None)
@given(seeds, ports)
def test_translations_are_answered_so_too(seed: int, port: str) -> None:
    made = Maker(seed)
    turned = [made.device(name, most=3, turns=("dst", "src")) for name in ("one", "two")][: 1 + seed % 2]
    assert differences(turned, 4, port) == []


# -- what a row says


def test_partly_counts_the_addresses_of_both_zones_and_names_their_networks() -> None:
    fw = listed(
        rule(2, "permit", "10.1.0.0/28", "10.9.0.16/30", "tcp", "443"),
        rule(3, "permit", "10.1.0.5", "any", "tcp", "443"),
    )
    found = one([fw], "users", "servers")
    assert (found.verdict, found.sources, found.of_sources, found.targets, found.of_targets) == (
        "partly",
        16,
        256,
        256,
        256,
    )
    assert found.from_networks == ["10.1.0.0/28"] and found.rules == 2
    found = one([listed(rule(2, "permit", "10.1.0.0/28", "10.9.0.16/30", "tcp", "443"))], "users", "servers")
    assert (found.sources, found.targets, found.to_networks) == (16, 4, ["10.9.0.16/30"])


def test_the_rule_behind_a_cell_is_named_with_its_line_and_a_packet_that_fares_so() -> None:
    fw = listed(rule(2, "permit", "10.1.0.0/24", "10.9.0.16", "tcp", "443"), rule(3, "deny", "10.2.0.0/24", "any"))
    opened, shut = one([fw], "users", "servers"), one([fw], "guest", "servers")
    assert (opened.device, opened.rule, opened.place and opened.place.line) == ("fw", "fw 20", 2)
    assert opened.packet and (opened.packet.dst, opened.packet.dport) == ("10.9.0.16", 443)
    assert (shut.verdict, shut.rule, shut.place and shut.place.line) == ("blocked", "fw 30", 3)
    assert shut.packet and shut.packet.src.startswith("10.2.0.") and shut.packet.dst.startswith("10.9.0.")


def test_services_that_one_line_answers_alike_share_a_row_and_others_do_not() -> None:
    fw = listed(rule(2, "permit", "10.1.0.0/24", "10.9.0.0/24", "tcp", "22,443"), rule(3, "deny", "any", "any"))
    found = [r for r in rows([fw], "servers", ["tcp/22", "tcp/443", "tcp/3389"]) if (r.from_zone, r.ip) == ("users", 4)]
    assert [(r.services, r.verdict) for r in found] == [(["tcp/22", "tcp/443"], "permitted"), (["tcp/3389"], "blocked")]


def test_what_is_not_understood_leaves_the_rest_untold_and_is_never_a_pass() -> None:
    lost = undecoded(9)
    assert one([listed(undecoded=[lost])], "users", "servers").verdict == "cannot-tell"
    part = one([listed(rule(2, "permit", "10.1.0.5", "any", "tcp", "443"), undecoded=[lost])], "users", "servers")
    assert part.verdict == "partly" and part.reason and part.reason.startswith("the rest cannot be told")


def test_what_an_old_export_blocks_is_not_known_to_be_blocked() -> None:
    fw = listed(stale=True, exported_on=TODAY - timedelta(days=400))
    found = one([fw], "users", "servers")
    assert found.verdict == "cannot-tell" and found.reason == asset_reach.OLD and found.stale
    assert one([replace(fw, stale=False)], "users", "servers").verdict == "blocked"


def test_zones_without_a_firewall_between_them_cannot_be_told() -> None:
    found = one([listed(zones=frozenset(("guest", "servers")))], "users", "servers")
    assert (found.verdict, found.rule, found.packet) == ("cannot-tell", None, None)
    assert found.reason == "no firewall export covers the traffic between the two zones"


def test_both_families_are_told_apart_and_zones_without_a_common_one_say_so() -> None:
    fw = listed(rule(2, "permit", "10.1.0.0/24", "10.9.0.0/24"))
    assert [(r.ip, r.verdict) for r in rows([fw], "servers") if r.from_zone == "users"] == [
        (4, "permitted"),
        (6, "blocked"),
    ]
    known = (Zone(id="old", addresses=("10.1.0.0/24",)), Zone(id="new", addresses=("fd00::/64",)))
    found = attached(listed(zones=frozenset(("old", "new"))), known).pairs
    assert {r.reason for r in found if {r.from_zone, r.to_zone} == {"old", "new"}} == {
        "the two zones list no addresses of one family"
    }


def test_private_addresses_that_no_zone_lists_are_no_part_of_the_internet_that_is_reached() -> None:
    fw = listed(rule(2, "deny", "any", "10.0.0.0/8"), default="permit")
    found = one([fw], "users", "internet")
    assert found.verdict == "permitted" and found.of_targets < 2**32 - 2**24


def test_private_sources_alone_from_the_internet_are_called_so() -> None:
    found = one([listed(rule(2, "permit", "10.77.0.0/16", "10.9.0.0/24"))], "internet", "servers")
    assert found.verdict == "partly" and found.reason and found.reason.startswith("only private addresses")
    found = one([listed(rule(2, "permit", "any", "10.9.0.0/24"))], "internet", "servers")
    assert found.verdict == "permitted" and found.packet and not found.packet.src.startswith(("0.", "10."))


def test_an_address_that_a_translation_leads_to_is_asked_about_by_itself() -> None:
    nat = turn(5, "203.0.113.7", "10.9.0.9", "tcp", "443")
    fw = listed(rule(2, "permit", "any", "10.9.0.9", "tcp", "443"), rule(3, "deny", "any", "any"), translations=(nat,))
    found = one([fw], "internet", "servers")
    assert (found.verdict, found.targets, found.to_networks) == ("partly", 1, ["10.9.0.9/32"])


def test_addresses_that_differ_only_by_what_is_translated_to_them_are_told_apart() -> None:
    nat = turn(5, "203.0.113.8/31", "10.9.0.8/31", "tcp", "443")
    fw = listed(rule(2, "permit", "any", "203.0.113.8", "tcp", "443"), translations=(nat,))
    fw = replace(fw, stages=tuple(replace(stage, sees="original") for stage in fw.stages))
    found = one([fw], "users", "servers")
    assert (found.verdict, found.targets, found.to_networks) == ("partly", 1, ["10.9.0.8/32"])


def test_a_translation_to_more_addresses_than_are_followed_leaves_them_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    nat = turn(5, "203.0.113.0/28", "10.9.0.0/28", "tcp", "443")
    fw = listed(rule(3, "deny", "any", "any"), translations=(nat,))
    assert one([fw], "users", "servers").verdict == "blocked"
    monkeypatch.setattr(matrix, "MAX_SINGLE", 15)
    found = one([fw], "users", "servers")
    assert found.verdict == "cannot-tell" and found.reason and "more addresses than are followed" in found.reason


def test_the_firewall_of_a_host_is_asked_for_that_host_alone() -> None:
    fw = listed(rule(2, "permit", "any", "any"))
    own = host(rule(2, "deny", "any", "any", "tcp", "443"), rule(3, "permit", "any", "any"))
    address = iv.number("10.9.0.5")[0]
    found = one([fw, own], "users", "servers", hosts={address: MINE})
    assert (found.verdict, found.targets) == ("partly", 255)


# -- from the settings to the frame, and what is against policy


def attached(fw: Device, known: Sequence[Zone] = ZONES, *claims: Any, **more: Any) -> ZoneMatrix:
    wall = Firewall(id="fw", file="fw.csv", zones=tuple(sorted(fw.zones)), default="deny")
    services = more.pop("services", ({"asset": "A1", "proto_port": "tcp/445"},))
    given = estate(OLD, asset("A2", "10.9.0.6"), services=services)
    told = attach(
        given, settings(known, [wall]), Policy(name="p", version="1", controls=(), mitigations=claims), [fw], **more
    )
    found: ZoneMatrix = told.notes["matrix"]
    return found


def forbids(**more: Any) -> Forbidden:
    given: dict[str, Any] = {
        "control": "NET-06", "from_zones": frozenset(("users", "internet")), "ports": frozenset(("tcp/22", "tcp/3389")),
        "councils": frozenset(("alderbeck",)), "scope": Scope(),
    }  # fmt: skip
    return Forbidden(**{**given, **more})


def against(found: ZoneMatrix) -> set[tuple[str, str, str]]:
    return {(r.from_zone, r.to_zone, service) for r in found.pairs if r.controls for service in r.services}


def test_the_ports_of_claims_policy_and_devices_are_asked_about_and_any() -> None:
    found = attached(listed(), ZONES, claim(), forbidden=[forbids()])
    assert found.services == ["any", "tcp/22", "tcp/445", "tcp/3389"]
    assert [z.id for z in found.zones] == ["internet", "guest", "servers", "users"] and found.controls == ["NET-06"]


def test_more_ports_than_fit_leave_out_those_that_fewest_devices_listen_on_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matrix, "MAX_SERVICES", 4)
    listening = [{"asset": a, "proto_port": p} for a, p in (("A1", "tcp/80"), ("A2", "tcp/80"), ("A1", "tcp/9000"))]
    found = attached(listed(), services=listening, forbidden=[forbids()])
    assert found.services == ["any", "tcp/22", "tcp/80", "tcp/3389"]
    assert found.left_out == ["Ports that fewest devices listen on: tcp/9000"]


def test_more_zones_or_kinds_of_address_than_fit_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "MAX_ZONES", 3)
    found = attached(listed(zones=ALL - {"guest"}))
    assert found.left_out == ["Zones that fewest firewalls, claims and controls name: guest"]
    assert {r.to_zone for r in found.pairs} == {"internet", "servers", "users"}
    monkeypatch.setattr(matrix, "MAX_CLASSES", 0)
    found = attached(listed(zones=ALL - {"guest"}))
    assert found.pairs == [] and found.left_out[1].endswith("too many addresses apart: internet, servers, users")


def test_a_port_of_administration_from_a_zone_of_users_is_against_policy_where_it_gets_through() -> None:
    fw = listed(
        rule(2, "permit", "10.1.0.0/24", "10.9.0.5", "tcp", "3389"),
        rule(3, "permit", "10.2.0.0/24", "10.9.0.0/24", "tcp", "22"),
    )
    assert against(attached(fw, forbidden=[forbids()])) == {("users", "servers", "tcp/3389")}
    assert against(attached(fw, forbidden=[forbids(from_zones=frozenset(("guest",)))])) == {
        ("guest", "servers", "tcp/22")
    }
    assert against(attached(fw, forbidden=[forbids(ports=frozenset(("tcp/22",)))])) == set()


def test_the_internet_of_policy_is_every_internet_zone_and_is_never_what_is_to_be_shut() -> None:
    known = (*ZONES[:3], Zone(id="world", internet=True))
    fw = listed(rule(2, "permit", "any", "any"), zones=frozenset(("users", "guest", "servers", "world")))
    found = against(
        attached(fw, known, forbidden=[forbids(from_zones=frozenset(("internet",)), ports=frozenset(("tcp/22",)))])
    )
    assert found == {("world", "servers", "tcp/22"), ("world", "users", "tcp/22"), ("world", "guest", "tcp/22")}
    assert all(to != "world" for _, to, _ in against(attached(fw, known, forbidden=[forbids()])))


@pytest.mark.parametrize(
    ("more", "expected"),
    [({"scope": Scope(excluded={"zone": ("servers",)})}, set()), ({"scope": Scope(only={"zone": ("guest",)})}, set()),
     ({"scope": Scope(only={"zone": ("servers",)})}, {"tcp/3389"})],
)  # fmt: skip
def test_the_scope_of_a_control_says_which_zones_it_is_about(more: dict[str, Any], expected: set[str]) -> None:
    fw = listed(rule(2, "permit", "10.1.0.0/24", "10.9.0.0/24", "tcp", "3389"))
    assert {service for _, _, service in against(attached(fw, forbidden=[forbids(**more)]))} == expected


def test_a_control_is_held_against_the_zones_of_its_own_councils_and_shared_ones() -> None:
    known = (*ZONES[:2], Zone(id="servers", addresses=("10.9.0.0/24",), council="brackenford"), ZONES[3])
    fw = listed(rule(2, "permit", "10.1.0.0/24", "any", "tcp", "3389"))
    assert against(attached(fw, known, forbidden=[forbids()])) == {("users", "guest", "tcp/3389")}


def test_what_is_cannot_tell_is_not_called_against_policy() -> None:
    assert against(attached(listed(undecoded=[undecoded(9)]), forbidden=[forbids()])) == set()


def test_a_claim_that_the_rules_contradict_marks_its_pair_and_one_that_holds_does_not() -> None:
    fw = listed(
        rule(2, "permit", "10.1.0.0/24", "10.9.0.5", "tcp", "445"),
        rule(3, "permit", "10.2.0.0/24", "10.9.0.6", "tcp", "445"),
    )
    found = attached(fw, ZONES, claim(blocked_from=("users", "guest")))
    marked = [(r.from_zone, r.to_zone, r.services, r.claims) for r in found.pairs if r.claims]
    assert marked == [("users", "servers", ["tcp/445"], ["M-1"])]
    later = replace(claim(blocked_from=("users",)), starts=date(2030, 1, 1))
    assert not [r for r in attached(fw, ZONES, later).pairs if r.claims]


def test_a_claim_over_both_directions_marks_the_way_out() -> None:
    fw = listed(rule(2, "permit", "10.9.0.5", "10.2.0.0/24", "udp", "53"))
    found = attached(fw, ZONES, claim(blocked_from=("guest",), both_directions=True))
    assert [(r.from_zone, r.to_zone, r.services) for r in found.pairs if r.claims] == [("servers", "guest", ["any"])]
