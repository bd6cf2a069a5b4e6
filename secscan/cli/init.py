"""``secscan init``: a workspace to begin in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from secscan.cli.common import Day, Out, as_of, options
from secscan.doors.terminal import typed


@click.command(epilog="Example: secscan init demo --sample")
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path))
@click.option("--sample", is_flag=True, help="Three invented councils and their provider, twelve monthly sets each.")
@click.option("--sample-end", type=Day(), metavar="DATE", help="The day of the newest set (default: today).")
@options(workspace=False)
def command(folder: Path, sample: bool, sample_end: date | None, **how: Any) -> None:
    """Make a workspace in DIR (default: here). Nothing that is there already is written over."""
    from secscan import policy, workspace
    from secscan.model.errors import UsageError

    if sample_end is not None and not sample:
        raise UsageError("--sample-end is for --sample")
    written = workspace.init(folder, schemas=policy.schema(), sample=sample, sample_end=sample_end, today=as_of(None))
    out = Out(quiet=how["quiet"])
    shown = [p for p in written if folder in (p.parent, p.parent.parent)]
    for path in shown[:20]:
        out.line(f"  {path}")
    if len(written) > len(shown[:20]):
        out.line(f"  ... {len(written)} files in all")
    scan = typed("scan") if folder.resolve() == Path.cwd() else typed("-w", folder, "scan")
    if sample:
        out.last(f"next: {scan}")
    else:
        out.last(f"next: put exports into {folder}/inventory, name them in {folder}/secscan.yaml, then: {scan}")
