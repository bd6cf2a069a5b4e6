"""``secscan policy``: lint and schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from secscan.cli.common import FORMATS, Out, as_of, check_folders, envelope, maybe_workspace, options
from secscan.model.errors import UsageError


@click.group(epilog="Example: secscan policy lint")
def command() -> None:
    """Lint policy files and print their JSON Schema."""


@command.command(epilog="Example: secscan policy lint policies/overlay.yaml")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@check_folders
@options(*FORMATS)
def lint(files: tuple[Path, ...], folders: tuple[Path, ...], workspace: str | None, format_: str, **how: Any) -> int:
    """Check FILES, or everything that the workspace's policy is made of; file:line:column for each fault."""
    from secscan import answers

    held = maybe_workspace(workspace)
    day = as_of(how["as_of"])
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if files:
        linted = answers.lint_files(files, held, day, folders)
    elif held is not None:
        linted = answers.lint(held, day, folders)
    else:
        raise UsageError("name the files to lint, or run it in a workspace")
    problems, warnings, loosened = linted.problems, linted.warnings, linted.loosened
    if format_ == "json":
        rows = [
            {"file": p.place.file, "line": p.place.line, "column": p.place.column, "says": p.says} for p in problems
        ]
        out.json(envelope("policy-lint", complete=not problems, warnings=warnings, problems=rows, loosened=loosened))
        return 2 if problems else 0
    if format_ == "csv":
        found = [(p.place.file, p.place.line, p.place.column, p.says) for p in problems]
        out.csv(("file", "line", "column", "says"), found)
        return 2 if problems else 0
    for problem in problems:
        out.line(str(problem))
    for text in warnings:
        out.line(f"warning: {text}")
    for item in loosened:
        because = f" because {item.reason}" if item.reason else " and gives no reason"
        out.line(f"{item.place}: loosened: {item.control}: {item.what} from {item.before} to {item.after}{because}")
    counts = f"{len(problems)} faults, {len(warnings)} warnings, {len(loosened)} loosened"
    out.last(f"{counts}; next: {'mend these lines, then lint again' if problems else 'secscan scan'}")
    return 2 if problems else 0


@command.command(epilog="Example: secscan policy schema --of policy > policy.schema.json")
@click.option(
    "--of", "kind", type=click.Choice(["secscan", "policy", "exceptions", "mitigations"]), help="Only this one."
)
@options(workspace=False)
def schema(kind: str | None, **how: Any) -> None:
    """The JSON Schema of secscan.yaml and of each policy file, for editors."""
    from secscan import policy
    from secscan.doors.json import dumps

    found = policy.schema()
    click.echo(dumps(found[kind] if kind else found))
