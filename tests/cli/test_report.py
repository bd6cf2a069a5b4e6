"""``secscan report``: what it writes beside the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_a_workbook_is_written_when_asked_for_and_listed(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    secscan("-w", workspace, "scan", "--as-of", "2026-03-01", "--no-report")
    plain = secscan("-w", workspace, "report", "--out", tmp_path / "plain", "--format", "json").json
    wider = secscan("-w", workspace, "report", "--xlsx", "--out", tmp_path / "wider", "--format", "json").json
    names = [
        {Path(f["path"]).relative_to(tmp_path / n).as_posix(): f["bytes"] for f in said["files"]}
        for n, said in (("plain", plain), ("wider", wider))
    ]
    assert set(names[1]) - set(names[0]) == {"data/posture.xlsx"}
    assert names[1]["data/posture.xlsx"] == (tmp_path / "wider" / "data" / "posture.xlsx").stat().st_size
