"""Names of the catalogue that look like an unrecognised one: for a person to judge, never a decision."""

from __future__ import annotations

import re
from typing import Final

from secscan.knowledge.catalogue import Catalogue
from secscan.knowledge.names import normalise

_LEAST: Final = 80.0
_MOST: Final = 3
_NUMBER = re.compile(r"\d+", re.ASCII)


def suggestions(catalogue: Catalogue, name: str | None) -> tuple[str, ...]:
    """Up to three products as ``label (id)``, the likest first.

    A likeness between names whose numbers differ is none: "Server 2012 R2" and "SQL Server 2012" score higher than
    true matches do.
    """
    from rapidfuzz import fuzz, process

    read = normalise(name)
    text = read.bare or read.clean
    if not text:
        return ()
    numbers = set(_NUMBER.findall(text))
    choices = {
        alias: product for alias, (product, _) in catalogue.by_alias.items() if set(_NUMBER.findall(alias)) == numbers
    } | {p.label.lower(): p for p in catalogue.products.values() if set(_NUMBER.findall(p.label)) == numbers}
    found: dict[str, None] = {}
    for choice, _, _ in process.extract(text, choices.keys(), scorer=fuzz.WRatio, score_cutoff=_LEAST, limit=12):
        product = choices[choice]
        found.setdefault(f"{product.label} ({product.id})")
    return tuple(found)[:_MOST]
