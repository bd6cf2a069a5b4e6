"""Who reaches 1,000 assets on 20 ports from 40 zones: the engine beside the slow witness, as processes of their own.

``python -m tests.benchmarks.firewalls RULES engine|witness|matrix|one|nothing``: prints seconds and answers.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Final

from secscan.exposure import intervals as iv
from secscan.exposure.asset_reach import Passages
from secscan.exposure.engine import Engine
from secscan.exposure.matrix import End, between
from secscan.exposure.rules import linear
from secscan.exposure.zones import zone_sets
from secscan.model.net import AddressSet, Device, Origin, PortSet, Rule, ZoneSet
from secscan.model.settings import Council, Firewall, Partnership, Settings, Zone
from tests.exposure import reference

PORTS: Final = (22, 25, 53, 80, 88, 110, 135, 139, 143, 389, 443, 445, 636, 1433, 1521, 3306, 3389, 5432, 8080, 8443)
ZONES: Final = 40
TRIED: Final = 200
"""Packets that the slow witness tries."""


def network(rules: int, assets: int = 1_000, seed: int = 20261122) -> tuple[Device, tuple[ZoneSet, ...], list[str]]:
    """A device with groups of prefixes, lists of services and a quarter of denies; zones; addresses of assets."""
    rng = random.Random(seed)
    zones = [Zone(id=f"z{i:02}", addresses=(f"10.{i}.0.0/16",)) for i in range(ZONES - 1)]
    zones.append(Zone(id="internet", internet=True))
    council = Council(id="bulk", name="Bulk")
    settings = Settings(partnership=Partnership(name="Benchmark"), councils=(council,), zones=tuple(zones))

    def prefix(kinds: tuple[float, float, float]) -> str:
        zone, drawn = rng.randrange(ZONES - 1), rng.random()
        if drawn < kinds[0]:
            return f"10.{zone}.{rng.randrange(256)}.{rng.randrange(256)}/32"
        if drawn < kinds[1]:
            return f"10.{zone}.{rng.randrange(256)}.0/24"
        return f"10.{zone}.{rng.randrange(16) * 16}.0/20" if drawn < kinds[2] else f"10.{zone}.0.0/16"

    def groups(kinds: tuple[float, float, float]) -> list[AddressSet]:
        return [iv.networks(prefix(kinds) for _ in range(rng.randrange(1, 6))) for _ in range(max(50, rules // 3))]

    def service() -> PortSet:
        port = rng.choice(PORTS) if rng.random() < 0.8 else rng.randrange(1024, 65000)
        return PortSet(proto="tcp" if rng.random() < 0.8 else "udp", dport=((port, port + rng.choice((0, 0, 0, 20))),))

    sources, targets = groups((0.3, 0.7, 0.9)), groups((0.4, 0.75, 0.97))
    made = [
        Rule(
            position=i, action="deny" if rng.random() < 0.25 else "permit", src=rng.choice(sources),
            dst=rng.choice(targets), origin=Origin(file="bulk.csv", line=i + 2, line_to=i + 2, text=""),
            services=(PortSet(proto="any"),) if rng.random() < 0.08 else tuple(service() for _ in range(rng.randrange(1, 5))),
        )
        for i in range(rules)
    ]  # fmt: skip
    wall = Firewall(id="bulk", file="bulk.csv", zones=tuple(zone.id for zone in zones), default="deny")
    addresses = [f"10.{rng.randrange(ZONES - 1)}.{rng.randrange(256)}.{rng.randrange(256)}" for _ in range(assets)]
    return linear(wall, "bulk.csv", made), zone_sets(settings), addresses


def by_engine(device: Device, zones: tuple[ZoneSet, ...], addresses: list[str]) -> int:
    """How many of the answers are *let through*, all told with their rule."""
    passages = Passages(Engine([device], zones))
    subjects = [passages.subject("bulk", f"A{i}", (address,), None) for i, address in enumerate(addresses)]
    return sum(
        sum(1 for passage in passages.of(subject, f"tcp/{port}", inward=True).values() if passage.reach)
        for subject in subjects
        for port in PORTS
    )


def by_witness(device: Device, zones: tuple[ZoneSet, ...], addresses: list[str]) -> int:
    """The same question packet by packet, for as many packets as TRIED: what a straightforward script does."""
    scene, rng, found = reference.Scene([device], zones), random.Random(1), 0
    for _ in range(TRIED):
        zone, address = rng.choice(zones), iv.number(rng.choice(addresses))[0]
        end = next(z.id for z in zones if iv.contains(z.addresses.v4, address))
        packet = reference.Packet(4, zone.addresses.v4[0][0] + 9, address, "tcp", 49152, rng.choice(PORTS))
        found += True in reference.through(scene, packet, zone.id, end, (address, None))
    return found


def one_question(device: Device, zones: tuple[ZoneSet, ...], addresses: list[str]) -> float:
    """Milliseconds of one question about all zones, once the board is made."""
    engine = Engine([device], zones)
    engine.board(4, inward=True)
    taken = []
    for address in addresses[:50]:
        number = iv.number(address)[0]
        zone = next(z.id for z in zones if iv.contains(z.addresses.v4, number))
        started = time.perf_counter()
        asked = engine.ask(number, 4, zone, "tcp/443")
        for name in asked.board.zones:
            asked.reach(name)
        taken.append(time.perf_counter() - started)
    return 1000 * sorted(taken)[len(taken) // 2]


def by_matrix(device: Device, zones: tuple[ZoneSet, ...], addresses: list[str]) -> int:
    """How many rows the matrix of all zones has, with any port and all but one of these."""
    engine, services = Engine([device], zones), ["any", *(f"tcp/{port}" for port in PORTS[1:])]
    ends = ([End(engine, family, zone, {}) for family in iv.FAMILIES] for zone in engine.zones)
    return sum(len(between(engine.zones, end, services)) for end in ends)


if __name__ == "__main__":
    made = network(int(sys.argv[1]))
    began = time.process_time()
    match sys.argv[2]:
        case "engine":
            answers = by_engine(*made)
            print(f"{time.process_time() - began:.3f} {answers}")
        case "witness":
            answers = by_witness(*made)
            print(f"{time.process_time() - began:.3f} {answers}")
        case "matrix":
            answers = by_matrix(*made)
            print(f"{time.process_time() - began:.3f} {answers}")
        case "one":
            print(f"{one_question(*made):.2f} 1")
        case _:
            print("0 0")
