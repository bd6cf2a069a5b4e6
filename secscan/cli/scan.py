"""``secscan scan``: the main job."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from secscan.cli.common import FORMATS, Out, check_folders, envelope, long_date, now, open_workspace, options
from secscan.cli.common import as_of as today
from secscan.model.words import SEVERITIES

if TYPE_CHECKING:
    from secscan.model.posture import CouncilRow, Posture
    from secscan.scan import Scanned

INCOMPLETE = 3
FOUND = 1


@click.command(epilog="Example: secscan scan --fail-on critical")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="never",
    show_default=True,
    envvar="SECSCAN_FAIL_ON",
    help="Exit 1 when an open finding is this grave or graver.",
)
@click.option(
    "--allow-stale",
    is_flag=True,
    help="Go on past a feed's hard age limit, and say so in every edition.",
)
@click.option("--report/--no-report", default=True, help="Publish the report (default), or only record.")
@check_folders
@options(*FORMATS)
def command(
    fail_on: str,
    allow_stale: bool,
    report: bool,
    folders: tuple[Path, ...],
    workspace: str | None,
    as_of: date | None,
    format_: str,
    quiet: bool,
    verbose: int,
    no_color: bool,
) -> int:
    """Read every council's exports, judge them by policy, record the run and publish the report."""
    import gc

    from secscan.scan import scan

    gc.set_threshold(200_000, 20, 20)  # rows by the hundred thousand hold no cycles: look for some seldom
    out = Out(quiet=quiet, verbose=verbose, no_color=no_color)
    held = open_workspace(workspace)
    done = scan(held, today(as_of), now=now, progress=out.step, report=report, folders=folders, allow_stale=allow_stale)
    out.clear()
    code = _code(done, fail_on)
    if format_ == "json":
        out.json(_json(done))
    elif format_ == "csv":
        out.csv(_HEADER, [_row(c) for c in done.posture.councils])
    else:
        _text(out, done, code, allow_stale)
    return code


def _code(done: Scanned, fail_on: str) -> int:
    """1 outranks 3, and with 1 the JSON still says that the evidence is not complete."""
    if fail_on != "never":
        grave = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
        if any(f.outcome == "fail" and f.status == "open" and f.severity in grave for f in done.posture.findings):
            return FOUND
    return 0 if done.posture.complete else INCOMPLETE


def _json(done: Scanned) -> Any:
    posture = done.posture
    councils = [
        {
            "id": c.id, "name": c.name, "assets": c.assets, "installs": c.installs, "coverage": c.coverage,
            "findings": {"open": c.open, "mitigated": c.mitigated, "accepted": c.accepted, "unknown": c.unknown},
            "since_last": {"opened": c.opened, "closed": c.closed, "reopened": c.reopened}, "complete": c.complete,
        }
        for c in posture.councils
    ]  # fmt: skip
    return envelope(
        "scan", complete=posture.complete, warnings=[*posture.warnings, *_broken(posture)], run_id=posture.run_id, as_of=posture.as_of,
        report=str(done.report / "index.html") if done.report else None, councils=councils,
    )  # fmt: skip


def _broken(posture: Posture) -> list[str]:
    """A line for each control that judged nothing, because its check or its table broke."""
    return list(dict.fromkeys(f"{c.id} judged nothing: {c.error}" for c in posture.controls if c.error))


_HEADER: Final = (
    "council", "assets", "installs", "known", "open", "mitigated", "accepted", "unknown", "opened", "closed", "reopened",
)  # fmt: skip


def _row(c: CouncilRow) -> tuple[Any, ...]:
    return (
        c.name, c.assets, c.installs, f"{c.coverage:.0%}", c.open, c.mitigated, c.accepted, c.unknown, c.opened, c.closed,
        c.reopened,
    )  # fmt: skip


def _text(out: Out, done: Scanned, code: int, allow_stale: bool) -> None:
    from secscan.knowledge import feeds

    posture = done.posture
    out.line(f"{posture.partnership}, as of {long_date(posture.as_of)} (run {posture.run_id})")
    out.table(_HEADER, [_row(c) for c in posture.councils])
    if unseen := [
        *_broken(posture),
        *feeds.amiss(posture.feeds, allow_stale=allow_stale),
        *(gap["says"] for gap in posture.gaps),
    ]:
        out.line("What could not be seen:")
        for says in unseen[:15]:
            out.line(f"  {says}")
        if len(unseen) > 15:
            out.line(f"  ... and {len(unseen) - 15} more, all in the report")
    if done.quarantine:
        out.line(f"Refused rows are kept in {done.quarantine}")
    if done.report:
        out.last(f"open {done.report / 'index.html'}")
    else:
        out.last(f"next: secscan report --run {posture.run_id}")
    if code == FOUND:
        out.note("finished; there are open findings at or above --fail-on (exit 1)")
    if code == INCOMPLETE:
        out.note("finished, but the evidence is not complete (exit 3)")
