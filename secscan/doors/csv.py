"""The one way in and out for CSV: decoded without a guess, read by column, written so that no cell is a formula.

Reading: a byte order mark leads, else the declared encoding, else strict UTF-8. A file is refused whole when its
characters or its header cannot be trusted; a row is refused alone, by its physical line, and its neighbours load.
Writing: text that a spreadsheet would take for a formula gets a leading apostrophe; ``recovered`` takes it off again.
"""

from __future__ import annotations

import codecs
import csv
import gc
import io
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, takewhile
from pathlib import Path
from typing import Final, cast

from secscan.doors import files
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.places import Place

DELIMITERS: Final = (",", ";", "\t", "|")
PREVIEW_LINES: Final = 40
"""How far down a header is looked for."""
CHUNK: Final = 2048
RAW_LIMIT: Final = 4_000
"""Characters of a refused row that are kept for the quarantine file."""

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_TEXT_CODECS = re.compile(r"utf-8|utf-16-(?:le|be)|ascii|cp\d{3,5}|iso8859-\d{1,2}|mac-[a-z]+")
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r]")
_SPECIAL = re.compile(r'[",;|\t\r\n]|^\s|\s$')
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/()#*+=@&'-]*[A-Za-z0-9._:/()#])?")
"""Texts that are cells as they stand; of others each is looked at."""

IsHeader = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """One row that was refused at the door; ``cells`` is what could still be told apart."""

    line: int
    reason: str
    column: str | None = None
    cells: Sequence[str] = ()
    raw: str = ""


@dataclass(slots=True, kw_only=True)
class Table:
    """A file as columns of text: equal-long lists, and the physical line (or sheet row) of every row."""

    shown: str
    header: Sequence[str]
    header_line: int
    columns: Sequence[list[str]]
    lines: Sequence[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    blank: int = 0
    hollow: list[int] = field(default_factory=list)
    """Of the blank rows of a CSV, the lines of those that have cells: ``,,,``."""
    rows_read: int = 0
    notes: list[str] = field(default_factory=list)
    """One line each, with file and line: what was passed over before the header."""
    first_column: int | None = None
    """For a workbook: the sheet column of the first column (0 is A); None for a CSV."""

    def at(self, line: int, column: int | None = None) -> str:
        """Where a value stands, as people look it up: ``file.csv:14``, ``book.xlsx[Sheet1]!C14``."""
        if self.first_column is None:
            return f"{self.shown}:{line}"
        return f"{self.shown}!{'' if column is None else letters(self.first_column + column)}{line}"


def letters(column: int) -> str:
    """A spreadsheet's name of a column: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def read(
    data: bytes,
    shown: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    is_header: IsHeader | None = None,
    rows: int = 1_000_000,
    columns: int = 200,
    cell: int = 32_000,
) -> Table:
    """The table in ``data``. ``rows``, ``columns`` and ``cell`` (characters) are the limits.

    ``is_header`` tells a header from the title lines that some tools put before it; without one, or when none of
    the first lines satisfies it, the first line that is not blank is the header. Rows are conserved:
    ``rows_read == len(lines) + len(bad) + blank``. Raises InputError for what spoils the whole file.
    """
    if csv.field_size_limit() <= cell:
        csv.field_size_limit(cell + 1)
    stream, codec = _opened(data, shown, encoding)
    lines = _Lines(stream, cell=cell, longest=columns * (cell + 3), may_hold_nul=codec != "utf-8" or b"\0" in data)
    try:
        table, chosen = _start(lines, shown, delimiter, is_header, columns)
        with _no_collector():
            _Rows(table, lines, chosen, rows, cell).read()
    except UnicodeDecodeError:
        raise _undecodable(data, shown, codec) from None
    return table


def text(data: bytes, shown: str, encoding: str | None = None) -> str:
    """A text that is no table (a package list), decoded by the same rule. Raises InputError."""
    stream, codec = _opened(data, shown, encoding)
    try:
        return stream.read()
    except UnicodeDecodeError:
        raise _undecodable(data, shown, codec) from None


def lines(data: bytes, shown: str, encoding: str | None = None) -> Iterator[str]:
    """The same line by line, without their ends: nothing is held. Raises InputError where the text cannot go on."""
    stream, codec = _opened(data, shown, encoding)
    try:
        yield from (line.rstrip("\r\n") for line in stream)
    except UnicodeDecodeError:
        raise _undecodable(data, shown, codec) from None


@contextmanager
def _no_collector() -> Iterator[None]:
    """The garbage collector rests: a row is a list that dies at once, and each thousand would have it walk the heap."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# --- characters ---------------------------------------------------------------------------------------------------


def _opened(data: bytes, shown: str, declared: str | None) -> tuple[io.TextIOWrapper, str]:
    codec, skip = _codec(data, shown, declared)
    raw = io.BytesIO(data)
    raw.seek(skip)
    return io.TextIOWrapper(raw, encoding=codec, errors="strict", newline=""), codec


def _codec(data: bytes, shown: str, declared: str | None) -> tuple[str, int]:
    if data[:4] == codecs.BOM_UTF32_LE or data[:4] == codecs.BOM_UTF32_BE:
        raise InputError(Place(shown), "is UTF-32", "save it as UTF-8")
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec, len(mark)
    if declared is not None:
        return _declared(shown, declared), 0
    if wide := _wide(data):
        raise InputError(
            Place(shown, 1), f"looks like {wide.upper()} without a byte order mark", f"declare encoding: {wide}"
        )
    return "utf-8", 0


def _declared(shown: str, declared: str) -> str:
    try:
        name = codecs.lookup(declared).name.replace("_", "-")
    except (LookupError, ValueError):
        raise InputError(
            Place(shown), f"encoding '{safe(declared, 40)}' is not known", "for example cp1252 or utf-16-le"
        ) from None
    if name == "utf-16":
        raise InputError(Place(shown), "has no byte order mark", "declare encoding: utf-16-le (or utf-16-be)")
    if name == "utf-8-sig":
        return "utf-8"
    if not _TEXT_CODECS.fullmatch(name):
        raise InputError(
            Place(shown), f"encoding '{safe(declared, 40)}' is not taken here", "for example cp1252 or utf-16-le"
        )
    return name


def _wide(data: bytes) -> str | None:
    """UTF-16 shows itself by a NUL in every other byte of plain text."""
    head = data[:4096]
    pairs = len(head) // 2
    if pairs < 2:
        return None
    high, low = head[1::2].count(0), head[0::2].count(0)
    if high > 0.4 * pairs and low < 0.05 * pairs:
        return "utf-16-le"
    if low > 0.4 * pairs and high < 0.05 * pairs:
        return "utf-16-be"
    return None


def _undecodable(data: bytes, shown: str, codec: str) -> InputError:
    """Why ``data`` is not ``codec``: the line, the byte and what to declare instead."""
    skip = next((len(mark) for mark, _ in _MARKS if data.startswith(mark)), 0)
    try:
        data[skip:].decode(codec)
    except UnicodeDecodeError as error:
        start = skip + error.start
    else:  # pragma: no cover - the stream and the whole decode alike
        start = skip
    line = data[skip:start].decode(codec, "ignore").count("\n") + 1
    byte = f"0x{data[start]:02X} at byte {start}"
    if codec != "utf-8":
        return InputError(Place(shown, line), f"is not {codec}: {byte}", "declare the encoding that it was saved in")
    return InputError(Place(shown, line), f"is not UTF-8: {byte}", _advice(data, start))


def _advice(data: bytes, start: int) -> str:
    if any(byte >= 0x80 for byte in data[:start].removeprefix(codecs.BOM_UTF8)):
        return "what stands before it is UTF-8, so two encodings are mixed; save the file again as UTF-8"
    from charset_normalizer import from_bytes

    sample = data[max(0, start - 20_000) : start + 20_000]
    try:
        best = from_bytes(sample, cp_isolation=["cp1252", "cp850", "mac_roman"], threshold=0.5).best()
    except Exception:  # a suggestion only: whatever it stumbles over, the refusal stands
        best = None
    return f"declare encoding: {best.encoding.replace('_', '-') if best else 'cp1252'}, or save it as UTF-8"


# --- physical lines and the header --------------------------------------------------------------------------------


class _Lines:
    """Physical lines one by one, able to give back what a record took too many of."""

    def __init__(self, source: Iterable[str], *, cell: int, longest: int, may_hold_nul: bool) -> None:
        self._source = iter(source)
        self._back: deque[str] = deque()
        self._cell, self._nul = cell, may_hold_nul
        self.longest = longest
        self.at = 0
        """How many lines have been handed out."""
        self.taken: list[str] = []
        self.odd = False
        """A line since the last reset is long or holds a NUL, and wants a closer look."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._source)
        self.taken.append(line)
        self.at += 1
        if len(line) > self._cell or (self._nul and "\0" in line):
            self.odd = True
            if len(line) > self.longest:  # before it becomes a hundred million empty cells
                raise csv.Error("field larger than the line may be")
        return line

    def peek(self, count: int) -> list[str]:
        """The next lines without taking them, up to the first that no row could be as long as."""
        self._back.extend(islice(self._source, count))
        return list(takewhile(lambda line: len(line) <= self.longest, self._back))

    def pass_over(self, count: int) -> None:
        for _ in range(count):
            self._back.popleft()
        self.at += count

    def keep(self, count: int) -> None:
        """Of the lines taken, the first ``count`` are used up; the rest come again."""
        spare = self.taken[count:]
        self._back.extendleft(reversed(spare))
        self.at -= len(spare)
        del self.taken[count:]


def _start(
    lines: _Lines, shown: str, delimiter: str | None, is_header: IsHeader | None, limit: int
) -> tuple[Table, str]:
    """The empty table with its header, and the delimiter; ``lines`` stands behind the header."""
    preview = lines.peek(PREVIEW_LINES)
    skipped = 0
    for line in preview[:2]:
        if found := _SEP.fullmatch(line):
            delimiter = delimiter or found[1]
        elif not line.startswith("#TYPE "):
            break
        skipped += 1
    if delimiter is not None and delimiter in '"\r\n\0 ':
        raise InputError(Place(shown, 1), f"cannot be separated by {delimiter!r}", "declare delimiter: for example ';'")
    best = (False, 0)
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        header = _header(preview[skipped:], candidate, is_header)
        if (header.sure, len(header.cells)) > best:
            best, found_header, chosen = (header.sure, len(header.cells)), header, candidate
    if best == (False, 0):
        raise InputError(Place(shown), "has no header line" if preview else "is empty", "export it again")
    line_number = skipped + found_header.at + 1
    lines.pass_over(skipped + found_header.end)
    names = named(found_header.cells, shown, line_number, limit)
    table = Table(shown=shown, header=names, header_line=line_number, columns=[[] for _ in names])
    if any(line.strip() for line in preview[skipped : line_number - 1]):
        table.notes.append(f"{shown}:{skipped + 1}: passed over what stands before the header on line {line_number}")
    return table, chosen


@dataclass(frozen=True, slots=True)
class _Header:
    at: int = 0
    end: int = 0
    cells: Sequence[str] = ()
    sure: bool = False


def _header(preview: Sequence[str], delimiter: str, is_header: IsHeader | None) -> _Header:
    """The header as one delimiter splits it: its first line, the line behind it, its cells, and how sure that is."""
    first = _Header()
    reader = csv.reader(preview, delimiter=delimiter, skipinitialspace=True)
    at = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if is_header is not None and is_header(cells):
                    return _Header(at, reader.line_num, cells, True)
                if not first.cells:
                    first = _Header(at, reader.line_num, cells)
            at = reader.line_num
    except csv.Error:
        pass  # what stands before it still counts
    return first


def named(cells: Sequence[str], shown: str, line: int, limit: int) -> tuple[str, ...]:
    """The header as names: trimmed, trailing empty ones kept under their number. Raises InputError."""
    if len(cells) > limit:
        raise InputError(
            Place(shown, line),
            f"has {len(cells):,} columns; the limit is {limit}",
            "raise limits.columns in secscan.yaml",
        )
    header = tuple(cell.strip() or f"column {n}" for n, cell in enumerate(cells, 1))
    seen: dict[str, int] = {}
    for number, name in enumerate(header, 1):
        if "\0" in name or "\ufffd" in name:
            raise InputError(
                Place(shown, line), f"the heading of column {number} holds a broken character", "export it again"
            )
        first = seen.setdefault(name.casefold(), number)
        if first != number:
            says = f"columns {first} and {number} are both headed '{safe(name, 60)}'"
            raise InputError(Place(shown, line), says, "rename or remove one of them")
    return header


# --- rows ---------------------------------------------------------------------------------------------------------


REPEATED: Final = "is the header once more, as where exports are joined; the rows behind it are read"


def repeats(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row is the header once more, where one export was put behind another, marks and all."""
    return [cell.strip(" \ufeff") for cell in cells] == [*header]


def ragged(cells: int, width: int) -> str:
    """Why a row that is longer or shorter than the header is refused."""
    return f"has {cells} cells; the header has {width}"


class _Rows:
    """Reads records into the table; a record that cannot be trusted is refused and its lines looked at again."""

    def __init__(self, table: Table, lines: _Lines, delimiter: str, rows: int, cell: int) -> None:
        self.table, self.lines, self.delimiter = table, lines, delimiter
        self.limit, self.cell = rows, cell
        self.width = len(table.header)
        self.memos: list[dict[str, str]] = [{} for _ in table.header]
        self.chunk: list[list[str]] = []

    def read(self) -> None:
        table, lines, width, chunk = self.table, self.lines, self.width, self.chunk
        starts = array("q")  # a tenth of what a list of numbers takes
        reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)
        firsts = frozenset(f"{mark}{table.header[0]}" for mark in ("", "\ufeff"))
        while True:
            start = lines.at
            lines.taken.clear()
            broken = None
            cells: list[str] = []
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                broken = self.why(error)
            else:
                if lines.at - start > 1 and self.swallows():
                    broken = f"a quote opened here is not closed before line {lines.at}"
            if broken:
                lines.keep(1)
                self.refuse(start, broken, self.loose(lines.taken[0]))
            elif lines.odd and (reason := self.odd(cells)):
                self.refuse(start, reason, cells)
            elif len(cells) == width and cells[0] in firsts and repeats(cells, table.header):
                self.refuse(start, REPEATED, cells)
            elif len(cells) == width and (cells[0] or any(cells)):
                chunk.append(cells)
                starts.append(start + 1)
                if len(chunk) == CHUNK:
                    self.flush()
            elif not any(cells):
                table.blank += 1
                if len(cells) > 1:
                    table.hollow.append(start + 1)
            else:
                self.refuse(start, ragged(len(cells), width), cells)
            table.rows_read += 1
            if table.rows_read > self.limit:
                raise InputError(
                    Place(table.shown), f"has more than {self.limit:,} rows", "raise limits.rows in secscan.yaml"
                )
        self.flush()
        table.lines = starts

    def flush(self) -> None:
        """Turn the rows in hand into columns, each distinct text kept once."""
        for column, memo, cells in zip(self.table.columns, self.memos, zip(*self.chunk, strict=True), strict=False):
            column.extend(map(memo.setdefault, cells, cells))
        self.chunk.clear()

    def refuse(self, start: int, reason: str, cells: Sequence[str]) -> None:
        raw = "".join(self.lines.taken)[:RAW_LIMIT].rstrip("\r\n")
        self.table.bad.append(BadRow(line=start + 1, reason=reason, cells=cells[: self.width], raw=raw))
        self.lines.odd = False

    def loose(self, line: str) -> Sequence[str]:
        """The cells of a broken line as far as they can be told apart, to learn whom it is about."""
        try:
            return next(csv.reader([line[:RAW_LIMIT]], delimiter=self.delimiter, skipinitialspace=True), ())
        except csv.Error:
            return ()

    def why(self, error: csv.Error) -> str:
        says = str(error)
        if "field larger" in says:
            return f"a cell is longer than {self.cell:,} characters"
        if "unexpected end" in says:
            return "a quote is opened here and never closed"
        if "expected after" in says:
            return 'a quote ends before its cell does; inside a quoted cell a quote is written ""'
        return f"is not CSV: {says}"

    def swallows(self) -> bool:
        """Whether most of the lines inside a quoted cell would be rows of their own: then its quote was left open."""
        inner = self.lines.taken[1:-1]
        at_least = 3 if self.width == 2 else 1
        if self.width < 2:
            return False
        if not inner:
            return self.width > 2 and all(line.count(self.delimiter) == self.width - 1 for line in self.lines.taken)
        fits = sum(line.count(self.delimiter) == self.width - 1 for line in inner)
        return len(inner) >= at_least and fits * 2 > len(inner)

    def odd(self, cells: Sequence[str]) -> str | None:
        self.lines.odd = False
        for number, cell in enumerate(cells):
            name = self.table.header[number] if number < self.width else str(number + 1)
            if "\0" in cell:
                return f"'{safe(name, 60)}' holds a NUL character"
            if len(cell) > self.cell:
                return f"'{safe(name, 60)}' is {len(cell):,} characters long; the limit is {self.cell:,}"
        return None


# --- writing ------------------------------------------------------------------------------------------------------


def neutral(cell: str) -> str:
    """``cell`` with an apostrophe before it where a spreadsheet could take it for a formula.

    That is text whose first sign after apostrophes and spaces is one of ``= + - @``, tab or carriage return.
    ``recovered(neutral(x)) == x`` for every text.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def recovered(cell: str) -> str:
    """What ``neutral`` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def line_of(cells: Sequence[str]) -> str:
    """Cells as one CSV line as they are, to be quoted inside something else; formulas are not made harmless."""
    return ",".join('"' + cell.replace('"', '""') + '"' if _SPECIAL.search(cell) else cell for cell in cells)


def dumps(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV text: comma, ``\\n``, missing values empty, dates ISO, yes/no as true/false, no cell a formula.

    A cell with any sign that some tool separates by is quoted, so that it stays one cell wherever it is opened.
    """
    return dump_columns(header, list(zip(*rows, strict=True)) or [()] * len(header))


def dump_columns(header: Sequence[str], columns: Sequence[Sequence[object]]) -> str:
    """The same from columns, all of one length: what a column says again and again is looked at once."""
    return "\n".join([",".join(map(_cell, header)) or '""', *column_lines(columns)]) + "\n"


def column_lines(columns: Sequence[Sequence[object]]) -> list[str]:
    """The lines of these columns, without a header and without their ends."""
    return [",".join(row) or '""' for row in zip(*map(_cells, columns), strict=True)]


def _cells(column: Sequence[object]) -> Sequence[str]:
    kinds = set(map(type, column))
    if kinds == {int}:
        return list(map(str, column))
    if len({bool, int, float} & kinds) > 1:  # True, 1 and 1.0 are one key, and not one cell
        return list(map(_cell, column))
    distinct = dict.fromkeys(column)
    if kinds == {str}:
        texts = cast(Sequence[str], column)
        plain = map(_PLAIN.fullmatch, cast(Iterable[str], distinct))
        odd = {text: _cell(text) for text, fits in zip(cast(Iterable[str], distinct), plain, strict=True) if not fits}
        return [odd.get(text, text) for text in texts] if odd else texts
    cells = {value: _cell(value) for value in distinct}
    return list(map(cells.__getitem__, column))


def write_rows(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], mode: int = files.PRIVATE_FILE
) -> None:
    """The file holds ``dumps(header, rows)`` or is as it was. Raises StorageError."""
    files.write(path, dumps(header, rows), mode)


def text_of(value: object) -> str:
    """A value as the text of its cell: missing empty, dates ISO, yes/no as true/false, never a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case date():
            return value.isoformat()
    return neutral(str(value)).replace("\0", "\\x00")


def _cell(value: object) -> str:
    cell = text_of(value)
    return '"' + cell.replace('"', '""') + '"' if _SPECIAL.search(cell) else cell
