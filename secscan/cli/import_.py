"""``secscan import``: exports into the workspace."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from secscan.cli.common import FORMATS, Out, envelope, open_workspace, options
from secscan.cli.common import as_of as today
from secscan.cli.complete import councils
from secscan.model.errors import UsageError

if TYPE_CHECKING:
    from secscan.take import Taken

_SHOWN = 50


@click.command(epilog="Example: secscan import assets.csv software.csv --council alderbeck --dry-run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--council", required=True, metavar="ID", shell_complete=councils, help="The council that the files belong to."
)
@click.option("--new-council", metavar="NAME", help="Add the council to secscan.yaml first, under this name.")
@click.option("--as", "kind", metavar="KIND", help="What the files are (default: told by their content).")
@click.option(
    "--asset",
    metavar="TAG",
    help="For a package list or a bill of materials: the asset it was taken on; for glpi: where its tag stands, e.g. {tag}.",
)
@click.option(
    "--table", metavar="TABLE", help="For --as table: assets, software, services, fixes, or a table of a package."
)
@click.option(
    "--map", "mapping", multiple=True, metavar="OURS=THEIRS", help="For --as table: our column and the file's header."
)
@click.option("--encoding", metavar="NAME", help="For example cp1252, when the file is not UTF-8.")
@click.option("--delimiter", metavar="CHAR", help="For example ';'.")
@click.option("--dates", type=click.Choice(["day-first", "month-first", "iso"]), help="The order of dates in the file.")
@click.option("--dry-run", is_flag=True, help="Read and say; store nothing.")
@options(*FORMATS)
def command(
    files: tuple[Path, ...],
    council: str,
    new_council: str | None,
    kind: str | None,
    asset: str | None,
    table: str | None,
    mapping: tuple[str, ...],
    encoding: str | None,
    delimiter: str | None,
    dates: str | None,
    dry_run: bool,
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> int:
    """Take exports into the workspace: kind recognised and how surely, rows read and refused with line and reason."""
    from secscan import workspace as room
    from secscan.take import Asked, take

    held = open_workspace(workspace)
    if new_council is not None and held.settings.council(council) is None:
        if dry_run:
            held = room.with_council(held, council, new_council)
        else:
            room.add_council(held.root, council, new_council)
            held = room.load(held.root)
    asked = Asked(
        council=council, kind=kind, asset=asset, table=table, map=_pairs(mapping), encoding=encoding,
        delimiter=delimiter, dates=dates, dry_run=dry_run,
    )  # fmt: skip
    taken, unread = take(held, files, asked, today(as_of))
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    for error in unread:
        out.error(f"secscan: {error}")
    if not taken and format_ != "json":
        return 4
    refused = bool(unread) or any(
        t.load.rows_refused or t.load.unread or t.load.incomplete or t.load.held for t in taken
    )
    if format_ == "json":
        warnings = [*_warnings(taken), *(str(error) for error in unread)]
        out.json(envelope("import", complete=not refused, warnings=warnings, files=[_json(t) for t in taken]))
    elif format_ == "csv":
        header = ("file", "kind", "sha256", "rows_read", "rows_loaded", "rows_refused", "rows_blank")
        out.csv(header, [[_json(t)[name] for name in header] for t in taken])
    else:
        for one in taken:
            _text(out, one)
        out.last("nothing was stored (dry run)" if dry_run else "next: secscan scan")
    return 4 if not taken else 3 if refused else 0


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in mapping:
        ours, equals, theirs = text.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise UsageError(f"--map takes OURS=THEIRS, for example asset_tag='Device name', not '{text}'")
        pairs[ours.strip()] = theirs.strip()
    return pairs


def _warnings(taken: list[Taken]) -> list[str]:
    return [w for t in taken for w in (*t.load.warnings, *([t.load.held] if t.load.held else []))]


def _json(one: Taken) -> dict[str, Any]:
    load = one.load
    return {
        "file": load.file, "kind": load.kind, "surely": one.surely, "sha256": load.sha256, "rows_read": load.rows_read,
        "rows_loaded": load.rows_loaded, "rows_refused": load.rows_refused, "rows_blank": load.rows_blank,
        "refused": [{"line": r.line, "column": r.column, "reason": r.reason} for r in load.refused],
        "incomplete": load.incomplete, "already_held": one.already, "source": load.source,
        "new_source": one.new_source, "replaced": one.replaced,
    }  # fmt: skip


def _text(out: Out, one: Taken) -> None:
    load = one.load
    out.line(f"{load.file}: {load.kind} ({one.surely})")
    out.line(
        f"  {load.rows_read} rows read, {load.rows_loaded} loaded, {load.rows_refused} refused, {load.rows_blank} blank"
    )
    for refusal in load.refused[:_SHOWN]:
        column = f" {refusal.column}:" if refusal.column else ""
        out.line(f"  {load.file}:{refusal.line}:{column} {refusal.reason}")
    if load.rows_refused > _SHOWN:
        out.line(f"  ... and {load.rows_refused - _SHOWN} more")
    for text in load.warnings[:_SHOWN]:
        out.line(f"  {text}")
    if load.incomplete:
        out.line(f"  not the whole look: {load.incomplete}")
    if load.held:
        out.line(f"  a scan will not count it: {load.held}")
    if one.replaced:
        out.line(f"  takes the place of the file of that name, which is kept as {one.replaced}")
    if one.already:
        out.line(f"  already held as {one.already}")
    elif one.new_source:
        out.line(f"  bound to {load.council} as source '{one.new_source}' in secscan.yaml")
