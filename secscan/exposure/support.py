"""Which assets still have support: what the table of paths says beside each way in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from secscan.model.frame import Col, Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The installs of one asset taken together."""

    whole: bool | None = None
    """True where support still runs for all; null where some are not known and none is over, or there is no list."""
    ended: frozenset[str] = frozenset()
    """The products whose support is over."""


def supports(installs: Frame | None, today: date) -> dict[tuple[str, str], Support]:
    """(council, asset in small letters) -> its support. An install that nobody knows counts as not known.

    Each distinct (support, dates) is judged once, and each asset is the sum of its rows.
    """
    if installs is None or not installs.rows:
        return {}
    states = _states(installs, today)
    council, councils = _column(installs, "council").codes()
    asset, assets = _column(installs, "asset").codes()
    owners, owner = np.unique(council * len(assets) + asset, return_inverse=True)
    over = np.bincount(owner[states == _OVER], minlength=len(owners)) > 0
    unknown = np.bincount(owner[states == _UNKNOWN], minlength=len(owners)) > 0
    ended: dict[int, set[str]] = {}
    names = [_column(installs, name) for name in ("product", "product_or_name", "name")]
    for row in np.flatnonzero(states == _OVER).tolist():
        if what := next((str(n[row]) for n in names if n[row]), None):
            ended.setdefault(int(owner[row]), set()).add(what)
    found: dict[tuple[str, str], Support] = {}
    for number, code in enumerate(owners.tolist()):
        who = assets[code % len(assets)]
        if who is None:
            continue
        key = (councils[code // len(assets)], who.casefold())
        mine = Support(
            whole=False if over[number] else None if unknown[number] else True,
            ended=frozenset(ended.get(number, ())),
        )
        found[key] = _joined(found[key], mine) if key in found else mine
    return found


_RUNS, _OVER, _UNKNOWN = 0, 1, 2


def _column(frame: Frame, name: str) -> Col:
    return frame.columns.get(name) or Col((), np.full(frame.rows, -1, dtype=np.int32))


def _states(installs: Frame, today: date) -> np.ndarray[Any, np.dtype[np.int8]]:
    """_RUNS, _OVER or _UNKNOWN for every row."""
    parts = [_column(installs, name).codes() for name in ("support", "eol_on", "entitled_until")]
    key = np.zeros(installs.rows, dtype=np.int64)
    for code, values in parts:
        key = key * len(values) + code
    distinct, first, which = np.unique(key, return_index=True, return_inverse=True)
    judged = np.empty(len(distinct), dtype=np.int8)
    for i, row in enumerate(first.tolist()):
        support, eol_on, entitled_until = (values[code[row]] for code, values in parts)
        judged[i] = {True: _RUNS, False: _OVER, None: _UNKNOWN}[_supported(support, eol_on, entitled_until, today)]
    return judged[which]


def _joined(one: Support, other: Support) -> Support:
    """Two spellings of one asset: over if either is, else not known if either is."""
    states = (one.whole, other.whole)
    return Support(whole=False if False in states else None if None in states else True, ended=one.ended | other.ended)


def _supported(support: Any, eol_on: date | None, entitled_until: date | None, today: date) -> bool | None:
    """As check lifecycle.unsupported-software judges, without its days of grace."""
    match support:
        case "ended-undated":
            return entitled_until is not None and entitled_until >= today
        case "open-ended":
            return True
        case "dated":
            days = [day for day in (eol_on, entitled_until) if day is not None]
            return max(days) >= today if days else None
        case _:
            return None
