"""What other packages add: tables of their own and folders of checks, and where each came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from secscan.model.frame import Frame
from secscan.model.places import Files
from secscan.model.raw import RawShape
from secscan.model.tables import TableSpec


@dataclass(frozen=True, slots=True)
class Tables:
    """What a builder is given: ``tables["installs"]`` is a Frame. Nothing in it is ever changed in place."""

    frames: Mapping[str, Frame]
    today: date
    _files: Files

    def __getitem__(self, table: str) -> Frame:
        return self.frames[table]

    def place(self, file: str, line: int) -> int:
        """The code of a place, for a fact that the builder itself brings."""
        return self._files.code(file, line)


Builder = Callable[[Tables], Frame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table that a package adds: what its entry point in ``secscan.tables`` names."""

    spec: type[TableSpec]
    """Its documented columns; ``fed_by`` names the raw tables that it rests on, its own ``reads`` aside."""
    reads: tuple[str, ...] = ()
    """Those of its columns that a source ``as: table`` with this table's name gives, beside ``asset_tag``."""
    needs: tuple[str, ...] = ()
    """Of ``reads``: what a row cannot do without. A row that lacks one is refused."""
    build: Builder | None = None
    """Answers the table's rows, with at least one for every asset; None: they are the rows that were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The package, with its version, that a check or a table came with."""

    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedTable:
    """A table that a package adds, found and fit for use."""

    table: Table
    origin: Origin
    sha256: str
    """Over every Python file of the package that it is in."""

    @property
    def shape(self) -> RawShape:
        """What a file has to give."""
        kinds = {name: column.kind for name, column in self.table.spec.columns().items()}
        return RawShape(
            columns={"asset_tag": "text", **{name: kinds[name] for name in self.table.reads}},
            required=("asset_tag", *self.table.needs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFolder:
    """A folder of check files, or one such file. ``shown`` is what stands before their paths where people read them."""

    path: Path
    shown: str | None = None
    origin: Origin | None = None
    """None: a folder that somebody named, which no package brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Everything that installed packages add."""

    tables: Mapping[str, AddedTable]
    checks: tuple[CheckFolder, ...] = ()

    @property
    def specs(self) -> dict[str, type[TableSpec]]:
        return {name: one.table.spec for name, one in self.tables.items()}

    @property
    def shapes(self) -> dict[str, RawShape]:
        """The raw tables of those that read a file."""
        return {name: one.shape for name, one in self.tables.items() if one.table.reads}
