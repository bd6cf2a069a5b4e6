"""Rules that no packet gets to: for each rule a packet that it decides, or the rules that take all of its packets first.

What a rule matches is a product of sets. From it the products of the rules before it are cut away, depth first, and the
first piece that is left is the packet. A chain that others call is entered by those calls alone, and what comes back from a
chain that was called is followed. Every list is looked at by itself, whatever lists before it let through.

What is not sure never takes anything where *shadowed* is to be said, and takes everything where *reached* is: so the first is
said only of what no packet can get to, the second only with a packet that surely does. Between the two nobody can tell.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from secscan.exposure import intervals
from secscan.exposure.axis import Bits
from secscan.exposure.intervals import FAMILIES, Family
from secscan.exposure.products import (
    DPORT,
    DST,
    EVERY_STEP,
    NUMBERED,
    PROTO,
    SIDES,
    SPORT,
    SRC,
    Lists,
    Names,
    Part,
    Passing,
    Row,
    Verb,
)
from secscan.exposure.walking import MAX_DEPTH
from secscan.model.kleene import all3
from secscan.model.net import Device, Intervals, Origin, Rule, Witness

MOST: Final = 200_000
"""Steps after which the question about one rule is given up."""
MOST_IN_ALL: Final = 10 * MOST
"""The same for all the rules of a device."""
_LOOKED: Final = 32
"""Rules looked at in one step."""
_TRIES: Final = 4
"""How often what is named is looked over again."""
_TRIMMED: Final = 24
"""Of how many covering rules it is asked whether fewer are enough."""
_SPOKEN: Final = {number: name for name, number in NUMBERED.items()}
_USUAL: Final[Mapping[Family, tuple[int, ...]]] = {4: (6, 17, 1, 47, 50), 6: (6, 17, 58, 47, 50)}
"""The protocols that a packet is shown of, where it may be any."""

Box = tuple[Bits, ...]
"""A product inside another one, as bits of what that one is cut into."""
Key = tuple[str, int]
"""A chain, and the number of a step of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a rule is ever asked.

    ``shadowed``: no packet gets to it that it would match; None: that cannot be told. ``by``: the rules that take all
    of them, first to last; () where it is for another reason, which ``why`` says, as it does of what cannot be told.
    """

    shadowed: bool | None
    by: tuple[Origin, ...] = ()
    why: str = ""
    witness: Witness | None = None
    """A packet that it decides; of a rule in doubt, that it decides if it is for any. None: no such packet is known."""
    passing: Passing | None = None
    """How that packet passes the device."""


def standings(device: Device, known: Collection[str] = ()) -> list[Standing]:
    """How each of ``device.rules()`` stands, in their order. ``known``: the zones of secscan.yaml.

    A rule that is off or has expired is asked about as if it were on; it takes nothing from others.
    """
    names = Names(device, frozenset(known))
    lists = {family: Lists(device, names, family) for family in FAMILIES if family in device.families}
    steps = {name: _numbers(chain.steps) for name, chain in device.chains.items()}
    order: dict[Origin, int] = {}
    for chain in device.chains.values():
        for step in (*chain.steps, chain.default_origin):
            order.setdefault(step.origin if isinstance(step, Rule) else step, len(order))
    found = []
    for chain, rule in device.rules():
        one = _standing(device, lists, names, (chain.name, next(steps[chain.name])), rule)
        found.append(replace(one, by=tuple(sorted(one.by, key=order.__getitem__))) if len(one.by) > 1 else one)
    return found


def _numbers(steps: Sequence[Rule | Origin]) -> Iterator[int]:
    return (number for number, step in enumerate(steps) if isinstance(step, Rule))


def _standing(device: Device, lists: Mapping[Family, Lists], names: Names, key: Key, rule: Rule) -> Standing:
    """What holds of all the products of a rule, over both families."""
    found: list[Standing] = []
    for family, some in lists.items():
        for sure, may in names.matched(rule, family, asked=True):
            one = _Question(device, some, key, rule, sure, may).answer()
            if one.shadowed is False:
                return one
            found.append(one)
    if not found:
        if any(True for family in FAMILIES for _ in names.matched(rule, family)):
            return Standing(shadowed=None, why="the export says nothing of the other family of addresses")
        return Standing(shadowed=True, why=_nothing(rule))
    shadowed = all3(one.shadowed for one in found)
    by = tuple(dict.fromkeys(origin for one in found for origin in one.by)) if shadowed else ()
    why = next(one.why for one in found if one.shadowed is shadowed)
    return Standing(shadowed=shadowed, by=by, why="" if by else why)


def _nothing(rule: Rule) -> str:
    """Why a rule matches no packet at all."""
    for side, addresses in (("source", rule.src), ("destination", rule.dst)):
        if not (addresses.v4 or addresses.v6 or addresses.unknown):
            return f"its {side} is empty"
    if not any(service.dport and service.sport for service in rule.services):
        return "it is for no service"
    return "no packet has its source, its destination and its service"


class _TooLong(Exception):
    """The question takes more steps than one rule is worth."""


class _Taker(NamedTuple):
    """A row as it cuts pieces of the product in question."""

    box: Box
    verb: Verb
    row: Row


class _Question:
    """What becomes of the packets of one product of one rule."""

    def __init__(self, device: Device, lists: Lists, key: Key, rule: Rule, sure: Part | None, may: Part) -> None:
        self._device, self._lists, self._rule = device, lists, rule
        self._chain, self._number = key
        self._sure, self._may = sure, may
        self._steps = 0
        self._upper = True
        """What is not sure takes nothing; else everything."""
        self._only: frozenset[Key] | None = None
        """The steps that take anything; None: all."""
        self._used: dict[Key, Origin] = {}
        self._rows: set[Key] = set()
        """Of those, the ones that are rules and no end of a chain."""
        self._doubts: dict[Key, str] = {}
        self._looped = False

    def answer(self) -> Standing:
        try:
            return self._told()
        except _TooLong:
            return Standing(shadowed=None, why=f"not decided in {self._steps:,} steps")
        finally:
            self._lists.steps += self._steps

    def _told(self) -> Standing:
        if self._chain not in self._lists.asked:
            return self._unasked()
        if cover := self._lists.lists[self._chain].covering(self._may, self._number, self._rule.state):
            return Standing(shadowed=True, by=(cover.origin,))
        if (way := self._left(self._may)) is not None:
            certain = self._sure == self._may and self._rule.unknown is None
            return way.standing() if certain and not way.doubtful else self._surely()
        if self._looped:
            return Standing(shadowed=None, why="chains call each other in a circle")
        by = self._enough()
        return Standing(
            shadowed=True, by=by, why="" if by else f"nothing that list '{self._chain}' is asked about fits it"
        )

    def _unasked(self) -> Standing:
        what = f"nothing asks list '{self._chain}'"
        steps = (step for chain in self._device.chains.values() for step in chain.steps)
        if self._device.unread or any(isinstance(step, Origin) for step in steps):
            return Standing(shadowed=None, why=f"{what}, unless a line that was not understood does")
        return Standing(shadowed=True, why=what)

    def _surely(self) -> Standing:
        """Now that some packet may get to the rule: whether one surely does."""
        rule, found = self._rule, None
        self._upper = False
        whole = rule.unknown is not None or self._sure is None
        free = not whole or self._free()
        if free and self._sure is not None:
            found = self._left(self._sure)
        if found is not None:
            return found.standing()
        if whole and free:
            return Standing(shadowed=False)
        first = min(self._doubts, default=None)
        own = rule.unknown or rule.src.unknown or rule.dst.unknown or "it names a zone that is not defined"
        return Standing(shadowed=None, why=own if first is None else self._doubts[first])

    def _free(self) -> bool:
        """Whether nothing may take any of it: of a rule that is in doubt as a whole, any part may be all there is."""
        entries = self._lists.entries.get(self._chain, ())
        near = self.near(self._chain, self._may, self._number)
        for row in near:
            self.doubt(row)
        alone = self._chain not in self._lists.callers
        return not near and alone and any(self._may.bound(entry) for entry in entries)

    # -- ways to the rule

    def _left(self, part: Part) -> _Way | None:
        """A way on which a packet of a product gets to the rule; None: there is none."""
        return self._arrive(part, ((self._chain, self._number),), certain=True)

    def _arrive(self, part: Part, steps: tuple[Key, ...], *, certain: bool) -> _Way | None:
        """A way on which some of what stands at the last of these steps came there, and on to the first.

        ``certain``: by steps that surely lead on.
        """
        chain = steps[-1][0]
        for entry in self._lists.entries.get(chain, ()):
            if (entered := part.bound(entry)) is not None:
                way = _Way(self, entered, steps, certain=certain)
                if way.open():
                    return way
        for row in self._lists.callers.get(chain, ()):
            self.tick(0)
            goes = row.may if self._upper and row.state in ("new", self._rule.state) else self.surely(row)
            if goes is None or (inside := part.met(goes)) is None:
                continue
            if any(row.chain == above for above, _ in steps) or len(steps) >= MAX_DEPTH:
                self._looped = True
                continue
            sure = certain and not self.doubtful(row)
            if (found := self._arrive(inside, (*steps, (row.chain, row.step)), certain=sure)) is not None:
                return found
        return None

    def surely(self, row: Row) -> Part | None:
        """What a row surely matches of the connections that the rule is about."""
        return row.sure if row.state == self._rule.state else None

    def near(self, chain: str, part: Part, before: int) -> list[Row]:
        """The rows of a chain that may take something. A rule for connections that stand already takes no new one."""
        rows = self._lists.lists[chain].near(part, before)
        self.tick(0)
        return rows if self._rule.state == "established" else [row for row in rows if row.state == "new"]

    def takers(self, row: Row) -> Iterator[tuple[Part, Verb]]:
        """What a row takes, and what it does with that."""
        if self._only is not None and (row.chain, row.step) not in self._only:
            return
        sure = self.surely(row)
        leaves = row.verb in ("return", "goto")
        if sure is not None and (self._upper or leaves):
            yield sure, row.verb
        if not self._upper and not (leaves and sure == row.may):
            # What may go back, or may not, surely does neither.
            yield row.may, "either" if leaves else row.verb

    # -- what was met on the way

    def use(self, row: Row) -> None:
        self._used.setdefault((row.chain, row.step), row.origin)
        self._rows.add((row.chain, row.step))
        if not self._upper:
            self.doubt(row)

    def end(self, chain: str) -> None:
        """The end of a chain decides."""
        self._used.setdefault((chain, EVERY_STEP), self._lists.chains[chain].default_origin)

    def doubtful(self, row: Row) -> bool:
        return row.sure != row.may or row.state != self._rule.state

    def doubt(self, row: Row, why: str = "") -> None:
        """Notes why a row may or may not take what it takes."""
        if why or self.doubtful(row):
            other = "whether it is asked of connections that stand already is not known"
            why = why or (row.why if row.state == self._rule.state else other)
            self._doubts.setdefault((row.chain, row.step), f"{row.origin.file}:{row.origin.line}: {why}")

    def tick(self, looked: int) -> None:
        self._steps += 1 + looked // _LOOKED
        if self._steps > min(MOST, MOST_IN_ALL - self._lists.steps):
            raise _TooLong

    @property
    def lists(self) -> Lists:
        return self._lists

    @property
    def upper(self) -> bool:
        return self._upper

    def _enough(self) -> tuple[Origin, ...]:
        """The rules that take everything, without those that the others make needless."""
        used = dict(self._used)
        calls = frozenset(
            (row.chain, row.step)
            for one in self._lists.lists.values()
            for row in one.rows
            if row.target or row.verb == "return"
        )
        gone: set[Key] = set()
        try:
            for _ in range(_TRIES if len(used) <= _TRIMMED else 0):
                for step in [step for step in reversed(used) if step in self._rows]:
                    self._only = (frozenset(used) | calls) - gone - {step}
                    if len(used) > 1 and self._left(self._may) is None:
                        del used[step]
                        gone.add(step)
                # What a rule took before may now leave by another that came after it.
                self._used, self._only = {}, (frozenset(used) | calls) - gone
                self._left(self._may)
                if not (more := {step: origin for step, origin in self._used.items() if step not in used}):
                    break
                used |= more
        except _TooLong:
            pass  # what is named so far is enough, if not the fewest
        return tuple(used.values())


class _Way:
    """One way to the rule: what of its product comes so, and the rules that it passes."""

    def __init__(self, question: _Question, part: Part, steps: Sequence[Key], *, certain: bool) -> None:
        self._question, self._part, self._certain = question, part, certain
        self._chains = tuple(chain for chain, _ in steps)
        self._near: dict[str, list[Row]] = {}
        before = [row for chain, step in steps for row in question.near(chain, part, step)]
        self._called(before)
        cut = [
            (row, *taken) for rows in (before, *self._near.values()) for row in rows for taken in question.takers(row)
        ]
        self._axes = [
            _Axis(pairs, {taken.numbers[dim] for _, taken, _ in cut}) for dim, pairs in enumerate(part.numbers)
        ]
        self._before = self._as_takers(before)
        self._takers: dict[str, list[_Taker]] = {}
        self._piece: Box | None = None
        self._blind = False
        """A chain could not be followed."""
        self._all = before

    def open(self) -> bool:
        """Whether some packet comes through."""
        full = self._box(self._part)
        self._piece = self._survivor(full, sorted(self._before, key=lambda taker: -_size(full, taker.box)))
        return self._piece is not None

    @property
    def doubtful(self) -> bool:
        """Whether anything on it or beside it is not sure, so that what comes through may not surely do."""
        chains = self._question.lists.chains
        ends = any(chains[name].default is None for name in self._near)
        rows = (row for rows in (self._all, *self._near.values()) for row in rows)
        return not self._certain or self._blind or ends or any(self._question.doubtful(row) for row in rows)

    def standing(self) -> Standing:
        """That the packet which comes through is the rule's."""
        assert self._piece is not None
        names = self._question.lists.names
        return Standing(shadowed=False, witness=self._packet(self._piece), passing=names.passing(self._piece[SIDES:]))

    def _called(self, rows: Iterable[Row]) -> None:
        """Gathers the rows of the chains that these go on in."""
        waiting = list(dict.fromkeys(row.target for row in rows if row.target))
        while waiting:
            name = waiting.pop()
            if name not in self._near and name in self._question.lists.lists:
                found = self._near[name] = self._question.near(name, self._part, EVERY_STEP)
                waiting += dict.fromkeys(row.target for row in found if row.target)

    def _as_takers(self, rows: Iterable[Row]) -> list[_Taker]:
        found = (_Taker(self._box(part), verb, row) for row in rows for part, verb in self._question.takers(row))
        return [taker for taker in found if all(taker.box)]

    def _box(self, part: Part) -> Box:
        numbers = (axis.bits(pairs) for axis, pairs in zip(self._axes, part.numbers, strict=True))
        return (*numbers, *(a & b for a, b in zip(part.names, self._part.names, strict=True)))

    def _survivor(self, piece: Box, takers: list[_Taker]) -> Box | None:
        """A piece that none of the takers takes."""
        waiting = [(piece, takers)]
        while waiting:
            piece, takers = waiting.pop()
            self._question.tick(len(takers))
            takers = [taker for taker in takers if _meets(piece, taker.box)]
            if (free := _untouched(piece, takers)) is not None:
                return free
            first = next((taker for taker in takers if _within(piece, taker.box)), takers[0])
            rest = [taker for taker in takers if taker is not first]
            for dim, bits in enumerate(first.box):
                if outside := piece[dim] & ~bits:
                    waiting.append((_with(piece, dim, outside), rest))
                    piece = _with(piece, dim, piece[dim] & bits)
            if first.verb == "jump":
                waiting += [(back, rest) for back in self._returned(first.row, piece, self._chains)]
            else:
                self._question.use(first.row)
        return None

    def _returned(self, row: Row, piece: Box, open_: tuple[str, ...]) -> Iterator[Box]:
        """What of a piece comes back from the chain that a row goes on in."""
        name, question = row.target, self._question
        if name not in question.lists.chains or name in open_ or len(open_) >= MAX_DEPTH:
            # Nobody knows what becomes of it: it may come back, and it may not.
            self._blind = True
            if question.upper:
                yield piece
            question.doubt(row, f"chain '{name}' cannot be followed")
            return
        if name not in self._takers:
            self._takers[name] = self._as_takers(self._near[name])
        takers, end = self._takers[name], question.lists.chains[name].default
        waiting = [(0, piece)]
        while waiting:
            at, piece = waiting.pop()
            here = at
            while at < len(takers) and not _meets(piece, takers[at].box):
                at += 1
            question.tick(at - here)
            if at == len(takers):
                if end == "return" or (end is None and question.upper):
                    yield piece
                elif end is not None:
                    question.end(name)
                continue
            taker = takers[at]
            for dim, bits in enumerate(taker.box):
                if outside := piece[dim] & ~bits:
                    waiting.append((at + 1, _with(piece, dim, outside)))
                    piece = _with(piece, dim, piece[dim] & bits)
            match taker.verb:
                case "return":
                    yield piece
                case "jump":
                    waiting += [(at + 1, back) for back in self._returned(taker.row, piece, (*open_, name))]
                case "goto":
                    yield from self._returned(taker.row, piece, (*open_, name))
                case _:
                    question.use(taker.row)

    def _packet(self, piece: Box) -> Witness:
        family, axes = self._question.lists.family, self._axes
        usual = next((number for number in _USUAL[family] if axes[PROTO].holds(piece[PROTO], number)), 0)
        proto = axes[PROTO].one(piece[PROTO], usual)
        return Witness(
            src=intervals.text(axes[SRC].one(piece[SRC]), family), dst=intervals.text(axes[DST].one(piece[DST]), family),
            proto=_SPOKEN.get(proto, str(proto)), sport=axes[SPORT].one(piece[SPORT], 49152), dport=axes[DPORT].one(piece[DPORT], 0),
        )  # fmt: skip


class _Axis:
    """One set of numbers, cut wherever some other set begins or ends; sets inside it as bits."""

    def __init__(self, whole: Intervals, others: Iterable[Intervals]) -> None:
        edges = {edge for pairs in others for lo, hi in pairs for edge in (lo, hi + 1)}
        cuts = {lo for lo, _ in whole} | {edge for edge in edges if intervals.contains(whole, edge)}
        self._starts = sorted(cuts)
        stops = sorted(cuts | {hi + 1 for _, hi in whole})
        self._lasts = [stops[bisect_right(stops, start)] - 1 for start in self._starts]
        self._known: dict[Intervals, Bits] = {}

    def bits(self, pairs: Intervals) -> Bits:
        """A set whose edges were among the others'."""
        if pairs not in self._known:
            found = 0
            for lo, hi in pairs:
                first, after = bisect_left(self._starts, lo), bisect_right(self._starts, hi)
                if after > first:
                    found |= ((1 << (after - first)) - 1) << first
            self._known[pairs] = found
        return self._known[pairs]

    def holds(self, bits: Bits, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number <= self._lasts[at] and bool(bits >> at & 1)

    def one(self, bits: Bits, usual: int | None = None) -> int:
        """A number to show: the usual one where it may be, of addresses the second of a stretch."""
        if usual is not None and self.holds(bits, usual):
            return usual
        at = (bits & -bits).bit_length() - 1
        lo, hi = self._starts[at], self._lasts[at]
        return lo + 1 if usual is None and hi - lo >= 3 else lo


def _meets(a: Box, b: Box) -> bool:
    for x, y in zip(a, b, strict=True):  # noqa: SIM110 (twice as fast as all() here, where most of the time goes)
        if not x & y:
            return False
    return True


def _within(a: Box, b: Box) -> bool:
    for x, y in zip(a, b, strict=True):  # noqa: SIM110
        if x & ~y:
            return False
    return True


def _with(box: Box, dim: int, bits: Bits) -> Box:
    return (*box[:dim], bits, *box[dim + 1 :])


def _size(piece: Box, box: Box) -> float:
    """How much of a piece a box takes."""
    share = 1.0
    for x, y in zip(piece, box, strict=True):
        share *= (x & y).bit_count() / x.bit_count()
    return share


def _untouched(piece: Box, takers: Sequence[_Taker]) -> Box | None:
    """A part of a piece that is outside every taker on one side alone: the quick way to most packets."""
    if not takers:
        return piece
    for dim, bits in enumerate(piece):
        left = bits
        for taker in takers:
            left &= ~taker.box[dim]
            if not left:
                break
        if left:
            return _with(piece, dim, left)
    return None
