"""Who reaches an asset, over all of its addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from secscan.exposure import intervals
from secscan.exposure.board import Board, Question
from secscan.exposure.engine import Asked, Engine, rule_text, witness
from secscan.exposure.intervals import Family
from secscan.exposure.items import Item
from secscan.exposure.node import Node
from secscan.exposure.told import NOT_CURRENT, Told, deciders, device_name, tell
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


OLD: Final = f"it was blocked, but {NOT_CURRENT}"
PerZone = Mapping[str, Passage]
"""Zone -> whether it and the asset reach each other; the same object for assets that the rules do not tell apart."""


class _Later(Mapping[str, Passage]):
    """One question's answers, each worked out when it is asked for."""

    def __init__(self, board: Board, question: Question, passages: Passages) -> None:
        self._board, self._question, self._passages = board, question, passages

    def __getitem__(self, zone: str) -> Passage:
        return self._passages.passage(self._board.told(self._question, zone))

    def __iter__(self) -> Iterator[str]:
        return iter(self._board.zones)

    def __len__(self) -> int:
        return len(self._board.zones)


class Passages:
    """Answers for assets, zones and ports; each address is asked about once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[int, Family, str, str, bool, str, str], PerZone] = {}
        self._shared: dict[Any, PerZone] = {}
        self._joined: dict[tuple[int, ...], PerZone] = {}
        self._nowhere: dict[str, PerZone] = {}
        self._passages: dict[int, tuple[Told, Passage]] = {}
        self._usual: dict[int, tuple[Sequence[Told], dict[str, Passage]]] = {}

    def subject(self, council: str, asset: str, addresses: Sequence[str], zone: str | None) -> Subject:
        """The asset with its addresses. ``zone``: the register's word for where it stands.

        Loopback, link-local and multicast addresses are left out: no firewall ever sees them.
        """
        found = []
        for address, family in sorted({intervals.number(written) for written in addresses}):
            if not intervals.contains(intervals.of(UNROUTED, family), address):
                found.append((address, family, locate(address, family, self._engine.zones, council, zone)))
        return Subject(council=council, asset=asset, addresses=tuple(found))

    def of(self, subject: Subject, port: str, *, inward: bool) -> PerZone:
        """Whether each zone reaches the asset on ``port``, or the asset the zone: yes if any of its addresses does."""
        found = [self._one(subject, *address, port, inward) for address in subject.addresses]
        if len(found) == 1:
            return found[0]
        if not found:
            return self._untold("no address of the asset is known")
        key = tuple(id(one) for one in found)  # all of them are kept, so no id comes back as another's
        if key not in self._joined:
            self._joined[key] = {zone: _any([one[zone] for one in found]) for zone in found[0]}
        return self._joined[key]

    def packet(self, subject: Subject, zone: str, port: str, *, inward: bool) -> Witness | None:
        """A packet that gets through, or where none does, one that is stopped; None where neither is sure."""
        stopped = None
        for address, family, located in subject.addresses:
            if located.zone is not None:
                asked = self._engine.ask(
                    address, family, located.zone, port, inward=inward, host=(subject.council, subject.asset)
                )
                reach = asked.reach(zone)
                columns = asked.board.axis.full[reach.zone]
                told = tell(asked.board, reach, columns)
                found = witness(asked, reach, told, columns)
                if found is not None and told.through:
                    return found[0]
                stopped = stopped or (found and found[0])
        return stopped

    def rests(self, subject: Subject, zone: str, port: str, *, inward: bool) -> Iterator[tuple[Node, Item]]:
        """Every rule that decides for some packet of this way, with its device."""
        for address, family, located in subject.addresses:
            if located.zone is not None:
                asked = self._engine.ask(
                    address, family, located.zone, port, inward=inward, host=(subject.council, subject.asset)
                )
                reach = asked.reach(zone)
                for key, item in deciders(asked.board, reach, asked.board.axis.full[reach.zone]):
                    yield asked.board.node(key), item

    def passage(self, told: Told) -> Passage:
        """The same for a person; one for one."""
        found = self._passages.get(id(told))
        if found is None:
            found = self._passages[id(told)] = told, _passage(told)  # kept together, so the id stays this one's
        return found[1]

    def _one(
        self, subject: Subject, address: int, family: Family, located: Located, port: str, inward: bool
    ) -> PerZone:
        if located.zone is None:
            return self._untold(located.why)
        key = (address, family, located.zone, port, inward, subject.council, subject.asset)
        if key not in self._known:
            host = (subject.council, subject.asset)
            asked = self._engine.ask(address, family, located.zone, port, inward=inward, host=host)
            same = (family, inward, asked.question.key)
            if same not in self._shared:
                self._shared[same] = self._answers(asked)
            self._known[key] = self._shared[same]
        return self._known[key]

    def _answers(self, asked: Asked) -> PerZone:
        board, question = asked.board, asked.question
        if len(question.cells) > 1 or not board.single:
            return _Later(board, question, self)
        usual, own = board.usual(question)
        if id(usual) not in self._usual:
            known = dict(zip(board.zones, map(self.passage, usual), strict=True))
            self._usual[id(usual)] = usual, known
        found = self._usual[id(usual)][1].copy()
        for number, told in own.items():
            found[board.zones[number]] = self.passage(told)
        return found

    def _untold(self, why: str) -> PerZone:
        if why not in self._nowhere:
            self._nowhere[why] = {zone.id: Passage(reach=None, reason=why) for zone in self._engine.zones}
        return self._nowhere[why]


def _passage(told: Told) -> Passage:
    reach = {"permitted": True, "partly": True, "blocked": False, "cannot-tell": None}[told.verdict]
    reason, item = told.reason, told.item
    if told.stale and reach is False:
        # A rule of long ago may be gone: what an old export blocks is not known to be blocked.
        reach, reason = None, OLD
    return Passage(
        reach=reach,
        partly=told.verdict == "partly",
        rule=rule_text(device_name(told.device), item.origin) if item and told.device else None,
        origin=item.origin if item else None,
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
