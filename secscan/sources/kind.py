"""What a kind of file is: its name, how it is told from others, its reader, and the raw tables that it feeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secscan.sources.reader import Reader
from secscan.sources.sample import Sample

if TYPE_CHECKING:
    from secscan.model.settings import Source


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

    def feeds(self, source: Source) -> frozenset[str]:
        """The raw tables that a source of this kind feeds."""
        return self.tables or frozenset({source.table} if source.table else ())
