"""One device made ready for one family and direction: what it does to the addresses of a zone at one place in the network."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from secscan.exposure import intervals
from secscan.exposure.axis import Axis, Bits
from secscan.exposure.intervals import Family, Index, Numbers
from secscan.exposure.items import Gate, Item, Program
from secscan.exposure.matching import Kind, Matcher
from secscan.exposure.routes import Hop
from secscan.exposure.sides import UNNAMED, Sides
from secscan.exposure.walking import Codes, Masks, Piece, walk
from secscan.model.net import Device, Intervals, Stage, Traffic, Translation, ZoneSet

UNKNOWN: Final = UNNAMED[0]
"""A zone that nobody knows: a rule that names zones may or may not match."""
_FINAL: Final = frozenset(("permit", "deny", "return", "goto", "translate"))
_WALKS_KEPT: Final = 20_000


class Rows(NamedTuple):
    """The codes of one kind of packet, for each zone that their addresses tell apart; ``base`` for all the others."""

    base: Codes
    own: Mapping[int, Codes]

    def of(self, zone: int) -> Codes:
        return self.own.get(zone, self.base)


class Cell:
    """One kind of packet with the fixed side that a device sees; ``codes``: what of each device's items it matches."""

    def __init__(self, kind: Kind, addresses: Intervals | None, codes: tuple[Numbers, ...]) -> None:
        """``addresses``: one, or several of which it may be any; None: it is not known."""
        self.kind, self.addresses, self.codes = kind, addresses, codes
        self.key = tuple(one.tobytes() for one in codes)
        """Equal for packets that no device tells apart."""
        self._rows: dict[int, Rows] = {}

    @property
    def address(self) -> int | None:
        """The address on the fixed side, where it is one."""
        return self.addresses[0][0] if self.addresses and intervals.size(self.addresses) == 1 else None

    def rows(self, number: int, node: Node) -> Rows:
        """The codes of the device of this number, by zone."""
        if number not in self._rows:
            self._rows[number] = node.rows(self.codes[number])
        return self._rows[number]

    def only(self, codes: Sequence[Codes]) -> Cell:
        """The same, as far as it matches these items."""
        return Cell(self.kind, self.addresses, tuple(np.array(one, dtype=np.int32) for one in codes))

    def surely(self, number: int, i: int) -> Cell:
        """The same, known to match an item of a device."""
        codes = list(self.codes)
        codes[number] = np.where(codes[number] == 2 * i, 2 * i + 1, codes[number]).astype(np.int32)
        return Cell(self.kind, self.addresses, tuple(codes))


class Asked(NamedTuple):
    """One stage, asked about some columns: those that surely and possibly meet it, and what gets through."""

    stage: Stage | None
    """None: the export says nothing of such traffic."""
    sure: Bits
    may: Bits
    upper: Bits
    lower: Bits
    pieces: Sequence[Piece]
    notes: Mapping[int, str]


class Passed(NamedTuple):
    """What gets through a device, with one translation of its destination or none."""

    upper: Bits
    lower: Bits
    asked: Sequence[Asked]
    met: tuple[int, Bits] | None = None
    """A translation that these columns may or may not meet."""


Share = tuple[int | None, Bits, Bits]
"""(translation, the columns that surely and possibly meet it); None: those that meet none."""


class Node:
    """A device and its place among the zones. ``key`` is its name, with a number where several have one name."""

    def __init__(
        self, key: str, device: Device, program: Program, axis: Axis, zones: Sequence[ZoneSet], family: Family,
        *, inward: bool, known: frozenset[str],
    ) -> None:  # fmt: skip
        self.key, self.device, self.program, self.items = key, device, program, program.items
        self.matcher = Matcher(program.items, family)
        self.sides = Sides(device, zones, family)
        self._axis, self._inward, self._known_zones = axis, inward, known
        self._ids = [zone.id for zone in zones]
        self._touch = [axis.everywhere if one.moving_open else axis.parts(one.moving) for one in program.items]
        self._ends = _ends(program)
        traffics: tuple[Traffic, ...] = ("through", "to-device", "from-device")
        self._stages = {one: [stage for stage in program.stages if stage.traffic == one] for one in traffics}
        self._masks: dict[tuple[Hop, int], _Masks] = {}
        self._walks: dict[Any, Passed] = {}
        turned = [(i, one) for i in program.dst if (one := program.items[i].translation) is not None and not one.none]
        self._leads = [i for i, _ in turned]
        self._leading = Index([intervals.of(one.to, family) for _, one in turned])
        self._anywhere = [i for i, one in turned if one.to.unknown is not None or one.to_own]

    def rows(self, codes: Numbers) -> Rows:
        """The codes by zone. What stands behind an item that surely takes everything is left out."""
        base: list[int] = []
        own: dict[int, list[int]] = {}
        everywhere, skip = self._axis.everywhere, 0
        for code in codes.tolist():
            i = code >> 1
            if i < skip:
                continue
            touched = self._touch[i]
            if touched is everywhere:
                base.append(code)
                for mine in own.values():
                    mine.append(code)
                if code & 1:
                    skip = self._ends[i]
                continue
            for zone in touched:
                if zone not in own:
                    own[zone] = base.copy()
                own[zone].append(code)
        return Rows(tuple(base), {zone: tuple(mine) for zone, mine in own.items()})

    def translation(self, i: int) -> Translation:
        """What an item among those of translations says."""
        found = self.items[i].translation
        assert found is not None
        return found

    def leads(self, address: int) -> list[int]:
        """The translations that may lead to an address."""
        if not self._leads:
            return []
        return sorted({*(self._leads[at] for at in self._leading.at(address).tolist()), *self._anywhere})

    def passed(
        self, hop: Hop, zone: int, sent: Codes, got: Codes, taken: int | None, sees: str | None = None
    ) -> Passed:
        """What gets through of a zone's columns. ``sent`` and ``got``: the packet before and behind the device's
        translation of its destination, ``taken`` (None: it meets none). ``sees``: only the stages that see so."""
        key = (hop, zone, sent, got, taken, sees)
        found = self._walks.get(key)
        if found is None:
            if len(self._walks) >= _WALKS_KEPT:
                self._walks.clear()
            found = self._walks[key] = self.passing(hop, zone, sent, got, taken, sees)
        return found

    def shares(self, span: range, hop: Hop, zone: int, codes: Codes) -> list[Share]:
        """Which columns meet which translation of a kind: the first that matches."""
        full = left = self._axis.full[zone]
        masks, untouched, found = self.masks(hop, zone), 0, []
        for code in _within(codes, span):
            i = code >> 1
            firm, loose = masks[i]
            if not (hit := left & loose):
                continue
            translation = self.items[i].translation
            if translation is not None and translation.none:
                untouched |= hit
            else:
                found.append((i, hit))
            if code & 1:
                left &= ~firm
        every: list[tuple[int | None, Bits]] = [*found, (None, left | untouched)]
        seen = twice = 0
        for _, hit in every:
            twice |= seen & hit
            seen |= hit
        assert seen == full
        return [(i, hit & ~twice, hit) for i, hit in every if hit]

    def sources(self, hop: Hop, zone: int, sent: Codes, got: Codes) -> list[Share]:
        """Which columns meet which translation of their source."""
        if not self.program.src:
            return []
        codes = [c for c in _within(sent, self.program.src) if self._sees(c) == "original"]
        codes += [c for c in _within(got, self.program.src) if self._sees(c) == "translated"]
        return self.shares(self.program.src, hop, zone, tuple(sorted(codes))) if codes else []

    def masks(self, hop: Hop, zone: int) -> Masks:
        """For each item the columns that it surely and possibly matches at a hop."""
        if (hop, zone) not in self._masks:
            self._masks[hop, zone] = _Masks(self, hop, zone)
        return self._masks[hop, zone]

    def doubt(self, hop: Hop, i: int) -> str:
        """Why an item does not surely match, or may do either."""
        item = self.items[i]
        if item.why:
            return item.why
        for names, at in ((item.from_zones, hop.from_), (item.to_zones, hop.to)):
            if names is not None and (unknown := sorted(names - self._known_zones)):
                return f"zone '{unknown[0]}' is not defined in secscan.yaml"
            if names is not None and at in UNNAMED:
                return f"the rule is for zone {', '.join(sorted(names))}, and the zone of the packet is not known"
        return self.unsided(hop, item.into, item.out) or "it may or may not match"

    def unsided(self, hop: Hop, into: Gate | None, out: Gate | None) -> str:
        """Why it is not known whether a packet comes in and goes out by these interfaces."""
        for gate, at, way in ((into, hop.from_, "comes in"), (out, hop.to, "goes out")):
            if gate is not None and self.sides.near(gate, at) != (True, True):
                return self.sides.why(gate, at, way)
        return ""

    def passing(
        self, hop: Hop, zone: int, sent: Codes, got: Codes, taken: int | None, sees: str | None = None
    ) -> Passed:
        """The same as ``passed``, and not remembered."""
        upper = lower = full = self._axis.full[zone]
        asked = []
        shares = self.shares(self.program.dst, hop, zone, sent) if self.program.dst and sees != "translated" else None
        sure, may = next(((a, b) for i, a, b in shares or () if i == taken), (0, 0))
        if shares is not None and not may:
            return Passed(0, 0, ())  # there is no such packet, and no rule stops it
        stages = self._stages[hop.traffic]
        for stage in stages:
            if sees is None or sees == stage.sees:
                one = self._asked(stage, hop, zone, sent if stage.sees == "original" else got, taken)
                if one.may:
                    asked.append(one)
                    upper &= one.upper
                    lower &= one.lower
        if not stages:
            asked, lower = [Asked(None, full, full, full, 0, (), {})], 0
        met = None
        if shares is not None:
            if doubtful := may & ~sure:
                who = (
                    taken if taken is not None else next(i for i, _, hit in shares if i is not None and hit & doubtful)
                )
                met = who, doubtful
            upper, lower = upper & may, lower & sure
        return Passed(upper, lower, asked, met)

    def _asked(self, stage: Stage, hop: Hop, zone: int, codes: Codes, taken: int | None) -> Asked:
        full = self._axis.full[zone]
        if stage.in_interfaces is stage.out_interfaces is None:
            sure = may = full
        else:
            sure, may = self._between(hop, zone, Gate.of(stage.in_interfaces), Gate.of(stage.out_interfaces))
            if not may:
                return Asked(stage, 0, 0, full, full, (), {})
        name = None if taken is None else _name(self.items[taken])
        found = walk(self.program, stage.chain, codes, self.masks(hop, zone), may, name)
        if sure == full:
            return Asked(stage, sure, may, found.upper, found.lower, found.pieces, found.notes)
        return Asked(
            stage, sure, may, found.upper | (full & ~sure), found.lower | (full & ~may), found.pieces, found.notes
        )

    def mask(self, hop: Hop, zone: int, i: int) -> tuple[Bits, Bits]:
        """The columns of a zone that an item surely and possibly matches."""
        item, full = self.items[i], self._axis.full[zone]
        firm = self._touch[i].get(zone, 0)
        loose = full if item.moving_open else firm
        if item.moving_open:
            firm = self._axis.parts(item.moving).get(zone, 0)
        for names, at in ((item.from_zones, hop.from_), (item.to_zones, hop.to)):
            if names is not None and at not in names:
                firm = 0
                if at not in UNNAMED and names <= self._known_zones:
                    loose = 0
        sure, may = self._between(hop, zone, item.into, item.out)
        return (firm & sure if item.certain else 0), loose & may

    def _between(self, hop: Hop, zone: int, into: Gate | None, out: Gate | None) -> tuple[Bits, Bits]:
        """The columns that surely and possibly come in and go out by these interfaces."""
        sure = may = self._axis.full[zone]
        for gate, at, moves, none in (
            (into, hop.from_, self._inward, hop.traffic == "from-device"),
            (out, hop.to, not self._inward, hop.traffic == "to-device"),
        ):
            if gate is None:
                continue
            if none:
                return 0, 0  # what the device itself sends or gets has no such side
            if hop.arrives is not None:
                wanted = self.sides.wanted(gate)
                a, b = hop.arrives <= wanted, bool(hop.arrives & wanted)
            elif moves and at == self._ids[zone]:
                firm, loose = self.sides.far(gate, at, self._axis)
                sure, may = sure & firm, may & loose
                continue
            else:
                a, b = self.sides.near(gate, at)
            sure, may = (sure if a else 0), (may if b else 0)
        return sure, may

    def _sees(self, code: int) -> str:
        translation = self.items[code >> 1].translation
        return "translated" if translation is None else translation.sees


class _Masks(dict[int, tuple[Bits, Bits]]):
    """What each item matches of one zone at one hop, worked out when it is first asked for."""

    def __init__(self, node: Node, hop: Hop, zone: int) -> None:
        self._node, self._hop, self._zone = node, hop, zone

    def __missing__(self, i: int) -> tuple[Bits, Bits]:
        found = self[i] = self._node.mask(self._hop, self._zone, i)
        return found


def _name(item: Item) -> str:
    return "" if item.translation is None else item.translation.name


def _ends(program: Program) -> Sequence[int]:
    """For an item that surely takes every packet that meets it, the end of its chain; for others 0."""
    ends = [0] * len(program.items)
    spans = [
        *((c.first, c.after) for c in program.chains.values()),
        *((r.start, r.stop) for r in (program.dst, program.src)),
    ]
    for first, after in spans:
        for i in range(first, after):
            item = program.items[i]
            if item.verb in _FINAL and not item.narrow and not item.moving_open and item.translations is None:
                ends[i] = after
    return ends


def _within(codes: Codes, span: range) -> Codes:
    return codes[bisect_left(codes, 2 * span.start) : bisect_left(codes, 2 * span.stop)]
