"""``secscan runs``: the record of what was run."""

from __future__ import annotations

from typing import Any

import click

from secscan.cli.common import FORMATS, Out, envelope, open_workspace, options
from secscan.cli.complete import runs
from secscan.doors.validate import nearest
from secscan.model.errors import UsageError


@click.group(epilog="Example: secscan runs list")
def command() -> None:
    """List the recorded runs."""


@command.command("list", epilog="Example: secscan runs list --format json")
@options(*FORMATS)
def list_(workspace: str | None, format_: str, **how: Any) -> None:
    """Every recorded run, oldest first."""
    from secscan import answers

    rows = answers.runs(open_workspace(workspace))
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        out.json(envelope("runs", runs=rows))
        return
    table = [(r["run_id"], r["as_of"], "yes" if r["complete"] else "no", r["digest"]) for r in rows]
    (out.csv if format_ == "csv" else out.table)(("run", "as of", "complete", "digest"), table)
    if format_ == "text":
        out.next(f"next: secscan runs show {rows[-1]['run_id']}" if rows else "next: secscan scan")


@command.command(epilog="Example: secscan runs show 2026-10-31-0600")
@click.argument("run_id", shell_complete=runs)
@options(*FORMATS)
def show(run_id: str, workspace: str | None, format_: str, **how: Any) -> None:
    """One run: when, how complete, what it counted."""
    from secscan import answers

    held = open_workspace(workspace)
    rows = {r["run_id"]: r for r in answers.runs(held)}
    if run_id not in rows:
        raise UsageError(f"no run '{run_id}'{nearest(run_id, rows) or '; secscan runs list'}")
    posture = answers.result(held, run_id)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    counts = [
        {"council": c.id, "open": c.open, "mitigated": c.mitigated, "accepted": c.accepted, "unknown": c.unknown}
        for c in posture.councils
    ]
    if format_ == "json":
        out.json(
            envelope("runs", complete=posture.complete, warnings=posture.warnings, runs=[rows[run_id]], councils=counts)
        )
        return
    header = ("council", "open", "mitigated", "accepted", "unknown")
    if format_ == "csv":
        out.csv(header, [tuple(c.values()) for c in counts])
        return
    for name, value in rows[run_id].items():
        out.line(f"{name.replace('_', ' ')}: {value}")
    out.table(header, [tuple(c.values()) for c in counts])
    out.next(f"next: secscan report --run {run_id}")
