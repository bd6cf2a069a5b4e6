"""What a kind of file is: its name, how it is told from others, its reader, and the raw tables that it feeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secscan.doors.files import MEGABYTE
from secscan.sources.reader import Reader
from secscan.sources.sample import Sample

if TYPE_CHECKING:
    from secscan.model.settings import Limits, Source

STREAMED: Final = 5
"""How many times the size of other files one may have that is never held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file, as a module of ``sources.kinds`` lists it under ``KINDS``."""

    name: str
    """As ``as:`` and ``--as`` call it."""
    reader: Reader
    tables: frozenset[str]
    """Empty for ``table``, whose source names its own."""
    row: str
    """What a row of its files is, for counting: ``host``, ``package``."""
    one_each: bool = False
    """Each file is one machine's own: all of a council's belong to one source."""
    fits: Callable[[Sample], str | None]
    """How surely a file is of this kind: ``certain: ...`` by a mark that only this kind has, ``likely: ...`` by its form,
    ``possible: ...`` where somebody has to say more; None: it is not."""
    streams: bool = False
    """Whether its reader takes a file in pieces, and ``fits`` knows it by its beginning: such a file is never held."""

    def feeds(self, source: Source) -> frozenset[str]:
        """The raw tables that a source of this kind feeds."""
        return self.tables or frozenset({source.table} if source.table else ())

    def limit(self, limits: Limits) -> int:
        """How many bytes one of its files may have."""
        return limits.file_mb * MEGABYTE * (STREAMED if self.streams else 1)
