"""The author's whole vocabulary: a check, or a table that a package adds, imports from here and from nowhere else.

A check: ``from secscan.api import Expr, Installs, Params, check``. A table (docs/checks.md): a class of documented
columns derived from ``TableSpec`` with ``text``, ``number``, ``day`` and ``yes_no``, and one ``Table`` that names it.
Its builder is given ``Tables`` and answers a ``Frame`` of ``Col``s; ``any3`` and ``all3`` are the way to sum up what
may not be known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from secscan.model.added import Table, Tables
from secscan.model.check import Judge, Params
from secscan.model.expr import Expr, days_after, due_on, earlier_of, later_of, when
from secscan.model.frame import Col, Frame, constant
from secscan.model.kleene import all3, any3
from secscan.model.tables import (
    Assets,
    Claims,
    Exceptions,
    Fixes,
    Installs,
    Paths,
    Results,
    Rules,
    Services,
    Sightings,
    TableSpec,
    day,
    number,
    text,
    yes_no,
)

__all__ = [
    "Assets",
    "Claims",
    "Col",
    "Exceptions",
    "Expr",
    "Fixes",
    "Frame",
    "Installs",
    "Params",
    "Paths",
    "Results",
    "Rules",
    "Services",
    "Sightings",
    "Table",
    "TableSpec",
    "Tables",
    "all3",
    "any3",
    "check",
    "constant",
    "day",
    "days_after",
    "due_on",
    "earlier_of",
    "later_of",
    "number",
    "text",
    "when",
    "yes_no",
]


def check(
    id: str,
    *,
    says: str,
    unknown_says: str,
    fix: str,
    unknown_when: Judge | None = None,
    about: Judge | None = None,
    due: Judge | None = None,
    shows: Sequence[str] = (),
    looser: Mapping[str, str] | None = None,
    **params: Any,
) -> Callable[[Judge], Judge]:
    """Register a rule: ``id`` is ``theme.thing-found`` and matches the file's path.

    ``says`` and ``unknown_says`` are the titles of a failure and of an unknown, naming columns in braces; ``fix``
    is the next step. Everything else by keyword is a parameter with its default, which policy may set.
    ``looser`` says for a parameter which way asks for less: ``higher``, ``lower``, ``more`` or ``fewer``
    (default: ``higher`` for names that end in ``_days``).
    ``unknown_when`` marks rows that must read unknown whatever the rule says. ``about`` says which rows the rule speaks
    about: of those that pass, the others are not counted, so that a share has the right whole. ``due`` answers a failing row's own
    deadline, where it has one; else the control's ``due`` counts from the day the finding was first seen. ``shows``
    names columns that stand in the evidence beside those that the rule reads.
    """

    def register(judge: Judge) -> Judge:
        judge.__secscan__ = {  # type: ignore[attr-defined]
            "id": id,
            "says": says,
            "unknown_says": unknown_says,
            "fix": fix,
            "unknown_when": unknown_when,
            "about": about,
            "due": due,
            "shows": tuple(shows),
            "looser": dict(looser or {}),
            "params": params,
        }
        return judge

    return register
