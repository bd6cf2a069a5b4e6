"""Rules that no packet gets to: by hand, and against a slow witness that tries every packet of a small world."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from secscan.exposure import ask_config
from secscan.exposure import shadowed as room
from secscan.exposure.products import Passing
from secscan.exposure.shadowed import Standing, standings
from secscan.model.net import (
    PORTS_ALL,
    AddressSet,
    Chain,
    Device,
    Interface,
    Intervals,
    Origin,
    PortSet,
    Rule,
    Stage,
    Translation,
)
from tests.exposure import networks
from tests.exposure.net import ALL, FILE, listed, rule, undecoded

# ------------------------------------------------------------------------------------------------ the slow witness

BASE = 10 << 24
PLACES = 4
"""Addresses in the world, from 10.0.0.0 on; whatever lies beyond is like the last."""
ZONES = ("a", "b")
SIDES = ("i1", "i2", "ix", "zz")
"""Interfaces that exports name; ``ix`` by no name of its own, only as one that begins with an i."""


class Packet(NamedTuple):
    src: int
    dst: int
    proto: str
    sport: int
    dport: int
    into: str | None
    out: str | None
    from_zone: str
    to_zone: str
    met: str | None


Key = tuple[str, int]


@dataclass
class World:
    """What becomes of one packet: the rules that it may be decided by, and those that it surely is."""

    device: Device
    known: frozenset[str]
    state: str
    may: set[Key]
    sure: set[Key]

    def list_(self, name: str, packet: Packet, certain: bool, calling: tuple[str, ...]) -> set[str]:
        """Each end that is possible: decided, or back."""
        if name not in self.device.chains or name in calling:
            return {"decided", "back"}
        ends: set[str] = set()
        chain = self.device.chains[name]
        for number, step in enumerate(chain.steps):
            if isinstance(step, Origin):
                ends |= {"decided", "back"}
                certain = False
                continue
            fits = self.fits(step, packet)
            if fits is False:
                continue
            self.may.add((name, number))
            if certain and fits:
                self.sure.add((name, number))
            if not self.on(step):
                continue
            match step.action:
                case "continue":
                    found = {"on"}
                case "permit" | "deny":
                    found = {"decided"}
                case "return":
                    found = {"back"}
                case "jump":
                    inner = self.list_(step.target, packet, certain and bool(fits), (*calling, name))
                    found = {"on" if end == "back" else end for end in inner}
                case "goto":
                    found = self.list_(step.target, packet, certain and bool(fits), (*calling, name))
            ends |= found - {"on"}
            if fits and "on" not in found:
                return ends
            certain = certain and found == {"on"}
        match chain.default:
            case "return":
                ends.add("back")
            case None:
                ends |= {"decided", "back"}
            case _:
                ends.add("decided")
        return ends

    def on(self, one: Rule) -> bool:
        return one.enabled and not one.expired

    def fits(self, one: Rule, packet: Packet) -> bool | None:
        if one.state == "established" and self.state == "new" and self.on(one):
            return False
        parts = [
            self.address(one.src, packet.src), self.address(one.dst, packet.dst),
            any(
                s.proto in ("any", packet.proto) and inside(s.dport, packet.dport) and inside(s.sport, packet.sport)
                for s in one.services
            ),
            self.side(one.in_interfaces, one.not_in_interfaces, packet.into),
            self.side(one.out_interfaces, one.not_out_interfaces, packet.out),
            self.zone(one.from_zones, packet.from_zone), self.zone(one.to_zones, packet.to_zone),
            one.translations is None or (packet.met in one.translations if packet.met else not one.translations),
            True if one.unknown is None else None,
            True if one.state == self.state else None,
        ]  # fmt: skip
        return False if False in parts else None if None in parts else True

    @staticmethod
    def address(some: AddressSet, number: int) -> bool | None:
        return inside(some.v4, number) or (None if some.unknown else False)

    def side(self, names: frozenset[str] | None, but: frozenset[str], at: str | None) -> bool:
        if names is None and not but:
            return True
        if at is None:
            return False
        return (names is None or self.called(at, names)) and not self.called(at, but)

    def called(self, at: str, by: Iterable[str]) -> bool:
        zone = next((i.zone for i in self.device.interfaces if i.name == at), None)
        return any(name in (at, zone) or (name.endswith("+") and at.startswith(name[:-1])) for name in by)

    def zone(self, names: frozenset[str] | None, at: str) -> bool | None:
        if names is None or at in names:
            return True
        return False if names <= self.known else None


def inside(pairs: Intervals, number: int) -> bool:
    return any(lo <= number <= hi for lo, hi in pairs)


def packets(device: Device) -> Iterator[tuple[Stage, Packet]]:
    """Every packet of the small world that some stage asks about."""
    rules = [one for _, one in device.rules()]
    asks_out = any(r.out_interfaces for r in rules)
    asks_sides = any(r.in_interfaces or r.out_interfaces or r.not_in_interfaces for r in rules) or any(
        s.in_interfaces for s in device.stages
    )
    some = SIDES[:2] if device.interfaces and device.interfaces_listed else SIDES
    sides: Sequence[str] = some if asks_sides else SIDES[:1]
    zones: Sequence[str] = ("a", "b", "nobody", "") if any(r.from_zones is not None for r in rules) else ("a",)
    mets = (None, "t1", "t2") if any(r.translations is not None for r in rules) else (None,)
    sports = (0, 2) if any(s.sport != PORTS_ALL for r in rules for s in r.services) else (0,)
    addresses = range(BASE, BASE + PLACES)
    for src, dst, proto, sport, dport, side, out, zone, met in product(
        addresses,
        addresses,
        ("tcp", "udp", "47", "99"),
        sports,
        range(4),
        sides,
        sides[: 4 if asks_out else 1],
        zones,
        mets,
    ):
        for stage in device.stages:
            if stage.in_interfaces is None or side in stage.in_interfaces:
                into = None if stage.traffic == "from-device" else side
                yield stage, Packet(src, dst, proto, sport, dport, into, out, zone, "a", met)


def witness(device: Device, known: frozenset[str]) -> Mapping[str, tuple[set[Key], set[Key]]]:
    """For each state of a connection: the rules that some packet may get to, and those that some surely does."""
    found = {}
    for state in ("new", "established"):
        may, sure = set[Key](), set[Key]()
        world = World(device, known, state, may, sure)
        for stage, packet in packets(device):
            world.list_(stage.chain, packet, True, ())
        found[state] = may, sure
    return found


NOTHING = Translation(
    name="t1", kind="dst", src=AddressSet(), dst=AddressSet(), services=(), to=AddressSet(),
    origin=Origin(file=FILE, line=0, line_to=0, text=""),
)  # fmt: skip
TURNED = NOTHING, replace(NOTHING, name="t2")
INNER = Interface(name="i1", zone="inside"), Interface(name="i2")


class Maker:
    """Devices of a small world, all of a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.doubts = self.rng.choice([0.0, 0.0, 0.08])
        self.asks = self.rng.sample(["sides", "zones", "met", "sports"], self.rng.choice([0, 1, 1, 2]))

    def chance(self, often: float) -> bool:
        return self.rng.random() < often

    def ranges(self, top: int) -> Intervals:
        lo = self.rng.randrange(top)
        return ((lo, self.rng.randrange(lo, top)),)

    def addresses(self) -> AddressSet:
        why = "a name" if self.chance(self.doubts) else None
        if self.chance(0.4):
            return AddressSet(v4=((BASE, BASE + PLACES - 1),), unknown=why)
        if self.chance(0.06):
            return AddressSet(unknown=why)
        ((lo, hi),) = self.ranges(PLACES)
        return AddressSet(v4=((BASE + lo, BASE + hi),), unknown=why)

    def services(self) -> tuple[PortSet, ...]:
        def one() -> PortSet:
            ports = PORTS_ALL if self.chance(0.5) else self.ranges(3)
            sport = ((0, 1),) if "sports" in self.asks and self.chance(0.3) else PORTS_ALL
            return PortSet(proto=self.rng.choice(["any", "tcp", "tcp", "udp", "47"]), dport=ports, sport=sport)

        return tuple(one() for _ in range(self.rng.randint(1, 2)))

    def some(self, kind: str, names: Sequence[str], often: float = 0.4) -> frozenset[str] | None:
        if kind not in self.asks or not self.chance(often):
            return None
        return frozenset(self.rng.sample(list(names), self.rng.randint(1, 2)))

    def step(self, line: int, chains: Sequence[str]) -> Rule | Origin:
        origin = Origin(file=FILE, line=line, line_to=line, text="?")
        if self.chance(self.doubts / 2):
            return origin
        met = self.some("met", ["t1", "t2"])
        action: Any = self.rng.choice(["permit", "permit", "deny", "jump", "jump", "goto", "return", "continue"])
        return Rule(
            position=line, action=action, target=self.rng.choice([*chains, "gone"] if self.doubts else chains),
            src=self.addresses(), dst=self.addresses(), services=self.services(), origin=origin,
            from_zones=self.some("zones", [*ZONES, *(["nobody"] if self.doubts else [])]),
            in_interfaces=self.some("sides", ["i1", "i2", "i+", "inside"]),
            not_in_interfaces=self.some("sides", ["i1", "i2"], 0.15) or frozenset(),
            out_interfaces=self.some("sides", ["i1", "i2"], 0.2),
            translations=frozenset() if met and self.chance(0.3) else met,
            enabled=not self.chance(0.05), expired=self.chance(0.03),
            state="established" if self.chance(0.08) else "new", unknown="a schedule" if self.chance(self.doubts) else None,
        )  # fmt: skip

    def device(self) -> Device:
        names = ["main", "one", "two"][: self.rng.choice([1, 1, 2, 3])]
        chains = {}
        for number, name in enumerate(names):
            # Each calls the later ones, so that hardly any calls itself.
            later = names[number + 1 :] or (["gone"] if self.doubts else names[-1:])
            steps = [self.step(100 * number + at, later) for at in range(self.rng.randint(1, 6))]
            if len(names) == 1 or (number == len(names) - 1 and not self.doubts):
                steps = [
                    replace(s, action="permit") if isinstance(s, Rule) and s.action in ("jump", "goto") else s
                    for s in steps
                ]
            usual = self.rng.choice(["deny", "permit"]) if number == 0 else "deny" if self.chance(0.15) else "return"
            end: Any = None if self.chance(self.doubts) else usual
            origin = Origin(file=FILE, line=100 * number + 99, line_to=100 * number + 99, text="")
            chains[name] = Chain(name=name, steps=tuple(steps), default=end, default_origin=origin)
        stages = [Stage(name="s", chain="main", in_interfaces=self.some("sides", ["i1", "i2"]))]
        if self.chance(0.2):
            traffic: Any = self.rng.choice(["through", "from-device"])
            stages.append(Stage(name="t", chain=names[-1], traffic=traffic))
        return Device(
            name="fw", kind="iptables", chains=chains, stages=tuple(stages), families=frozenset((4,)),
            interfaces=INNER if "sides" in self.asks else (), interfaces_listed=self.chance(0.3),
            translations=TURNED if "met" in self.asks else (),
        )  # fmt: skip


KNOWN = frozenset(ZONES)


def keys(device: Device) -> list[Key]:
    """Where the rules stand, in the order of ``device.rules()``."""
    steps = {name: iter([n for n, s in enumerate(c.steps) if isinstance(s, Rule)]) for name, c in device.chains.items()}
    return [(chain.name, next(steps[chain.name])) for chain, _ in device.rules()]


def shows(device: Device, key: Key, one: Standing, state: str) -> bool:
    """Whether the packet that it shows is surely decided by the rule."""
    assert one.witness is not None and one.passing is not None
    w, p = one.witness, one.passing
    numbers = [int.from_bytes(bytes(map(int, a.split("."))), "big") for a in (w.src, w.dst)]

    def side(name: str | None) -> str | None:
        return {"": "zz", "i+": "ix"}.get(name, name) if name is not None else None

    packet = Packet(
        numbers[0], numbers[1], w.proto, w.sport, w.dport, side(p.into), side(p.out), p.from_zone, p.to_zone, p.met
    )
    sure: set[Key] = set()
    one_on = replace(device.chains[key[0]].steps[key[1]], unknown=None)  # type: ignore[type-var]
    steps = list(device.chains[key[0]].steps)
    steps[key[1]] = one_on
    chains = {**device.chains, key[0]: replace(device.chains[key[0]], steps=tuple(steps))}
    device = replace(device, chains=chains)
    for stage in device.stages:
        if stage.in_interfaces is None or packet.into in stage.in_interfaces:
            World(device, KNOWN, state, set(), sure).list_(stage.chain, packet, True, ())
    return key in sure


@tried(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_what_is_said_of_a_rule_is_what_every_packet_does(seed: int) -> None:
    maker = Maker(seed)
    device = maker.device()
    told = dict(zip(keys(device), standings(device, KNOWN), strict=True))
    reached = witness(device, KNOWN)
    for key, one in told.items():
        step = device.chains[key[0]].steps[key[1]]
        assert isinstance(step, Rule)
        may, sure = reached[step.state]
        if one.shadowed:
            assert key not in may
        elif one.shadowed is False:
            assert key in may
            unresolved = not (step.src.v4 and step.dst.v4) or (step.from_zones or KNOWN).isdisjoint(KNOWN)
            assert shows(device, key, one, step.state) if one.witness or not unresolved else maker.doubts
        if not maker.doubts and step.state == "new":
            # Where nothing is in doubt there is always an answer, and it is the right one.
            assert one.shadowed is (key not in may)
            assert key in sure or key not in may


@tried(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_rules_that_have_nothing_in_common_may_change_places(seed: int) -> None:
    maker = Maker(seed)
    steps = [replace(s, action="permit") if s.action in ("jump", "goto") else s for s in _certain(maker, 6)]
    swaps = [i for i in range(len(steps) - 1) if not _overlap(steps[i], steps[i + 1])]
    before = standings(plain(*steps), KNOWN)
    for i in swaps:
        turned = [*steps[:i], steps[i + 1], steps[i], *steps[i + 2 :]]
        after = standings(plain(*turned), KNOWN)
        after[i], after[i + 1] = after[i + 1], after[i]
        assert [one.shadowed for one in after] == [one.shadowed for one in before]


@tried(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
@example(11208)  # a rule that leaves the list takes what another would have taken before it
def test_the_rules_that_are_named_are_enough_and_come_first(seed: int) -> None:
    steps = [replace(s, action="permit") if s.action in ("jump", "goto") else s for s in _certain(Maker(seed), 6)]
    for number, one in enumerate(standings(plain(*steps), KNOWN)):
        if one.shadowed and one.by:
            lines = [origin.line for origin in one.by]
            assert lines == sorted(lines) and lines[-1] < steps[number].origin.line
            named = [step for step in steps if step.origin.line in lines]
            again = standings(plain(*named, steps[number]), KNOWN)
            assert again[-1].shadowed
            # Of a rule with several products each has its own fewest.
            single = len({(service.proto, service.sport) for service in steps[number].services}) == 1
            for left_out in named if single and len(named) > 1 else ():
                fewer = [step for step in named if step is not left_out]
                assert standings(plain(*fewer, steps[number]), KNOWN)[-1].shadowed is False


def plain(*steps: Rule) -> Device:
    return listed(*steps, zones=KNOWN, interfaces=INNER, interfaces_listed=False, translations=TURNED)


@tried(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
@example(56)  # a list that nothing asks names an interface that nothing else does
def test_no_answer_rests_on_a_rule_that_never_decides(seed: int) -> None:
    """The engine that answers questions shares nothing with the search."""
    one = networks.Maker(seed).device()
    never = {r.origin.line for (_, r), s in zip(one.rules(), standings(one), strict=True) if s.shadowed}
    for spot, port in product((1, 5, 8), ("tcp/2", "udp/0")):
        for answer in ask_config(one, None, f"10.0.0.{spot}", port):
            assert answer.verdict == "cannot-tell" or answer.rule is None or answer.rule.line not in never


def _certain(maker: Maker, many: int) -> list[Rule]:
    maker.doubts = 0.0
    steps = [maker.step(line, ["main"]) for line in range(2, many + 2)]
    return [
        replace(step, src=_off(step.src), dst=_off(step.dst), state="new") for step in steps if isinstance(step, Rule)
    ]


def _off(some: AddressSet) -> AddressSet:
    return replace(some, unknown=None)


def _overlap(a: Rule, b: Rule) -> bool:
    """Whether some packet of the small world is for both, plainly."""
    both = plain(a, b)
    world = World(both, KNOWN, "new", set(), set())
    return any(world.fits(a, packet) and world.fits(b, packet) for _, packet in packets(both))


# ------------------------------------------------------------------------------------------------ by hand

HALVES = "0.0.0.0/1;128.0.0.0/1"
LAST = rule(9, "permit", "10.1.0.0/24", "10.9.0.0/24", "tcp", "443")


def last(*before: Rule | Origin, rule_: Rule = LAST, **more: Any) -> Standing:
    """How the last rule of a list stands."""
    rules = [one for one in before if isinstance(one, Rule)]
    lost = [one for one in before if isinstance(one, Origin)]
    return standings(listed(*rules, rule_, undecoded=lost, **more), ALL)[-1]


def lines(one: Standing) -> list[int]:
    return [origin.line for origin in one.by]


@pytest.mark.parametrize(
    ("before", "by"),
    [
        ([rule(2, "permit", "any", "any")], [2]),
        ([rule(2, "deny", "10.1.0.0/16", "10.9.0.0/16", "tcp", "400-500")], [2]),
        ([rule(2, "deny", "10.1.0.0/25", "any"), rule(3, "permit", "10.1.0.128/25", "any")], [2, 3]),
        ([rule(2, "deny", "10.1.0.0/25", "any"), rule(3, "permit", HALVES, "any4", "tcp")], [3]),  # one is enough
        ([rule(2, "deny", "any", "any", "tcp", "443", sport="0-1023"),
          rule(3, "deny", "any", "any", "tcp", "443", sport="1024-65535")], [2, 3]),
        ([rule(2, "deny", "10.1.0.0/24", "10.9.0.0/25"), rule(3, "permit", "10.1.0.0/25", "any", "tcp"),
          rule(4, "deny", "10.1.0.128/25", "10.9.0.128/25")], [2, 3, 4]),
    ],
)  # fmt: skip
def test_a_rule_is_shadowed_by_what_takes_all_of_it(before: list[Rule], by: list[int]) -> None:
    found = last(*before)
    assert (found.shadowed, lines(found), found.why) == (True, by, "")


@pytest.mark.parametrize(
    "before",
    [
        [],
        [rule(2, "permit", "any", "any", "udp")],
        [rule(2, "permit", "any", "any", "icmp")],
        [rule(2, "permit", "10.1.0.0/25", "any")],
        [rule(2, "permit", "any", "any", "tcp", "443", sport="53")],
        [rule(2, "deny", "any6", "any6")],
        [rule(2, "deny", "10.1.0.0/25", "any"), rule(3, "deny", "any", "10.9.0.0/25")],
        [rule(2, "deny", "any", "any", enabled=False)],
        [rule(2, "deny", "any", "any", expired=True)],
        [rule(2, "deny", "any", "any", state="established")],
        [rule(2, "continue", "any", "any")],
        [rule(2, "deny", "any", "any", from_zones=frozenset({"guest"}))],
        [rule(2, "deny", "any", "any", in_interfaces=frozenset({"eth1"}))],
    ],
)
def test_a_rule_that_some_packet_gets_to_is_not(before: list[Rule]) -> None:
    found = last(*before)
    assert found.shadowed is False and found.witness is not None
    assert found.witness.proto == "tcp" and found.witness.dport == 443
    assert found.witness.src.startswith("10.1.0.") and found.witness.dst.startswith("10.9.0.")


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (rule(2, "deny", "any", "any", unknown="schedule 'nights'"), "fw.csv:2: schedule 'nights'"),
        (rule(2, "deny", "partner.example", "any"), "fw.csv:2: src 'partner.example' is not an address"),
        (rule(2, "deny", "any", "any", from_zones=frozenset({"dmz"})), "fw.csv:2: it names a zone that is not defined"),
        (undecoded(2), "fw.csv:2: line not understood: what is this"),
    ],
)
def test_what_may_take_all_of_it_leaves_it_open(before: Rule | Origin, why: str) -> None:
    found = last(before)
    assert (found.shadowed, found.by) == (None, ()) and found.why.endswith(why)
    assert last(before, rule(3, "deny", "any", "any")).shadowed  # what stands behind the doubt takes it surely


def test_a_rule_that_is_itself_in_doubt_is_known_only_where_nothing_or_everything_takes_of_it() -> None:
    doubtful = replace(LAST, unknown="application web-browsing")
    assert last(rule_=doubtful).shadowed is False
    assert last(rule(2, "deny", "10.1.0.7", "any"), rule_=doubtful).shadowed is None
    assert last(rule(2, "deny", "10.1.0.0/16", "any"), rule_=doubtful).shadowed is True
    nameless = rule(9, "permit", "partner.example", "10.9.0.0/24")
    assert last(rule_=nameless) == Standing(shadowed=False)  # whoever that is, nothing takes it
    assert last(rule(2, "deny", "10.2.0.0/16", "any"), rule_=nameless).shadowed is None
    named = rule(9, "permit", "partner.example;10.1.0.0/24", "10.9.0.0/24")
    assert last(rule(2, "deny", "10.2.0.0/16", "any"), rule_=named).shadowed is False  # of 10.1.0.0/24 it surely is
    assert last(rule(2, "deny", "10.1.0.0/24", "any"), rule_=named).shadowed is None
    assert last(rule(2, "deny", "any", "10.9.0.0/16"), rule_=named).shadowed is True


@pytest.mark.parametrize(
    ("rule_", "why"),
    [
        (replace(LAST, src=AddressSet()), "its source is empty"),
        (replace(LAST, dst=AddressSet()), "its destination is empty"),
        (replace(LAST, services=()), "it is for no service"),
        (rule(9, "permit", "any4", "any6"), "no packet has its source, its destination and its service"),
        (rule(9, "permit", "any6", "any6", "icmp"), "no packet has its source, its destination and its service"),
        (rule(9, "permit", "any", "any", in_interfaces=frozenset()), "no packet has its source, its destination and its service"),
    ],
)  # fmt: skip
def test_a_rule_that_matches_nothing_says_why(rule_: Rule, why: str) -> None:
    found = last(rule_=rule_)
    assert (found.shadowed, found.by, found.why) == (True, (), why)


def test_a_rule_for_both_families_is_shadowed_when_both_are_taken() -> None:
    both = rule(9, "permit", "any", "any", "tcp", "443")
    v4, v6 = rule(2, "deny", "any4", "any4"), rule(3, "deny", "any6", "any6")
    assert (last(v4, rule_=both).shadowed, last(v6, rule_=both).shadowed) == (False, False)
    assert lines(last(v4, v6, rule_=both)) == [2, 3]


def test_what_an_export_does_not_speak_about_is_not_known() -> None:
    found = last(rule_=rule(9, "permit", "any6", "any6"), families=frozenset((4,)))
    assert (found.shadowed, found.why) == (None, "the export says nothing of the other family of addresses")


def test_a_rule_that_is_off_is_asked_about_as_if_it_were_on() -> None:
    off = replace(LAST, enabled=False)
    assert last(rule_=off).shadowed is False
    assert lines(last(rule(2, "deny", "any", "any"), rule_=off)) == [2]


def test_a_rule_for_standing_connections_is_held_against_its_like() -> None:
    standing, every = replace(LAST, state="established"), rule(2, "permit", "any", "any", state="established")
    assert lines(last(every, rule_=standing)) == [2]
    assert last(rule_=standing).shadowed is False
    # Whether a rule that names no state is asked of standing connections is the maker's to say.
    assert last(rule(2, "deny", "any", "any"), rule_=standing).shadowed is None


# ------------------------------------------------------------------------------------------------ chains


def chain(name: str, *steps: Rule | Origin, default: Any = "return") -> Chain:
    return Chain(
        name=name, steps=steps, default=default, default_origin=Origin(file=FILE, line=99, line_to=99, text="end")
    )


def device(*chains: Chain, stages: Sequence[Stage] | None = None, **more: Any) -> Device:
    asked = [Stage(name="in", chain=chains[0].name)] if stages is None else stages
    return Device(name="fw", kind="iptables", chains={c.name: c for c in chains}, stages=tuple(asked), **more)


def told(one: Device) -> dict[int, Standing]:
    """Line -> how the rule there stands."""
    return {r.origin.line: s for (_, r), s in zip(one.rules(), standings(one, ALL), strict=True)}


def jump(line: int, target: str, src: str = "any", action: str = "jump", **more: Any) -> Rule:
    return rule(line, action, src, "any", target=target, **more)


def test_a_rule_of_a_called_chain_is_reached_by_its_calls_alone() -> None:
    one = device(
        chain("main", jump(2, "users", "10.1.0.0/24"), rule(3, "permit", "10.2.0.0/24", "any"), default="deny"),
        chain("users", rule(11, "permit", "10.2.0.0/24", "any"), rule(12, "permit", "10.1.0.9", "any")),
    )
    found = told(one)
    assert (found[11].shadowed, found[11].why) == (True, "nothing that list 'users' is asked about fits it")
    assert found[12].shadowed is False and found[3].shadowed is False


def test_a_rule_is_shadowed_where_every_call_comes_too_late() -> None:
    one = device(
        chain("main", rule(2, "deny", "10.1.0.0/16", "any"), jump(3, "users", "10.1.0.0/24"), default="deny"),
        chain("users", rule(11, "permit", "10.1.0.9", "any")),
    )
    assert lines(told(one)[3]) == lines(told(one)[11]) == [2]


def test_what_a_chain_decides_does_not_come_back_and_what_it_leaves_over_does() -> None:
    inner = chain("inner", rule(11, "return", "10.1.0.0/25", "any"), rule(12, "deny", "10.1.0.0/24", "any"))
    low, high = rule(3, "permit", "10.1.0.5", "any"), rule(4, "permit", "10.1.0.200", "any")
    found = told(device(chain("main", jump(2, "inner"), low, high, default="deny"), inner))
    assert found[3].shadowed is False
    assert (found[4].shadowed, lines(found[4])) == (True, [12])


def test_what_goes_to_another_chain_is_not_seen_again_where_it_came_from() -> None:
    one = device(
        chain(
            "main", jump(2, "inner", "10.1.0.0/24", action="goto"), rule(3, "permit", "10.1.0.5", "any"), default="deny"
        ),
        chain("inner", rule(11, "permit", "10.1.0.9", "any")),
    )
    assert lines(told(one)[3]) == [2]


def test_a_chain_that_ends_by_itself_is_named_by_its_end() -> None:
    one = device(chain("main", jump(2, "inner"), LAST, default="deny"), chain("inner", default="deny"))
    assert lines(told(one)[9]) == [99]


def test_a_chain_that_nothing_asks_is_unreachable_but_for_lines_that_were_not_understood() -> None:
    off, other = chain("main", jump(2, "other", enabled=False), default="deny"), chain("other", LAST)
    found = told(device(off, other))[9]
    assert (found.shadowed, found.by, found.why) == (True, (), "nothing asks list 'other'")
    lost = told(device(replace(off, steps=(*off.steps, undecoded(3))), other))[9]
    assert (lost.shadowed, lost.why) == (None, "nothing asks list 'other', unless a line that was not understood does")
    assert told(device(off, other, unread=(undecoded(5),)))[9].shadowed is None
    main = chain("main", default="deny")
    assert told(device(main, other, stages=()))[9].shadowed is False  # lists that are bound nowhere are asked somehow


def test_chains_in_a_circle_leave_it_open() -> None:
    one = device(
        chain("main", jump(2, "one", "10.1.0.0/24"), default="deny"),
        chain("one", rule(10, "return", "10.1.0.0/24", "10.9.0.0/25"), jump(11, "two")),
        chain("two", jump(20, "one"), rule(21, "permit", "10.1.0.1", "10.9.0.1")),
    )
    assert told(one)[21].shadowed is None
    # A call of a chain that is not there may come back or not.
    gone = told(device(chain("main", jump(2, "gone"), LAST, default="deny")))
    assert gone[9].shadowed is None and "'gone' cannot be followed" in gone[9].why


def test_interfaces_of_a_stage_and_of_a_rule_are_told_apart() -> None:
    inside = Stage(name="in", chain="main", in_interfaces=frozenset({"eth1"}))
    other = rule(3, "permit", "any", "any", in_interfaces=frozenset({"eth2"}))
    found = told(device(chain("main", other, default="deny"), stages=[inside]))
    assert (found[3].shadowed, found[3].why) == (True, "nothing that list 'main' is asked about fits it")
    own = Stage(name="out", chain="main", traffic="from-device")
    assert told(device(chain("main", other, default="deny"), stages=[own]))[3].shadowed is True
    assert (
        told(device(chain("main", other, default="deny"), stages=[inside, replace(inside, in_interfaces=None)]))[
            3
        ].shadowed
        is False
    )


def test_a_zone_of_the_makers_is_its_interfaces_and_a_plus_all_that_begin_so() -> None:
    sides = Interface(name="eth1", zone="trust"), Interface(name="eth2", zone="trust"), Interface(name="dmz0")
    trust = rule(2, "deny", "any", "any", in_interfaces=frozenset({"trust"}))

    def through(*names: str, **more: Any) -> Standing:
        last_ = rule(9, "permit", "any", "any", in_interfaces=frozenset(names))
        return told(device(chain("main", trust, last_, default="deny"), interfaces=sides, **more))[9]

    assert lines(through("eth1", "eth2")) == [2] and through("eth1", "dmz0").shadowed is False
    assert lines(through("eth+")) == [2]
    found = through("eth+", interfaces_listed=False)  # there may be an eth3
    assert found.passing == Passing(into="eth+", out="eth1", from_zone="guest", to_zone="guest", met=None)


def test_a_rule_for_every_zone_is_shadowed_when_all_that_the_device_stands_between_are_taken() -> None:
    every = rule(9, "permit", "any", "any")
    some = [rule(n, "deny", "any", "any", from_zones=frozenset({zone})) for n, zone in enumerate(sorted(ALL), 2)]
    assert lines(last(*some, rule_=every, zones=ALL)) == [2, 3, 4, 5]
    assert last(*some[1:], rule_=every, zones=ALL).shadowed is False
    assert lines(last(*some[1:], rule_=every, zones=ALL - {"guest"})) == [3, 4, 5]


def test_a_rule_for_a_translation_is_not_taken_by_one_for_what_met_none() -> None:
    plain = rule(2, "deny", "any", "any", translations=frozenset())
    met = rule(9, "permit", "any", "any", translations=frozenset({"vip"}))
    found = last(plain, rule_=met)
    assert found.shadowed is False and found.passing is not None and found.passing.met == "vip"
    assert lines(last(rule(2, "deny", "any", "any"), rule_=met)) == [2]


def test_a_question_that_takes_too_long_is_given_up_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [rule(2, "deny", "10.1.0.0/25", "any"), rule(3, "permit", "10.1.0.128/25", "any")]
    monkeypatch.setattr(room, "MOST", 1)
    found = last(*before)
    assert (found.shadowed, found.by) == (None, ()) and found.why == "not decided in 2 steps"
    monkeypatch.undo()
    monkeypatch.setattr(room, "MOST_IN_ALL", 1)
    assert last(*before).shadowed is None
