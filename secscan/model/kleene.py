"""Kleene's three-valued any and all: null is "not known" and never drops out of the sum."""

from __future__ import annotations

from collections.abc import Iterable


def any3(values: Iterable[bool | None]) -> bool | None:
    """True if one is true; else null if one is not known; else false (also for none at all)."""
    answer: bool | None = False
    for value in values:
        if value:
            return True
        if value is None:
            answer = None
    return answer


def all3(values: Iterable[bool | None]) -> bool | None:
    """False if one is false; else null if one is not known; else true (also for none at all)."""
    answer: bool | None = True
    for value in values:
        if value is None:
            answer = None
        elif not value:
            return False
    return answer
