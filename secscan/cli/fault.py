"""Keeps the trace of a fault of ours in a private file, with the values of the estate left out."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from secscan.doors import files


def keep(error: BaseException) -> Path:
    """The file that holds the trace: where and what kind, never the message, which may quote an inventory."""
    lines = [f"{type(error).__name__}\n"]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}: {frame.line}\n")
    if error.__cause__ is not None:
        lines.append(f"caused by {type(error.__cause__).__name__}\n")
    folder = Path(tempfile.mkdtemp(prefix="secscan-fault-"))
    path = folder / "trace.txt"
    files.write(path, "".join(lines))
    return path
