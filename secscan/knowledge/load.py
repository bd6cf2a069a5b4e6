"""The catalogue from its files: the shipped ones, and after them a council's own in the same form."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from secscan.doors import files as doors_files
from secscan.doors import validate, yaml
from secscan.doors.files import read_bytes, sha256
from secscan.knowledge.catalogue import Catalogue, Cycle, Helper, Pattern, Product, Spoken
from secscan.knowledge.matching import match
from secscan.knowledge.names import normalise
from secscan.model.errors import PolicyError, Problem, SecscanError
from secscan.model.places import Place

if TYPE_CHECKING:
    from secscan.knowledge.entries import CycleEntry, FileEntry, HelperEntry, NameEntry, PatternEntry, ProductEntry

FOLDER: Final = Path(__file__).parent / "catalogue"

_NUMBERS = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_KEYS: Final = ("defaults", "products", "helpers", "names")
_NEVER: Final = date.min
"""Stands in for a day that is missing, so that the rest of a file can be checked; such a file is refused."""
_Placed = TypeVar("_Placed", Product, Helper)


def load_catalogue(extra: Sequence[tuple[Path, str]] = ()) -> Catalogue:
    """Every product and helper of the shipped files and of ``extra``, pairs of a file and the name to show for it.

    A council's file may add products and helpers. What is shipped it may name again only where it says ``replaces``,
    because a changed date would otherwise stand in a report without a word; ``replaced`` has a line for each.
    Raises PolicyError with every problem of every file.
    """
    gathered = _Gathered()
    for path in sorted(FOLDER.glob("*.yaml")):
        gathered.read(path, doors_files.shown(path))
    gathered.shipped = dict(gathered.products)
    for path, shown in extra:
        gathered.read(path, shown)
    gathered.check()
    if gathered.problems:
        raise PolicyError(gathered.problems)
    return Catalogue(
        products=gathered.products, helpers=gathered.helpers, files=tuple(gathered.files),
        replaced=tuple(gathered.replaced), spoken=gathered.spoken,
    )  # fmt: skip


def is_catalogue(path: Path) -> bool:
    """Whether a file has the catalogue's form, as far as its keys say; what cannot be read has not."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        return False
    try:
        data = yaml.read(path).data
    except SecscanError:
        return False
    return isinstance(data, dict) and bool(data) and all(validate.nearest(str(key), _KEYS) for key in data)


class _Gathered:
    """What the files said so far, and what is wrong with it."""

    def __init__(self) -> None:
        self.products: dict[str, Product] = {}
        self.helpers: dict[str, Helper] = {}
        self.files: list[tuple[str, str]] = []
        self.shipped: dict[str, Product] = {}
        """The products that a council's file may replace: those that were there before the first of them."""
        self.replaced: list[str] = []
        self.names: list[tuple[NameEntry, Place]] = []
        self.spoken: dict[str, tuple[Spoken, ...]] = {}
        self.problems: list[Problem] = []

    def read(self, path: Path, shown: str) -> None:
        from secscan.knowledge.entries import FileEntry

        try:
            document = yaml.read(path, shown)
            entry = validate.validate(document, FileEntry)
        except PolicyError as error:
            self.problems.extend(error.problems)
            return
        self.files.append((shown, sha256(read_bytes(path, shown=shown, limit=yaml.MAX_BYTES))))
        build = _Builder(document, entry)
        for name, product in entry.products.items():
            made = build.product(name, product)
            if product.replaces is not None:
                self._replace(made, product.replaces, document.place("products", name, "replaces"))
            self._add(self.products, name, made)
        for name, helper in entry.helpers.items():
            self._add(self.helpers, name, build.helper(name, helper))
        self.names += [(name, build.at("names", i, "name")) for i, name in enumerate(entry.names)]
        self.problems.extend(build.problems)

    def _add(self, to: dict[str, _Placed], name: str, entry: _Placed) -> None:
        if name in to:
            says = f"'{name}' is already in the catalogue ({to[name].place}); use an id of your own"
            if name in self.shipped:
                says += f", or write 'replaces: {name}' in it"
            self.problems.append(Problem(place=entry.place, says=says))
            return
        to[name] = entry

    def _replace(self, product: Product, name: str, place: Place) -> None:
        """Takes the shipped product out, and keeps a line that says so."""
        if (old := self.shipped.pop(name, None)) is None:
            near = validate.nearest(name, self.shipped)
            says = f"'replaces' names '{name}', which is no shipped product, or one that is replaced already{near}"
            self.problems.append(Problem(place=place, says=says))
            return
        del self.products[name]
        self.replaced.append(f"{place}: '{product.id}' stands in for the shipped '{name}' ({old.place})")

    def check(self) -> None:
        """Names that lead to two products lead nowhere: each alias and each id has one owner."""
        owners: dict[str, tuple[str, Place]] = {}
        for product in self.products.values():
            for alias, place in product.aliases.items():
                if alias in owners and owners[alias][0] != product.id:
                    other, first = owners[alias]
                    says = f"the alias '{alias}' already belongs to '{other}' ({first})"
                    self.problems.append(Problem(place=place, says=says))
                owners.setdefault(alias, (product.id, place))
        ids: dict[str, str] = {name: name for name in self.products}
        for product in self.products.values():
            for name in product.also:
                if ids.setdefault(name, product.id) != product.id:
                    says = f"the other id '{name}' of '{product.id}' already stands for '{ids[name]}'"
                    self.problems.append(Problem(place=product.place, says=says))
        self._speak(ids)

    def _speak(self, ids: Mapping[str, str]) -> None:
        """The names of the council's own, each for a product that is there; what a shipped rule says else is told."""
        without = Catalogue(products=self.products, helpers=self.helpers, files=())
        seen: dict[tuple[str, str, str | None], Place] = {}
        for entry, place in self.names:
            name, product = normalise(entry.name), self.products.get(ids.get(entry.product, ""))
            key = (name.clean, (entry.publisher or "").casefold(), entry.kind)
            if says := self._unspeakable(entry, product, name.plain, seen.get(key)):
                self.problems.append(Problem(place=place, says=says))
                continue
            assert product is not None
            seen[key] = place
            other = match(without, name, None, entry.publisher, entry.kind or "none")
            if other is not None and other.product is not product:
                what = other.product.id if other.product else other.label or "nobody's"
                self.replaced.append(
                    f"{place}: '{entry.name}' is taken for '{product.id}'; without this line it is {what}, by {other.by}"
                )
            spoken = Spoken(product=product, place=place, publisher=entry.publisher, kind=entry.kind, cycle=entry.cycle)
            self.spoken[name.clean] = (*self.spoken.get(name.clean, ()), spoken)

    def _unspeakable(self, entry: NameEntry, product: Product | None, plain: bool, before: Place | None) -> str | None:
        """Why a name may not stand there; None where it may."""
        if product is None:
            return f"the name '{entry.name}' is of '{entry.product}', which is no product of the catalogue{validate.nearest(entry.product, self.products)}"
        if not plain:
            return f"the name '{entry.name}' can match nothing: it is not plain ASCII text"
        if entry.cycle is not None and entry.cycle not in product.cycles:
            return (
                f"'{entry.cycle}' is no release line of '{product.id}'{validate.nearest(entry.cycle, product.cycles)}"
            )
        if before is not None:
            return f"the name '{entry.name}' is there already ({before})"
        return None


class _Builder:
    """Turns the entries of one document into nouns, each with its line."""

    def __init__(self, document: yaml.Document, entry: FileEntry) -> None:
        self.document, self.entry = document, entry
        self.problems: list[Problem] = []

    def at(self, *path: Hashable) -> Place:
        """The line of a key where there is one, else of the value."""
        return self.document.keys.get(path) or self.document.place(*path)

    def product(self, name: str, entry: ProductEntry) -> Product:
        at = ("products", name)
        defaults = self.entry.defaults
        vendor, checked_on = entry.vendor or defaults.vendor, entry.checked_on or defaults.checked_on
        for missing in (what for what, value in (("vendor", vendor), ("checked_on", checked_on)) if value is None):
            says = f"the product '{name}' has no '{missing}', and the file's defaults have none"
            self.problems.append(Problem(place=self.at(*at), says=says))
        return Product(
            id=name, label=entry.label, vendor=vendor or "", category=entry.category,
            scheme=None if entry.scheme == "none" else entry.scheme, source=entry.source,
            checked_on=checked_on or _NEVER, evidence=entry.evidence or defaults.evidence or "", place=self.at(*at),
            also=entry.also, words=frozenset(entry.words), aliases=self._aliases(at, entry),
            packages=self._patterns((*at, "packages"), entry.packages),
            patterns=self._patterns((*at, "patterns"), entry.patterns),
            excluded=self._patterns((*at, "not"), entry.not_),
            kinds=frozenset(entry.kinds) if entry.kinds else None, publishers=entry.publishers, reads=entry.reads,
            prefers=entry.prefers, release=entry.release, editions=tuple((e.id, e.match) for e in entry.editions),
            extension=entry.extension.name if entry.extension else None,
            extension_free=entry.extension.free if entry.extension else False,
            cycles={
                cycle: self._cycle((*at, "cycles", cycle), cycle, made, entry, checked_on or _NEVER)
                for cycle, made in entry.cycles.items()
            },
        )  # fmt: skip

    def helper(self, name: str, entry: HelperEntry) -> Helper:
        at = ("helpers", name)
        return Helper(
            id=name, label=entry.label, words=frozenset(entry.words), place=self.at(*at),
            patterns=self._patterns((*at, "patterns"), entry.patterns),
        )  # fmt: skip

    def _cycle(
        self, at: tuple[Hashable, ...], name: str, entry: CycleEntry, product: ProductEntry, checked_on: date
    ) -> Cycle:
        support = "dated" if entry.eol is not None else entry.support
        versions = entry.versions
        if versions is None:
            versions = (name,) if _NUMBERS.fullmatch(name) and entry.below is None else ()
        return Cycle(
            id=name, label=entry.label or name, support=None if support == "unknown" else support, eol_on=entry.eol,
            extended_on=entry.extended, names=tuple(n.lower() for n in entry.names) or (name,),
            versions=tuple(_parts(version) for version in versions),
            at_least=_parts(entry.from_) if entry.from_ else None, below=_parts(entry.below) if entry.below else None,
            editions=entry.edition, source=entry.source or product.source, checked_on=entry.checked_on or checked_on,
            place=self.at(*at),
        )  # fmt: skip

    def _aliases(self, at: tuple[Hashable, ...], entry: ProductEntry) -> Mapping[str, Place]:
        found: dict[str, Place] = {}
        for position, alias in enumerate(entry.aliases):
            place = self.at(*at, "aliases", position)
            name = normalise(alias)
            if not name.plain:
                self.problems.append(Problem(place=place, says=f"the alias '{alias}' is not plain ASCII text"))
            elif name.clean in found:
                self.problems.append(Problem(place=place, says=f"the alias '{alias}' is there twice"))
            found.setdefault(name.clean, place)
        ends = entry.ends or self.entry.defaults.ends
        return {f"{name} {end}": place for end in ends for name, place in found.items()} | found

    def _patterns(self, at: tuple[Hashable, ...], entries: Sequence[PatternEntry]) -> tuple[Pattern, ...]:
        return tuple(
            Pattern(
                text=entry.match, place=self.at(*at, position), kinds=frozenset(entry.kinds) if entry.kinds else None,
                cycle=entry.cycle, publisher=entry.publisher, version=entry.version,
            )
            for position, entry in enumerate(entries)
        )  # fmt: skip


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
