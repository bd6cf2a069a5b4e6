"""Which security fixes an asset has and lacks in a month: the share that is on time is what the sample's trend shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Final

from secscan.workspace.sample.asset import Asset
from secscan.workspace.sample.chance import pick, share, whole
from secscan.workspace.sample.days import MONTHS, releases
from secscan.workspace.sample.titles import TITLES

ON_TIME: Final = {
    "alderbeck": (0.84, 0.96),
    "brackenford": (0.71, 0.93),
    "corvale": (0.80, 0.80),
    "threeways": (0.95, 0.96),
}
"""The share of assets with every fix installed within 14 days, in the first month and in the last."""

WINDOW_DAYS: Final = 14
_NEVER_LATE: Final = ("alderbeck", "IT-10010")
"""A claimed protection rests on this asset being patched on time."""

_OFFSETS: Final = {"chrome": 6, "edge": 3, "firefox": 7, "acrobat": 0, "reader": 0, "m365": 0}
"""Days after the second Tuesday on which the vendor publishes."""
_SEVERITIES: Final = (
    ("critical", "9.8"),
    ("critical", "8.8"),
    ("important", "7.8"),
    ("important", "7.5"),
    ("high", "8.1"),
    ("", ""),
)


@dataclass(frozen=True, slots=True)
class Fix:
    """One row of a patch report."""

    name: str
    fixed_in: str
    advisory: str
    severity: str
    cvss3: str
    released_on: date
    missing: bool


def listed(asset: Asset, keys: tuple[str, ...], month: int, day: date) -> Iterator[Fix]:
    """The fixes that a patch tool lists for the asset: the newest that is due, and every one that is missing.

    A system that its vendor no longer mends for everybody has no row: nobody can say what it lacks.
    """
    if asset.system(month).family not in ("endpoint", "windows", "ubuntu", "debian", "rhel"):
        return
    products = tuple(_products(asset, keys, month))
    late = _months_late(asset.council, asset.tag, month)
    culprit = products[int(share(asset.council, asset.tag, "culprit") ** 2 * len(products))] if products else ("", "")
    for product, name in products:
        days = tuple(islice(releases(day, _OFFSETS.get(product, 0)), 6))
        due = next(i for i, released in enumerate(days) if released + timedelta(days=WINDOW_DAYS) < day)
        behind = late if (product, name) == culprit else 0
        for i in range(max(due + behind, due + 1)):
            waiting = i < due and (
                behind > 0 or share(asset.council, asset.tag, product, month - i, "new") < _waiting(asset, month)
            )
            if waiting or i >= due:
                yield _fix(product, name, days[i], month - i, waiting or i < due + behind)


def _waiting(asset: Asset, month: int) -> float:
    """The share that has not yet installed what is new. Corvale's last report came after a weekend of updating:
    what it lacked would turn late while nobody reports, and tell of silence what is not known."""
    return 0.02 if asset.council == "corvale" and month == 10 else 0.3


def _products(asset: Asset, keys: tuple[str, ...], month: int) -> Iterator[tuple[str, str]]:
    system = asset.system(month)
    if system.patched:
        yield "system", system.caption
    yield from (
        (key, TITLES[key].name) for key in ("chrome", "edge", "m365", "acrobat", "reader", "firefox") if key in keys
    )


@cache
def _late(council: str, tag: str, month: int) -> bool:
    """Whether the asset lacks a fix past its window: some always do, some only now and then."""
    if (council, tag) == _NEVER_LATE:
        return False
    first, last = ON_TIME[council]
    part = 1 - (first + (last - first) * (month - 1) / (MONTHS - 1))
    number, turn = int(tag[-4:]), whole(0, 999, council)
    # Multiples of these two numbers spread evenly, so that a small council too has the share it is told to have.
    habit = (number * 0.6180339887 + turn / 1000) % 1
    now_and_then = (number * 0.7548776662 + month * 0.5698402910 + turn / 1000) % 1
    return (habit if share(council, tag, month, "as usual") < 0.6 else now_and_then) < part


def _months_late(council: str, tag: str, month: int) -> int:
    """For how many months on end the asset has been late by now, three at most."""
    months = 0
    while months < 3 and month - months >= 1 and _late(council, tag, month - months):
        months += 1
    return months


@cache
def _fix(product: str, name: str, released: date, story_month: int, missing: bool) -> Fix:
    severity, cvss3 = pick(
        _SEVERITIES[:-1] if product == "system" else _SEVERITIES, product, name, story_month, "severity"
    )
    issue = f"{released.year:04d}-{released.month:02d}"
    fixed_in = f"{issue} cumulative update" if "Windows" in name else f"{issue} security update"
    return Fix(name, fixed_in, f"{issue} {name.split(maxsplit=1)[0]}", severity, cvss3, released, missing)
