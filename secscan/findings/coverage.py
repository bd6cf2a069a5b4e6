"""What each source saw of each council, counted over whole columns; and how far sources agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.model.estate import Estate, Sighting, System
from secscan.model.posture import CoverageRow, Disagreement
from secscan.model.settings import Settings

Counts = NDArray[np.int64]


def coverage(settings: Settings, estate: Estate) -> list[CoverageRow]:
    """A row for every configured source and its own council, files or none, and one for each other council that it sees."""
    assets = estate.frames["assets"]
    council, names = assets.columns["council"].codes()
    whose = {name: i for i, name in enumerate(names)}
    of_assets = np.bincount(council, minlength=len(names))
    seen: Mapping[str, Sighting] = estate.notes.get("sightings", {})
    oldest = estate.today.toordinal() - settings.limits.source_max_age_days
    named_by = sum((s.named.astype(np.int32) for s in seen.values()), np.zeros(assets.rows, dtype=np.int32))
    installs, recognised = _installs(estate, council, len(names))
    registered = _registered(estate)
    nobody = Sighting(np.zeros(assets.rows, dtype=bool), np.zeros(assets.rows, dtype=np.int32))
    dated = _newest_files(estate)
    with_register = estate.notes.get("with_register", ())
    rows = []
    for bound in settings.councils:
        for source in bound.sources:
            sight = seen.get(source.id, nobody)
            figures = [
                np.bincount(council[which], minlength=len(names))
                for which in (
                    sight.named,
                    sight.named & (sight.days >= oldest),
                    sight.named & (named_by == 1),
                    sight.named & registered,
                )
            ]
            figures += [of.get(source.id, np.zeros(len(names), dtype=np.int64)) for of in (installs, recognised)]
            for other in settings.councils:
                at = whose.get(other.id)
                told = [int(of[at]) for of in figures] if at is not None else [0] * len(figures)
                if other.id == bound.id or told[0]:
                    rows.append(
                        CoverageRow(
                            council=other.id, source=source.id, kind=source.kind, dated_on=dated.get(source.id),
                            assets=told[0], of_assets=int(of_assets[at]) if at is not None else 0, fresh=told[1],
                            only_here=told[2], installs=told[4], recognised=told[5],
                            counts_as=source.word, in_register=told[3] if other.id in with_register else None,
                        )
                    )  # fmt: skip
    return rows


def _registered(estate: Estate) -> NDArray[np.bool_]:
    """The assets that stand in a register."""
    column = estate.frames["assets"].columns.get("registered")
    return np.zeros(estate.frames["assets"].rows, dtype=bool) if column is None else column.test(bool)


def _installs(estate: Estate, council: Counts, councils: int) -> tuple[dict[str, Counts], dict[str, Counts]]:
    """Source -> by council, the installs that it lists, and those of them whose name is recognised."""
    frame = estate.frames["installs"]
    source, owner = frame.columns.get("source"), frame.columns["asset"].take
    if source is None or source.take is None or owner is None:
        return {}, {}
    named = frame.columns["name"].test(lambda v: v is not None) & (source.take >= 0)
    known = named & (frame.columns["recognised"].test(bool) if "recognised" in frame.columns else False)
    size = len(source.values) * councils

    def by_source(rows: NDArray[np.bool_]) -> dict[str, Counts]:
        assert source is not None and source.take is not None
        counts = np.bincount(source.take[rows].astype(np.int64) * councils + council[owner[rows]], minlength=size)
        return {name: counts[i * councils : (i + 1) * councils] for i, name in enumerate(source.values)}

    return by_source(named), by_source(known)


def _newest_files(estate: Estate) -> dict[str, date]:
    """Source -> the day of the newest file that is used, or where none is, of the newest that came."""
    found: dict[str, tuple[bool, date]] = {}
    for load in estate.loads:
        new = (load.held is None, load.dated_on)
        found[load.source] = max(found.get(load.source, new), new)
    return {source: day for source, (_, day) in found.items()}


def disagreements(estate: Estate) -> list[Disagreement]:
    """Every fact of which two sources say different things, by council and asset."""
    systems = [
        Disagreement(council=s.council, asset=s.asset, hostname=s.hostname, fact="os", said=list(s.said))
        for s in _systems(estate)
        if _differ(s, estate) is True
    ]
    found: Sequence[Disagreement] = estate.notes.get("disagreements", ())
    return sorted([*found, *systems], key=lambda d: (d.council, d.asset, d.fact))


def agreement(estate: Estate) -> dict[str, tuple[int, int]]:
    """Council -> the facts that several sources give and agree on, and the facts that several sources give.

    Two spellings of an operating system that nobody recognises are neither agreement nor the contrary.
    """
    found: dict[str, tuple[int, int]] = dict(estate.notes.get("agreed", {}))
    for system in _systems(estate):
        if (differ := _differ(system, estate)) is not None:
            same, given = found.get(system.council, (0, 0))
            found[system.council] = (same + (not differ), given + 1)
    return found


def _systems(estate: Estate) -> Sequence[System]:
    found: Sequence[System] = estate.notes.get("systems", ())
    return found


def _differ(system: System, estate: Estate) -> bool | None:
    """Whether sources name different operating systems; None where that cannot be told.

    The same release line is the same, however it is written; where one source is less exact, the product decides.
    """
    known: Mapping[Any, tuple[str | None, str | None]] = estate.notes.get("recognised_systems", {})
    first, *others = system.spelt
    product, cycle = known.get(first, (None, None))
    told: list[bool | None] = []
    for other in others:
        its_product, its_cycle = known.get(other, (None, None))
        if product is None or its_product is None:
            told.append(False if _folded(first[0]) == _folded(other[0]) else None)
        elif product != its_product:
            told.append(True)
        else:
            told.append(None not in (cycle, its_cycle) and cycle != its_cycle)
    return True if True in told else None if None in told else False


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
