"""What every command shares: its options, where its output goes, and the workspace that it works in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from secscan.doors.terminal import safe

if TYPE_CHECKING:
    from secscan.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A day written as 2026-10-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a date like 2026-10-31", param, ctx)
        if not 1990 <= day.year <= 2100:  # every window is counted from it, and years end at 9999
            self.fail(f"'{value}' lies outside 1990 to 2100", param, ctx)
        return day


FORMATS: Final = ("text", "json", "csv")
"""What a command with something to read writes: for people, for programs, for a spreadsheet."""


def options(*formats: str, workspace: bool = True) -> Callable[[F], F]:
    """The options of every command; ``formats`` as well where there is something to read.

    Without ``workspace`` for a command that works on none: it has no ``-w`` and no ``--as-of``.
    """

    def add(function: F) -> F:
        wrapped: Any = function
        if formats:
            wrapped = click.option(
                "--format", "format_", type=click.Choice(formats), default="text", envvar="SECSCAN_FORMAT",
                show_default=True, help="How to write the result.",
            )(wrapped)  # fmt: skip
        wrapped = click.option("-q", "--quiet", is_flag=True, envvar="SECSCAN_QUIET", help="The last line only.")(
            wrapped
        )
        wrapped = click.option(
            "-v", "--verbose", count=True, envvar="SECSCAN_VERBOSE", callback=_timed, help="Say more, timings too."
        )(wrapped)
        wrapped = click.option(
            "--debug", is_flag=True, expose_value=False, envvar="SECSCAN_DEBUG",
            help="Show a traceback when the fault is ours.",
        )(wrapped)  # fmt: skip
        wrapped = click.option(
            "--no-color", is_flag=True, envvar="SECSCAN_NO_COLOR", help="No colour (NO_COLOR says the same)."
        )(wrapped)
        if not workspace:
            return cast(F, wrapped)
        wrapped = click.option(
            "--as-of", type=Day(), envvar="SECSCAN_AS_OF", metavar="DATE", help="Judge as of this day (default: today)."
        )(wrapped)
        wrapped = click.option(
            "-w", "--workspace", type=click.Path(file_okay=False), envvar="SECSCAN_WORKSPACE", metavar="DIR",
            help="The workspace (default: found upwards from here).",
        )(wrapped)  # fmt: skip
        return cast(F, wrapped)

    return add


def check_folders(function: F) -> F:
    """The option of every command that loads checks."""
    wrapped: F = click.option(
        "--checks", "folders", multiple=True, type=click.Path(path_type=Path), envvar="SECSCAN_CHECKS", metavar="DIR",
        help="A folder of checks beside those that the workspace names; may be given again.",
    )(function)  # fmt: skip
    return wrapped


def _timed(context: click.Context, parameter: click.Parameter, verbose: int) -> int:
    """Says at the end how long a verbose command took."""
    if verbose and not context.resilient_parsing:
        started = now()
        context.call_on_close(lambda: click.echo(f"took {(now() - started).total_seconds():.1f} s", err=True))
    return verbose


def as_of(given: date | None) -> date:
    """The day to judge by: the one given, else today, read here and nowhere else."""
    return given or datetime.now().astimezone().date()


def now() -> datetime:
    return datetime.now(UTC)


def open_workspace(given: str | None) -> Workspace:
    """The workspace named, or the nearest one upwards. Raises UsageError where there is none."""
    from secscan import workspace

    context = click.get_current_context(silent=True)
    asked = given or (context.obj or {}).get("workspace") if context else given
    return workspace.load(workspace.find(Path(asked) if asked else None))


def maybe_workspace(given: str | None) -> Workspace | None:
    """The same, or None outside a workspace, for commands that need none."""
    from secscan import workspace
    from secscan.model.errors import UsageError

    context = click.get_current_context(silent=True)
    asked = given or (context.obj or {}).get("workspace") if context else given
    if asked:
        return workspace.load(workspace.find(Path(asked)))
    try:
        found = workspace.find(None)
    except UsageError:
        return None
    return workspace.load(found)


class Out:
    """Results to stdout, everything else to stderr; a table for people, tab-separated when piped."""

    def __init__(self, *, quiet: bool = False, verbose: int = 0, no_color: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.tty = sys.stdout.isatty()
        plain = no_color or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        self.colour = self.tty and not plain
        self._started = datetime.now(UTC)
        self._shown = 0

    def line(self, text: str = "") -> None:
        """One line of the result."""
        if not self.quiet:
            click.echo(safe(text) if text else "")

    def last(self, text: str) -> None:
        """The last line of the result: shown even when quiet."""
        click.echo(safe(text))

    def note(self, text: str) -> None:
        """Something beside the result."""
        if not self.quiet:
            click.echo(safe(text), err=True)

    def next(self, text: str) -> None:
        """The next useful command: beside a table, and in its place when quiet."""
        click.echo(safe(text), err=not self.quiet)

    def error(self, text: str) -> None:
        """What went wrong with a part of the work: said even when quiet."""
        click.echo(safe(text), err=True)

    def step(self, text: str, done: int = 0, total: int = 0) -> None:
        """Progress: rewritten in place on a terminal, else one line a step (never one an item)."""
        if self.quiet:
            return
        took = f" ({(datetime.now(UTC) - self._started).total_seconds():.1f} s)" if self.verbose else ""
        if sys.stderr.isatty():
            width = max(20, _columns() - 1)
            part = f" {done}/{total}" if total else ""
            shown = safe(f"{text}{part}{took}", width)
            sys.stderr.write("\r" + shown.ljust(self._shown))
            sys.stderr.flush()
            self._shown = len(shown)
        elif not done or self.verbose:
            click.echo(safe(text + took), err=True)

    def clear(self) -> None:
        """End the line of progress."""
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()
            self._shown = 0

    def json(self, value: Any) -> None:
        from secscan.doors.json import dumps

        click.echo(dumps(value, ascii=True))

    def csv(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Comma-separated, with formulas neutralised."""
        from secscan.doors.csv import dumps

        click.echo(dumps(header, ([safe(cell(c)) for c in row] for row in rows)), nl=False)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]], *, limit: int | None = None) -> None:
        """A table on a terminal; tab-separated and never cut when piped."""
        if self.quiet:
            return
        if not self.tty:
            click.echo("\t".join(header))
            for row in rows:
                click.echo("\t".join(safe(cell(c)) for c in row))
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in header:
            table.add_column(name, overflow="fold")
        for row in rows[:limit]:
            table.add_row(*(Text(safe(cell(c))) for c in row))
        Console(color_system="auto" if self.colour else None, highlight=False).print(table)
        if limit is not None and len(rows) > limit:
            self.note(f"{limit} of {len(rows)} shown; pipe the command, or use --format csv, for all")


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return str(value)


def envelope(command: str, *, complete: bool = True, warnings: Sequence[str] = (), **fields: Any) -> Mapping[str, Any]:
    """The one object that a command answers in JSON."""
    return {"schema": f"secscan.{command}/1", "complete": complete, "warnings": list(warnings), **fields}


def long_date(day: date | None) -> str:
    return "not known" if day is None else f"{day.day} {day:%B %Y}"
