"""Microsoft's security updates: which update (KB) mends which vulnerabilities (CVE), and how grave Microsoft calls them.

The document is a table with one row for each vulnerability, update and product, in any order: ``DatePosted`` (20260609),
``CVE``, ``BulletinKB``, ``AffectedProduct``, ``Severity``. Its day is that of its newest row. A row without an update is of
a product that mends itself; its severity is not lost: what has none stated is graver to us, not less.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from secscan.doors import csv
from secscan.knowledge.feeds.feed import Document, Feed, Sample, Source

_AGAIN: Final = "fetch it again"
_NEEDED: Final = ("DatePosted", "CVE", "BulletinKB", "AffectedProduct", "Severity")
_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,19}|ADV\d{6}", re.ASCII)
_KB: Final = re.compile(r"(?:KB)?(\d{6,8})", re.ASCII | re.IGNORECASE)
GRAVEST_FIRST: Final = ("critical", "important", "moderate", "low")
"""Microsoft's own words. 'Important' is Microsoft's second, and no other scale's 'high'."""
_ROWS: Final = 5_000_000


def _fits(sample: Sample) -> bool:
    first = sample.raw.lstrip(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r").replace(b'"', b"").split(b",")
    return {name.encode() for name in _NEEDED} <= set(first)


def _read(sample: Sample) -> Document:
    table = csv.read(sample.raw, sample.shown, delimiter=",", rows=_ROWS)
    if table.bad:
        raise sample.refuse(f"line {table.bad[0].line} {table.bad[0].reason}", _AGAIN)
    if not table.lines:
        raise sample.refuse("holds no update", _AGAIN)
    columns = dict(zip(table.header, table.columns, strict=True))
    posted, cves, updates, _, severities = (columns[name] for name in _NEEDED)
    days = {text: _moment(text) for text in set(posted)}
    known = {text: bool(_CVE.fullmatch(text)) for text in set(cves)}
    numbers = {text: _KB.fullmatch(text.strip()) for text in set(updates)}
    for line, day, cve, update in zip(table.lines, posted, cves, updates, strict=True):
        if days[day] is None or not known[cve] or (numbers[update] is None and _number(update)):
            raise sample.refuse(f"line {line} is no vulnerability with its day and update", _AGAIN)
    at = max(day for day in days.values() if day is not None)
    named = [f"KB{found[1]}" if (found := numbers[text]) else "" for text in updates]
    rows = list(zip(named, cves, severities, table.lines, strict=True))
    return Document(part="", at=at, said_at=at, counts=Counter(cves), content=rows)


def _moment(text: str) -> datetime | None:
    found = _DAY.fullmatch(text.strip())
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC) if found else None
    except ValueError:
        return None


def _number(text: str) -> bool:
    """Whether it was meant as an update: release notes and pages stand there too, and nothing."""
    return text.strip().isdigit()


def _facts(sources: Sequence[Source]) -> dict[str, Any]:
    """Update -> [the gravest of its words, or None where one of its vulnerabilities has none; its CVEs; its first line]."""
    (source,) = sources
    found: dict[str, tuple[set[str], dict[str, None], int]] = {}
    for update, cve, severity, line in source.document.content:
        if update:
            words, cves, _ = found.setdefault(update, (set(), {}, line))
            words.add(severity.strip().lower())
            cves[cve] = None
    return {
        "file": source.file, "on": source.document.at.date().isoformat(),
        "updates": {update: [_gravest(words), list(cves), line] for update, (words, cves, line) in found.items()},
    }  # fmt: skip


def _gravest(words: set[str]) -> str | None:
    """The gravest word; None where it is less than the gravest there is and one has no word that is known."""
    first = next((word for word in GRAVEST_FIRST if word in words), None)
    return first if first == GRAVEST_FIRST[0] or words <= set(GRAVEST_FIRST) else None


SOURCE: Final = "https://api.msrc.microsoft.com/cvrf/v3.0/updates"
FEED: Final = Feed(
    id="msrc",
    label="Security updates (Microsoft)",
    source=SOURCE,
    licence="facts published by Microsoft",
    notice="Security updates as published by the Microsoft Security Response Center (MSRC).",
    noun="vulnerabilities",
    lapsed="updates that it lacks count as without a stated severity",
    fits=_fits,
    read=_read,
    facts=_facts,
    form=1,
)
