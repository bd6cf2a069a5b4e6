"""Who can reach an address: the question put to every device, zone and family that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from secscan.exposure import intervals
from secscan.exposure.board import NEAR_UNKNOWN, Bits, Board, Reach
from secscan.exposure.intervals import Family
from secscan.exposure.routes import Network
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


class Engine:
    """Rule lists and zones made ready. Equal questions, and questions that no rule tells apart, are answered once."""

    def __init__(
        self, rule_lists: Sequence[RuleList], zones: Sequence[ZoneSet], extra: AddressSet | None = None
    ) -> None:
        """``extra``: addresses that will be asked about as a set of their own."""
        self.lists = sorted(rule_lists, key=lambda one: (one.device, one.default_origin.file, one.default_origin.line))
        self.zones = sorted(zones, key=lambda zone: zone.id)
        self._extra = extra or AddressSet()
        self._keys = _keys(self.lists)
        self._network = Network({key: one.zones for key, one in zip(self._keys, self.lists, strict=True)})
        self._boards: dict[tuple[Family, bool], Board] = {}

    def board(self, family: Family, *, inward: bool) -> Board:
        if (family, inward) not in self._boards:
            extra = [intervals.of(self._extra, family)]
            self._boards[family, inward] = Board(
                self.lists, self._keys, self.zones, family,
                inward=inward, known=frozenset(zone.id for zone in self.zones), network=self._network, extra=extra,
            )  # fmt: skip
        return self._boards[family, inward]

    def ask(self, end: int, family: Family, zone: str, port: str, *, inward: bool = True) -> Asked:
        """One address in its zone, one port: who gets in, or where it gets out to."""
        board = self.board(family, inward=inward)
        reach, cases = board.reach(end, zone, port)
        return Asked(board=board, reach=reach, cases=cases, end=end)


class Lone:
    """One export by itself: traffic through the device, between zones that may not be known."""

    def __init__(self, rule_list: RuleList, family: Family, zone: str, source: Intervals) -> None:
        named = frozenset(n for r in rule_list.rules for names in (r.from_zones, r.to_zones) for n in names or ())
        where = AddressSet(v4=source) if family == 4 else AddressSet(v6=source)
        everywhere = ZoneSet(id=zone, name=zone, addresses=where, trusted=False, internet=False)
        device = rule_list.device
        self.board = Board(
            [rule_list], [device], [everywhere], family,
            inward=True, known=named, network=Network({device: frozenset((zone, NEAR_UNKNOWN))}),
        )  # fmt: skip

    def ask(self, end: int, port: str) -> Asked:
        reach, cases = self.board.reach(end, NEAR_UNKNOWN, port)
        return Asked(board=self.board, reach=reach, cases=cases, end=end)


def answer(asked: Asked, columns: Bits, *, from_: str, to: str, port: str) -> Answer:
    """An answer with its rule, the addresses that get through and a packet that shows it."""
    board, told = asked.board, tell(asked.board, asked.reach, columns)
    others = [device_name(key) for key in stopping(board, asked.reach, told)]
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
        reason=told.reason or (f"on another way it is stopped by {', '.join(others)}" if others else ""),
        witness=witness(asked, told, columns),
        addresses=intervals.size(through),
        deciding=tuple((device_name(key), item.origin) for key, item in deciders(board, asked.reach, columns)),
        stale=told.stale,
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
