"""The chains of a netfilter nat table as one ordered list of translations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.netmatch import Match, Part, Unread
from secscan.exposure.intervals import FAMILIES
from secscan.model.errors import InputError
from secscan.model.net import AddressSet, Intervals, Origin, Translation

MOST: Final = 20_000
"""Translations that the chains of one table may unfold to."""
PIECES: Final = 64
"""Pieces of a match that are followed by themselves, where rules before it took some of its packets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Becomes:
    """What a packet's address and port become; ``none``: it is left as it is, and no later rule is asked."""

    to: AddressSet = AddressSet()
    ports: Intervals | None = None
    none: bool = False
    own: bool = False
    """It becomes the device itself."""
    same: bool = False
    """The address stays."""
    keeps: bool = False
    """The n-th address becomes the n-th; else the kernel picks any of several, as it does with ports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule of a nat chain. ``does``: None: nothing that matters here; leave: it ends this chain and all that called it."""

    match: Match
    does: Literal["return", "jump", "goto", "translate", "leave"] | None
    target: str = ""
    becomes: Callable[[], Becomes] | None = None
    """Raises Unread."""
    word: str = ""
    origin: Origin


class Unfolding:
    """A jump's rules with the jump's own match added to theirs, without what left their chain before them."""

    def __init__(
        self, chains: Mapping[str, Sequence[Step | Origin]], kind: Literal["dst", "src"], every: Match,
        refuse: Callable[[str, int], InputError],
    ) -> None:  # fmt: skip
        self._chains, self._kind, self._every, self._refuse = chains, kind, every, refuse
        self._count = 0
        self._gone: list[tuple[Match, Origin]] = []

    def of(self, chain: str) -> Iterator[Translation]:
        """Every translation that a packet may meet from ``chain`` on, in order."""
        yield from self._walk(chain, self._every, None, (chain,))

    def _walk(self, chain: str, outer: Match, doubt: str | None, above: tuple[str, ...]) -> Iterator[Translation]:
        left: list[tuple[Match, Origin]] = []
        for step in self._chains.get(chain, ()):
            if isinstance(step, Origin):
                yield self._open(step)
                continue
            whole = outer.narrowed(step.match)
            if whole is None or whole.state == "established":
                continue
            match step.does:
                case "leave":
                    self._gone.append((whole, step.origin))
                case "return" if len(above) > 1:
                    left.append((whole, step.origin))
                case "jump" | "goto" if step.target in above:
                    yield self._open(replace(step.origin, text=f"chain {step.target} calls itself: {step.origin.text}"))
                case None:
                    pass
                case _:
                    for match, unsure in _staying(whole, [*self._gone, *left]):
                        yield from self._act(step, match, doubt or match.unknown or unsure, above)
                    if step.does == "goto" and len(above) > 1:
                        left.append((whole, step.origin))

    def _act(self, step: Step, match: Match, unsure: str | None, above: tuple[str, ...]) -> Iterator[Translation]:
        if step.does in ("jump", "goto"):
            yield from self._walk(step.target, match, unsure, (*above, step.target))
        if step.does == "translate":
            yield from self._done(step, match, unsure)
        elif step.does in ("return", "goto"):  # of a chain that is bound: it ends here, and nothing is translated
            yield from self._done(replace(step, becomes=None), match, unsure) if len(above) == 1 else ()

    def _done(self, step: Step, match: Match, unsure: str | None) -> Iterator[Translation]:
        try:
            becomes = step.becomes() if step.becomes else Becomes(none=True)
        except Unread as error:
            yield self._open(replace(step.origin, text=f"{error}: {step.origin.text}"))
            return
        name = f"{step.word} {_number(step.origin)}"
        for part in match.parts:
            for piece in _pieces(part, becomes):
                self._count += 1
                if self._count > MOST:
                    raise self._refuse("its nat chains unfold without end", step.origin.line)
                yield self._translation(step.origin, name, piece, match, becomes, unsure)

    def _translation(
        self, origin: Origin, name: str, part: Part, match: Match, becomes: Becomes, unknown: str | None
    ) -> Translation:
        return Translation(
            name=name, kind=self._kind, src=part.src, dst=part.dst, services=part.services, dst_own=part.dst_own, in_interfaces=match.into,
            out_interfaces=match.out, not_in_interfaces=match.not_into, not_out_interfaces=match.not_out,
            to=part.dst if becomes.same else becomes.to,
            to_own=becomes.own, to_ports=becomes.ports, none=becomes.none, unknown=unknown, origin=origin,
        )  # fmt: skip

    def _open(self, origin: Origin) -> Translation:
        becomes = Becomes(to=AddressSet(unknown="not understood"))
        why = f"line not understood: {origin.text}"
        return self._translation(origin, _number(origin), self._every.parts[0], self._every, becomes, why)


def _number(origin: Origin) -> str:
    return origin.vendor_id or f"line {origin.line}"


def _staying(match: Match, left: Sequence[tuple[Match, Origin]]) -> Iterator[tuple[Match, str | None]]:
    """What of a match has not left the chain before, each with why that is not sure, where it is not."""
    staying, doubt = [match], None
    for other, origin in left:
        if not any(one.overlaps(other) for one in staying):
            continue
        rest = [one.without(other) for one in staying]
        pieces = [piece for some in rest for piece in some or ()]
        if any(some is None for some in rest) or len(pieces) > PIECES:
            doubt = doubt or f"{_number(origin)} may have left the chain before it"
        else:
            staying = pieces
    yield from ((one, doubt) for one in staying)


def _pieces(part: Part, becomes: Becomes) -> Iterator[Part]:
    """A part in pieces none of which is as long as what it becomes: of ranges of one length the n-th becomes the n-th."""
    found = [part]
    if not becomes.keeps and not becomes.same:
        for family in FAMILIES:
            dst, to = intervals.of(part.dst, family), intervals.of(becomes.to, family)
            if intervals.size(to) == intervals.size(dst) > 1:
                halves = _halves(dst)
                sets = [AddressSet(v4=one) if family == 4 else AddressSet(v6=one) for one in halves]
                found = [replace(part, dst=one) for one in sets]
    for one in found:
        yield from _by_ports(one, becomes.ports)


def _by_ports(part: Part, ports: Intervals | None) -> Iterator[Part]:
    """The same for ports: what is not in the range already becomes any of it."""
    lengths = {intervals.size(service.dport) for service in part.services}
    if ports is None or intervals.size(ports) == 1 or intervals.size(ports) not in lengths:
        yield part
        return
    for service in part.services:
        halves = _halves(service.dport) if intervals.size(service.dport) == intervals.size(ports) else [service.dport]
        for half in halves:
            yield replace(part, services=(replace(service, dport=half),))


def _halves(whole: Intervals) -> list[Intervals]:
    first = whole[0]
    one: Intervals = ((first[0], first[0]),)
    return [one, intervals.subtract(whole, one)]
