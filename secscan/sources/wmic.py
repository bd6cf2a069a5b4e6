"""What ``wmic`` prints, and PowerShell in its likeness: tables of fixed width and CSV without quotes, in UTF-16 with a carriage return too many.

PowerShell underlines the headings of its tables and cuts what does not fit: a row that it cut is refused. Lists of
``NAME=VALUE`` and ``Name : value`` are known and refused.
"""

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
_INSTALLING: Final = "Please wait while WMIC is being installed."
"""What wmic of Windows XP says once, before the headings on the same line."""
_WITHIN: Final = 6
"""The header stands among so many lines."""
_RULE = re.compile(r"\s*-+(?: +-+)+\s*")
_CUT: Final = ("...", "…")
_LISTED: Final = (("=", "wmic's list of NAME=VALUE", "leave out 'full' and '/format:list', or say /format:csv"),
                  (" *: ", "PowerShell's list of names and values", "write it with Export-Csv"))  # fmt: skip


def table(job: Job, needed: str, read: Sequence[str] = ()) -> Table | None:
    """The file as a table where ``wmic`` wrote it; None where it is another's.

    ``needed``: a column that it has. ``read``: others of which a text must be whole.

    A CSV of wmic's has no quotes: a cell that begins with a space goes on with what stands before the comma, as in
    ``Oracle, Inc.``; a row that then still has too many cells is refused.
    """
    if looks.like(job.data).kind != "text":
        return None
    head = begun(job.data, needed)
    if not is_fixed(head, needed) and not is_csv(head):
        if listed := next(filter(None, (list_of(head, name) for name in (needed, *read))), None):
            raise job.refuse(f"is {listed[0]}", listed[1])
        return None
    lines = _LINE_END.split(csv.text(job.data, job.shown, job.source.encoding))
    lines = [line.replace(_INSTALLING, "", 1) for line in lines[:_WITHIN]] + lines[_WITHIN:]
    start = _start(lines, needed)
    return _fixed(lines, start, (needed, *read), job) if is_fixed(head, needed) else _commas(lines, start, job)


def begun(data: bytes, needed: str) -> str:
    """The first characters of a text from its header on: behind what wmic says at its first time, and a line or two of others."""
    lines = _LINE_END.split(looks.text(data[:4_000]).lstrip("\ufeff").replace(_INSTALLING, "", 1))
    return "\n".join(lines[_start(lines, needed) :])


def _start(lines: Sequence[str], needed: str) -> int:
    """The line of the header, which other lines may stand before; else the first that is not blank."""
    filled = [at for at, line in enumerate(lines[:_WITHIN]) if line.strip()]
    headers = (at for at in filled if is_fixed("\n".join(lines[at : at + 2]), needed) or is_csv(lines[at]))
    return next(headers, filled[0] if filled else 0)


def is_csv(head: str) -> bool:
    """By its first column, which wmic calls ``Node``, and no cell in quotes."""
    return re.match(r"\s*Node,[A-Za-z_]+(?:,[A-Za-z_]+)*\s*(?:[\r\n]|$)", head) is not None


def list_of(head: str, needed: str) -> tuple[str, str] | None:
    """What a list of names and values is, and what to write in its place. ``needed``: a name that it has."""
    for sign, what, hint in _LISTED:
        starts = re.match(rf"[A-Za-z]+{sign}[^\r\n]*\r*\n+(?:[A-Za-z]+{sign})", head.lstrip())
        if starts and re.search(rf"^{needed}{sign}", head, re.MULTILINE | re.IGNORECASE):
            return what, hint
    return None


def is_fixed(head: str, needed: str) -> bool:
    """By a header of one-word names, with two spaces or more between them or underlined one by one."""
    lines = [line for line in _LINE_END.split(head) if line.strip()][:2]
    names = columns_of(lines)
    return (
        len(names) > 1
        and all(re.fullmatch(r"[A-Za-z_]+", name) for name in names)
        and needed.casefold() in {name.casefold() for name in names}
    )


def columns_of(lines: Sequence[str]) -> Sequence[str]:
    """The names in the header of a table, which the line below it may underline."""
    if len(lines) > 1 and _RULE.fullmatch(lines[1]):
        return lines[0].split() if len(lines[0].split()) == len(lines[1].split()) else ()
    return re.split(r" {2,}", lines[0].strip()) if lines else ()


def _fixed(lines: Sequence[str], start: int, read: Sequence[str], job: Job) -> Table:
    ruled = start + 1 < len(lines) and _RULE.fullmatch(lines[start + 1]) is not None
    names = list(re.finditer(r"\S+ *", lines[start]))
    spans = [(found.start(), found.end()) for found in names]
    spans[-1] = (spans[-1][0], csv.RAW_LIMIT)
    below = start + 2 if ruled else start + 1
    rows = [[line[a:b].strip() for a, b in spans] if line.strip(" -") else [] for line in lines[below:]]
    found = _table([one[0].strip() for one in names], rows, start, below, job)
    return _uncut(found, read) if ruled else found


def _uncut(table: Table, read: Sequence[str]) -> Table:
    """The table without the rows that PowerShell cut in a column that is read: they are refused."""
    names = {folded(name) for name in read}
    whole = [column for name, column in zip(table.header, table.columns, strict=True) if folded(name) in names]
    cut = [next((cell for cell in row if cell.endswith(_CUT)), "") for row in zip(*whole, strict=True)]
    kept = [row for row, cell in enumerate(cut) if not cell]
    bad = [
        BadRow(
            line=table.lines[row], raw=csv.line_of([column[row] for column in table.columns])[: csv.RAW_LIMIT],
            reason=f"{values.shown(cell)} is cut to the width of a window; write the list with Export-Csv",
        )
        for row, cell in enumerate(cut) if cell
    ]  # fmt: skip
    return replace(
        table, columns=[[column[row] for row in kept] for column in table.columns], lines=[table.lines[row] for row in kept],
        bad=[*table.bad, *bad],
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
    return _table([cell.strip() for cell in lines[start].split(",")], rows, start, start + 1, job)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], start: int, below: int, job: Job) -> Table:
    """``rows``: those of the lines from ``below`` on, [] for a blank line. Those that end the file are none."""
    limits = job.limits
    filled = [at for at, row in enumerate(rows, 1) if row]
    rows = rows[: filled[-1]] if filled else []
    if len(rows) > limits.rows:
        raise job.refuse(f"has more than {limits.rows:,} rows", "raise limits.rows in secscan.yaml")
    names = csv.named(header, job.shown, start + 1, limits.columns)
    good, lines, bad = [], [], []
    for number, row in enumerate(rows, below + 1):
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
