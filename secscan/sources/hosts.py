"""What registers and agents say of a host in words of their own: what sort of thing it is, where it answers, that it is gone."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from secscan.sources import values
from secscan.sources.values import Bad

CHASSIS: Final = {
    **dict.fromkeys(("laptop", "notebook", "sub notebook", "portable", "convertible", "detachable"), "laptop"),
    **dict.fromkeys(("tablet", "hand held"), "tablet"),
    **dict.fromkeys(
        ("desktop", "low profile desktop", "pizza box", "mini tower", "tower", "all in one", "space-saving", "lunch box",
         "sealed-case pc", "mini pc", "stick pc"),
        "desktop",
    ),
    **dict.fromkeys(("rack mount chassis", "blade", "main server chassis", "server"), "server"),
}  # fmt: skip
"""SMBIOS's words for a case, lower case, and ours; cases that may be anything are not here."""
_THINGS: Final = {
    **dict.fromkeys(("laptop", "notebook", "macbook", "chromebook", "ultrabook"), "laptop"),
    **dict.fromkeys(("desktop", "workstation", "imac"), "desktop"),
    **dict.fromkeys(("tablet", "ipad"), "tablet"),
    **dict.fromkeys(("phone", "smartphone", "mobile", "iphone"), "phone"),
    **dict.fromkeys(("server", "hypervisor", "esxi", "webserver"), "server"),
    **dict.fromkeys(
        ("switch", "router", "firewall", "gateway", "network device", "access point", "network gear", "netgear", "load balancer"),
        "network",
    ),
    **dict.fromkeys(("printer", "multifunction"), "printer"),
    **dict.fromkeys(("nas", "san", "storage", "storage device", "storage array"), "storage"),
    **dict.fromkeys(("ups", "pdu"), "power"),
    **dict.fromkeys(("kvm",), "kvm"),
}  # fmt: skip
GONE: Final = frozenset(
    (
        "retired", "disposed", "disposed of", "stolen", "lost", "lost/stolen", "absent", "archived", "decommissioned",
        "decommissioning", "scrapped", "sold", "donated", "destroyed", "recycled", "non-active", "non active", "inactive",
        "end of life", "written off",
    )
)  # fmt: skip
"""Words, lower case, by which registers say that a thing is no longer in use."""


def sort_of(text: str) -> str:
    """What a register's free words for a category, class or role mean, by the whole or its last words; "" where unsure."""
    said = text.casefold().replace("_", " ").replace("-", " ").split()
    for start in range(max(0, len(said) - 2), len(said)):
        for word in (words := " ".join(said[start:]), words.removesuffix("s"), words.removesuffix("es")):
            if word in _THINGS:
                return _THINGS[word]
    return ""


def reachable(texts: Iterable[str]) -> list[str]:
    """The addresses at which others may find a host; what is no address stays, to be warned of."""
    kept: list[str] = []
    for text in texts:
        address = values.address(text) if text else None
        if isinstance(address, Bad):
            kept.append(text)
        elif address is not None and not (ip_address(address).is_loopback or ip_address(address).is_link_local):
            kept.append(address)
    return kept


def without_mask(text: str) -> str:
    """Addresses without the length of their network's prefix: ``10.0.0.7/24`` is 10.0.0.7."""
    return ";".join(part.partition("/")[0] for part in text.replace(",", ";").replace(" ", ";").split(";") if part)
