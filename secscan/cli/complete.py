"""What a shell is offered behind an option: the workspace's own words, quickly, and nothing where there is none.

A completed word lands on somebody's command line. So only plain words are offered: text from a file that a shell
could obey is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _offered(words: Callable[[Path | None], Iterable[object]]) -> Complete:
    """The words that begin with what was typed. ``words`` gets the workspace, or None outside of one.

    What it raises, ``main`` keeps silent: a shell has no place for an error.
    """

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        found = {w for w in words(_root(context)) if isinstance(w, str) and w.startswith(typed)}
        return sorted(w for w in found if _PLAIN.fullmatch(w))

    return complete


def _root(context: click.Context) -> Path | None:
    """The workspace that the command line names, else the nearest one upwards."""
    from secscan.model.errors import UsageError
    from secscan.workspace import find

    inner: click.Context | None = context
    while inner is not None and not inner.params.get("workspace"):
        inner = inner.parent
    with suppress(UsageError):
        return find(Path(inner.params["workspace"]) if inner is not None else None)
    return None


def _settings(root: Path | None) -> dict[str, Any]:
    """secscan.yaml as written. It is not held against its model: half of it is better than no word."""
    from secscan.doors import yaml
    from secscan.workspace.load import SETTINGS

    return {} if root is None else yaml.read(root / SETTINGS, SETTINGS).data


def _ids(what: str) -> Complete:
    return _offered(lambda root: [item.get("id") for item in _settings(root).get(what, ())])


def _controls(root: Path | None) -> Iterable[object]:
    """The ids in the baseline and in the overlays on it."""
    from secscan.doors import yaml
    from secscan.doors.files import shipped

    named = _settings(root).get("policies") or {}
    base = named.get("baseline", "baseline")
    own = [root / name for name in (base, *named.get("overlays", ())) if root is not None]
    for file in (shipped("policies") / f"{base}.yaml", *own):
        if file.is_file():
            yield from (item.get("id") for item in yaml.read(file, file.name).data.get("controls", ()))


def _checks(root: Path | None) -> Iterable[str]:
    """Ids match paths: lifecycle/unsupported_software.py is lifecycle.unsupported-software. No check is imported."""
    from secscan.doors.files import shipped

    own = (_settings(root).get("policies") or {}).get("checks", ())
    for shelf in (shipped("checks"), *(root / name for name in own if root is not None)):
        for file in shelf.glob("*/*.py"):
            yield f"{file.parent.name}.{file.stem}".replace("_", "-")


def _runs(root: Path | None) -> Iterable[str]:
    return [] if root is None else (file.name.partition(".")[0] for file in (root / "state/results").glob("*.json.gz"))


def _measures(root: Path | None) -> Iterable[str]:
    from secscan.findings.measures import MEASURES

    return MEASURES


councils = _ids("councils")
zones = _ids("zones")
controls = _offered(_controls)
checks = _offered(_checks)
runs = _offered(_runs)
measures = _offered(_measures)
