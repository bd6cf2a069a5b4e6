"""Zones as sets of addresses, and the zone an address is in.

The more exact network wins, as in routing: of 10.0.0.0/8 in one zone and 10.5.0.0/24 in another, the second zone
has its 256 addresses to itself. Zones of two different councils are left alone: they may both use 10.0.0.0/8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from secscan.exposure import intervals
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.net import AddressSet, Intervals, ZoneSet

if TYPE_CHECKING:
    from secscan.model.settings import Settings, Zone

PRIVATE: Final = intervals.networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
"""Addresses that the internet does not route: one that no zone lists is not known to be the internet's."""
UNROUTED: Final = intervals.networks(
    ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::/128", "::1/128", "fe80::/10", "ff00::/8")
)
"""Addresses that never cross a router: an asset's own, but nothing a firewall could see."""

INTERNET: Final = "internet"

_Net = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The zone of an address; None with the reason where that cannot be told."""

    zone: str | None
    why: str = ""


def zone_sets(settings: Settings) -> tuple[ZoneSet, ...]:
    """Every zone with the addresses that belong to it, in the order of their ids.

    An internet zone that lists no addresses is all that no other zone lists, in each family apart. The internet is
    a zone even where secscan.yaml does not name it.
    """
    listed = [(zone, ip_network(net)) for zone in settings.zones for net in zone.addresses]
    rest = {f: intervals.complement(_covered(listed, f), intervals.everything(f)) for f in FAMILIES}
    found = []
    for zone in sorted(settings.zones, key=lambda z: z.id):
        own = AddressSet(v4=_own(zone, listed, 4), v6=_own(zone, listed, 6))
        found.append(
            ZoneSet(
                id=zone.id, name=zone.name or zone.id, trusted=zone.trusted, internet=zone.internet, council=zone.council,
                addresses=own if zone.addresses else AddressSet(v4=rest[4], v6=rest[6]),
            )
        )  # fmt: skip
    if not any(z.internet or z.id == INTERNET for z in found):
        addresses = AddressSet(v4=rest[4], v6=rest[6])
        found.append(ZoneSet(id=INTERNET, name=INTERNET, addresses=addresses, trusted=False, internet=True))
    return tuple(sorted(found, key=lambda z: z.id))


def locate(
    address: int, family: Family, zones: Sequence[ZoneSet], council: str | None = None, hint: str | None = None
) -> Located:
    """The zone of an address, as an asset of ``council`` has it.

    A zone of that council comes before a shared one, and that before another council's. An address that no
    zone lists is in ``hint`` (the register's word) where that is a zone, else in the internet zone, unless the
    internet does not route it: then nobody knows.
    """
    holding = [z for z in zones if intervals.contains(intervals.of(z.addresses, family), address)]
    listed = [z for z in holding if not z.internet]
    for tier in (lambda z: z.council == council, lambda z: z.council is None, lambda z: True):
        inside = sorted({z.id for z in listed if tier(z)})
        if len(inside) == 1:
            return Located(zone=inside[0])
        if inside:
            if hint in inside:
                return Located(zone=hint)
            return Located(
                zone=None, why=f"{intervals.text(address, family)} is in more than one zone: {', '.join(inside)}"
            )
    if hint is not None and any(z.id == hint and not z.internet for z in zones):
        return Located(zone=hint)
    internet = sorted(z.id for z in holding if any(not other.internet for other in zones))
    if internet and not any(intervals.contains(intervals.of(some, family), address) for some in (PRIVATE, UNROUTED)):
        return Located(zone=internet[0])
    return Located(zone=None, why=f"{intervals.text(address, family)} is in no zone that secscan.yaml lists")


def _own(zone: Zone, listed: Sequence[tuple[Zone, _Net]], family: Family) -> Intervals:
    """The zone's networks, less the more exact networks of others inside them."""
    found: list[tuple[int, int]] = []
    for net in (ip_network(written) for written in zone.addresses):
        if net.version != family:
            continue
        inner = intervals.normal(
            _pair(other)
            for owner, other in listed
            if owner.id != zone.id
            and other.version == family
            and other.prefixlen > net.prefixlen
            and _neighbours(zone, owner)
        )
        found.extend(intervals.subtract((_pair(net),), inner))
    mine = intervals.normal(_pair(n) for o, n in listed if o.id == zone.id and n.version == family)
    return intervals.intersect(intervals.normal(found), mine)


def _neighbours(zone: Zone, other: Zone) -> bool:
    return zone.council is None or other.council is None or zone.council == other.council


def _pair(net: _Net) -> tuple[int, int]:
    return int(net.network_address), int(net.broadcast_address)


def _covered(listed: Sequence[tuple[Zone, _Net]], family: Family) -> Intervals:
    return intervals.normal(_pair(net) for _, net in listed if net.version == family)
