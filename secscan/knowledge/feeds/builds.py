"""Windows builds: which revision of each build Microsoft released on which day, by which update (KB).

Microsoft publishes the history on pages for people. A feed is a table of it: ``build`` (19045.6456), ``release_date``
and ``kb``; ``out_of_band`` and ``preview`` (true or false); and ``source_headings`` or ``family``, by which builds of
servers are told from those of clients, for the two have other revisions where they share a base. One row a build and
update, in any order; the table's day is that of its newest build.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple

from secscan.doors import csv
from secscan.knowledge.feeds.feed import Document, Feed, Sample, Source, day

_AGAIN: Final = "fetch it again"
_NEEDED: Final = ("build", "release_date", "kb")
_BUILD: Final = re.compile(r"(\d{4,5})\.(\d{1,6})", re.ASCII)
_KB: Final = re.compile(r"(?:KB)?(\d{6,8})", re.ASCII | re.IGNORECASE)
_SERVER: Final = re.compile(r"server", re.IGNORECASE)
_FLAGS: Final = {"true": True, "false": False, "": False}


class Build(NamedTuple):
    """One revision of a base build, on one side."""

    side: str
    """client or server."""
    base: int
    revision: int
    released_on: date
    kb: str
    preview: bool
    """An optional update: what it mends comes with the next one that is none, and no fix of a vulnerability is in it alone."""
    out_of_band: bool
    line: int


def _fits(sample: Sample) -> bool:
    first = sample.raw.lstrip(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r").lower().split(b",")
    return {b"build", b"release_date", b"kb"} <= set(first)


def _read(sample: Sample) -> Document:
    table = csv.read(sample.raw, sample.shown, delimiter=",")
    if table.bad:
        raise sample.refuse(f"line {table.bad[0].line} {table.bad[0].reason}", _AGAIN)
    columns = {name.strip().lower(): values for name, values in zip(table.header, table.columns, strict=True)}
    if not table.lines:
        raise sample.refuse("holds no build", _AGAIN)
    sides = columns.get("source_headings") or columns.get("source_heading") or columns.get("family")
    if sides is None:
        raise sample.refuse(
            "does not tell builds of servers from those of clients", "it needs a column source_headings or family"
        )
    blank = [""] * len(table.lines)
    rows = zip(
        *(columns[name] for name in _NEEDED), columns.get("preview", blank), columns.get("out_of_band", blank), sides,
        table.lines, strict=True,
    )  # fmt: skip
    builds = [build for row in rows for build in _builds(sample, *row)]
    newest = max(build.released_on for build in builds)
    at = datetime.combine(newest, time(tzinfo=UTC))
    counts = Counter(f"{build.base}.{build.revision}" for build in builds)
    return Document(part="", at=at, said_at=at, counts=dict.fromkeys(counts, 1), content=builds)


def _builds(
    sample: Sample, build: str, released: str, kb: str, preview: str, out_of_band: str, side: str, line: int
) -> list[Build]:
    """The row's build on each side that it is of. Raises InputError with the line of what is none."""
    number, update = _BUILD.fullmatch(build.strip()), _KB.fullmatch(kb.strip())
    flags = [_FLAGS.get(said.strip().lower()) for said in (preview, out_of_band)]
    try:
        released_on = day(released.strip())
    except ValueError:
        released_on = None
    if number is None or (update is None and kb.strip()) or released_on is None or None in flags:
        raise sample.refuse(f"line {line} is no build with its day and update", _AGAIN)
    parts = [part for part in re.split(r"[;|]", side) if part.strip()] or [side]
    return [
        Build(
            name, int(number[1]), int(number[2]), released_on, f"KB{update[1]}" if update else "", bool(flags[0]),
            bool(flags[1]), line,
        )
        for name in dict.fromkeys("server" if _SERVER.search(part) else "client" for part in parts)
    ]  # fmt: skip


def _facts(sources: Sequence[Source]) -> dict[str, Any]:
    """``side base`` -> its revisions in order: [revision, day, update, regular, out-of-band or preview, line]."""
    (source,) = sources
    found: dict[str, dict[int, list[Any]]] = {}
    for build in sorted(source.document.content):
        how = "preview" if build.preview else "out-of-band" if build.out_of_band else "regular"
        said = [build.revision, build.released_on.isoformat(), build.kb, how, build.line]
        found.setdefault(f"{build.side} {build.base}", {}).setdefault(build.revision, said)
    return {
        "file": source.file, "on": source.document.at.date().isoformat(),
        "builds": {base: list(revisions.values()) for base, revisions in found.items()},
    }  # fmt: skip


SOURCE: Final = "https://learn.microsoft.com/windows/release-health/"
FEED: Final = Feed(
    id="windows-builds",
    label="Windows builds and their updates",
    source=SOURCE,
    licence="facts published by Microsoft",
    notice="Windows builds and update numbers as published by Microsoft on its Windows release health pages.",
    noun="builds",
    lapsed="no machine is up to date on its word",
    fits=_fits,
    read=_read,
    facts=_facts,
    form=1,
)
