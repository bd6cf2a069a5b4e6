"""Facts as found: what a reader in ``sources`` hands on, before anybody asks what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from secscan.model.net import Device

RAW_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "assets": {
        "asset_tag": "text", "device_id": "text", "hostname": "text", "fqdn": "text", "ip": "addresses", "mac": "text", "serial": "text",
        "type": "text", "os": "text", "os_version": "text", "os_edition": "text", "zone": "text", "service": "text",
        "owner": "text", "criticality": "text", "internet_facing": "bool", "auto_update": "bool",
        "restart_pending": "bool", "protection_active": "bool", "definitions_on": "date", "encrypted": "bool",
        "last_seen": "date",
    },
    "software": {
        "asset_tag": "text", "name": "text", "version": "text", "publisher": "text", "install_date": "date",
        "last_used": "date", "kind": "text",
    },
    "services": {
        "asset_tag": "text", "address": "text", "proto": "text", "port": "int", "service": "text", "product": "text",
        "version": "text",
    },
    "fixes": {
        "asset_tag": "text", "name": "text", "fixed_in": "text", "advisory": "text", "severity": "text",
        "cvss3": "tenths", "released_on": "date", "missing": "bool",
    },
    "results": {
        "asset_tag": "text", "address": "text", "hostname": "text", "check": "text", "title": "text", "cves": "text",
        "severity": "text", "cvss3": "tenths", "proto": "text", "port": "int", "product": "text", "version": "text",
        "fixed_in": "text", "state": "text", "first_seen": "date", "last_seen": "date",
    },
    "rules": {
        "order": "int", "action": "text", "from_zone": "text", "src": "text", "to_zone": "text", "dst": "text",
        "proto": "text", "dport": "text", "sport": "text", "enabled": "bool", "name": "text", "owner": "text",
        "approver": "text", "reason": "text", "review_on": "date", "expires_on": "date", "hits": "int",
        "last_hit": "date",
    },
    "probes": {
        "address": "text", "hostname": "text", "host_state": "text", "proto": "text", "port": "int", "state": "text",
        "reason": "text", "reason_ttl": "int", "seen_on": "date",
    },
}  # fmt: skip
"""Every raw table: its columns and what kind of value each holds (None: not known). ``assets.device_id`` is what the
source's own lists call the asset where that is no tag of the council's; ``services.address`` and ``probes.address`` are
canonical addresses for sources that know no tag; ``software.kind`` is one of the kinds that recognition knows
(os_caption, arp, network, service_banner, dpkg, rpm, sbom, or None); ``addresses`` is a tuple of canonical address
strings; ``results`` is what another scanner found, under its own name: ``check`` is the scanner's id of what it looked
for, ``cves`` are CVE ids separated by ``;``, ``severity`` is its own word, ``state`` is open, fixed or None; ``tenths`` a CVSS score as an integer (7.5 is 75)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawShape:
    """A raw table that a package adds: its columns with their kinds, and those that a row cannot do without."""

    columns: Mapping[str, str]
    required: tuple[str, ...]


Shapes = Mapping[str, RawShape]
NO_SHAPES: Final[Shapes] = {}


class Flag(str):
    """A warning that a person should hear of from a scan too, and not from the import alone."""

    __slots__ = ()


class Unread(Flag):
    """A warning of values that were there and could not be read: what they would say is not known."""

    __slots__ = ()


PARTLY: Final = frozenset(("refused-rows", "unread-values"))
"""Gaps of sources that were read whole but for some rows or values: whatever else they say counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row that was refused, and what could still be read of who it is about."""

    line: int
    column: str | None
    reason: str
    asset_tag: str | None = None
    raw: str = field(default="", repr=False)
    """The row as it stood, for the quarantine file and for nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Rows of one raw table: equal-long lists by column name; ``places`` holds a place code a row."""

    table: str
    columns: Mapping[str, Sequence[Any]]
    places: Sequence[int]
    extra: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    """Columns of the file that no template knows, kept as facts under their own header."""

    @property
    def rows(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One file as read. ``rows_read == rows_loaded + rows_refused + rows_blank`` always."""

    source: str
    """The source's id in secscan.yaml."""
    council: str
    kind: str
    file: str
    """Relative to the workspace, with forward slashes."""
    sha256: str
    size: int
    dated_on: date
    rows_read: int
    rows_loaded: int
    rows_refused: int
    rows_blank: int
    refused: Sequence[Refusal] = ()
    warnings: Sequence[str] = ()
    """One line each, already with its file and line."""
    held: str | None = None
    """Why the file is held and not believed: its rows are counted but its tables are empty."""
    incomplete: str | None = None
    """Why what was read is not the whole look (nmap stopped, truncated): absence in it means nothing."""
    tables: Mapping[str, RawTable] = field(default_factory=dict)
    device: Device | None = None
    """For a maker's export of a firewall: what all files of its set say. The first of them has it."""

    @property
    def unread(self) -> list[Unread]:
        """The warnings of values that could not be read."""
        return [says for says in self.warnings if isinstance(says, Unread)]

    @property
    def flags(self) -> list[Flag]:
        """The other warnings that a scan repeats."""
        return [says for says in self.warnings if isinstance(says, Flag) and not isinstance(says, Unread)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The last export of a source that a run believed: what a much smaller one is held against."""

    source: str
    file: str
    sha256: str
    rows: int
    """Rows loaded, over all files of the source's set."""
    dated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A source that gave less than it should: missing, unreadable, held, silent (too old) or incomplete."""

    council: str
    source: str
    tables: frozenset[str]
    """The raw tables that it feeds."""
    why: str
    """missing, unreadable, held, silent, incomplete, refused-rows or unread-values."""
    says: str
    """One sentence for a person."""
    place_file: str
    place_line: int = 0
    stale: bool = False
    """Its facts are too old to pass on: what they would pass is unknown."""
