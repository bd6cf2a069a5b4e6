"""How much of each council's estate was seen: devices seen lately, devices with a software list, names recognised."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.model.estate import Estate


def fresh(estate: Estate, max_age_days: int) -> Counter[str]:
    """By council: assets that some source saw within so many days."""
    code, councils = estate.frames["assets"].columns["council"].codes()
    counts = np.bincount(code[fresh_rows(estate, max_age_days)], minlength=len(councils)).tolist()
    return Counter(dict(zip(councils, counts, strict=True)))


def fresh_rows(estate: Estate, max_age_days: int) -> NDArray[np.bool_]:
    """The assets that some source saw within so many days."""
    seen = estate.frames["assets"].columns["last_seen_on"]
    return seen.test(lambda day: day is not None and (estate.today - day).days <= max_age_days)


def listed(estate: Estate) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By council: assets with a software list, installs, and installs whose name is recognised."""
    frame = estate.frames["installs"]
    assets = estate.frames["assets"]
    owner = frame.columns["asset"].take
    assert owner is not None  # inventory hands installs over an index of assets
    named = frame.columns["name"].test(lambda v: v is not None)
    known = (
        frame.columns["recognised"].test(bool) if "recognised" in frame.columns else np.zeros(frame.rows, dtype=bool)
    )
    system = frame.columns["is_os"].test(bool)
    has_list = np.zeros(assets.rows, dtype=bool)
    has_list[owner[named & ~system]] = True
    if (told := assets.columns.get("software_listed")) is not None:  # of parts alone too, which are not judged
        has_list |= told.test(lambda said: said is True)
    rows = np.arange(assets.rows)

    def by_council(asset_rows: NDArray[Any]) -> Counter[str]:
        counts = np.bincount(asset_rows, minlength=assets.rows)
        found = Counter[str]()
        for council, n in zip(assets.columns["council"], counts.tolist(), strict=True):
            found[council] += n
        return found

    return by_council(rows[has_list]), by_council(owner[named]), by_council(owner[named & known])
