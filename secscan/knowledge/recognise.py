"""What a software name and version is taken for, by which rule, and whether it is still supported on a day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from secscan.knowledge import distribution, lines, readers, versions
from secscan.knowledge.catalogue import Catalogue, Cycle, Product, Support
from secscan.knowledge.matching import Match, match
from secscan.knowledge.names import normalise
from secscan.model.places import Place
from secscan.model.words import SupportWord

MAX_VERSION: Final = 200
"""Longer text in a version field is no version."""
_PACKAGED: Final = "the banner names the distribution that packaged it: its support counts, not the maker's"
_NEWER: Final = "no version is given, and there may be release lines by now that the catalogue does not know"
STILL_GOING_DAYS: Final = 365
"""A product whose newest line ended longer ago than this has no newer one."""
_KERNEL: Final = re.compile(
    r"\d+\.\d+\.\d+-\d[\w.~-]*-[a-z]|\d+\.\d+\.\d+-\d[\d.]*\.(?:el|fc|amzn|ol)\d|\d+\.\d+\.\d+-\d+-?(?:default|generic|amd64|686|pve|uek)",
    re.ASCII,
)
"""A kernel's number beside the name of a system (``5.4.0-190-generic``) is no number of the system's own."""
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
    said = version if version and len(version) <= MAX_VERSION else None
    found = match(catalogue, normalise(name), said, publisher, kind if kind in _KNOWN_KINDS else "none")
    if found is None:
        return _filled(
            raw, near=_near(catalogue, name) if near else (), why="no alias or pattern of the catalogue matches"
        )
    if found.product is None:
        status: SupportWord = "unknown" if found.label is None else "not-applicable"
        return _filled(raw, label=found.label, status=status, by=found.by, rule_place=found.place, why=found.by)
    return _judged(raw, found.product, found, said, edition, today)


def is_component(one: Recognition) -> bool:
    """Whether it is a part of a bill of materials that no rule knows: a library has no statement of support of its own."""
    return one.kind == "sbom" and one.status == "unknown" and one.product is None and one.by is None


def _near(catalogue: Catalogue, name: str | None) -> tuple[str, ...]:
    from secscan.knowledge.near import suggestions

    return suggestions(catalogue, name)


def _judged(
    raw: Recognition, product: Product, found: Match, version: str | None, edition: str | None, today: date
) -> Recognition:
    text = _version_text(product, found, version, raw.kind)
    said = f"{found.clean} {edition or ''}".lower()
    if found.cycle is not None:
        fitting: tuple[Cycle, ...] = (product.cycles[found.cycle],)
    else:
        fitting = lines.candidates(
            product,
            line=found.line,
            release=_release(product, said, version),
            numbers=versions.numbers(text) if text else None,
            edition=_edition(product, f"{said} {version or ''}".lower()),
        )
    packaged = raw.kind == "service_banner" and (distribution.marked(version) or distribution.marked(raw.name))
    verdict = lines.judge(() if packaged else fitting, today)
    untold = found.cycle is None and found.line is None and not text
    unsure = _PACKAGED if packaged else None
    if untold and verdict.word.startswith("ended") and _goes_on(product, today):
        verdict, unsure = lines.judge((), today), _NEWER
    only = fitting[0] if len(fitting) == 1 else None
    return _filled(
        raw, product=product.id, label=product.label, cycle=only.id if only else None,
        candidates=() if only else tuple(c.id for c in fitting), status=verdict.word, support=verdict.support,
        eol_on=verdict.eol_on, extended_on=verdict.extended_on, extension=product.extension if verdict.extended_on else None,
        extension_free=product.extension_free and verdict.extended_on is not None, by=found.by,
        why=unsure or _why(product, fitting, verdict, text, today), rule_place=found.place,
        place=verdict.decided_by.place if verdict.decided_by else (only or product).place,
        source=(verdict.decided_by or only or product).source, checked_on=(verdict.decided_by or only or product).checked_on,
        scheme=product.scheme, version_key=versions.key(product.scheme, text) if product.scheme else None,
    )  # fmt: skip


def _goes_on(product: Product, today: date) -> bool:
    """Whether its newest line ended so lately that there may be one by now which the catalogue does not know."""
    ends = [c.eol_on for c in product.current if c.eol_on is not None]
    return bool(ends) and (today - max(ends)).days <= STILL_GOING_DAYS


def _filled(raw: Recognition, **fields: Any) -> Recognition:
    return Recognition(name=raw.name, version=raw.version, publisher=raw.publisher, kind=raw.kind, **fields)


def version_text(product: Product, version: str | None) -> str | None:
    """A version as the product's reader sees it: what its key is made of."""
    return readers.read(product.reads, version)


def _version_text(product: Product, found: Match, version: str | None, kind: str | None) -> str | None:
    if found.version is not None:
        return readers.read(product.reads, found.version)
    if version and version.strip() and not (product.category == "os" and _KERNEL.match(version)):
        upstream = version.rpartition(":")[2] if kind in distribution.PACKAGE_KINDS else version
        if text := readers.read(product.reads, upstream):
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
