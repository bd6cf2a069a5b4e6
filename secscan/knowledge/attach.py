"""The installs of an estate with what the world says about them: product, release line, support, entitlement.

Names are recognised once per distinct (name, version, publisher, kind), never once per row; rows only point at what
was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from secscan.knowledge import entitlements, versions
from secscan.knowledge.catalogue import Catalogue
from secscan.knowledge.distinct import distinct
from secscan.knowledge.figures import figures, unrecognised
from secscan.knowledge.recognise import Recognition, is_component, recognise, version_text
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame, Index
from secscan.model.places import Files, Place
from secscan.model.policy import Policy

_SPELT: Final = ("name", "version", "publisher", "kind", "edition", "os_edition")
"""The columns that recognition reads; those that are there share one ``take`` where one source row gave them."""


def attach(estate: Estate, catalogue: Catalogue, policy: Policy) -> Estate:
    """The estate with knowledge's columns on ``installs``, ``fixes`` and ``assets``, and its figures in ``notes``.

    Rows that are recognised as having no support life of their own leave ``installs`` (docs/tables.md, "Support"), and so do
    components of bills of materials that nothing recognises; both are counted. An asset of which nothing else is known
    keeps one row of nulls, so that it stays unknown. ``notes`` gains ``recognised`` (figures by council), ``unrecognised``
    (the most frequent unknown names), ``labels`` (product -> label) and
    ``recognised_systems`` (a spelling of an operating system -> product and release line).
    """
    frames = dict(estate.frames)
    notes: dict[str, Any] = dict(estate.notes)
    used: set[str] = set()
    if (installs := frames.get("installs")) is not None:
        triples, known = _recognised(installs, catalogue, estate)
        if (assets := frames.get("assets")) is not None:
            frames["assets"] = _with_os(assets, installs, triples, known)
        notes["recognised"] = figures(installs, triples, known)
        notes["unrecognised"] = unrecognised(installs, triples, known, catalogue)
        notes["recognised_systems"] = _systems(estate, catalogue)
        frames["installs"] = _with_knowledge(installs, triples, known, catalogue, policy, estate.files)
        used |= {one.product for one in known if one.product}
    if (fixes := frames.get("fixes")) is not None and "name" in fixes.columns:
        frames["fixes"] = _with_product(fixes, catalogue, estate)
    notes["labels"] = {product: catalogue.products[product].label for product in sorted(used)}
    return replace(estate, frames=frames, notes=notes)


def _recognised(frame: Frame, catalogue: Catalogue, estate: Estate) -> tuple[Index, list[Recognition]]:
    """For every row which distinct spelling it has (-1: none at all), and what each is recognised as."""
    spelt = {name: frame.columns[name] for name in _SPELT if name in frame.columns}
    take, rows = distinct(list(spelt.values()), frame.rows)
    names = list(spelt)
    known: list[Recognition] = []
    for row in rows:
        said = dict(zip(names, row, strict=True))
        known.append(
            recognise(
                catalogue, said.get("name"), said.get("version"), said.get("publisher"), said.get("kind"), estate.today,
                edition=said.get("edition") or said.get("os_edition"),
            )
        )  # fmt: skip
    return take, known


def _systems(estate: Estate, catalogue: Catalogue) -> dict[Any, tuple[str | None, str | None]]:
    """How several sources spell the operating systems of the same assets -> the product and release line that is meant."""
    spelt = {spelling: None for system in estate.notes.get("systems", ()) for spelling in system.spelt}
    found = {}
    for name, version in spelt:
        one = recognise(catalogue, name, version, None, "os_caption", estate.today)
        found[name, version] = (one.product, one.cycle)
    return found


def _with_knowledge(
    frame: Frame, triples: Index, known: Sequence[Recognition], catalogue: Catalogue, policy: Policy, files: Files
) -> Frame:
    until, until_places = entitlements.columns(frame, triples, known, catalogue, policy, files)

    def over(of: Callable[[Recognition], Any]) -> Col:
        return Col([of(one) for one in known], triples)

    def placed(of: Callable[[Recognition], Place | None]) -> Col:
        return Col(
            [None if (place := of(one)) is None else files.code(place.file, place.line) for one in known], triples
        )

    minimum = [_minimum(one, catalogue, policy) for one in known]
    minimum_place = [None if place is None else files.code(place.file, place.line) for _, _, place in minimum]
    rule, dates = placed(lambda one: one.rule_place if one.product else None), placed(lambda one: one.place)
    wider = frame.with_columns(
        {
            "recognised": over(lambda one: one.product is not None if one.name else None),
            "product": over(lambda one: one.product),
            "product_or_name": over(lambda one: one.product or one.name),
            "cycle": over(lambda one: one.cycle),
            "release": over(lambda one: release_in_words(one, catalogue)),
            "version_key": over(lambda one: one.version_key),
            "support": over(lambda one: one.support),
            "eol_on": over(lambda one: one.eol_on),
            "extended_on": over(lambda one: one.extended_on),
            "entitled_until": until,
            "minimum_version": Col([version for version, _, _ in minimum], triples),
            "minimum_key": Col([key for _, key, _ in minimum], triples),
        },
        {
            "recognised": rule, "product": rule, "cycle": dates, "support": dates, "eol_on": dates, "extended_on": dates,
            "entitled_until": until_places, "minimum_version": Col(minimum_place, triples),
            "minimum_key": Col(minimum_place, triples),
        },
    )  # fmt: skip
    return _judged_rows(wider, triples, known)


_MARKS: Final = {
    "-r2": " R2", "-e": " Enterprise or Education", "-w": " Home or Pro", "-ltsc": " LTSC", "-lts": " LTS",
    "-iot-lts": " IoT LTSC", "-e-lts": " Enterprise LTSC", "-sac": " (semi-annual)", "-ac": " (annual)",
}  # fmt: skip
"""How a release line's id ends, and what that means to a person; the longest that fits counts."""


def release_in_words(one: Recognition, catalogue: Catalogue) -> str | None:
    """The product and its release line as a person says them: Microsoft Windows Server 2012 R2."""
    if one.product is None:
        return one.name
    product = catalogue.products[one.product]
    if one.cycle is None:
        return product.label
    cycle = product.cycles.get(one.cycle)
    words = cycle.label if cycle is not None else one.cycle
    for mark in sorted(_MARKS, key=len, reverse=True):
        if words == one.cycle and words.endswith(mark):
            words = words.removesuffix(mark) + _MARKS[mark]
            break
    # "11-23h2" is how a release line is called; people say 11 23H2.
    words = " ".join(w.upper() if w[:1].isdigit() and w[-1:].isdigit() else w for w in words.replace("-", " ").split())
    return f"{product.label} {words}"


def _minimum(one: Recognition, catalogue: Catalogue, policy: Policy) -> tuple[str | None, str | None, Place | None]:
    """Policy's lowest version for a product; its key only where the two versions can be compared."""
    named = next((n for n in policy.minimum_versions if catalogue.canonical(n) == one.product), None)
    if one.product is None or named is None:
        return None, None, None
    version, place = policy.minimum_versions[named]
    text = version_text(catalogue.products[one.product], version)
    key = versions.key(one.scheme, text) if one.scheme else None
    if one.version_key is not None and one.scheme and not versions.comparable(one.scheme, one.version_key, key):
        key = None
    return version, key, place


def _judged_rows(frame: Frame, triples: Index, known: Sequence[Recognition]) -> Frame:
    """The frame without parts of products and components of bills of materials; operating system rows always stay."""
    apart = [one.status == "not-applicable" or is_component(one) for one in known]
    gone = np.array([*apart, False], dtype=bool)[triples]
    if (is_os := frame.columns.get("is_os")) is not None:
        gone &= ~_true(is_os, frame.rows)
    if not gone.any():
        return frame
    kept = np.flatnonzero(~gone).astype(np.int32)
    bare = _left_bare(frame, gone)
    rows = np.sort(np.concatenate([kept, bare])).astype(np.int32)
    nulled = set(bare.tolist())
    spelt = {*_SPELT, *_DERIVED, "last_used_on", "installed_on"}
    blank = rows if not nulled else np.where(np.isin(rows, bare), np.int32(-1), rows).astype(np.int32)
    moved: dict[tuple[int, bool], Index] = {}

    def move(name: str, column: Col) -> Col:
        at = blank if name in spelt else rows
        if column.take is None:
            return Col(column.values, at)
        which = (id(column.take), name in spelt)
        if which not in moved:
            moved[which] = np.append(column.take, np.int32(-1))[at].astype(np.int32)
        return Col(column.values, moved[which])

    return replace(
        frame,
        rows=len(rows),
        columns={name: move(name, column) for name, column in frame.columns.items()},
        places={name: move(name, column) for name, column in frame.places.items()},
    )


_DERIVED: Final = (
    "recognised", "product", "product_or_name", "cycle", "release", "version_key", "support", "eol_on", "extended_on",
    "entitled_until", "minimum_version", "minimum_key",
)  # fmt: skip


def _left_bare(frame: Frame, gone: np.ndarray[Any, np.dtype[np.bool_]]) -> Index:
    """One row each of the assets of which only rows that go are known: nobody knows what they run."""
    columns = [frame.columns[name] for name in ("council", "asset") if name in frame.columns]
    if len(columns) < 2:
        return np.empty(0, dtype=np.int32)
    asset, _ = distinct(columns, frame.rows)
    kept = np.zeros(int(asset.max(initial=-1)) + 2, dtype=bool)
    kept[asset[~gone]] = True
    candidates = np.flatnonzero(gone & ~kept[asset] & (asset >= 0))
    _, first = np.unique(asset[candidates], return_index=True)
    return candidates[first].astype(np.int32)


def _true(column: Col, rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    hits = np.fromiter((value is not None and bool(value) for value in column.values), bool, len(column.values))
    return hits if column.take is None else np.append(hits, False)[column.take]


def _with_os(assets: Frame, installs: Frame, triples: Index, known: Sequence[Recognition]) -> Frame:
    """The assets with the product and release line of their operating system row."""
    is_os = installs.columns.get("is_os")
    if is_os is None or not {"council", "asset"} <= installs.columns.keys() & assets.columns.keys():
        return assets
    council, asset = installs.columns["council"], installs.columns["asset"]
    by_asset: dict[tuple[Any, Any], int] = {}
    for row in np.flatnonzero(_true(is_os, installs.rows) & (triples >= 0)).tolist():
        at = (council[row], asset[row])
        triple = int(triples[row])
        before = by_asset.get(at)
        if before is None or _says_more(known[triple], known[before]):
            by_asset[at] = triple
    names = zip(assets.columns["council"], assets.columns["asset"], strict=True)
    take = np.fromiter((by_asset.get(at, -1) for at in names), dtype=np.int32, count=assets.rows)
    return assets.with_columns(
        {"os_product": Col([one.product for one in known], take), "os_cycle": Col([one.cycle for one in known], take)}
    )


def _says_more(new: Recognition, old: Recognition) -> bool:
    return (new.product is not None, new.cycle is not None) > (old.product is not None, old.cycle is not None)


def _with_product(fixes: Frame, catalogue: Catalogue, estate: Estate) -> Frame:
    column = fixes.columns["name"]
    found: dict[Any, Any] = {}
    for value in column.values:
        if value not in found:
            found[value] = (
                (recognise(catalogue, value, None, None, None, estate.today).product or value) if value else None
            )
    return fixes.with_columns({"product_or_name": Col([found[value] for value in column.values], column.take)})
