"""The chains of a netfilter nat table as one ordered list of translations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from secscan.exposure.formats.netmatch import Match, Part, Unread
from secscan.model.errors import InputError
from secscan.model.net import AddressSet, Intervals, Origin, Translation

MOST: Final = 20_000
"""Translations that the chains of one table may unfold to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Becomes:
    """What a packet's address and port become; ``none``: it is left as it is, and no later rule is asked."""

    to: AddressSet = AddressSet()
    ports: Intervals | None = None
    none: bool = False
    own: bool = False
    """It becomes the device itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule of a nat chain. ``does``: return, jump, goto or translate; None: nothing that matters here."""

    match: Match
    does: Literal["return", "jump", "goto", "translate"] | None
    target: str = ""
    becomes: Callable[[], Becomes] | None = None
    """Raises Unread."""
    word: str = ""
    origin: Origin


class Unfolding:
    """A jump's rules with the jump's own match added to theirs; what a ``return`` may have skipped is not certain."""

    def __init__(
        self, chains: Mapping[str, Sequence[Step | Origin]], kind: Literal["dst", "src"], every: Match,
        refuse: Callable[[str, int], InputError],
    ) -> None:  # fmt: skip
        self._chains, self._kind, self._every, self._refuse = chains, kind, every, refuse
        self._count = 0

    def of(self, chain: str) -> Iterator[Translation]:
        """Every translation that a packet may meet from ``chain`` on, in order."""
        yield from self._walk(chain, self._every, None, (chain,))

    def _walk(self, chain: str, outer: Match, doubt: str | None, above: tuple[str, ...]) -> Iterator[Translation]:
        left: list[tuple[Match, Origin]] = []
        for step in self._chains.get(chain, ()):
            if isinstance(step, Origin):
                yield self._open(step)
                continue
            match = outer.narrowed(step.match)
            if match is None or match.state == "established":
                continue
            unsure = doubt or match.unknown or _skipped(match, left)
            match step.does:
                case "return":
                    left.append((match, step.origin))
                case "jump" | "goto" if step.target in above:
                    yield self._open(replace(step.origin, text=f"chain {step.target} calls itself: {step.origin.text}"))
                case "jump" | "goto":
                    yield from self._walk(step.target, match, unsure, (*above, step.target))
                    if step.does == "goto":
                        left.append((match, step.origin))
                case "translate":
                    yield from self._done(step, match, unsure)

    def _done(self, step: Step, match: Match, unsure: str | None) -> Iterator[Translation]:
        try:
            becomes = step.becomes() if step.becomes else Becomes(none=True)
        except Unread as error:
            yield self._open(replace(step.origin, text=f"{error}: {step.origin.text}"))
            return
        for part in match.parts:
            self._count += 1
            if self._count > MOST:
                raise self._refuse("its nat chains unfold without end", step.origin.line)
            yield self._translation(step.origin, f"{step.word} line {step.origin.line}", part, match, becomes, unsure)

    def _translation(
        self, origin: Origin, name: str, part: Part, match: Match, becomes: Becomes, unknown: str | None
    ) -> Translation:
        return Translation(
            name=name, kind=self._kind, src=part.src, dst=part.dst, services=part.services, dst_own=part.dst_own, in_interfaces=match.into,
            out_interfaces=match.out, not_in_interfaces=match.not_into, not_out_interfaces=match.not_out, to=becomes.to,
            to_own=becomes.own, to_ports=becomes.ports, none=becomes.none, unknown=unknown, origin=origin,
        )  # fmt: skip

    def _open(self, origin: Origin) -> Translation:
        becomes = Becomes(to=AddressSet(unknown="not understood"))
        why = f"line not understood: {origin.text}"
        return self._translation(origin, f"line {origin.line}", self._every.parts[0], self._every, becomes, why)


def _skipped(match: Match, left: Sequence[tuple[Match, Origin]]) -> str | None:
    found = next((origin for other, origin in left if match.overlaps(other)), None)
    return None if found is None else f"line {found.line} may have left the chain before it"
