"""A person at the command line: runs commands in process and answers what they printed and how they ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from secscan.cli.main import run

DAY = "2026-03-01"
ESTATE = Path(__file__).parents[1] / "estates" / "smallville"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def secscan(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command; a traceback in what it printed is a failure wherever it happens."""

    def call(*args: object) -> Said:
        capfd.readouterr()
        code = run([str(a) for a in args])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    return call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small whole partnership of two councils, as files, in a folder of its own."""
    return _copy(ESTATE, tmp_path / "partnership")


@pytest.fixture(scope="session")
def scanned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = _copy(ESTATE, tmp_path_factory.mktemp("scanned") / "partnership")
    assert run(["-w", str(place), "scan", "--as-of", DAY, "-q"]) == 3  # one row of oak's software has no name
    return place


@pytest.fixture
def scanned(scanned_once: Path, tmp_path: Path) -> Path:
    """The same, scanned once."""
    return _copy(scanned_once, tmp_path / "partnership")


def _copy(source: Path, place: Path) -> Path:
    shutil.copytree(source, place, symlinks=True)
    for folder in ("state", "reports"):
        (place / folder).mkdir(mode=0o700, exist_ok=True)
    return place
