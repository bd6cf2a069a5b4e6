"""From bits to a sentence: the verdict for some addresses, the rule that decides, and why it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.axis import Bits
from secscan.exposure.board import Board, Reach
from secscan.exposure.evaluating import Trace, Visit
from secscan.exposure.items import Gate, Item
from secscan.exposure.node import Asked, Cell
from secscan.exposure.zones import UNROUTED
from secscan.model.words import Verdict

_TRAFFIC: Final = {
    "through": "through it", "to-device": "to the device itself", "from-device": "from the device itself",
}  # fmt: skip
NOT_CURRENT: Final = "the export is no longer current: older than its limit, or a newer one could not be read"
SAME_ZONE: Final = "same network zone: the firewall never sees it"
REST: Final = "the rest cannot be told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """The rule that decides for ``columns``, on which way, and which kind of packet shows it."""

    device: str
    """Its key."""
    item: Item
    trace: Trace
    cell: Cell
    columns: Bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What holds for some columns. ``item`` None: no rule is asked (same zone, or no device between)."""

    verdict: Verdict
    through: Bits
    reason: str
    device: str | None = None
    item: Item | None = None
    """The rule that decides."""
    way: Decider | None = None
    """The same with the way on which it does; left away where answers are kept in numbers."""
    covered: bool = True
    """False where no device stands between."""
    stale: bool = False
    """It rests on an export that is stale."""
    exported_on: date | None = None
    """The day of the newest export that it rests on; None where there is none, or one has no day."""


_Why = tuple[Decider | None, str]


def tell(board: Board, reach: Reach, columns: Bits, *, way: bool = True) -> Told:
    """The verdict for some columns of a zone. ``way``: with the way on which the rule decides."""
    if not columns:
        why = f"the zone lists no IPv{board.family} addresses"
        return Told(verdict="cannot-tell", through=0, reason=why)
    through = reach.lower & columns
    doubtful = reach.upper & ~reach.lower & columns
    stale, exported_on = _age(board, reach, through)
    verdict: Verdict = "blocked"
    if through:
        verdict = "permitted" if through == columns else "partly"
        decider = _permitter(board, reach, through)
        reason = SAME_ZONE if decider is None else ""
        if doubtful:
            reason = f"{REST}: {_doubter(board, reach, doubtful)[1]}"
    elif doubtful:
        verdict = "cannot-tell"
        decider, reason = _doubter(board, reach, doubtful)
    else:
        decider = _blocker(board, reach, columns)
        reason = "no rule matches, and the default is deny" if decider is not None and decider.item.default else ""
    return Told(
        verdict=verdict, through=through, reason=reason, device=decider.device if decider else None,
        item=decider.item if decider else None, way=decider if way else None, covered=reach.covered or verdict != "cannot-tell",
        stale=stale, exported_on=exported_on,
    )  # fmt: skip


def _age(board: Board, reach: Reach, through: Bits) -> tuple[bool, date | None]:
    """Whether an old export is part of the answer, and the day of the newest one.

    What a way over fresh exports surely lets through gets through, however old the others are.
    """
    traces = [trace for _, cell in reach.cells for trace in cell]
    stale, newest = board.age(frozenset().union(*(trace.devices for trace in traces)))
    if stale and through:
        fresh = 0
        for trace in traces:
            fresh |= 0 if board.age(trace.devices)[0] else trace.lower
        stale = bool(through & ~fresh)
    return stale, newest


def _traces(reach: Reach) -> Iterator[tuple[Cell, Trace]]:
    return ((cell, trace) for cell, traces in reach.cells for trace in traces)


def _permitter(board: Board, reach: Reach, part: Bits) -> Decider | None:
    best: tuple[Cell, Trace, Bits] | None = None
    for cell, trace in _traces(reach):
        hit = trace.lower & part
        if hit and (best is None or hit == part):
            best = cell, trace, hit
            if hit == part:
                break
    if best is None:
        return None
    cell, trace, hit = best
    # The device that guards the asset is named, for its rule is the one to mend: unless it is no rule that says so.
    found = [
        decider
        for visit in trace.visits
        if visit.zone == reach.zone
        for asked in reversed(visit.passed.asked)
        if (decider := _largest(board, reach, cell, trace, visit, asked, hit, permit=True)) is not None
    ]
    return next((one for one in found if not one.item.default), found[0] if found else None)


def _blocker(board: Board, reach: Reach, part: Bits) -> Decider | None:
    """What stops most of ``part`` on the shortest way, as near to the fixed address as may be.

    Of the first kind of packet that a rule stops: what a translation takes elsewhere meets none here.
    """
    found = (_stopper(board, reach, cell, traces, part) for cell, traces in reach.cells)
    return next((one for one in found if one is not None), None)


def _stopper(board: Board, reach: Reach, cell: Cell, traces: Sequence[Trace], part: Bits) -> Decider | None:
    best: Decider | None = None
    for trace in traces:
        stopped = part & ~trace.upper
        for visit in trace.visits if stopped else ():
            for asked in visit.passed.asked:
                here = stopped if visit.zone != reach.zone else stopped & ~asked.upper
                found = _largest(board, reach, cell, trace, visit, asked, here, permit=False) if here else None
                if found is not None and (best is None or (here == part and visit.zone == reach.zone)):
                    best = found
                    if here == part:
                        return best
    return best


def _doubter(board: Board, reach: Reach, part: Bits) -> _Why:
    """The first thing on the way that leaves some of ``part`` open, and why."""
    for cell, trace in _traces(reach):
        if not (open_ := trace.upper & ~trace.lower & part):
            continue
        for visit in trace.visits:
            here = open_ if visit.zone != reach.zone else open_ & visit.passed.upper & ~visit.passed.lower
            if here and (found := _doubt(board, reach, cell, trace, visit, here)) is not None:
                return found
        for number, i, columns in trace.changed:
            if columns & open_:
                node = board.nodes[number]
                item = node.items[i]
                why = item.why or "what the source becomes here decides further in"
                return _because(node.key, item, trace, cell, columns & open_, why)
        for crossing in trace.crossings:
            if crossing.taken is not None and not crossing.sure:
                node = board.nodes[crossing.number]
                why = "its destination may become this address, or another"
                return _because(node.key, node.items[crossing.taken], trace, cell, open_, why)
    if not reach.covered:
        return None, "no firewall export covers the traffic between the two zones"
    return None, "there are too many ways between the two zones to follow them all"


def _doubt(board: Board, reach: Reach, cell: Cell, trace: Trace, visit: Visit, here: Bits) -> _Why | None:
    """The first thing at a crossing that leaves some of ``here`` open."""
    node, hop = board.nodes[visit.crossing.number], visit.crossing.hop
    own = visit.zone == reach.zone
    if visit.passed.met is not None and (not own or visit.passed.met[1] & here):
        i = visit.passed.met[0]
        why = f"whether it meets this translation is not known: {node.doubt(hop, i)}"
        return _because(node.key, node.items[i], trace, cell, here, why)
    for asked in visit.passed.asked:
        open_ = asked.upper & ~asked.lower & (here if own else -1)
        if open_ and asked.stage is None:
            return None, f"the export of {device_name(node.key)} says nothing of traffic {_TRAFFIC[hop.traffic]}"
        for i, firm, hit in asked.pieces if open_ else ():
            if not hit & open_:
                continue
            why = asked.notes.get(i) or node.doubt(hop, i)
            if firm & open_ and asked.stage is not None and node.items[i].permit is not None:
                why = node.unsided(hop, Gate.of(asked.stage.in_interfaces), Gate.of(asked.stage.out_interfaces))
            return _because(node.key, node.items[i], trace, cell, hit & here if own else here, why)
    return None


def _because(key: str, item: Item, trace: Trace, cell: Cell, columns: Bits, why: str) -> _Why:
    decider = Decider(device=key, item=item, trace=trace, cell=cell, columns=columns)
    return decider, f"{item.origin.file}:{item.origin.line}: {why}"


def _largest(
    board: Board, reach: Reach, cell: Cell, trace: Trace, visit: Visit, asked: Asked, part: Bits, *, permit: bool
) -> Decider | None:
    """Of the rules that surely decide for some of ``part``, the one that decides for the most addresses."""
    node, own = board.nodes[visit.crossing.number], visit.zone == reach.zone
    found = []
    for i, firm, _ in asked.pieces:
        hit = firm & part if own else part if firm else 0
        if hit and node.items[i].permit is permit:
            found.append((i, hit))
            if hit == part:
                break
    if not found:
        return None
    i, columns = (
        found[0] if len(found) == 1 else max(found, key=lambda one: (board.axis.size(reach.zone, one[1]), -one[0]))
    )
    return Decider(device=node.key, item=node.items[i], trace=trace, cell=cell, columns=columns)


def deciders(board: Board, reach: Reach, columns: Bits) -> list[tuple[str, Item]]:
    """(device, rule) of everything that decides, or may decide, for some of the columns: way by way, rule by rule."""
    found: dict[tuple[str, int], Item] = {}
    for _, trace in _traces(reach):
        here = columns
        for visit in trace.visits:
            node, own = board.nodes[visit.crossing.number], visit.zone == reach.zone
            for asked in visit.passed.asked:
                for i, _, hit in asked.pieces:
                    if not own or hit & here:
                        found.setdefault((node.key, i), node.items[i])
            here &= visit.passed.upper if own else -1
    return [(device, item) for (device, _), item in found.items()]


def stopping(board: Board, reach: Reach, told: Told) -> list[str]:
    """The devices beside the one that lets through, on ways just as short, that would have stopped it."""
    if told.way is None or not told.through:
        return []
    own, traces = told.way.trace, next(t for cell, t in reach.cells if cell is told.way.cell)
    same = [t for t in traces if len(t.crossings) == len(own.crossings) and not t.upper & told.through]
    found = {board.nodes[t.crossings[-1].number].key: None for t in same}
    return [key for key in found if key not in {board.nodes[i].key for i in own.devices}]


def first_address(board: Board, zone: int, columns: Bits) -> int:
    """An address to show: of the first stretch the second that a router hands on, for the first is seldom anybody's."""
    first = board.axis.columns[zone][(columns & -columns).bit_length() - 1]
    lo, hi = next(iter(intervals.subtract((first,), intervals.of(UNROUTED, board.family))), first)
    return lo + 1 if hi - lo >= 3 else lo


def device_name(key: str) -> str:
    """The device of a key: two exports of one device have a number behind it."""
    return key.partition("\0")[0]
