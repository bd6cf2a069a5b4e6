"""How the pages say things: dates, shares, names, and the closed words for results with their colours.

The glossary (reports/glossary.yaml) explains every word. A share is never shown without its count, and never rounded up: 94.96% of a
95% target reads 94.9%.
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Final

from secscan.doors.terminal import safe
from secscan.model.places import Place
from secscan.model.posture import FeedRow, Packet

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

COLOURS: Final = {
    "Met": "green", "Nearly met": "yellow", "Not met": "red", "Not known": "grey", "Not applicable": "grey",
    "Accepted": "blue",
    "Proven": "green", "Configured": "blue", "Claimed": "yellow", "Disproven": "red", "Cannot tell": "grey", "None": "red",
    "Permitted": "blue", "Partly": "yellow", "Blocked": "green", "Against policy": "red",
    "Overdue": "red", "In force": "green", "Not yet": "grey", "Unused": "yellow",
    "Whole": "green", "Rows refused": "yellow", "Incomplete": "yellow", "Held": "red", "Missing": "red",
    "Unreadable": "red", "Silent": "red",
    "Embedded": "green", "Regular": "blue", "Ad hoc": "yellow", "Not started": "red",
}  # fmt: skip
"""A tag's word to its colour. No meaning hangs on the colour: the word is always there."""

PROTECTIONS: Final = {
    "proven": "Proven", "configured": "Configured", "claimed": "Claimed", "disproven": "Disproven",
    "cannot-tell": "Cannot tell", "none": "None",
}  # fmt: skip
"""Protection in the data to the word on the page, strongest first."""

VERDICTS: Final = {"permitted": "Permitted", "partly": "Partly", "blocked": "Blocked", "cannot-tell": "Cannot tell"}
"""What the rules do with a way, as the pages say it."""

WEAKEST_FIRST: Final = ("disproven", "none", "claimed", "cannot-tell", "configured", "proven")

EXCEPTION_STATES: Final = {"in-force": "In force", "overdue": "Overdue", "unused": "Unused", "not-yet": "Not yet"}

INPUT_STATES: Final = {
    "whole": "Whole", "unread-values": "Values not read", "refused-rows": "Rows refused", "incomplete": "Incomplete", "held": "Held", "missing": "Missing",
    "unreadable": "Unreadable", "silent": "Silent",
}  # fmt: skip

FEED_STATES: Final = {"fresh": "Fresh", "stale": "Stale", "too-old": "Too old", "missing": "Not imported"}

SEVERITY_RANK: Final = {"critical": 0, "high": 1, "medium": 2, "low": 3}

THEMES: Final = {
    "patching": "Patching",
    "legacy": "Unsupported software",
    "firewall": "Network",
    "device": "Device settings",
    "inventory": "Inventory",
    "exceptions": "Exceptions",
}

_BREAKS = re.compile(r"[\t\r\n]+")
_ISO = re.compile(r"(?<![\w/-])\d{4}-\d{2}-\d{2}(?![\w/-])", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_KIND_OF_COUNCIL = re.compile(r"(?:\s+(?:District|Borough|County|City|Metropolitan|Unitary|Town|Parish))*\s+Council$")


def plain(text: object, limit: int = 2_000) -> str:
    """Text from an inventory as a page may show it: one line, no invisible or reordering characters, not endless."""
    said = str(text)
    if said.isprintable() and len(said) <= limit:  # most of all text: nothing to take out
        return said
    return safe(_BREAKS.sub(" ", said), limit)


def place(value: object) -> str:
    """A place as file:line:column, the same from a run just made and from its result read back, where it is a plain map."""
    match value:
        case Place():
            return str(value)
        case {"file": str(file), "line": int(line), "column": int(column)}:
            return str(Place(file, line, column))
        case {"file": str(file), "line": int(line)}:
            return str(Place(file, line))
        case _:
            return ""


def packet(found: Packet) -> str:
    """One packet in a line: where from, where to, and its ports."""
    return f"{found.src} to {found.dst}, {found.proto} {found.sport} to {found.dport}"


def feed(row: FeedRow) -> str:
    """A feed for the line on what a page rests on: what it is, of which day, how old."""
    if row.dated_on is None or row.age_days is None:
        return f"{row.label}: none imported"
    return f"{row.label} of {english(row.dated_on)}, {many(row.age_days, 'day')} old" + (
        "" if row.state == "fresh" else f" ({FEED_STATES[row.state].lower()})"
    )


def english(day: date) -> str:
    """``31 October 2026``, whatever the machine's language."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def dated(text: str) -> str:
    """A title with its ISO dates as people write them."""
    return _ISO.sub(lambda found: _english_or(found.group()), text)


def _english_or(iso: str) -> str:
    try:
        return english(date.fromisoformat(iso))
    except ValueError:
        return iso


def month(day: date) -> str:
    """``Oct 2026``."""
    return f"{MONTHS[day.month - 1][:3]} {day.year}"


def long_month(day: date) -> str:
    """``October 2026``."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def months_on(day: date, months: int) -> date:
    """The same day of the month so many months later, or the last one that it has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def number(count: int) -> str:
    return f"{count:,}"


def of(count: int, total: int) -> str:
    return f"{count:,} of {total:,}"


def percent(count: int, total: int) -> str:
    """The share to one decimal, rounded down, so that no target is reached by rounding. ``total`` is above 0."""
    tenths = count * 1000 // total
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}%"


def share(count: int, total: int) -> str:
    """``94.4% (2,362 of 2,500)``, or ``Not known`` where there was nothing to judge."""
    return f"{percent(count, total)} ({of(count, total)})" if total > 0 else "Not known"


def many(count: int, one: str, more: str | None = None) -> str:
    """``1 device``, ``2,362 devices``."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def listing(items: Sequence[str], limit: int = 5) -> str:
    """``a, b and c``; beyond ``limit``: ``a, b and 7 more``."""
    shown = list(items) if len(items) <= limit else [*items[: limit - 1], f"{len(items) - limit + 1:,} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""


def short_names(names: Sequence[str]) -> list[str]:
    """Each council's name without its kind of council, where what is left still tells them apart."""
    short = [_KIND_OF_COUNCIL.sub("", name) or name for name in names]
    return [s if short.count(s) == 1 else name for s, name in zip(short, names, strict=True)]


def file_id(identity: str) -> str:
    """A part of a file name that is safe anywhere: the id itself where it is a plain slug, else its digest."""
    reserved = identity.split(".", 1)[0] in {"con", "prn", "aux", "nul"}
    return identity if _SLUG.fullmatch(identity) and not reserved else anchor("x", identity)


def anchor(kind: str, *parts: str | None) -> str:
    """An id for a place on a page, the same in every run, that holds nothing of the inventory's text."""
    whole = "\x1f".join(p or "" for p in parts)
    return f"{kind}-{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def protection(word: str) -> str:
    return PROTECTIONS.get(word, word)


def colour(word: str) -> str:
    """The colour of a tag; ``Accepted until ...`` has Accepted's, and a word nobody knows is grey."""
    return COLOURS.get("Accepted" if word.startswith("Accepted until ") else word, "grey")
