"""From the text of one cell to a typed value: strictly, or not at all.

Every function takes trimmed text that says something and answers a value, or ``Bad`` with the reason. What is
missing is None before any of them is asked; what is broken is never mended by a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, Literal

from secscan.doors.terminal import safe

Order = Literal["day-first", "month-first", "iso"]

UNKNOWN_WORDS: Final = frozenset(("", "n/a", "unknown", "-", "null", "none"))
"""What exports write for "we do not know"; compared without regard to case."""
YES_NO: Final = {
    "yes": True, "true": True, "y": True, "1": True, "on": True, "enabled": True,
    "no": False, "false": False, "n": False, "0": False, "off": False, "disabled": False,
}  # fmt: skip
YEARS: Final = range(1990, 2101)
SOFTWARE_KINDS: Final = frozenset(("os_caption", "arp", "network", "service_banner", "dpkg", "rpm", "sbom"))
PROTOCOLS: Final = {"tcp": "tcp", "udp": "udp", "6": "tcp", "17": "udp", "tcp6": "tcp", "udp6": "udp"}

_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?"
_ISO = re.compile(rf"(\d{{4}})([-/.]?)(\d{{2}})\2(\d{{2}}){_TIME}", re.ASCII)
_NUMERIC = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SERIAL = re.compile(r"[2-9]\d{4}(?:\.\d+)?", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_SCORE = re.compile(r"(\d{1,2})(?:\.(\d)0*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a text is not a value of its column; ``value`` is what could still be kept of it."""

    reason: str
    value: Any = None


Convert = Callable[[str], Any]


def clean(text: str) -> str:
    """The text trimmed and in normal form C, so that the same word is the same text."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text).strip(" \ufeff\u200b\u00a0")


def is_unknown(text: str) -> bool:
    return len(text) < 8 and text.casefold() in UNKNOWN_WORDS


_LOOKS_LATIN: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0432\u043a\u043c\u043d\u0442"
    "\u03bf\u03b1\u03b9\u03ba\u03bd\u03c1\u03c4\u03c5\u03c7\u0131",
    "aeopcyxijshdqwbkmhtoaikvptuxi",
)
"""Small letters of Cyrillic and Greek that look like Latin ones, themselves or as capitals."""
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def skeleton(text: str) -> str:
    """What a name looks like: two names with one skeleton cannot be told apart by eye."""
    if text.isascii():
        return text.casefold()
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return plain.translate(_LOOKS_LATIN)


def shown(text: str) -> str:
    """A value as messages quote it."""
    return f"'{safe(text, 60)}'"


def words(text: str) -> str | Bad:
    """Text as it stands. A NUL or a replacement character means that something broke it before."""
    if "\0" in text:
        return Bad(f"{shown(text)} holds a NUL character")
    if not text.isascii() and ("\ufffd" in text or _SURROGATE.search(text)):
        return Bad(f"{shown(text)} was damaged before it came here (it holds a character that stands for none)")
    return text


def yes_no(text: str) -> bool | Bad:
    found = YES_NO.get(text.casefold())
    return Bad(f"{shown(text)} is not yes or no") if found is None else found


def whole(text: str) -> int | Bad:
    return int(text) if _WHOLE.fullmatch(text) else Bad(f"{shown(text)} is not a whole number")


def port(text: str) -> int | Bad:
    found = int(text) if _WHOLE.fullmatch(text) else -1
    return found if 0 <= found <= 65535 else Bad(f"{shown(text)} is not a port (0 to 65535)")


def proto(text: str) -> str | Bad:
    return PROTOCOLS.get(text.casefold()) or Bad(f"{shown(text)} is not tcp or udp")


def tenths(text: str) -> int | Bad:
    """A CVSS base score in tenths."""
    found = _SCORE.fullmatch(text)
    score = int(found[1]) * 10 + int(found[2] or 0) if found else 1000
    return score if score <= 100 else Bad(f"{shown(text)} is not a CVSS score (0.0 to 10.0)")


def software_kind(text: str) -> str | Bad:
    found = text.casefold()
    return found if found in SOFTWARE_KINDS else Bad(f"{shown(text)} is not one of {', '.join(sorted(SOFTWARE_KINDS))}")


def address(text: str) -> str | Bad | None:
    """One address in canonical form: no zone id, IPv4 in IPv6 as IPv4; None for the address that stands for none."""
    try:
        found: IPv4Address | IPv6Address = ip_address(text.split("%", 1)[0])
    except ValueError:
        return Bad(f"{shown(text)} is not an address")
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return None if found.is_unspecified else str(found)


def addresses(text: str) -> tuple[str, ...] | Bad | None:
    """Several addresses separated by ``;``, comma or space, each once, in their order."""
    found: dict[str, None] = {}
    bad: Bad | None = None
    for part in re.split(r"[;,\s]+", text):
        if not part or is_unknown(part):
            continue
        one = address(part)
        if isinstance(one, Bad):
            bad = bad or one
        elif one is not None:
            found[one] = None
    kept = tuple(found) or None
    return Bad(bad.reason, kept) if bad else kept


def day(text: str, order: Order) -> date | Bad:
    """A calendar day, written ISO or in the declared order with a four-digit year; a time of day is passed over."""
    if found := _ISO.fullmatch(text):
        year, month, the_day = int(found[1]), int(found[3]), int(found[4])
    elif order != "iso" and (found := _NUMERIC.fullmatch(text)):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        the_day, month = (first, second) if order == "day-first" else (second, first)
    elif _SERIAL.fullmatch(text):
        return Bad(f"{shown(text)} is a spreadsheet's serial number, not a date; format the column as a date")
    else:
        return Bad(f"{shown(text)} is not a date ({_HINTS[order]})")
    try:
        found_day = date(year, month, the_day)
    except ValueError:
        return Bad(f"{shown(text)} is not a date ({_HINTS[order]})")
    if year not in YEARS:
        return Bad(f"{shown(text)} lies outside {YEARS[0]} to {YEARS[-1]}")
    return found_day


_HINTS: Final = {"day-first": "day first or ISO", "month-first": "month first or ISO", "iso": "ISO: year-month-day"}


def past_day(text: str, order: Order, today: date) -> date | Bad:
    """A day on which something has happened: not later than tomorrow, for clocks east of ours."""
    found = day(text, order)
    if isinstance(found, date) and found > today + timedelta(days=1):
        return Bad(f"{shown(text)} lies after {today.isoformat()}")
    return found


def other_order(order: Order) -> Order:
    return "month-first" if order == "day-first" else "day-first"


def ambiguous(text: str) -> bool:
    """Whether both orders read the text, and read different days."""
    found = _NUMERIC.fullmatch(text)
    return found is not None and int(found[1]) <= 12 and int(found[3]) <= 12 and int(found[1]) != int(found[3])


def only_fits(text: str, order: Order) -> bool:
    """Whether this order reads the text and the other does not."""
    return (
        _NUMERIC.fullmatch(text) is not None
        and isinstance(day(text, order), date)
        and isinstance(day(text, other_order(order)), Bad)
    )
