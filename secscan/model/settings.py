"""``secscan.yaml``: the partnership, its sources, firewalls, zones and limits, as a person writes them.

Pydantic models, so that the JSON Schema for editors comes from the same words. ``doors.yaml`` keeps the places
of every key; ``doors.validate`` turns a refusal into file:line:column with a suggestion.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from secscan.model.colour import ENOUGH, contrast_to_white, darkened, in_words, is_colour

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _network(text: str) -> str:
    return str(ip_network(text, strict=True))


Network = Annotated[str, AfterValidator(_network)]


Accepted = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,64}$")], ...],
    Field(description="SHA-256 (12 digits or more) of an export that is rightly much smaller than the one before."),
]


REGISTER, AGENT, NETWORK = "register", "agent", "network"
_REGISTERS = frozenset(("ad-computers", "netbox", "secscan-assets", "servicenow", "snipe-it"))
"""Kinds in which an asset stands because somebody put it there."""
_SCANS = frozenset(("greenbone", "nessus", "nexpose", "nmap-xml", "qualys", "secscan-services"))
"""Kinds that tell what answers on the network."""


class Strict(BaseModel):
    """Unknown keys are refused; nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, populate_by_name=True)


class Source(Strict):
    """One kind of export of one council."""

    id: Id
    kind: Words = Field(alias="as", description="What the file is: secscan-assets, table, nmap-xml, dpkg, ...")
    file: Words = Field(
        description="File name or pattern inside inventory/COUNCIL/ or its dated folders, e.g. servers*.csv"
    )
    table: Id | None = Field(
        None,
        description="For 'as: table': which of our tables its rows belong to: assets, software, services, fixes, or one "
        "that an installed package adds.",
    )
    map: dict[str, Words] = Field(
        default_factory=dict, description="For 'as: table': our column -> the header in the file."
    )
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="For 'as: table': our column -> the file's word -> ours, e.g. {encrypted: {Ja: yes}}.",
    )
    constant: dict[str, str] = Field(
        default_factory=dict, description="Our column -> the same value for every row, e.g. {type: laptop}."
    )
    encoding: Words | None = Field(
        None, description="utf-8 unless a byte order mark says otherwise; e.g. cp1252, utf-16-le."
    )
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)] | None = None
    dates: Literal["day-first", "month-first", "iso"] = "day-first"
    sheet: Words | None = None
    asset: Words | None = Field(
        None,
        description="For lists of one machine, bills of materials, results of scanners and glpi: the asset tag; '{stem}' is the part of "
        "the file name before its first dot, '{tag}' the tag that a GLPI agent was given.",
    )
    vantage: Id | None = Field(None, description="For nmap-xml: the vantage point that the scan ran from.")
    counts_as: Literal["register", "agent", "network"] | None = Field(
        None,
        description="register: what the council says that it has; agent: what looks at a device itself; network: what sees "
        "devices from outside. Absent: by its kind.",
    )
    max_age_days: int | None = Field(None, ge=1, description="Older than this, the source has fallen silent.")
    accept: Accepted = ()

    @property
    def word(self) -> str:
        """What it counts as, declared or by its kind."""
        if self.counts_as is not None:
            return self.counts_as
        is_register = self.kind in _REGISTERS or (self.kind == "table" and self.table == "assets")
        return REGISTER if is_register else NETWORK if self.kind in _SCANS else AGENT


class Council(Strict):
    """One organisation, and the sources that are bound to it."""

    id: Id
    name: Words
    role: Literal["council", "provider", "other"] = "council"
    sources: tuple[Source, ...] = ()


class Zone(Strict):
    """A part of the network. The zone ``internet`` is every address that no other zone has."""

    id: Id
    name: Words | None = None
    council: Id | None = Field(None, description="The council it belongs to; absent: shared by all.")
    addresses: tuple[Network, ...] = ()
    trusted: bool = False
    internet: bool = False

    @model_validator(mode="after")
    def _has_addresses(self) -> Zone:
        if not self.addresses and not self.internet:
            raise ValueError("a zone needs addresses, or internet: true")
        return self


def _zones(named: str | tuple[str, ...]) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else named


class Firewall(Strict):
    """One device: its export, and the zones that it stands between or the asset whose own firewall it is."""

    id: Id
    kind: Words = Field("secscan-rules", alias="as")
    file: Words = Field(description="File name inside firewalls/ or its dated folders.")
    zones: tuple[Id, ...] = Field((), description="The zones whose traffic to each other passes this device.")
    interfaces: dict[Words, Annotated[Id | tuple[Id, ...], AfterValidator(_zones)]] = Field(
        default_factory=dict,
        description="An interface of the export, or a zone of the maker's -> the zone, or zones, behind it.",
    )
    host: Words | None = Field(
        None, description="The tag of the asset whose own firewall it is; such a firewall needs no zones."
    )
    default: Literal["deny", "permit"] | None = Field(
        None, description="What happens when no rule matches; absent: not known."
    )
    part: Words | None = Field(
        None, description="Which of several the export holds: a virtual system, or a device group of Panorama."
    )
    stateful: bool = True
    council: Id | None = Field(
        None, description="Whose it is; absent: the one council of its zones, else the shared provider."
    )
    encoding: Words | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)] | None = None
    dates: Literal["day-first", "month-first", "iso"] = "day-first"
    max_age_days: int | None = Field(None, ge=1)
    accept: Accepted = ()

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Firewall:
        if not self.zones and self.host is None:
            raise ValueError("a firewall needs zones, or the host whose own firewall it is")
        return self


class Vantage(Strict):
    """A box from which a scan is run."""

    id: Id
    zone: Id
    name: Words | None = None


class Policies(Strict):
    """Which baseline, and the council's own files beside it (relative to the workspace)."""

    baseline: Words = "baseline"
    overlays: tuple[Words, ...] = ()
    exceptions: Words | None = "policies/exceptions.yaml"
    mitigations: Words | None = "policies/mitigations.yaml"
    entitlements: Words | None = "policies/entitlements.csv"
    catalogue: tuple[Words, ...] = Field((), description="Lifecycle entries of the council's own, in the shipped form.")
    checks: tuple[Words, ...] = Field((), description="Folders with checks of the council's own.")


def _colour(text: str) -> str:
    found = text.lower()
    if not is_colour(found):
        raise ValueError(f"'{text}' is not a colour; write it as #1d70b8")
    if (ratio := contrast_to_white(found)) < ENOUGH:
        raise ValueError(
            f"'{text}' has a contrast of {in_words(ratio)} to white, and white text on it needs {ENOUGH} to 1; "
            f"{darkened(found)} is the nearest darker shade that has it"
        )
    return found


class Reports(Strict):
    title: Words = "Cyber security posture"
    marking: Words = "OFFICIAL-SENSITIVE"
    name: Words | None = Field(None, description="Whose report it is, in its head; absent: no name.")
    logo: Words | None = Field(None, description="A PNG picture in the workspace, at most 100 KB.")
    accent: Annotated[str, AfterValidator(_colour)] | None = Field(
        None,
        description="One colour of the council's own, as #1d70b8; it must stand out from white and carry white text.",
    )
    target_percent: int = Field(95, ge=1, le=100, description="The share of devices patched on time that is the aim.")


class Limits(Strict):
    """How old, how big, how much smaller."""

    source_max_age_days: int = Field(45, ge=1)
    max_fall_percent: int = Field(20, ge=1, le=100)
    coverage_floor_percent: int = Field(0, ge=0, le=100)
    file_mb: int = Field(200, ge=1)
    rows: int = Field(1_000_000, ge=1)
    columns: int = Field(200, ge=1)
    cell_kb: int = Field(32, ge=1)


class Weakly(Strict):
    """What may make a sighting and an asset one where no key of ``join`` tells; tried last, and told as less sure.

    Where both have one host name too, neither the day nor the range nor the type counts.
    """

    keys: tuple[Literal["mac", "ip"], ...] = Field(("mac", "ip"), description="Surest first; [] for none.")
    within_days: int = Field(
        7, ge=0, description="An address has not changed hands between two sightings that are no further apart."
    )
    changing: tuple[Network, ...] = Field(
        ("169.254.0.0/16", "172.17.0.0/16", "192.168.0.0/24", "192.168.1.0/24", "192.168.122.0/24", "fe80::/10"),
        description="Networks whose addresses tell nobody apart. Add the ranges that your DHCP gives to clients; the "
        "default is what home routers, container hosts and machines without a network have.",
    )
    roaming: tuple[Words, ...] = Field(
        ("laptop", "notebook", "tablet", "phone"),
        description="Types of device that change their address, or share a dock: joined by no such key.",
    )


class Shared(Strict):
    """A system that one organisation runs and others use: it is counted once, under the one that runs it."""

    of: Id = Field(description="Whose register it stands in.")
    asset: Words | None = Field(None, description="Its asset there.")
    service: Words | None = Field(None, description="Or: every asset there that this service depends on.")
    used_by: tuple[Id, ...] = Field(min_length=1, description="The councils that use it; their pages show it.")

    @model_validator(mode="after")
    def _is_named(self) -> Shared:
        if (self.asset is None) == (self.service is None):
            raise ValueError("a shared system is named by its asset or by its service: one of the two")
        return self


class Partnership(Strict):
    name: Words
    sample: bool = Field(False, description="Invented data: every page says so.")


class Settings(Strict):
    """The whole of secscan.yaml."""

    partnership: Partnership
    councils: tuple[Council, ...] = Field(min_length=1)
    zones: tuple[Zone, ...] = ()
    firewalls: tuple[Firewall, ...] = ()
    vantage_points: tuple[Vantage, ...] = ()
    policies: Policies = Policies()
    reports: Reports = Reports()
    limits: Limits = Limits()
    join: tuple[Literal["asset_tag", "serial", "fqdn", "mac", "hostname", "netbios"], ...] = Field(
        ("asset_tag", "serial", "fqdn"),
        min_length=1,
        description="By what two sources of one council mean the same asset, surest first.",
    )
    join_weakly: Weakly = Weakly()
    shared_systems: tuple[Shared, ...] = ()

    @model_validator(mode="after")
    def _references_hold(self) -> Settings:
        _once("council", [c.id for c in self.councils])
        _once("source", [s.id for c in self.councils for s in c.sources])
        zones = _once("zone", [z.id for z in self.zones])
        councils = {c.id for c in self.councils}
        for zone in self.zones:
            if zone.council is not None and zone.council not in councils:
                raise ValueError(f"zone '{zone.id}' names council '{zone.council}', which is not defined")
        for name in (name for shared in self.shared_systems for name in (shared.of, *shared.used_by)):
            if name not in councils:
                raise ValueError(f"a shared system names council '{name}', which is not defined")
        _once("firewall", [f.id for f in self.firewalls])
        for firewall in self.firewalls:
            if firewall.council is not None and firewall.council not in councils:
                raise ValueError(f"firewall '{firewall.id}' names council '{firewall.council}', which is not defined")
            for name in (*firewall.zones, *(zone for behind in firewall.interfaces.values() for zone in behind)):
                if name not in zones:
                    raise ValueError(f"firewall '{firewall.id}' names zone '{name}', which is not defined")
            if firewall.host is not None and firewall.council is None and len(councils) > 1:
                raise ValueError(f"firewall '{firewall.id}' has a host, and needs the council whose asset that is")
        vantages = _once("vantage point", [v.id for v in self.vantage_points])
        for vantage in self.vantage_points:
            if vantage.zone not in zones:
                raise ValueError(f"vantage point '{vantage.id}' names zone '{vantage.zone}', which is not defined")
        for source in (s for c in self.councils for s in c.sources):
            if source.vantage is not None and source.vantage not in vantages:
                raise ValueError(f"source '{source.id}' names vantage point '{source.vantage}', which is not defined")
            if source.kind == "table" and (source.table is None or not source.map):
                raise ValueError(f"source '{source.id}' is 'as: table' and needs 'table' and 'map'")
        return self

    def council(self, council: str) -> Council | None:
        return next((c for c in self.councils if c.id == council), None)


def _once(what: str, ids: list[str]) -> set[str]:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise ValueError(f"{what} '{name}' is defined twice")
        seen.add(name)
    return seen
