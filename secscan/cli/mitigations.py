"""``secscan mitigations``: each claim and the state of its proof."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from secscan.cli.common import FORMATS, Out, envelope, open_workspace, options
from secscan.cli.complete import councils
from secscan.doors.terminal import typed


@click.command(epilog="Example: secscan mitigations --format json")
@click.option("--council", multiple=True, metavar="ID", shell_complete=councils, help="Only these councils.")
@options(*FORMATS)
def command(council: tuple[str, ...], workspace: str | None, as_of: date | None, format_: str, **how: Any) -> None:
    """Each claimed mitigation: proven, configured, claimed, disproven or cannot-tell, and why."""
    from secscan import answers

    held = open_workspace(workspace)
    for name in council:
        answers.known_council(held, name)
    posture = answers.last(held, as_of)
    claims = [c for c in posture.claims if not council or c.council in council]
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        rows = [
            {
                "id": c.id, "council": c.council, "asset": c.asset, "hostname": c.hostname, "kind": c.kind,
                "state": c.state,
                "rule": None if c.rule is None else {
                    "text": c.rule, "file": c.rule_place.file if c.rule_place else None,
                    "line": c.rule_place.line if c.rule_place else None,
                },
                "observed": None if c.observed_vantage is None else {
                    "vantage": c.observed_vantage, "at": c.observed_on, "state": c.observed_state,
                },
                "since": c.since, "lapses_on": c.lapses_on, "reason": c.reason,
                "claimed_at": {"file": c.place.file, "line": c.place.line},
            }
            for c in claims
        ]  # fmt: skip
        out.json(envelope("mitigations", complete=posture.complete, warnings=posture.warnings, mitigations=rows))
        return
    header = ("claim", "council", "asset", "state", "reason", "rule")
    table = [(c.id, c.council, c.asset, c.state, c.reason, c.rule_place) for c in claims]
    (out.csv if format_ == "csv" else out.table)(header, table)
    if format_ == "text":
        broken = [c for c in claims if c.state == "disproven"]
        out.note(f"{len(claims)} claims, {sum(c.state == 'proven' for c in claims)} proven, {len(broken)} disproven")
        about = (broken or claims)[:1]
        words = ("explain", about[0].asset, "--council", about[0].council) if about else ("exposure", "--to", "ASSET")
        out.next(f"next: {typed(*words)}")
