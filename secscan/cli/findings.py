"""``secscan findings``: the current findings, filtered."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from secscan.cli.common import FORMATS, Out, envelope, open_workspace, options
from secscan.cli.complete import controls, councils
from secscan.model.words import SEVERITIES, STATUSES


@click.command(epilog="Example: secscan findings --council alderbeck --severity critical --severity high")
@click.option("--council", multiple=True, metavar="ID", shell_complete=councils, help="Only these councils.")
@click.option("--control", multiple=True, metavar="ID", shell_complete=controls, help="Only these controls.")
@click.option("--status", multiple=True, type=click.Choice([*STATUSES, "unknown"]), help="Only these.")
@click.option("--severity", multiple=True, type=click.Choice(SEVERITIES), help="Only these.")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@options(*FORMATS)
def command(
    council: tuple[str, ...],
    control: tuple[str, ...],
    status: tuple[str, ...],
    severity: tuple[str, ...],
    everything: bool,
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> None:
    """List the current findings: gravest and most overdue first."""
    from secscan import answers

    held = open_workspace(workspace)
    for name in council:
        answers.known_council(held, name)
    posture = answers.last(held, as_of)
    rows = answers.listed(held, posture, closed=everything or "closed" in status)
    chosen = [
        f
        for f in rows
        if (not council or f.council in council)
        and (not control or f.control in control)
        and (not severity or f.severity in severity)
        and (not status or (f.status if f.outcome == "fail" else "unknown") in status)
    ]
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        out.json(
            envelope(
                "findings", complete=posture.complete, warnings=posture.warnings, run_id=posture.run_id,
                as_of=posture.as_of, findings=chosen,
            )
        )  # fmt: skip
        return
    header = ("fingerprint", "severity", "status", "council", "asset", "hostname", "title", "due")
    table = [
        (
            f.fingerprint, f.severity, f.status if f.outcome == "fail" else f"unknown ({f.count})", f.council, f.asset,
            f.hostname, f.title, f"{f.due}{' overdue' if f.overdue else ''}",
        )
        for f in chosen
    ]  # fmt: skip
    if format_ == "csv":
        out.csv(header, table)
        return
    out.table(header, table, limit=50)
    out.note(f"{len(chosen)} findings as of {posture.as_of}, run {posture.run_id}")
    out.next(f"next: secscan explain {chosen[0].fingerprint}" if chosen else "next: secscan runs list")
