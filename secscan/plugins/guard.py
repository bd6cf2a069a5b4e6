"""Runs other people's code: whatever it raises comes back as a sentence, and what it prints goes to nobody's result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TypeVar

from secscan.doors.terminal import safe

T = TypeVar("T")
_SHOWN = 200


class Broke(Exception):
    """Why it did not answer, in one line."""


def guarded(call: Callable[[], T]) -> T:
    """What ``call`` answers. Raises Broke with what it raised, also where that would end the program."""
    try:
        with redirect_stdout(sys.stderr):
            return call()
    except (Exception, SystemExit) as error:
        raise Broke(says(error)) from error


def says(error: BaseException) -> str:
    """The kind of error and the first line of what it says; never raises, whatever the error is."""
    try:
        told = next(iter(str(error).splitlines()), "")
    except Exception:
        told = ""
    return safe(f"{type(error).__name__}: {told}" if told else type(error).__name__, _SHOWN)
