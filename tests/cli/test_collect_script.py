"""``secscan collect --script windows``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from secscan.sources import windows_script

Run = Callable[..., Any]


def test_the_script_is_printed_or_written_as_it_is(secscan: Run, tmp_path: Path) -> None:
    said = secscan("collect", "--script", "windows")
    assert (said.code, said.out, said.err) == (0, windows_script(), "")
    said = secscan("collect", "--script", "windows", "--out", tmp_path / "collect.ps1")
    assert (tmp_path / "collect.ps1").read_text() == windows_script()
    assert said.out == "next, on the Windows machine: powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1\n"
    assert secscan("collect", "--script", "amiga").code == 2
