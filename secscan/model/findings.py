"""Findings: who a fail or unknown is about, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.model.frame import Index
from secscan.model.places import Place
from secscan.model.policy import Control
from secscan.model.words import Outcome, Severity, Status

PASS, FAIL, UNKNOWN, OUTSIDE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one control variant made of one table: counts for every council, and the rows that did not pass."""

    control: Control
    table: str
    reads: tuple[str, ...]
    """The columns the check read, in its own order: the evidence."""
    passed: Mapping[str, int]
    failed: Mapping[str, int]
    unknown: Mapping[str, int]
    stale: Mapping[str, int]
    """Of the unknown: rows that would pass but whose source has fallen silent."""
    outcomes: NDArray[np.int8]
    """For every row of the table: PASS, FAIL, UNKNOWN or OUTSIDE (the control does not speak about it)."""
    fail_rows: Index
    unknown_rows: Index
    stale_rows: Index
    due: Mapping[int, date | None] = field(default_factory=dict)
    """For failing rows whose check knows it: the row's own deadline."""
    error: str | None = None
    """A check that broke: every row is unknown and this says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fail, or unknown, under one control: (control, council, asset, subject) and what decided it."""

    fingerprint: str
    """Two 64-bit numbers in hexadecimal, ``<issue>-<asset>``."""
    control: str
    check: str
    council: str
    asset: str | None
    hostname: str | None
    subject: str
    title: str
    outcome: Outcome
    status: Status
    severity: Severity
    count: int = 1
    due_on: date | None = None
    """The row's own deadline, where its table has one."""
    due_days: int = 0
    evidence: dict[str, Any] = field(default_factory=dict)
    """Findings of rows that say the same share it: it is never changed."""
    evidence_places: dict[str, Place] = field(default_factory=dict)
    sources: list[Place] = field(default_factory=list)
    exception: str | None = None
    mitigation: str | None = None
    mitigation_state: str | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows of one control in one council, and the findings they folded into."""

    control: str
    council: str
    severity: Severity
    passed: int
    failed: int
    unknown: int
    open: int = 0
    mitigated: int = 0
    accepted: int = 0
    unknown_findings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocked:
    """A finding with what only the past knows."""

    finding: Finding
    first_seen: date
    due: date
    overdue: bool
    news: str
    """new, reopened, carried (not seen in an incomplete run, so not closed) or same."""
