"""Addresses, ports and rules as exact sets of closed intervals; the neutral rule model that every vendor's export becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]
"""Closed, sorted, disjoint and not touching; () is the empty set."""

V4_ALL: Intervals = ((0, 2**32 - 1),)
V6_ALL: Intervals = ((0, 2**128 - 1),)
PORTS_ALL: Intervals = ((0, 65535),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSet:
    """IPv4 and IPv6 apart. ``unknown`` says why a member could not be resolved (an FQDN, an alias)."""

    v4: Intervals = ()
    v6: Intervals = ()
    unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSet:
    """One protocol ('tcp', 'udp', 'icmp', 'icmp6', a number, or 'any') with its source and destination ports."""

    proto: str
    dport: Intervals = PORTS_ALL
    sport: Intervals = PORTS_ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a rule stands, in its own words."""

    file: str
    line: int
    line_to: int
    text: str
    vendor_id: str = ""
    name: str = ""
    objects: tuple[str, ...] = ()
    """The chain of objects and groups that it was expanded from, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule in order. ``unknown`` says why it may or may not match (time window, user, unresolved object)."""

    position: int
    action: Literal["permit", "deny"]
    src: AddressSet
    dst: AddressSet
    services: tuple[PortSet, ...]
    from_zones: frozenset[str] | None = None
    """None: any."""
    to_zones: frozenset[str] | None = None
    enabled: bool = True
    state: Literal["new", "established"] = "new"
    """established: never matches a new connection."""
    unknown: str | None = None
    owner: str | None = None
    approver: str | None = None
    reason: str | None = None
    review_on: date | None = None
    expires_on: date | None = None
    expired: bool = False
    """``expires_on`` had passed on the day it was read: it matches nothing."""
    hits: int | None = None
    last_hit_on: date | None = None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """An ordered list as one device applies it, and what happens when nothing matches."""

    device: str
    rules: tuple[Rule, ...]
    default: Literal["permit", "deny"] | None
    default_origin: Origin
    undecoded: tuple[Origin, ...] = ()
    """Lines that were not understood: one that stands before the deciding rule makes the answer cannot-tell."""
    zones: frozenset[str] = frozenset()
    """The zones that the device stands between."""
    exported_on: date | None = None
    stale: bool = False
    """The export is older than its limit: what it says is shown, and proves nothing."""
    warnings: tuple[str, ...] = ()
    """One line each, with its file and line: what was read, though oddly written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSet:
    """A zone as the addresses that belong to it."""

    id: str
    name: str
    addresses: AddressSet
    trusted: bool
    internet: bool
    council: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One packet that shows the answer."""

    src: str
    dst: str
    proto: str
    sport: int
    dport: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who can reach one address and port from one zone, and which rule decides."""

    from_: str
    to: str
    port: str
    verdict: Literal["permitted", "blocked", "partly", "cannot-tell"]
    sources: tuple[str, ...] = ()
    """CIDRs that get through."""
    rule: Origin | None = None
    device: str | None = None
    reason: str = ""
    witness: Witness | None = None
    addresses: int = 0
    """How many addresses of the zone get through."""
    deciding: tuple[tuple[str, Origin], ...] = field(default=())
    """(device, rule) of every rule that decides for some source, first to last."""
    stale: bool = False
    """It rests on an export that is older than its limit."""
