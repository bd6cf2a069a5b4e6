"""From bits to a sentence: the verdict for some addresses, the rule that decides, and why it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def tell_zones(board: Board, reach: Reach) -> Mapping[str, Told]:
    """The verdict for every zone; asked twice, it is worked out once."""
    if reach not in board.told:
        board.told[reach] = {zone: tell(board, reach, columns) for zone, columns in board.axis.zone.items()}
    return board.told[reach]


def tell(board: Board, reach: Reach, columns: Bits) -> Told:
    """The verdict for some columns of a reach."""
    through = reach.lower & columns
    doubtful = reach.upper & ~reach.lower & columns
    if not columns:
        why = f"the zone lists no IPv{board.family} addresses"
        return Told(verdict="cannot-tell", through=0, decider=None, reason=why)
    if through:
        decider = _permitter(board, reach, through & ~reach.plan.same)
        reason = SAME_ZONE if decider is None else ""
        if through != columns and doubtful:
            reason = f"the rest cannot be told: {_doubter(board, reach, doubtful)[1]}"
        verdict: Verdict = "permitted" if through == columns else "partly"
        return Told(verdict=verdict, through=through, decider=decider, reason=reason)
    if doubtful:
        decider, reason = _doubter(board, reach, doubtful)
        return Told(
            verdict="cannot-tell", through=0, decider=decider, reason=reason, covered=bool(doubtful & ~reach.plan.uncovered)
        )  # fmt: skip
    decider = _blocker(board, reach, columns)
    default = decider is not None and decider.item.default
    return Told(
        verdict="blocked", through=0, decider=decider, reason="no rule matches, and the default is deny" if default else ""
    )  # fmt: skip


def _nearest_first(board: Board, trace: Trace) -> Sequence[tuple[Hop, Walk]]:
    """The devices of a way, the one that guards the asset first."""
    hops = trace.hops
    return hops[::-1] if board.inward and len(hops) > 1 else hops


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
    return _largest(board, *_nearest_first(board, trace)[0], number, hit, permit=True)


def _blocker(board: Board, reach: Reach, part: Bits) -> Decider | None:
    found = [t for cell in reach.cells[:1] for t in cell if t.columns & part]
    if not found:
        return None
    trace = next((t for t in found if t.columns & part == part), found[0])
    # On a way of several devices more than one may stop a packet; the one that stops the most is named.
    stopped = [(hop, walk, trace.columns & part & ~walk.upper) for hop, walk in _nearest_first(board, trace)]
    hop, walk, most = max(stopped, key=lambda one: one[2].bit_count())
    return _largest(board, hop, walk, 0, most, permit=False)


def _doubter(board: Board, reach: Reach, part: Bits) -> tuple[Decider | None, str]:
    """The first thing on the way that leaves some of ``part`` open, and why."""
    for cell, traces in enumerate(reach.cells):
        for trace in traces:
            if not (open_ := trace.upper & ~trace.lower & part):
                continue
            for hop, walk in _nearest_first(board, trace):
                if not (here := open_ & walk.upper & ~walk.lower):
                    continue
                i, _, hit = next(piece for piece in walk.pieces if piece[2] & here)
                item = board.items[hop.device][i]
                why = f"{item.origin.file}:{item.origin.line}: {board.doubt(hop, item)}"
                return Decider(hop=hop, item=item, cell=cell, columns=hit & here), why
    if part & reach.plan.uncovered:
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
    for cell in reach.cells:
        for trace in cell:
            live = trace.columns & columns
            for hop, walk in trace.hops:
                for i, _, hit in walk.pieces:
                    if hit & live:
                        found.setdefault((hop.device, i), board.items[hop.device][i])
                live &= walk.upper
    return [(device, item) for (device, _), item in found.items()]


def stopping(reach: Reach, through: Bits) -> list[str]:
    """The devices of ways on which none of what gets through elsewhere does."""
    found: dict[str, None] = {}
    for cell in reach.cells:
        for trace in cell:
            if trace.columns & through and not trace.upper & through:
                found.update({hop.device: None for hop, walk in trace.hops if through & trace.columns & ~walk.upper})
    return list(found)


def first_address(board: Board, columns: Bits) -> int:
    """An address to show: the second of the first stretch, for the first of a network is seldom anybody's."""
    lo, hi = board.axis.columns[(columns & -columns).bit_length() - 1]
    return lo + 1 if hi - lo >= 3 else lo
