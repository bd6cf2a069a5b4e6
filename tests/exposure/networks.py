"""Random small networks: devices with chains, stages, interfaces and translations, all of a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final, TypeVar

from secscan.exposure import intervals as iv
from secscan.exposure.rules import linear
from secscan.model.net import (
    PORTS_ALL,
    AddressSet,
    Chain,
    Device,
    Interface,
    Intervals,
    Origin,
    PortSet,
    Route,
    Rule,
    Stage,
    Translation,
    ZoneSet,
)
from secscan.model.settings import Firewall
from tests.exposure import reference

BASE: Final = 10 << 24
FAMILIES: Final = {4: BASE, 6: 0xFD << 120}
FILE: Final = "fw.csv"
EXTENTS: Final = {"a": (0, 3), "b": (4, 6), "c": (7, 9), "e": (2, 3)}
"""Zone -> first and last address; e has addresses of a's, as two councils may. 10 and 11 are in none."""
ZONE_NAMES: Final = sorted(EXTENTS)
INTERFACES: Final = ("i1", "i2", "e3")
BEGINS: Final = "i+"
"""Every interface whose name begins with an i."""
EVERYTHING: Final = AddressSet(v4=iv.everything(4), v6=iv.everything(6))
ANYTHING: Final = (PortSet(proto="any"),)
T = TypeVar("T")
reference.UNIVERSE.update({family: (base, base + 12) for family, base in FAMILIES.items()})


def zones(family: int) -> list[ZoneSet]:
    found = []
    for name, (lo, hi) in EXTENTS.items():
        addresses = shifted(((lo, hi),), family)
        found.append(ZoneSet(id=name, name=name, addresses=addresses, trusted=False, internet=False))
    return found


def shifted(pairs: Intervals, family: int, why: str | None = None) -> AddressSet:
    moved = tuple((FAMILIES[family] + lo, FAMILIES[family] + hi) for lo, hi in pairs)
    return AddressSet(v4=moved, unknown=why) if family == 4 else AddressSet(v6=moved, unknown=why)


def spots(family: int, zone: str) -> range:
    lo, hi = EXTENTS[zone]
    return range(FAMILIES[family] + lo, FAMILIES[family] + hi + 1)


def origin(line: int) -> Origin:
    return Origin(file=FILE, line=line, line_to=line, text="")


class Maker:
    """Everything that one seed makes, for one family. ``doubts``: how often something may or may not hold."""

    def __init__(self, seed: int, family: int = 4, doubts: float = 0.06) -> None:
        self.rng, self.family, self.doubts = random.Random(seed), family, doubts

    def seldom(self, usual: T, other: T, often: float | None = None) -> T:
        return other if self.rng.random() < (self.doubts if often is None else often) else usual

    def ranges(self, top: int, least: int = 0) -> Intervals:
        firsts = [self.rng.randint(0, top) for _ in range(self.rng.randint(least, 2))]
        return iv.normal((lo, min(lo + self.rng.randint(0, 4), top)) for lo in firsts)

    def addresses(self) -> AddressSet:
        if self.rng.random() < 0.45:
            return self.rng.choice([EVERYTHING, shifted(((0, 11),), self.family)])
        return shifted(self.ranges(9), self.family, self.seldom(None, "a name"))

    def services(self) -> tuple[PortSet, ...]:
        if self.rng.random() < 0.55:
            return ANYTHING
        return tuple(self.port_set() for _ in range(self.rng.randint(1, 2)))

    def port_set(self) -> PortSet:
        proto = self.rng.choice(["any", "tcp", "tcp", "udp", "icmp"])
        dport = self.ranges(3, 1) if self.rng.random() < 0.5 else PORTS_ALL
        sport = self.ranges(3, 1) if self.rng.random() < 0.2 else PORTS_ALL
        return PortSet(proto=proto, dport=dport, sport=sport)

    def some(self, names: Sequence[str], often: float = 0.2) -> frozenset[str] | None:
        if self.rng.random() >= often:
            return None
        return frozenset(self.rng.sample(list(names), self.rng.randint(1, min(3, len(names)))))

    def rule(self, actions: Sequence[str] = ("permit", "permit", "deny"), **more: Any) -> Rule:
        dst = self.addresses()
        return Rule(
            position=0, action=self.rng.choice(actions), src=self.addresses(), dst=dst,  # type: ignore[arg-type]
            dst_own=dst.unknown is not None and self.rng.random() < 0.5,
            services=self.services(), from_zones=self.some([*ZONE_NAMES, "nobody"]),
            to_zones=self.some([*ZONE_NAMES, "nobody"]), enabled=self.seldom(True, False),
            expired=self.seldom(False, True), state=self.seldom("new", "established"),  # type: ignore[arg-type]
            unknown=self.seldom(None, "a schedule"), origin=origin(0), **more,
        )  # fmt: skip

    def listed(self, name: str = "fw", most: int = 6) -> Device:
        """A device as our own template gives it: one list."""
        rules = [replace(self.rule(), position=i, origin=origin(2 * i + 2)) for i in range(self.rng.randint(0, most))]
        lost = (
            [replace(origin(2 * self.rng.randint(0, most) + 1), text="?")]
            if self.rng.random() < 2 * self.doubts
            else []
        )
        default: Any = self.seldom(self.rng.choice(["deny", "permit"]), None)
        found = linear(Firewall(id="fw", file="fw.csv", zones=("a",), default=default), FILE, rules, lost)
        return replace(found, name=name, zones=self.beside())

    def beside(self) -> frozenset[str]:
        if self.rng.random() < 0.6:
            return frozenset(ZONE_NAMES)
        return frozenset(self.rng.sample(ZONE_NAMES, self.rng.randint(2, 3)))

    def device(self, name: str = "fw", most: int = 5, *, turns: Sequence[str] = (), host: bool = False) -> Device:
        """A device with chains that call each other, stages, interfaces and, of the kinds ``turns``, translations."""
        names = ["main", "one", "two"][: self.rng.randint(1, 3)]
        turned = [
            self.translation(self.rng.choice(turns), f"t{i}") for i in range(self.rng.randint(1, 3) if turns else 0)
        ]
        met = [one.name for one in turned if one.kind == "dst"]
        chains = {}
        for number, chain in enumerate(names):
            steps = [self.step(100 * number + at, names, met) for at in range(self.rng.randint(0, most))]
            usual = (
                self.seldom(self.rng.choice(["deny", "permit"]), None)
                if number == 0
                else self.seldom("return", "deny", 0.2)
            )
            end: Any = usual
            chains[chain] = Chain(name=chain, steps=tuple(steps), default=end, default_origin=origin(100 * number + 99))
        own = ("to-device", "from-device") if host else ("through",)
        stages = [Stage(name="s0", chain="main", traffic=one, sees=self.sees()) for one in own]  # type: ignore[arg-type]
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            traffic: Any = self.rng.choice([*own, "through", "to-device"])
            stages.append(Stage(
                name="s1", chain=self.rng.choice(names), in_interfaces=self.some([*INTERFACES, "inside"], 0.5),
                out_interfaces=self.some(INTERFACES, 0.3), sees=self.sees(), traffic=traffic,
            ))  # fmt: skip
        some: Any = frozenset((4,))
        return Device(
            name=name, kind="secscan-rules", chains=chains, stages=tuple(stages), interfaces=self.interfaces(),
            routes=self.routes(), translations=tuple(turned), families=self.seldom(frozenset((4, 6)), some, 0.03),
            zones=frozenset() if host else self.beside(), sides=self.sides(), host="A1" if host else None,
            council="alderbeck" if host else None,
        )  # fmt: skip

    def step(self, line: int, chains: Sequence[str], met: Sequence[str]) -> Rule | Origin:
        if self.rng.random() < self.doubts / 2:
            return origin(line)
        wanted = None
        if met and self.rng.random() < 0.3:
            wanted = frozenset([self.rng.choice(met)] if self.rng.random() < 0.7 else [])
        rule = self.rule(
            ("permit", "permit", "deny", "jump", "jump", "jump", "goto", "return", "continue"), translations=wanted,
            target=self.seldom(self.rng.choice([*chains[1:], *chains]), "gone", 0.03),
            in_interfaces=self.some([*INTERFACES, "inside", "lo", BEGINS], 0.15), out_interfaces=self.some([*INTERFACES, BEGINS], 0.1),
            not_in_interfaces=self.some([*INTERFACES, "inside", "lo", BEGINS], 0.1) or frozenset(),
            not_out_interfaces=self.some([*INTERFACES, "lo"], 0.05) or frozenset(),
        )  # fmt: skip
        return replace(rule, position=line, origin=origin(line))

    def sees(self) -> Any:
        return self.rng.choice(["translated", "translated", "original"])

    def translation(self, kind: str, name: str) -> Translation:
        if kind == "dst":
            dst = self.ranges(11, 1)
            to = iv.subtract(self.ranges(11, 1), dst)
            if self.rng.random() < 0.4:  # one to one
                at, lo, wide = self.rng.randint(0, 9), self.rng.randint(0, 9), self.rng.randint(0, 2)
                dst, to = ((at, at + wide),), iv.subtract(((lo, lo + wide),), ((at, at + wide),))
        else:
            dst, to = self.rng.choice([((0, 11),), ((4, 9),)]), self.ranges(11, 1)
            if self.rng.random() < 0.6:
                to = to[:1] and ((to[0][0], to[0][0]),)
        to_ports = self.ranges(3, 1) if kind == "dst" and self.rng.random() < 0.4 else None
        if to_ports and self.rng.random() < 0.6:
            to_ports = ((to_ports[0][0], to_ports[0][0]),)
        return Translation(
            name=name, kind=kind, src=self.addresses(), dst=shifted(dst, self.family, self.seldom(None, "a name")),  # type: ignore[arg-type]
            services=self.services(), in_interfaces=self.some([*INTERFACES, "inside", BEGINS], 0.15),
            out_interfaces=self.some(INTERFACES, 0.15) if kind == "src" else None,
            not_in_interfaces=self.some([*INTERFACES, "lo"], 0.05) or frozenset(),
            to=shifted(to, self.family, "a pool" if not to else self.seldom(None, "a pool")), to_ports=to_ports,
            none=self.seldom(False, True, 0.1), sees=self.sees() if kind == "src" else "translated",
            enabled=self.seldom(True, False), unknown=self.seldom(None, "an hour of the day"), origin=origin(500),
        )  # fmt: skip

    def interfaces(self) -> tuple[Interface, ...]:
        """Interfaces with networks; of two that overlap the narrower counts."""
        pieces = [((0, 3),), ((4, 6),), ((7, 9),), ((10, 11),), ((7, 7),)]
        owner = {piece: self.rng.choice([*INTERFACES, *INTERFACES, None]) for piece in pieces}
        return (*([Interface(name="lo", loopback=True)] if self.rng.random() < 0.7 else []), *(
            Interface(
                name=name, zone=self.rng.choice([None, "inside"]), enabled=self.seldom(True, False),
                networks=shifted(iv.normal(pair for piece in pieces for pair in piece if owner[piece] == name), self.family),
            )
            for name in INTERFACES[: self.rng.choice([0, 3, 3, 2])]
        ))  # fmt: skip

    def routes(self) -> tuple[Route, ...]:
        if self.rng.random() < 0.6:
            return ()
        base = FAMILIES[self.family]
        lo, wide = self.rng.choice([(0, 11), (4, 5), (7, 2), (2, 1)])
        network = (base + lo, base + lo + wide)
        return (Route(family=self.family, network=network, interface=self.rng.choice(INTERFACES), origin=origin(900)),)  # type: ignore[arg-type]

    def sides(self) -> dict[str, frozenset[str]]:
        if self.rng.random() < 0.5:
            return {}
        names = self.rng.sample([*INTERFACES, "inside"], self.rng.randint(1, 3))
        return {name: frozenset(self.rng.sample(ZONE_NAMES, self.rng.randint(1, 2))) for name in names}


def packets(
    devices: Sequence[Device], family: int, src: int, end: int, port: str, *, inward: bool
) -> list[reference.Packet]:
    """Every packet that may matter: to the address itself, or to where some device translates."""
    kinds = [("tcp", 2)] if port == "tcp/2" else list(product(("tcp", "udp"), range(5)))
    sent = {(end, proto, dport) for proto, dport in kinds}
    turned = [t for one in devices for t in one.translations if t.kind == "dst" and t.enabled]
    everywhere = range(*reference.UNIVERSE[family])
    places = {n for t in turned for n in (everywhere if t.dst.unknown else reference.numbers(t.dst, family))}
    if any(t.to_ports for t in turned) and inward:
        # Inwards the port asked about is the one that it arrives at, outwards the one that is sent to.
        kinds = list(product({proto for proto, _ in kinds}, range(5)))
    sent |= {(dst, proto, dport) for dst in places for proto, dport in kinds}
    limits = [s for one in devices for _, rule in one.rules() for s in rule.services]
    limits += [s for one in devices for t in one.translations for s in t.services]
    sports = range(5) if any(s.sport != PORTS_ALL for s in limits) else (4,)
    return [
        reference.Packet(family=family, src=src, dst=dst, proto=proto, sport=sport, dport=dport)
        for dst, proto, dport in sorted(sent)
        for sport in sports
    ]
