"""``secscan doctor``: is this machine, and this workspace, fit for the work?"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import click

from secscan.cli.common import FORMATS, Out, as_of, check_folders, envelope, maybe_workspace, options
from secscan.model.errors import SecscanError

_LIBRARIES: Final = ("duckdb", "narwhals", "numpy", "sqlalchemy", "alembic", "jinja2", "pydantic", "python_calamine")
_FREE_BYTES: Final = 200_000_000
_FONTS: Final = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts",
    "/System/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
_LIKE_ARIAL: Final = re.compile(r"(liberation ?sans|arial|arimo|helvetica|nimbus ?sans)", re.IGNORECASE)

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    name: str
    state: State
    says: str
    fix: str = ""


@click.command(epilog="Example: secscan doctor --format json")
@check_folders
@options(*FORMATS)
def command(folders: tuple[Path, ...], workspace: str | None, format_: str, **how: Any) -> int:
    """A checklist: Python, libraries, SQLite, fonts, nmap, clock, knowledge, permissions; each fault with its fix."""
    found = [*_machine(), *_workspace(workspace, how["as_of"], folders)]
    worst = {f.state for f in found}
    code = 4 if "fail" in worst else 3 if "warn" in worst else 0
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        out.json(envelope("doctor", complete=code == 0, items=[_json(f) for f in found]))
        return code
    if format_ == "csv":
        out.csv(("name", "state", "says", "fix"), [(f.name, f.state, f.says, f.fix) for f in found])
        return code
    marks = {"ok": "ok  ", "warn": "look", "fail": "FAIL"}
    for item in found:
        out.line(f"{marks[item.state]}  {item.name}: {item.says}")
        if item.fix and item.state != "ok":
            out.line(f"      fix: {item.fix}")
    out.last(
        {
            0: "all is well; next: secscan scan",
            3: "it works, with gaps named above; next: secscan scan",
            4: "it cannot run until what failed is mended; then: secscan doctor",
        }[code]
    )
    return code


def _json(item: Finding) -> dict[str, Any]:
    return {"name": item.name, "state": item.state, "says": item.says, "fix": item.fix or None}


def _machine() -> Iterator[Finding]:
    version = ".".join(str(n) for n in sys.version_info[:3])
    old = sys.version_info < (3, 11)
    yield Finding(name="Python", state="fail" if old else "ok", says=version, fix="install Python 3.11 or newer")
    missing = [name for name in _LIBRARIES if not _imports(name)]
    yield Finding(
        name="libraries", state="fail" if missing else "ok",
        says=f"missing: {', '.join(missing)}" if missing else f"{len(_LIBRARIES)} load", fix="pip install secscan again",
    )  # fmt: skip
    yield _sqlite()
    yield _nmap()
    fonts = any(_LIKE_ARIAL.match(f.name) for folder in _FONTS for f in Path(folder).expanduser().glob("**/*.*"))
    yield Finding(
        name="fonts", state="ok" if fonts else "warn",
        says="an Arial-like font is there" if fonts else "no Arial-like font: printed reports grow by a fifth",
        fix="apt-get install fonts-liberation",
    )  # fmt: skip
    year = datetime.now(UTC).year
    yield Finding(
        name="clock", state="ok" if 2026 <= year < 2100 else "warn", says=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        fix="set the clock: every window is counted in days",
    )  # fmt: skip


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _sqlite() -> Finding:
    import sqlite3

    from secscan.history import sqlite_has_wal_reset_bug

    faulty = sqlite_has_wal_reset_bug(sqlite3.sqlite_version)
    note = " (has the WAL-reset fault; the rollback journal is used, which does not)" if faulty else ""
    return Finding(name="SQLite", state="ok", says=f"{sqlite3.sqlite_version}{note}")


def _nmap() -> Finding:
    """python-nmap finds the program and its version; nothing is scanned."""
    fix = "apt-get install nmap; needed only for scanning, not for reading what others scanned"
    try:
        import nmap

        found = nmap.PortScanner()
    except ImportError:
        return Finding(name="nmap", state="warn", says="python-nmap is not installed", fix="pip install python-nmap")
    except Exception:  # python-nmap raises its own kind and others when nmap is not there
        return Finding(name="nmap", state="warn", says="not installed", fix=fix)
    return Finding(name="nmap", state="ok", says=".".join(str(n) for n in found.nmap_version()))


def _workspace(given: str | None, day: Any, folders: Sequence[Path]) -> Iterator[Finding]:
    try:
        held = maybe_workspace(given)
    except SecscanError as error:
        yield Finding(name="workspace", state="fail", says=str(error).splitlines()[0], fix="secscan policy lint")
        return
    if held is None:
        yield Finding(name="workspace", state="warn", says="none here or above", fix="secscan init DIR")
        return
    yield Finding(
        name="workspace",
        state="ok",
        says=f"{held.settings.partnership.name}, {len(held.settings.councils)} organisations",
    )
    yield _permissions(held.root)
    free = shutil.disk_usage(held.root).free
    yield Finding(
        name="disk", state="ok" if free > _FREE_BYTES else "fail", says=f"{free / 1e9:.1f} GB free",
        fix="make room: a run needs about 200 MB",
    )  # fmt: skip
    yield from _knowledge(held, day, folders)
    yield _last_run(held, day)


def _permissions(root: Path) -> Finding:
    state = root / "state"
    if os.name != "posix" or not state.is_dir():
        return Finding(name="permissions", state="ok", says="no state yet")
    mode = stat.S_IMODE(state.stat().st_mode)
    if mode & 0o077:
        return Finding(
            name="permissions", state="fail" if mode & 0o002 else "warn", says=f"{state} is {mode:04o}; others can look in",
            fix=f"chmod 700 {state}",
        )  # fmt: skip
    return Finding(name="permissions", state="ok", says="the state folder is private")


def _knowledge(held: Any, day: Any, folders: Sequence[Path]) -> Iterator[Finding]:
    from secscan import knowledge
    from secscan.answers import rules_of

    today = as_of(day)
    try:
        catalogue = knowledge.load_catalogue([(held.root / f, f) for f in held.settings.policies.catalogue])
        age = (today - catalogue.checked_on).days if catalogue.checked_on else None
        yield Finding(
            name="lifecycle catalogue", state="warn" if age is None or age > 180 else "ok",
            says=f"{len(catalogue.products)} products, the oldest entry checked {age} days ago", fix="upgrade secscan",
        )  # fmt: skip
        rules = rules_of(held, today, folders)
        yield from _feeds(held, today, rules)
        yield Finding(
            name="policy",
            state="ok",
            says=f"{len({c.id for c in rules.controls})} controls, {len(rules.loosened)} loosened",
        )
    except SecscanError as error:
        yield Finding(name="policy", state="fail", says=str(error).splitlines()[0], fix="secscan policy lint")


def _feeds(held: Any, today: Any, rules: Any) -> Iterator[Finding]:
    from secscan.answers import feeds_of

    for row in feeds_of(held, today, rules):
        says = "none imported; the shipped catalogue stands alone"
        if row.state != "missing":
            says = f"{row.entries} entries of {row.dated_on}, {row.age_days} days old ({row.state})"
        bad = row.state in ("stale", "too-old") or (row.state == "missing" and row.required)
        yield Finding(
            name=f"feed {row.feed}", state="warn" if bad else "ok", says=says,
            fix=f"fetch {row.source}, then: secscan feeds import FILE",
        )  # fmt: skip


def _last_run(held: Any, day: Any) -> Finding:
    from secscan import answers

    try:
        runs = answers.runs(held)
    except SecscanError as error:
        return Finding(name="record", state="fail", says=str(error), fix="restore it from a backup")
    if not runs:
        return Finding(name="record", state="warn", says="nothing has been scanned yet", fix="secscan scan")
    if runs[-1]["started_at"] > datetime.now(UTC):
        says = f"the newest run began at {runs[-1]['started_at']:%Y-%m-%d %H:%M} UTC, which has not come yet"
        return Finding(name="record", state="warn", says=says, fix="set the clock: every window is counted in days")
    age = (as_of(day) - runs[-1]["as_of"]).days
    return Finding(
        name="record", state="warn" if age > 31 else "ok", says=f"{len(runs)} runs, the newest as of {runs[-1]['as_of']} ({age} days)",
        fix="secscan scan",
    )  # fmt: skip
