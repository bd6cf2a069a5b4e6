"""From a product, a name and a version to the release lines it may be, and what they say together about support."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from secscan.knowledge.catalogue import Cycle, Product, Support
from secscan.model.words import SupportWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What candidates say together on a day."""

    word: SupportWord
    support: Support | None
    eol_on: date | None
    extended_on: date | None
    decided_by: Cycle | None
    """The line that the dates are from: the only one, or the one that ends first."""


def candidates(
    product: Product, *, line: str | None, release: str | None, numbers: tuple[int, ...] | None, edition: str | None
) -> tuple[Cycle, ...]:
    """The release lines that fit; one where it can be told, several where it cannot, none where none is known.

    Where the name and the version say different lines, the product says which to believe; where it does not, both
    stay candidates.
    """
    named = None if line is None else _named(product, line, release)
    numbered = None if numbers is None or not (product.by_numbers or product.spans) else _by_numbers(product, numbers)
    if named is None and numbered is None:
        found: Sequence[Cycle] = product.current
    elif named is None or numbered is None:
        found = named if named is not None else numbered or ()
    else:
        found = _agreed(product, named, numbered)
    return _of_edition(found, edition)


def judge(cycles: Iterable[Cycle], today: date) -> Verdict:
    """One support word where all candidates give the same, else unknown. Of several days the earliest counts."""
    lines = tuple(cycles)
    words = {cycle.word(today) for cycle in lines}
    if len(words) != 1 or words == {"unknown"}:
        only = lines[0] if len(lines) == 1 else None
        return Verdict(word="unknown", support=None, eol_on=None, extended_on=None, decided_by=only)
    dated = [cycle for cycle in lines if cycle.eol_on is not None]
    first = min(dated, key=lambda cycle: (cycle.eol_on or date.max, cycle.id)) if dated else lines[0]
    extended = [cycle.extended_on for cycle in lines if cycle.extended_on is not None]
    return Verdict(
        word=words.pop(), support=first.support, eol_on=first.eol_on,
        extended_on=min(extended) if len(extended) == len(lines) else None, decided_by=first,
    )  # fmt: skip


def _named(product: Product, line: str, release: str | None) -> Sequence[Cycle]:
    first, _, last = (release or "").partition(" - ")
    found = product.by_name.get(f"{line} {first}" if first else line, ())
    if not last:
        return found
    # A scanner's guess at a span: all lines from the one to the other.
    ends = [v for c in (*found, *product.by_name.get(f"{line} {last}", ())) for v in c.versions]
    return (
        [c for c in product.by_name.get(line, ()) if any(min(ends) <= v <= max(ends) for v in c.versions)]
        if ends
        else ()
    )


def _by_numbers(product: Product, numbers: tuple[int, ...]) -> tuple[Cycle, ...]:
    table = product.by_numbers
    for length in range(min(product.longest, len(numbers)), 0, -1):
        if (found := table.get(numbers[:length])) and (reached := _reached(found, numbers)):
            return reached
    # Too short to tell: every line that it could be the beginning of.
    beginnings = {c.id: c for start, of in table.items() if start[: len(numbers)] == numbers for c in of}
    if beginnings:
        return tuple(beginnings.values())
    from_here = _reached(tuple(c for c in product.spans if c.below is None), numbers)
    return from_here or tuple(c for c in product.spans if c.below is not None and numbers < c.below)


def _reached(found: tuple[Cycle, ...], numbers: tuple[int, ...]) -> tuple[Cycle, ...]:
    """Of lines that start with the same numbers, those whose own lowest version is the highest one reached."""
    stepped = [c for c in found if c.at_least is not None]
    if not stepped:
        return found
    reached = [c for c in stepped if c.at_least is not None and c.at_least <= numbers]
    if not reached:
        return tuple(c for c in found if c.at_least is None)
    highest = max(c.at_least or () for c in reached)
    return tuple(c for c in reached if c.at_least == highest)


def _agreed(product: Product, named: Sequence[Cycle], numbered: Sequence[Cycle]) -> Sequence[Cycle]:
    ids = {cycle.id for cycle in numbered}
    if both := [cycle for cycle in named if cycle.id in ids]:
        return both
    if product.prefers == "version" and numbered:
        return numbered
    if not named or not numbered or product.prefers == "name":
        return named  # a name whose line we do not know leaves it unknown, whatever the version resembles
    return [*named, *numbered]


def _of_edition(found: Sequence[Cycle], edition: str | None) -> tuple[Cycle, ...]:
    if edition is None:
        return tuple(found)
    fitting = tuple(c for c in found if not c.editions or edition in c.editions)
    return fitting or tuple(found)
