"""Every firewall of secscan.yaml as a device: from our own template, from a maker's export, or with nothing known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from secscan.exposure.rules import from_table, linear
from secscan.model.net import Device, Origin
from secscan.model.places import Files
from secscan.model.raw import Gap, Load

if TYPE_CHECKING:
    from secscan.model.settings import Firewall, Settings

TABLE: Final = "secscan-rules"
"""Our own template, the one kind of export that is a table."""


def devices(
    loads: Iterable[Load], gaps: Iterable[Gap], settings: Settings, files: Files, today: date
) -> tuple[Device, ...]:
    """The device of every firewall of the settings, in the order of their ids.

    A load belongs to the firewall whose id is its ``source``. Of a firewall without one nothing is known: what passes
    it cannot be told. Where a newer export could not be read, or is held, what the one before it says is shown as stale.
    """
    found: list[Device] = []
    lost = {(gap.source, gap.council) for gap in gaps if gap.why in ("unreadable", "held")}
    by_source: dict[str, list[Load]] = {}
    for load in loads:
        by_source.setdefault(load.source, []).append(load)
    for firewall in sorted(settings.firewalls, key=lambda f: f.id):
        limit = firewall.max_age_days or settings.limits.source_max_age_days
        mine = [one for one in by_source.get(firewall.id, ()) if "rules" in one.tables or one.device or one.held]
        for load in sorted(mine, key=lambda one: one.file):
            device = from_table(load, firewall, files, today) if load.device is None else load.device
            stale = (today - load.dated_on).days > limit or (firewall.id, load.council) in lost
            found.append(placed(device, firewall, settings, exported_on=load.dated_on, stale=stale))
        if not mine:
            found.append(placed(missing(firewall), firewall, settings))
    return tuple(found)


def placed(
    device: Device, firewall: Firewall, settings: Settings, *, exported_on: date | None = None, stale: bool = False
) -> Device:
    """A device as secscan.yaml places it."""
    councils = [council.id for council in settings.councils]
    return replace(
        device,
        name=firewall.id,
        zones=frozenset(firewall.zones),
        sides={name: frozenset(zones) for name, zones in firewall.interfaces.items()},
        host=firewall.host,
        council=firewall.council or (councils[0] if len(councils) == 1 else None),
        exported_on=exported_on,
        stale=stale,
    )


def missing(firewall: Firewall) -> Device:
    """A firewall whose export was not read."""
    shown = f"firewalls/{firewall.file}"
    says = Origin(file=shown, line=0, line_to=0, text=f"no export of firewall '{firewall.id}' was read")
    return replace(linear(firewall, shown, (), (says,)), exported_on=None)
