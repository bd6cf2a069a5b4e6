"""Where a fact stands: promise 2, every number leads back to a source row, a rule line or a dated fact."""

from __future__ import annotations

from dataclasses import dataclass, field

_LINE_BITS = 32


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A file and a line in it (1-based; a sheet row for a workbook, 0 for the file as a whole)."""

    file: str
    line: int = 0
    column: int | None = None

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(slots=True)
class Files:
    """Turns (file, line) into one integer and back, so that a million rows carry their origin in one column."""

    names: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _places: dict[int, Place] = field(default_factory=dict)

    def number(self, file: str) -> int:
        """The number of a file, the same each time it is asked for."""
        if file not in self._numbers:
            self._numbers[file] = len(self.names)
            self.names.append(file)
        return self._numbers[file]

    def code(self, file: str, line: int) -> int:
        return (self.number(file) << _LINE_BITS) | line

    def place(self, code: int) -> Place:
        known = self._places.get(code)
        if known is None:
            known = self._places[code] = Place(self.names[code >> _LINE_BITS], code & ((1 << _LINE_BITS) - 1))
        return known
