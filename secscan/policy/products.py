"""What a policy says of products, one answer for the whole partnership: lowest versions, free extensions, feeds' ages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from secscan.model.places import Place
from secscan.model.policy import FeedLimits, Loosened
from secscan.policy import looser
from secscan.policy.params import World
from secscan.policy.read import Desk, Sheet

NO_MINIMUM: Final = "none"
"""Written in an overlay to ask for no lowest version after all."""


def minimum_versions(
    desk: Desk, sheets: Sequence[Sheet], world: World
) -> tuple[dict[str, tuple[str, Place]], list[Loosened]]:
    """Product -> lowest version and the line that says so, as the last sheet has it; and where that is lower."""
    first: dict[str, str] = {}
    now: dict[str, tuple[str, Place]] = {}
    spoke: dict[str, Sheet] = {}
    for sheet in sheets:
        if sheet.minimum_versions and not _for_all(desk, sheet, "minimum_versions", world):
            continue
        for product, version in sheet.minimum_versions.items():
            first.setdefault(product, version)
            now[product] = (version, sheet.document.place("minimum_versions", product))
            spoke[product] = sheet
    loosened = []
    for product, (version, place) in now.items():
        was = first[product]
        if was in (version, NO_MINIMUM):
            continue
        lower = True if version == NO_MINIMUM else looser.lower_version(was, version)
        if lower is not False:
            what = f"minimum version of {product}" + ("" if lower else looser.CHANGED)
            loosened.append(_of_all(world, "minimum_versions", what, was, version, spoke[product], place))
    return {p: v for p, v in now.items() if v[0] != NO_MINIMUM}, loosened


def free_extensions(desk: Desk, sheets: Sequence[Sheet], world: World) -> tuple[tuple[str, ...], list[Loosened]]:
    """Products whose free extended support counts, over all sheets; and those that an overlay added."""
    found: list[str] = []
    loosened = []
    for sheet in sheets:
        if sheet.free_extensions and not _for_all(desk, sheet, "free_extensions", world):
            continue
        for number, product in enumerate(sheet.free_extensions):
            if product not in found:
                found.append(product)
                if sheet is not sheets[0]:
                    place = sheet.document.place("free_extensions", number)
                    what = f"free extended support of {product}"
                    loosened.append(_of_all(world, "free_extensions", what, "not counted", "counted", sheet, place))
    return tuple(found), loosened


_FEED: Final = {
    "stale_after": ("stale_days", "days until stale"), "too_old_after": ("too_old_days", "days until too old"),
    "max_fall_percent": ("max_fall_percent", "fall allowed, %"), "required": ("required", "required"),
}  # fmt: skip
"""Key of a file -> ours, and how it is called."""


def feeds(desk: Desk, sheets: Sequence[Sheet], world: World) -> tuple[dict[str, FeedLimits], list[Loosened]]:
    """The limits of each feed, over all sheets; and where they are wider than in the sheet that first had them."""
    first: dict[tuple[str, str], int] = {}
    now: dict[str, FeedLimits] = {}
    loosened: dict[tuple[str, str], Loosened] = {}
    for sheet in sheets:
        if sheet.feeds and not _for_all(desk, sheet, "feeds", world):
            continue
        for feed, entry in sheet.feeds.items():
            place = sheet.document.place("feeds", feed)
            limits = now.get(feed, FeedLimits())
            for key, (ours, what) in _FEED.items():
                if (value := getattr(entry, key)) is None:
                    continue
                was = first.setdefault((feed, ours), value if sheet is sheets[0] else getattr(limits, ours))
                loosened.pop((feed, ours), None)
                if (value < was) if ours == "required" else (value > was):
                    loosened[feed, ours] = _of_all(
                        world, "feeds", f"{feed}: {what}", _said(was), _said(value), sheet, place
                    )
                limits = replace(limits, **{ours: value})
            if limits.too_old_days < limits.stale_days:
                says = f"'{feed}' is too old after {limits.too_old_days} days and stale only after {limits.stale_days}"
                desk.refuse(place, f"{says}; 'too_old_after' must not be less")
            now[feed] = limits
    return now, list(loosened.values())


def _said(value: int) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _for_all(desk: Desk, sheet: Sheet, key: str, world: World) -> bool:
    """These lists are the partnership's: one answer about a product for everybody."""
    if sheet.councils is None or set(world.councils) <= set(sheet.councils):
        return True
    place = sheet.document.keys.get((key,)) or sheet.document.place(key)
    desk.refuse(place, f"'{key}' holds for the whole partnership; move it to a file without 'councils'")
    return False


def _of_all(world: World, control: str, what: str, before: str, after: str, sheet: Sheet, place: Place) -> Loosened:
    return Loosened(
        control=control, councils=frozenset(world.councils), what=what, before=before, after=after,
        reason=sheet.reason, place=place,
    )  # fmt: skip
