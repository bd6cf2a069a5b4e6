"""One estate from many sources, as rooms hand it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.model.frame import Frame, Index
from secscan.model.places import Files, Place
from secscan.model.posture import Said
from secscan.model.raw import Gap, Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One port of one address as a scan saw it from one vantage point."""

    council: str
    asset: str | None
    address: str
    vantage: str
    zone: str
    proto: str
    port: int
    state: str
    reason: str | None
    reason_ttl: int | None
    seen_on: date
    complete: bool
    place: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one source saw, by the rows of the register."""

    named: NDArray[np.bool_]
    """It names the asset in some table."""
    days: NDArray[np.int32]
    """The newest day on which it saw the asset, as ``date.toordinal`` counts; 0: it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scans:
    """What other scanners looked at, and the CVEs that they name; beside the frame of their results."""

    looked: Mapping[str, NDArray[np.bool_]]
    """Source -> by the rows of the register, whether it looked at the asset."""
    row: Index
    """For each CVE that a row of ``results`` names: the row, in order;"""
    cve: Index
    """and which of ``cves`` it is."""
    cves: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploitation:
    """What public feeds say of a vulnerability."""

    since: date | None = None
    """The day on which it came into the catalogue of known exploited ones; None: it is not in it."""
    ransomware: bool = False
    place: Place | None = None
    likelihood: float | None = None
    """That it is exploited within 30 days, 0 to 1."""
    above: float | None = None
    """The share of all vulnerabilities that are as likely or less, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One asset's operating system as several sources spell it, what is used first."""

    council: str
    asset: str
    hostname: str | None
    spelt: Sequence[tuple[str, str | None]]
    """Name and version, in the order of ``said``."""
    said: Sequence[Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """The tables so far, and what is needed to build the next.

    ``frames``: by table name. ``addresses``: (council, asset) -> its canonical addresses. ``gaps``: what could
    not be seen. ``near``: raw name -> suggestions, never decisions.
    """

    today: date
    files: Files
    frames: Mapping[str, Frame]
    loads: Sequence[Load] = ()
    gaps: Sequence[Gap] = ()
    addresses: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    probes: Sequence[Probe] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Figures of a room for the report's own pages (coverage by source, recognised share)."""
