"""What the council decided, with the line that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from secscan.model.places import Place
from secscan.model.words import Enough, Severity, Theme, Unknowns


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Rows a control speaks about: every named column has one of the values, and none of ``excluded``'s.

    Keys are the columns that every table has (council, type, zone, service, criticality) and product.
    """

    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reason: str | None = None
    """Why, in the words of the entry that set it."""
    place: Place = Place("")
    """Where it is set."""

    def takes(self, column: str, value: str) -> bool:
        """Whether a row with this value may be inside, as far as this column decides."""
        return value in self.only.get(column, (value,)) and value not in self.excluded.get(column, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One statement of policy for some councils; a council's overlay makes a variant with the same id."""

    id: str
    check: str
    title: str
    text: str
    """What the control asks for, in words; printed in every edition."""
    theme: Theme
    severity: Severity
    due_days: int
    """Days from first seen to the deadline, where the table's rows have none of their own."""
    mitigated_by: Enough = "proven"
    unknowns: Unknowns = "per-issue"
    params: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = Scope()
    references: tuple[str, ...] = ()
    disabled: str | None = None
    """Why it is switched off; None: it is on."""
    councils: frozenset[str] = frozenset()
    """The councils that this variant is for."""
    place: Place = Place("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """Ports that a control wants no zone of users to reach. ``internet`` among the zones is every internet zone."""

    control: str
    from_zones: frozenset[str]
    ports: frozenset[str]
    councils: frozenset[str]
    """Those whose zones it is about; shared zones are every council's."""
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskException:
    """A dated, owned and approved decision to accept one finding: control, asset and, if given, subject, exactly."""

    id: str
    control: str
    council: str
    asset: str
    subject: str | None = None
    starts: date | None = None
    until: date
    """In force through this day."""
    owner: str
    approver: str
    reason: str
    renewed: int = 0
    place: Place = Place("")

    def in_force(self, today: date) -> bool:
        return (self.starts is None or self.starts <= today) and today <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """Ports that must be blocked from the named zones; outward too where ``both_directions``."""

    ports: tuple[str, ...]
    """proto/port, or 'any'."""
    blocked_from: tuple[str, ...]
    both_directions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """A claimed protection. ``isolation`` or ``control`` says how the claim is tested."""

    id: str
    council: str
    asset: str
    product: str | None = None
    kind: Literal["isolation", "control"]
    isolation: Isolation | None = None
    control: str | None = None
    claimed_by: str
    starts: date | None = None
    proof_days: int = 90
    """How long an observation counts."""
    text: str = ""
    place: Place = Place("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Extended support that a council bought."""

    council: str | None
    """None: every council of the partnership."""
    product: str
    cycle: str | None
    assets: tuple[str, ...]
    """Asset ids it covers; empty: all of the council's."""
    until: date
    reference: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosened:
    """A place where a council's own policy asks for less than the baseline it extends."""

    control: str
    councils: frozenset[str]
    what: str
    before: str
    after: str
    reason: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLimits:
    """How old a feed of public knowledge may be, and how much smaller than the one before it."""

    stale_days: int = 45
    """Older than this it is used, and the run is marked."""
    too_old_days: int = 180
    """Older than this nothing rests on it: what it alone says is unknown."""
    max_fall_percent: int = 10
    """A document with fewer entries than this leaves is not taken."""
    required: bool = False
    """Without it a run is not complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything in force, resolved: control variants, exceptions, claims and entitlements."""

    name: str
    version: str
    controls: Sequence[Control]
    minimum_versions: Mapping[str, tuple[str, Place]] = field(default_factory=dict)
    """Product -> the lowest version that policy accepts, and the line that says so."""
    free_extensions: tuple[str, ...] = ()
    """Products whose free extended support (for example Debian LTS) the council says it uses."""
    feeds: Mapping[str, FeedLimits] = field(default_factory=dict)
    """Feed -> its limits; a feed that no file names has the defaults."""
    exceptions: Sequence[RiskException] = ()
    mitigations: Sequence[Mitigation] = ()
    entitlements: Sequence[Entitlement] = ()
    loosened: Sequence[Loosened] = ()
    warnings: Sequence[str] = ()
    digest: str = ""
    """SHA-256 over the files that it came from."""
    files: Sequence[tuple[str, str]] = ()
    """(file, sha256) of each."""

    def variants(self, control: str) -> Sequence[Control]:
        return tuple(c for c in self.controls if c.id == control)
