"""Tables as text, also as broken as real exports are: so they are put together here and not by the door,
whose tables are always whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_SPECIAL = re.compile(r'[",;|\t\r\n]')

Row = list[str] | str
"""Cells, or a line as it shall stand in the file."""


@dataclass(slots=True)
class Sheet:
    """A table on its way to a file."""

    header: Sequence[str]
    rows: list[Row] = field(default_factory=list)

    def cells(self, at: int) -> list[str]:
        """The cells of one row, counted from the end where ``at`` is negative."""
        row = self.rows[at]
        if isinstance(row, str):
            raise TypeError("a line that stands as it is has no cells")
        return row

    def column(self, name: str) -> int:
        return list(self.header).index(name)

    def text(self, *, separator: str = ",", quote_all: bool = False, first: str = "", newline: str = "\r\n") -> str:
        """The whole file; ``first`` is a line before the header."""
        lines = [first] if first else []
        for row in (list(self.header), *self.rows):
            if isinstance(row, str):
                lines.append(row)
            elif quote_all:
                lines.append(separator.join(map(quoted, row)))
            else:
                lines.append(separator.join([quoted(cell) if _SPECIAL.search(cell) else cell for cell in row]))
        return newline.join(lines) + newline


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
