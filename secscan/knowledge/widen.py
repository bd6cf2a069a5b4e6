"""The catalogue with what a feed adds to it: products and release lines that it lacks, and days that are newer.

Of a line that both know, the newer statement is used: the catalogue's where it was checked on the document's own day or
later, and always where the council wrote it. Where they differ, the other is kept beside it (``Catalogue.disputes``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from secscan.knowledge.catalogue import Catalogue, Cycle, Product, Told
from secscan.model.places import Place
from secscan.model.posture import DateDispute

_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_FIRST: Final = re.compile(r"\D{0,12}?(\d+(?:\.\d+)*)", re.ASCII)
_SHIPPED: Final = "secscan/"


def widen(catalogue: Catalogue, feed: str, facts: Any, *, trusted: bool) -> Catalogue:
    """The catalogue with the facts of feed ``feed`` (the form is in ``feeds.endoflife``).

    Not ``trusted``, as they are too old: what they say of support is unknown, be it new or in the place of what the
    catalogue said before.
    """
    products = dict(catalogue.products)
    told: dict[str, Told] = {}
    disputes: list[DateDispute] = []
    for said in facts["products"]:
        place = Place(said["file"], said["line"])
        lines = [release(feed, said, line, trusted=trusted) for line in said["lines"]]
        known = products.get(catalogue.canonical(said["id"]) or "")
        if known is not None:
            products[known.id] = _merged(known, lines, disputes)
        elif said["names"]:
            new = _product(feed, said, place, lines)
            products[new.id] = new
            for name, kinds, publisher in said["names"]:
                told[name] = Told(product=new, kinds=frozenset(kinds), publisher=publisher)
    return replace(catalogue, products=products, told=told, disputes=tuple(disputes))


def release(feed: str, said: Mapping[str, Any], line: Sequence[Any], *, trusted: bool = True) -> Cycle:
    """One release line of a product as the facts have it."""
    id, label, support, eol, extended, at = line
    number = _FIRST.match(id)
    return Cycle(
        id=id, label=label, support=support if trusted else None, eol_on=_day(eol) if trusted else None,
        extended_on=_day(extended) if trusted else None, names=(id.lower(),),
        # "7.9-ce" is a line of 7.9 as "7.9" is: what is only the number may be either.
        versions=(_parts(number[1]),) if number else (), at_least=None, below=None, editions=(),
        source=said["link"], checked_on=date.fromisoformat(said["on"]), place=Place(said["file"], at), feed=feed,
    )  # fmt: skip


def _product(feed: str, said: Mapping[str, Any], place: Place, lines: Sequence[Cycle]) -> Product:
    return Product(
        id=said["id"], label=said["label"], vendor="", category=said["category"], scheme="dotted", source=said["link"],
        checked_on=date.fromisoformat(said["on"]), evidence=feed, place=place, extension=said["extension"],
        # A line that no number leads to would stand for every version there is.
        cycles={line.id: line for line in lines if line.versions}, feed=feed,
    )  # fmt: skip


def _merged(product: Product, lines: Sequence[Cycle], disputes: list[DateDispute]) -> Product:
    cycles = dict(product.cycles)
    for line in lines:
        own = cycles.get(line.id)
        if own is None:
            continue
        newer = line.checked_on > own.checked_on and product.place.file.startswith(_SHIPPED)
        if _differ(own, line):
            disputes.append(_dispute(product, own, line, "feed" if newer else "catalogue"))
        if newer:
            cycles[line.id] = replace(
                own, support=line.support, eol_on=line.eol_on, extended_on=line.extended_on, source=line.source,
                checked_on=line.checked_on, place=line.place, feed=line.feed,
            )  # fmt: skip
    cycles |= {line.id: line for line in _lacking(product, lines)}
    extension = product.extension or ("extended support" if any(c.extended_on for c in cycles.values()) else None)
    return replace(product, cycles=cycles, extension=extension)


def _lacking(product: Product, lines: Sequence[Cycle]) -> Iterator[Cycle]:
    """Lines that the product has not, told by numbers that no line of its own begins with, nor begins.

    Where the product tells lines more finely, or by other numbers, a line beside them would say more than it knows.
    """
    if product.reads != "dotted" or not product.by_numbers:
        return
    for line in lines:
        if line.id in product.cycles or not _NUMBERS.fullmatch(line.id):
            continue
        (start,) = line.versions
        if not any(start[: len(own)] == own[: len(start)] for own in product.by_numbers):
            yield line


def _differ(own: Cycle, line: Cycle) -> bool:
    """Whether both say something, and not the same."""
    if own.support is None or line.support is None:
        return False
    return (own.support, own.eol_on, own.extended_on) != (line.support, line.eol_on, line.extended_on)


def _dispute(product: Product, own: Cycle, line: Cycle, used: Any) -> DateDispute:
    return DateDispute(
        product=product.id, label=product.label, cycle=own.id, catalogue=in_words(own), catalogue_on=own.checked_on,
        feed=in_words(line), feed_on=line.checked_on, used=used, places=[own.place, line.place],
    )  # fmt: skip


def in_words(cycle: Cycle) -> str:
    """What is said of a line's support: ``ends 2026-10-31, extension to 2027-10-31``."""
    match cycle.support:
        case "dated":
            more = f", extension to {cycle.extended_on}" if cycle.extended_on else ""
            return f"ends {cycle.eol_on}{more}"
        case "open-ended":
            return "supported, no end announced"
        case "ended-undated":
            return "ended, day not given"
    return "not known"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
