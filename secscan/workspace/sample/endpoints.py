"""Desktops and laptops: how many each council has, who works on them, and when they move on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from secscan.workspace.sample.asset import PREFIX, Asset
from secscan.workspace.sample.chance import pick, share, whole
from secscan.workspace.sample.days import MONTHS
from secscan.workspace.sample.network import address


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each a council has, and how its endpoints move on."""

    desktops: int
    laptops: int
    switches: int
    printers: int
    names: str
    old: str
    new: tuple[str, ...]
    windows11: tuple[float, float]
    """The share of endpoints on Windows 11 in the first month and in the last."""
    office365: tuple[float, float]
    office: str
    ownerless: float


SIZES: Final = {
    "alderbeck": Size(
        112,
        188,
        19,
        26,
        "ADC-{}{:03d}",
        "w10e",
        ("w11e-23h2", "w11e-24h2", "w11e-25h2"),
        (0.42, 0.94),
        (0.60, 0.95),
        "office2016",
        0.03,
    ),
    "brackenford": Size(
        64,
        118,
        11,
        18,
        "BBC{}{:04d}",
        "w10p",
        ("w11p-24h2", "w11p-24h2", "w11p-25h2"),
        (0.30, 0.76),
        (0.45, 0.80),
        "office2016",
        0.08,
    ),
    "corvale": Size(
        42,
        66,
        8,
        11,
        "CVL-{}-{:03d}",
        "w10p",
        ("w11p-24h2", "w11p-24h2", "w11p-25h2"),
        (0.24, 0.42),
        (0.35, 0.50),
        "office2016",
        0.12,
    ),
}

DEPARTMENTS: Final = (
    ("Council tax and benefits", "Revenues Manager", ("revliteclient", "java8old"), 5),
    ("Planning applications", "Head of Planning", ("plantrackclient", "qgis"), 4),
    ("Building control", "Head of Planning", ("plantrackclient", "autocad"), 2),
    ("Housing", "Housing Systems Manager", ("hearthclient",), 6),
    ("Customer contact", "Customer Services Manager", ("dochoardclient",), 6),
    ("Finance", "Head of Finance", ("ledgerline", "visio"), 3),
    ("Births, deaths and marriages", "Registration Services Manager", ("gravestone",), 2),
    ("Environmental health", "Environmental Health Manager", ("foodsafe",), 3),
    ("Legal and elections", "Monitoring Officer", ("casekeep",), 3),
    ("Waste and streets", "Street Services Manager", (), 4),
    ("Members and committees", "Democratic Services Manager", (), 2),
    ("ICT", "ICT Service Desk Manager", ("putty", "keepass"), 3),
)
_BY_WEIGHT: Final = tuple(entry for entry in DEPARTMENTS for _ in range(entry[3]))


def endpoints(council: str) -> Iterator[Asset]:
    """Every desktop and laptop that the council had in the year."""
    size, zone = SIZES[council], f"{council}-users"
    for number in range(1, size.desktops + size.laptops + 1):
        desktop = number <= size.desktops
        kind = "desktop" if desktop else "laptop"
        tag = PREFIX[council].format(200 + number)
        service, owner, apps, _ = pick(_BY_WEIGHT, council, tag, "department")
        first, last = _lifetime(council, tag)
        gone = share(council, tag, "lost") < 0.035
        yield Asset(
            council=council, tag=tag, hostname=size.names.format("DT" if desktop else "LT", number), type=kind,
            systems=_windows(council, tag, size, first), zone=zone, ip=address(zone, number), service=service, owner=owner,
            criticality="medium" if apps else "low", apps=apps, offices=_offices(council, tag, size), first=first, last=last,
            lost_from=whole(2, MONTHS, council, tag, "lost month") if gone else None,
        )  # fmt: skip


def _lifetime(council: str, tag: str) -> tuple[int, int]:
    """One in twenty five is bought during the year, one in twenty five thrown away."""
    fate = share(council, tag, "lifetime")
    if fate < 0.04:
        return whole(2, MONTHS, council, tag, "bought"), MONTHS
    return 1, whole(2, MONTHS - 1, council, tag, "scrapped") if fate > 0.96 else MONTHS


def _month_reached(part: float, ends: tuple[float, float]) -> int:
    """The first month in which a share that grows evenly from ``ends[0]`` to ``ends[1]`` takes ``part`` in."""
    if part < ends[0]:
        return 1
    return 2 + int((part - ends[0]) / (ends[1] - ends[0]) * (MONTHS - 1)) if part < ends[1] else MONTHS + 1


def _windows(council: str, tag: str, size: Size, first: int) -> tuple[tuple[int, str], ...]:
    oldest, middle, newest = size.new
    if share(council, tag, "kiosk") < 0.035 and council == "alderbeck":
        return ((1, "w10ltsc"),)
    since = 1 if first > 1 else _month_reached(share(council, tag, "windows 11"), size.windows11)
    to_newest = max(since, _month_reached(share(council, tag, "newest windows"), (0.05, 0.97)))
    straggler = share(council, tag, "straggler") < 0.05
    steps = [(1, size.old), (since, oldest if straggler else middle)]
    if not straggler and to_newest <= MONTHS:
        steps.append((to_newest, newest))
    return tuple(step for step in steps if step[0] <= MONTHS)


def _offices(council: str, tag: str, size: Size) -> tuple[tuple[int, str], ...]:
    if council == "alderbeck" and share(council, tag, "office 2021") < 0.04:
        return ((1, "office2021"),)
    if council == "brackenford" and share(council, tag, "office 2019") < 0.08:
        return ((1, "office2019"),)
    since = _month_reached(share(council, tag, "office 365"), size.office365)
    return ((1, size.office), (since, "m365")) if since <= MONTHS else ((1, size.office),)
