"""What the world says about products, as loaded: support dates by cycle, and how names and versions lead there.

Nothing here knows what day it is. Every entry carries the line that says so, because an explanation ends there.
The classes below that are not slotted work things out on first use (``cached_property``): a run compiles the few
patterns that its names call for, not the hundreds that are shipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

from secscan.knowledge.patterns import compiled
from secscan.model.places import Place
from secscan.model.posture import DateDispute
from secscan.model.words import SupportWord

Support = Literal["dated", "open-ended", "ended-undated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One release line of a product and what its vendor says about support."""

    id: str
    label: str
    support: Support | None
    """None: the vendor says nothing that we know."""
    eol_on: date | None
    """The last day of security support for everybody."""
    extended_on: date | None
    """The last day of an extension that the vendor offers."""
    names: tuple[str, ...]
    """How a name spells the line: what a pattern's ``line`` group, and the release, must read."""
    versions: tuple[tuple[int, ...], ...]
    """Version numbers that the line's versions start with."""
    at_least: tuple[int, ...] | None
    """The line's lowest version. With ``versions``: which of several lines that start alike. Without: it stands for
    everything from here on that no other line has."""
    below: tuple[int, ...] | None
    """It stands for everything older than this that no other line has."""
    editions: tuple[str, ...]
    """The editions it is for; empty: all."""
    source: str
    checked_on: date
    place: Place
    feed: str | None = None
    """The feed that its dates are from; None: the catalogue."""

    def word(self, today: date) -> SupportWord:
        """The support word on a day (docs/tables.md, "Support"). A date counts through its day."""
        if self.support == "open-ended" or (self.eol_on is not None and today <= self.eol_on):
            return "supported"
        if self.support is None:
            return "unknown"
        if self.extended_on is not None and today <= self.extended_on:
            return "ended-extension-available"
        return "ended"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A regular expression over a whole name.

    Groups: ``line`` (which release line), ``version`` (believed over the version field), ``said`` (used without one).
    """

    text: str
    place: Place
    kinds: frozenset[str] | None = None
    """Only for names of these kinds; None: the product's."""
    cycle: str | None = None
    """The cycle it says by itself."""
    publisher: str | None = None
    """Only where the publisher is given and holds this word."""
    version: str | None = None
    """Only where the version is given and matches this."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return compiled(self.text)

    @cached_property
    def version_regex(self) -> re.Pattern[str] | None:
        return None if self.version is None else compiled(self.version)


@dataclass(frozen=True, kw_only=True)
class Product:
    """One product: what it is called, how its versions read, and its cycles."""

    id: str
    label: str
    vendor: str
    category: str
    scheme: str | None
    source: str
    checked_on: date
    evidence: str
    place: Place
    also: tuple[str, ...] = ()
    """Other ids that people write for it in policies and entitlements."""
    words: frozenset[str] = frozenset()
    """A name must hold one of these before the patterns are tried."""
    aliases: Mapping[str, Place] = field(default_factory=dict)
    packages: tuple[Pattern, ...] = ()
    """Package names of the vendor's own repositories (kinds dpkg and rpm)."""
    patterns: tuple[Pattern, ...] = ()
    excluded: tuple[Pattern, ...] = ()
    """Namesakes: a name that matches one is not this product."""
    kinds: frozenset[str] | None = None
    """Kinds of name it may have; None: all but packages and operating systems."""
    publishers: tuple[str, ...] = ()
    """Where a publisher is given, it must hold one of these words."""
    reads: str = "dotted"
    prefers: Literal["name", "version"] | None = None
    """Which to believe where name and version say different lines; None: neither."""
    release: str | None = None
    """Finds the release within a line, in the name or the version (``22h2``, ``service pack 1``)."""
    editions: tuple[tuple[str, str], ...] = ()
    """(edition, expression), the first found decides."""
    extension: str | None = None
    """What the vendor calls the extension that ``extended_on`` is about."""
    extension_free: bool = False
    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    feed: str | None = None
    """The feed that alone knows it; None: the catalogue's own files do."""

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Cycle, ...]]:
        """Line as names spell it -> its cycles."""
        found: dict[str, list[Cycle]] = {}
        for cycle in self.cycles.values():
            for name in cycle.names:
                found.setdefault(name, []).append(cycle)
        return {name: tuple(cycles) for name, cycles in found.items()}

    @cached_property
    def by_numbers(self) -> Mapping[tuple[int, ...], tuple[Cycle, ...]]:
        """Leading version numbers -> the cycles that start so."""
        found: dict[tuple[int, ...], list[Cycle]] = {}
        for cycle in self.cycles.values():
            for start in cycle.versions:
                found.setdefault(start, []).append(cycle)
        return {start: tuple(cycles) for start, cycles in found.items()}

    @cached_property
    def longest(self) -> int:
        return max((len(start) for start in self.by_numbers), default=0)

    @cached_property
    def spans(self) -> tuple[Cycle, ...]:
        """Lines that stand for everything before or from a version on."""
        return tuple(
            c for c in self.cycles.values() if c.below is not None or (c.at_least is not None and not c.versions)
        )

    @cached_property
    def current(self) -> tuple[Cycle, ...]:
        """The lines that a name without any version may mean: all but the one for whatever is older."""
        return tuple(c for c in self.cycles.values() if c.below is None)

    @cached_property
    def release_regex(self) -> re.Pattern[str] | None:
        return None if self.release is None else compiled(self.release)

    @cached_property
    def edition_regexes(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((edition, compiled(text)) for edition, text in self.editions)


@dataclass(frozen=True, kw_only=True)
class Helper:
    """Things without a support life of their own: drivers, redistributables, language packs, parts of products."""

    id: str
    label: str
    words: frozenset[str]
    patterns: tuple[Pattern, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A whole name of a product that only a feed knows. It counts where no rule of the catalogue claims the name."""

    product: Product
    kinds: frozenset[str]
    publisher: str | None
    """The word that a publisher must then be given with; None: any, or none."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """That a council says which product an exact name is."""

    product: Product
    place: Place
    publisher: str | None = None
    """Only where the publisher is given and holds this."""
    kind: str | None = None
    """Only for names of this kind; None: of any but packages."""
    cycle: str | None = None
    """The release line that it says by itself."""


_Worded = TypeVar("_Worded", Product, Helper)


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """All products and helpers by id. ``files``: (name, SHA-256) of what was read.

    Two are the same only where they are one, so that what is worked out of it can be kept beside it.
    """

    products: Mapping[str, Product]
    helpers: Mapping[str, Helper]
    files: tuple[tuple[str, str], ...]
    replaced: tuple[str, ...] = ()
    """A line, with its place, for each shipped product that a council's file stands in for, and each name that it takes over."""
    spoken: Mapping[str, tuple[Spoken, ...]] = field(default_factory=dict)
    """Names of the council's own, in matching form."""
    told: Mapping[str, Told] = field(default_factory=dict)
    """Name -> the product that a feed adds under it."""
    disputes: tuple[DateDispute, ...] = ()
    """Release lines of which a feed says something else."""

    @cached_property
    def by_alias(self) -> Mapping[str, tuple[Product, Place]]:
        return {alias: (p, place) for p in self.products.values() for alias, place in p.aliases.items()}

    @cached_property
    def by_word(self) -> Mapping[str, tuple[Product, ...]]:
        return _by_word(self.products.values())

    @cached_property
    def helpers_by_word(self) -> Mapping[str, tuple[Helper, ...]]:
        return _by_word(self.helpers.values())

    @cached_property
    def packages(self) -> tuple[tuple[Pattern, Product], ...]:
        return tuple((pattern, p) for p in self.products.values() for pattern in p.packages)

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        also = {name: p.id for p in self.products.values() for name in p.also}
        return {**also, **{name: name for name in self.products}}

    def canonical(self, product: str) -> str | None:
        """The id of a product that a person named by its id or by another name for it; None where there is none."""
        return self._ids.get(product)

    @property
    def checked_on(self) -> date | None:
        """The oldest day on which a release line was checked: the age of the whole. Feeds tell their age themselves."""
        own = [p for p in self.products.values() if p.feed is None]
        return min((c.checked_on for p in own for c in p.cycles.values() if c.feed is None), default=None)


def _by_word(entries: Iterable[_Worded]) -> Mapping[str, tuple[_Worded, ...]]:
    found: dict[str, list[_Worded]] = {}
    for entry in entries:
        for word in entry.words:
            found.setdefault(word, []).append(entry)
    return {word: tuple(of) for word, of in found.items()}
