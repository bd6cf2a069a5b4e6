"""The one way out for workbooks: every cell is text, so that nothing in one is worked out, followed or reformatted.

A sheet holds what its CSV holds, letter for letter. XlsxWriter is an extra; it writes row by row through files in a
folder of ours, so that a large table costs no memory.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from secscan.doors import csv
from secscan.model.errors import UsageError

SHEET_ROWS: Final = 1_048_575
"""Rows below the header that a sheet can hold; the rest of a table goes on in the next."""
CELL_UNITS: Final = 32_767
"""UTF-16 units that a cell can hold."""
_CUT: Final = "… (cut)"
_SAMPLE: Final = 200
_NARROW, _WIDE = 9, 60
_MARKUP = re.compile(r"'*<r>.*</r>", re.DOTALL)

Rows = tuple[Sequence[str], Iterable[Sequence[object]]]


def library() -> Any:
    """XlsxWriter. Raises UsageError, with the command that installs it, where it is missing."""
    try:
        import xlsxwriter
    except ImportError:
        raise UsageError("a workbook needs XlsxWriter; install it with: pip install 'secscan[xlsx]'") from None
    return xlsxwriter


def dumps(
    tables: Mapping[str, Rows], about: Sequence[tuple[str, str]], *, made_on: date, footer: str, folder: Path
) -> bytes:
    """A workbook with a sheet a table, and before them one that says what they are and how many rows each has.

    The same content gives the same bytes. ``about``: lines for the first sheet. ``made_on`` stands for the moment at
    which it was made. ``footer`` is printed on every page. ``folder``: where it may put files meanwhile.
    """
    out = io.BytesIO()
    options = {
        "constant_memory": True, "tmpdir": str(folder), "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    book = library().Workbook(out, options)
    book.set_properties({"created": datetime(made_on.year, made_on.month, made_on.day)})
    bold = book.add_format({"bold": True})
    first = book.add_worksheet("about")
    held = []
    for name, (header, rows) in tables.items():
        for number, part in enumerate(_parts(rows), 1):
            shown = name if number == 1 else f"{name} {number}"
            cells = ([text(value) for value in row] for row in part)
            held.append((shown, _fill(book.add_worksheet(shown), header, cells, bold, footer)))
    lines = [*about, ("", ""), ("sheet", "rows"), *held]
    _fill(first, ("what", "is"), ((text(a), text(b)) for a, b in lines), bold, footer)
    book.close()
    return out.getvalue()


def _parts(rows: Iterable[Sequence[object]]) -> Iterator[Iterable[Sequence[object]]]:
    """The rows in parts that fit a sheet, one after the other; one empty part where there are none."""
    left = iter(rows)
    yield islice(left, SHEET_ROWS)
    for row in left:
        yield chain([row], islice(left, SHEET_ROWS - 1))


def _fill(sheet: Any, header: Sequence[str], rows: Iterable[Sequence[str]], bold: Any, footer: str) -> int:
    """The header and the rows are in the sheet, as text; answers how many rows."""
    widths = [len(h) for h in header]
    for column, name in enumerate(header):
        sheet.write_string(0, column, text(name), bold)
    count = 0
    for count, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if value:
                sheet.write_string(count, column, value)
        if count <= _SAMPLE:
            widths = [max(w, len(v)) for w, v in zip(widths, row, strict=True)]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, max(_NARROW, min(width + 2, _WIDE)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, count, len(header) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:{csv.letters(len(header) - 1)}{count + 1}"})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C" + footer.replace("&", "+")[:200])  # an ampersand begins a code there
    return count


def text(value: object) -> str:
    """A value as its cell: as in a CSV, no longer than a cell may be, and never what XlsxWriter would take for markup."""
    cell = csv.text_of(value)
    if 2 * len(cell) > CELL_UNITS:
        units = cell.encode("utf-16-le")
        if len(units) > 2 * CELL_UNITS:
            cell = units[: 2 * (CELL_UNITS - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
    return f"'{cell}" if _MARKUP.fullmatch(cell) else cell
