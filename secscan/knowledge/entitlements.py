"""Until when a council holds extended support, row by row: what it bought, and what is free and it says it uses.

An extension that exists is not one that was bought (docs/tables.md). An entitlement lapses on its day; the day
itself counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.knowledge.catalogue import Catalogue
from secscan.knowledge.named import cycles
from secscan.knowledge.recognise import Recognition
from secscan.model.frame import Col, Frame, Index
from secscan.model.places import Files
from secscan.model.policy import Entitlement, Policy

_NOT: Final = np.int32(-1)


def columns(
    frame: Frame, triples: Index, known: Sequence[Recognition], catalogue: Catalogue, policy: Policy, files: Files
) -> tuple[Col, Col]:
    """``entitled_until`` of every row of installs, and the place that says so.

    ``triples`` says for each row which of ``known`` it is (-1: none). The latest day wins where several hold.
    """
    days: list[date] = []
    places: list[int] = []
    best = np.full(frame.rows, _NOT, dtype=np.int32)

    def offer(rows: NDArray[np.bool_], until: date, place: int) -> None:
        sooner = np.array([day < until for day in days] + [True], dtype=bool)  # the last is for "none so far" (-1)
        better = rows & sooner[best]
        best[better] = len(days)
        days.append(until)
        places.append(place)

    for entitlement in policy.entitlements:
        offer(_rows(frame, triples, known, catalogue, entitlement), entitlement.until, _code(files, entitlement))
    for until, place, members in _free(known, catalogue, policy, files):
        offer(_chosen(triples, members), until, place)
    return Col(days, best), Col(places, best)


def _rows(
    frame: Frame, triples: Index, known: Sequence[Recognition], catalogue: Catalogue, entitlement: Entitlement
) -> NDArray[np.bool_]:
    product = catalogue.canonical(entitlement.product)
    cycle = entitlement.cycle
    lines = cycles(catalogue.products[product], cycle) if product is not None and cycle is not None else frozenset()
    members = [
        i
        for i, r in enumerate(known)
        if product is not None and r.product == product and (cycle is None or r.cycle in lines)
    ]
    rows = _chosen(triples, members)
    if entitlement.council is not None:
        rows &= _equal(frame.columns.get("council"), frame.rows, {entitlement.council})
    if entitlement.assets:
        rows &= _equal(frame.columns.get("asset"), frame.rows, set(entitlement.assets))
    return rows


def _free(
    known: Sequence[Recognition], catalogue: Catalogue, policy: Policy, files: Files
) -> list[tuple[date, int, list[int]]]:
    """Free extensions in use: last day, the line that says so, and which of ``known`` they are for."""
    used = {catalogue.canonical(name) for name in policy.free_extensions}
    found: dict[tuple[date, int], list[int]] = {}
    for i, one in enumerate(known):
        if one.product in used and one.extension_free and one.extended_on is not None and one.place is not None:
            found.setdefault((one.extended_on, files.code(one.place.file, one.place.line)), []).append(i)
    return [(until, place, members) for (until, place), members in found.items()]


def _chosen(triples: Index, members: Sequence[int]) -> NDArray[np.bool_]:
    wanted = np.zeros(int(triples.max(initial=-1)) + 2, dtype=bool)
    wanted[[m for m in members if m < len(wanted) - 1]] = True
    return wanted[triples]  # -1 reads the last entry, which is never set


def _equal(column: Col | None, rows: int, wanted: set[Any]) -> NDArray[np.bool_]:
    if column is None:
        return np.zeros(rows, dtype=bool)
    hits = np.fromiter((value in wanted for value in column.values), dtype=bool, count=len(column.values))
    if column.take is None:
        return hits
    return np.append(hits, False)[column.take]


def _code(files: Files, entitlement: Entitlement) -> int:
    return files.code(entitlement.place.file, entitlement.place.line)
