"""Writes docs/tables.md from the tables themselves: run ``python tools/docs_tables.py`` after changing one."""

from __future__ import annotations

from pathlib import Path

from secscan.model.tables import TABLES, TableSpec

HEAD = """# Tables

<!-- Written by tools/docs_tables.py from secscan/model/tables.py; a test holds the two equal. -->

A row is one judgement: every row in a control's scope gets exactly one outcome, pass, fail or unknown. A column that is empty means
that nobody knows, and only that. Every asset has at least one row in every table, so nobody vanishes: an asset without a
software list has a row of unknowns in Installs.

Every table has these columns, and a control's scope may name council, type, zone, service, criticality and, where the
table has it, product:

"""


def page() -> str:
    """The whole page."""
    shared = TableSpec.columns()
    parts = [HEAD + _columns(shared)]
    for name, spec in TABLES.items():
        own = {n: c for n, c in spec.columns().items() if n not in shared}
        about = ", ".join(f"`{s}`" for s in spec.subject) or "the asset itself"
        parts.append(
            f"## {spec.__name__} (`{name}`)\n\n{(spec.__doc__ or '').strip()} A finding is about: {about}.\n\n{_columns(own)}"
        )
    return "\n".join(parts)


def _columns(columns: dict[str, object]) -> str:
    rows = "".join(f"| {n} | {c.kind} | {c.doc} |\n" for n, c in columns.items())  # type: ignore[attr-defined]
    return f"| column | kind | says |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    Path("docs/tables.md").write_text(page())
