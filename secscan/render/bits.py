"""What a page is made of before it is HTML: pieces of text, cells, tables. Templates turn these into markup.

Text from the inventory only ever travels as ``Bit.text``; addresses of links are always ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from secscan.model.places import Place
from secscan.render import words

CELL_LIMIT: Final = 160
"""Letters of one piece of text in a table; the whole of it is in the data files."""

Kind = Literal["text", "strong", "link", "tag", "note", "reference", "code", "digest", "command", "date"]


@dataclass(frozen=True, slots=True)
class Bit:
    kind: Kind
    text: str
    href: str = ""
    colour: str = ""


NOTHING: Final = Bit("text", "–")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    parts: tuple[Bit, ...]
    sort: str
    """What the column sorts by, where it differs from what is shown."""
    numeric: bool = False

    @property
    def empty(self) -> bool:
        return self.parts == (NOTHING,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    cells: tuple[Cell, ...]
    id: str = ""

    def under(self, columns: Sequence[Column]) -> Iterator[tuple[str | None, bool, Cell]]:
        """(label of its column, None for the first, which heads the row; whether it holds numbers; the cell)."""
        yield None, False, self.cells[0]
        for column, cell in zip(columns[1:], self.cells[1:], strict=True):
            yield column.label, column.numeric, cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    label: str
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as a template shows it: the first ``len(rows)`` of ``total``, and the file that holds them all."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: int | None = None
    """How many there are; None: all are in ``rows``."""
    file: str = ""
    """The data file with all of them."""
    empty: str = "Nothing to show."
    sorted_by: tuple[int, str] | None = None
    """Which column the rows come sorted by, and the word that ``aria-sort`` has for it."""
    sortable: bool = True
    foot: Row | None = None
    show_caption: bool = False
    matrix: bool = False
    """A word in each cell: rows and columns are the two ends."""
    tight: bool = False
    """Its columns of numbers take no more room than they need, so that long text beside them has some."""

    @property
    def cut(self) -> bool:
        return self.total is not None and len(self.rows) < self.total

    def direction(self, index: int) -> str:
        return self.sorted_by[1] if self.sorted_by and self.sorted_by[0] == index else "none"


def columns(labels: str) -> tuple[Column, ...]:
    """Labels joined by ``|``; one that starts with ``#`` holds numbers."""
    return tuple(Column(label=c.removeprefix("#"), numeric=c.startswith("#")) for c in labels.split("|"))


def row(*cells: Cell | Bit | str | int | None, id: str = "") -> Row:
    """A row; plain text, numbers and single pieces become cells, None a dash."""
    return Row(cells=tuple(as_cell(c) for c in cells), id=id)


def as_cell(value: Cell | Bit | str | int | None) -> Cell:
    match value:
        case Cell():
            return value
        case Bit():
            return cell(value)
        case int():
            return Cell(parts=(text(words.number(value)),), sort=str(value), numeric=True)
        case None | "":
            return cell(NOTHING, sort="")
        case str():
            return cell(text(value))


def cell(*parts: Bit | str | None, sort: str | int | None = None) -> Cell:
    bits = tuple(text(p) if isinstance(p, str) else p for p in parts if p)
    return Cell(parts=bits, sort=words.plain(bits[0].text if bits else "", CELL_LIMIT) if sort is None else str(sort))


def text(value: object) -> Bit:
    return Bit("text", words.plain(value, CELL_LIMIT))


def strong(value: object) -> Bit:
    return Bit("strong", words.plain(value, CELL_LIMIT))


def note(value: object) -> Bit:
    """A second, quieter line, or a few of them."""
    return Bit("note", words.plain(value, 4 * CELL_LIMIT))


def prose(value: object) -> Bit:
    """Whole sentences of a person, which lose their sense when they are cut."""
    return Bit("text", words.plain(value, 4 * CELL_LIMIT))


def reference(value: object) -> Bit:
    """A quieter line with an address in it, which may break at its slashes."""
    return Bit("reference", words.plain(value, 2 * CELL_LIMIT))


def digest(value: object) -> Bit:
    """A SHA-256, whole."""
    return Bit("digest", words.plain(value, CELL_LIMIT))


def code(value: object) -> Bit:
    return Bit("code", words.plain(value, CELL_LIMIT))


def command(value: object) -> Bit:
    """What a person can type; kept whole, because half a command is worse than none."""
    return Bit("command", words.plain(value, 1_000))


def link(value: object, href: str) -> Bit:
    return Bit("link", words.plain(value, CELL_LIMIT), href=href)


def tag(word: str) -> Bit:
    return Bit("tag", words.plain(word, 60), colour=words.colour(word))


def day(value: date | None, otherwise: str = "–") -> Cell:
    """A date that sorts by itself; without one, ``otherwise``, which every sort leaves at the end."""
    if value is None:
        return cell(text(otherwise), sort="")
    return Cell(parts=(Bit("date", words.english(value)),), sort=value.isoformat())


def places(found: Iterable[Place], limit: int = 2) -> Bit | None:
    """Where something stands, as file:line; the rest as a count."""
    shown = [str(p) for p in found if p.file]
    if not shown:
        return None
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return code(", ".join(shown[:limit]) + more)
