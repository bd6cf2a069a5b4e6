"""``secscan exceptions``: the risks that somebody accepted, and which of them ran out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import click

from secscan.cli.common import FORMATS, Out, as_of, envelope, open_workspace, options
from secscan.cli.complete import councils
from secscan.doors.terminal import typed

if TYPE_CHECKING:
    from secscan.model.posture import ExceptionRow, FindingRow

Known = list[tuple["ExceptionRow", "list[FindingRow] | None"]]
OVERDUE: Final = 1
_SHOWN: Final = ("exception", "state", "until", "council", "control", "asset", "accepts", "owner", "at")
_MORE: Final = ("days_left", "subject", "approver", "renewed", "reason")


@click.group(epilog="Example: secscan exceptions check --soon 60")
def command() -> None:
    """List the accepted risks, overdue first, or check that none is overdue."""


_COUNCIL = click.option("--council", multiple=True, metavar="ID", shell_complete=councils, help="Only these councils.")


@command.command("list", epilog="Example: secscan exceptions list --council alderbeck --format csv")
@_COUNCIL
@options(*FORMATS)
def list_(council: tuple[str, ...], workspace: str | None, format_: str, **how: Any) -> None:
    """Every exception as the files say it today: overdue first, then those that match nothing."""
    today = as_of(how["as_of"])
    known, unjudged = _known(workspace, council, today)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        rows = [_json(e, met, today) for e, met in known]
        out.json(envelope("exceptions", warnings=unjudged, as_of=today, exceptions=rows))
        return
    if format_ == "csv":
        _csv(out, known, today)
        return
    out.table(_SHOWN, [_row(e, met) for e, met in known])
    for text in unjudged:
        out.note(text)
    states = [e.state for e, _ in known]
    out.note(
        f"{len(known)} exceptions as of {today}, {states.count('overdue')} overdue, {states.count('unused')} unused"
    )
    first = next((e for e, _ in known), None)
    out.next(f"next: {typed('explain', first.asset, '--council', first.council) if first else 'secscan findings'}")


@command.command(epilog="Example: secscan exceptions check --format json")
@click.option(
    "--soon",
    type=click.IntRange(0, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Name those that end so soon.",
)
@_COUNCIL
@options(*FORMATS)
def check(soon: int, council: tuple[str, ...], workspace: str | None, format_: str, **how: Any) -> int:
    """Exit 1 when an exception is past its day; those that end soon are named too. No scan is needed."""
    today = as_of(how["as_of"])
    known, unjudged = _known(workspace, council, today)
    overdue = [(e, met) for e, met in known if e.state == "overdue"]
    ending = [(e, met) for e, met in known if e.state != "overdue" and (e.until - today).days <= soon]
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        fields: dict[str, Any] = {
            "overdue": [_json(*one, today) for one in overdue],
            "ending": [_json(*one, today) for one in ending],
        }
        out.json(envelope("exceptions", warnings=unjudged, as_of=today, ok=not overdue, **fields))
    elif format_ == "csv":
        _csv(out, [*overdue, *ending], today)
    else:
        for e, met in overdue:
            still = (
                "" if met is None else "; it still fails" if met else "; nothing fails that it speaks about: remove it"
            )
            out.line(f"{e.place}: {e.id} ended on {e.until} ({e.council}, {e.control}, {e.asset}, {e.owner}){still}")
        for e, _ in ending:
            out.line(f"{e.place}: {e.id} ends on {e.until} ({e.council}, {e.control}, {e.asset}, {e.owner})")
        for text in unjudged:
            out.note(text)
        out.last(f"{len(overdue)} overdue, {len(ending)} that end within {soon} days; next: secscan exceptions list")
    return OVERDUE if overdue else 0


def _known(workspace: str | None, council: tuple[str, ...], today: date) -> tuple[Known, list[str]]:
    """The exceptions asked for, and what to say where no run has told yet what they match."""
    from secscan import answers

    held = open_workspace(workspace)
    for name in council:
        answers.known_council(held, name)
    known = [(e, met) for e, met in answers.exceptions(held, today) if not council or e.council in council]
    unjudged = any(met is None for _, met in known)
    return known, ["nothing has been scanned yet: what they match is not known"] if unjudged else []


def _row(e: ExceptionRow, met: list[FindingRow] | None) -> tuple[Any, ...]:
    accepts = "not known" if met is None else met[0].title if len(met) == 1 else f"{len(met)} findings"
    return (e.id, e.state, e.until, e.council, e.control, e.asset, accepts, e.owner, str(e.place))


def _csv(out: Out, known: Known, today: date) -> None:
    rows = [(*_row(e, met), (e.until - today).days, e.subject, e.approver, e.renewed, e.reason) for e, met in known]
    out.csv((*_SHOWN, *_MORE), rows)


def _json(e: ExceptionRow, met: list[FindingRow] | None, today: date) -> dict[str, Any]:
    return {
        "id": e.id, "state": e.state, "until": e.until, "days_left": (e.until - today).days, "council": e.council,
        "control": e.control, "asset": e.asset, "subject": e.subject, "owner": e.owner, "approver": e.approver,
        "reason": e.reason, "renewed": e.renewed,
        "findings": None if met is None else [f.fingerprint for f in met],
        "source": {"file": e.place.file, "line": e.place.line},
    }  # fmt: skip
