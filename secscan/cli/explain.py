"""``secscan explain``: the trust command."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from secscan.cli.common import Out, cell, check_folders, envelope, open_workspace, options


@click.command(epilog="Example: secscan explain LEG-01")
@click.argument("subject", metavar="FINGERPRINT|CONTROL|ASSET")
@click.option("--council", metavar="ID", help="Whose asset, where several councils have one of that name.")
@check_folders
@options("text", "json")
def command(
    subject: str,
    council: str | None,
    folders: tuple[Path, ...],
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> None:
    """Why: rule text, values, source file and row, exception and mitigation tried, what would make it pass."""
    from secscan import answers

    held = open_workspace(workspace)
    if council is not None:
        answers.known_council(held, council)
    posture = answers.last(held, as_of)
    explained = answers.explain(held, posture, subject, council, folders)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        out.json(envelope("explain", complete=posture.complete, warnings=posture.warnings, **explained))
        return
    said = explained["subject"]
    out.line(said.get("title") or said.get("id") or subject)
    for name in ("fingerprint", "council", "asset", "hostname", "outcome", "status", "severity", "first_seen", "due"):
        if said.get(name) is not None:
            out.line(f"  {name.replace('_', ' ')}: {said[name]}")
    if rule := explained["control"]:
        out.line(f"Rule {rule['id']}: {rule['text']}")
        out.line(f"  {rule['file']}:{rule['line']}")
    if explained["why"]:
        out.line(f"Because: {explained['why']}")
    if explained["facts"]:
        out.line("Facts:")
    for fact in explained["facts"]:
        source = fact["source"]
        at = f"  [{source['file']}:{source['line']}]" if source else ""
        out.line(f"  {fact['name']}: {'not known' if fact['value'] is None else cell(fact['value'])}{at}")
    for finding in explained.get("findings", ()):
        out.line(f"  {finding['fingerprint']}  {finding['status']}  {finding['title']}")
    for name in ("exception", "mitigation"):
        if told := explained[name]:
            out.line(f"{name.capitalize()}: {told['says']}")
    if explained["would_pass_if"]:
        out.line(f"It would pass if {explained['would_pass_if']}")
    if explained["fix"]:
        out.last(f"Next: {explained['fix']}")
