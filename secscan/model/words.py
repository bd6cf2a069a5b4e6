"""The words of the field, one per thing (docs/tables.md); each set is closed and its order means something."""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["pass", "fail", "unknown"]
Status = Literal["open", "mitigated", "accepted", "closed"]
Theme = Literal["patching", "legacy", "firewall", "device", "inventory", "exceptions"]
Severity = Literal["critical", "high", "medium", "low"]
ClaimState = Literal["proven", "configured", "claimed", "disproven", "cannot-tell"]
Enough = Literal["proven", "configured", "no"]
Unknowns = Literal["per-issue", "each", "per-council"]
SupportWord = Literal["supported", "ended", "ended-extension-available", "unknown", "not-applicable"]
Verdict = Literal["permitted", "blocked", "partly", "cannot-tell"]
FeedState = Literal["fresh", "stale", "too-old", "missing"]

SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")
"""Gravest first."""
STATUSES: Final[tuple[Status, ...]] = ("open", "mitigated", "accepted", "closed")
CLAIM_STATES: Final[tuple[ClaimState, ...]] = ("proven", "configured", "claimed", "disproven", "cannot-tell")
