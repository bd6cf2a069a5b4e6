"""The one way to start another program: a fixed argument list, a time limit, a capped output, no shell."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from shutil import which
from typing import Final

from secscan.model.errors import ScanError

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OUTPUT_LIMIT: Final = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    code: int
    out: bytes
    err: bytes


def find(program: str) -> str | None:
    """The full path of a program of the system, or None; the caller's own PATH is not asked."""
    return which(program, path=_PATH)


def run(argv: Sequence[str], *, seconds: float) -> Ran:
    """What a program printed. It is ended with its children when the time is over.

    Raises ScanError when it is missing, too slow or too talkative.
    """
    program = find(argv[0])
    if program is None:
        raise ScanError(f"{argv[0]} is not installed")
    process = subprocess.Popen(  # noqa: S603 - a fixed list, no shell
        [program, *argv[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={"PATH": _PATH, "LC_ALL": "C.UTF-8"}, start_new_session=True, close_fds=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise ScanError(f"{argv[0]} did not finish in {seconds:.0f} seconds") from None
    if len(out) > OUTPUT_LIMIT:
        raise ScanError(f"{argv[0]} printed more than {OUTPUT_LIMIT // 1_000_000} MB")
    return Ran(code=process.returncode, out=out, err=err)
