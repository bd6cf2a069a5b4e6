"""Exports that are tables with headings of their maker's: which heading feeds which column, said once for each kind.

A row may say several things: of its host, of a program on it, of what a scanner found. Each is a ``Part``; the first is
the one whose rows are counted. Of headings with one meaning the first that the file has is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Literal

from secscan.doors import csv
from secscan.doors.csv import IsHeader, Table
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.raw import RAW_COLUMNS
from secscan.sources import looks, tabular, values
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.tabular import Shape, folded
from secscan.sources.templates import open_table
from secscan.sources.values import Order

Headings = tuple[str, ...]
"""Headings that mean one thing, compared as templates compare theirs."""
Turn = Callable[[str], str]
"""From the text of a cell to the text that the raw column understands; "" where it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What each row says for one raw table."""

    table: str
    columns: Mapping[str, Headings]
    """Our column -> the headings that feed it."""
    required: tuple[str, ...]
    """Our columns that a row cannot do without."""
    turns: Mapping[str, Turn] = field(default_factory=dict)
    """How a column's texts are written otherwise; each distinct text is turned once."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Our column -> the file's word, folded -> ours, also where the file's word would stand for "not known"."""
    constant: Mapping[str, str] = field(default_factory=dict)
    once: str | None = None
    """A column of which each value makes one row: the hosts of a list of programs. None: a row a row."""
    facts: Headings = ()
    """Headings that are kept as facts of the row, under their own words."""
    keep: bool = False
    """Whether headings that no part knows are kept as facts of the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Rows that are none of what is asked for: they count as blank, and a warning says how many and why."""

    headings: Headings
    so: Callable[[str], bool]
    """By the row's text under the first of the headings that the file has."""
    says: str
    """``accounts that are disabled``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headed:
    """Reads a table by its headings. ``needs``: those without which it is no such export."""

    what: str
    """For messages: ``an Intune export of devices``."""
    needs: Sequence[Headings]
    parts: Sequence[Part]
    dates: Order | None = "iso"
    """How the maker writes dates; None: as the source declares."""
    asides: Sequence[Aside] = ()
    plain: Callable[[str], str] = str
    """A heading without what the maker puts around it."""
    prepared: Callable[[Table], Table] = lambda table: table
    """The table with columns made of those that it has (``with_column``)."""
    uses: Headings = ()
    """Headings of which ``prepared`` makes columns."""
    state: Headings = ()
    """Headings that say whether a thing is still in use."""
    ended: frozenset[str] = frozenset()
    """Their words, folded, for one that is not. Such a row stays, for the register has it still, and is warned of."""

    def read(self, job: Job) -> Found:
        return self.of(open_table(job, self.is_header), job)

    def is_header(self, cells: Sequence[str]) -> bool:
        return self.heads(self.headings(cells))

    def heads(self, headings: frozenset[str]) -> bool:
        """Whether a file with these headings, as they are compared, is such an export."""
        return _has([_folded(names) for names in self.needs], headings)

    def wants(self, heading: str) -> bool:
        """Whether anything is read from a heading."""
        named = [*self.needs, self.state, self.uses, *(aside.headings for aside in self.asides)]
        for part in self.parts:
            named += [*part.columns.values(), part.facts]
        return folded(heading) in frozenset().union(*map(_folded, named))

    def headings(self, cells: Sequence[str]) -> frozenset[str]:
        """The cells of a header as they are compared."""
        return frozenset(folded(self.plain(cell)) for cell in cells)

    def of(self, table: Table, job: Job) -> Found:
        """The same of a table that is open."""
        if self.dates is not None:
            job = replace(job, source=job.source.model_copy(update={"dates": self.dates}))
        table = self.prepared(replace(table, header=[self.plain(heading) for heading in table.header]))
        table = _without_totals(table)
        for aside in self.asides:
            table = _without(table, aside)
        at: dict[str, int] = {}
        for i, heading in enumerate(table.header):
            at.setdefault(folded(heading), i)
        for names in self.needs:
            if not _folded(names) & at.keys():
                raise tabular.missing(table, job, names[0], list(at))
        if self.state and (note := self._ended(table, at)):
            table.notes.append(note)
        first, *others = (self._part(part, table, at, job) for part in self.parts)
        return replace(
            first,
            tables={**first.tables, **{name: raw for other in others for name, raw in other.tables.items() if raw.rows}},
            warnings=[*first.warnings, *(says for other in others for says in other.warnings if says not in first.warnings)],
        )  # fmt: skip

    def _ended(self, table: Table, at: Mapping[str, int]) -> str | None:
        """What is to be said of the rows that are out of use by the maker's own word."""
        if (one := _first(self.state, at)) is None:
            return None
        said = Counter(text for text in map(values.clean, table.columns[at[one]]) if text.casefold() in self.ended)
        return out_of_use(table.shown, table.header[at[one]], said) if said else None

    def _part(self, part: Part, table: Table, at: Mapping[str, int], job: Job) -> Found:
        placed = {name: at[one] for name, names in part.columns.items() if (one := _first(names, at)) is not None}
        columns = list(table.columns)
        for name, turn in part.turns.items():
            if name in placed:
                columns.append(_turned(columns[placed[name]], turn))
                placed[name] = len(columns) - 1
        header = [*table.header, *(f"{name}" for name in range(len(table.header), len(columns)))]
        used = {
            i for each in self.parts for names in each.columns.values() for i in (at.get(n) for n in _folded(names))
        }
        shown = replace(table, header=header, columns=columns, notes=[] if part.once else table.notes)
        if part.once is not None:
            shown = _distinct(shown, placed.get(part.once))
        facts = [at[name] for name in map(folded, part.facts) if name in at]
        shape = Shape(
            table=part.table, kinds=RAW_COLUMNS[part.table], at=placed, required=part.required, constant=part.constant,
            words=part.words, extra=[i for i in range(len(table.header)) if i not in used] if part.keep else facts,
        )  # fmt: skip
        return tabular.build(shown, shape, job)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An export that is known and not read: its headings, and what is said of it."""

    needs: Sequence[Headings]
    without: Headings
    """Headings with which it would be another one, that is read."""
    why: str
    hint: str

    def heads(self, headings: frozenset[str]) -> bool:
        return _has([_folded(names) for names in self.needs], headings) and not _folded(self.without) & headings


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """Several exports of one maker: the first whose headings a file has reads it."""

    of: Sequence[Headed]
    known: Sequence[Known] = ()

    def read(self, job: Job) -> Found:
        table = open_table(job, lambda cells: self.heads(frozenset(map(folded, cells))))
        headings = frozenset(map(folded, table.header))
        for known in self.known:
            if known.heads(headings):
                raise job.refuse(known.why, known.hint, table.header_line)
        # Where none has them, the first says what it lacks.
        return next((one for one in self.of if one.heads(headings)), self.of[0]).of(table, job)

    def heads(self, headings: frozenset[str]) -> bool:
        """Whether a file with these headings, folded, is any of them, read or only known."""
        return any(one.heads(headings) for one in self.of) or any(one.heads(headings) for one in self.known)


def out_of_use(shown: str, heading: str, said: Mapping[str, int]) -> str:
    """The warning of rows that a register keeps though the things are gone."""
    counted = ", ".join(f"{safe(word, 40)} {n:,}" for word, n in sorted(said.items()))
    return (
        f"{shown}: {sum(said.values()):,} rows are out of use by their own '{safe(heading, 40)}' ({counted}); they are kept, "
        "as the register has them still: export without them if they are gone"
    )


def fits(reader: Headed, marks: Sequence[Headings] = ()) -> Callable[[Sample], str | None]:
    """Told by headings. ``marks``: those that only this maker writes; with all of them it is certain."""

    def told(sample: Sample) -> str | None:
        header = behind_titles(sample, reader.is_header)
        if not reader.is_header(header):
            return None
        own = marks and _has([_folded(names) for names in marks], reader.headings(header))
        surely: Literal["certain", "likely"] = "certain" if own else "likely"
        named = ", ".join(f"'{safe(names[0], 40)}'" for names in (*reader.needs, *marks)[:4])
        return f"{surely}: {reader.what}, by its columns {named}"

    return told


def behind_titles(sample: Sample, is_header: IsHeader) -> Sequence[str]:
    """The header of a sample: the one behind its title lines, where it has some."""
    if is_header(sample.header):
        return sample.header
    if sample.looks.kind != "text":
        return next(filter(is_header, sample.top), sample.header)
    head = looks.text(sample.data[:_HEAD]).lstrip("\ufeff").rpartition("\n")[0]
    try:
        return csv.read(head.encode(), sample.shown, delimiter=sample.delimiter, is_header=is_header).header
    except InputError:
        return sample.header


def headings_of(sample: Sample, reader: OneOf) -> frozenset[str]:
    """The headings of a sample, folded; where title lines stand before those of one of the exports, these."""
    known = sample.headings
    return known if reader.heads(known) else next((early for early in sample.early if reader.heads(early)), known)


def with_column(table: Table, heading: str, of: Sequence[Headings], made: Callable[..., str]) -> Table:
    """The table with one column more, made of a row's texts under ``of``: "" where it says nothing, each tuple once.

    Of headings with one meaning the first that the file has is taken, as everywhere.
    """
    at = {folded(heading): i for i, heading in reversed(list(enumerate(table.header)))}
    columns = [_first(names, at) for names in of]
    given = [_turned(table.columns[at[one]], str) if one is not None else [""] * len(table.lines) for one in columns]
    rows = list(zip(*given, strict=True))
    known = {row: made(*row) for row in set(rows)}
    return replace(table, header=[*table.header, heading], columns=[*table.columns, [known[row] for row in rows]])


def _without(table: Table, aside: Aside) -> Table:
    at = {folded(heading): i for i, heading in reversed(list(enumerate(table.header)))}
    name = _first(aside.headings, at)
    if name is None:
        return table
    texts = table.columns[at[name]]
    so = {text: aside.so(values.clean(text)) for text in set(texts)}
    kept = tabular.without(table, [so[text] for text in texts])
    gone = kept.blank - table.blank
    says = f"{table.shown}: {gone:,} rows counted as blank: {aside.says}"
    return replace(kept, notes=[*table.notes, says]) if gone else table


_TOTAL = re.compile(r"(?:grand )?total(?:s| rows| count| records)?:?(?: ?[\d,.]+)?", re.IGNORECASE)


def _without_totals(table: Table) -> Table:
    """The table without lines of totals below its list: a word for it, and nothing in most of the other cells."""
    starts = {text for text in set(table.columns[0]) if _TOTAL.fullmatch(values.clean(text))} if table.columns else ()
    if not starts:
        return table
    drop = [
        text in starts and 2 * sum(not column[row].strip() for column in table.columns) >= len(table.columns)
        for row, text in enumerate(table.columns[0])
    ]
    kept = tabular.without(table, drop)
    gone = kept.blank - table.blank
    says = f"{table.shown}: {gone:,} rows counted as blank: lines of totals"
    return replace(kept, notes=[*table.notes, says]) if gone else table


_HEAD: Final = 20_000


@cache
def _folded(names: Headings) -> frozenset[str]:
    return frozenset(folded(name) for name in names)


def _has(needs: Sequence[frozenset[str]], headings: frozenset[str]) -> bool:
    return bool(needs) and all(names & headings for names in needs)


def _first(names: Headings, at: Mapping[str, int]) -> str | None:
    return next((one for one in map(folded, names) if one in at), None)


def _turned(texts: Sequence[str], turn: Turn) -> list[str]:
    known = {text: "" if values.is_unknown(values.clean(text)) else turn(values.clean(text)) for text in set(texts)}
    return list(map(known.__getitem__, texts))


def _distinct(table: Table, column: int | None) -> Table:
    """The first row of each value of a column; rows without one are left out, and none of them is counted."""
    first: dict[str, int] = {}
    for row, text in enumerate(table.columns[column] if column is not None else ()):
        if not values.is_unknown(values.clean(text)):
            first.setdefault(values.clean(text).casefold(), row)
    rows = sorted(first.values())
    return replace(
        table, columns=[[texts[row] for row in rows] for texts in table.columns], lines=[table.lines[row] for row in rows],
        bad=[], rows_read=len(rows), blank=0,
    )  # fmt: skip


NOT_TOLD: Final = ""


def words(known: Mapping[str, str]) -> Turn:
    """A turn by a list of words, compared without case; a word that it does not have says nothing."""
    folded_words = {word.casefold(): ours for word, ours in known.items()}
    return lambda text: folded_words.get(text.casefold(), NOT_TOLD)


def part_of(name: str, **more: Any) -> Part:
    """The usual parts by their raw table's usual needs."""
    needs = {
        "assets": ("device_id",),
        "software": ("asset_tag", "name"),
        "services": ("asset_tag", "proto", "port"),
        "results": ("title",),
    }
    return Part(**{"table": name, "required": needs[name], **more})
