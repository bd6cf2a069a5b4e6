"""One file as recognition looks at it: each view of it is made once, when a kind first asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from secscan.doors import csv, json, json_parts, xlsx, xml
from secscan.model.errors import InputError
from secscan.sources import looks
from secscan.sources.tabular import folded

LINES: Final = 60
_HEAD: Final = 20_000
_TITLES: Final = 16
_BETWEEN: Final = re.compile(r"[,;\t|]")
ELEMENTS: Final = 200
OBJECTS: Final = 50
ENTRIES: Final = 1_000


class Sample:
    """The bytes of a file. A view is empty where the file is nothing of that sort; ``broken`` then says why."""

    def __init__(self, data: bytes, shown: str, encoding: str | None = None, delimiter: str | None = None) -> None:
        self.data, self.shown, self.encoding, self.delimiter = data, shown, encoding, delimiter
        self.broken: str | None = None
        """Why it cannot be read as what it looks like."""

    @cached_property
    def looks(self) -> looks.Looks:
        return looks.like(self.data)

    @cached_property
    def lines(self) -> Sequence[str]:
        """The first lines that are not blank, of a text."""
        if self.looks.kind != "text":
            return ()
        head = looks.text(self.data[:_HEAD])
        return [line[:500] for line in head.splitlines()[:LINES] if line.strip()]

    @cached_property
    def header(self) -> Sequence[str]:
        """The headings of a CSV or of a workbook's first sheet, as they stand; () where it is no table."""
        try:
            match self.looks.kind:
                case "text":
                    return csv.read(self.data, self.shown, encoding=self.encoding, delimiter=self.delimiter).header
                case "xlsx":
                    return xlsx.read(self.data, self.shown).header
        except InputError as error:
            self.broken = _why(error)
        return ()

    @cached_property
    def top(self) -> Sequence[Sequence[str]]:
        """The first rows of a workbook's first sheet, its title lines among them; () where it is none."""
        rows: list[Sequence[str]] = []

        def is_header(cells: Sequence[str]) -> bool:
            rows.append(cells)
            return False

        if self.looks.kind == "xlsx" and self.header:
            xlsx.read(self.data, self.shown, is_header=is_header)
        return rows

    @cached_property
    def headings(self) -> frozenset[str]:
        """The same, folded, as templates compare them."""
        return frozenset(folded(cell) for cell in self.header)

    @cached_property
    def early(self) -> Sequence[frozenset[str]]:
        """What the lines behind a text's first would be as headings, folded: a header may stand behind title lines."""
        return [
            frozenset(folded(cell.strip().strip('"')) for cell in _BETWEEN.split(line))
            for line in self.lines[1:_TITLES]
            if _BETWEEN.search(line)
        ]

    @cached_property
    def document(self) -> Any:
        """A JSON file's value, of long lists the beginning; None where it is none."""
        if self.looks.kind != "json":
            return None
        try:
            return json_parts.beginning(self.data, self.shown, ENTRIES)
        except InputError as error:
            self.broken = f"looks like JSON but {_why(error)}"
            return None

    @cached_property
    def objects(self) -> Sequence[Mapping[str, Any]]:
        """The first objects of a JSON file: of a list, of the list under ``value`` or ``results``, or one a line."""
        document = self.document
        if document is None:
            return self._lines_of_json()
        if isinstance(document, dict):
            document = next((v for k in ("value", "results") if isinstance(v := document.get(k), list)), [document])
        return [one for one in document[:OBJECTS] if isinstance(one, dict)] if isinstance(document, list) else []

    def _lines_of_json(self) -> list[Mapping[str, Any]]:
        if self.looks.kind != "json":
            return []
        found: list[Mapping[str, Any]] = []
        for line in looks.text(self.data[: 100 * _HEAD]).splitlines()[:LINES]:
            try:
                one = (
                    json.loads(line.encode(), self.shown)
                    if line.startswith("{") and line.rstrip().endswith("}")
                    else None
                )
            except InputError:
                return []
            if isinstance(one, dict):
                found.append(one)
        if found:
            self.broken = None
        return found

    @cached_property
    def elements(self) -> Sequence[tuple[str, Mapping[str, str]]]:
        """(tag, attributes) of an XML file's first elements, its root first."""
        if not self.data.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
            return ()
        return xml.first(self.data, self.shown, ELEMENTS)

    @property
    def root(self) -> str:
        """The tag of an XML file's root element; "" where it is none."""
        return self.elements[0][0] if self.elements else ""


def _why(error: InputError) -> str:
    """What a refusal says, with the line that it is about."""
    line = f"line {error.place.line:,}: " if error.place.line else ""
    return f"{line}{error.reason}" + (f"; {error.hint}" if error.hint else "")
