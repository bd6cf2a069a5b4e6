"""What ``wmic`` prints, and PowerShell in its likeness: tables of fixed width and CSV without quotes, in UTF-16 with a carriage return too many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from secscan.doors import csv
from secscan.doors.csv import BadRow, Table
from secscan.sources import looks, values
from secscan.sources.reader import Job
from secscan.sources.tabular import folded
from secscan.sources.values import Bad

_LINE_END: Final = re.compile(r"\r*\n|\r")
_LISTED = re.compile(r"[A-Za-z]+=[^\r\n]*\r*\n+(?:[A-Za-z]+=)")


def table(job: Job, needed: str) -> Table | None:
    """The file as a table where ``wmic`` wrote it; None where it is another's. ``needed``: a column that it has.

    A CSV of wmic's has no quotes: a cell that begins with a space goes on with what stands before the comma, as in
    ``Oracle, Inc.``; a row that then still has too many cells is refused.
    """
    if looks.like(job.data).kind != "text":
        return None
    head = looks.text(job.data[:4_000]).lstrip("\ufeff")
    if not is_fixed(head, needed) and not is_csv(head):
        if _LISTED.match(head.lstrip()) and re.search(rf"^{needed}=", head, re.MULTILINE | re.IGNORECASE):
            raise job.refuse("is wmic's list of NAME=VALUE", "leave out 'full' and '/format:list', or say /format:csv")
        return None
    lines = _LINE_END.split(csv.text(job.data, job.shown, job.source.encoding))
    start = next(i for i, line in enumerate(lines) if line.strip())
    return _fixed(lines, start, job) if is_fixed(head, needed) else _commas(lines, start, job)


def is_csv(head: str) -> bool:
    """By its first column, which wmic calls ``Node``, and no cell in quotes."""
    return re.match(r"\s*Node,[A-Za-z_]+(?:,[A-Za-z_]+)*\s*(?:[\r\n]|$)", head) is not None


def is_fixed(head: str, needed: str) -> bool:
    """By a header of one-word names with two spaces or more between them."""
    first = next((line for line in _LINE_END.split(head) if line.strip()), "")
    names = re.split(r" {2,}", first.strip())
    return (
        len(names) > 1
        and all(re.fullmatch(r"[A-Za-z_]+", name) for name in names)
        and needed.casefold() in {name.casefold() for name in names}
    )


def _fixed(lines: Sequence[str], start: int, job: Job) -> Table:
    names = list(re.finditer(r"\S+ *", lines[start]))
    spans = [(found.start(), found.end()) for found in names]
    spans[-1] = (spans[-1][0], csv.RAW_LIMIT)
    return _table(
        [found[0].strip() for found in names],
        [[line[a:b].strip() for a, b in spans] if line.strip(" -") else [] for line in lines[start + 1 :]],
        start, job,
    )  # fmt: skip


def _commas(lines: Sequence[str], start: int, job: Job) -> Table:
    rows = []
    for line in lines[start + 1 :]:
        cells: list[str] = []
        for cell in line.split(",") if line.strip() else ():
            if cells and cell[:1] == " ":
                cells[-1] += f",{cell}"
            else:
                cells.append(cell)
        rows.append([cell.strip() for cell in cells])
    return _table([cell.strip() for cell in lines[start].split(",")], rows, start, job)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], start: int, job: Job) -> Table:
    """``rows``: [] for a blank line. Those that end the file are none."""
    limits = job.limits
    filled = [at for at, row in enumerate(rows, 1) if row]
    rows = rows[: filled[-1]] if filled else []
    if len(rows) > limits.rows:
        raise job.refuse(f"has more than {limits.rows:,} rows", "raise limits.rows in secscan.yaml")
    names = csv.named(header, job.shown, start + 1, limits.columns)
    good, lines, bad = [], [], []
    for number, row in enumerate(rows, start + 2):
        if len(row) == len(names):
            good.append(row)
            lines.append(number)
        elif row:
            reason = f"{csv.ragged(len(row), len(names))}: wmic does not quote commas"
            bad.append(
                BadRow(line=number, reason=reason, cells=row[: len(names)], raw=csv.line_of(row)[: csv.RAW_LIMIT])
            )
    columns = [list(column) for column in zip(*good, strict=True)] or [[] for _ in names]
    return Table(
        shown=job.shown, header=names, header_line=start + 1, columns=columns, lines=lines, bad=bad,
        blank=len(rows) - len(good) - len(bad), rows_read=len(rows),
    )  # fmt: skip


def says_host(table: Table, hosts: Sequence[str]) -> int | None:
    """The column that names the machine of each row; None where none does, or only says that it is this one."""
    at = {folded(heading): i for i, heading in reversed(list(enumerate(table.header)))}
    named = (at[folded(host)] for host in hosts if folded(host) in at)
    return next((i for i in named if any(not _nobody(text) for text in set(table.columns[i]))), None)


def _nobody(text: str) -> bool:
    return values.is_unknown(values.clean(text)) or values.clean(text).casefold() in ("localhost", ".", "127.0.0.1")


def named_by_file(table: Table, job: Job) -> Table:
    """The table with a column ``(asset)``: what the source or the file's name says. Raises InputError where neither does."""
    tag = values.clean(job.tag)
    if values.is_unknown(tag) or isinstance(values.words(tag), Bad):
        raise job.refuse("does not say which asset it is of", "set 'asset' for the source, or name the file ASSET.csv")
    return replace(table, header=[*table.header, "(asset)"], columns=[*table.columns, [tag] * len(table.lines)])
