"""Who reaches an asset, over all of its addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from secscan.exposure import intervals
from secscan.exposure.board import Reach
from secscan.exposure.engine import Engine, device_name, rule_text, witness
from secscan.exposure.intervals import Family
from secscan.exposure.told import Told, tell_zones
from secscan.exposure.zones import UNROUTED, Located, locate
from secscan.model.kleene import any3
from secscan.model.net import Origin, Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An asset as the network knows it: its routable addresses, each with its zone."""

    council: str
    asset: str
    addresses: tuple[tuple[int, Family, Located], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Whether one zone and one asset reach each other on one port, as the rules say it."""

    reach: bool | None
    partly: bool = False
    rule: str | None = None
    origin: Origin | None = None
    reason: str = ""
    covered: bool = True
    """False: no device stands between, so there is no rule to ask."""
    stale: bool = False
    exported_on: date | None = None


PerZone = Mapping[str, Passage]
"""Zone -> whether it and the asset reach each other; the same object for assets that the rules do not tell apart."""


class Passages:
    """Answers for assets, zones and ports; each address is asked about once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[int, Family, str, str, bool], PerZone] = {}
        self._shared: dict[Reach, PerZone] = {}
        self._joined: dict[tuple[int, ...], PerZone] = {}
        self._nowhere: dict[str, PerZone] = {}

    def subject(self, council: str, asset: str, addresses: Sequence[str], zone: str | None) -> Subject:
        """The asset with its addresses. ``zone``: the register's word for where it stands.

        Loopback, link-local and multicast addresses are left out: no firewall ever sees them.
        """
        found = []
        for address, family in sorted({intervals.number(written) for written in addresses}):
            if not intervals.contains(intervals.of(UNROUTED, family), address):
                found.append((address, family, locate(address, family, self._engine.zones, council, zone)))
        return Subject(council=council, asset=asset, addresses=tuple(found))

    def prepare(self, subjects: Sequence[Subject]) -> None:
        """The rules for all of these are looked up in one sweep."""
        for family in intervals.FAMILIES:
            if ends := [address for s in subjects for address, own, _ in s.addresses if own == family]:
                self._engine.board(family, inward=True).prepare(ends)
                self._engine.board(family, inward=False).prepare(ends)

    def of(self, subject: Subject, port: str, *, inward: bool) -> PerZone:
        """Whether each zone reaches the asset on ``port``, or the asset the zone: yes if any of its addresses does."""
        found = [self._one(*address, port, inward) for address in subject.addresses]
        if len(found) == 1:
            return found[0]
        if not found:
            return self._untold("no address of the asset is known")
        key = tuple(id(one) for one in found)  # all of them are kept, so no id comes back as another's
        if key not in self._joined:
            self._joined[key] = {zone: _any([one[zone] for one in found]) for zone in found[0]}
        return self._joined[key]

    def packet(self, subject: Subject, zone: str, port: str, *, inward: bool) -> Witness | None:
        """A packet that gets through; None where none surely does."""
        for address, family, located in subject.addresses:
            if located.zone is not None:
                asked = self._engine.ask(address, family, located.zone, port, inward=inward)
                told = tell_zones(asked.board, asked.reach)[zone]
                if told.through:
                    return witness(asked, told, asked.board.axis.zone[zone])
        return None

    def _one(self, address: int, family: Family, located: Located, port: str, inward: bool) -> PerZone:
        if located.zone is None:
            return self._untold(located.why)
        key = (address, family, located.zone, port, inward)
        if key not in self._known:
            asked = self._engine.ask(*key[:4], inward=inward)
            if asked.reach not in self._shared:
                told = tell_zones(asked.board, asked.reach)
                self._shared[asked.reach] = {zone: _passage(one) for zone, one in told.items()}
            self._known[key] = self._shared[asked.reach]
        return self._known[key]

    def _untold(self, why: str) -> PerZone:
        if why not in self._nowhere:
            self._nowhere[why] = {zone.id: Passage(reach=None, reason=why) for zone in self._engine.zones}
        return self._nowhere[why]


def _passage(told: Told) -> Passage:
    reach = {"permitted": True, "partly": True, "blocked": False, "cannot-tell": None}[told.verdict]
    reason, decider = told.reason, told.decider
    if told.stale and reach is False:
        # A rule of long ago may be gone: what an old export blocks is not known to be blocked.
        reach, reason = None, "blocked by an export that is older than its limit"
    return Passage(
        reach=reach,
        partly=told.verdict == "partly",
        rule=rule_text(device_name(decider.hop.device), decider.item.origin) if decider else None,
        origin=decider.item.origin if decider else None,
        reason=reason,
        covered=told.covered,
        stale=told.stale,
        exported_on=told.exported_on,
    )


def _any(found: Sequence[Passage]) -> Passage:
    """One answer for several addresses of an asset."""
    reach = any3(one.reach for one in found)
    # What no rule covers is told last: an open question is the graver of the two.
    shown = max((one for one in found if one.reach is reach), key=lambda one: (one.covered, not one.partly))
    days = [one.exported_on for one in found]
    return replace(
        shown,
        stale=any(one.stale for one in found),
        exported_on=max((d for d in days if d is not None), default=None) if None not in days else None,
    )
