"""The address plan that all parts of the sample share: private ranges, one zone each, none overlapping."""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address, ip_network
from typing import Final

from secscan.workspace.sample.chance import whole

ZONES: Final = {
    "alderbeck-users": "10.20.0.0/20",
    "alderbeck-servers": "10.20.16.0/22",
    "alderbeck-dmz": "10.20.24.0/24",
    "alderbeck-legacy": "10.20.28.0/24",
    "alderbeck-ot": "10.20.32.0/23",
    "alderbeck-guest": "10.20.64.0/20",
    "brackenford-users": "10.40.0.0/20",
    "brackenford-servers": "10.40.16.0/22",
    "brackenford-dmz": "10.40.24.0/24",
    "brackenford-legacy": "10.40.28.0/24",
    "brackenford-ot": "10.40.32.0/23",
    "brackenford-guest": "10.40.64.0/20",
    "corvale-users": "10.60.0.0/20",
    "corvale-servers": "10.60.16.0/22",
    "corvale-dmz": "10.60.24.0/24",
    "corvale-legacy": "10.60.28.0/24",
    "corvale-ot": "10.60.32.0/23",
    "corvale-guest": "10.60.64.0/20",
    "shared-servers": "10.90.16.0/23",
    "management": "10.90.0.0/24",
    "backup": "10.90.8.0/24",
}
"""Zone -> its addresses; everything else is the internet."""

DOMAINS: Final = {
    "alderbeck": "alderbeck.example",
    "brackenford": "brackenford.example",
    "corvale": "corvale.example",
    "threeways": "threeways.example",
}


@cache
def span(addresses: str) -> tuple[int, int]:
    """First and last address of a range, as numbers."""
    network = ip_network(addresses)
    return int(network.network_address), int(network.broadcast_address)


def number(address: str) -> int:
    return int(ip_address(address))


def address(zone: str, host: int) -> str:
    """The ``host``-th address of a zone, leaving out those that end in 0 or 255."""
    thirds, last = divmod(host, 250)
    return str(ip_address(span(ZONES[zone])[0] + thirds * 256 + last + 3))


def mac(*keys: object) -> str:
    """A made-up hardware address: the second bit says that no maker owns it."""
    return ":".join(["02", *(f"{whole(0, 255, 'mac', index, *keys):02X}" for index in range(5))])
