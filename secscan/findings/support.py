"""When support ends, over release lines and councils: what ends within the horizon, and what nobody knows the end of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.horizon import HORIZONS, PAST_DAYS, months_after
from secscan.model.posture import SupportEnd, SupportKnown

Rows = NDArray[np.int64]
Days = Rows
"""A day a row, as its ordinal; 0 where none is known."""
_ENDS: Final = (("support", "eol_on"), ("extension", "extended_on"), ("entitlement", "entitled_until"))


def support_ends(estate: Estate) -> list[SupportEnd]:
    """Every day within the horizon, or the year before, on which support of some council's installs ends, soonest first.

    One row a council, release line, day and kind of end. An extension that the council holds to its last day is told
    once, as the entitlement.
    """
    frame = estate.frames["installs"]
    first, last = estate.today.toordinal() - PAST_DAYS, months_after(estate.today, HORIZONS[-1]).toordinal()
    held = _days(frame, "entitled_until")
    found: list[SupportEnd] = []
    for what, column in _ENDS:
        on = _days(frame, column)
        told = (on >= first) & (on <= last)
        if what == "extension":
            told &= on != held
        found += _ends(estate, frame, what, column, np.flatnonzero(told), on)
    return sorted(found, key=lambda e: (e.on, e.label, e.product, e.council, e.what))


def _ends(
    estate: Estate, frame: Frame, what: str, column: str, rows: Rows, on: Days
) -> Iterator[SupportEnd]:  # fmt: skip
    """The ends of one kind: rows of ``installs`` put together by council, release line and day."""
    if not len(rows):
        return
    key = on[rows]
    for name in ("council", "product", "release"):
        code, values = _codes(frame.columns[name], rows)
        key = key * len(values) + code
    _, starts, group, installs = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    assets = np.bincount(_pairs(frame.columns["asset"], rows, group)[0])
    services = _distinct(frame.columns["service"], rows, group)
    places = _distinct(frame.places[column], rows, group) if column in frame.places else {}
    for number, start in enumerate(starts.tolist()):
        row = int(rows[start])
        product = frame.get("product", row)
        yield SupportEnd(
            council=frame.get("council", row),
            product=product,
            label=frame.get("release", row) or product,
            what=what,
            on=date.fromordinal(int(on[row])),
            assets=int(assets[number]),
            installs=int(installs[number]),
            services=sorted(str(s) for s in services.get(number, ())),
            place=min((estate.files.place(int(code)) for code in places.get(number, ())), default=None),
        )


def _pairs(column: Col, rows: Rows, group: Rows) -> tuple[Rows, Rows, list[Any]]:
    """Each value of each group once: the group, the number of the value, and what the numbers stand for."""
    code, values = _codes(column, rows)
    pairs = np.sort(group.astype(np.int64) * max(len(values), 1) + code)
    once = pairs[np.append(True, np.diff(pairs) != 0)]  # sorting a million pairs is quicker than hashing them
    return *np.divmod(once, max(len(values), 1)), values


def _distinct(column: Col, rows: Rows, group: Rows) -> dict[int, list[Any]]:
    """For each group the distinct values, but for None, that its rows have."""
    found: dict[int, list[Any]] = {}
    groups, numbers, values = _pairs(column, rows, group)
    for at, number in zip(groups.tolist(), numbers.tolist(), strict=True):
        if (value := values[number]) is not None:
            found.setdefault(at, []).append(value)
    return found


def _codes(column: Col, rows: Rows) -> tuple[Rows, list[Any]]:
    """``Col.codes`` of some rows alone."""
    if column.take is None:
        code, values = column.codes()
        return code[rows], values
    return Col(column.values, column.take[rows]).codes()


def support_known(estate: Estate, councils: Sequence[str]) -> list[SupportKnown]:
    """For each council what is known of the end of its installs' support; an install counts once."""
    frame = estate.frames["installs"]
    until = np.maximum(_days(frame, "eol_on"), _days(frame, "entitled_until"))
    today, last = estate.today.toordinal(), months_after(estate.today, HORIZONS[-1]).toordinal()
    named, recognised = (frame.columns[name].test(bool) for name in ("name", "recognised"))
    dated = until > 0
    kinds = {  # the first that holds counts
        "none": ~named,
        "unrecognised": ~recognised,
        "open_ended": ~dated & frame.columns["support"].test(lambda word: word == "open-ended"),
        "undated": ~dated & ~frame.columns["support"].test(lambda word: word == "ended-undated"),
        "ended": until < today,
        "ahead": until <= last,
        "later": dated,
    }
    kind = np.select(list(kinds.values()), range(len(kinds)))
    council, names = frame.columns["council"].codes()
    counts = np.bincount(council * len(kinds) + kind, minlength=len(names) * len(kinds)).reshape(-1, len(kinds))
    rows = dict(zip(names, counts.tolist(), strict=True))
    return [
        SupportKnown(council=name, installs=sum(told[1:]), **dict(zip(list(kinds)[1:], told[1:], strict=True)))
        for name in councils
        for told in [rows.get(name, [0] * len(kinds))]
    ]


def _days(frame: Frame, column: str) -> Days:
    col = frame.columns.get(column)
    if col is None:
        return np.zeros(frame.rows, dtype=np.int64)
    days = np.array([0 if v is None else v.toordinal() for v in col.values] + [0], dtype=np.int64)
    return days[:-1] if col.take is None else days[col.take]  # -1 takes the last
