"""The interface of a reader: one file in, raw tables out, every row accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, overload

from secscan.model.errors import InputError
from secscan.model.places import Files, Place
from secscan.model.raw import RAW_COLUMNS, RawTable, Refusal, Shapes
from secscan.sources import values

if TYPE_CHECKING:
    from secscan.model.settings import Limits, Source

SHOWN_WARNINGS = 20
"""How many broken values of one column are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to read: its bytes, and what is known of it."""

    data: bytes
    """Of a file that comes in pieces its beginning."""
    name: str
    """The file's own name, for ``{stem}``."""
    shown: str
    """Its path as messages and places write it."""
    source: Source
    council: str
    also_named: frozenset[str] = frozenset()
    """Other names that a ``council`` column may use for the same council."""
    limits: Limits
    files: Files
    today: date
    dated_on: date
    shapes: Shapes = field(default_factory=dict)
    """Raw tables that packages add."""
    pieces: Iterable[bytes] | None = None
    """The whole of a file that is not held, for a kind that ``streams``; None: ``data`` is all of it."""

    def refuse(self, reason: str, hint: str = "", line: int = 0) -> InputError:
        return InputError(Place(self.shown, line), reason, hint)

    @property
    def stem(self) -> str:
        """What ``{stem}`` stands for: the file name before its first dot, less the kind that an import puts before it."""
        return self.name.partition(".")[0].removeprefix(f"{self.source.kind}-")

    @property
    def tag(self) -> str:
        """The asset that a package list is about: as the source declares, else by the file's name."""
        return (self.source.asset or "{stem}").replace("{stem}", self.stem)

    def named(self) -> str:
        """The same, trimmed. Raises InputError where it names nothing."""
        tag = values.clean(self.tag)
        if values.is_unknown(tag) or isinstance(values.words(tag), values.Bad):
            raise self.refuse(
                "does not say which asset it is of", "set 'asset' for the source, or name the file ASSET.txt"
            )
        return tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one file held. Each row read is loaded, refused or blank."""

    rows_read: int
    rows_loaded: int
    rows_blank: int = 0
    refused: Sequence[Refusal] = ()
    warnings: Sequence[str] = ()
    incomplete: str | None = None
    tables: Mapping[str, RawTable] = field(default_factory=dict)
    shown: str | None = None
    """The file's name with its sheet, where it has one."""


class Reader(Protocol):
    """Reads one kind of file."""

    def read(self, job: Job) -> Found:
        """Everything in the file. Raises InputError when the file as a whole cannot be believed."""
        ...


class Coded(Sequence[Any]):
    """A column by its distinct values, and the number of one of them for each row."""

    def __init__(self, values: Sequence[Any], numbers: Sequence[int]) -> None:
        self.values, self.numbers = values, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Any]:
        return map(self.values.__getitem__, self.numbers)

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        return Coded(self.values, self.numbers[at]) if isinstance(at, slice) else self.values[self.numbers[at]]


@dataclass(slots=True)
class Rows:
    """A raw table that grows row by row, for readers whose files are no tables."""

    table: str
    columns: dict[str, list[Any]] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)
    _memo: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {name: [] for name in RAW_COLUMNS[self.table]}

    def add(self, place: int, **values: Any) -> None:
        for name, column in self.columns.items():
            value = values.get(name)
            column.append(self._memo.setdefault(value, value))
        self.places.append(place)

    def done(self) -> RawTable:
        return RawTable(table=self.table, columns=self.columns, places=self.places)
