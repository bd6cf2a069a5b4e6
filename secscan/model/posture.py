"""One run's result, whole: everything that a report, a list or an explanation shows.

It is written once a run as JSON (``doors.json``), its digest goes into the record, and every edition is cut from
it, so numbers agree wherever they are shown. It knows nothing of templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from secscan.model.places import Place
from secscan.model.words import ClaimState, FeedState, Severity, Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding as lists and pages show it (docs/tables.md has the words)."""

    fingerprint: str
    control: str
    check: str
    theme: str
    council: str
    asset: str | None
    hostname: str | None
    subject: str
    title: str
    fix: str
    outcome: str
    status: Status
    severity: Severity
    count: int
    first_seen: date
    due: date
    overdue: bool
    news: str
    """new, reopened, same, or carried: not seen in a run that did not see everything, so not closed."""
    evidence: dict[str, Any]
    evidence_places: dict[str, Place]
    sources: list[Place]
    exception: str | None = None
    mitigation: str | None = None
    mitigation_state: str | None = None
    stale: bool = False
    owner: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """A control as it stood, with its outcomes by council: {council: {passed, failed, unknown, stale}}."""

    id: str
    title: str
    text: str
    check: str
    theme: str
    severity: Severity
    due_days: int
    mitigated_by: str
    params: dict[str, Any]
    scope: dict[str, Any]
    references: list[str]
    disabled: str | None
    councils: list[str]
    place: Place
    outcomes: dict[str, dict[str, int]]
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who can reach an asset on one port: one row of Paths that matters to a person."""

    zone: str
    port: str
    direction: str
    reach: bool | None
    partly: bool
    rule: str | None
    place: Place | None
    observed: bool | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyRow:
    """One unsupported product on one asset: a row of the legacy register."""

    fingerprint: str | None
    council: str
    asset: str
    hostname: str | None
    service: str | None
    owner: str | None
    zone: str | None
    product: str
    """The product's id in the catalogue."""
    label: str
    version: str | None
    eol_on: date | None
    extended_on: date | None
    entitled_until: date | None
    protection: str
    """proven, configured, claimed, disproven, cannot-tell, or none."""
    mitigations: list[str]
    routes_open: int
    """Zone and port pairs that get through from untrusted zones, both directions."""
    routes_unknown: int
    routes: list[Route]
    status: Status | None
    due: date | None
    exception: str | None
    exception_until: date | None
    support_place: Place | None
    source_place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One packet that shows an answer, as it is sent."""

    src: str
    dst: str
    proto: str
    sport: int
    dport: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow:
    """A zone of secscan.yaml."""

    id: str
    name: str
    council: str | None
    """None: shared by all."""
    trusted: bool
    internet: bool
    networks: list[str]
    """As secscan.yaml lists them; none for an internet that is everything else."""
    firewalls: list[str]
    """Those that stand on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """What the rules let through from one whole zone to another, for the services that one line answers alike."""

    from_zone: str
    to_zone: str
    ip: int
    """4 or 6."""
    services: list[str]
    verdict: Verdict
    """permitted: every address to every address; partly: some to some."""
    sources: int = 0
    """Addresses of the one zone that reach some address of the other."""
    of_sources: int = 0
    targets: int = 0
    """Addresses that some address of the one zone reaches."""
    of_targets: int = 0
    from_networks: list[str] = field(default_factory=list)
    """For ``partly``: the first networks that get through, five at most; and the first that they get through to."""
    to_networks: list[str] = field(default_factory=list)
    device: str | None = None
    rule: str | None = None
    """The rule behind it: of several that let through, the one that does to most addresses."""
    place: Place | None = None
    text: str | None = None
    rules: int = 0
    """How many rules let something through."""
    reason: str | None = None
    packet: Packet | None = None
    """One that fares so, for the first of the services."""
    stale: bool = False
    controls: list[str] = field(default_factory=list)
    """The controls that forbid what gets through."""
    claims: list[str] = field(default_factory=list)
    """The claims that say it is shut to some device there, to which it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMatrix:
    """Zone to zone by service."""

    services: list[str]
    """``any`` first: at least one port gets through."""
    zones: list[ZoneRow]
    pairs: list[PairRow]
    left_out: list[str]
    """What had no room, in words."""
    controls: list[str]
    """The controls that it was held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWay:
    """One way that a claim says is shut: what the rules say of it, and what the last scans saw."""

    zone: str
    port: str
    direction: str
    reach: bool | None
    partly: bool
    rule: str | None
    place: Place | None
    reason: str | None
    vantage: str | None
    seen_on: date | None
    seen: bool | None
    """It was let through; None: nobody looked, or the scan could not tell."""
    seen_as: str | None
    lapsed: bool = False
    """That scan is older than the claim's limit, and proves nothing today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSpell:
    """How long a claim stood in one state, run after run."""

    state: ClaimState
    first_on: date
    """The day of the first run that found it so."""
    last_on: date
    """The day of the last one."""
    runs: int
    why: str | None
    """What the first of them found; None: it was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One claimed mitigation and the state of its proof."""

    id: str
    council: str
    asset: str
    hostname: str | None
    product: str | None
    kind: str
    text: str
    claimed_by: str
    blocked_from: list[str]
    ports: list[str]
    state: ClaimState
    reason: str
    since: date | None
    lapses_on: date | None
    rule: str | None
    rule_place: Place | None
    observed_vantage: str | None
    observed_on: date | None
    observed_state: str | None
    place: Place
    changed: list[str] = field(default_factory=list)
    """What has changed since a scan proved it: why its proof lapsed."""
    control: str | None = None
    """The control that it rests on, where it does."""
    proof_days: int | None = None
    """How long a scan counts."""
    both_directions: bool = False
    rule_text: str | None = None
    """The deciding rule in its own words."""
    rule_objects: list[str] = field(default_factory=list)
    """The objects and groups that it was expanded from, outermost first."""
    decided: str | None = None
    """The way that decides."""
    packet: Packet | None = None
    """One that fares as the deciding rule says."""
    ways: list[ClaimWay] = field(default_factory=list)
    spells: list[ClaimSpell] = field(default_factory=list)
    """Its states by run, oldest first; a stretch without a spell: it was not claimed then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRow:
    """One missing fix across the estate."""

    product: str
    advisory: str | None
    severity: str | None
    released_on: date | None
    days_since: int | None
    missing: dict[str, int]
    """council -> assets that lack it"""
    overdue: bool
    exploited: bool | None = None
    """Known to be exploited; None: no source says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRow:
    id: str
    control: str
    council: str
    asset: str
    subject: str | None
    until: date
    owner: str
    approver: str
    reason: str
    renewed: int
    state: str
    """in-force, overdue (past its date), unused (matches nothing) or not-yet."""
    findings: list[str]
    """Those that it accepts; for one past its date, those that it accepted and that count again."""
    place: Place
    starts: date | None = None
    """The first day in force; None: policy names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """One file that the run read, or should have read."""

    council: str
    source: str
    kind: str
    file: str | None
    sha256: str | None
    dated_on: date | None
    age_days: int | None
    rows_read: int
    rows_loaded: int
    rows_refused: int
    rows_blank: int
    state: str
    """whole, refused-rows, incomplete, held, missing, unreadable or silent."""
    says: str | None
    refused: list[dict[str, Any]]
    """The first 20 as {line, column, reason}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """What one source saw of one council: how much, how fresh, and what nobody else saw."""

    council: str
    source: str
    kind: str
    dated_on: date | None
    """The day of its newest file; None: no file came."""
    assets: int
    """Assets of the council that it names."""
    of_assets: int
    """Every asset of the council."""
    fresh: int
    """Of those it names: seen by it within the policy's age."""
    only_here: int
    """Of those it names: named by no other source."""
    installs: int
    """Installed programs that it lists."""
    recognised: int
    """Of those: with a name that the catalogue knows."""
    counts_as: str = ""
    """register, agent or network; "": an older run did not say."""
    in_register: int | None = None
    """Of those it names: in a register of the council; None: no register was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateRow:
    """How much of one council's estate is on record, and how much of that was seen: what every other figure rests on."""

    council: str
    registers: list[str]
    """The sources that count as registers, read or not."""
    register: int | None
    """Assets in a register; None: no register was read."""
    seen_lately: int | None
    """Of those: seen within the policy's age. None: nothing that looks was read, here and in the next two."""
    seen_before: int | None
    """Of those: seen longer ago, or nobody says when."""
    never: int | None
    """Of those: never seen."""
    sighted: int
    """Assets and addresses that something other than a register saw."""
    unregistered: int | None
    """Of those: in no register. None: no register was read."""
    addresses: int
    """Addresses that answered and are no asset's."""
    installs: int
    recognised: int
    names: int
    """Distinct names of installed programs."""
    names_recognised: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Something that was seen and stands in no register."""

    council: str
    asset: str | None
    """None: an address that is no asset's."""
    address: str | None
    hostname: str | None
    type: str | None
    seen_by: str | None
    seen_on: date | None
    ports: str | None
    maybe: str | None
    """Assets that it may be."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRow:
    """A system that one organisation runs and others use: counted once, where it stands."""

    council: str
    """Whose register it stands in."""
    asset: str
    hostname: str | None
    service: str | None
    used_by: list[str]
    open: int
    """Findings of it that are open."""
    unknown: int
    also: list[str]
    """Assets of those who use it that have its serial number or full name: counted a second time."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSeen:
    """An asset that stands in a register and that nothing has seen."""

    council: str
    asset: str
    hostname: str | None
    type: str | None
    service: str | None
    owner: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one source says of one fact."""

    source: str
    value: str
    dated_on: date | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two sources say different things of one asset; what is used comes first."""

    council: str
    asset: str
    hostname: str | None
    fact: str
    """The column of the register that they disagree about."""
    said: list[Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One feed of public knowledge as this run found it."""

    feed: str
    label: str
    state: FeedState
    dated_on: date | None
    """The document's own day; None: none is held."""
    fetched_on: date | None
    age_days: int | None
    entries: int | None
    sha256: str | None
    source: str
    """Where it is published."""
    origin: str | None
    """The file that it was imported from."""
    licence: str
    notice: str
    required: bool
    changed: bool = False
    """Whether the run before used another document, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateDispute:
    """One release line of which the catalogue and a feed say different things; the newer statement is used."""

    product: str
    label: str
    cycle: str
    catalogue: str
    """What the catalogue says, in words."""
    catalogue_on: date
    feed: str
    """What the feed says."""
    feed_on: date
    used: Literal["catalogue", "feed"]
    places: list[Place]
    """Where each says so: the catalogue first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRow:
    """One asset that several sources name by different ids, and by what it was told that they mean the same."""

    council: str
    asset: str
    also: list[str]
    """The ids that other sources give it."""
    key: str
    """The least sure of the keys: serial, fqdn, mac, hostname, netbios or ip."""
    places: list[Place]
    sure: bool = True
    """It is a key of ``join``; else one of ``join_weakly``, which proves less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportEnd:
    """Support that ends ahead, or has ended within the last year: one product and release line of one council."""

    council: str
    product: str
    label: str
    """The product and its release line as a person says them."""
    what: str
    """support, extension or entitlement: which of the three ends."""
    on: date
    assets: int
    installs: int
    services: list[str]
    """The council's services that depend on them."""
    place: Place | None
    """Where the day stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportKnown:
    """What is known of when support ends for one council's installed programs; the parts add up to ``installs``."""

    council: str
    installs: int
    ended: int
    """No support that this council holds reaches the as-at day."""
    ahead: int
    """It ends within the horizon (``model.horizon``)."""
    later: int
    """It ends after that."""
    open_ended: int
    """The vendor supports it and has named no end."""
    undated: int
    """The product is recognised, and nobody here knows when its support ends."""
    unrecognised: int
    """Nobody here knows what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesKnown:
    """How many names of software were recognised, by row of a list and by distinct name."""

    council: str | None
    """None: all councils together, where a name that several have counts once."""
    installs: int
    """Rows whose support is judged."""
    recognised: int
    support_known: int
    names: int
    names_recognised: int
    """Names of which every spelling, version and publisher is recognised."""
    parts: int
    """Rows of things without a support life of their own, which are not judged."""
    components: int
    """Rows of bills of materials."""
    components_recognised: int
    """Of those: products that the catalogue knows, which are among ``installs``; the others are judged by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Devices that policy leaves out of a control, and why."""

    council: str
    control: str
    theme: str
    what: str
    """The part of the scope that leaves them out, in words, or that the control is switched off."""
    reason: str | None
    assets: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Whose report it is."""

    name: str | None = None
    accent: str | None = None
    """#rrggbb, with a contrast of 4.5 to 1 to white."""
    logo_png: str | None = None
    """The picture in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilRow:
    """One organisation. The figures carry their own denominators; percent is for templates."""

    id: str
    name: str
    role: str
    assets: int
    installs: int
    coverage: float
    """Known outcomes over all outcomes, 0 to 1; 0 where there was nothing to judge."""
    seen_fresh: int
    """Assets that some source saw within the policy's age."""
    listed: int
    """Assets with a software list."""
    recognised: int
    """Installs whose name the catalogue knows."""
    patched_in_time: int
    patched_late: int
    patched_unknown: int
    patched_excluded: int = 0
    """Devices that policy leaves out of the patching controls; Posture.excluded says why."""
    unsupported: int
    unsupported_unprotected: int
    """Of those: no mitigation that is proven or configured."""
    claims: int
    claims_proven: int
    claims_configured: int
    claims_disproven: int
    exceptions: int
    exceptions_overdue: int
    open: int
    mitigated: int
    accepted: int
    unknown: int
    opened: int
    closed: int
    reopened: int
    stale: bool
    """A source of its register or software fell silent, is missing or is held."""
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerRow:
    """Another scanner's files of one run, and what they say of one council. Its results are its own words, never findings."""

    council: str
    source: str
    kind: str
    files: list[str]
    dated_on: date | None
    """The day of its newest file; None: no file came."""
    age_days: int | None
    state: str
    """As ``InputRow.state``, of its worst file."""
    stale: bool
    """Its results are too old to rely on."""
    looked: int
    """Devices of the council that it looked at, or found something on."""
    only_here: int
    """Of those: in no other list of the council."""
    of_assets: int
    devices: int
    """Of those: with a result that is open."""
    results: int
    fixed: int
    """Of the results: those that it says are fixed."""
    unlisted: int
    """Of the results: on devices that no list of the council has."""
    cves: int
    """Different CVEs that its open results name."""
    severities: dict[str, int]
    """Its own word -> open results; "" stands for no word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerIssue:
    """One thing that other scanners report open in one council: a CVE, or a title where a result names several or none."""

    council: str
    issue: str
    title: str
    cves: list[str]
    says: list[str]
    """Each scanner with its own word, as ``source: word``."""
    assets: int
    """Devices of the council's lists on which it is reported."""
    unlisted: int
    """Results on devices that no list has."""
    results: int
    cvss3: int | None
    """The highest score that is given, in tenths."""
    exploited_since: date | None
    """The first day on which one of its CVEs came into the catalogue of known exploited ones; None: none is in it."""
    ransomware: bool
    """One of them is known to be used for ransom."""
    likelihood: float | None
    """The highest likelihood that is given for one of its CVEs, 0 to 1: that it is exploited within 30 days."""
    products: list[str]
    fixed_in: list[str]
    first_seen: date | None
    last_seen: date
    """The newest day on which a scanner found it, or of a file that says so."""
    devices: list[str]
    """The first few by name."""
    places: list[Place]
    """The first few rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerAgreement:
    """Of the pairs of a device and a CVE that scanners report open in one council: those that just these report."""

    council: str
    sources: list[str]
    pairs: int
    others_looked: int
    """Of those: on devices at which another scanner looked too, and does not report it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCve:
    """One CVE that several scanners report open on the same device, side by side."""

    council: str
    cve: str
    assets: int
    """Devices on which at least two of them report it."""
    says: list[str]
    """Each scanner with its own words, as ``source: word``."""
    devices: dict[str, int]
    """Scanner -> devices on which it reports it."""
    places: list[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceResults:
    """What other scanners report open on one device of the legacy register: the gravest by score, and how many there are."""

    council: str
    asset: str
    total: int
    rows: list[DeviceResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceResult:
    """One result of another scanner, in its words."""

    scanner: str
    issue: str
    title: str
    severity: str | None
    cvss3: int | None
    proto_port: str | None
    product: str | None
    fixed_in: str | None
    last_seen: date
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One council's figure in one run. ``mark`` says why a step is not progress (silent, rules changed); None: like for like."""

    on: date
    run_id: str
    council: str
    numerator: int
    denominator: int
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to a finding since the run before."""

    what: str
    """opened, closed or reopened"""
    fingerprint: str
    control: str
    council: str
    asset: str | None
    title: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """One run, whole."""

    schema: str = "secscan.posture/1"
    tool_version: str
    run_id: str
    as_of: date
    previous_as_of: date | None
    partnership: str
    title: str
    marking: str
    sample: bool
    complete: bool
    warnings: list[str]
    target_percent: int
    policy_name: str
    policy_version: str
    policy_digest: str
    previous_digest: str | None
    """The digest of the run before, as the record holds it."""
    catalogue_products: int
    catalogue_checked_on: date | None
    """The oldest day on which an entry was last checked."""
    councils: list[CouncilRow]
    findings: list[FindingRow]
    controls: list[ControlRow]
    loosened: list[dict[str, Any]]
    legacy: list[LegacyRow]
    claims: list[ClaimRow]
    fixes: list[FixRow]
    exceptions: list[ExceptionRow]
    inputs: list[InputRow]
    gaps: list[dict[str, Any]]
    """{council, source, why, says, stale}"""
    changes: list[Change]
    unrecognised: list[dict[str, Any]]
    """The most frequent raw names that nothing recognises: {name, publisher, kind, installs, assets, versions, councils, near, matchable},
    ``councils`` a list of {council, installs, assets, versions}."""
    trends: dict[str, list[Point]] = field(default_factory=dict)
    """measure (``findings.measures.MEASURES`` and ``history.repairs``) -> points, oldest first; older records lack some."""
    coverage: list[CoverageRow] = field(default_factory=list)
    estate: list[EstateRow] = field(default_factory=list)
    """Empty: an older run kept none."""
    strangers: list[Stranger] = field(default_factory=list)
    never_seen: list[NeverSeen] = field(default_factory=list)
    shared: list[SharedRow] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    joins: list[JoinRow] = field(default_factory=list)
    feeds: list[FeedRow] = field(default_factory=list)
    date_disputes: list[DateDispute] = field(default_factory=list)
    support_ends: list[SupportEnd] = field(default_factory=list)
    support_known: list[SupportKnown] = field(default_factory=list)
    names_known: list[NamesKnown] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    brand: Brand = field(default_factory=Brand)
    checks: list[dict[str, Any]] = field(default_factory=list)
    """{id, title, sha256, file, package} of each check that ran; package: the one that brought it and its version, or None."""
    matrix: ZoneMatrix | None = None
    """None: the run kept none, as older ones did not."""
    scanners: list[ScannerRow] = field(default_factory=list)
    scanner_issues: list[ScannerIssue] = field(default_factory=list)
    """Most devices first."""
    scanner_agreement: list[ScannerAgreement] = field(default_factory=list)
    shared_cves: list[SharedCve] = field(default_factory=list)
    device_results: list[DeviceResults] = field(default_factory=list)
