"""``secscan report``: a run's report again, as another edition or elsewhere."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import click

from secscan.cli.common import FORMATS, Out, envelope, now, open_workspace, options
from secscan.cli.complete import runs


@click.command(epilog="Example: secscan report --edition team --out /srv/reports/october")
@click.option(
    "--edition",
    type=click.Choice(["team", "audit", "members", "public"]),
    default="team",
    show_default=True,
    help="For whom.",
)
@click.option("--run", "run_id", metavar="ID", shell_complete=runs, help="Which run (default: the newest).")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write here; must not exist.",
)
@click.option("--xlsx", is_flag=True, help="All tables as one workbook too (needs the extra 'xlsx').")
@options(*FORMATS)
def command(
    edition: str,
    run_id: str | None,
    folder: Path | None,
    xlsx: bool,
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> None:
    """Publish the report of a run: paths written and their sizes."""
    from secscan import answers, history
    from secscan.scan import publish

    held = open_workspace(workspace)
    posture = answers.result(held, run_id) if run_id else answers.last(held, as_of)
    with history.lock(held.root / "state", now()) if folder is None else nullcontext():
        place, written = publish(held, posture, edition, folder, xlsx=xlsx)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        rows = [{"path": str(w.path), "bytes": w.size} for w in written]
        out.json(
            envelope("report", complete=posture.complete, warnings=posture.warnings, run_id=posture.run_id, files=rows)
        )
        return
    if format_ == "csv":
        out.csv(("path", "bytes"), [(w.path, w.size) for w in written])
        return
    for item in written:
        out.line(f"{item.size:>9}  {item.path}")
    out.last(f"open {place / 'index.html'}")
