"""Chains, stages, interfaces, translations and hosts: what is told of them, and by which line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from secscan.exposure import ask
from secscan.exposure.words import addresses, services
from secscan.model.net import (
    AddressSet,
    Answer,
    Chain,
    Device,
    Interface,
    Origin,
    Route,
    Rule,
    Stage,
    Translation,
)
from tests.exposure.net import ALL, FILE, TODAY, listed, plain_zones, rule

TO = "10.9.0.5"
PUBLIC = "192.0.2.9"


def end(line: int) -> Origin:
    return Origin(file=FILE, line=line, line_to=line, text="")


def chain(name: str, *steps: Rule | Origin, default: Any = "return", line: int = 90) -> Chain:
    return Chain(name=name, steps=steps, default=default, default_origin=end(line))


def device(*chains: Chain, stages: Sequence[Stage] | None = None, **more: Any) -> Device:
    """A device whose first chain is asked of all that passes it."""
    asked = (Stage(name="filter", chain=chains[0].name),) if stages is None else tuple(stages)
    return Device(**{
        "name": "fw", "kind": "iptables", "chains": {one.name: one for one in chains}, "stages": asked, "zones": ALL,
        "exported_on": TODAY, **more,
    })  # fmt: skip


def jump(line: int, target: str, src: str = "any", dst: str = "any", action: str = "jump", **more: Any) -> Rule:
    return rule(line, action, src, dst, target=target, **more)


def one(*devices: Device, from_: str = "users", to: str = TO, port: str = "tcp/443", **more: Any) -> Answer:
    (found,) = ask(devices, plain_zones(), from_, to, port, **more)
    return found


def line(found: Answer) -> int | None:
    return None if found.rule is None else found.rule.line


# ------------------------------------------------------------------------------------------------ chains


def test_the_rule_in_the_chain_that_was_jumped_to_decides_and_is_named() -> None:
    web = chain("web", rule(20, "permit", "any", TO, "tcp", "443"))
    main = chain("main", jump(10, "web", dst="10.9.0.0/24"), default="deny")
    found = one(device(main, web))
    assert (found.verdict, line(found)) == ("permitted", 20)
    assert (one(device(main, web), port="tcp/22").verdict, line(one(device(main, web), port="tcp/22"))) == (
        "blocked",
        90,
    )


def test_what_a_jump_leaves_over_comes_back_behind_it() -> None:
    web = chain("web", rule(20, "return", "10.1.0.0/25", "any"), rule(21, "deny", "any", "any"))
    main = chain("main", jump(10, "web"), rule(11, "permit", "any", TO), default="deny")
    found = one(device(main, web))
    assert (found.verdict, found.sources, line(found)) == ("partly", ("10.1.0.0/25",), 11)


def test_what_a_goto_leaves_over_goes_back_to_the_caller_s_caller() -> None:
    aside = chain("aside", rule(30, "deny", "10.1.0.128/25", "any"))
    inner = chain("inner", jump(20, "aside", action="goto"), rule(21, "deny", "any", "any"))
    main = chain("main", jump(10, "inner"), rule(11, "permit", "any", TO), default="deny")
    found = one(device(main, inner, aside))
    assert (found.verdict, found.sources, line(found)) == ("partly", ("10.1.0.0/25",), 11)
    by_jump = replace(inner, steps=(jump(20, "aside"), *inner.steps[1:]))
    assert one(device(main, by_jump, aside)).verdict == "blocked"


def test_what_returns_from_the_chain_that_is_asked_meets_its_own_end() -> None:
    returns = (rule(10, "return", "any", "any"), rule(11, "deny", "any", "any"))
    found = one(device(chain("main", *returns, default="permit")))
    assert (found.verdict, line(found)) == ("permitted", 90)
    told = one(device(chain("main", *returns)))
    assert (told.verdict, told.reason) == (
        "cannot-tell", f"{FILE}:90: nothing says what becomes of what chain 'main' leaves over",
    )  # fmt: skip


def test_a_rule_that_only_logs_changes_nothing() -> None:
    main = chain("main", rule(10, "continue", "any", "any"), rule(11, "permit", "any", TO), default="deny")
    assert line(one(device(main))) == 11


def test_chains_that_call_each_other_in_a_ring_cannot_be_told() -> None:
    ring = [chain("main", jump(10, "a"), default="permit"), chain("a", jump(20, "b")), chain("b", jump(30, "a"))]
    found = one(device(*ring))
    assert (found.verdict, found.reason) == ("cannot-tell", f"{FILE}:30: chain 'a' calls itself")
    before = chain("main", rule(9, "deny", "any", TO), *ring[0].steps, default="permit")
    assert one(device(before, *ring[1:])).verdict == "blocked"


def test_chains_too_deep_cannot_be_told_and_one_less_can() -> None:
    def nested(depth: int) -> Device:
        chains = [chain("c0", jump(1, "c1"), default="deny")]
        chains += [chain(f"c{i}", jump(i + 1, f"c{i + 1}")) for i in range(1, depth - 1)]
        return device(*chains, chain(f"c{depth - 1}", rule(500, "permit", "any", "any")))

    assert line(one(nested(64))) == 500
    found = one(nested(65))
    assert (found.verdict, found.reason) == ("cannot-tell", f"{FILE}:64: chains are called 64 deep")


def test_chains_that_call_each_other_often_are_walked_once() -> None:
    """Each calls the next twice: 2 to the 40 walks, were they unfolded."""
    chains = [chain(f"c{i}", jump(2 * i, f"c{i + 1}"), jump(2 * i + 1, f"c{i + 1}")) for i in range(40)]
    chains[0] = replace(chains[0], default="deny")
    last = chain("c40", rule(99, "permit", "10.1.0.7", "any"))
    assert one(device(*chains, last)).sources == ("10.1.0.7/32",)


def test_a_chain_that_is_not_in_the_export_cannot_be_told() -> None:
    found = one(device(chain("main", jump(10, "elsewhere"), default="deny")))
    assert (found.verdict, found.reason) == ("cannot-tell", f"{FILE}:10: chain 'elsewhere' is not in the export")


def test_a_jump_that_may_match_leaves_open_what_its_chain_decides() -> None:
    sub = chain("sub", rule(20, "permit", "10.1.0.0/25", "any"))
    main = chain("main", jump(10, "sub", unknown="a schedule"), default="deny")
    found = one(device(main, sub))
    assert (found.verdict, found.reason) == ("cannot-tell", f"{FILE}:10: a schedule")
    assert one(device(main, sub), from_="10.1.0.200").verdict == "blocked"
    twice = chain("main", jump(10, "sub", unknown="a schedule"), jump(11, "sub"), default="deny")
    sure = one(device(twice, sub))
    assert (sure.verdict, sure.sources, line(sure)) == ("partly", ("10.1.0.0/25",), 20)


def test_a_line_not_understood_in_a_chain_leaves_open_what_reaches_it() -> None:
    sub = chain("sub", end(20), rule(21, "permit", "any", "any"))
    main = chain("main", rule(9, "deny", "10.1.0.0/25", "any"), jump(10, "sub", "10.1.0.0/24"), default="deny")
    assert one(device(main, sub), from_="10.1.0.0/25").verdict == "blocked"
    found = one(device(main, sub))
    assert found.verdict == "cannot-tell"
    assert found.reason.startswith(f"{FILE}:20: line not understood")
    assert one(device(main, sub), from_="guest").verdict == "blocked"


# ------------------------------------------------------------------------------------------------ stages and interfaces


def test_every_stage_must_let_it_through() -> None:
    first = chain("raw", rule(10, "permit", "any", TO), default="deny", line=91)
    second = chain("filter", rule(20, "permit", "10.1.0.0/25", "any"), default="deny", line=92)
    stages = [Stage(name="raw", chain="raw"), Stage(name="filter", chain="filter")]
    found = one(device(first, second, stages=stages))
    assert (found.verdict, found.sources, line(found)) == ("partly", ("10.1.0.0/25",), 20)
    shut = replace(second, steps=())
    assert line(one(device(first, shut, stages=stages))) == 92
    assert line(one(device(replace(first, steps=()), second, stages=stages))) == 91


def test_a_stage_is_asked_of_what_comes_in_by_its_interface() -> None:
    outside = chain("outside_in", default="deny", line=91)
    inside = chain("inside_in", rule(20, "permit", "any", "any"), default="deny", line=92)
    stages = [
        Stage(name="access-group outside_in in", chain="outside_in", in_interfaces=frozenset(("outside",))),
        Stage(name="access-group inside_in in", chain="inside_in", in_interfaces=frozenset(("inside",))),
    ]
    sides = {"outside": frozenset(("internet",)), "inside": frozenset(("users", "guest"))}
    fw = device(outside, inside, stages=stages, sides=sides)
    assert (one(fw).verdict, line(one(fw))) == ("permitted", 20)
    blocked = one(fw, from_="internet")
    assert (blocked.verdict, line(blocked)) == ("blocked", 91)
    unnamed = one(device(outside, inside, stages=stages))
    assert unnamed.verdict == "cannot-tell"
    assert unnamed.reason == (
        f"{FILE}:91: interface outside is not named in secscan.yaml: add `interfaces:` to firewall 'fw'"
    )


def side(name: str, networks: str = "", own: str = "", **more: Any) -> Interface:
    return Interface(
        name=name, networks=addresses(networks, "n") if networks else AddressSet(),
        addresses=addresses(own, "n") if own else AddressSet(), **more,
    )  # fmt: skip


def by_interface(*interfaces: Interface, **more: Any) -> Device:
    main = chain("main", rule(10, "permit", "any", TO, in_interfaces=frozenset(("lan",))), default="deny")
    return device(main, interfaces=interfaces, **more)


def route(network: str, interface: str) -> Route:
    ((lo, hi),) = addresses(network, "n").v4
    return Route(family=4, network=(lo, hi), interface=interface, origin=end(80))


@pytest.mark.parametrize(
    ("fw", "expected"),
    [
        (by_interface(side("lan", "10.1.0.0/24"), side("dmz", "10.9.0.0/24")), "permitted"),
        (by_interface(side("lan", "10.2.0.0/24"), side("dmz", "10.1.0.0/24")), "blocked"),
        (by_interface(side("lan", "10.1.0.0/25"), side("dmz", "10.1.0.128/25")), "partly"),
        (by_interface(side("lan", "10.1.0.0/25")), "partly"),
        (by_interface(side("lan", "10.2.0.0/24")), "cannot-tell"),
        (by_interface(side("lan", "10.0.0.0/8"), side("dmz", "10.1.0.0/24")), "blocked"),  # the longest prefix
        (by_interface(side("lan"), side("dmz"), routes=(route("10.0.0.0/8", "dmz"), route("10.1.0.0/16", "lan"))), "permitted"),
        (by_interface(side("lan"), routes=(route("0.0.0.0/0", "lan"),)), "cannot-tell"),  # private: no default route says
        (by_interface(side("lan"), side("dmz"), routes=(route("10.1.0.0/16", "dmz"), route("10.1.0.0/16", "lan"))), "cannot-tell"),
        (by_interface(side("lan", "10.1.0.0/24", enabled=False)), "cannot-tell"),
        (by_interface(side("eth1", "10.1.0.0/24", zone="lan")), "permitted"),  # a rule may name the maker's zone
        (by_interface(sides={"lan": frozenset(("users",))}), "permitted"),
        (by_interface(sides={"dmz": frozenset(("users",))}), "blocked"),
        (by_interface(sides={"lan": frozenset(("users",)), "dmz": frozenset(("users",))}), "cannot-tell"),
        (by_interface(side("lan", "10.1.0.0/25"), sides={"lan": frozenset(("users",)), "dmz": frozenset(("users",))}), "partly"),
        (by_interface(side("eth1", zone="lan"), sides={"lan": frozenset(("users",))}), "permitted"),
        (by_interface(side("eth1", zone="lan"), sides={"eth1": frozenset(("users",))}), "permitted"),
    ],
)  # fmt: skip
def test_a_zone_lies_behind_the_interface_that_settings_or_routes_say(fw: Device, expected: str) -> None:
    assert one(fw).verdict == expected


def test_the_internet_lies_behind_the_default_route() -> None:
    main = chain("main", rule(10, "permit", "any", TO, in_interfaces=frozenset(("wan",))), default="deny")
    lan = side("lan", "10.0.0.0/8;172.16.0.0/12;192.168.0.0/16")
    fw = device(main, interfaces=(side("wan"), lan), routes=(route("0.0.0.0/0", "wan"),))
    found = one(fw, from_="internet")
    assert (found.verdict, line(found)) == ("partly", 10)  # private addresses that nobody lists come in by the lan
    outward = chain("main", rule(10, "permit", TO, "any", out_interfaces=frozenset(("wan",))), default="deny")
    assert one(replace(fw, chains={"main": outward}), from_="users").verdict == "blocked"


def test_a_zone_of_which_a_part_lies_elsewhere_is_not_sure_on_the_way() -> None:
    """users come through guest, and guest is only partly behind the interface that the inner device names."""
    outer = listed(device="outer", zones=frozenset(("users", "guest")), default="permit")
    whole = by_interface(side("lan", "10.2.0.0/24"), zones=frozenset(("guest", "servers")))
    partly = by_interface(side("lan", "10.2.0.0/25"), zones=frozenset(("guest", "servers")))
    assert one(outer, whole).verdict == "permitted"
    assert one(outer, partly).verdict == "cannot-tell"


def test_an_export_that_says_nothing_of_a_family_leaves_it_open() -> None:
    four: frozenset[Any] = frozenset((4,))
    fw = device(chain("main", default="deny"), families=four)
    assert one(fw).verdict == "blocked"
    found = one(fw, to="fd00:9::5")
    assert (found.verdict, found.reason) == ("cannot-tell", f"{FILE}:90: the export says nothing of IPv6")


def test_an_export_that_says_nothing_of_what_passes_leaves_it_open() -> None:
    own = device(chain("main", default="deny"), stages=[Stage(name="in", chain="main", traffic="to-device")])
    found = one(own)
    assert (found.verdict, found.reason) == (
        "cannot-tell", "the export of fw says nothing of traffic through it",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ translations


def held(given: str | AddressSet) -> AddressSet:
    return addresses(given, "of") if isinstance(given, str) else given


def turn(
    line: int,
    dst: str | AddressSet,
    to: str | AddressSet,
    proto: str = "tcp",
    ports: str = "any",
    to_ports: str = "",
    **more: Any,
) -> Translation:
    return Translation(**{
        "name": f"t{line}", "kind": "dst", "src": addresses("any", "src"), "dst": held(dst),
        "services": services(proto, ports, None), "to": held(to), "origin": end(line),
        "to_ports": services("tcp", to_ports, None)[0].dport if to_ports else None, **more,
    })  # fmt: skip


def hidden(line: int, to: str | AddressSet, src: str = "any", **more: Any) -> Translation:
    return turn(line, "any", to, "any", kind="src", **{"src": addresses(src, "src"), **more})


OPEN = chain("main", rule(10, "permit", "any", TO, "tcp", "443"), default="deny")


def test_what_is_sent_to_a_translated_address_gets_to_the_asset() -> None:
    fw = device(OPEN, translations=(turn(50, PUBLIC, TO, ports="8443", to_ports="443"),))
    both = one(fw, from_="internet")
    assert (both.verdict, line(both)) == ("permitted", 10)  # and straight too: the rule does not ask
    only = chain("main", rule(10, "permit", "any", TO, "tcp", "443", translations=frozenset(("t50",))), default="deny")
    found = one(replace(fw, chains={"main": only}), from_="internet")
    assert (found.verdict, line(found)) == ("permitted", 10)
    assert found.witness is not None and found.translated is not None
    assert (found.witness.dst, found.witness.dport) == (PUBLIC, 8443)
    assert (found.translated.dst, found.translated.dport, found.translated.by.line) == (TO, 443, 50)
    straight = chain("main", rule(10, "permit", "any", TO, translations=frozenset()), default="deny")
    assert one(replace(fw, chains={"main": straight}), from_="internet").translated is None
    assert one(replace(fw, chains={"main": only}), from_="internet", port="tcp/8443").verdict == "blocked"


def test_what_is_surely_sent_elsewhere_does_not_get_to_the_asset() -> None:
    open_ = chain("main", default="permit")
    fw = device(open_, translations=(turn(50, TO, "10.9.0.6", ports="443"),))
    assert one(fw).verdict == "blocked"
    assert one(fw, port="tcp/22").verdict == "permitted"
    assert one(fw, to="10.9.0.6").verdict == "permitted"
    for limit in ({"enabled": False}, {"none": True}):
        assert one(device(open_, translations=(turn(50, TO, "10.9.0.6", **limit),))).verdict == "permitted"
    first = (turn(49, TO, "10.9.0.9", none=True), turn(50, TO, "10.9.0.6"))
    assert one(device(open_, translations=first)).verdict == "permitted"


def test_stages_that_see_the_original_are_held_against_what_was_sent() -> None:
    raw = chain("raw", rule(10, "permit", "any", PUBLIC, "tcp", "8443"), default="deny", line=91)
    stages = [Stage(name="raw", chain="raw", sees="original"), Stage(name="filter", chain="main")]
    fw = device(raw, OPEN, stages=stages, translations=(turn(50, PUBLIC, TO, ports="8443", to_ports="443"),))
    found = one(fw, from_="internet")
    assert found.verdict == "permitted"
    assert found.translated is not None
    turned = device(raw, OPEN, stages=[replace(s, sees="translated") for s in stages], translations=fw.translations)
    assert one(turned, from_="internet").verdict == "blocked"


def test_the_n_th_address_and_port_become_the_n_th() -> None:
    """10.9.0.5 is the sixth of its range, as 192.0.2.5 is of the other; port 8003 becomes 443."""
    raw = chain("raw", rule(10, "permit", "any", "192.0.2.5", "tcp", "8003"), default="deny")
    stages = [Stage(name="raw", chain="raw", sees="original")]
    mapped = turn(50, "192.0.2.0/28", "10.9.0.0/28", ports="8000-8009", to_ports="440-449")
    found = one(device(raw, stages=stages, translations=(mapped,)), from_="internet")
    assert found.verdict == "permitted"
    assert found.witness is not None
    assert (found.witness.dst, found.witness.dport) == ("192.0.2.5", 8003)
    for near in ("192.0.2.4", "192.0.2.6"):
        other = chain("raw", rule(10, "permit", "any", near, "tcp", "8003"), default="deny")
        assert one(device(other, stages=stages, translations=(mapped,)), from_="internet").verdict == "blocked"


def test_any_port_is_asked_of_what_is_sent_elsewhere_too() -> None:
    shut = chain("main", rule(10, "permit", "any", TO, "tcp", "443", translations=frozenset(("t50",))), default="deny")
    for turned in (turn(50, PUBLIC, TO), turn(50, PUBLIC, TO, ports="8443", to_ports="443"), turn(50, PUBLIC, TO, ports="8000-8009", to_ports="440-449")):  # fmt: skip
        found = one(device(shut, translations=(turned,)), from_="internet", port="any")
        assert (found.verdict, line(found)) == ("permitted", 10)
        assert found.translated is not None
        assert (found.translated.dst, found.translated.dport) == (TO, 443)


def test_a_translation_that_may_hold_leaves_open_only_what_it_could_let_through() -> None:
    doubtful = turn(50, PUBLIC, TO, unknown="a schedule")
    only = chain("main", rule(10, "permit", "any", TO, "tcp", "443", translations=frozenset(("t50",))), default="deny")
    found = one(device(only, translations=(doubtful,)), from_="internet")
    assert found.verdict == "cannot-tell"
    assert found.reason == f"{FILE}:50: whether it meets this translation is not known: a schedule"
    assert one(device(only, translations=(doubtful,)), from_="internet", port="tcp/22").verdict == "blocked"
    anywhere = turn(50, PUBLIC, AddressSet(unknown="a pool"))
    found = one(device(only, translations=(anywhere,)), from_="internet")
    assert found.verdict == "cannot-tell"
    assert one(device(chain("main", default="deny"), translations=(anywhere,)), from_="internet").verdict == "blocked"


def test_one_of_several_addresses_is_not_sure_to_be_the_asset() -> None:
    only = chain("main", rule(10, "permit", "any", "any", translations=frozenset(("t50",))), default="deny")
    found = one(device(only, translations=(turn(50, PUBLIC, "10.9.0.5-10.9.0.6"),)), from_="internet")
    assert (found.verdict, found.reason) == (
        "cannot-tell", f"{FILE}:50: its destination may become this address, or another",
    )  # fmt: skip


def test_an_address_of_the_device_s_own_that_nobody_knows_is_one_all_the_same() -> None:
    own = turn(50, AddressSet(unknown="the address of wan"), TO, dst_own=True)
    only = chain("main", rule(10, "permit", "any", TO, "tcp", "443", translations=frozenset(("t50",))), default="deny")
    found = one(device(only, translations=(own,)), from_="internet")
    assert (found.verdict, found.witness) == ("permitted", None)
    name = replace(own, dst_own=False)
    assert one(device(only, translations=(name,)), from_="internet").verdict == "cannot-tell"


def test_a_source_that_a_device_further_out_has_changed_is_what_the_nearer_one_sees() -> None:
    outer = device(
        chain("main", default="permit"), name="outer", zones=frozenset(("users", "guest")),
        translations=(hidden(50, "10.2.0.1", "10.1.0.0/25"),),
    )  # fmt: skip
    inner = listed(rule(30, "permit", "10.2.0.1", TO), device="inner", zones=frozenset(("guest", "servers")))
    found = one(outer, inner)
    assert (found.verdict, found.sources) == ("partly", ("10.1.0.0/25",))
    assert found.witness is not None and found.witness.src.startswith("10.1.0.")
    shut = listed(
        rule(30, "deny", "10.2.0.1", TO), device="inner", zones=frozenset(("guest", "servers")), default="permit"
    )
    assert one(outer, shut).sources == ("10.1.0.128/25",)
    blocked = one(outer, shut, from_="10.1.0.0/25")
    assert (blocked.verdict, blocked.device, line(blocked)) == ("blocked", "inner", 30)


def test_a_source_of_which_nobody_knows_what_it_becomes_leaves_open_what_that_decides() -> None:
    def behind(to: AddressSet, *rules: Rule, default: Any = "deny") -> Answer:
        outer = device(
            chain("main", default="permit"), name="outer", zones=frozenset(("users", "guest")),
            translations=(hidden(50, to),),
        )  # fmt: skip
        return one(outer, listed(*rules, device="inner", zones=frozenset(("guest", "servers")), default=default))

    pool = AddressSet(unknown="a pool")
    found = behind(pool, rule(30, "permit", "10.2.0.1", TO))
    assert found.verdict == "cannot-tell"
    assert found.reason == f"{FILE}:50: what the source becomes here decides further in"
    assert behind(pool).verdict == "blocked"
    assert behind(pool, default="permit").verdict == "permitted"
    two = addresses("10.2.0.1-10.2.0.2", "to")
    assert behind(two, rule(30, "permit", "10.2.0.1", TO)).verdict == "cannot-tell"
    assert behind(two, rule(30, "permit", "10.2.0.0/30", TO)).verdict == "permitted"


# ------------------------------------------------------------------------------------------------ a host's own firewall


def host(*rules: Rule, default: Any = "deny", **more: Any) -> Device:
    stages = [
        Stage(name="INPUT", chain="INPUT", traffic="to-device"), Stage(name="OUTPUT", chain="OUTPUT", traffic="from-device"),
    ]  # fmt: skip
    chains = (chain("INPUT", *rules, default=default), chain("OUTPUT", default="permit", line=91))
    return device(
        *chains, stages=stages, **{"name": "own", "zones": frozenset(), "host": "A1", "council": "alderbeck", **more}
    )


def mine(*devices: Device, **more: Any) -> Answer:
    return one(*devices, **{"council": "alderbeck", "asset": "a1", **more})


def test_a_host_s_own_firewall_stands_before_its_neighbours_too() -> None:
    shut = host(rule(20, "permit", "10.9.0.7", "any", "tcp", "443"))
    found = mine(listed(default="permit"), shut, from_="servers")
    assert (found.verdict, found.sources, found.device, line(found)) == ("partly", ("10.9.0.7/32",), "own", 20)
    assert mine(listed(default="permit"), shut).verdict == "blocked"
    assert mine(listed(default="permit"), shut, asset="A2").verdict == "permitted"
    assert mine(listed(default="permit"), shut, council="brackenford").verdict == "permitted"


def test_a_host_and_the_firewall_before_it_must_both_let_it_through() -> None:
    some = listed(rule(2, "permit", "10.1.0.0/25", TO))
    assert mine(some, host(default="permit")).sources == ("10.1.0.0/25",)
    assert mine(some, host(rule(20, "permit", "10.1.0.64/26", "any"))).sources == ("10.1.0.64/26",)


def test_a_host_that_blocks_is_blocked_though_no_firewall_is_known() -> None:
    assert mine(host()).verdict == "blocked"
    found = mine(host(default="permit"))
    assert (found.verdict, found.reason) == (
        "cannot-tell", "no firewall export covers the traffic between the two zones",
    )  # fmt: skip


def test_a_host_that_sends_on_to_another_port_of_its_own_is_asked_there() -> None:
    redirect = turn(50, "any", AddressSet(), ports="443", to_ports="8443", to_own=True)
    own = host(rule(20, "permit", "any", "any", "tcp", "8443"), translations=(redirect,))
    found = mine(listed(rule(2, "permit", "any", TO, "tcp", "443")), own, port="tcp/8443")
    assert (found.verdict, found.device) == ("permitted", "own")
    assert found.witness is not None and found.translated is not None
    assert (found.witness.dport, found.translated.dport) == (443, 8443)
    assert mine(listed(), own, port="tcp/8443").verdict == "blocked"


def test_the_interface_of_a_host_is_the_one_that_has_its_address() -> None:
    def by(name: str, *interfaces: Interface) -> Answer:
        limited = rule(20, "permit", "any", "any", in_interfaces=frozenset((name,)))
        return mine(listed(default="permit"), host(limited, interfaces=interfaces))

    eth0, eth1 = side("eth0", own=TO), side("eth1", own="10.8.0.1")
    assert by("eth0", eth0, eth1).verdict == "permitted"
    assert by("eth1", eth0, eth1).verdict == "blocked"
    assert by("eth0").verdict == "cannot-tell"


def test_what_reaches_the_firewall_itself_is_its_own_list_s_to_decide() -> None:
    through = chain("FORWARD", default="deny", line=91)
    own = chain("INPUT", rule(20, "permit", "10.1.0.0/24", "any", "tcp", "22"), default="deny", line=92)
    stages = [Stage(name="FORWARD", chain="FORWARD"), Stage(name="INPUT", chain="INPUT", traffic="to-device")]
    fw = device(through, own, stages=stages, interfaces=(side("dmz", "10.9.0.0/24", "10.9.0.1"),))
    found = one(fw, to="10.9.0.1", port="tcp/22")
    assert (found.verdict, line(found)) == ("permitted", 20)
    assert one(fw, to="10.9.0.1", port="tcp/22", from_="servers").verdict == "blocked"
    assert line(one(fw, to=TO, port="tcp/22")) == 91


# ------------------------------------------------------------------------------------------------ order


def test_the_order_in_which_chains_and_interfaces_are_held_changes_nothing() -> None:
    web = chain("web", rule(20, "permit", "any", TO, "tcp", "443"))
    main = chain("main", jump(10, "web"), default="deny")
    stages = [Stage(name="filter", chain="main")]
    sides = (side("lan", "10.1.0.0/24"), side("dmz", "10.9.0.0/24"))
    one_way = device(main, web, stages=stages, interfaces=sides)
    other = device(web, main, stages=stages, interfaces=sides[::-1])
    assert one(one_way) == one(other)


def test_mappings_are_only_read() -> None:
    held: Mapping[str, Chain] = {"main": OPEN}
    assert (
        one(Device(name="fw", kind="iptables", chains=held, stages=(Stage(name="f", chain="main"),), zones=ALL)).verdict
        == "permitted"
    )
