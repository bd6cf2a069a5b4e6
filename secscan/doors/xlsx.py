"""The one way in for workbooks: the ZIP is checked byte by byte before anything else opens it.

A workbook is an archive from somebody else, so its directory is not believed: members are unpacked in pieces and
counted, names and overlaps are checked, XML parts with a DOCTYPE are refused. Formulas are never worked out and
nothing outside the file is followed; a cell is what was last shown in it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Container, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from secscan.doors import archive
from secscan.doors.archive import Archive
from secscan.doors.csv import REPEATED, BadRow, IsHeader, Table, letters, named, repeats
from secscan.doors.terminal import safe
from secscan.doors.xml import tree
from secscan.model.errors import InputError
from secscan.model.places import Place

MAX_AREA: Final = 10_000_000
"""Cells of the rectangle that the sheet spans, empty ones too, because the reader lays them all out."""
HEADER_ROWS: Final = 40
_PIECE: Final = 1 << 20
_AGAIN: Final = "save it again as .xlsx or CSV"

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DIGITS: Final = b"0123456789"
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DANGER = re.compile(rb"<!\s*(DOCTYPE|ENTITY)")
_PLAIN = re.compile(rb'<c r="([A-Z]+[0-9]+)"')
"""How every common program writes a cell; the slower patterns below are for the others."""
_OPENINGS: Final = (b"<c ", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
_CELL = re.compile(rb"<(?:[^\s<>]*:)?c[\s/>]")
_REFERENCE = re.compile(rb"""<(?:\w+:)?c\s+(?:[\w:]+=(?:"[\w ]*"|'[\w ]*')\s+)*?r=["']([A-Za-z]+[0-9]+)["']""")
_ERROR = re.compile(rb"""\st\s*=\s*["']e""")
_ERROR_CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*?\bt\s*=\s*["']e["'])(?=[^>]*?\br\s*=\s*["']([A-Za-z]+[0-9]+))[^>]*>"""
)
_UNWORKED = re.compile(rb"</(?:\w+:)?f>\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>")
_ERROR_TEXT = re.compile(rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]{1,40})<", re.DOTALL)


_Errors = dict[int, list[tuple[int, str]]]
"""Sheet row -> (sheet column, what the error cell shows)."""


def read(
    data: bytes,
    shown: str,
    *,
    sheet: str | None = None,
    is_header: IsHeader | None = None,
    rows: int = 1_000_000,
    columns: int = 200,
    cell: int = 32_000,
) -> Table:
    """One sheet as columns of text: the named one, else the first that is visible.

    Text stays as it is, dates are ISO, whole numbers have no decimal point, yes/no is true/false. Lines are sheet
    rows and ``Table.shown`` is ``book.xlsx[Sheet]``. A row with an error cell (#N/A) is refused. Raises InputError.
    """
    book = inspect(data, shown)
    name, part, others = _sheet(book, shown, sheet)
    place = f"{shown}[{safe(name, 60)}]"
    errors, unworked = _look_over(book, part, place, rows, columns)
    grid, left = _cells(data, shown, name)
    table = _table(grid, left, place, errors, is_header, rows, columns, cell)
    if others and sheet is None:
        listed = ", ".join(f"'{safe(other, 40)}'" for other in others[:8])
        table.notes.append(f"{place}: only this sheet is read, not {listed}; 'sheet:' at a source names another")
    if unworked:
        table.notes.append(
            f"{place}: {unworked:,} formulas have no worked-out value and read as empty; save it in Excel"
        )
    return table


def inspect(data: bytes, shown: str) -> Archive:
    """The workbook's archive, every member unpacked once and counted. Raises InputError for what is not safe."""
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise InputError(Place(shown), "is a password-protected workbook", "save it without a password")
        raise InputError(Place(shown), "is an old Excel file (.xls)", "save it as .xlsx or CSV")
    return archive.inspect(data, shown, "workbook", "save it as .xlsx or CSV", _known, _no_danger)


def _known(members: Container[str], shown: str) -> None:
    if "xl/workbook.xml" not in members:
        binary = "xl/workbook.bin" in members
        raise InputError(
            Place(shown),
            "is a binary workbook (.xlsb)" if binary else "is a ZIP archive, not a workbook",
            "save it as .xlsx or CSV",
        )


def _no_danger(shown: str, name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a part, looked over as they pass: an XML part declares no entities and is in UTF-8."""
    tail = b""
    is_xml = name.endswith((".xml", ".rels", ".vml"))
    for piece in pieces:
        if is_xml:
            if not tail and (piece[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in piece[:64]):
                raise InputError(Place(shown), f"part '{safe(name, 80)}' is not UTF-8", _AGAIN)
            if found := _DANGER.search(tail + piece):
                says = f"part '{safe(name, 80)}' holds a {found[1].decode()}, which no workbook needs"
                raise InputError(Place(shown), says, "ask where the file comes from")
            tail = piece[-16:]
        yield piece


# --- the sheet ----------------------------------------------------------------------------------------------------


def _sheet(archive: Archive, shown: str, wanted: str | None) -> tuple[str, str, list[str]]:
    """Name and part of the sheet to read, and what the other visible sheets are called.

    The part that is measured here must be the part that the reader opens by that name, so whatever could be
    understood in two ways is refused.
    """
    targets = _targets(archive, shown)
    sheets: dict[str, tuple[str, bool]] = {}
    for sheet in tree(archive.whole("xl/workbook.xml"), shown).walk():
        if _local(sheet.tag) != "sheet":
            continue
        name = sheet.attributes.get("name", "")
        links = [value for key, value in sheet.attributes.items() if ":" in key and _local(key) == "id"]
        if len(links) != 1 or name.casefold() in (known.casefold() for known in sheets):
            raise InputError(Place(shown), f"describes the sheet '{safe(name, 40)}' twice or not at all", _AGAIN)
        part = targets.get(links[0], "")
        if "/chartsheets/" not in part:
            sheets[name] = (part, sheet.attributes.get("state", "visible") == "visible")
    if wanted is not None and wanted not in sheets:
        listed = ", ".join(f"'{safe(name, 40)}'" for name in list(sheets)[:10])
        raise InputError(Place(shown), f"has no sheet '{safe(wanted, 40)}'", f"it has {listed or 'none'}")
    if not sheets:
        raise InputError(Place(shown), "has no sheet", _AGAIN)
    name = wanted or next((name for name, (_, visible) in sheets.items() if visible), next(iter(sheets)))
    part = sheets[name][0]
    if part not in archive.members:
        raise InputError(Place(shown), f"sheet '{safe(name, 40)}' is not in the file", _AGAIN)
    return name, part, [other for other, (_, visible) in sheets.items() if visible and other != name]


def _targets(archive: Archive, shown: str) -> dict[str, str]:
    """Relationship id -> part, for what lies inside the file."""
    links = "xl/_rels/workbook.xml.rels"
    if links not in archive.members:
        raise InputError(Place(shown), "has no list of its parts", _AGAIN)
    targets: dict[str, str] = {}
    for link in tree(archive.whole(links), shown).walk():
        if _local(link.tag) == "Relationship":
            known, target = link.attributes.get("Id", ""), link.attributes.get("Target", "")
            if known in targets:
                raise InputError(Place(shown), f"its part '{safe(known, 40)}' is listed twice", _AGAIN)
            outside = link.attributes.get("TargetMode") == "External" or ".." in target or ":" in target
            inner = target.removeprefix("/")
            targets[known] = "" if outside else inner if inner.startswith("xl/") else f"xl/{inner}"
    return targets


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _look_over(archive: Archive, part: str, place: str, rows: int, columns: int) -> tuple[_Errors, int]:
    """Error cells by row and the number of formulas without a value, after making sure that the sheet is no larger than it may be.

    The reader lays out the whole rectangle that the sheet spans: one stray cell at XFD1048576 would ask for
    hundreds of gigabytes. So every cell must say where it stands, and the rectangle is measured first.
    """
    errors: _Errors = {}
    unworked = 0
    names: set[bytes] = set()
    last_row = 0
    for piece in _whole_tags(archive.pieces(part), place):
        found = _PLAIN.findall(piece)
        if b":c" in piece or len(found) != sum(map(piece.count, _OPENINGS)):
            found = _REFERENCE.findall(piece)
            if len(found) != len(_CELL.findall(piece)):
                raise InputError(Place(place), "has cells that do not say where they stand", _AGAIN)
        names.update({reference.rstrip(_DIGITS) for reference in found})
        numbers = {reference.lstrip(_LETTERS) for reference in found}
        if numbers and (max(map(len, numbers)) > 8 or max(map(len, names)) > 3):
            raise InputError(Place(place), "has a cell outside any sheet", _AGAIN)
        last_row = max(last_row, *map(int, numbers), 0)
        unworked += len(_UNWORKED.findall(piece)) if b"f>" in piece else 0
        for error in _ERROR_CELL.finditer(piece) if _ERROR.search(piece) else ():
            row, column = _coordinates(error[1])
            shows = _ERROR_TEXT.match(piece, error.end())
            errors.setdefault(row, []).append((column, shows[1].decode("ascii", "replace") if shows else "an error"))
    width = max((_column(name) for name in names), default=-1) + 1
    corner = f"{letters(width - 1)}{last_row}"
    if width > columns:
        raise InputError(
            Place(place), f"reaches to {corner}; the limit is {columns} columns", "delete what stands beside the data"
        )
    if last_row > rows + HEADER_ROWS:
        raise InputError(
            Place(place), f"reaches to {corner}; the limit is {rows:,} rows", "raise limits.rows in secscan.yaml"
        )
    if width * last_row > MAX_AREA:
        says = f"reaches to {corner}, which is {width * last_row:,} cells; the limit is {MAX_AREA:,}"
        raise InputError(Place(place), says, "delete the empty rows below the data, or save it as CSV")
    return errors, unworked


def _whole_tags(pieces: Iterator[bytes], place: str) -> Iterator[bytes]:
    """The same bytes cut where a tag begins, so that no tag is torn apart."""
    held = b""
    for piece in pieces:
        cut = piece.rfind(b"<")
        if cut < 0:
            held += piece
            if len(held) > 4 * _PIECE:
                raise InputError(Place(place), "is no sheet: a text of megabytes stands in one cell", _AGAIN)
            continue
        yield held + piece[:cut]
        held = piece[cut:]
    yield held


def _column(name: bytes) -> int:
    number = 0
    for letter in name.upper():
        number = number * 26 + letter - 64
    return number - 1


def _coordinates(reference: bytes) -> tuple[int, int]:
    name = reference.rstrip(_DIGITS)
    return int(reference[len(name) :]), _column(name)


def _cells(data: bytes, shown: str, sheet: str) -> tuple[Iterator[list[Any]], int]:
    """The sheet's rows from row 1 on, and its first column."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            opened = book.get_sheet_by_name(sheet)
            start = opened.start
            return iter(list(opened.iter_rows())), start[1] if start else 0
    except (CalamineError, ValueError, OSError) as error:
        raise InputError(Place(shown), f"cannot be read as a workbook: {safe(error, 120)}", _AGAIN) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise InputError(Place(shown), "cannot be read as a workbook", _AGAIN) from None


def _table(
    grid: Iterator[list[Any]], left: int, place: str, errors: _Errors,
    is_header: IsHeader | None, rows: int, columns: int, cell: int,
) -> Table:  # fmt: skip
    lines = [(number, [_text(value) for value in row]) for number, row in enumerate(grid, 1)]
    at = _header_at(lines, is_header)
    if at is None:
        raise InputError(Place(place), "is empty", "export it again")
    number, cells = lines[at]
    header = named(_trimmed(cells), place, number, columns)
    width = len(header)
    table = Table(shown=place, header=header, header_line=number, columns=[[] for _ in header], first_column=left)
    if any(any(cells) for _, cells in lines[:at]):
        table.notes.append(f"{place}: passed over what stands before the header on row {number}")
    kept: list[list[str]] = []
    starts: list[int] = []
    for number, cells in lines[at + 1 :]:
        table.rows_read += 1
        if table.rows_read > rows:
            raise InputError(Place(place), f"has more than {rows:,} rows", "raise limits.rows in secscan.yaml")
        if bad := _refused(table, number, cells, left, errors, width, cell):
            table.bad.append(bad)
        elif not any(cells):
            table.blank += 1
        else:
            kept.append(cells[:width])
            starts.append(number)
    memo: dict[str, str] = {}
    for column, values in zip(table.columns, zip(*kept, strict=True), strict=False):
        column.extend(map(memo.setdefault, values, values))
    table.lines = starts
    return table


def _refused(
    table: Table,
    number: int,
    cells: list[str],
    left: int,
    errors: _Errors,
    width: int,
    cell: int,
) -> BadRow | None:
    reason = column = None
    for at, shows in errors.get(number, ()):
        if left <= at < left + width:
            column = table.header[at - left]
            reason = f"{table.at(number, at - left)} shows {shows}"
            break
    else:
        if any(cells[width:]):
            reason = f"has a value in column {letters(left + width)}, which has no heading"
        elif max(map(len, cells), default=0) > cell or any("\0" in text for text in cells):
            reason = f"a cell is longer than {cell:,} characters or holds a NUL"
        elif cells and repeats(cells[:width], table.header):
            reason = REPEATED
    if reason is None:
        return None
    return BadRow(line=number, reason=reason, column=column, cells=cells[:width], raw="\t".join(cells)[:4000])


def _header_at(lines: Sequence[tuple[int, list[str]]], is_header: IsHeader | None) -> int | None:
    first = None
    for at, (_, cells) in enumerate(lines):
        if any(cells):
            if is_header is not None and at < HEADER_ROWS and is_header(_trimmed(cells)):
                return at
            first = at if first is None else first
        if at >= HEADER_ROWS and first is not None:
            break
    return first


def _trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells at the right, which a workbook has wherever something was once typed."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return "" if value is None else str(value)
