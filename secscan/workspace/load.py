"""The folder that holds everything: where it is, what its settings say, and where each thing in it stands."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from secscan.doors import yaml
from secscan.doors.validate import nearest, validate
from secscan.doors.yaml import Document
from secscan.model.errors import StorageError, UsageError
from secscan.model.places import Place
from secscan.model.settings import Settings

SETTINGS: Final = "secscan.yaml"
FOLDERS: Final = ("inventory", "firewalls", "policies", "knowledge", "state", "reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder with a valid secscan.yaml."""

    root: Path
    settings: Settings
    document: Document
    """secscan.yaml as written, with the place of every key."""
    source_places: Mapping[str, Place]
    """Source or firewall id -> the line of secscan.yaml that defines it."""

    @property
    def inventory(self) -> Path:
        return self.root / "inventory"

    @property
    def firewalls(self) -> Path:
        return self.root / "firewalls"

    @property
    def policies(self) -> Path:
        return self.root / "policies"

    @property
    def knowledge(self) -> Path:
        return self.root / "knowledge"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def reports(self) -> Path:
        return self.root / "reports"


def find(start: Path | None = None) -> Path:
    """The nearest folder with a secscan.yaml: ``start`` (else the current folder) or one above it.

    Raises UsageError where there is none.
    """
    folder = (start or Path.cwd()).resolve()
    if not folder.is_dir():
        raise UsageError(f"{start}: no such folder; 'secscan init {start}' makes a workspace there")
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS).is_file():
            return candidate
    raise UsageError(f"no {SETTINGS} in {folder} or above it; 'secscan init' makes a workspace, -w names one")


def load(root: Path) -> Workspace:
    """The workspace in ``root``.

    Raises PolicyError with every problem in secscan.yaml, StorageError where anyone may write to the folder or to its state.
    """
    if not (root / SETTINGS).is_file():
        raise UsageError(f"{root}: no {SETTINGS} here; 'secscan init {root}' makes a workspace")
    document = yaml.read(root / SETTINGS, SETTINGS)
    settings = validate(document, Settings)
    for folder in (root, root / "state"):
        _refuse_shared(folder)
    places = {
        source.id: document.place("councils", i, "sources", j)
        for i, council in enumerate(settings.councils)
        for j, source in enumerate(council.sources)
    } | {firewall.id: document.place("firewalls", i) for i, firewall in enumerate(settings.firewalls)}
    return Workspace(root=root, settings=settings, document=document, source_places=places)


def known_council(held: Workspace, council: str) -> None:
    """Raises UsageError, with the nearest name, for a council that the workspace does not have."""
    ids = [c.id for c in held.settings.councils]
    if council not in ids:
        raise UsageError(f"no council '{council}'{nearest(council, ids)}; there are {', '.join(ids)}")


def _refuse_shared(folder: Path) -> None:
    """Nothing, where strangers cannot write: else they could change the record, or the settings that name checks."""
    if os.name == "posix" and folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
        raise StorageError(f"{folder}: anyone may write there; run: chmod o-w {folder}")
