"""What a person is told: verdict, addresses, the deciding line, a packet, and why it cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from secscan.exposure import ask, ask_config, zone_sets
from secscan.model.errors import UsageError
from secscan.model.net import AddressSet, Answer, Device, Origin, ZoneSet
from secscan.model.settings import Zone
from tests.exposure.net import FILE, listed, plain_zones, rule, settings, steps, undecoded

TO = "10.9.0.5"


def one(*lists: Device, from_: str = "users", to: str = TO, port: str = "tcp/443", **more: Any) -> Answer:
    (found,) = ask(lists, plain_zones(), from_, to, port, **more)
    return found


def test_the_first_rule_that_matches_decides() -> None:
    found = one(listed(rule(2, "permit", "10.1.0.0/24", TO, "tcp", "443"), rule(3, "deny", "any", "any")))
    assert (found.verdict, found.sources, found.addresses) == ("permitted", ("10.1.0.0/24",), 256)
    assert found.rule is not None
    assert (found.rule.file, found.rule.line, found.device) == (FILE, 2, "fw")
    assert one(listed(rule(2, "deny", "any", TO), rule(3, "permit", "any", "any"))).verdict == "blocked"


def test_one_host_of_a_zone_is_partly_and_named() -> None:
    found = one(listed(rule(2, "permit", "10.1.0.7", TO, "tcp", "443")))
    assert (found.verdict, found.sources, found.addresses) == ("partly", ("10.1.0.7/32",), 1)
    assert found.witness is not None
    assert (found.witness.src, found.witness.dst, found.witness.dport) == ("10.1.0.7", TO, 443)


def test_what_no_rule_lets_through_is_blocked_by_the_default() -> None:
    found = one(listed())
    assert (found.verdict, found.reason) == ("blocked", "no rule matches, and the default is deny")
    assert found.rule is not None
    assert found.rule.line == 0
    assert one(listed(default="permit")).verdict == "permitted"


def test_a_default_that_nobody_knows_cannot_be_told() -> None:
    found = one(listed(rule(2, "permit", "10.1.0.7", TO), default=None), from_="guest")
    assert found.verdict == "cannot-tell"
    assert "no rule matches, and nothing says what the device does then" in found.reason


def test_every_zone_is_answered_where_none_is_named() -> None:
    found = ask([listed()], plain_zones(), None, TO, "tcp/443")
    assert [(a.from_, a.verdict) for a in found] == [
        ("guest", "blocked"), ("internet", "blocked"), ("servers", "permitted"), ("users", "blocked"),
    ]  # fmt: skip


def test_the_same_zone_never_meets_the_firewall() -> None:
    found = one(listed(), from_="servers")
    assert (found.verdict, found.rule) == ("permitted", None)
    assert found.reason == "same network zone: the firewall never sees it"


def test_no_device_between_two_zones_cannot_be_told() -> None:
    found = one(listed(zones=frozenset(("guest", "servers"))))
    assert (found.verdict, found.rule) == ("cannot-tell", None)
    assert found.reason == "no firewall export covers the traffic between the two zones"


def test_a_line_not_understood_leaves_open_what_it_stands_before() -> None:
    lost = undecoded(3, "row refused: 'x' is not a number")
    before = listed(rule(2, "deny", "any", TO), rule(4, "permit", "any", "any"), undecoded=(lost,))
    assert one(before).verdict == "blocked"
    after = listed(rule(4, "deny", "any", TO), undecoded=(lost,))
    found = one(after)
    assert found.verdict == "cannot-tell"
    assert found.reason == f"{FILE}:3: line not understood: row refused: 'x' is not a number"
    assert one(listed(rule(4, "permit", "any", TO), undecoded=(lost,))).verdict == "cannot-tell"


def test_where_file_and_order_differ_a_lost_line_may_stand_anywhere() -> None:
    lost = undecoded(9)
    assert (
        one(listed(rule(8, "deny", "any", TO), rule(2, "deny", "any", TO), undecoded=(lost,))).verdict == "cannot-tell"
    )
    assert one(listed(rule(2, "deny", "any", TO), rule(8, "deny", "any", TO), undecoded=(lost,))).verdict == "blocked"


def test_a_list_of_which_nothing_was_read_cannot_be_told() -> None:
    nothing = Origin(file="firewalls/fw.csv", line=0, line_to=0, text="no export of firewall 'fw' was read")
    found = one(listed(default="deny", undecoded=(nothing,)))
    assert found.verdict == "cannot-tell"
    assert "no export of firewall 'fw' was read" in found.reason


def test_a_rule_that_may_match_decides_nothing_by_itself() -> None:
    late = listed(rule(2, "permit", "any", TO, unknown="schedule 'office' limits the rule"))
    found = one(late)
    assert found.verdict == "cannot-tell"
    assert found.reason == f"{FILE}:2: schedule 'office' limits the rule"
    assert found.rule is not None
    assert found.rule.line == 2
    assert one(listed(rule(2, "deny", "any", TO, unknown="x"), rule(3, "permit", "any", TO))).verdict == "cannot-tell"


def test_a_doubt_that_changes_nothing_is_none() -> None:
    permit = listed(rule(2, "permit", "any", TO, unknown="x"), rule(3, "permit", "any", TO))
    found = one(permit)
    assert found.verdict == "permitted"
    assert found.rule is not None
    assert found.rule.line == 3
    assert one(listed(rule(2, "deny", "any", TO, unknown="x"), rule(3, "deny", "any", TO))).verdict == "blocked"
    assert one(listed(rule(2, "permit", "any", "10.9.0.6", unknown="x"))).verdict == "blocked"


def test_a_name_among_the_sources_leaves_the_others_open() -> None:
    found = one(listed(rule(2, "permit", "10.1.0.7;mail.example.org", TO)))
    assert (found.verdict, found.sources) == ("partly", ("10.1.0.7/32",))
    assert found.reason == f"the rest cannot be told: {FILE}:2: source: src 'mail.example.org' is not an address"


def test_disabled_expired_and_established_rules_match_nothing() -> None:
    for limit in ({"enabled": False}, {"expired": True}, {"state": "established"}):
        assert one(listed(rule(2, "permit", "any", TO, **limit))).verdict == "blocked"


def test_a_rule_for_another_zone_does_not_match_and_one_for_an_unknown_zone_may() -> None:
    def from_(zone: str) -> Answer:
        return one(listed(rule(2, "permit", "any", TO, from_zones=frozenset((zone,)))))

    assert from_("users").verdict == "permitted"
    assert from_("guest").verdict == "blocked"
    found = from_("lan")
    assert (found.verdict, found.reason) == ("cannot-tell", f"{FILE}:2: zone 'lan' is not defined in secscan.yaml")
    to = listed(rule(2, "permit", "any", "any", to_zones=frozenset(("guest",))))
    assert one(to).verdict == "blocked"


def test_any_source_port_is_enough() -> None:
    found = one(listed(rule(2, "permit", "any", TO, "udp", "any", sport="53")), port="udp/5000")
    assert found.verdict == "permitted"
    assert found.witness is not None
    assert found.witness.sport == 53
    assert (
        one(listed(rule(2, "deny", "any", TO, "tcp", "any", sport="0-1023"), default="permit")).verdict == "permitted"
    )


def test_any_port_asks_for_every_port_of_both_protocols() -> None:
    found = one(listed(rule(2, "permit", "any", TO, "udp", "40000-40010")), port="any")
    assert found.verdict == "permitted"
    assert found.witness is not None
    assert (found.witness.proto, found.witness.dport) == ("udp", 40000)
    assert one(listed(rule(2, "permit", "any", TO, "icmp", None)), port="any").verdict == "blocked"  # type: ignore[arg-type]
    assert one(listed(rule(2, "permit", "any", TO, "udp", "40000")), port="tcp/any").verdict == "blocked"


def test_six_is_a_network_of_its_own() -> None:
    only_v4 = listed(rule(2, "permit", "any4", "any4", "tcp", "443"))
    assert one(only_v4).verdict == "permitted"
    assert one(only_v4, to="fd00:9::5").verdict == "blocked"
    both = listed(rule(2, "permit", "fd00:1::/64", "fd00:9::5", "tcp", "443"))
    assert one(both, to="fd00:9::5").sources == ("fd00:1::/64",)
    assert one(both).verdict == "blocked"


def test_a_zone_without_addresses_of_the_family_cannot_be_told() -> None:
    found = one(listed(), from_="guest", to="fd00:9::5")
    assert (found.verdict, found.reason) == ("cannot-tell", "the zone lists no IPv6 addresses")


def test_of_two_devices_side_by_side_either_way_will_do() -> None:
    opens = listed(rule(2, "permit", "any", TO), device="b")
    shuts = listed(rule(3, "deny", "any", TO), device="a")
    found = one(shuts, opens)
    assert (found.verdict, found.device) == ("permitted", "b")
    assert found.reason == "on another way it is stopped by a"
    assert [(device, origin.line) for device, origin in found.deciding] == [("a", 3), ("b", 2)]
    assert one(shuts, listed(device="b")).verdict == "blocked"
    unknown = listed(rule(2, "permit", "any", TO, unknown="x"), device="b")
    assert one(shuts, unknown).verdict == "cannot-tell"


def test_a_longer_way_that_is_surely_open_settles_a_shorter_one_in_doubt() -> None:
    doubtful = listed(rule(2, "permit", "any", TO, unknown="x"), device="direct", zones=frozenset(("users", "servers")))
    outer = listed(device="outer", zones=frozenset(("users", "guest")), default="permit")
    inner = listed(device="inner", zones=frozenset(("guest", "servers")), default="permit")
    assert one(doubtful).verdict == "cannot-tell"
    assert one(doubtful, outer, inner).verdict == "permitted"


def test_of_two_devices_in_a_row_both_must_let_it_through() -> None:
    outer: dict[str, Any] = {"device": "outer", "zones": frozenset(("users", "guest"))}
    inner: dict[str, Any] = {"device": "inner", "zones": frozenset(("guest", "servers"))}
    some, more = rule(2, "permit", "10.1.0.0/25", TO), rule(3, "permit", "10.1.0.64/26;10.1.0.128/25", TO)
    found = one(listed(some, **outer), listed(more, **inner))
    assert (found.verdict, found.sources, found.device) == ("partly", ("10.1.0.64/26",), "inner")
    blocked = one(listed(some, **outer), listed(**inner))
    assert (blocked.verdict, blocked.device) == ("blocked", "inner")


def test_a_device_in_a_row_sees_the_zones_beside_it() -> None:
    outer: dict[str, Any] = {"device": "outer", "zones": frozenset(("users", "guest"))}
    inner: dict[str, Any] = {"device": "inner", "zones": frozenset(("guest", "servers"))}
    outward = rule(2, "permit", "any", "any", from_zones=frozenset(("users",)), to_zones=frozenset(("guest",)))
    inward = rule(2, "permit", "any", "any", from_zones=frozenset(("guest",)), to_zones=frozenset(("servers",)))
    assert one(listed(outward, **outer), listed(inward, **inner)).verdict == "permitted"
    wrong = rule(2, "permit", "any", "any", from_zones=frozenset(("users",)))
    assert one(listed(outward, **outer), listed(wrong, **inner)).verdict == "blocked"


def chain(length: int, **last: Any) -> tuple[list[Device], tuple[ZoneSet, ...]]:
    """Zones z0 to zN in a row, a device that lets everything through between each two, the last as told."""
    zones = zone_sets(settings([Zone(id=f"z{i}", addresses=(f"10.{i}.0.0/24",)) for i in range(length + 1)]))
    lists = [
        listed(
            device=f"d{i}",
            zones=frozenset((f"z{i}", f"z{i + 1}")),
            **({"default": "permit"} | (last if i == length - 1 else {})),
        )
        for i in range(length)
    ]
    return lists, zones


def test_a_way_over_too_many_devices_is_not_followed_to_its_end() -> None:
    for length, verdict in ((6, "permitted"), (7, "cannot-tell")):
        lists, zones = chain(length)
        (found,) = ask(lists, zones, "z0", f"10.{length}.0.1", "tcp/1")
        assert found.verdict == verdict
    assert found.reason == "there are too many ways between the two zones to follow them all"
    lists, zones = chain(9, default="deny")
    assert ask(lists, zones, "z0", "10.9.0.1", "tcp/1")[0].verdict == "blocked"


def test_many_devices_between_many_zones_are_soon_followed() -> None:
    zones = zone_sets(settings([Zone(id=f"z{i}", addresses=(f"10.{i}.0.0/24",)) for i in range(12)]))
    expected: dict[Any, str] = {"deny": "blocked", "permit": "permitted", None: "cannot-tell"}
    for default, verdict in expected.items():
        mesh = [listed(device=f"d{i}", zones=frozenset(z.id for z in zones), default=default) for i in range(9)]
        assert ask(mesh, zones, "z0", "10.1.0.1", "tcp/1")[0].verdict == verdict


def test_an_old_export_far_away_does_not_weaken_a_fresh_one_at_the_door() -> None:
    far: dict[str, Any] = {"device": "far", "zones": frozenset(("users", "guest")), "stale": True, "default": "permit"}
    door: dict[str, Any] = {"device": "door", "zones": frozenset(("guest", "servers"))}
    assert one(listed(**far), listed(**door)).stale is False
    assert one(listed(**far), listed(**door, default="permit")).stale is True
    beside = listed(rule(2, "permit", "any", TO), device="beside")
    assert one(listed(**far), listed(**door), beside).stale is False


def test_an_old_export_is_told_with_a_mark() -> None:
    found = one(listed(rule(2, "permit", "any", TO), stale=True))
    assert (found.verdict, found.stale) == ("permitted", True)
    assert one(listed(rule(2, "permit", "any", TO))).stale is False


def test_a_network_or_an_address_may_ask() -> None:
    lists = listed(rule(2, "permit", "10.1.0.0/25", TO, from_zones=frozenset(("users",))))
    assert one(lists, from_="10.1.0.9").verdict == "permitted"
    assert one(lists, from_="10.1.0.200").verdict == "blocked"
    found = one(lists, from_="10.1.0.0/24")
    assert (found.from_, found.verdict, found.sources) == ("10.1.0.0/24", "partly", ("10.1.0.0/25",))
    assert one(lists, from_="10.0.0.0/8").sources == ("10.1.0.0/25", "10.9.0.0/24")


def test_an_address_in_no_zone_cannot_be_told() -> None:
    found = one(listed(rule(2, "permit", "any", "any")), to="10.77.0.1")
    assert (found.verdict, found.reason) == ("cannot-tell", "10.77.0.1 is in no zone that secscan.yaml lists")
    assert one(listed(rule(2, "permit", "any", "any")), to="10.77.0.1", zone="servers").verdict == "permitted"
    assert one(listed(rule(2, "permit", "any", "any")), to="198.51.100.7").verdict == "permitted"


def test_private_addresses_that_no_zone_lists_are_told_apart_from_the_internet() -> None:
    found = one(listed(rule(2, "permit", "10.0.0.0/8", TO)), from_="internet")
    assert found.verdict == "partly"
    assert found.reason == "only private addresses that no zone lists; list them in a zone of their own"
    assert one(listed(rule(2, "permit", "203.0.113.9", TO)), from_="internet").reason == ""


@pytest.mark.parametrize(
    ("from_", "to", "port", "says"),
    [
        ("userz", TO, "tcp/1", "'userz' is not a zone, a network or an address; did you mean 'users'?"),
        ("users", "web-01", "tcp/1", "'web-01' is not an address"),
        ("users", TO, "443", "'443' is not a port; write tcp/443, udp/53 or any"),
        ("users", TO, "tcp/70000", "'tcp/70000' is not a port; write tcp/443, udp/53 or any"),
        ("users", TO, "sctp/1", "'sctp/1' is not a port; write tcp/443, udp/53 or any"),
        ("fd00::1", TO, "tcp/1", "'fd00::1' is IPv6, and the other end is IPv4: packets never mix them"),
    ],
)
def test_a_question_that_means_nothing_is_refused(from_: str, to: str, port: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        one(listed(), from_=from_, to=to, port=port)
    assert str(caught.value) == says


def test_names_are_only_text() -> None:
    hostile = rule(2, "permit", "any", TO)
    evil = "\x1b[31m<script>'; DROP TABLE--\u202e"
    found = one(listed(rule(2, "permit", "any", TO, reason=evil), device=evil))
    assert (found.device, found.verdict) == (evil, "permitted")
    assert hostile.origin.text == ""


def test_an_export_by_itself_answers_for_what_passes_the_device() -> None:
    alone = listed(rule(2, "permit", "10.1.0.0/24", TO, "tcp", "443"), zones=frozenset())
    (found,) = ask_config(alone, "10.1.0.0/16", TO, "tcp/443")
    assert (found.verdict, found.sources) == ("partly", ("10.1.0.0/24",))
    assert ask_config(alone, "10.1.0.9", TO, "tcp/443")[0].verdict == "permitted"
    assert ask_config(alone, "10.2.0.9", TO, "tcp/443")[0].verdict == "blocked"
    assert ask_config(alone, None, TO, "tcp/443")[0].from_ == "any"


def test_an_export_by_itself_leaves_its_zones_open_unless_one_is_named() -> None:
    alone = listed(rule(2, "permit", "any", TO, from_zones=frozenset(("lan",))), zones=frozenset())
    (found,) = ask_config(alone, None, TO, "tcp/443")
    assert found.verdict == "cannot-tell"
    assert found.reason == f"{FILE}:2: the rule is for zone lan, and the zone of the packet is not known"
    assert ask_config(alone, "lan", TO, "tcp/443")[0].verdict == "permitted"
    other = listed(
        *steps(alone), rule(3, "permit", "any", "10.9.0.6", from_zones=frozenset(("wan",))), zones=frozenset()
    )
    assert ask_config(other, "wan", TO, "tcp/443")[0].verdict == "blocked"
    to = listed(rule(2, "permit", "any", TO, to_zones=frozenset(("dmz",))), zones=frozenset())
    assert ask_config(to, None, TO, "tcp/443")[0].verdict == "cannot-tell"
    with pytest.raises(UsageError):
        ask_config(alone, "lam", TO, "tcp/443")


def test_equal_rules_of_two_files_stay_apart() -> None:
    assert AddressSet() == AddressSet()
    twice = [listed(rule(2, "deny", "any", TO)), listed(rule(2, "permit", "any", TO))]
    found = one(*twice)
    assert (found.verdict, found.device) == ("permitted", "fw")
