"""Objects of a JSON file as rows of a raw table: their words go the same way as those of a CSV, so the same rules hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from secscan.doors import csv, json, json_parts
from secscan.doors.csv import Table
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.raw import RAW_COLUMNS, RawTable, Refusal
from secscan.sources import tabular
from secscan.sources.reader import SHOWN_WARNINGS, Found, Job
from secscan.sources.tabular import Shape


def built(
    table: str, rows: Sequence[Mapping[str, Any]], lines: Sequence[int], job: Job, required: Sequence[str]
) -> Found:
    """The rows as raw table ``table``; keys that it does not know are kept as facts. ``lines``: where each row stands."""
    known = RAW_COLUMNS[table]
    header = list(dict.fromkeys([*required, *(key for row in rows for key in row)]))[: job.limits.columns]
    texts = Table(
        shown=job.shown, header=[safe(key, 60) for key in header], header_line=0, columns=[[word(row.get(key)) for row in rows] for key in header],
        lines=[*lines, *[0] * (len(rows) - len(lines))][: len(rows)], rows_read=len(rows),
    )  # fmt: skip
    at = {name: i for i, name in enumerate(header) if name in known}
    extra = [i for i, name in enumerate(header) if name not in known]
    return tabular.build(texts, Shape(table=table, kinds=known, at=at, required=required, extra=extra), job)


def word(value: Any) -> str:
    """A JSON value as the text of a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case list():
            return ";".join(word(part) for part in value if not isinstance(part, list | dict))
    return "\0"  # an object is no value: the row or the fact is refused


def table(rows: Sequence[Mapping[str, Any]], lines: Sequence[int], job: Job, wants: Callable[[str], bool]) -> Table:
    """The same as a table with headings, for readers that take either: ``platform.name`` is the name in ``platform``.

    ``wants``: whether a heading is of any use; what else the objects hold is left where it is.
    """
    known: dict[str, bool] = {}
    flat = [
        {key: value for key, value in _flat(row) if (known[key] if key in known else known.setdefault(key, wants(key)))}
        for row in rows
    ]
    header = list(dict.fromkeys(key for row in flat for key in row))[: job.limits.columns]
    return Table(
        shown=job.shown, header=header, header_line=0, columns=[[word(row.get(key)) for row in flat] for key in header],
        lines=[*lines, *[0] * (len(rows) - len(lines))][: len(rows)], rows_read=len(rows),
    )  # fmt: skip


def _flat(row: Mapping[str, Any], above: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict) and depth:
            yield from _flat(value, f"{above}{key}.", depth - 1)
        else:
            yield f"{above}{key}", value


def entries(job: Job) -> Iterator[tuple[int, Any]]:
    """Each entry of a JSON list, the document that is none, or of a log that has one a line, with its line.

    A line that is broken is a Refusal, and its neighbours are read; with the first line broken it is no such log.
    """
    lines = enumerate(csv.lines(job.data, job.shown, job.source.encoding), 1)
    start, first = next(((number, line) for number, line in lines if line.strip()), (1, ""))
    if next(lines, None) is not None and first.startswith("{") and first.rstrip().endswith("}"):
        yield from _logged(start, job)
        return
    for part in json_parts.parts(job.data, job.shown):
        if part.entry:
            yield part.line, part.value
        elif part.value != []:  # an object or a word, and no list
            yield start, json.loads(job.data, job.shown)
            return


def listed(job: Job, names: Sequence[str] = ()) -> tuple[list[Mapping[str, Any]], Sequence[int], str | None]:
    """(objects, their lines, why they are not all) of a JSON list: the document, or what stands under one of ``names``.

    An object that is no list is a list of one, as PowerShell writes it. Raises InputError for what is none of these.
    """
    document = json.loads(job.data, job.shown)
    name = next((key for key in names if isinstance(document, dict) and isinstance(document.get(key), list)), None)
    rows = document if isinstance(document, list) else document[name] if name else [document]
    if len(rows) > job.limits.rows or not all(isinstance(row, dict) for row in rows):
        raise job.refuse(f"is no list of at most {job.limits.rows:,} objects")
    lines = [1] if rows == [document] else json.places(job.data).get((name,) if name else (), [])
    leads_on = name is not None and any(document[key] for key in document if key.casefold().endswith("nextlink"))
    says = f"{job.shown}: is one page of several (it has a nextLink): what is not in it may be on the others"
    return rows, lines, says if leads_on else None


def _logged(start: int, job: Job) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(csv.lines(job.data, job.shown, job.source.encoding), 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line.encode("utf-8", "replace"), job.shown)
        except InputError as error:
            if number == start:
                raise
            yield (
                number,
                Refusal(line=number, column=None, reason=f"the line is {error.reason}", raw=line[: csv.RAW_LIMIT]),
            )


def page(found: Found, total: Any, job: Job) -> Found:
    """The same, marked incomplete where the file is a page of a list of ``total`` objects."""
    if isinstance(total, bool) or not isinstance(total, int) or total <= found.rows_read:
        return found
    return replace(
        found,
        incomplete=f"{job.shown}: holds {found.rows_read:,} of {total:,}: a page, and not the whole list; export all of it",
    )


def joined(parts: Sequence[Found]) -> Found:
    """Several lists of one file as one."""
    tables: dict[str, RawTable] = {}
    for part in parts:
        for name, table in part.tables.items():
            tables[name] = after(tables[name], table) if name in tables else table
    return Found(
        rows_read=sum(part.rows_read for part in parts), rows_loaded=sum(part.rows_loaded for part in parts),
        rows_blank=sum(part.rows_blank for part in parts), refused=[one for part in parts for one in part.refused],
        warnings=list(dict.fromkeys(says for part in parts for says in part.warnings)),
        incomplete=next((part.incomplete for part in parts if part.incomplete), None), tables=tables,
    )  # fmt: skip


def after(first: RawTable, second: RawTable) -> RawTable:
    """The rows of both; a fact that only one has is not known for the other's rows."""

    def column(table: RawTable, name: str) -> Sequence[str | None]:
        return table.extra.get(name, [None] * table.rows)

    return RawTable(
        table=first.table,
        columns={name: [*column, *second.columns[name]] for name, column in first.columns.items()},
        places=[*first.places, *second.places],
        extra={
            name: [*column(first, name), *column(second, name)] for name in dict.fromkeys((*first.extra, *second.extra))
        },
    )


def with_lists(hosts: Found, lists: Sequence[Found], job: Job, broken: int = 0, noun: str = "programs") -> Found:
    """Hosts, which are the rows, with what each lists. An entry that cannot be read leaves the lists incomplete.

    ``broken``: entries that are none at all, and came into no list.
    """
    lost = broken + sum(len(found.refused) for found in lists)
    passed_over = [f"{job.shown}:{bad.line}: {bad.reason}; passed over" for found in lists for bad in found.refused]
    incomplete = f"{job.shown}: {lost:,} of the {noun} that it lists could not be read" if lost else None
    return replace(
        hosts, incomplete=hosts.incomplete or incomplete,
        warnings=[*hosts.warnings, *(says for found in lists for says in found.warnings), *passed_over[:SHOWN_WARNINGS]],
        tables={**hosts.tables, **{name: raw for found in lists for name, raw in found.tables.items() if raw.rows}},
    )  # fmt: skip
