"""How far ahead the ends of support are told, and the calendar's months."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

HORIZONS: Final = (3, 6, 12, 24)
"""Months ahead of the as-at day; ends beyond the last are counted and not listed."""
PAST_DAYS: Final = 365
"""How long an end that has passed is still listed."""


def months_after(day: date, months: int) -> date:
    """The same day so many months on, or the last day of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
