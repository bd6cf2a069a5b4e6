"""From a table of text to one raw table: columns found by their heading, each distinct text converted once.

A broken value in a required column refuses the row; in any other it becomes "not known" and is warned of. A row's
council is checked against the council that the file is bound to and never believed over it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import compress
from typing import Any, Final

from secscan.doors import csv
from secscan.doors.csv import Table
from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.model.raw import Flag, RawTable, Refusal, Unread
from secscan.sources import values
from secscan.sources.reader import SHOWN_WARNINGS, Found, Job
from secscan.sources.values import Bad, Convert

NOUNS: Final = {
    "assets": "asset",
    "software": "install",
    "services": "service",
    "fixes": "fix",
    "rules": "rule",
    "results": "result",
}
PAST: Final = frozenset(("definitions_on", "last_seen", "install_date", "last_used", "last_hit", "first_seen"))
"""Days on which something happened: one that lies ahead is a broken clock."""
DECIDES: Final[Mapping[str, frozenset[str]]] = {"rules": frozenset(("enabled", "expires_on"))}
"""Columns that may be empty, but whose broken value refuses the row: read as empty it would change what the row says."""
NAMES: Final = frozenset(("asset_tag", "device_id", "hostname", "fqdn"))
"""Columns of assets that name them."""
_LOST: Final = re.compile(r"\w\?|\?\w")
_PLAIN_KINDS: Final[Mapping[str, Convert]] = {
    "text": values.words, "bool": values.yes_no, "int": values.whole, "tenths": values.tenths, "addresses": values.addresses,
}  # fmt: skip
_OWN_KINDS: Final[Mapping[tuple[str, str], Convert]] = {
    ("results", "proto"): values.proto, ("results", "port"): values.port, ("results", "address"): values.address,
    ("services", "proto"): values.proto, ("services", "port"): values.port, ("services", "address"): values.address,
    ("software", "kind"): values.software_kind,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which table a file feeds, where its columns stand and which of them a row cannot do without."""

    table: str
    kinds: Mapping[str, str]
    """Every column of the table, and what kind of value it holds."""
    at: Mapping[str, int]
    """Our column -> the file's, counted from 0."""
    required: Sequence[str]
    unique: str | None = None
    """A column whose value may stand in one row only."""
    extra: Sequence[int] = ()
    """Columns of the file that are kept as facts under their own heading."""
    council: int | None = None
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Our column -> the file's word, folded -> ours."""
    constant: Mapping[str, str] = field(default_factory=dict)


def folded(heading: str) -> str:
    """A heading as templates compare it: ``Asset Tag``, ``asset-tag`` and ``ASSET_TAG`` are one."""
    return _short(heading) if len(heading) < _SHORT else _fold(heading)


def _fold(heading: str) -> str:
    return re.sub(r"[\s_\-]+", "_", values.clean(heading)).strip("_").casefold()


_SHORT: Final = 200
"""Headings are shorter than this, and those of one file are asked about by every kind: they are remembered."""
_short = lru_cache(2_048)(_fold)


def build(table: Table, shape: Shape, job: Job) -> Found:
    """The rows of ``table`` as raw table ``shape.table``, with refusals and warnings."""
    return _Build(table, shape, job).done()


class _Build:
    def __init__(self, table: Table, shape: Shape, job: Job) -> None:
        self.table, self.shape, self.job = table, shape, job
        self.rows = len(table.lines)
        self.refused: dict[int, tuple[int | None, str]] = {}
        self.warnings: list[str] = list(table.notes)
        self.broken: list[tuple[str, int, Mapping[str, Bad]]] = []

    def done(self) -> Found:
        columns: Mapping[str, Sequence[Any]] = self.columns()
        self.check_council()
        self.check_unique(columns)
        for name, at, bad in self.broken:
            self.warn(name, at, bad)
        extra: Mapping[str, Sequence[Any]] = {
            self.table.header[i]: _mapped(self.table.columns[i], _kept) for i in self.shape.extra
        }
        base = self.job.files.code(self.table.shown, 0)
        places = array("q", map(base.__or__, self.table.lines))
        refusals = self.refusals(columns)
        if self.refused:
            keep = [row not in self.refused for row in range(self.rows)]
            columns = _kept_rows(columns, keep)
            extra = _kept_rows(extra, keep)
            places = array("q", compress(places, keep))
        raw = RawTable(table=self.shape.table, columns=columns, places=places, extra=extra)
        return Found(
            rows_read=self.table.rows_read, rows_loaded=raw.rows, rows_blank=self.table.blank, refused=refusals,
            warnings=self.warnings, tables={self.shape.table: raw}, shown=self.table.shown,
        )  # fmt: skip

    # -- values

    def columns(self) -> dict[str, Sequence[Any]]:
        found: dict[str, Sequence[Any]] = {}
        absent: list[Any] = [None] * self.rows
        for name in self.shape.kinds:
            if name in self.shape.constant:
                found[name] = [self.constant(name)] * self.rows
            elif name in self.shape.at:
                found[name] = self.column(name, self.shape.at[name])
            else:
                found[name] = absent
        return found

    def constant(self, name: str) -> Any:
        text = values.clean(self.shape.constant[name])
        value = None if values.is_unknown(text) else self.converter(name)(text)
        if isinstance(value, Bad):
            raise self.job.refuse(f"the constant for {name} does not fit: {value.reason}", "correct it in secscan.yaml")
        return value

    def converter(self, name: str) -> Convert:
        kind = self.shape.kinds[name]
        if kind == "date":
            order, today = self.job.source.dates, self.job.today
            if (self.shape.table, name) == ("rules", "expires_on"):
                return lambda text: None if "9999" in text else values.day(text, order)  # written for "never"
            if name in PAST:
                return lambda text: values.past_day(text, order, today)
            return lambda text: values.day(text, order)
        return _OWN_KINDS.get((self.shape.table, name)) or _PLAIN_KINDS[kind]

    def column(self, name: str, at: int) -> Sequence[Any]:
        texts = self.table.columns[at]
        convert = self.converter(name)
        own_words = self.shape.words.get(name, {})
        memo: dict[str, Any] = {}
        bad: dict[str, Bad] = {}
        for text in set(texts):
            trimmed = values.clean(text)
            if own_words:
                trimmed = own_words.get(trimmed.casefold(), trimmed)
            value = None if values.is_unknown(trimmed) else convert(trimmed)
            if isinstance(value, Bad):
                bad[text] = value
                value = value.value
            memo[text] = value
        if self.shape.table == "assets" and name in NAMES:
            self.lost_letters(name, at, memo)
            self.look_alikes(name, at, memo)
        if self.shape.kinds[name] == "date" and self.job.source.dates != "iso":
            self.contradiction(name, at, memo)
        if name in self.shape.required:
            self.require(name, at, memo, bad)
        elif bad and name in DECIDES.get(self.shape.table, ()):
            for row in self.rows_with(at, bad):
                self.refused.setdefault(row, (at, f"{name} {bad[self.table.columns[at][row]].reason}"))
        elif bad:
            self.broken.append((name, at, bad))
        return list(map(memo.__getitem__, texts))

    def lost_letters(self, name: str, at: int, memo: Mapping[str, Any]) -> None:
        """A name with a question mark beside a letter has most likely lost one: PowerShell writes ASCII where nobody says otherwise."""
        lost = {text for text in memo if "?" in text and _LOST.search(text)}
        if lost:
            rows = list(self.rows_with(at, lost))
            says = f"{self.at(rows[0], at)}: {name} {values.shown(self.table.columns[at][rows[0]])} holds '?'"
            self.warnings.append(Unread(
                f"{says}, as tools write a letter that they cannot; {len(rows):,} such values kept as they are; export it as UTF-8"
            ))  # fmt: skip

    def look_alikes(self, name: str, at: int, memo: Mapping[str, Any]) -> None:
        """Names that the eye takes for one and that are two stay two, and somebody hears of it."""
        if all(map(str.isascii, memo)):
            return
        alike: dict[str, set[str]] = {}
        for text in memo:
            alike.setdefault(values.skeleton(values.clean(text)), set()).add(values.clean(text).casefold())
        first: dict[str, int] = {}
        for row, text in enumerate(self.table.columns[at]):
            first.setdefault(values.clean(text).casefold(), row)
        texts = self.table.columns[at]
        for names in [names for names in alike.values() if len(names) > 1][:SHOWN_WARNINGS]:
            one, other = sorted(first[text] for text in names)[:2]
            before, here = (values.shown(ascii(texts[row])[1:-1]) for row in (one, other))
            says = f"{self.at(other, at)}: {name} {here} looks like {before} on line {self.table.lines[one]}, and is another name"
            self.warnings.append(Flag(f"{says}; correct it if one thing is meant"))

    def contradiction(self, name: str, at: int, memo: dict[str, Any]) -> None:
        """Where a column holds days that only the other order reads, days that both read cannot be believed."""
        order = self.job.source.dates
        other = values.other_order(order)
        against = {text for text in memo if values.only_fits(values.clean(text), other)}
        if not against:
            return
        proof = {text for text in memo if values.only_fits(values.clean(text), order)}
        texts = self.table.columns[at]
        first = next(row for row, text in enumerate(texts) if text in against)
        agrees = next((row for row, text in enumerate(texts) if text in proof), None)
        doubtful = {text for text in memo if memo[text] is not None and values.ambiguous(values.clean(text))}
        count = sum(text in doubtful for text in texts)
        for text in doubtful:
            memo[text] = None
        if name in DECIDES.get(self.shape.table, ()):
            for row in self.rows_with(at, doubtful):
                reason = f"{name} {values.shown(texts[row])} may be either day first or month first"
                self.refused.setdefault(row, (at, reason))
        says = f"{self.at(first, at)}: {name} {values.shown(texts[first])} only fits {other}, "
        if agrees is None:
            says += f"but the source declares {order} and no value of the column bears that out"
        else:
            says += f"while {values.shown(texts[agrees])} on line {self.table.lines[agrees]} only fits {order}"
        self.warnings.append(
            Unread(f"{says}; {count:,} values that fit both are not known; correct 'dates' in secscan.yaml or the file")
        )

    def require(self, name: str, at: int, memo: Mapping[str, Any], bad: Mapping[str, Bad]) -> None:
        lacking = {text for text, value in memo.items() if value is None} | set(bad)
        if lacking:
            for row in self.rows_with(at, lacking):
                broken = bad.get(self.table.columns[at][row])
                self.refused.setdefault(row, (at, f"{name} {broken.reason}" if broken else f"{name} is empty"))

    def warn(self, name: str, at: int, bad: Mapping[str, Bad]) -> None:
        noun = NOUNS.get(self.shape.table, "row")
        count = 0
        for row in self.rows_with(at, bad):
            if row in self.refused:
                continue
            count += 1
            if count <= SHOWN_WARNINGS:
                broken = bad[self.table.columns[at][row]]
                what = f"{name} unknown" if broken.value is None else f"the rest of {name} kept"
                self.warnings.append(Unread(f"{self.at(row, at)}: {name} {broken.reason}; {noun} kept, {what}"))
        if count > SHOWN_WARNINGS:
            self.warnings.append(
                Unread(f"{self.table.shown}: {count - SHOWN_WARNINGS:,} more values of {name} are not known")
            )

    def rows_with(self, at: int, texts: Mapping[str, Any] | set[str]) -> Iterator[int]:
        return (row for row, text in enumerate(self.table.columns[at]) if text in texts)

    def at(self, row: int, column: int) -> str:
        return self.table.at(self.table.lines[row], column)

    # -- rows

    def check_council(self) -> None:
        if self.shape.council is None or not self.job.council:
            return
        same = {self.job.council.casefold()} | {name.casefold() for name in self.job.also_named}
        other = {
            text for text in set(self.table.columns[self.shape.council])
            if not values.is_unknown(values.clean(text)) and values.clean(text).casefold() not in same
        }  # fmt: skip
        if other:
            for row in self.rows_with(self.shape.council, other):
                says = values.shown(self.table.columns[self.shape.council][row])
                reason = f"row says council {says}, the file is bound to '{self.job.council}'"
                self.refused.setdefault(row, (self.shape.council, reason))

    def check_unique(self, columns: Mapping[str, Sequence[Any]]) -> None:
        name = self.shape.unique
        if name is None:
            return
        first: dict[Any, int] = {}
        for row, value in enumerate(columns[name]):
            if value is None or row in self.refused:
                continue
            before = first.setdefault(value, row)
            if before != row:
                reason = f"{name} {values.shown(value)} stands on line {self.table.lines[before]} already"
                self.refused[row] = (self.shape.at.get(name), reason)

    def refusals(self, columns: Mapping[str, Sequence[Any]]) -> list[Refusal]:
        """Everything refused, by the door and here, in the order of the file."""
        tags = columns.get("asset_tag")
        found = [
            Refusal(line=bad.line, column=bad.column, reason=bad.reason, asset_tag=self.tag(bad.cells), raw=bad.raw)
            for bad in self.table.bad
        ]
        for row, (column, reason) in self.refused.items():
            cells = [texts[row] for texts in self.table.columns]
            found.append(Refusal(
                line=self.table.lines[row], column=None if column is None else self.table.header[column], reason=reason,
                asset_tag=tags[row] if tags else None, raw=csv.line_of(cells)[: csv.RAW_LIMIT],
            ))  # fmt: skip
        return sorted(found, key=lambda refusal: refusal.line)

    def tag(self, cells: Sequence[str]) -> str | None:
        at = self.shape.at.get("asset_tag")
        if at is None or at >= len(cells):
            return None
        found = values.clean(cells[at])
        return None if values.is_unknown(found) or isinstance(values.words(found), Bad) else found


def missing(table: Table, job: Job, name: str, known: Sequence[str]) -> Exception:
    """The refusal of a file that lacks a column, with the heading that was probably meant."""
    hint = nearest(name, known).removeprefix("; ")
    line = table.header_line
    headed = ", ".join(f"'{safe(h, 30)}'" for h in table.header[:12])
    return job.refuse(f"has no column '{name}'", hint or f"its columns are {headed}", line)


def _mapped(texts: Sequence[str], convert: Callable[[str], str | None]) -> list[str | None]:
    memo = {text: convert(text) for text in set(texts)}
    return list(map(memo.__getitem__, texts))


def _kept(text: str) -> str | None:
    trimmed = values.clean(text)
    return None if values.is_unknown(trimmed) or isinstance(values.words(trimmed), Bad) else trimmed


def _kept_rows(columns: Mapping[str, Sequence[Any]], keep: Sequence[bool]) -> dict[str, Sequence[Any]]:
    return {name: list(compress(column, keep)) for name, column in columns.items()}


def without(table: Table, drop: Sequence[bool]) -> Table:
    """The table without these rows, which count as blank."""
    if not any(drop):
        return table
    keep = [row for row, gone in enumerate(drop) if not gone]
    return replace(
        table, columns=[[column[row] for row in keep] for column in table.columns],
        lines=[table.lines[row] for row in keep], blank=table.blank + len(drop) - len(keep),
    )  # fmt: skip
