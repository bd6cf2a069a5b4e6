"""``secscan feeds``: what others publish about products, how old it is, and taking it in from files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from secscan.cli.common import FORMATS, Out, as_of, envelope, now, open_workspace, options

if TYPE_CHECKING:
    from secscan.knowledge.feeds import Taken
    from secscan.model.posture import DateDispute, FeedRow

INCOMPLETE: Final = 3
REFUSED: Final = 4
_SHOWN: Final = ("feed", "state", "dated", "age", "entries", "digest")
_MORE: Final = ("fetched_on", "source", "origin", "licence")
_DISPUTES: Final = 20


@click.group(epilog="Example: secscan feeds status")
def command() -> None:
    """What others publish about products: how old what is held is, and taking it in from files. Nothing calls out."""


@command.command(epilog="Example: secscan feeds status --format json")
@options(*FORMATS)
def status(workspace: str | None, format_: str, **how: Any) -> int:
    """Each feed with its date, age, entries and digest; exit 3 where one is old, or lacking though policy requires it."""
    from secscan import answers
    from secscan.knowledge import feeds

    held = open_workspace(workspace)
    today = as_of(how["as_of"])
    rows = answers.feeds_of(held, today)
    amiss = feeds.amiss(rows)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    code = INCOMPLETE if amiss else 0
    if format_ == "csv":
        out.csv((*_SHOWN, *_MORE), [(*_row(r), *(getattr(r, name) for name in _MORE)) for r in rows])
        return code
    disputes = answers.catalogue_of(held, today).disputes
    if format_ == "json":
        out.json(
            envelope(
                "feeds", complete=not amiss, warnings=amiss, as_of=today, feeds=[_json(r) for r in rows],
                disputes=[_dispute(d) for d in disputes],
            )
        )  # fmt: skip
        return code
    out.table(_SHOWN, [(*_row(r)[:-1], (r.sha256 or "")[:16]) for r in rows])
    for says in amiss:
        out.note(says)
    _tell(out, disputes)
    out.next("next: secscan scan" if any(r.sha256 for r in rows) else "next: secscan feeds import FILE")
    return code


@command.command("import", epilog="Example: secscan feeds import products-full.json --dry-run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="Read and say; hold nothing.")
@options(*FORMATS)
def import_(
    files: tuple[Path, ...], dry_run: bool, workspace: str | None, as_of: date | None, format_: str, **how: Any
) -> int:
    """Take documents of feeds from files, plain, gzip or ZIP. What is refused leaves what was held as it was."""
    from secscan.cli.common import as_of as today
    from secscan.take import take_feeds

    held = open_workspace(workspace)
    taken, refused = take_feeds(held, files, today(as_of), now(), dry_run=dry_run)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    for error in refused:
        out.error(f"secscan: {error}")
    if not taken:
        return REFUSED
    rows = [_taken(one) for one in taken]
    if format_ == "json":
        out.json(envelope("feeds", complete=not refused, warnings=[str(e) for e in refused], files=rows))
    elif format_ == "csv":
        header = [name for name in rows[0] if name != "gone"]
        out.csv(header, [[row[name] for name in header] for row in rows])
    else:
        for one in taken:
            _text(out, one)
        out.last("nothing was kept (dry run)" if dry_run else "next: secscan feeds status")
    return INCOMPLETE if refused else 0


def _row(r: FeedRow) -> tuple[Any, ...]:
    age = None if r.age_days is None else f"{r.age_days} days"
    return (r.feed, r.state, r.dated_on, age, r.entries, r.sha256)


def _json(r: FeedRow) -> dict[str, Any]:
    return {
        "feed": r.feed, "label": r.label, "dated_on": r.dated_on, "fetched_on": r.fetched_on, "age_days": r.age_days,
        "state": r.state, "entries": r.entries, "sha256": r.sha256, "source": r.source, "origin": r.origin,
        "required": r.required, "licence": r.licence, "notice": r.notice,
    }  # fmt: skip


def _dispute(d: DateDispute) -> dict[str, Any]:
    return {
        "product": d.product, "cycle": d.cycle, "catalogue": d.catalogue, "catalogue_on": d.catalogue_on, "feed": d.feed,
        "feed_on": d.feed_on, "used": d.used, "places": [str(place) for place in d.places],
    }  # fmt: skip


def _tell(out: Out, disputes: tuple[DateDispute, ...]) -> None:
    """Where catalogue and feed differ, and which of them is used."""
    if not disputes:
        return
    out.note(f"{len(disputes)} release lines of which the catalogue and a feed say different things:")
    for d in disputes[:_DISPUTES]:
        mine, theirs = f"catalogue {d.catalogue} ({d.catalogue_on})", f"feed {d.feed} ({d.feed_on})"
        out.note(f"  {d.label} {d.cycle}: {mine}; {theirs}; used: {d.used}")
    if len(disputes) > _DISPUTES:
        out.note(f"  ... and {len(disputes) - _DISPUTES} more; --format json has all")


def _taken(one: Taken) -> dict[str, Any]:
    return {
        "file": one.shown, "feed": one.feed.id, "part": one.document.part or None, "dated_on": one.document.at.date(),
        "entries": len(one.document.counts), "sha256": one.sha256, "already_held": one.already, "gone": list(one.gone),
    }  # fmt: skip


def _text(out: Out, one: Taken) -> None:
    what = f"of '{one.document.part}' alone" if one.document.part else f"{len(one.document.counts):,} {one.feed.noun}"
    out.line(f"{one.shown}: {one.feed.label}, {what}, of {one.document.at.date()}")
    if one.already:
        out.line("  already held")
    elif one.gone:
        more = f" and {len(one.gone) - 5} more" if len(one.gone) > 5 else ""
        out.line(f"  no longer in it: {', '.join(one.gone[:5])}{more}")
    out.line(f"  SHA-256 {one.sha256}")
