"""A chain walked by all addresses at once, with what is not decided kept apart.

For each packet the rules leave a set of possible outcomes: the actions of the rules that may match before the
first one that surely does, and that one's. *Let through* possible at all: perhaps through (``upper``). Only *let
through* possible: surely through (``lower``). Blocked is said only of what is outside ``upper``, permitted only of
what is inside ``lower``; this is the upper and lower closure of Iptables_Semantics (Diekmann et al., 2016).

Chains are not unfolded. What may match a jump walks the other chain, and what that does not decide comes back. What a
chain does to an address does not depend on who called it, so that each address walks each chain once however often
chains call each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from secscan.exposure.axis import Bits
from secscan.exposure.items import Item, Program, Span

MAX_DEPTH: Final = 64
"""Chains within chains; the kernel itself allows fewer."""

Piece = tuple[int, Bits, Bits]
"""(item, the columns that it surely decides, those that it may decide)."""
Codes = tuple[int, ...]
"""The items that the fixed side matches, as ``matching.Matcher`` writes them."""
Masks = Mapping[int, tuple[Bits, Bits]]
"""Item -> the columns that it surely and possibly matches."""


class Walk(NamedTuple):
    """One chain walked: what may and what surely gets through, and which item took what, first to last."""

    upper: Bits
    lower: Bits
    pieces: Sequence[Piece]
    notes: Mapping[int, str]
    """Item -> why what met it cannot be told, where the item itself does not say so."""


def walk(program: Program, chain: str, codes: Codes, masks: Masks, full: Bits, applied: str | None) -> Walk:
    """What becomes of the columns ``full`` in a chain. ``applied``: the translation that their packets have met."""
    state = _Walking(program, codes, masks, applied)
    if back := state.chain(chain, full, full):
        # A rule returned from the chain that the stage asks: its own end decides.
        state.take(program.chains[chain].default, back, back)
    return Walk(state.can_pass, full & ~state.can_stop, state.pieces, state.notes)


@dataclass(slots=True)
class _Done:
    """What has walked a chain already, what of it came by sure jumps alone, and what may come back."""

    walked: Bits = 0
    solid: Bits = 0
    back: Bits = 0


@dataclass(slots=True)
class _Walking:
    program: Program
    codes: Codes
    masks: Masks
    applied: str | None
    can_pass: Bits = 0
    can_stop: Bits = 0
    pieces: list[Piece] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    _done: dict[str, _Done] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def chain(self, name: str, here: Bits, solid: Bits) -> Bits:
        """What may come back of the columns that enter a chain. ``solid``: those that surely got so far by jumps."""
        done = self._done.setdefault(name, _Done())
        if new := here & (~done.walked | (solid & ~done.solid)):
            done.walked |= new
            done.solid |= new & solid
            self._open.append(name)
            done.back |= self._steps(self.program.chains[name], new, solid & new)
            self._open.pop()
        return done.back & here

    def take(self, i: int, hit: Bits, firm: Bits) -> None:
        """An item that ends the way of what it matches, or may do either."""
        verb = self.program.items[i].verb
        if verb != "deny":
            self.can_pass |= hit
        if verb != "permit":
            self.can_stop |= hit
        self.pieces.append((i, firm, hit))

    def _steps(self, span: Span, left: Bits, solid: Bits) -> Bits:
        """What may come back of the columns that enter a chain at its first rule."""
        items, masks, back = self.program.items, self.masks, 0
        for code in self._of(span):
            i = code >> 1
            firm, loose = masks[i]
            hit = left & loose
            if not hit:
                continue
            item = items[i]
            if item.translations is not None and not self._met(item.translations):
                continue
            taken = left & firm if code & 1 else 0
            left ^= taken
            match item.verb:
                case "permit":
                    self.can_pass |= hit
                    self.pieces.append((i, taken & solid, hit))
                case "deny":
                    self.can_stop |= hit
                    self.pieces.append((i, taken & solid, hit))
                case "either":
                    self.take(i, hit, taken & solid)
                case "return":
                    back |= hit
                    if hit != taken:
                        self.pieces.append((i, 0, hit & ~taken))
                case "goto":
                    back |= self._jump(i, item, hit, solid & taken, hit & ~taken)
                case "jump":
                    left |= self._jump(i, item, hit, solid & taken, hit & ~taken)
            if not left:
                break
        return back | left

    def _jump(self, i: int, item: Item, hit: Bits, solid: Bits, doubtful: Bits) -> Bits:
        why = ""
        if item.target not in self.program.chains:
            why = f"chain '{item.target}' is not in the export"
        elif item.target in self._open:
            why = f"chain '{item.target}' calls itself"
        elif len(self._open) >= MAX_DEPTH:
            why = f"chains are called {MAX_DEPTH} deep"
        if why:
            self.notes[i] = why
            self.can_pass |= hit
            self.can_stop |= hit
            self.pieces.append((i, 0, hit))
            return 0
        at = len(self.pieces)
        returned = self.chain(item.target, hit, solid)
        if doubtful and len(self.pieces) > at:
            self.pieces.insert(at, (i, 0, doubtful))
        return returned

    def _met(self, wanted: frozenset[str]) -> bool:
        return self.applied in wanted if self.applied is not None else not wanted

    def _of(self, span: Span) -> Sequence[int]:
        codes = self.codes
        if span.first == 0 and (not codes or codes[-1] < 2 * span.after):
            return codes
        return codes[bisect_left(codes, 2 * span.first) : bisect_left(codes, 2 * span.after)]
