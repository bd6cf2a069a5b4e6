"""A person at the command line: runs commands in process and answers what they printed and how they ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from secscan.cli.main import run

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
    import shutil

    place = tmp_path / "partnership"
    shutil.copytree(ESTATE, place)
    for folder in ("state", "reports"):
        (place / folder).mkdir(mode=0o700, exist_ok=True)
    return place
