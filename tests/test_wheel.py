"""What people install: built from what git tracks, in an environment of its own, far from the checkout, it does the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from secscan import __version__
from tests.tree import ROOT, project_files

pytestmark = pytest.mark.wheel

END = "2026-10-31"
SECONDS = 300
LEFT_OUT = ("PYTHON", "VIRTUAL_ENV", "SECSCAN_", "COV_", "COVERAGE_", "PYTEST_")
"""Variables that would lead a program back to this checkout or to this test run."""


def clean() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}


def done(*words: object, cwd: Path, codes: tuple[int, ...] = (0,)) -> str:
    """What a program printed; how it ended must be one of ``codes``."""
    argv = [str(w) for w in words]
    ran = subprocess.run(argv, check=False, cwd=cwd, env=clean(), capture_output=True, text=True, timeout=SECONDS)
    assert ran.returncode in codes, (
        f"{' '.join(argv)} ended with {ran.returncode}\n{ran.stdout[-2000:]}\n{ran.stderr[-4000:]}"
    )
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what git tracks, and of nothing that happens to lie beside it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for file in project_files():
        (source / file.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, source / file)
    done(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source, cwd=out)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_product_whole_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"secscan-{__version__}.dist-info/METADATA").decode()
        points = archive.read(f"secscan-{__version__}.dist-info/entry_points.txt").decode()
    info = f"secscan-{__version__}.dist-info"
    tracked = {p.as_posix() for p in project_files()}
    bundled = {f"secscan/bundled/{n}" for n in tracked if n.startswith(("checks/", "policies/", "reports/"))}
    assert {n for n in tracked if n.startswith("secscan/")} | bundled == {n for n in names if not n.startswith(info)}
    for must in (
        "secscan/py.typed", "secscan/bundled/policies/baseline.yaml", "secscan/bundled/reports/glossary.yaml",
        "secscan/bundled/reports/templates/base.html", "secscan/bundled/reports/assets/secscan.css",
        "secscan/bundled/checks/patching/fix_overdue.py", "secscan/bundled/checks/patching/fix_overdue.cases.yaml",
        "secscan/knowledge/catalogue/windows.yaml", "secscan/workspace/sample/secscan.yaml",
        "secscan/workspace/sample/entitlements.csv", "secscan/history/migrations/env.py",
        "secscan/history/migrations/versions/0001_the_record.py", f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE",
    ):  # fmt: skip
        assert must in names, must
    assert not [n for n in names if re.search(r"(^|/)(tests?|docs|tools|__pycache__)/|\.pyc$|(^|/)\.", n)]
    assert f"Version: {__version__}\n" in metadata and "Requires-Python: >=3.11\n" in metadata
    assert "secscan = secscan.cli.main:main" in points


def answers(program: tuple[object, ...], place: Path) -> tuple[dict[str, str], list[Any]]:
    """(check id -> digest, councils of the sample's scan), as ``program`` tells them from the folder ``place``."""
    shelf = json.loads(done(*program, "checks", "list", "--format", "json", cwd=place))["checks"]
    done(*program, "init", "sample", "--sample", "--sample-end", END, "-q", cwd=place)
    said = json.loads(
        done(*program, "-w", "sample", "scan", "--as-of", END, "--format", "json", cwd=place, codes=(0, 3))
    )
    assert (place / "sample" / "reports" / "latest" / "index.html").is_file()
    return {check["id"]: check["sha256"] for check in shelf}, said["councils"]


def test_what_is_installed_does_what_the_checkout_does(wheel: Path, tmp_path: Path) -> None:
    home, away, here = tmp_path / "home", tmp_path / "away", tmp_path / "here"
    away.mkdir()
    here.mkdir()
    done(sys.executable, "-m", "venv", home, cwd=away)
    pip = (home / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input")
    done(*pip, "--no-deps", "--require-hashes", "-r", ROOT / "requirements" / "run.lock", cwd=away)
    done(*pip, "--no-deps", wheel, cwd=away)
    installed = (home / "bin" / "secscan",)
    assert done(*installed, "--version", cwd=away) == f"secscan, version {__version__}\n"
    where = done(home / "bin" / "python", "-c", "import secscan; print(secscan.__file__)", cwd=away)
    assert Path(where.strip()).is_relative_to(home)
    assert " passed, 0 failed;" in done(*installed, "checks", "test", cwd=away)
    theirs = answers(installed, away)
    # The checkout is asked by its own path, for an environment may have another secscan installed.
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from secscan.cli.main import main; main()"
    ours = answers((sys.executable, "-c", start), here)
    assert theirs[0] == ours[0] and theirs[0]
    assert theirs[1] == ours[1] and len(theirs[1]) == 4
