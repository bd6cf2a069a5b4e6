"""Which rule of the catalogue claims a name.

Exact aliases come first, then things without a support life of their own, then patterns. Nothing decides by
likeness: a name that no rule knows is nobody's, and so is one that the rules of two products claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from secscan.knowledge import distribution
from secscan.knowledge.catalogue import Catalogue, Pattern, Product
from secscan.knowledge.names import Name, banner, words
from secscan.model.places import Place

_OS_KINDS: Final = frozenset(("none", "os_caption", "network", "sbom"))
_OTHER_KINDS: Final = frozenset(("none", "arp", "sbom", "service_banner", "network"))
_APPLICATION_KINDS: Final = frozenset(("none", "arp", "service_banner"))
"""Not bills of materials: a library named ``edge`` or ``zoom`` is not the programme on somebody's desk."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which rule claims a name."""

    product: Product | None
    label: str | None
    by: str
    place: Place | None
    line: str | None = None
    version: str | None = None
    cycle: str | None = None
    said: str | None = None
    """The version that the name says, used where there is no other."""
    clean: str = ""
    """The name as matched."""


def match(catalogue: Catalogue, name: Name, version: str | None, publisher: str | None, kind: str) -> Match | None:
    """The rule that claims a name, or None. ``kind`` is one of the kinds of name, or ``none``.

    A match without a product is a helper where it has a label, and a dispute between products where it has none.
    """
    if not name.plain:
        return None
    if catalogue.spoken and (own := _spoken(catalogue, name, kind, publisher)):
        return own
    if kind in distribution.PACKAGE_KINDS:
        return _package(catalogue, name, version, publisher, kind)
    if kind in ("sbom", "none") and distribution.marked(version):
        return Match(None, "package of a distribution", "the version is a distribution's own package version", None)
    by = (publisher or "").lower()
    for text, in_name in ((name.clean, None), (name.bare, name.version)):
        if (hit := catalogue.by_alias.get(text)) and _fits(hit[0], kind, by) and not _excluded(hit[0], name):
            product, place = hit
            said = in_name or name.version
            return Match(product, None, f"alias '{text}' ({place})", place, said=said, clean=name.clean)
    spoken = words(name.clean)
    for helper in {h.id: h for word in spoken for h in catalogue.helpers_by_word.get(word, ())}.values():
        for pattern in helper.patterns:
            if (pattern.kinds is None or kind in pattern.kinds) and pattern.regex.fullmatch(name.clean):
                return Match(None, helper.label, f"pattern '{pattern.text}' ({pattern.place})", pattern.place)
    found = _by_pattern(catalogue, name, version, by, kind, spoken)
    if found is None and kind == "service_banner" and not version and (told := banner(name)):
        return match(catalogue, told, told.version, publisher, kind)
    return found or _by_feed(catalogue, name, by, kind)


def _by_feed(catalogue: Catalogue, name: Name, publisher: str, kind: str) -> Match | None:
    """A product that only a feed knows, by its whole name, where nothing in the catalogue lays claim to that name."""
    for text, in_name in ((name.clean, None), (name.bare, name.version)):
        told = catalogue.told.get(text)
        if told is None or kind not in told.kinds or (told.publisher or "") not in publisher:
            continue
        if _claimed(catalogue, name):
            return None
        by = f"name '{text}' ({told.product.place})"
        return Match(told.product, None, by, told.product.place, said=in_name or name.version, clean=name.clean)
    return None


def _claimed(catalogue: Catalogue, name: Name) -> bool:
    """Whether a rule is about this name in any kind of list, under any publisher and version, be it to exclude it."""
    if name.clean in catalogue.by_alias or name.bare in catalogue.by_alias:
        return True
    spoken = words(name.clean)
    products = [p for word in spoken for p in catalogue.by_word.get(word, ())]
    rules = [rule for p in products for rule in (*p.patterns, *p.excluded)]
    rules += [rule for word in spoken for helper in catalogue.helpers_by_word.get(word, ()) for rule in helper.patterns]
    return any(rule.regex.fullmatch(name.clean) for rule in rules)


def _spoken(catalogue: Catalogue, name: Name, kind: str, publisher: str | None) -> Match | None:
    """What the council itself says an exact name is: it knows its own, so its word goes first."""
    by = (publisher or "").casefold()
    for text in (name.clean, name.bare):
        for one in catalogue.spoken.get(text, ()):
            fits = kind not in distribution.PACKAGE_KINDS if one.kind is None else kind == one.kind
            if fits and (one.publisher is None or one.publisher.casefold() in by):
                told = f"name '{text}' ({one.place})"
                product = catalogue.products.get(one.product.id, one.product)  # a feed may know more of it by now
                return Match(
                    product, None, told, one.place, cycle=one.cycle, said=name.version if text == name.bare else None,
                    clean=name.clean,
                )  # fmt: skip
    return None


def _by_pattern(
    catalogue: Catalogue, name: Name, version: str | None, publisher: str, kind: str, spoken: frozenset[str]
) -> Match | None:
    hits: dict[str, Match] = {}
    for product in {p.id: p for word in spoken for p in catalogue.by_word.get(word, ())}.values():
        for pattern in product.patterns:
            if not _applies(pattern, product, kind, version, publisher):
                continue
            if (found := pattern.regex.fullmatch(name.clean)) and not _excluded(product, name):
                groups = found.groupdict()
                hits[product.id] = Match(
                    product, None, f"pattern '{pattern.text}' ({pattern.place})", pattern.place, line=groups.get("line"),
                    version=groups.get("version"), cycle=pattern.cycle, said=groups.get("said") or name.version,
                    clean=name.clean,
                )  # fmt: skip
                break
    if len(hits) > 1:
        return Match(None, None, f"patterns of several products match: {', '.join(sorted(hits))}", None)
    return next(iter(hits.values()), None)


def _package(catalogue: Catalogue, name: Name, version: str | None, publisher: str | None, kind: str) -> Match | None:
    for pattern, product in catalogue.packages:
        if (pattern.kinds is None or kind in pattern.kinds) and (found := pattern.regex.fullmatch(name.clean)):
            if not _holds(pattern, version, (publisher or "").lower()):
                continue
            by = f"package '{pattern.text}' ({pattern.place})"
            return Match(product, None, by, pattern.place, version=found.groupdict().get("version"), clean=name.clean)
    if distribution.owns(kind, version, publisher):
        return Match(
            None, "package of a distribution", f"kind {kind}: the distribution supports its own packages", None
        )
    return None


def _applies(pattern: Pattern, product: Product, kind: str, version: str | None, publisher: str) -> bool:
    if pattern.kinds is not None:
        if kind not in pattern.kinds:
            return False
    elif not _of_kind(product, kind):
        return False
    return _holds(pattern, version, publisher) and _by_publisher(product, publisher)


def _holds(pattern: Pattern, version: str | None, publisher: str) -> bool:
    """Whether what a pattern asks of the publisher and the version is so."""
    if pattern.publisher is not None and pattern.publisher not in publisher:
        return False
    return pattern.version_regex is None or pattern.version_regex.search((version or "").lower()) is not None


def _fits(product: Product, kind: str, publisher: str) -> bool:
    return _of_kind(product, kind) and _by_publisher(product, publisher)


def _of_kind(product: Product, kind: str) -> bool:
    if product.kinds is not None:
        return kind in product.kinds
    if product.category in ("os", "network"):
        return kind in _OS_KINDS
    return kind in (_APPLICATION_KINDS if product.category == "application" else _OTHER_KINDS)


def _by_publisher(product: Product, publisher: str) -> bool:
    return not product.publishers or not publisher.strip() or any(word in publisher for word in product.publishers)


def _excluded(product: Product, name: Name) -> bool:
    return any(pattern.regex.fullmatch(name.clean) for pattern in product.excluded)
