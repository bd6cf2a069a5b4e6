"""``secscan recognise``: what a name is taken for, and by which pattern."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from secscan.cli.common import Out, as_of, envelope, maybe_workspace, options
from secscan.model.errors import UsageError

_KINDS = ("os_caption", "arp", "network", "service_banner", "dpkg", "rpm", "sbom")


@click.command(epilog="Example: secscan recognise 'Microsoft Windows Server 2012 R2 Standard' 6.3.9600")
@click.argument("name", required=False)
@click.argument("version", required=False)
@click.option("--publisher", metavar="TEXT", help="The publisher as the inventory gives it.")
@click.option("--kind", type=click.Choice(_KINDS), help="Where the name comes from.")
@click.option("--stdin", "piped", is_flag=True, help="Read CSV with the header name,version,publisher,kind.")
@options("text", "json", "csv")
def command(
    name: str | None,
    version: str | None,
    publisher: str | None,
    kind: str | None,
    piped: bool,
    workspace: str | None,
    format_: str,
    **how: Any,
) -> int:
    """Say what a software NAME and VERSION is taken for: product, cycle, support dates, and by which pattern."""
    from secscan import answers, knowledge

    if piped == (name is not None):
        raise UsageError("give a NAME, or --stdin with CSV: name,version,publisher,kind")
    day = as_of(how["as_of"])
    catalogue = answers.catalogue_of(maybe_workspace(workspace), day)
    asked = _piped() if piped else [(name, version, publisher, kind)]
    known: dict[Any, Any] = {}
    rows = []
    for question in asked:
        if question not in known:
            known[question] = knowledge.recognise(catalogue, *question, day, near=len(asked) <= 1000)
        rows.append((question, known[question]))
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        body = [
            {
                "name": q[0] or None, "version": q[1] or None, "publisher": q[2] or None, "product": r.product, "label": r.label, "cycle": r.cycle,
                "eol_on": r.eol_on, "extended_on": r.extended_on, "status": r.status, "by": r.by, "near": list(r.near),
                "dates_from": str(r.place) if r.place else None, "source": r.source, "checked_on": r.checked_on,
            }
            for q, r in rows
        ]  # fmt: skip
        out.json(envelope("recognise", rows=body))
        return 0
    header = ("name", "version", "product", "cycle", "support ends", "extension to", "status", "by")
    table = [(q[0], q[1], r.product, r.cycle, r.eol_on, r.extended_on, r.status, r.by, r.near) for q, r in rows]
    if format_ == "csv":
        out.csv((*header, "near"), table)
        return 0
    out.table((*header, "did you mean"), table)
    near = rows[0][1].near if len(rows) == 1 else ()
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    out.next(f"{sum(r.product is not None for _, r in rows)} of {len(rows)} recognised{meant}")
    return 0


def _piped() -> list[tuple[str | None, str | None, str | None, str | None]]:
    """The questions on standard input, in order, empty ones too; what a short row leaves out is not given.

    Raises InputError with the line of what cannot be read.
    """
    from secscan.doors import csv
    from secscan.model.errors import InputError
    from secscan.model.places import Place

    table = csv.read(sys.stdin.buffer.read(), "standard input", delimiter=",", columns=50)
    width = len(table.header)
    rows: dict[int, Sequence[str]] = dict(zip(table.lines, zip(*table.columns, strict=True), strict=True))
    rows |= dict.fromkeys(table.hollow, ())
    for bad in table.bad:
        if len(bad.cells) >= width or bad.reason != csv.ragged(len(bad.cells), width):
            raise InputError(Place("standard input", bad.line), bad.reason)
        rows[bad.line] = bad.cells
    at = {header.casefold(): column for column, header in enumerate(table.header)}
    if "name" not in at:
        raise InputError(Place("standard input", 1), "no column 'name'", "the header is name,version,publisher,kind")
    wanted = [at.get(c, width) for c in ("name", "version", "publisher", "kind")]
    asked = ([cells[i] if i < len(cells) else "" for i in wanted] for _, cells in sorted(rows.items()))
    return [(a, b or None, c or None, d or None) for a, b, c, d in asked]
