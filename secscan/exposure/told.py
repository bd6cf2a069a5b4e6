"""From bits to a sentence: the verdict for some addresses, the rule that decides, and why it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from secscan.exposure.board import Bits, Board, Reach, Trace, Walk
from secscan.exposure.compiled import Item
from secscan.exposure.routes import Hop
from secscan.model.words import Verdict

SAME_ZONE = "same network zone: the firewall never sees it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """The rule that decides for ``columns``, and which kind of packet (``cell``) shows it."""

    hop: Hop
    item: Item
    cell: int
    columns: Bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What holds for some columns. ``decider`` None: no rule is asked (same zone, or no device between)."""

    verdict: Verdict
    through: Bits
    decider: Decider | None
    reason: str
    covered: bool = True
    """False where no device stands between."""
    stale: bool = False
    """It rests on an export that is older than its limit."""
    exported_on: date | None = None
    """The day of the newest export that it rests on; None where there is none, or one has no day."""


def tell_zones(board: Board, reach: Reach) -> Mapping[str, Told]:
    """The verdict for every zone; asked twice, it is worked out once."""
    if reach not in board.told:
        board.told[reach] = {zone: tell(board, reach, columns) for zone, columns in board.axis.zone.items()}
    return board.told[reach]


def tell(board: Board, reach: Reach, columns: Bits) -> Told:
    """The verdict for some columns of a reach."""
    if not columns:
        why = f"the zone lists no IPv{board.family} addresses"
        return Told(verdict="cannot-tell", through=0, decider=None, reason=why)
    through = reach.lower & columns
    doubtful = reach.upper & ~reach.lower & columns
    stale, exported_on = _age(board, reach, columns, through)
    verdict: Verdict = "blocked"
    covered = True
    if through:
        verdict = "permitted" if through == columns else "partly"
        decider = _permitter(board, reach, through & ~reach.same)
        reason = SAME_ZONE if decider is None else ""
        if doubtful:
            reason = f"the rest cannot be told: {_doubter(board, reach, doubtful)[1]}"
    elif doubtful:
        verdict, covered = "cannot-tell", bool(doubtful & ~reach.uncovered)
        decider, reason = _doubter(board, reach, doubtful)
    else:
        decider = _blocker(board, reach, columns)
        reason = "no rule matches, and the default is deny" if decider is not None and decider.item.default else ""
    return Told(
        verdict=verdict, through=through, decider=decider, reason=reason, covered=covered, stale=stale,
        exported_on=exported_on,
    )  # fmt: skip


def _age(board: Board, reach: Reach, columns: Bits, through: Bits) -> tuple[bool, date | None]:
    """Whether an old export is part of the answer, and the day of the newest one.

    What a way over fresh exports surely lets through gets through, however old the others are.
    """
    touching = [trace for cell in reach.cells for trace in cell if trace.columns & columns]
    devices = [trace.devices for trace in touching]
    stale, newest = board.age(devices[0] if len(devices) == 1 else frozenset().union(*devices))
    if stale and through:
        fresh = reach.same
        for trace, own in zip(touching, devices, strict=True):
            fresh |= 0 if board.age(own)[0] else trace.lower
        stale = bool(through & ~fresh)
    return stale, newest


def _permitter(board: Board, reach: Reach, part: Bits) -> Decider | None:
    if not part:
        return None
    best: tuple[int, Trace, Bits] | None = None
    for number, trace in ((n, t) for n, cell in enumerate(reach.cells) for t in cell):
        hit = trace.lower & part
        if hit and (best is None or hit == part):
            best = number, trace, hit
            if hit == part:
                break
    if best is None:
        return None
    number, trace, hit = best
    # The device that guards the asset is named, for its rule is the one to mend.
    return _largest(board, *trace.hops[0], number, hit, permit=True)


def _blocker(board: Board, reach: Reach, part: Bits) -> Decider | None:
    """What stops most of ``part`` on the shortest way: all of it has come as far as the last hop of its trace."""
    found = [(t, t.columns & part & ~t.upper) for t in (reach.cells[0] if reach.cells else ())]
    stopped = [one for one in found if one[1]]
    if not stopped:
        return None
    trace, columns = next((one for one in stopped if one[1] == part), stopped[0])
    return _largest(board, *trace.hops[-1], 0, columns, permit=False)


def _doubter(board: Board, reach: Reach, part: Bits) -> tuple[Decider | None, str]:
    """The first thing on the way that leaves some of ``part`` open, and why."""
    for cell, traces in enumerate(reach.cells):
        for trace in traces:
            if not (open_ := trace.upper & ~trace.lower & part):
                continue
            for hop, walk in trace.hops:
                if not (here := open_ & walk.upper & ~walk.lower):
                    continue
                i, _, hit = next(piece for piece in walk.pieces if piece[2] & here)
                item = board.items[hop.device][i]
                why = f"{item.origin.file}:{item.origin.line}: {board.doubt(hop, item)}"
                return Decider(hop=hop, item=item, cell=cell, columns=hit & here), why
    if part & reach.uncovered:
        return None, "no firewall export covers the traffic between the two zones"
    return None, "there are too many ways between the two zones to follow them all"


def _largest(board: Board, hop: Hop, walk: Walk, cell: int, part: Bits, *, permit: bool) -> Decider | None:
    """Of the rules that surely decide for some of ``part``, the one that decides for the most addresses."""
    items = board.items[hop.device]
    found = []
    for i, firm, _ in walk.pieces:
        if (hit := firm & part) and items[i].permit is permit:
            found.append((i, hit))
            if hit == part:
                break
    if not found:
        return None
    i, columns = found[0] if len(found) == 1 else max(found, key=lambda one: (board.axis.size(one[1]), -one[0]))
    return Decider(hop=hop, item=items[i], cell=cell, columns=columns)


def deciders(board: Board, reach: Reach, columns: Bits) -> list[tuple[str, Item]]:
    """(device, rule) of everything that decides, or may decide, for some of the columns: way by way, rule by rule."""
    found: dict[tuple[str, int], Item] = {}
    for trace in (trace for cell in reach.cells for trace in cell):
        for hop, walk in trace.hops:
            for i, _, hit in walk.pieces:
                if hit & trace.columns & columns:
                    found.setdefault((hop.device, i), board.items[hop.device][i])
    return [(device, item) for (device, _), item in found.items()]


def stopping(board: Board, reach: Reach, told: Told) -> list[str]:
    """The devices beside the one that lets through, on ways just as short, that would have stopped it."""
    if told.decider is None or not told.through:
        return []
    cell = reach.cells[told.decider.cell]
    own = next(t for t in cell if t.hops[0][0] == told.decider.hop and t.lower & told.through)
    same = [t for t in cell if len(t.hops) == len(own.hops) and t.columns & told.through and not t.upper & told.through]
    found = {t.hops[-1][0].device: None for t in same}
    return [key for key in found if key not in {hop.device for hop, _ in own.hops}]


def first_address(board: Board, columns: Bits) -> int:
    """An address to show: the second of the first stretch, for the first of a network is seldom anybody's."""
    lo, hi = board.axis.columns[(columns & -columns).bit_length() - 1]
    return lo + 1 if hi - lo >= 3 else lo
