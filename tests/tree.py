"""The files of the project: what a clean checkout would hold."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
MADE = {".git", ".venv", ".cache", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache",
        "__pycache__", "build", "dist", "demo", "node_modules"}  # fmt: skip
"""Folders that only an archive without git has to be told of."""


def project_files(*, new: bool = False) -> list[Path]:
    """Every file that git tracks, relative to ``ROOT``; with ``new`` also those that it would take.

    Where there is no git, or this is an archive, every file that nothing made.
    """
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        every = (p.relative_to(ROOT) for p in ROOT.rglob("*") if p.is_file())
        return sorted(p for p in every if not MADE & set(p.parts) and p.name != ".coverage")
    others = ["--others", "--exclude-standard"] if new else []
    command = [git, "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z", "--cached", *others]
    listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    names = {Path(name) for name in listed.split("\0") if name}
    return sorted(p for p in names if (ROOT / p).is_file())  # one may be deleted and not yet committed
