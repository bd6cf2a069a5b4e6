"""What is asked for on the other side of an address: protocol, destination port, and every source port.

A question for one port is a question for all source ports: who may reach a service from port 53 may reach it, for
anybody can send from port 53. Where no rule looks at the source port there is one case, else one per stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from secscan.exposure import intervals
from secscan.exposure.intervals import Stab
from secscan.model.errors import UsageError
from secscan.model.net import PORTS_ALL, Interval, PortSet

ANY = "any"
_PROTOS = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of packet that no rule tells from the others of its kind; ``matching`` has a bit a rule, by device."""

    proto: str
    dport: int
    sports: Interval
    matching: tuple[int, ...]

    @property
    def sport(self) -> int:
        """A source port of the case: an ordinary one where it may be."""
        return max(self.sports[0], min(49152, self.sports[1]))


def wanted(port: str) -> tuple[tuple[str, int | None], ...]:
    """``tcp/443`` as its protocol and port; ``any`` as both protocols with every port (None).

    Raises UsageError for what is neither.
    """
    if port == ANY:
        return tuple((proto, None) for proto in _PROTOS)
    proto, _, number = port.partition("/")
    if proto in _PROTOS:
        if number == ANY:
            return ((proto, None),)
        if number.isascii() and number.isdecimal() and len(number) <= 5 and int(number) <= 65535:
            return ((proto, int(number)),)
    raise UsageError(f"'{port}' is not a port; write tcp/443, udp/53 or any")


def is_port(port: str) -> bool:
    """Whether ``wanted`` takes it."""
    try:
        wanted(port)
    except UsageError:
        return False
    return True


class Services:
    """The services of the rules of several devices: ``devices`` holds, for each, the port sets of its rules."""

    def __init__(self, devices: Sequence[Sequence[tuple[PortSet, ...]]]) -> None:
        self._plain: dict[str, list[Stab]] = {}
        self._narrow: dict[str, list[list[tuple[int, PortSet]]]] = {}
        for proto in _PROTOS:
            mine = [[[s for s in services if s.proto in (proto, ANY)] for services in rules] for rules in devices]
            self._plain[proto] = [
                Stab([intervals.union(*(s.dport for s in services if s.sport == PORTS_ALL)) for services in rules])
                for rules in mine
            ]
            self._narrow[proto] = [
                [(i, s) for i, services in enumerate(rules) for s in services if s.sport != PORTS_ALL] for rules in mine
            ]
        self._known: dict[str, tuple[Case, ...]] = {}

    def cases(self, port: str) -> tuple[Case, ...]:
        """The cases of a question, in the order of protocols and ports; equal ones are told once."""
        if port not in self._known:
            found: dict[tuple[int, ...], Case] = {}
            for proto, number in wanted(port):
                for case in self._of(proto, self._points(proto) if number is None else (number,)):
                    found.setdefault(case.matching, case)
            self._known[port] = tuple(found.values())
        return self._known[port]

    def _points(self, proto: str) -> Sequence[int]:
        """The lowest port of every stretch that no rule divides."""
        cuts = {0}
        for stab in self._plain[proto]:
            cuts.update(stab.cuts())
        for rules in self._narrow[proto]:
            cuts.update(edge for _, s in rules for lo, hi in s.dport for edge in (lo, hi + 1))
        return sorted(cut for cut in cuts if cut <= 65535)

    def _of(self, proto: str, points: Sequence[int]) -> Iterable[Case]:
        plain = [stab.at(points) for stab in self._plain[proto]]
        for port in points:
            narrow = [[(i, s) for i, s in rules if intervals.contains(s.dport, port)] for rules in self._narrow[proto]]
            for sports in _stretches(s for rules in narrow for _, s in rules):
                matching = []
                for known, rules in zip(plain, narrow, strict=True):
                    found = known[port]
                    for i, s in rules:
                        if intervals.contains(s.sport, sports[0]):
                            found |= 1 << i
                    matching.append(found)
                yield Case(proto, port, sports, tuple(matching))


def _stretches(services: Iterable[PortSet]) -> list[Interval]:
    """The source ports cut wherever one of the services begins or ends; ordinary ones first."""
    cuts = sorted({0, 65536} | {edge for s in services for lo, hi in s.sport for edge in (lo, hi + 1)})
    found = [(lo, hi - 1) for lo, hi in pairwise(cuts)]
    return sorted(found, key=lambda pair: (pair[1] < 49152, pair))
