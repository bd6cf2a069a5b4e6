"""What goes into the record and what comes out of it. Light: nothing here imports a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from secscan.model.findings import Clocked, Finding, Tally
from secscan.model.posture import Change, Point
from secscan.model.raw import Gap, Load

RULES_CHANGED: Final = "rules changed"
"""The mark on a point whose run asked for something else than the run before: its step is no progress."""


class Measured(Protocol):
    """One council's figure for one measure; ``mark`` says why a step is no progress."""

    @property
    def council(self) -> str: ...
    @property
    def measure(self) -> str: ...
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...
    @property
    def mark(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Whether a finding that was not seen again may be closed: only what was looked at in full can be gone.

    Calling it with the finding as last seen answers that. Any other callable of that shape will do.
    """

    tables: Mapping[str, str]
    """Check id -> the table that it judges. A finding of a check that is not here stays open: nobody looked."""
    blocked: Collection[tuple[str, str]] = frozenset()
    """(council, table) that a source fed badly; council '' stands for every council."""
    controls: Collection[tuple[str, str]] = frozenset()
    """(council, control) whose check broke; council '' stands for every council."""
    assets: Collection[tuple[str, str]] = frozenset()
    """(council, asset) of which a row was refused."""
    undecided: Collection[tuple[str, str, str | None, str]] = frozenset()
    """(council, control, asset, subject) that is unknown now: unknown is never a pass."""

    def __call__(self, finding: Finding) -> bool:
        table = self.tables.get(finding.check)
        if table is None:
            return False
        for council in (finding.council, ""):
            if (council, table) in self.blocked or (council, finding.control) in self.controls:
                return False
        if finding.asset is not None and (finding.council, finding.asset) in self.assets:
            return False
        return (finding.council, finding.control, finding.asset, finding.subject) not in self.undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run as it goes into the record."""

    as_of: date
    started_at: datetime
    """With a time zone; kept as UTC. ``finished_at`` too."""
    finished_at: datetime
    tool_version: str
    complete: bool
    policy_digest: str
    findings: Sequence[Finding]
    """Fails and unknowns; each fingerprint once."""
    tallies: Sequence[Tally] = ()
    measures: Sequence[Measured] = ()
    loads: Sequence[Load] = ()
    gaps: Sequence[Gap] = ()
    closing: Callable[[Finding], bool]
    """Whether a finding may be closed now that it was not seen again. It is asked without evidence and places."""
    restate: Callable[[Finding], Finding] | None = None
    """For findings carried: the same with today's status (an exception may have lapsed meanwhile)."""
    rules_digest: str = ""
    """SHA-256 over what is asked for, without exceptions and the like; empty: ``policy_digest`` stands for it."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What else belongs in the ledger, as JSON without floats: checks and catalogue with their digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the record made of a run. Counts and changes are of failures, since the run before: none on the first."""

    run_id: str
    seq: int
    as_of: date
    previous_run_id: str | None
    previous_as_of: date | None
    previous_digest: str | None
    clocked: Sequence[Clocked]
    """Every finding of the run, and those carried."""
    changes: Sequence[Change]
    trends: Mapping[str, Sequence[Point]]
    """Measure -> points, oldest first, this run's last."""
    opened: int
    closed: int
    reopened: int
    carried: int
    digest: str = ""
    """The run's digest; empty until the run is committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recorded run, its chain checked. ``opened`` and the like count what the ledger holds, first run included."""

    seq: int
    run_id: str
    as_of: date
    started_at: datetime
    finished_at: datetime
    tool_version: str
    complete: bool
    policy_digest: str
    rules_digest: str
    inputs_digest: str
    posture_sha256: str
    facts: Mapping[str, object]
    opened: int
    closed: int
    reopened: int
    carried: int
    previous: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """One control of one council in one run: rows by outcome, and the findings behind them, carried ones too."""

    run_id: str
    as_of: date
    council: str
    control: str
    severity: str
    passed: int
    failed: int
    unknown: int
    open: int
    mitigated: int
    accepted: int
    unknown_findings: int
    carried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One interval of one finding."""

    finding: Finding
    """As last seen."""
    opened_run: str
    opened_on: date
    first_seen: date
    """The day on which it first failed in this interval; for what never failed, the day it was noticed."""
    closed_run: str | None
    closed_on: date | None
    closed_why: str | None
    """gone (looked for and not there), or withdrawn (its control was not judged any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A digest kept where whoever writes the record cannot reach it."""

    run_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """The first thing wrong in a record."""

    run: str | None
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Whether a record is what was written. Without an anchor a shortened record looks whole: ``anchored`` says."""

    ok: bool
    anchored: bool
    runs: int
    first_bad: Bad | None = None
