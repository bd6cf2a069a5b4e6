"""``secscan checks``: the shelf, one check's page, two new files, and the cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from secscan.cli.common import FORMATS, Out, check_folders, envelope, maybe_workspace, options
from secscan.cli.complete import checks
from secscan.doors.terminal import typed
from secscan.model.errors import UsageError

if TYPE_CHECKING:
    from secscan.model.check import CheckSpec


@click.group(epilog="Example: secscan checks show lifecycle.unsupported-software")
def command() -> None:
    """List, show, write and test checks."""


def _found(workspace: str | None, folders: tuple[Path, ...]) -> dict[str, CheckSpec]:
    from secscan.answers import checks_of

    return dict(checks_of(maybe_workspace(workspace), folders))


@command.command("list", epilog="Example: secscan checks list --format json")
@check_folders
@options(*FORMATS)
def list_(folders: tuple[Path, ...], workspace: str | None, format_: str, **how: Any) -> None:
    """Every check, with the table it judges."""
    specs = [spec for _, spec in sorted(_found(workspace, folders).items())]
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        rows = [
            {
                "id": s.id, "title": s.title, "table": s.table.table, "params": dict(s.params), "file": s.shown_file,
                "line": s.line, "sha256": s.sha256, "package": s.origin and str(s.origin),
            }
            for s in specs
        ]  # fmt: skip
        out.json(envelope("checks", checks=rows))
        return
    table = [(s.id, s.table.table, s.title) for s in specs]
    (out.csv if format_ == "csv" else out.table)(("check", "table", "title"), table)
    if format_ == "text":
        out.next("next: secscan checks show CHECK")


@command.command(epilog="Example: secscan checks show patching.fix-overdue")
@click.argument("check", shell_complete=checks)
@check_folders
@options(*FORMATS)
def show(check: str, folders: tuple[Path, ...], workspace: str | None, format_: str, **how: Any) -> None:
    """One check's page: why it matters, how it decides, its numbers and the columns it reads."""
    from datetime import date

    from secscan.doors.validate import nearest
    from secscan.engine.find import expression
    from secscan.model.check import Params

    specs = _found(workspace, folders)
    if check not in specs:
        raise UsageError(f"no check '{check}'{nearest(check, specs) or '; secscan checks list'}")
    spec = specs[check]
    _, _, reads = expression(spec, Params(date(2026, 1, 1), spec.params))
    columns = spec.table.columns()
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        body = {
            "id": spec.id, "title": spec.title, "table": spec.table.table, "params": dict(spec.params),
            "file": spec.shown_file, "line": spec.line, "doc": spec.doc, "says": spec.says,
            "unknown_says": spec.unknown_says, "fix": spec.fix, "sha256": spec.sha256,
            "package": spec.origin and str(spec.origin),
            "reads": [{"column": c, "says": columns[c].doc} for c in reads],
        }  # fmt: skip
        out.json(envelope("checks", checks=[body]))
        return
    if format_ == "csv":
        out.csv(("column", "says"), [(c, columns[c].doc) for c in reads])
        return
    out.line(spec.id)
    for line in spec.doc.splitlines():
        out.line(line)
    out.line()
    out.line(f"A row: {(spec.table.__doc__ or '').strip()}")
    out.line("Reads:")
    for column in reads:
        out.line(f"  {column}: {columns[column].doc}")
    if spec.params:
        out.line("Policy may set:")
        for name, value in spec.params.items():
            out.line(f"  {name}: {value}")
    out.line(f"When it fails, do: {spec.fix}")
    if spec.origin:
        out.line(f"It came with {spec.origin}")
    out.line(f"{spec.shown_file}:{spec.line}")
    out.last(f"next: secscan checks test {spec.id}")


@command.command(epilog="Example: secscan checks test patching.fix-overdue")
@click.argument("check", required=False, shell_complete=checks)
@check_folders
@options(*FORMATS)
def test(check: str | None, folders: tuple[Path, ...], workspace: str | None, format_: str, **how: Any) -> int:
    """Run the cases beside the checks, through the engine and through the slow witness."""
    from secscan.doors.validate import nearest
    from secscan.engine import run_cases

    specs = _found(workspace, folders)
    if check is not None and check not in specs:
        raise UsageError(f"no check '{check}'{nearest(check, specs)}")
    chosen = [specs[check]] if check else [spec for _, spec in sorted(specs.items())]
    results = [result for spec in chosen for result in run_cases(spec)]
    bad = [r for r in results if not r.ok]
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        out.json(envelope("checks", complete=not bad, cases=results))
        return 1 if bad else 0
    if format_ == "csv":
        header = ("check", "case", "expected", "engine", "witness", "ok")
        out.csv(header, [(r.check, r.case, r.expected, r.engine, r.witness, r.ok) for r in results])
        return 1 if bad else 0
    for result in bad:
        out.line(
            f"{result.place}: {result.check}: case '{result.case}' expects {result.expected}; "
            f"the engine says {result.engine}, the witness {result.witness}"
        )
    then = f"checks show {bad[0].check}" if bad else "policy lint"
    out.last(f"{len(results) - len(bad)} passed, {len(bad)} failed; next: secscan {then}")
    return 1 if bad else 0


@command.command(epilog="Example: secscan checks new network.telnet-open --over services --into my-checks")
@click.argument("check")
@click.option(
    "--over", required=True, metavar="TABLE", help="The table it judges: assets, installs, fixes, services, ..."
)
@click.option("--into", default="checks", show_default=True, metavar="DIR", help="The folder of checks to write into.")
@options(workspace=False)
def new(check: str, over: str, into: str, **how: Any) -> None:
    """Write the two files of a new check: its rule and its cases."""
    from secscan.answers import tables
    from secscan.cli.new_check import write

    written = write(check, over, Path(into), tables())
    out = Out(quiet=how["quiet"])
    for path in written:
        out.line(str(path))
    out.last(f"next: edit both, then {typed('checks', 'test', check, '--checks', into)}")
