"""Our own templates, and any other table by a column map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from secscan.doors import csv, xlsx
from secscan.doors.csv import IsHeader, Table
from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.model.raw import RAW_COLUMNS, Shapes
from secscan.sources import looks, tabular, values
from secscan.sources.reader import Found, Job
from secscan.sources.tabular import Shape, folded

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "assets": ("asset_tag", "hostname"),
    "software": ("asset_tag", "name"),
    "services": ("asset_tag", "proto", "port"),
    "fixes": ("asset_tag", "name"),
    "rules": ("order", "action", "src", "dst", "proto", "dport"),
}
"""The columns that a row of each template cannot do without."""
COUNCIL: Final = "council"
"""A column that every template may have; it is compared and never believed."""
MAPPED: Final = ("assets", "software", "services", "fixes")
"""The tables that any file may feed by a map."""


def unmapped(table: str | None, shapes: Shapes) -> str | None:
    """Why no map can feed a table of this name; None where one can."""
    if table is None or table in MAPPED or table in shapes:
        return None
    known = (*MAPPED, *shapes)
    return f"there is no table '{safe(table, 60)}'{nearest(table, known)}; there are {', '.join(known)}"


def open_table(job: Job, is_header: IsHeader | None = None) -> Table:
    """The file as columns of text, whether it is a CSV or a workbook. Raises InputError naming what it looks like."""
    source, limits = job.source, job.limits
    bounds = {"rows": limits.rows, "columns": limits.columns, "cell": limits.cell_kb * 1000}
    seen = looks.like(job.data)
    if seen.kind in ("xlsx", "ole", "zip"):
        return xlsx.read(job.data, job.shown, sheet=source.sheet, is_header=is_header, **bounds)
    if seen.kind not in ("text", "empty"):
        raise job.refuse(f"is {seen.words}, not a table", "export it as CSV or XLSX")
    return csv.read(
        job.data, job.shown, encoding=source.encoding, delimiter=source.delimiter, is_header=is_header, **bounds
    )


@dataclass(frozen=True, slots=True)
class Template:
    """Reads one of our own templates: the heading names the column, in any order and case."""

    table: str

    def read(self, job: Job) -> Found:
        required = self._required(job)
        found = open_table(job, lambda cells: set(required) <= {folded(cell) for cell in cells})
        at = _once(found, job)
        known = RAW_COLUMNS[self.table]
        for name in required:
            if name not in at:
                raise tabular.missing(found, job, name, [heading for heading in at if heading not in known])
        council = at.get(COUNCIL) if job.council else None
        extra = [i for heading, i in at.items() if heading not in known and i != council]
        if extra:
            listed = ", ".join(
                f"'{safe(found.header[i], 40)}'{nearest(folded(found.header[i]), set(known) - set(at))}"
                for i in extra[:20]
            )
            found.notes.append(
                f"{found.shown}:{found.header_line}: kept columns that the template does not know: {listed}"
            )
        shape = Shape(
            table=self.table, at={name: i for name, i in at.items() if name in known}, required=required,
            unique="asset_tag" if self.table == "assets" else None, extra=extra, council=council,
            words=_folded_words(job), constant=_constants(job, known), kinds=known,
        )  # fmt: skip
        return tabular.build(found, shape, job)

    def _required(self, job: Job) -> tuple[str, ...]:
        return tuple(name for name in REQUIRED[self.table] if name not in job.source.constant)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Reads any table by ``map:`` (our column -> the heading in the file)."""

    def read(self, job: Job) -> Found:
        source = job.source
        if source.table is None or not source.map:
            raise job.refuse("is read as a table without 'table' and 'map'", "add them to the source in secscan.yaml")
        if says := unmapped(source.table, job.shapes):
            raise job.refuse(says)
        added = job.shapes.get(source.table)
        known = added.columns if added else RAW_COLUMNS[source.table]
        for name in (*source.map, *source.values, *source.constant):
            if name not in known and name != COUNCIL:
                hint = nearest(name, known).removeprefix("; ")
                raise job.refuse(f"its map names '{name}', which table {source.table} does not have", hint)
        wanted = {name: folded(heading) for name, heading in source.map.items()}
        required = self._required(job)
        needed = {wanted[name] for name in required if name in wanted}
        found = open_table(job, lambda cells: needed <= {folded(cell) for cell in cells})
        headings = _once(found, job)
        at = {name: headings[heading] for name, heading in wanted.items() if heading in headings}
        for name, heading in source.map.items():
            if name not in at:
                if name in required or name == COUNCIL:
                    raise tabular.missing(found, job, heading, found.header)
                found.notes.append(
                    f"{found.shown}:{found.header_line}: has no column '{heading}', so {name} is not known"
                    f"{nearest(heading, found.header)}"
                )
        council = at.pop(COUNCIL, None)
        used = {*at.values(), council}
        shape = Shape(
            table=source.table, at=at, required=required, unique="asset_tag" if source.table == "assets" else None,
            extra=[i for i in range(len(found.header)) if i not in used], council=council,
            words=_folded_words(job), constant=_constants(job, known), kinds=known,
        )  # fmt: skip
        return tabular.build(found, shape, job)

    def _required(self, job: Job) -> tuple[str, ...]:
        """As the template's; a service may name its address where its source knows no tag."""
        table, given = job.source.table or "", {*job.source.map, *job.source.constant}
        added = job.shapes.get(table)
        required = added.required if added else REQUIRED[table]
        if table == "services" and "asset_tag" not in given and "address" in given:
            required = ("address", "proto", "port")
        for name in required:
            if name not in given:
                raise job.refuse(
                    f"its map lacks '{name}', which table {table} needs", "add it to the source in secscan.yaml"
                )
        return tuple(name for name in required if name not in job.source.constant)


def _once(found: Table, job: Job) -> dict[str, int]:
    """Folded heading -> column. Two headings that fold to one are refused: which of them is meant?"""
    at: dict[str, int] = {}
    for i, heading in enumerate(found.header):
        first = at.setdefault(folded(heading), i)
        if first != i:
            says = f"columns {first + 1} and {i + 1} ('{safe(found.header[first], 40)}', '{safe(heading, 40)}') mean the same"
            raise job.refuse(says, "rename or remove one of them", found.header_line)
    return at


def _folded_words(job: Job) -> dict[str, dict[str, str]]:
    return {
        name: {values.clean(k).casefold(): v for k, v in words.items()} for name, words in job.source.values.items()
    }


def _constants(job: Job, known: Mapping[str, str]) -> dict[str, str]:
    for name in job.source.constant:
        if name not in known:
            hint = nearest(name, known).removeprefix("; ")
            raise job.refuse(f"its constant '{name}' is no column of the table", hint)
    return dict(job.source.constant)


def header_fits(header: Sequence[str]) -> str | None:
    """The template whose required columns a header has; the one with most columns in common where several fit."""
    names = {folded(cell) for cell in header}
    fitting = [table for table, required in REQUIRED.items() if set(required) <= names]
    return max(fitting, key=lambda table: (len(names & set(RAW_COLUMNS[table])), table), default=None)
