"""Who can reach an address: the question put to every device, zone and family that it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from secscan.exposure import intervals
from secscan.exposure.board import ANYWHERE, Bits, Board, Reach
from secscan.exposure.intervals import Family
from secscan.exposure.routes import Hop, Ways, ways
from secscan.exposure.services import Case
from secscan.exposure.told import Told, deciders, first_address, stopping, tell
from secscan.model.net import AddressSet, Answer, Intervals, Origin, RuleList, Witness, ZoneSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question put: everything that answers are made of."""

    board: Board
    reach: Reach
    cases: tuple[Case, ...]
    end: int
    zone: str


class Engine:
    """Rule lists and zones made ready. Equal questions, and questions that no rule tells apart, are answered once."""

    def __init__(
        self, rule_lists: Sequence[RuleList], zones: Sequence[ZoneSet], extra: AddressSet | None = None
    ) -> None:
        """``extra``: addresses that will be asked about as a set of their own."""
        self.lists = sorted(rule_lists, key=lambda one: (one.device, one.default_origin.file, one.default_origin.line))
        self.zones = sorted(zones, key=lambda zone: zone.id)
        self._extra = extra or AddressSet()
        self._by_key = dict(zip(_keys(self.lists), self.lists, strict=True))
        self._devices = {key: one.zones for key, one in self._by_key.items()}
        self._known = frozenset(zone.id for zone in self.zones)
        self._ways: dict[tuple[str, str], Ways] = {}
        self._boards: dict[tuple[Family, bool], Board] = {}

    def between(self, start: str, end: str) -> Ways:
        """The ways from one zone to another."""
        if (start, end) not in self._ways:
            self._ways[start, end] = ways(self._devices, start, end)
        return self._ways[start, end]

    def lists_between(self, start: str, end: str) -> list[RuleList]:
        """The rule lists that stand on some way between two zones."""
        return [] if start == end else [self._by_key[key] for key in self.between(start, end).devices]

    def board(self, family: Family, *, inward: bool) -> Board:
        if (family, inward) not in self._boards:
            extra = [intervals.of(self._extra, family)]
            self._boards[family, inward] = Board(
                self.lists, list(self._by_key), self.zones, family,
                inward=inward, known=self._known, between=self.between, extra=extra,
            )  # fmt: skip
        return self._boards[family, inward]

    def ask(self, end: int, family: Family, zone: str, port: str, *, inward: bool = True) -> Asked:
        """One address in its zone, one port: who gets in, or where it gets out to."""
        board = self.board(family, inward=inward)
        reach, cases = board.reach(end, zone, port)
        return Asked(board=board, reach=reach, cases=cases, end=end, zone=zone)

    def stale(self, starts: Iterable[str], end: str) -> bool:
        return any(one.stale for start in starts for one in self.lists_between(start, end))

    def exported_on(self, start: str, end: str) -> date | None:
        """The day of the newest export between two zones; None where there is none, or one has no day."""
        days = [one.exported_on for one in self.lists_between(start, end)]
        known = [day for day in days if day is not None]
        return max(known) if known and len(known) == len(days) else None


class Lone:
    """One export by itself: traffic through the device, between zones that may not be known."""

    def __init__(self, rule_list: RuleList, family: Family, zone: str, source: Intervals) -> None:
        named = frozenset(n for r in rule_list.rules for names in (r.from_zones, r.to_zones) for n in names or ())
        where = AddressSet(v4=source) if family == 4 else AddressSet(v6=source)
        everywhere = ZoneSet(id=zone, name=zone, addresses=where, trusted=False, internet=False)
        way = Ways(ways=((Hop(rule_list.device, zone, ANYWHERE),),), whole=True)
        self.zone = zone
        self.board = Board(
            [rule_list], [rule_list.device], [everywhere], family,
            inward=True, known=named, between=lambda start, end: way,
        )  # fmt: skip

    def ask(self, end: int, port: str) -> Asked:
        # The far side needs a name that is not the near side's: the packet passes the device.
        reach, cases = self.board.reach(end, ANYWHERE + "\0", port)
        return Asked(board=self.board, reach=reach, cases=cases, end=end, zone=ANYWHERE)


def answer(asked: Asked, columns: Bits, *, from_: str, to: str, port: str, stale: bool = False) -> Answer:
    """An answer with its rule, the addresses that get through and a packet that shows it."""
    board, told = asked.board, tell(asked.board, asked.reach, columns)
    others = [device_name(key) for key in stopping(asked.reach, told.through)] if len(asked.reach.cells) == 1 else []
    origin = told.decider.item.origin if told.decider else None
    through = board.axis.addresses(told.through)
    return Answer(
        from_=from_,
        to=to,
        port=port,
        verdict=told.verdict,
        sources=intervals.cidrs(through, board.family),
        rule=origin,
        device=device_name(told.decider.hop.device) if told.decider else None,
        reason=told.reason or (f"{', '.join(others)} stops it on another way" if others else ""),
        witness=witness(asked, told, columns),
        addresses=intervals.size(through),
        deciding=tuple((device_name(key), item.origin) for key, item in deciders(board, asked.reach, columns)),
        stale=stale,
    )


def witness(asked: Asked, told: Told, columns: Bits) -> Witness | None:
    """A packet that fares as the verdict says; None where no address can be named."""
    board = asked.board
    cell = told.decider.cell if told.decider else 0
    shown = told.decider.columns if told.decider else told.through or columns
    if not shown or not asked.cases or (told.decider is None and told.verdict == "cannot-tell"):
        return None
    case, far = asked.cases[cell], intervals.text(first_address(board, shown), board.family)
    near = intervals.text(asked.end, board.family)
    src, dst = (far, near) if board.inward else (near, far)
    return Witness(src=src, dst=dst, proto=case.proto, sport=case.sport, dport=case.dport)


def device_name(key: str) -> str:
    """The device of a key: two exports of one device have a number behind it."""
    return key.partition("\0")[0]


def rule_text(device: str, origin: Origin) -> str:
    """The rule in few words: device and the rule's own number, else its line."""
    own = origin.vendor_id or (f"line {origin.line}" if origin.line else "default")
    return f"{device} {own}"


def _keys(lists: Sequence[RuleList]) -> list[str]:
    seen: dict[str, int] = {}
    keys = []
    for one in lists:
        count = seen[one.device] = seen.get(one.device, 0) + 1
        keys.append(one.device if count == 1 else f"{one.device}\0{count}")
    return keys
