"""Every kind of file that can be read, by the name that ``as:`` and ``--as`` use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secscan.sources.collected import Collected
from secscan.sources.glpi import Glpi
from secscan.sources.nmap import Nmap
from secscan.sources.packages import Packages
from secscan.sources.reader import Reader
from secscan.sources.templates import Mapped, Template

if TYPE_CHECKING:
    from secscan.model.settings import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A reader, the raw tables that it feeds, and what a row of its files is."""

    reader: Reader
    tables: frozenset[str]
    """Empty for ``table``, whose source names its own."""
    row: str

    def feeds(self, source: Source) -> frozenset[str]:
        """The raw tables that a source of this kind feeds."""
        return self.tables or frozenset({source.table} if source.table else ())


KINDS: Final[Mapping[str, Kind]] = {
    **{
        f"secscan-{table}": Kind(reader=Template(table), tables=frozenset({table}), row="row")
        for table in ("assets", "software", "services", "fixes", "rules")
    },
    "secscan-collect": Kind(
        reader=Collected(), tables=frozenset({"assets", "software", "services"}), row="asset, package or port"
    ),
    "table": Kind(reader=Mapped(), tables=frozenset(), row="row"),
    "nmap-xml": Kind(reader=Nmap(), tables=frozenset({"probes", "services"}), row="host"),
    "dpkg": Kind(reader=Packages("dpkg"), tables=frozenset({"software"}), row="package"),
    "rpm": Kind(reader=Packages("rpm"), tables=frozenset({"software"}), row="package"),
    "glpi": Kind(reader=Glpi(), tables=frozenset({"assets", "software"}), row="host"),
}
