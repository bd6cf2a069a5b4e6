"""``secscan recognise``: what a name is taken for, and by which pattern; and how a council says what its own names mean."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from secscan.cli.common import Out, as_of, envelope, maybe_workspace, now, open_workspace, options
from secscan.doors.terminal import safe
from secscan.model.errors import UsageError

if TYPE_CHECKING:
    from secscan.knowledge import Catalogue, Naming
    from secscan.workspace import Workspace

_KINDS = ("os_caption", "arp", "network", "service_banner", "dpkg", "rpm", "sbom")
_ONLY_ADDING: Final = ("product", "cycle", "any_version", "yes")
_SHOWN: Final = 20


@click.command(epilog="Example: secscan recognise 'Microsoft Windows Server 2012 R2 Standard' 6.3.9600")
@click.argument("name", required=False)
@click.argument("version", required=False)
@click.option("--publisher", metavar="TEXT", help="The publisher as the inventory gives it.")
@click.option("--kind", type=click.Choice(_KINDS), help="Where the name comes from.")
@click.option("--stdin", "piped", is_flag=True, help="Read CSV with the header name,version,publisher,kind.")
@click.option(
    "--add", is_flag=True, help="Write into the council's own catalogue which product the NAME is, after asking."
)
@click.option("--product", metavar="ID", help="With --add: the product's id in the catalogue.")
@click.option("--cycle", metavar="LINE", help="With --add: the release line that the name says by itself.")
@click.option("--any-version", is_flag=True, help="With --add: the same name with another version at its end, too.")
@click.option("--yes", is_flag=True, help="With --add: write without asking.")
@options("text", "json", "csv")
def command(
    name: str | None,
    version: str | None,
    publisher: str | None,
    kind: str | None,
    piped: bool,
    add: bool,
    workspace: str | None,
    format_: str,
    **how: Any,
) -> int:
    """Say what a software NAME and VERSION is taken for: product, cycle, support dates, and by which pattern.

    With --add a name that nothing recognises is written down as a product's, in the workspace's own catalogue. The name is
    exact, but for processor, language and a version at its end; with --publisher and --kind it holds for those alone.
    """
    from secscan import answers, knowledge

    if piped == (name is not None) or (piped and add):
        raise UsageError("give a NAME, or --stdin with CSV: name,version,publisher,kind")
    for option in _ONLY_ADDING:
        if how[option] and not add:
            raise UsageError(f"--{option.replace('_', '-')} says something only with --add")
    if add:
        return _add((name, version, publisher, kind), workspace, format_, how)
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
        out.json(envelope("recognise", rows=[_json(q, r) for q, r in rows]))
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


def _json(asked: Sequence[str | None], r: Any) -> dict[str, Any]:
    return {
        "name": asked[0] or None, "version": asked[1] or None, "publisher": asked[2] or None, "product": r.product,
        "label": r.label, "cycle": r.cycle, "eol_on": r.eol_on, "extended_on": r.extended_on, "status": r.status, "by": r.by,
        "near": list(r.near), "dates_from": str(r.place) if r.place else None, "source": r.source, "checked_on": r.checked_on,
    }  # fmt: skip


def _add(asked: tuple[Any, Any, Any, Any], given: str | None, format_: str, how: Mapping[str, Any]) -> int:
    """Shows what a name would match, asks, and writes it; what is then said of the name comes from the file."""
    from secscan import answers, history, knowledge, workspace

    held, day = open_workspace(given), as_of(how["as_of"])
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    catalogue = answers.catalogue_of(held, day)
    person = sys.stdin.isatty() and sys.stderr.isatty()
    product = how["product"] or _which(catalogue, asked, person, out)
    naming = knowledge.propose(
        catalogue, asked, product, how["cycle"], answers.names_held(held, day), day, any_version=how["any_version"]
    )
    if format_ == "text":
        _tell(out, naming, held)
    if not how["yes"]:
        if not person:
            raise UsageError("nothing was written: look at what it would match and say --yes")
        if not click.confirm("Write it?", err=True):
            out.next("nothing was written")
            return 0
    with history.lock(held.state, now()):
        file = workspace.add_name(held.root, naming.entry)
    found = knowledge.recognise(answers.catalogue_of(workspace.load(held.root), day), *asked, day)
    if format_ == "json":
        matches = [
            {
                "name": r.name, "version": r.version, "publisher": r.publisher, "kind": r.kind, "installs": r.rows,
                "newly": r.before.product is None,
            }
            for r in naming.reaches
        ]  # fmt: skip
        out.json(
            envelope("recognise", rows=[_json(asked, found)], added={"file": file, **naming.entry}, matches=matches)
        )
        return 0
    if format_ == "csv":
        out.csv(
            ("file", "name", "product", "installs_newly"), [(file, naming.entry["name"], found.product, naming.newly)]
        )
        return 0
    out.last(f"{file}: '{naming.entry['name']}' is taken for {found.product}, {found.status}, by {found.by}")
    out.next("next: secscan scan")
    return 0


def _which(catalogue: Catalogue, asked: tuple[Any, Any, Any, Any], person: bool, out: Out) -> str:
    """The product that a person names, with what the name looks like offered. Raises UsageError where there is nobody to ask."""
    from secscan.knowledge.near import suggestions

    near = suggestions(catalogue, asked[0])
    ids = [text.rpartition("(")[2].rstrip(")") for text in near]
    if not person:
        meant = f"; it looks like {' or '.join(near)}" if near else ""
        raise UsageError(f"say which product it is with --product ID, and --yes to write it without being asked{meant}")
    for number, text in enumerate(near, 1):
        out.note(f"  {number}  {text}")
    if near:
        out.note("These look like it; that decides nothing.")
    said = click.prompt("Which product is it (its id, or a number above)", err=True).strip()
    return ids[int(said) - 1] if said.isascii() and said.isdigit() and 1 <= int(said) <= len(ids) else str(said)


def _tell(out: Out, naming: Naming, held: Workspace) -> None:
    """The entry as it would stand, and what of the inventory it would match."""
    from secscan.workspace import CATALOGUE

    file = next(iter(held.settings.policies.catalogue), CATALOGUE)
    out.note(f"{file} would say, under names:")
    for key, value in naming.entry.items():
        out.note(f"    {key}: {safe(value, 120)}")
    if not naming.reaches:
        out.note("It matches nothing in the newest exports.")
        return
    total = sum(reach.rows for reach in naming.reaches)
    out.note(f"It matches {total:,} rows of the newest exports, {naming.newly:,} of them newly:")
    for reach in naming.reaches[:_SHOWN]:
        more = ", ".join(safe(part, 60) for part in (reach.version, reach.publisher, reach.kind) if part)
        was = "" if reach.before.product is None else f" (by {safe(reach.before.by, 120)} already)"
        out.note(f"    {reach.rows:,} × {safe(reach.name, 120)}{f' ({more})' if more else ''}{was}")
    if len(naming.reaches) > _SHOWN:
        out.note(f"    and {len(naming.reaches) - _SHOWN} more spellings")


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
