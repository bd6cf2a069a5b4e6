"""What a software name and version is taken for, by which rule, and whether it is still supported.

Exact aliases come first, then things without a support life of their own, then patterns. Nothing decides by
likeness: a name that no rule knows stays unknown, and so does one that the rules of two products claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from secscan.knowledge import distribution, lines, readers, versions
from secscan.knowledge.catalogue import Catalogue, Cycle, Pattern, Product, Support
from secscan.knowledge.names import Name, normalise, words
from secscan.model.places import Place
from secscan.model.words import SupportWord

_OS_KINDS: Final = frozenset(("none", "os_caption", "network", "sbom"))
_OTHER_KINDS: Final = frozenset(("none", "arp", "sbom", "service_banner", "network"))
_APPLICATION_KINDS: Final = frozenset(("none", "arp", "service_banner"))
"""Not bills of materials: a library named ``edge`` or ``zoom`` is not the programme on somebody's desk."""
_KNOWN_KINDS: Final = frozenset(("os_caption", "arp", "network", "service_banner", "dpkg", "rpm", "sbom"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """One (name, version, publisher, kind) as understood on a day."""

    name: str | None
    version: str | None
    publisher: str | None
    kind: str | None
    product: str | None = None
    """The catalogue's id; None where the name is not recognised or is of a thing without a support life."""
    label: str | None = None
    """The product's name for people; for helpers, what kind of thing it is."""
    cycle: str | None = None
    """The release line; None where it cannot be told."""
    candidates: tuple[str, ...] = ()
    """The lines it may be, where it cannot be told."""
    status: SupportWord = "unknown"
    support: Support | None = None
    eol_on: date | None = None
    """Of several candidates that agree on the word: the earliest."""
    extended_on: date | None = None
    extension: str | None = None
    extension_free: bool = False
    by: str | None = None
    """The alias or pattern that decided, with its file and line."""
    why: str = ""
    """A sentence for a person: how the line and the word came about."""
    rule_place: Place | None = None
    """Where that alias or pattern stands."""
    place: Place | None = None
    """Where the dates stand: the cycle's line, else the product's."""
    source: str | None = None
    """The vendor's page."""
    checked_on: date | None = None
    scheme: str | None = None
    version_key: str | None = None
    near: tuple[str, ...] = ()
    """Suggestions, never decisions; only where asked for."""


@dataclass(frozen=True, slots=True)
class _Match:
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


def recognise(
    catalogue: Catalogue,
    name: str | None,
    version: str | None,
    publisher: str | None,
    kind: str | None,
    today: date,
    *,
    edition: str | None = None,
    near: bool = False,
) -> Recognition:
    """What one name is taken for. ``edition`` is a separate edition field; ``near`` asks for suggestions.

    Never raises for any text; unknown is an answer.
    """
    raw = Recognition(name=name, version=version, publisher=publisher, kind=kind)
    found = _match(catalogue, normalise(name), version, publisher, kind if kind in _KNOWN_KINDS else "none")
    if found is None:
        if near:
            from secscan.knowledge.near import suggestions

            return _filled(raw, near=suggestions(catalogue, name), why="no alias or pattern of the catalogue matches")
        return _filled(raw, why="no alias or pattern of the catalogue matches")
    if found.product is None:
        status: SupportWord = "unknown" if found.label is None else "not-applicable"
        return _filled(raw, label=found.label, status=status, by=found.by, rule_place=found.place, why=found.by)
    return _judged(raw, found.product, found, edition, today)


def _judged(raw: Recognition, product: Product, found: _Match, edition: str | None, today: date) -> Recognition:
    text = _version_text(product, found, raw)
    said = f"{found.clean} {edition or ''}".lower()
    if found.cycle is not None:
        fitting: tuple[Cycle, ...] = (product.cycles[found.cycle],)
    else:
        fitting = lines.candidates(
            product,
            line=found.line,
            release=_release(product, said, raw.version),
            numbers=versions.numbers(text) if text else None,
            edition=_edition(product, f"{said} {raw.version or ''}".lower()),
        )
    verdict = lines.judge(fitting, today)
    if raw.kind == "service_banner" and (distribution.marked(raw.version) or distribution.marked(raw.name)):
        verdict = lines.judge((), today)
    only = fitting[0] if len(fitting) == 1 else None
    return _filled(
        raw, product=product.id, label=product.label, cycle=only.id if only else None,
        candidates=() if only else tuple(c.id for c in fitting), status=verdict.word, support=verdict.support,
        eol_on=verdict.eol_on, extended_on=verdict.extended_on, extension=product.extension if verdict.extended_on else None,
        extension_free=product.extension_free and verdict.extended_on is not None, by=found.by,
        why=_why(product, fitting, verdict, text, today), rule_place=found.place,
        place=verdict.decided_by.place if verdict.decided_by else (only or product).place,
        source=(verdict.decided_by or only or product).source, checked_on=(verdict.decided_by or only or product).checked_on,
        scheme=product.scheme, version_key=versions.key(product.scheme, text) if product.scheme else None,
    )  # fmt: skip


def _filled(raw: Recognition, **fields: Any) -> Recognition:
    return Recognition(name=raw.name, version=raw.version, publisher=raw.publisher, kind=raw.kind, **fields)


def version_text(product: Product, version: str | None) -> str | None:
    """A version as the product's reader sees it: what its key is made of."""
    return readers.read(product.reads, version)


def _version_text(product: Product, found: _Match, raw: Recognition) -> str | None:
    if found.version is not None:
        return readers.read(product.reads, found.version)
    if raw.version and raw.version.strip():
        version = raw.version
        if raw.kind in distribution.PACKAGE_KINDS:
            version = version.rpartition(":")[2]
        if text := readers.read(product.reads, version):
            return text
    return readers.read(product.reads, found.said) if found.said and found.line is None else None


def _release(product: Product, said: str, version: str | None) -> str | None:
    if product.release_regex is None:
        return None
    for text in (said, (version or "").lower()):
        if found := product.release_regex.search(text):
            return next((group for group in found.groups() if group), None)
    return None


def _edition(product: Product, said: str) -> str | None:
    return next((edition for edition, regex in product.edition_regexes if regex.search(said)), None)


def _why(product: Product, fitting: tuple[Cycle, ...], verdict: lines.Verdict, text: str | None, today: date) -> str:
    if not fitting:
        return f"{product.label} {text or ''}".strip() + " is no release line that the catalogue knows"
    if len(fitting) == 1:
        return f"release line {fitting[0].id}"
    listed = ", ".join(c.id for c in fitting[:6]) + (", ..." if len(fitting) > 6 else "")
    if verdict.word == "unknown":
        return f"the release line cannot be told ({listed}) and they do not all say the same on {today.isoformat()}"
    return f"the release line cannot be told ({listed}) but all say '{verdict.word}'; the earliest end counts"


def _match(catalogue: Catalogue, name: Name, version: str | None, publisher: str | None, kind: str) -> _Match | None:
    if not name.plain:
        return None
    if kind in distribution.PACKAGE_KINDS:
        return _package(catalogue, name, version, publisher, kind)
    if kind in ("sbom", "none") and distribution.marked(version):
        return _Match(None, "package of a distribution", "the version is a distribution's own package version", None)
    by = (publisher or "").lower()
    for text, in_name in ((name.clean, None), (name.bare, name.version)):
        if (hit := catalogue.by_alias.get(text)) and _fits(hit[0], kind, by) and not _excluded(hit[0], name):
            product, place = hit
            said = in_name or name.version
            return _Match(product, None, f"alias '{text}' ({place})", place, said=said, clean=name.clean)
    spoken = words(name.clean)
    for helper in {h.id: h for word in spoken for h in catalogue.helpers_by_word.get(word, ())}.values():
        for pattern in helper.patterns:
            if (pattern.kinds is None or kind in pattern.kinds) and pattern.regex.fullmatch(name.clean):
                return _Match(None, helper.label, f"pattern '{pattern.text}' ({pattern.place})", pattern.place)
    return _by_pattern(catalogue, name, version, by, kind, spoken)


def _by_pattern(
    catalogue: Catalogue, name: Name, version: str | None, publisher: str, kind: str, spoken: frozenset[str]
) -> _Match | None:
    hits: dict[str, _Match] = {}
    for product in {p.id: p for word in spoken for p in catalogue.by_word.get(word, ())}.values():
        for pattern in product.patterns:
            if not _applies(pattern, product, kind, version, publisher):
                continue
            if (found := pattern.regex.fullmatch(name.clean)) and not _excluded(product, name):
                groups = found.groupdict()
                hits[product.id] = _Match(
                    product, None, f"pattern '{pattern.text}' ({pattern.place})", pattern.place, line=groups.get("line"),
                    version=groups.get("version"), cycle=pattern.cycle, said=groups.get("said") or name.version,
                    clean=name.clean,
                )  # fmt: skip
                break
    if len(hits) > 1:
        return _Match(None, None, f"patterns of several products match: {', '.join(sorted(hits))}", None)
    return next(iter(hits.values()), None)


def _package(catalogue: Catalogue, name: Name, version: str | None, publisher: str | None, kind: str) -> _Match | None:
    for pattern, product in catalogue.packages:
        if (pattern.kinds is None or kind in pattern.kinds) and (found := pattern.regex.fullmatch(name.clean)):
            if pattern.version_regex is not None and not pattern.version_regex.search((version or "").lower()):
                continue
            by = f"package '{pattern.text}' ({pattern.place})"
            return _Match(product, None, by, pattern.place, version=found.groupdict().get("version"), clean=name.clean)
    if distribution.owns(kind, version, publisher):
        return _Match(
            None, "package of a distribution", f"kind {kind}: the distribution supports its own packages", None
        )
    return None


def _applies(pattern: Pattern, product: Product, kind: str, version: str | None, publisher: str) -> bool:
    if pattern.kinds is not None:
        if kind not in pattern.kinds:
            return False
    elif not _of_kind(product, kind):
        return False
    if pattern.publisher is not None and pattern.publisher not in publisher:
        return False
    if pattern.version_regex is not None and not pattern.version_regex.search((version or "").lower()):
        return False
    return _by_publisher(product, publisher)


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
