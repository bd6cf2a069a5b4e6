"""Our own templates, any other table by a column map, and what ``secscan collect`` wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from secscan.doors.terminal import safe
from secscan.model.raw import RAW_COLUMNS
from secscan.sources import templates
from secscan.sources.collect import SCHEMA
from secscan.sources.collected import Collected
from secscan.sources.headed import behind_titles
from secscan.sources.kind import Kind
from secscan.sources.sample import Sample
from secscan.sources.tabular import folded
from secscan.sources.templates import Mapped, Template

_TEMPLATES: Final = ("assets", "software", "services", "fixes", "rules")


def _template(table: str) -> Callable[[Sample], str | None]:
    def fits(sample: Sample) -> str | None:
        header = behind_titles(sample, lambda cells: templates.header_fits(cells) is not None)
        if templates.header_fits(header) != table:
            return None
        known = len({folded(cell) for cell in header} & set(RAW_COLUMNS[table]))
        where = "the first sheet" if sample.looks.kind == "xlsx" else "the header"
        says = f"{known} of {len(header)} columns in {where} are the template's"
        if known == len(header):
            return f"certain: {says}"
        return f"likely: {says}" if known * 2 >= len(header) else None

    return fits


def _collected(sample: Sample) -> str | None:
    document = sample.document
    return (
        f"certain: its schema is {SCHEMA}" if isinstance(document, dict) and document.get("schema") == SCHEMA else None
    )


def _any_table(sample: Sample) -> str | None:
    if len(sample.header) < 2:
        return None
    headed = ", ".join(safe(cell, 30) for cell in sample.header[:8])
    return f"possible: a table with the columns {headed}; it needs a source with 'table' and 'map' in secscan.yaml"


KINDS: Final = (
    *(
        Kind(
            name=f"secscan-{table}", reader=Template(table), tables=frozenset({table}), row="row", fits=_template(table)
        )
        for table in _TEMPLATES
    ),
    Kind(
        name="secscan-collect", reader=Collected(), tables=frozenset({"assets", "software", "services"}),
        row="asset, package or port", fits=_collected,
    ),
    Kind(name="table", reader=Mapped(), tables=frozenset(), row="row", fits=_any_table),
)  # fmt: skip
