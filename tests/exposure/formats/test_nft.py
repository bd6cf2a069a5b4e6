"""``nft -j list ruleset``: what is read, by which chain and handle, what cannot be told, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.exposure.formats import recognise
from secscan.exposure.formats.export import ConfigFile
from secscan.model.errors import InputError
from secscan.model.net import AddressSet, Device, Rule
from tests.benchmarks import exports
from tests.exposure.formats.netfilter import FROM, TO, device, told, whole

P, B, C = "permitted", "blocked", "cannot-tell"
Json = dict[str, Any]
ACCEPT: Json = {"accept": None}
DROP: Json = {"drop": None}
RETURN: Json = {"return": None}


def payload(proto: str, field: str) -> Json:
    return {"payload": {"protocol": proto, "field": field}}


def meta(key: str) -> Json:
    return {"meta": {"key": key}}


SADDR, DADDR, DPORT, SPORT = (
    payload("ip", "saddr"),
    payload("ip", "daddr"),
    payload("tcp", "dport"),
    payload("tcp", "sport"),
)
SADDR6, DADDR6, FLAGS = payload("ip6", "saddr"), payload("ip6", "daddr"), payload("tcp", "flags")
STATE: Json = {"ct": {"key": "state"}}
STATUS: Json = {"ct": {"key": "status"}}
NET = {"prefix": {"addr": "10.1.0.0", "len": 24}}


def m(left: Json, right: Any, op: str = "==") -> Json:
    return {"match": {"op": op, "left": left, "right": right}}


def some(*members: Any) -> Json:
    return {"set": list(members)}


def cat(*parts: Any) -> Json:
    return {"concat": list(parts)}


def jump(target: str, verb: str = "jump") -> Json:
    return {verb: {"target": target}}


def vmap(key: Json, data: Any) -> Json:
    return {"vmap": {"key": key, "data": data}}


class Set:
    """A set or a map beside the chains."""

    def __init__(self, name: str, *members: Any, map: str | None = None, **more: Any) -> None:
        own = {"name": name, "type": "ipv4_addr", "handle": 900, "elem": list(members), **more}
        self.body = {"map": {**own, "map": map}} if map else {"set": own}


class Hook:
    """A chain bound to a hook; without a hook, one that others call."""

    def __init__(
        self,
        name: str,
        *rules: Sequence[Json],
        hook: str | None = "forward",
        prio: int = 0,
        policy: str = "drop",
        **more: Any,
    ) -> None:
        self.name, self.rules = name, rules
        self.bound = {"type": "filter", "hook": hook, "prio": prio, "policy": policy, **more} if hook else {}


def sub(name: str, *rules: Sequence[Json]) -> Hook:
    return Hook(name, *rules, hook=None)


def listing(*parts: Hook | Set | Json, family: str = "inet") -> Json:
    """What nft writes: chains first and then rules; handles count up from 1, rule by rule."""
    home = {"family": family, "table": "t"}
    objects: list[Json] = [
        {"metainfo": {"version": "1.0.9", "json_schema_version": 1}},
        {"table": {"family": family, "name": "t", "handle": 1}},
    ]
    objects += [{kind: {**home, **body}} for one in parts if isinstance(one, Set) for kind, body in one.body.items()]
    chains = [one for one in parts if isinstance(one, Hook)]
    objects += [{"chain": {**home, "name": one.name, "handle": 800, **one.bound}} for one in chains]
    handle = 0
    for one in chains:
        for rule in one.rules:
            handle += 1
            objects.append({"rule": {**home, "chain": one.name, "handle": handle, "expr": list(rule)}})
    return {"nftables": [*objects, *(one for one in parts if isinstance(one, dict))]}


def nft(*parts: Hook | Set | Json, family: str = "inet", indent: int | None = None) -> Device:
    return device(json.dumps(listing(*parts, family=family), indent=indent))


def handle(fw: Device, from_: str | None = FROM, to: str = TO, port: str = "tcp/443", **way: Any) -> tuple[str, str]:
    """The verdict, and the last word of what decides: a rule's handle, or a chain."""
    found = whole(fw, from_, to, port, **way)
    return found.verdict, "" if found.rule is None else found.rule.vendor_id.rsplit(" ", 1)[-1]


# ------------------------------------------------------------------------------------------------ matches


@pytest.mark.parametrize(
    ("statements", "asked", "matches"),
    [
        ([m(SADDR, FROM)], {}, True), ([m(SADDR, "10.1.0.8")], {}, False), ([m(SADDR, "10.1.0.8", "!=")], {}, True), ([m(SADDR, NET)], {}, True),
        ([m(SADDR, NET, "!=")], {}, False), ([m(SADDR, {"range": ["10.1.0.5", "10.1.0.9"]})], {}, True),
        ([m(SADDR, some("10.1.0.8", FROM))], {}, True), ([m(SADDR, some("10.1.0.8", {"elem": {"val": FROM, "comment": "x"}}), "!=")], {}, False),
        ([m(SADDR, "10.1.0.9", ">=")], {}, True), ([m(SADDR, "10.1.0.9", ">")], {}, False), ([m(DADDR, TO), m(SADDR, NET)], {}, True),
        ([m({"&": [SADDR, "255.0.255.255"]}, "10.0.0.9")], {"from_": "10.77.0.9"}, True),
        ([m({"&": [SADDR, "255.0.255.255"]}, "10.0.0.9")], {"from_": "10.77.0.8"}, False),
        ([m({"&": [SADDR, "255.0.255.255"]}, "10.0.0.9", "!=")], {}, False), ([m({"&": [SADDR, "255.0.0.0"]}, "10.9.0.0")], {}, False),
        ([m(DPORT, 443)], {}, True), ([m(DPORT, 443, "!=")], {}, False), ([m(DPORT, "https")], {}, True), ([m(DPORT, some(22, {"range": [440, 450]}))], {}, True),
        ([m(DPORT, some(22, 443), "!=")], {}, False), ([m(DPORT, 443, "<")], {}, False), ([m(DPORT, 443, "<=")], {}, True),
        ([m(payload("udp", "dport"), 443)], {}, False), ([m(meta("l4proto"), "tcp"), m(payload("th", "dport"), 443)], {}, True),
        ([m(meta("l4proto"), some("udp", "icmp")), m(payload("th", "dport"), 443)], {}, False), ([m(meta("l4proto"), "udp", "!=")], {}, True),
        ([m(meta("l4proto"), some("udp", "tcp"), "!=")], {}, False), ([m(payload("ip", "protocol"), "tcp")], {}, True), ([m(payload("ip", "protocol"), 17)], {}, False),
        ([m(payload("ip6", "nexthdr"), "tcp")], {}, False), ([m(meta("nfproto"), "ipv4")], {}, True), ([m(meta("nfproto"), "ipv4", "!=")], {}, False),
        ([m(meta("protocol"), some("ip", "ip6"))], {}, True), ([m(SADDR6, "fd00::/8")], {}, False), ([m(payload("icmp", "type"), "echo-request")], {}, False),
        ([m(meta("iifname"), "lan")], {"in_interface": "lan"}, True), ([m(meta("iif"), "lan")], {"in_interface": "wan"}, False),
        ([m(meta("iifname"), "lan", "!=")], {"in_interface": "wan"}, True), ([m(meta("iifname"), some("lan", "wan"), "!=")], {"in_interface": "wan"}, False),
        ([m(meta("iifname"), "la*")], {"in_interface": "lan"}, True), ([m(meta("oifname"), "lan")], {"out_interface": "lan"}, True),
        ([m(meta("oifname"), "lan", "!=")], {"out_interface": "lan"}, False), ([m(meta("iifname"), "*")], {}, True),
        ([m(STATE, "new", "in")], {}, True), ([m(STATE, ["established", "related"], "in")], {}, False), ([m(STATE, some("new", "established"))], {}, True),
        ([m(STATE, "established", "!=")], {}, True), ([m(STATE, "new", "!=")], {}, False), ([m({"&": [STATE, ["new", "established"]]}, "new")], {}, True),
        ([m({"ct": {"key": "direction"}}, "original")], {}, True), ([m({"ct": {"key": "direction"}}, "reply")], {}, False),
        ([m(STATUS, "dnat", "in")], {}, False), ([m(STATUS, "dnat", "!")], {}, True), ([m(STATUS, "confirmed", "in")], {}, False),
        ([m(FLAGS, "syn", "in")], {}, True), ([m(FLAGS, "syn")], {}, True), ([m(FLAGS, "syn", "!=")], {}, False), ([m(FLAGS, "syn", "!")], {}, False),
        ([m(FLAGS, "ack", "!")], {}, True), ([m({"&": [FLAGS, ["fin", "syn", "rst", "ack"]]}, "syn")], {}, True), ([m({"&": [FLAGS, ["syn", "ack"]]}, ["syn", "ack"])], {}, False),
        ([m({"&": [FLAGS, ["fin", "syn"]]}, 0, "!=")], {}, True), ([m({"&": [FLAGS, {"|": ["fin", "syn"]}]}, {"|": ["fin", "syn"]})], {}, False), ([m(FLAGS, some("syn", "fin"))], {}, True),
        ([m({"fib": {"result": "type", "flags": ["daddr"]}}, "local")], {}, False), ([m({"fib": {"result": "type", "flags": ["daddr"]}}, "local", "!=")], {}, True),
        ([m({"fib": {"result": "type", "flags": ["saddr"]}}, "local")], {}, False), ([m({"fib": {"result": "type", "flags": ["daddr"]}}, some("broadcast", "multicast"))], {}, False),
        ([m({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False)], {}, False), ([m({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, True)], {}, True),
        ([m({"&": [payload("ip", "frag-off"), 8191]}, 0, "!=")], {}, False), ([m(payload("ip", "version"), 4)], {}, True),
        ([m(cat(SADDR, DPORT), some(cat(FROM, 443)))], {}, True), ([m(cat(SADDR, DPORT), some(cat(FROM, 80), cat("10.1.0.8", 443)))], {}, False),
        ([m(cat(SADDR, DPORT), some(cat(FROM, 80), cat("10.1.0.8", 443)), "!=")], {}, True), ([m(cat(SADDR, DPORT), some(cat(NET, {"range": [440, 450]})), "!=")], {}, False),
        ([m(cat(meta("l4proto"), payload("th", "dport")), some(cat("tcp", 443)))], {}, True),
        ([m(cat(meta("iifname"), DADDR), some(cat("lan", TO)))], {"in_interface": "lan"}, True), ([m(cat(meta("iifname"), DADDR), some(cat("lan", TO)), "!=")], {"in_interface": "lan"}, False),
        ([{"counter": {"packets": 1, "bytes": 2}}, {"log": {"prefix": "x "}}, {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}], {}, True),
        ([{"set": {"op": "add", "elem": SADDR, "set": "@seen"}}, {"counter": "named"}], {}, True),
        ([{"match": {"left": {"payload": {"name": "ip", "field": "saddr"}}, "right": FROM}}], {}, True), ([{"match": {"left": {"meta": "iifname"}, "right": "lan"}}], {"in_interface": "lan"}, True),
    ],
)  # fmt: skip
def test_what_a_rule_matches(statements: list[Json], asked: dict[str, str], matches: bool) -> None:
    known = [m(meta("l4proto"), 99), m(meta("iifname"), some("lan", "wan")), m(meta("oifname"), "lan"), DROP]
    seen = Set("seen", flags=["dynamic"])
    fw = nft(seen, Hook("f", known, [*statements, ACCEPT]))
    assert handle(fw, **asked) == ((P, "2") if matches else (B, "f"))
    stop = nft(seen, Hook("f", known, [*statements, {"reject": {"type": "tcp reset"}}], policy="accept"))
    assert handle(stop, **asked) == ((B, "2") if matches else (P, "f"))


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ([{"limit": {"rate": 10, "per": "second"}}], "it hangs on a rate"), ([{"limit": "named"}], "it hangs on a rate"),
        ([{"quota": {"val": 1, "val_unit": "mbytes"}}], "the bytes sent"), ([{"ct count": {"val": 20}}], "a number of connections"),
        ([m(meta("mark"), 1)], "a mark (meta mark)"), ([m(meta("hour"), {"range": ["08:00", "17:00"]})], "the time of day"), ([m(meta("skuid"), 0)], "the user that sends"),
        ([m({"ct": {"key": "mark"}}, 1)], "what connection tracking knows (ct mark)"), ([m({"ct": {"key": "ip saddr", "dir": "original"}}, FROM)], "connection tracking"),
        ([m(STATUS, "snat", "in")], "the state of the connection"), ([m(payload("ether", "saddr"), "aa:bb:cc:dd:ee:ff")], "ether saddr"),
        ([m(payload("ip", "dscp"), "cs1")], "its dscp"), ([m({"numgen": {"mode": "random", "mod": 2}}, 0)], "chance"),
        ([m(SADDR, "@gone")], "set 'gone' is not in the export"), ([m(SADDR, "@come")], "set 'come' has members that come and go"),
        ([m(SADDR, "@filled")], "set 'filled' is filled by rules as packets come"), ([m(SADDR, "@some")], "set 'some' has members that expire"),
        ([m(SADDR, "@asks")], "set 'asks' asks for a limit"), ([m(cat(SADDR, DPORT), "@come")], "set 'come' has members that come and go"),
        ([{"set": {"op": "update", "elem": SADDR, "set": "@come", "stmt": [{"limit": {"rate": 1, "per": "second"}}]}}], "a rate"),
        ([m({"&": [meta("mark"), 255]}, 1)], "bits of mark"), ([m({"exthdr": {"name": "frag"}}, True)], "a header of IPv6"),
        ([m(meta("strange"), 1)], "'meta strange' is not known"), ([m({"odd": 1}, 1)], "is not known"), ([{"odd": 1}], "'odd' is not understood"),
        ([m(DPORT, 70000)], "is not a tcp port"), ([m(DPORT, {"range": [90, 80]})], "is not a range of ports"), ([m(SADDR, "300.1.1.1")], "is not an address"),
        ([m(SADDR, "fd00::1")], "is IPv6 in rules for IPv4"), ([m(SADDR, {"range": ["10.0.0.9", "10.0.0.1"]})], "is not a range"), ([m(SADDR, 5)], "is not an address"),
        ([m({"payload": {"base": "th", "offset": 16, "len": 16}}, 1)], "is not known"), ([{"match": {"left": SADDR}}], "without its two sides"), ([m(SADDR, FROM, "~")], "operator '~'"),
        ([{"mangle": {"key": DADDR, "value": "10.9.0.6"}}], "the packet is rewritten (ip daddr)"), ([m(meta("l4proto"), "nonsense")], "is not a protocol"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_never_taken_for_a_pass_or_a_block(statements: list[Json], why: str) -> None:
    sets = (
        Set("come", flags=["timeout"]), Set("some", {"elem": {"val": FROM, "timeout": 60, "expires": 50}}), Set("filled"),
        Set("asks", FROM, stmt=[{"limit": {"rate": 1, "per": "second"}}]),
    )  # fmt: skip
    fills = Hook("fills", [{"set": {"op": "add", "elem": SADDR, "set": "@filled"}}], hook="output", policy="accept")
    for verdict, policy in ((ACCEPT, "drop"), (DROP, "accept")):
        found = whole(nft(*sets, fills, Hook("f", [*statements, verdict], policy=policy)))
        assert found.verdict == C
        assert found.rule is not None
        assert why in f"{found.reason} {found.rule.text}"


@pytest.mark.parametrize("word", ["queue", "synproxy", "tproxy"])
def test_what_a_program_decides_may_be_either(word: str) -> None:
    for policy in ("accept", "drop"):
        found = whole(nft(Hook("f", [m(SADDR, NET), {word: {"num": 1}}], policy=policy)))
        assert (found.verdict, found.rule and found.rule.vendor_id) == (C, "inet t f handle 1")
    assert handle(nft(Hook("f", [m(SADDR, NET), {word: None}], policy="accept")), "10.2.0.9") == (P, "f")


# ------------------------------------------------------------------------------------------------ chains


def test_an_accept_ends_its_chain_and_a_drop_ends_the_way() -> None:
    fw = nft(
        Hook("first", [m(SADDR, NET), ACCEPT], prio=-10, policy="accept"), Hook("second", [m(DPORT, 22), DROP], prio=0, policy="accept"),
        Hook("third", [m(SADDR, "10.1.0.8"), ACCEPT], [m(SADDR, NET), ACCEPT], prio=10),
    )  # fmt: skip
    assert handle(fw, "10.1.0.8") == (P, "3")
    assert handle(fw, "10.1.0.8", port="tcp/22") == (B, "2")
    assert handle(fw, "10.1.0.9") == (P, "4")
    assert handle(fw, "10.2.0.9") == (B, "third")


def test_chains_are_asked_in_the_order_of_their_priorities_by_number_or_name() -> None:
    drops = [Hook("late", [DROP], prio=5), Hook("early", [DROP], prio=-5), Hook("named", [DROP], prio="mangle")]  # type: ignore[arg-type]
    fw = nft(*drops)
    assert [stage.name for stage in fw.stages] == ["inet t named", "inet t early", "inet t late"]
    assert handle(fw) == (B, "3")
    same = nft(Hook("older", [DROP]), Hook("newer", [DROP]))
    assert [stage.name for stage in same.stages] == ["inet t newer", "inet t older"]  # as the kernel puts them
    assert handle(nft(*drops, {"table": {"family": "ip", "name": "other", "handle": 9}}))[0] == B


def test_jump_goto_return_and_continue_go_the_kernels_way() -> None:
    fw = nft(
        sub("inner", [m(SADDR, FROM), RETURN], [m(SADDR, "10.1.0.8"), DROP]), sub("aside", [m(SADDR, FROM), RETURN], [m(SADDR, "10.1.0.7"), DROP]),
        Hook("f", [m(SADDR, NET), jump("inner")], [m(SADDR, FROM), {"continue": None}], [m(SADDR, {"prefix": {"addr": "10.1.0.0", "len": 25}}), jump("aside", "goto")], [ACCEPT]),
    )  # fmt: skip
    assert handle(fw) == (B, "f")
    assert handle(fw, "10.1.0.8") == (B, "2")
    assert handle(fw, "10.1.0.7") == (B, "4")
    assert handle(fw, "10.1.0.200") == (P, "8")
    assert handle(nft(Hook("f", [jump("gone")])))[0] == C
    assert handle(nft(sub("a", [jump("b")]), sub("b", [jump("a")]), Hook("f", [jump("a")])))[0] == C


@pytest.mark.parametrize(
    ("pairs", "from_", "expected"),
    [
        ([["10.1.0.9", ACCEPT], ["10.1.0.8", DROP]], FROM, (P, "3")), ([["10.1.0.9", ACCEPT], ["10.1.0.8", DROP]], "10.1.0.7", (B, "4")),
        ([["10.1.0.9", {"continue": None}], ["*", ACCEPT]], FROM, (B, "4")), ([["10.1.0.9", {"continue": None}], ["*", ACCEPT]], "10.1.0.8", (P, "3")),
        ([["10.1.0.9", jump("inner")], ["*", ACCEPT]], FROM, (B, "4")), ([["10.1.0.9", jump("inner", "goto")], ["*", ACCEPT]], FROM, (B, "f")),
        ([["10.1.0.9", jump("inner")], [{"elem": {"val": "*", "counter": None}}, ACCEPT]], "10.1.0.7", (P, "3")), ([["10.1.0.8", jump("inner")]], "10.1.0.8", (P, "1")),
        ([["10.1.0.9", RETURN]], FROM, (B, "f")), ([[{"range": ["10.1.0.5", "10.1.0.9"]}, ACCEPT]], FROM, (P, "3")), ([[NET, {"queue": None}]], FROM, (C, "3")),
    ],
)  # fmt: skip
def test_verdict_maps_send_each_packet_its_own_way(pairs: list[Any], from_: str, expected: tuple[str, str]) -> None:
    inner = sub("inner", [m(SADDR, "10.1.0.8"), ACCEPT])
    for data in (some(*pairs), "@verdicts"):
        named = Set("verdicts", *pairs, map="verdict")
        fw = nft(
            named,
            inner,
            Hook("f", [m(meta("l4proto"), 99), ACCEPT], [vmap(SADDR, data)], [m(SADDR, NET), DROP], policy="drop"),
        )
        assert handle(fw, from_) == expected


def test_verdict_maps_over_several_fields_and_states() -> None:
    both = vmap(cat(SADDR, DPORT), some([cat(FROM, 443), ACCEPT], [cat(FROM, 80), {"continue": None}], ["*", DROP]))
    fw = nft(Hook("f", [both], [ACCEPT]))
    assert [handle(fw, port=f"tcp/{port}") for port in (443, 80, 22)] == [(P, "1"), (P, "2"), (B, "1")]
    states = vmap(STATE, some(["established", ACCEPT], ["invalid", DROP], ["new", jump("fresh")]))
    assert handle(nft(sub("fresh", [m(DPORT, 443), ACCEPT]), Hook("f", [states]))) == (P, "1")
    sides = vmap(meta("iifname"), some(["lan", ACCEPT], ["wan", DROP]))
    assert [handle(nft(Hook("f", [sides], policy="accept")), in_interface=name) for name in ("lan", "wan")] == [
        (P, "1"),
        (B, "1"),
    ]
    protos = vmap(meta("l4proto"), some(["udp", ACCEPT], ["tcp", jump("web")]))
    assert handle(nft(sub("web", [m(DPORT, 443), ACCEPT]), Hook("f", [protos]))) == (P, "1")


def test_a_verdict_map_that_fills_itself_may_do_anything() -> None:
    for policy in ("accept", "drop"):
        fw = nft(
            Set("moving", map="verdict", flags=["timeout"]),
            Hook("f", [m(DPORT, 443), vmap(SADDR, "@moving")], policy=policy),
        )
        assert handle(fw) == (C, "1")
        assert handle(fw, port="tcp/80") == (P if policy == "accept" else B, "f")
    assert "map 'gone' is not in the export" in whole(nft(Hook("f", [vmap(SADDR, "@gone")]))).reason


# ------------------------------------------------------------------------------------------------ families, hooks


def test_a_table_of_one_family_is_asked_for_that_alone() -> None:
    inet = listing(Hook("f", [m(meta("nfproto"), "ipv6"), ACCEPT], [m(SADDR, NET), ACCEPT]))
    assert handle(device(json.dumps(inet)), "fd00:1::9", "fd00:9::5") == (P, "1")
    only = nft(Hook("f", [ACCEPT]), family="ip")
    assert (handle(only), whole(only, "fd00:1::9", "fd00:9::5").reason) == (
        (P, "1"),
        "1:1: the export says nothing of IPv6",
    )
    four, six = (
        listing(Hook("f", [m(DPORT, 443), word]), family=f)["nftables"] for f, word in (("ip", ACCEPT), ("ip6", DROP))
    )
    two = device(json.dumps({"nftables": [*four, *six[1:]]}))
    assert handle(two)[0] == P
    assert handle(two, "fd00:1::9", "fd00:9::5")[0] == B
    nat = listing(Hook("n", hook="prerouting", prio=-100, policy="accept", type="nat"), family="ip6")["nftables"]
    half = device(json.dumps({"nftables": [*four, *nat[1:]]}))
    assert (handle(half)[0], handle(half, "fd00:1::9", "fd00:9::5")[0]) == (P, C)  # IPv6 has no chain at forward


def test_what_returns_from_a_bound_chain_of_one_family_meets_its_policy() -> None:
    four = listing(Hook("f", [m(SADDR, FROM), RETURN], [DROP], policy="accept"), family="ip")["nftables"]
    six = listing(Hook("f", [m(SADDR6, "fd00:1::9"), RETURN], [ACCEPT], policy="drop"), family="ip6")["nftables"]
    fw = device(json.dumps({"nftables": [*four, *six[1:]]}))
    assert [handle(fw, a)[0] for a in (FROM, "10.1.0.8")] == [P, B]
    assert [handle(fw, a, "fd00:9::5")[0] for a in ("fd00:1::9", "fd00:1::8")] == [B, P]


def test_hooks_before_the_forward_chain_see_the_packet_as_it_was_sent() -> None:
    turn = Hook(
        "turn",
        [m(DADDR, "192.0.2.9"), {"dnat": {"family": "ip", "addr": TO, "port": 443}}],
        hook="prerouting",
        prio=-100,
        policy="accept",
        type="nat",
    )
    for prio, sees in ((-300, "192.0.2.9"), (-150, "192.0.2.9"), (-50, TO), (0, TO)):
        for at in ("192.0.2.9", TO):
            early = Hook("early", [m(DADDR, at), DROP], hook="prerouting", prio=prio, policy="accept")
            fw = nft(turn, early, Hook("f", [ACCEPT]))
            assert handle(fw, "198.51.100.7", "192.0.2.9", "tcp/8443")[0] == (B if at == sees else P), (prio, at)
    beside = nft(turn, Hook("early", [DROP], hook="prerouting", prio=-100, policy="accept"), Hook("f", [ACCEPT]))
    assert "which comes first is not known" in whole(beside).reason


def test_a_packet_has_no_way_out_before_it_is_routed() -> None:
    for op, verdict in (("==", P), ("!=", B)):
        early = Hook("early", [m(meta("oifname"), "lan", op), DROP], hook="prerouting", prio=-300, policy="accept")
        assert handle(nft(early, Hook("f", [ACCEPT])))[0] == verdict
    shared = nft(
        sub("shared", [m(meta("oifname"), "lan"), ACCEPT]),
        Hook("in", [jump("shared")], hook="input"),
        Hook("f", [jump("shared")]),
    )
    assert handle(shared)[0] == C
    behind = Hook("behind", [m(meta("iifname"), "lan"), DROP], hook="postrouting", prio=-150, policy="accept")
    assert handle(nft(behind, Hook("f", [ACCEPT])))[0] == C


def test_the_address_of_the_device_itself_is_told_by_the_hook() -> None:
    local = m({"fib": {"result": "type", "flags": ["daddr"]}}, "local")
    early = nft(Hook("early", [local, DROP], hook="prerouting", prio=-300, policy="accept"), Hook("f", [ACCEPT]))
    assert whole(early, to="198.51.100.1").verdict == C
    own = nft(Hook("in", [local, m(DPORT, 22), ACCEPT], hook="input"))
    assert handle(own, port="tcp/22") == (P, "1")
    assert handle(own) == (B, "in")


def test_a_host_is_asked_for_what_reaches_it() -> None:
    fw = nft(
        Hook("early", [m(SADDR, "10.1.0.8"), DROP], hook="prerouting", prio=-300, policy="accept"), Hook("in", [m(DPORT, 22), ACCEPT], hook="input"),
        Hook("out", hook="output", policy="accept"),
    )  # fmt: skip
    assert {stage.traffic for stage in fw.stages} == {"to-device", "from-device"}
    assert (handle(fw, port="tcp/22"), handle(fw, "10.1.0.8", port="tcp/22"), handle(fw)) == (
        (P, "2"),
        (B, "1"),
        (B, "in"),
    )


def test_a_dormant_table_is_not_asked() -> None:
    sleeping = listing(Hook("f", [DROP]))["nftables"]
    sleeping[1]["table"]["flags"] = ["dormant"]
    awake = listing(Hook("g", [ACCEPT]))["nftables"]
    for one in (one for item in awake for one in item.values()):
        if "table" in one:
            one["table"] = "u"
    fw = device(json.dumps({"nftables": [*sleeping, *awake[2:]]}))
    assert handle(fw)[0] == P
    assert fw.warnings == ("1:1: table inet t is dormant: nothing asks its chains",)


def test_ingress_is_asked_for_its_own_interfaces_and_bridges_leave_it_open() -> None:
    ingress = listing(
        Hook("in", [m(SADDR, FROM), DROP], hook="ingress", policy="accept", dev=["wan"]), family="netdev"
    )["nftables"]
    fw = device(json.dumps({"nftables": [*listing(Hook("f", [ACCEPT]))["nftables"], *ingress[1:]]}))
    assert (handle(fw, in_interface="wan")[0], handle(fw)[0]) == (B, C)
    del ingress[2]["chain"]["dev"]  # as some versions of nft leave it out
    silent = device(json.dumps({"nftables": [*listing(Hook("f", [ACCEPT]))["nftables"], *ingress[1:]]}))
    assert "does not say for which interfaces" in whole(silent).reason
    for hook, verdict in (("prerouting", C), ("forward", P)):
        bridge = listing(Hook("b", [DROP], hook=hook, policy="accept"), family="bridge")["nftables"]
        fw = device(json.dumps({"nftables": [*listing(Hook("f", [ACCEPT]))["nftables"], *bridge[1:]]}))
        assert handle(fw)[0] == verdict  # what a bridge hands from port to port never meets the router
    arp = listing(Hook("a", [DROP], hook="input", policy="accept"), family="arp")["nftables"]
    fw = device(json.dumps({"nftables": [*listing(Hook("f", [ACCEPT]))["nftables"], *arp[1:]]}))
    assert handle(fw)[0] == P
    assert "rules for ARP are not followed" in fw.unread[0].text


def test_connections_that_are_not_tracked_have_no_state() -> None:
    def fw(state: Json) -> Device:
        return nft(
            Hook("raw", [m(DPORT, 443), {"notrack": None}], hook="prerouting", prio=-300, policy="accept"),
            Hook("f", [state, ACCEPT]),
        )

    assert "may be untracked by inet t raw handle 1" in whole(fw(m(STATE, "new", "in"))).reason
    assert handle(fw(m(STATE, "new", "in")), port="tcp/80") == (P, "2")
    assert handle(fw(m(STATE, ["new", "untracked"], "in"))) == (P, "2")
    assert handle(fw(m(STATE, "invalid", "!="))) == (P, "2")


# ------------------------------------------------------------------------------------------------ translations


def nat(*rules: Sequence[Json], prio: int = -100, name: str = "turn", **more: Any) -> Hook:
    return Hook(name, *rules, hook="prerouting", prio=prio, policy="accept", **{"type": "nat", **more})


def dnat(addr: Any, **more: Any) -> Json:
    return {"dnat": {"family": "ip", "addr": addr, **more}}


@pytest.mark.parametrize(
    ("rule", "sent", "onward"),
    [
        ([m(DADDR, "192.0.2.9"), m(DPORT, 8443), dnat(TO, port=443)], 8443, (TO, 443)), ([m(DADDR, "192.0.2.9"), dnat(TO)], 443, (TO, 443)),
        ([dnat({"map": {"key": DADDR, "data": some(["192.0.2.9", TO], ["192.0.2.8", "10.9.0.6"])}})], 443, (TO, 443)),
        ([dnat({"map": {"key": cat(DADDR, DPORT), "data": some([cat("192.0.2.9", 8443), cat(TO, 443)])}})], 8443, (TO, 443)),
        ([dnat({"map": {"key": DPORT, "data": some([8443, cat(TO, 443)], [80, cat("10.9.0.6", 80)])}})], 8443, (TO, 443)),
        ([dnat({"map": {"key": DADDR, "data": "@where"}})], 443, (TO, 443)),
        ([m(DADDR, "192.0.2.9"), dnat(TO, port={"map": {"key": DPORT, "data": some([8443, 443])}})], 8443, (TO, 443)),
        ([m(DADDR, "192.0.2.9"), m(DPORT, 8443), {"dnat": {"port": 443}}], 8443, ("192.0.2.9", 443)),
        ([dnat({"map": {"key": DADDR, "data": some([{"prefix": {"addr": "192.0.2.8", "len": 30}}, {"prefix": {"addr": "10.9.0.4", "len": 30}}])}}, flags="netmap", type_flags="prefix")], 443, (TO, 443)),
        ([vmap(DPORT, some([8443, jump("inner")]))], 8443, (TO, 443)),
    ],
)  # fmt: skip
def test_what_is_sent_to_a_translated_address_goes_on(rule: list[Json], sent: int, onward: tuple[str, int]) -> None:
    where = Set("where", ["192.0.2.9", TO], map="ipv4_addr")
    fw = nft(where, sub("inner", [m(DADDR, "192.0.2.9"), dnat(TO, port=443)]), nat(rule), Hook("f", [ACCEPT]))
    found = whole(fw, "198.51.100.7", "192.0.2.9", f"tcp/{sent}")
    assert found.verdict == P
    assert found.translated is not None
    assert (found.translated.dst, found.translated.dport) == onward


def test_an_accept_ends_one_nat_chain_and_the_next_is_asked() -> None:
    first = nat([m(SADDR, FROM), ACCEPT], [m(DADDR, "192.0.2.9"), dnat("10.9.0.6")], prio=-110, name="first")
    second = nat([m(SADDR, FROM), m(DADDR, "192.0.2.9"), dnat(TO)], name="second")
    found = whole(nft(first, second, Hook("f", [ACCEPT])), to="192.0.2.9")
    assert (found.verdict, found.translated and found.translated.dst) == (P, TO)
    alone = whole(nft(first, Hook("f", [ACCEPT])), to="192.0.2.9")
    assert (alone.verdict, alone.translated) == (P, None)


def test_a_nat_chain_may_stop_packets_too_unless_one_before_it_translated_them() -> None:
    stops = nat([m(DADDR, "192.0.2.9"), DROP], name="stops")
    assert handle(nft(stops, Hook("f", [ACCEPT])), to="192.0.2.9") == (B, "1")
    first = nat([m(SADDR, FROM), m(DADDR, "192.0.2.9"), dnat(TO)], prio=-110, name="first")
    fw = nft(first, stops, Hook("f", [ACCEPT]))
    assert handle(fw, to="192.0.2.9")[0] == P
    assert handle(fw, "10.1.0.8", to="192.0.2.9") == (B, "2")


def test_what_nobody_can_follow_leaves_the_destination_open() -> None:
    for rule in (
        [m(DADDR, "192.0.2.9"), dnat("@what")],
        [dnat({"map": {"key": DADDR, "data": "@gone"}})],
        [m(DADDR, "192.0.2.9"), {"odd": 1}],
    ):
        assert handle(nft(nat(rule), Hook("f", [m(DADDR, TO), ACCEPT])), to=TO, from_="198.51.100.7")[0] in (C, P)
        assert (
            handle(nft(nat(rule), Hook("f", [m(DADDR, "10.9.0.6"), ACCEPT])), to="192.0.2.9", from_="198.51.100.7")[0]
            == C
        )
    rewritten = nft(
        Hook("pre", [{"mangle": {"key": DADDR, "value": TO}}], hook="prerouting", prio=-150, policy="accept"),
        Hook("f", [m(DADDR, TO), ACCEPT]),
    )
    assert handle(rewritten, to="192.0.2.9")[0] == C


def test_redirects_masquerades_and_choices() -> None:
    source = Hook("src", [{"masquerade": None}], hook="postrouting", prio=100, policy="accept", type="nat")
    fw = nft(
        nat([m(DPORT, 80), {"redirect": {"port": 3128}}], [m(DPORT, 81), {"redirect": None}]),
        source,
        Hook("f", [ACCEPT]),
    )
    assert [(t.kind, t.to_own, t.to_ports) for t in fw.translations] == [
        ("dst", True, ((3128, 3128),)), ("dst", True, None), ("src", False, None),
    ]  # fmt: skip
    assert handle(fw, port="tcp/80")[0] == B
    chance = {"map": {"key": {"numgen": {"mode": "inc", "mod": 2}}, "data": some([0, TO], [1, "10.9.0.6"])}}
    fw = nft(nat([m(DADDR, "192.0.2.9"), dnat(chance)]), Hook("f", [m(DADDR, TO), ACCEPT]))
    assert handle(fw, to="192.0.2.9")[0] == C
    late = Hook("late", [m(SADDR, NET), DROP], hook="postrouting", prio=300, policy="accept")
    assert handle(nft(source, late, Hook("f", [ACCEPT])))[0] == C  # it sees the source as translated
    assert handle(nft(late, Hook("f", [ACCEPT]))) == (B, "1")


# ------------------------------------------------------------------------------------------------ places


def test_a_rule_is_told_by_its_chain_its_handle_and_its_place_in_the_list() -> None:
    parts = (Hook("f", [m(SADDR, NET), m(DPORT, some(80, 443)), {"counter": {"packets": 7, "bytes": 420}}, ACCEPT]),)
    document = listing(*parts)
    document["nftables"][-1]["rule"]["comment"] = "web for the registrars"
    for indent, lines in ((None, (1, 1)), (2, (28, 83))):
        fw = device(json.dumps(document, indent=indent))
        ((_, rule),) = fw.rules()
        assert (rule.origin.vendor_id, rule.origin.name, rule.reason, rule.hits) == (
            "inet t f handle 1",
            "web for the registrars",
            "web for the registrars",
            7,
        )
        assert rule.origin.text == "/nftables/3 ip saddr 10.1.0.0/24 tcp dport { 80, 443 } accept"
        assert (rule.origin.line, rule.origin.line_to) == lines
        assert fw.version == "nftables 1.0.9"
    text = json.dumps(document, indent=2).split("\n")
    assert text[27].strip() == "{"
    assert text[28].strip() == '"rule": {'


def test_secrets_in_comments_are_taken_out() -> None:
    document = listing(Hook("f", [{"log": {"prefix": "password hunter22 "}}, ACCEPT]))
    document["nftables"][-1]["rule"]["comment"] = "psk: swordfish99"
    shown = repr(device(json.dumps(document)))
    assert "hunter22" not in shown
    assert "swordfish99" not in shown


# ------------------------------------------------------------------------------------------------ refusals

WHOLE = json.dumps(listing(Hook("f", [m(SADDR, NET), ACCEPT])), indent=1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WHOLE[:300], "1:23:1: not JSON: Expecting property name enclosed in double quotes; it is cut or was changed: export it again, whole"),
        (WHOLE.replace("}", "", 1), "1:9:3: not JSON"), ('{"nftables": {}}', "1:1: has no list 'nftables'; export it with: nft -j list ruleset"), ("[]", "1:1: has no list"),
        ('{"nftables": [1]}', "1:1: 'nftables' holds what is not an object"), ('{"nftables": [{"metainfo": {"version": "1.0.9"}}]}', "1: holds no chain that is bound to a hook; run nft as root"),
        ('{"nftables": [{"add": {"table": {"family": "ip", "name": "t"}}}]}', "1:1: holds the command 'add'"),
        ('{"nftables": [\n{"metainfo": {"json_schema_version": 2}}]}', "1:2: is written in form 2, and only form 1 is known"),
        ('{"nftables": [\n{"what": {}}]}', "1:2: object 'what' is not known"), ('{"nftables": [\n{"rule": []}]}', "1:2: 'rule' is not an object"),
        ('{"nftables": [\n{"rule": {"family": "ip", "table": "t"}}]}', "1:2: an object without its 'chain'"),
        ('{"nftables": [\n{"rule": {"family": "ip", "table": "t", "chain": "f", "expr": []}}]}', "1:2: the rule is for chain 'ip t f', which does not stand before it"),
        ('{"nftables": [{"chain": {"family": "ip", "table": "t", "name": "f"}},\n{"chain": {"family": "ip", "table": "t", "name": "f"}}]}', "1:2: chain ip t f stands here twice"),
        ('{"nftables": [{"chain": {"family": "ip", "table": "t", "name": "f"}},\n{"rule": {"family": "ip", "table": "t", "chain": "f", "expr": [1]}}]}', "1:2: a rule without its list 'expr'"),
        ('{"nftables": [\n{"chain": {"family": "moon", "table": "t", "name": "f"}}]}', "1:2: 'moon' is not a family of nftables"),
        ('{"nftables": [\n{"chain": {"family": "ip", "table": "t", "name": "f", "hook": "input", "prio": "soon"}}]}', "1:2: 'soon' is not a priority"),
        ('{"nftables": [\n{"set": {"family": "ip", "table": "t", "name": "s", "elem": 5}}]}', "1:2: the members of set 's' are not a list"),
        ('{"nftables": [{"a": 1, "a": 2}]}', "1: not acceptable JSON: the key 'a' is set twice"),
        ('{"nftables": [' + "[" * 60 + "]" * 60 + "]}", "1: nested more than 50 deep"),
    ],
)  # fmt: skip
def test_what_is_no_whole_listing_is_refused_by_line(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        device(text, kind="nft")
    assert str(caught.value).startswith(says)


def test_what_iptables_nft_made_is_refused_with_what_to_do_instead() -> None:
    document = listing(Hook("f", [m(SADDR, NET), {"xt": {"type": "match", "name": "conntrack"}}, ACCEPT]))
    for kind in ("", "nft"):
        with pytest.raises(
            InputError, match=r"'xt' items do not show what they match; export it with iptables-save and ip6tables-save"
        ):
            device(json.dumps(document, indent=1), kind=kind)


def test_one_file_is_a_whole_ruleset_and_others_are_not_taken() -> None:
    with pytest.raises(InputError, match="2: is a second ruleset beside 1"):
        device(WHOLE, WHOLE)
    for text in ('{"rules": []}', '[{"nftables": []}]', "nftables", WHOLE.replace('"nftables"', '"iptables"')):
        assert recognise([ConfigFile(data=text.encode(), shown="x")]).kind == ""
    assert recognise([ConfigFile(data=b"\xef\xbb\xbf\r\n" + WHOLE.encode(), shown="x")]).kind == "nft"
    assert handle(device(WHOLE.replace("\n", "\r\n"))) == (P, "1")


# ------------------------------------------------------------------------------------------------ properties

MATCHES = st.sampled_from([
    [], [m(SADDR, NET)], [m(SADDR, FROM, "!=")], [m(DPORT, some(22, 443))], [m(DPORT, 443, "!=")], [{"limit": {"rate": 1, "per": "second"}}], [m(SADDR, "@come")],
    [m(cat(SADDR, DPORT), some(cat(FROM, 443)), "!=")],
])  # fmt: skip
RULES = st.lists(
    st.tuples(
        MATCHES,
        st.sampled_from(
            [ACCEPT, DROP, RETURN, {"continue": None}, {"queue": None}, jump("inner"), jump("inner", "goto")]
        ),
    ),
    max_size=6,
)


def ruleset(rules: Sequence[tuple[list[Json], Json]], policy: str) -> Json:
    inner = sub("inner", [m(SADDR, "10.1.0.8"), DROP], [m(DPORT, 443), ACCEPT])
    return listing(
        Set("come", flags=["timeout"]),
        inner,
        Hook("f", *([*match, verdict] for match, verdict in rules), policy=policy),
    )


@given(RULES, st.integers(0, 6), st.sampled_from(["accept", "drop"]))
def test_a_deny_more_never_opens_a_way(rules: list[tuple[list[Json], Json]], at: int, policy: str) -> None:
    more = [*rules[:at], ([], DROP), *rules[at:]]
    before, after = (told(device(json.dumps(ruleset(some, policy))))[0] for some in (rules, more))
    assert (before, after) not in {(B, P), (B, C), (C, P)}


@given(RULES, st.data())
def test_a_mangled_listing_is_refused_or_left_open_and_never_breaks(
    rules: list[tuple[list[Json], Json]], data: st.DataObject
) -> None:
    document = json.loads(json.dumps(ruleset([([m(SADDR, NET)], DROP), *rules], "drop")))
    spots: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            spots.append((value, key))
            walk(value[key])

    walk(document["nftables"])
    holder, key = data.draw(st.sampled_from(spots))
    holder[key] = data.draw(
        st.sampled_from(
            [None, "", "x", 5, -1, [], {}, [[]], {"set": [{}]}, {"elem": {"val": []}}, True, "@come", 10**30]
        )
    )
    try:
        fw = device(json.dumps(document), kind="nft")
    except InputError:
        return
    told(fw)


@given(RULES, st.integers(1, 3000))
def test_a_cut_listing_is_refused(rules: list[tuple[list[Json], Json]], at: int) -> None:
    text = json.dumps(ruleset(rules, "drop"))
    with pytest.raises(InputError):
        device(text[: len(text) - 1 - at % (len(text) - 1)], kind="nft")


def slow(document: Json, source: str, port: int) -> str:
    """One packet down the rules of chain f of ``ruleset``, by another way than the reader's."""
    rules: dict[str, list[list[Json]]] = {}
    for one in document["nftables"]:
        if "rule" in one:
            rules.setdefault(one["rule"]["chain"], []).append(one["rule"]["expr"])
    policy = next(one["chain"]["policy"] for one in document["nftables"] if "chain" in one and "policy" in one["chain"])

    def fits(statement: Json) -> bool:
        left, right, op = (statement["match"][key] for key in ("left", "right", "op"))
        if "concat" in left:
            return ([source, port] in [list(one["concat"]) for one in right["set"]]) is (op == "==")
        value: Any = source if left == SADDR else port
        members = right["set"] if isinstance(right, dict) and "set" in right else [right]
        inside = any(value == one or (one == NET and str(value).startswith("10.1.0.")) for one in members)
        return inside is (op == "==")

    def walk(chain: str) -> str:
        for expr in rules.get(chain, ()):
            *conditions, verdict = expr
            if all(fits(one) for one in conditions):
                word = next(iter(verdict))
                if word in ("accept", "drop", "return"):
                    return word
                if word in ("jump", "goto"):
                    inner = walk(verdict[word]["target"])
                    if inner in ("accept", "drop"):
                        return inner
                    if word == "goto":
                        return "return"
        return "return"

    found = walk("f")
    return {"accept": P, "drop": B}[policy if found == "return" else found]


@given(
    RULES,
    st.sampled_from(["accept", "drop"]),
    st.sampled_from([FROM, "10.1.0.8", "10.2.0.9"]),
    st.sampled_from([22, 443, 80]),
)
def test_a_packet_by_packet_walk_says_the_same(
    rules: list[tuple[list[Json], Json]], policy: str, source: str, port: int
) -> None:
    sure = [
        (match, verdict)
        for match, verdict in rules
        if "queue" not in verdict and not any("limit" in one or "@come" in json.dumps(one) for one in match)
    ]
    document = ruleset(sure, policy)
    assert told(device(json.dumps(document)), source, port=f"tcp/{port}")[0] == slow(document, source, port)


def test_five_thousand_rules_are_read_whole() -> None:
    _, _, rules = exports.measured("nft", 5_000)
    assert rules == 5_000


def test_a_set_of_many_members_is_worked_out_once() -> None:
    many = Set("many", *(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(0, 60_000, 2)))
    fw = nft(many, Hook("f", *([m(SADDR, "@many"), m(DPORT, port), ACCEPT] for port in range(1, 300))))
    steps = [step for step in fw.chains["inet t f"].steps if isinstance(step, Rule)]
    assert isinstance(steps[0].src, AddressSet)
    assert len(steps[0].src.v4) == 30_000
    assert all(step.src.v4 is steps[0].src.v4 or step.src.v4 == steps[0].src.v4 for step in steps[:3])
