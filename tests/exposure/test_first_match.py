"""The engine against the slow witness: random small networks, every packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.exposure import board as board_module
from secscan.exposure import compiled as compiled_module
from secscan.exposure import intervals as iv
from secscan.exposure.engine import Engine, answer
from secscan.exposure.told import tell, tell_zones
from secscan.model.net import PORTS_ALL, AddressSet, Intervals, Origin, PortSet, Rule, RuleList, ZoneSet
from tests.exposure import reference

BASE = 10 << 24
FAMILIES = {4: BASE, 6: 0xFD << 120}
FILE = "fw.csv"
EXTENTS = {"a": (0, 3), "b": (4, 6), "c": (7, 9), "e": (2, 3)}
"""Zone -> first and last address; e has addresses of a's, as two councils may."""


def zones(family: int) -> list[ZoneSet]:
    base, found = FAMILIES[family], []
    for name, (lo, hi) in EXTENTS.items():
        pairs = ((base + lo, base + hi),)
        addresses = AddressSet(v4=pairs) if family == 4 else AddressSet(v6=pairs)
        found.append(ZoneSet(id=name, name=name, addresses=addresses, trusted=False, internet=False))
    return found


def ranges(top: int) -> st.SearchStrategy[Intervals]:
    pair = st.tuples(st.integers(0, top), st.integers(0, 4)).map(lambda p: (p[0], min(p[0] + p[1], top)))
    return st.lists(pair, min_size=0, max_size=2).map(iv.normal)


def address_sets(base: int) -> st.SearchStrategy[AddressSet]:
    def shifted(pairs: Intervals, why: str | None) -> AddressSet:
        moved = tuple((base + lo, base + hi) for lo, hi in pairs)
        return AddressSet(v4=moved, unknown=why) if base == BASE else AddressSet(v6=moved, unknown=why)

    some = st.builds(shifted, ranges(9), st.sampled_from([None, None, None, None, "a name"]))
    return st.one_of(some, st.just(shifted(((0, 9),), None)))


ports = st.one_of(st.just(PORTS_ALL), ranges(3).filter(bool))
services = st.lists(
    st.builds(
        PortSet, proto=st.sampled_from(["any", "tcp", "udp", "icmp"]), dport=ports,
        sport=st.one_of(st.just(PORTS_ALL), st.just(PORTS_ALL), ranges(3).filter(bool)),
    ),
    min_size=1, max_size=2,
).map(tuple)  # fmt: skip
names = st.one_of(
    st.none(), st.none(), st.frozensets(st.sampled_from(["a", "b", "c", "e", "nobody"]), min_size=1, max_size=2)
)


def rules(family: int) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule, position=st.just(0), action=st.sampled_from(["permit", "permit", "deny"]),
        src=address_sets(FAMILIES[family]), dst=address_sets(FAMILIES[family]), services=services,
        from_zones=names, to_zones=names, enabled=st.sampled_from([True] * 5 + [False]),
        expired=st.sampled_from([False] * 5 + [True]), state=st.sampled_from(["new"] * 5 + ["established"]),
        unknown=st.sampled_from([None] * 5 + ["a schedule"]),
        origin=st.just(Origin(file=FILE, line=0, line_to=0, text="")),
    )  # fmt: skip


@st.composite
def rule_list(draw: st.DrawFn, family: int, device: str = "fw", most: int = 5) -> RuleList:
    drawn = draw(st.lists(rules(family), max_size=most))
    placed = [replace(r, position=i, origin=replace(r.origin, line=2 * i + 2)) for i, r in enumerate(drawn)]
    lost = draw(st.sampled_from([None] * 4 + list(range(1, 2 * most, 2))))
    return RuleList(
        device=device, rules=tuple(placed), default=draw(st.sampled_from(["deny", "deny", "permit", None])),
        default_origin=Origin(file=FILE, line=0, line_to=0, text=""),
        undecoded=() if lost is None else (Origin(file=FILE, line=lost, line_to=lost, text="?"),),
        zones=draw(st.frozensets(st.sampled_from(sorted(EXTENTS)), min_size=2)),
    )  # fmt: skip


def packets(family: int, src: int, dst: int, port: str) -> list[reference.Packet]:
    """Every kind of packet that a rule of these tests may tell apart."""
    kinds = [("tcp", 2)] if port == "tcp/2" else list(product(("tcp", "udp"), range(5)))
    return [
        reference.Packet(family=family, src=src, dst=dst, proto=proto, sport=sport, dport=dport)
        for proto, dport in kinds
        for sport in range(5)
    ]


def spots(family: int, zone: str) -> range:
    lo, hi = EXTENTS[zone]
    return range(FAMILIES[family] + lo, FAMILIES[family] + hi + 1)


def disagreements(
    lists: Sequence[RuleList], family: Any, end_zone: str, port: str, *, inward: bool
) -> list[tuple[Any, ...]]:
    """(zone, engine, witness) wherever the two differ, for the first address of ``end_zone``."""
    end = spots(family, end_zone)[0]
    asked = Engine(lists, zones(family)).ask(end, family, end_zone, port, inward=inward)
    found = []
    for zone, told in tell_zones(asked.board, asked.reach).items():
        start, stop = (zone, end_zone) if inward else (end_zone, zone)
        tries = [packets(family, *((far, end) if inward else (end, far)), port) for far in spots(family, zone)]
        expected = reference.verdict(lists, zones(family), start, stop, tries)
        if told.verdict != expected:
            found.append((zone, told.verdict, expected))
    return found


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([4, 6]), st.sampled_from(sorted(EXTENTS)), st.booleans())
def test_one_device_answers_as_the_slow_witness(data: st.DataObject, family: int, end: str, inward: bool) -> None:
    lists = [data.draw(rule_list(family))]
    assert disagreements(lists, family, end, "tcp/2", inward=inward) == []


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(sorted(EXTENTS)), st.booleans())
def test_any_port_answers_as_the_slow_witness(data: st.DataObject, end: str, inward: bool) -> None:
    lists = [data.draw(rule_list(4, most=3))]
    assert disagreements(lists, 4, end, "any", inward=inward) == []


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(sorted(EXTENTS)), st.booleans())
def test_several_devices_answer_as_the_slow_witness(data: st.DataObject, end: str, inward: bool) -> None:
    lists = [data.draw(rule_list(4, device=name, most=2)) for name in ("one", "two", "three", "four")]
    assert disagreements(lists, 4, end, "tcp/2", inward=inward) == []


def test_the_comparison_would_notice_a_last_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant: rules read from the last to the first must differ from the witness."""
    compiled = compiled_module.compiled

    def backwards(*args: Any, **more: Any) -> list[Any]:
        *steps, default = compiled(*args, **more)
        return [*reversed(steps), default]

    both = AddressSet(v4=((BASE, BASE + 9),))
    open_, shut = (
        Rule(
            position=i, action=action, src=both, dst=both, services=(PortSet(proto="any"),),  # type: ignore[arg-type]
            origin=Origin(file=FILE, line=i + 2, line_to=i + 2, text=""),
        )
        for i, action in enumerate(("permit", "deny"))
    )  # fmt: skip
    one = RuleList(
        device="fw", rules=(open_, shut), default="deny", zones=frozenset(EXTENTS),
        default_origin=Origin(file=FILE, line=0, line_to=0, text=""),
    )  # fmt: skip
    assert disagreements([one], 4, "b", "tcp/2", inward=True) == []
    monkeypatch.setattr(board_module, "compiled", backwards)
    assert ("a", "blocked", "permitted") in disagreements([one], 4, "b", "tcp/2", inward=True)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 5))
def test_another_deny_never_opens_a_path(data: st.DataObject, at: int) -> None:
    one = data.draw(rule_list(4))
    deny = replace(data.draw(rules(4)), action="deny")
    steps = [*one.rules[:at], deny, *one.rules[at:]]
    placed = tuple(replace(r, position=i, origin=replace(r.origin, line=2 * i + 2)) for i, r in enumerate(steps))
    before = replace(one, undecoded=())
    for end in EXTENTS:
        reaches = [
            Engine([each], zones(4)).ask(spots(4, end)[0], 4, end, "tcp/2")
            for each in (before, replace(before, rules=placed))
        ]
        addresses = [covered(a) for a in reaches]
        assert iv.subtract(addresses[1][0], addresses[0][0]) == ()
        assert iv.subtract(addresses[1][1], addresses[0][1]) == ()


def covered(asked: Any) -> tuple[Intervals, Intervals]:
    """Surely and possibly reaching addresses of zones b and c, which share none."""
    axis = asked.board.axis
    mine = axis.zone["b"] | axis.zone["c"]
    return axis.addresses(asked.reach.lower & mine), axis.addresses(asked.reach.upper & mine)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["tcp/2", "any"]))
def test_what_surely_gets_through_possibly_does(data: st.DataObject, port: str) -> None:
    lists = [data.draw(rule_list(4, device=name, most=3)) for name in ("one", "two")]
    for end in EXTENTS:
        reach = Engine(lists, zones(4)).ask(spots(4, end)[0], 4, end, port).reach
        assert reach.lower & ~reach.upper == 0


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_witness_packet_fares_as_the_verdict_says(data: st.DataObject) -> None:
    lists = [data.draw(rule_list(4, device=name, most=3)) for name in ("one", "two")]
    for end in EXTENTS:
        asked = Engine(lists, zones(4)).ask(spots(4, end)[0], 4, end, "tcp/2")
        for zone, columns in asked.board.axis.zone.items():
            found = answer(asked, columns, from_=zone, to="", port="tcp/2")
            assert found.verdict == tell(asked.board, asked.reach, columns).verdict
            if found.witness is None:
                assert found.verdict == "cannot-tell"
                continue
            w = found.witness
            packet = reference.Packet(
                family=4, src=iv.number(w.src)[0], dst=iv.number(w.dst)[0], proto=w.proto, sport=w.sport, dport=w.dport
            )
            outcomes = reference.through(lists, set(EXTENTS), packet, zone, end)
            assert outcomes == {"permitted": {True}, "partly": {True}, "blocked": {False}}.get(
                found.verdict, {True, False}
            )


@settings(max_examples=60, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_the_order_of_lists_and_zones_changes_nothing(data: st.DataObject, chance: Any) -> None:
    lists = [data.draw(rule_list(4, device=name, most=2)) for name in ("one", "two", "three")]
    shuffled, mixed = list(lists), zones(4)
    chance.shuffle(shuffled)
    chance.shuffle(mixed)

    def answers(some: Sequence[RuleList], them: Sequence[ZoneSet]) -> list[Any]:
        engine = Engine(some, them)
        found = []
        for end in EXTENTS:
            asked = engine.ask(spots(4, end)[0], 4, end, "tcp/2")
            found += [answer(asked, mask, from_=z, to="", port="") for z, mask in sorted(asked.board.axis.zone.items())]
        return found

    assert answers(lists, zones(4)) == answers(shuffled, mixed)
