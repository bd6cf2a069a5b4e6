"""Names of the catalogue that look like an unrecognised one: for a person to judge, never a decision.

A product is near where every word of the name is, but for a slip of the pen, a word that the product's names use, and
all words of one of those names are there; or where the two are alike once written without gaps ("Share Point"). Numbers
do not slip: they are those of the product's name, and perhaps of one of its release lines, or the product is not near.
"Server 2012 R2" and "SQL Server 2012" are more alike than many a true pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from secscan.knowledge.catalogue import Catalogue, Product
from secscan.knowledge.names import MAX_LENGTH, normalise

_ALIKE: Final = 85.0
"""How much of two names must agree (of 100), written without gaps."""
_SLIP: Final = 75.0
"""The same of two words, where one may be a slip for the other."""
_SHORTEST: Final = 4
"""Shorter words do not slip: "lst" is too near to too much."""
_MOST: Final = 3
_PART = re.compile(r"[a-z]+|\d+", re.ASCII)
_SYNTAX = re.compile(r"\?P<\w+>|\\.|\{[\d,]*\}", re.ASCII)
"""What of a pattern is no part of a name."""

Numbers = frozenset[str]


def suggestions(catalogue: Catalogue, name: str | None) -> tuple[str, ...]:
    """Up to three products as ``label (id)``, with the release line where the name says one; the likest first."""
    if not name or len(name) > MAX_LENGTH:
        return ()
    # What only looks like a letter is left out here: it is one slip more.
    read = normalise("".join(c for c in name if " " <= c <= "~"))
    words, numbers = _parts(read.bare or read.clean)
    if not words:
        return ()
    found: dict[str, float] = {}
    for spelling, likeness in _book(catalogue).like(words):
        product = spelling.product
        line = _line(product, spelling.numbers, numbers)
        if line is not None:
            text = f"{product.label} {line}".rstrip() + f" ({product.id})"
            found[text] = max(likeness, found.get(text, 0.0))
    return tuple(sorted(found, key=lambda text: (-found[text], text)))[:_MOST]


def _line(product: Product, spelt: Numbers, numbers: Numbers) -> str | None:
    """The release line that the numbers of a name mean; empty where they mean none, None where nothing has them."""
    if numbers == spelt:
        return ""
    lines = [name for name in product.by_name if spelt | _parts(name)[1] == numbers]
    if not lines:
        return None
    return " ".join(
        w.upper() if any(map(str.isdigit, w)) else w for w in min(lines, key=lambda name: (len(name), name)).split()
    )


@dataclass(frozen=True, slots=True)
class _Spelling:
    """One name of a product."""

    joined: str
    words: frozenset[str]
    numbers: Numbers
    product: Product


@dataclass(frozen=True, slots=True)
class _Book:
    """Every name of the catalogue, and every word that its names, patterns and release lines use."""

    spellings: dict[str, tuple[_Spelling, ...]]
    """By how they are written without gaps and numbers."""
    products: dict[str, frozenset[str]]
    """Word -> ids of the products whose names use it."""
    of: dict[str, tuple[_Spelling, ...]]
    """The same spellings by their product's id."""
    meant: dict[str, frozenset[str]] = field(default_factory=dict)
    """Word -> the known words that it may mean, as far as it was asked."""

    def like(self, said: tuple[str, ...]) -> Iterator[tuple[_Spelling, float]]:
        """The names that are like these words, with how much (0 to 100)."""
        from rapidfuzz import fuzz, process

        joined = "".join(said)
        for choice, likeness, _ in process.extract(
            joined, self.spellings.keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=None
        ):
            yield from ((spelling, likeness) for spelling in self.spellings[choice])
        meant = [self._meant(word) for word in said]
        known = frozenset().union(*meant)
        for product in frozenset.intersection(*(self._using(words) for words in meant)):
            for spelling in self.of[product]:
                if spelling.words <= known:
                    yield spelling, fuzz.ratio(joined, spelling.joined)

    def _using(self, words: frozenset[str]) -> frozenset[str]:
        return frozenset().union(*(self.products[word] for word in words))

    def _meant(self, word: str) -> frozenset[str]:
        """The known words that one may mean: itself, what it begins, what it may be a slip for."""
        if word not in self.meant:
            from rapidfuzz import fuzz, process

            found = {word} & self.products.keys()
            if len(word) >= _SHORTEST:
                like = process.extract(word, self.products.keys(), scorer=fuzz.ratio, score_cutoff=_SLIP, limit=None)
                found |= {known for known, _, _ in like}
            if len(word) >= _SHORTEST - 1:
                found |= {known for known in self.products if known.startswith(word)}
            self.meant[word] = frozenset(found)
        return self.meant[word]


@lru_cache(maxsize=2)
def _book(catalogue: Catalogue) -> _Book:
    spellings: dict[str, list[_Spelling]] = {}
    products: dict[str, set[str]] = {}
    of: dict[str, tuple[_Spelling, ...]] = {}
    for product in catalogue.products.values():
        of[product.id] = tuple(_spellings(product))
        for spelling in of[product.id]:
            spellings.setdefault(spelling.joined, []).append(spelling)
        patterns = [_SYNTAX.sub(" ", pattern.text) for pattern in product.patterns]
        words = [spelling.words for spelling in of[product.id]]
        words += [frozenset(_parts(text)[0]) for text in (*patterns, *product.by_name)]
        for word in frozenset().union(*words):
            products.setdefault(word, set()).add(product.id)
    return _Book(
        {joined: tuple(found) for joined, found in spellings.items()},
        {word: frozenset(ids) for word, ids in products.items()},
        of,
    )


def _spellings(product: Product) -> Iterator[_Spelling]:
    label = product.label.lower()
    maker = product.vendor.lower().split()[:1]
    longer = {a for a in product.aliases if a.rpartition(" ")[0] in product.aliases}  # one word more is no more like
    for text in dict.fromkeys(
        (*(a for a in product.aliases if a not in longer), label, " ".join(w for w in label.split() if w not in maker))
    ):
        words, numbers = _parts(text)
        if words:
            yield _Spelling("".join(words), frozenset(words), numbers, product)


def _parts(text: str) -> tuple[tuple[str, ...], Numbers]:
    """The words of a normalised text in order, and its numbers."""
    parts = _PART.findall(text)
    return tuple(part for part in parts if part.isalpha()), frozenset(part for part in parts if part.isdigit())
