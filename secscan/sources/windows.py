"""What Microsoft's tools write in one way of their own: days as FILETIME, builds, names of systems, addresses of cards."""

from __future__ import annotations

import re
from datetime import date, timedelta
from ipaddress import ip_address
from typing import Final

from secscan.sources import values
from secscan.sources.values import Bad

_FILETIME = re.compile(r"\d{17,19}", re.ASCII)
_EPOCH = re.compile(r"/Date\((\d{1,14})(?:[+-]\d{4})?\)/", re.ASCII)
_UNIX: Final = date(1970, 1, 1)
_MS_A_DAY: Final = 86_400_000
_BEGIN: Final = date(1601, 1, 1)
_TICKS_A_DAY: Final = 864_000_000_000
_NEVER: Final = 0x7FFF_FFFF_FFFF_FFFF
_BUILD = re.compile(r"(\d{1,2}\.\d{1,2}(?:\.\d+)?) \((\d{3,6})\)", re.ASCII)
_GENERALISED = re.compile(r"(\d{8})\d{6}(?:(?:\.\d+)?Z|\.\d{6}[+-](?:\d{3}|\*{3}))", re.ASCII)
"""LDAP's, and WMI's, which ends in minutes from UTC or in asterisks."""
_ENGLISH = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}),? (\d{1,2}):(\d{2}):(\d{2}) ([AP])M", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KERNELS: Final = ((10_240, "10.0"), (9_600, "6.3"), (9_200, "6.2"), (7_600, "6.1"), (6_000, "6.0"))
"""The first build of each kernel's line, newest first: no build number stands for two of them."""
_EDITIONS: Final = {
    "4": "Enterprise", "27": "Enterprise N", "48": "Pro", "49": "Pro N", "101": "Home", "100": "Home Single Language",
    "121": "Education", "122": "Education N", "125": "Enterprise LTSC", "161": "Pro for Workstations", "188": "IoT Enterprise",
    "191": "IoT Enterprise LTSC", "7": "Standard", "8": "Datacenter", "12": "Datacenter", "13": "Standard",
}  # fmt: skip
"""Win32_OperatingSystem.OperatingSystemSKU in words (Microsoft's documentation of GetProductInfo)."""


def day(text: str) -> str:
    """A FILETIME, LDAP's or WMI's generalised time or PowerShell's ``/Date(ms)/`` as an ISO day (UTC); "" for never; else the text."""
    if found := _EPOCH.fullmatch(text):
        return (_UNIX + timedelta(days=int(found[1]) // _MS_A_DAY)).isoformat()
    if found := _GENERALISED.fullmatch(text):
        return found[1]
    if text == "0" or (_FILETIME.fullmatch(text) and int(text) >= _NEVER):
        return ""
    if not _FILETIME.fullmatch(text):
        return text
    return (_BEGIN + timedelta(days=int(text) // _TICKS_A_DAY)).isoformat()


def moment(text: str) -> str:
    """``Nov 20, 2026 9:12:44 PM``, as Microsoft's portals write it, in ISO; other texts as they stand."""
    found = _ENGLISH.fullmatch(" ".join(text.split()))
    if found is None or found[1] not in _MONTHS:
        return text
    hour = int(found[4]) % 12 + (12 if found[7] == "P" else 0)
    return f"{found[3]}-{_MONTHS.index(found[1]) + 1:02}-{int(found[2]):02}T{hour:02}:{found[5]}:{found[6]}"


def build(text: str) -> str:
    """Active Directory's ``10.0 (19045)`` as ``10.0.19045``; other versions as they stand."""
    found = _BUILD.fullmatch(text)
    if found is None:
        return text
    return found[1] if found[1].endswith(f".{found[2]}") else f"{found[1]}.{found[2]}"


def full_build(number: str) -> str:
    """A bare build number (19045, 19045.6456) with its kernel's version before it; "" where it is none of Windows."""
    whole = number.partition(".")[0]
    kernel = next((kernel for least, kernel in _KERNELS if whole.isdecimal() and least <= int(whole) < 100_000), None)
    return f"{kernel}.{number}" if kernel else ""


def edition(sku: str) -> str:
    return _EDITIONS.get(sku, "")


def system(caption: str, service_pack: str) -> str:
    """A system's name with its service pack, which for old systems decides how long they are supported."""
    pack = "" if values.is_unknown(service_pack) or service_pack == "0" else service_pack
    return caption if not caption or pack.casefold() in caption.casefold() else f"{caption} {pack}"


def kind_of(system_name: str) -> str:
    """server where the system's name says so; a client may be a desktop or a laptop."""
    return "server" if re.search(r"server(?![a-z])", system_name, re.IGNORECASE) else ""


def full_name(host: str, domain: str) -> str:
    """The name with its domain; "" where neither has one (a workgroup makes none)."""
    if "." in host.strip("."):
        return host
    return f"{host}.{domain}" if host and "." in domain.strip(".") else ""


def short_name(name: str) -> str:
    """A host's name without its domain; an address stays whole."""
    return name if isinstance(values.address(name), str) else name.removesuffix("$").partition(".")[0]


def own_addresses(text: str) -> str:
    """The addresses at which others may find a machine: not its loopback, and none that it gave itself."""
    kept = []
    for part in re.split(r"[;,\s{}\"\[\]]+", text):
        found = values.address(part) if part else None
        if isinstance(found, Bad):
            kept.append(part)  # to be warned of
        elif found and not (ip_address(found).is_loopback or ip_address(found).is_link_local):
            kept.append(found)
    return ";".join(kept)


def one_mac(text: str) -> str:
    """A card's address where only one is given: of several nobody says which is the machine's."""
    found = {part.casefold(): part for part in re.split(r"[;,\s]+", text) if part}
    return next(iter(found.values())) if len(found) == 1 else ""


# -- entries under Uninstall, as Windows lists them for "Apps and features"

_UPDATES: Final = frozenset(
    ("update", "security update", "critical update", "update rollup", "software update", "hotfix", "service pack")
)
"""``ReleaseType`` of what changes a program and is none."""


def is_update(release_type: str) -> bool:
    return release_type.casefold() in _UPDATES


def has_parent(key: str) -> bool:
    """By ``ParentKeyName``: an update or a part of a program that has its own entry."""
    return not values.is_unknown(key)


NOT_PROGRAMS: Final = "updates, and parts of programs that have an entry of their own"
