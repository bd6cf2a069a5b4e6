"""Which of many rules no packet gets to: the search beside plain subtraction of boxes, and beside a solver where there is one.

``python -m tests.benchmarks.shadows RULES search|plain|solver|nothing``: prints seconds, and how many rules are shadowed.
The solver is ``z3-solver`` of the dependency group ``bench``; without it ``solver`` prints nothing.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from typing import Any, Final

from secscan.exposure.shadowed import standings
from secscan.model.net import V4_ALL, AddressSet, Device, Interval, Rule
from tests.benchmarks.firewalls import network

ANYWHERE: Final = 0.03
"""How many sides of rules are any address. Of ten thousand rules about one in ten is then shadowed."""
PROTOCOLS: Final[dict[str, Interval]] = {"any": (0, 255), "tcp": (6, 6), "udp": (17, 17)}
Box = tuple[Interval, ...]


def listed(rules: int) -> Device:
    """The rules of the other benchmark, some of them for any source or any destination."""
    rng, (device, _, _) = random.Random(7), network(rules, assets=0)
    anywhere = AddressSet(v4=V4_ALL)

    def side(one: AddressSet) -> AddressSet:
        return anywhere if rng.random() < ANYWHERE else one

    (name, chain), *_ = device.chains.items()
    steps = tuple(replace(one, src=side(one.src), dst=side(one.dst)) for _, one in device.rules())
    return replace(device, chains={name: replace(chain, steps=steps)}, families=frozenset((4,)))


def by_search(device: Device) -> int:
    return sum(one.shadowed is True for one in standings(device, device.zones))


def boxes(rule: Rule) -> Iterator[Box]:
    for service in rule.services:
        yield from product(rule.src.v4, rule.dst.v4, [PROTOCOLS[service.proto]], service.dport, service.sport)


def by_subtraction(device: Device) -> int:
    """What a straightforward script does: from each rule's boxes every box before it is cut away, in order."""
    before: list[Box] = []
    found = 0
    for _, rule in device.rules():
        own = list(boxes(rule))
        left = own
        for box in before:
            left = [piece for one in left for piece in cut(one, box)]
            if not left:
                break
        found += not left
        before += own
    return found


def cut(one: Box, box: Box) -> Iterator[Box]:
    """What of a box is outside another."""
    if any(hi < lo2 or hi2 < lo for (lo, hi), (lo2, hi2) in zip(one, box, strict=True)):
        yield one
        return
    for dim, ((lo, hi), (lo2, hi2)) in enumerate(zip(one, box, strict=True)):
        if lo < lo2:
            yield (*one[:dim], (lo, lo2 - 1), *one[dim + 1 :])
        if hi2 < hi:
            yield (*one[:dim], (hi2 + 1, hi), *one[dim + 1 :])
        one = (*one[:dim], (max(lo, lo2), min(hi, hi2)), *one[dim + 1 :])


def by_solver(device: Device) -> int:
    """The same by bit-vectors, one question a rule: is there a packet of it that no rule before it takes?"""
    import z3  # type: ignore[import-not-found]

    sides = [
        z3.BitVec(name, bits) for name, bits in (("src", 32), ("dst", 32), ("proto", 8), ("dport", 16), ("sport", 16))
    ]

    def inside(box: Box) -> Any:
        return z3.And([z3.And(z3.UGE(side, lo), z3.ULE(side, hi)) for side, (lo, hi) in zip(sides, box, strict=True)])

    solver, found = z3.Solver(), 0
    for _, rule in device.rules():
        matches = z3.Or([inside(box) for box in boxes(rule)])
        solver.push()
        solver.add(matches)
        found += solver.check() == z3.unsat
        solver.pop()
        solver.add(z3.Not(matches))
    return found


if __name__ == "__main__":
    asked = listed(int(sys.argv[1]))
    began = time.process_time()
    match sys.argv[2]:
        case "search":
            many = by_search(asked)
        case "plain":
            many = by_subtraction(asked)
        case "solver":
            many = by_solver(asked) if find_spec("z3") else -1
        case _:
            many = 0
    print(f"{time.process_time() - began:.3f} {many}")
