"""What can go wrong, and the exit code that each kind ends with (docs/exit-codes.md).

SecscanError            70  a fault of ours, unless a branch below says otherwise
├── UsageError           2  the command was called wrongly
├── PolicyError          2  a policy, settings or cases file is not valid; carries every problem found
├── CheckError           2  a check file cannot be loaded
├── InputError           4  one file was refused whole: where, why, what to do
├── RowError             -  one row was refused; never leaves ``sources``
├── StorageError         4  disk, permission or database
├── ScanError            4  nmap or another tool could not run
├── IntegrityError       5  the record does not verify
├── NotAuthorised        6  nothing was sent
└── Busy                 7  another run holds the workspace
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from secscan.model.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in one file: where it stands, what is wrong and what to do."""

    place: Place
    says: str

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


class SecscanError(Exception):
    """The root; ``exit_code`` is what the command line ends with."""

    exit_code = 70


class UsageError(SecscanError):
    exit_code = 2


class PolicyError(SecscanError):
    """Every problem found in the files read, not the first alone."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class CheckError(PolicyError):
    """A check or its cases file cannot be used."""


class InputError(SecscanError):
    """A whole file was refused. ``hint`` says what to do about it."""

    exit_code = 4

    def __init__(self, place: Place, reason: str, hint: str = "") -> None:
        self.place, self.reason, self.hint = place, reason, hint
        super().__init__(f"{place}: {reason}" + (f"; {hint}" if hint else ""))


class RowError(SecscanError):
    """One row was refused: caught and counted by the reader, never shown as a failure of the run."""

    def __init__(self, line: int, column: str | None, reason: str) -> None:
        self.line, self.column, self.reason = line, column, reason
        super().__init__(f"line {line}: {reason}")


class StorageError(SecscanError):
    exit_code = 4


class ScanError(SecscanError):
    exit_code = 4


class IntegrityError(SecscanError):
    exit_code = 5


class NotAuthorised(SecscanError):
    exit_code = 6


class Busy(SecscanError):
    exit_code = 7
