"""The engine against the slow witness: random small networks, every packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.exposure import intervals as iv
from secscan.exposure.asset_reach import Passages
from secscan.exposure.engine import Engine, answer
from secscan.model.net import Device, Intervals, Origin, Rule, ZoneSet
from tests.exposure import networks, reference
from tests.exposure.networks import ZONE_NAMES, Maker, packets, spots, zones

HOST = ("alderbeck", "A1")


def scene(devices: Sequence[Device], family: int, *, inward: bool) -> reference.Scene:
    guards = [one for one in devices if one.host]
    return reference.Scene([one for one in devices if not one.host], zones(family), guards, inward)


def differences(
    devices: Sequence[Device], family: Any, end_zone: str, port: str, *, inward: bool
) -> list[tuple[Any, ...]]:
    """(zone, address, engine, witness) wherever the two differ, for the first address of ``end_zone``."""
    end = spots(family, end_zone)[0]
    asked = Engine(devices, zones(family)).ask(end, family, end_zone, port, inward=inward, host=HOST)
    seen, found = scene(devices, family, inward=inward), []
    for zone in ZONE_NAMES:
        reach = asked.reach(zone)
        start, stop = (zone, end_zone) if inward else (end_zone, zone)
        columns = asked.board.axis.columns[reach.zone]
        for far in spots(family, zone):
            src, goal = (far, end) if inward else (end, far)
            wanted = (goal, 2 if port == "tcp/2" and inward else None)
            tries = [
                reference.through(seen, packet, start, stop, wanted)
                for packet in packets(devices, family, src, goal, port, inward=inward)
            ]
            expected = any(o == {True} for o in tries), any(True in o for o in tries)
            bit = 1 << next(i for i, (lo, hi) in enumerate(columns) if lo <= far <= hi)
            engine = bool(reach.lower & bit), bool(reach.upper & bit)
            if engine != expected:
                found.append((zone, far - networks.FAMILIES[family], engine, expected))
    return found


seeds = st.integers(0, 2**32)
ends = st.sampled_from(ZONE_NAMES)
families = st.sampled_from([4, 6])


@settings(max_examples=150, deadline=None)
@given(seeds, families, ends, st.booleans())
def test_one_list_answers_as_the_slow_witness(seed: int, family: int, end: str, inward: bool) -> None:
    assert differences([Maker(seed, family).listed()], family, end, "tcp/2", inward=inward) == []


@settings(max_examples=200, deadline=None)
@given(seeds, families, ends, st.booleans())
def test_chains_stages_and_interfaces_answer_as_the_slow_witness(
    seed: int, family: int, end: str, inward: bool
) -> None:
    assert differences([Maker(seed, family).device()], family, end, "tcp/2", inward=inward) == []


@settings(max_examples=60, deadline=None)
@given(seeds, ends, st.booleans())
def test_any_port_answers_as_the_slow_witness(seed: int, end: str, inward: bool) -> None:
    assert differences([Maker(seed).device(most=3)], 4, end, "any", inward=inward) == []


@settings(max_examples=60, deadline=None)
@given(seeds, ends, st.booleans())
def test_several_devices_answer_as_the_slow_witness(seed: int, end: str, inward: bool) -> None:
    made = Maker(seed)
    lists = [made.listed(name, most=3) for name in ("one", "two", "three", "four")]
    assert differences(lists, 4, end, "tcp/2", inward=inward) == []


def unsound(found: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Of those, where the engine says more than the witness bears out."""
    return [one for one in found if one[2][0] > one[3][0] or one[2][1] < one[3][1]]


DOUBTS = 0.06
"""How often something in a network may or may not hold; where nothing does, the engine is exact."""


@settings(max_examples=60, deadline=None)
@given(seeds, ends, st.sampled_from([0.0, DOUBTS]), st.sampled_from(["tcp/2", "tcp/2", "any"]))
def test_translated_destinations_answer_as_the_slow_witness(seed: int, end: str, doubts: float, port: str) -> None:
    made = [Maker(seed, 4, doubts).device(most=3, turns=("dst",))]
    found = differences(made, 4, end, port, inward=True)
    assert (unsound(found) if doubts else found) == []


@settings(max_examples=15, deadline=None)
@given(seeds, ends, st.sampled_from([0.0, DOUBTS]))
def test_translations_over_two_devices_answer_as_the_slow_witness(seed: int, end: str, doubts: float) -> None:
    made = Maker(seed, 4, doubts)
    both = [made.device(name, most=2, turns=("dst", "src")) for name in ("one", "two")]
    found = differences(both, 4, end, "tcp/2", inward=True)
    assert (unsound(found) if doubts else found) == []


@settings(max_examples=25, deadline=None)
@given(seeds, ends)
def test_outwards_translations_never_say_more_than_the_slow_witness(seed: int, end: str) -> None:
    made = Maker(seed)
    both = [made.device(name, most=2, turns=("dst", "src")) for name in ("one", "two")]
    assert unsound(differences(both, 4, end, "tcp/2", inward=False)) == []


@settings(max_examples=60, deadline=None)
@given(seeds, ends, st.booleans(), st.sampled_from([0.0, DOUBTS]))
def test_a_host_of_its_own_firewall_answers_as_the_slow_witness(
    seed: int, end: str, inward: bool, doubts: float
) -> None:
    made = Maker(seed, 4, doubts)
    both = [made.device("fw", 2, turns=("dst", "src") if inward else ()), made.device("own", 2, host=True)]
    found = differences(both, 4, end, "tcp/2", inward=inward)
    assert (unsound(found) if doubts else found) == []


# ------------------------------------------------------------------------------------------------ laws


def chains_walked(devices: Sequence[Device], end: str, port: str = "tcp/2") -> dict[str, tuple[Intervals, Intervals]]:
    """Zone -> the addresses that surely and that possibly get through."""
    asked = Engine(devices, zones(4)).ask(spots(4, end)[0], 4, end, port, host=HOST)
    found = {}
    for zone in ZONE_NAMES:
        reach = asked.reach(zone)
        both = [asked.board.axis.addresses(reach.zone, bits) for bits in (reach.lower, reach.upper)]
        found[zone] = (both[0], both[1])
    return found


@settings(max_examples=150, deadline=None)
@given(seeds, ends, st.booleans())
def test_another_deny_at_the_top_never_opens_a_path(seed: int, end: str, host: bool) -> None:
    made = Maker(seed)
    one = made.device(turns=("dst",) if seed % 2 else (), most=4)
    others = [made.device("own", 2, host=True)] if host else []
    deny = replace(made.rule(("deny",)), origin=networks.origin(0), unknown=made.seldom(None, "a schedule", 0.3))
    main = one.chains["main"]
    shut = replace(one, chains={**one.chains, "main": replace(main, steps=(deny, *main.steps))})
    before, after = chains_walked([one, *others], end), chains_walked([shut, *others], end)
    for zone in ZONE_NAMES:
        assert iv.subtract(after[zone][0], before[zone][0]) == ()
        assert iv.subtract(after[zone][1], before[zone][1]) == ()


@settings(max_examples=150, deadline=None)
@given(seeds, ends, st.sampled_from(["permit", "deny", "return", "nothing"]))
def test_a_line_not_understood_never_says_what_its_meaning_could_contradict(seed: int, end: str, meant: str) -> None:
    made = Maker(seed)
    one = made.device(most=4)
    main = one.chains["main"]
    at = made.rng.randint(0, len(main.steps))

    def with_(*steps: Rule | Origin) -> dict[str, tuple[Intervals, Intervals]]:
        held = replace(main, steps=(*main.steps[:at], *steps, *main.steps[at:]))
        return chains_walked([replace(one, chains={**one.chains, "main": held})], end)

    unread = with_(networks.origin(0))
    read = with_() if meant == "nothing" else with_(made.rule((meant,)))
    for zone in ZONE_NAMES:
        assert iv.subtract(unread[zone][0], read[zone][0]) == ()
        assert iv.subtract(read[zone][1], unread[zone][1]) == ()


@settings(max_examples=80, deadline=None)
@given(seeds, st.sampled_from(["tcp/2", "any"]))
def test_what_surely_gets_through_possibly_does(seed: int, port: str) -> None:
    made = Maker(seed)
    both = [made.device(name, most=3, turns=("dst", "src")) for name in ("one", "two")]
    for end in ZONE_NAMES:
        for lower, upper in chains_walked(both, end, port).values():
            assert iv.subtract(lower, upper) == ()


@settings(max_examples=150, deadline=None)
@given(seeds, ends)
def test_the_witness_packet_fares_as_the_verdict_says(seed: int, end: str) -> None:
    made = Maker(seed)
    devices = [made.device("fw", 3, turns=("dst",)), made.device("own", 2, host=True)][: 1 + seed % 2]
    asked = Engine(devices, zones(4)).ask(spots(4, end)[0], 4, end, "tcp/2", host=HOST)
    seen = scene(devices, 4, inward=True)
    for zone in ZONE_NAMES:
        found = answer(asked, {zone: asked.board.full(zone)}, from_=zone, to="", port="tcp/2")
        if found.witness is None:
            assert found.verdict == "cannot-tell"
            continue
        w, goal = found.witness, (spots(4, end)[0], 2)
        packet = reference.Packet(4, iv.number(w.src)[0], iv.number(w.dst)[0], w.proto, w.sport, w.dport)
        outcomes = reference.through(seen, packet, zone, end, goal)
        if found.translated is None:
            assert (packet.dst, packet.dport) == goal
        else:
            assert (found.translated.dst, found.translated.dport) == (iv.text(goal[0], 4), goal[1])
        assert outcomes == {"permitted": {True}, "partly": {True}, "blocked": {False}}.get(found.verdict, {True, False})


@settings(max_examples=60, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_devices_and_zones_changes_nothing(seed: int, chance: Any) -> None:
    made = Maker(seed)
    devices = [made.device(name, 2, turns=("dst", "src")) for name in ("one", "two")]
    devices += [made.listed("three", 3), made.device("own", 2, host=True)]
    shuffled, mixed = list(devices), zones(4)
    chance.shuffle(shuffled)
    chance.shuffle(mixed)

    def answers(some: Sequence[Device], them: Sequence[ZoneSet]) -> list[Any]:
        engine, found = Engine(some, them), []
        for end in ZONE_NAMES:
            asked = engine.ask(spots(4, end)[0], 4, end, "tcp/2", host=HOST)
            for name in ZONE_NAMES:
                found.append(answer(asked, {name: asked.board.full(name)}, from_=name, to="", port=""))
        return found

    assert answers(devices, zones(4)) == answers(shuffled, mixed)


@settings(max_examples=80, deadline=None)
@given(seeds, ends, st.sampled_from(["tcp/2", "any"]), st.booleans())
def test_answers_in_bulk_are_those_of_one_question_at_a_time(seed: int, end: str, port: str, inward: bool) -> None:
    made = Maker(seed)
    devices = [made.device("fw", 4, turns=("dst", "src")[: seed % 3]), made.device("own", 2, host=True)]
    passages = Passages(Engine(devices, zones(4)))
    addresses = [iv.text(number, 4) for number in spots(4, end)]
    for address in addresses:
        subject = passages.subject("alderbeck", "A1", (address,), end)
        (_, _, located), *_ = subject.addresses
        if located.zone is None:
            continue
        asked = Engine(devices, zones(4)).ask(iv.number(address)[0], 4, located.zone, port, inward=inward, host=HOST)
        for name, passage in passages.of(subject, port, inward=inward).items():
            alone = answer(asked, {name: asked.board.full(name)}, from_=name, to="", port=port)
            reach = {"permitted": True, "partly": True, "blocked": False, "cannot-tell": None}[alone.verdict]
            assert (passage.reach, passage.origin) == (reach, alone.rule)
