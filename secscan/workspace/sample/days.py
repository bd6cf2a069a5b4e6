"""The days of the sample: twelve sets that end on one day, and when vendors publish."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Month:
    """One set: its number in the story, its day, and the last day of the story."""

    number: int
    day: date
    end: date


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def set_days(end: date) -> tuple[date, ...]:
    """The days of the twelve monthly sets, oldest first; the last is ``end``."""
    return tuple(months_before(end, MONTHS - 1 - index) for index in range(MONTHS))


def second_tuesday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(1 - first.weekday()) % 7 + 7)


def releases(day: date, offset_days: int = 0) -> Iterator[date]:
    """The monthly release days up to ``day``, newest first: second Tuesdays plus an offset of the vendor's."""
    year, month = day.year, day.month
    while True:
        released = second_tuesday(year, month) + timedelta(days=offset_days)
        if released <= day:
            yield released
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)


def british(day: date | None) -> str:
    """Day first, as councils' tools in England write it; nothing for no day."""
    return "" if day is None else f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
