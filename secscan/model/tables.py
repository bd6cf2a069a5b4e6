"""The tables that checks judge, column by column (docs/tables.md says what a row and a null mean).

Each class is one table; its docstring is the row, each attribute a documented column. The engine hands a
check an instance: reading an attribute answers an expression and remembers that it was read, because the
columns a check reads are its evidence.
"""

from __future__ import annotations

import difflib
from typing import ClassVar, Final, Self, overload

from secscan.model.expr import Expr, ExprError, Kind, Ref

NO_DEVICES: Final = frozenset(("domain",))
"""Types of asset that are no devices: no table of devices judges them, though results of scanners are about them."""


class Column:
    """A documented column; on an instance it reads as an expression."""

    def __init__(self, kind: Kind, doc: str) -> None:
        self.kind, self.doc, self.name = kind, doc, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: TableSpec, owner: type) -> Expr: ...
    def __get__(self, row: TableSpec | None, owner: type) -> Self | Expr:
        if row is None:
            return self
        row.read[self.name] = self
        return Ref(self.kind, self.name)


def text(doc: str) -> Column:
    return Column("text", doc)


def number(doc: str) -> Column:
    """A whole number."""
    return Column("int", doc)


def day(doc: str) -> Column:
    return Column("date", doc)


def yes_no(doc: str) -> Column:
    return Column("bool", doc)


class TableSpec:
    """What every table has: the columns that scopes may name."""

    table: ClassVar[str]
    subject: ClassVar[tuple[str, ...]] = ()
    """The columns that, with control, council and asset, name a finding; empty: the asset alone."""
    own_due: ClassVar[str | None] = None
    """The column with the row's own deadline, for tables whose rows have one."""
    built_by: ClassVar[str] = ""
    fed_by: ClassVar[frozenset[str]] = frozenset()
    """The raw tables without which its rows cannot be believed: a source of one that falls silent passes nothing on."""
    nothing: ClassVar[str] = "record"
    """What an asset has none of when nothing is known of it here: 'no software list'."""
    of_devices: ClassVar[bool] = False
    """Its rows are all about devices; an asset of a type in ``NO_DEVICES`` is outside every control over it."""

    council = text("the council whose register the row comes from")
    asset = text("the council's own stable id of the asset; null where the row belongs to none")
    hostname = text("the asset's name, for people; never an identity")
    type = text("server, desktop, laptop, network, printer, ... as the register says")
    zone = text("the network zone, from the register or from the asset's addresses")
    service = text("the council service that depends on the asset, in plain words")
    owner = text("the role that answers for the asset")
    criticality = text("how much the council depends on it: critical, high, medium, low")

    def __init__(self) -> None:
        self.read: dict[str, Column] = {}

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """Every column by name, the shared ones first."""
        return {n: c for base in reversed(cls.__mro__) for n, c in vars(base).items() if isinstance(c, Column)}

    def __getattr__(self, name: str) -> Expr:
        near = difflib.get_close_matches(name, type(self).columns(), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ExprError(f"table '{self.table}' has no column '{name}'{hint}")


class Assets(TableSpec):
    """One asset in a council's register."""

    table = "assets"
    of_devices = True
    built_by = "inventory"
    fed_by = frozenset({"assets"})

    internet_facing = yes_no("the register says that the internet can reach it")
    last_seen_on = day("the newest day on which any source saw it")
    sources_seen = number("how many sources named it in this run")
    os_product = text("the operating system as recognised")
    os_cycle = text("its release line")
    os_build = text("its exact build as the source wrote it")
    auto_update = yes_no("automatic updates are on")
    restart_pending = yes_no("an update waits for a restart")
    protection_active = yes_no("malware protection runs")
    definitions_on = day("the day of its malware definitions")
    encrypted = yes_no("its disk is encrypted")
    registered = yes_no("it stands in a register of its council; null where no register was read")
    seen = yes_no(
        "some source other than a register named it, or says when it saw it; null where none that looks was read"
    )
    software_listed = yes_no("some source listed its software; null where no software source of its council was read")


class Sightings(TableSpec):
    """One asset that something other than a register names, or one address that answered and is no asset's."""

    table = "sightings"
    of_devices = True
    subject = ("sighting",)
    built_by = "inventory"
    fed_by = frozenset({"assets", "software", "services", "probes"})
    nothing = "sighting"

    sighting = text("the asset's id, or the address")
    address = text("its addresses")
    registered = yes_no("it stands in a register of the council; null where no register was read")
    seen_by = text("the sources that saw it, but for registers")
    seen_on = day("the newest day on which one of them did")
    ports = text("the ports that answered; null for an asset")
    maybe = text(
        "assets that it may be: they have the same address, and something speaks against it or both may be meant"
    )


class Installs(TableSpec):
    """One installed thing on an asset, its operating system among them; one all-null row for an asset of which none is known. Parts and unknown libraries have none."""

    table = "installs"
    of_devices = True
    subject = ("product_or_name",)
    built_by = "inventory, knowledge"
    fed_by = frozenset({"assets", "software"})
    nothing = "software list"

    product_or_name = text("the product as recognised, else the raw name: what the finding is about")
    name = text("the name as the source wrote it")
    version = text("the version as the source wrote it")
    publisher = text("the publisher as the source wrote it")
    recognised = yes_no("the catalogue knows the name")
    product = text("the catalogue's id of the product; null where the name is not recognised")
    cycle = text("the release line; null where it cannot be told")
    release = text("the product and its release line as a person says them")
    version_key = text("the version as text that sorts in the product's own order; null where no scheme reads it")
    support = text("dated, open-ended or ended-undated; null where nobody here knows")
    eol_on = day("the last day of the vendor's security support for everybody")
    extended_on = day("the last day of an extension that the vendor offers; on offer is not bought")
    entitled_until = day("the last day of the extended support that this council holds")
    minimum_version = text("the lowest version that policy accepts for the product; null where it names none")
    minimum_key = text("the same as a sortable key")
    last_used_on = day("the last day on which it was used")
    installed_on = day("the day it was installed")


class Fixes(TableSpec):
    """One install and its oldest security fix that is missing; ``missing`` false when it lacks none, null when that cannot be known."""

    table = "fixes"
    of_devices = True
    subject = ("product_or_name",)
    built_by = "inventory, knowledge"
    fed_by = frozenset({"assets", "fixes"})
    nothing = "patch source"

    product_or_name = text("the product, else the raw name")
    missing = yes_no("a fix exists and is not on the asset; null where nobody looked")
    fixed_in = text("the version or update that carries the fix")
    advisory = text("the vendor's name for the advisory")
    severity = text("the vendor's word in lower case, or unstated")
    cvss3 = number("CVSS v3 base score in tenths: 7.5 is 75")
    released_on = day("the day the vendor released the fix: day 0 of its window")
    exploited = yes_no(
        "one of the CVEs that its advisory names is in CISA's catalogue of known exploited ones; null where it names none, or "
        "the catalogue is not held, or too old to clear one"
    )


class Results(TableSpec):
    """One thing that another scanner found, in its own words; one row without a result for an asset on which none is reported."""

    table = "results"
    subject = ("about",)
    built_by = "inventory"
    fed_by = frozenset({"assets", "results"})
    nothing = "scanner's result"

    about = text("the issue; before it the device, where no list of the council has that: what the finding is about")
    issue = text("the CVE where the result names exactly one, else its title")
    reported = yes_no(
        "a scanner found something; false where one looked at the asset whole and no scanner reports anything; null where "
        "none did"
    )
    device = text("what the scanner calls the device")
    scanner = text("the source that says so: its id in secscan.yaml")
    tool = text("what kind of source that is: nessus, greenbone, trivy, ...")
    check_id = text("the scanner's own id of what it looked for")
    title = text("what it calls what it found")
    cves = text("the CVE ids that it names, separated by ;")
    severity = text("its own word for how bad that is, in lower case; scanners mean different things by one word")
    cvss3 = number("CVSS v3 base score in tenths, as the scanner gives it: 7.5 is 75")
    proto_port = text("the port at which it was found, for example tcp/445")
    product = text("what it was found in, as the scanner wrote it")
    version = text("the version that it found, as the scanner wrote it")
    fixed_in = text("the version or update that mends it, as the scanner says")
    exploited = yes_no("one of its CVEs is known to be exploited, by the same catalogue and on the same terms")
    open = yes_no("false where the scanner says that it is fixed; what it lists without a word is open")
    first_seen_on = day("the day on which the scanner found it first, as it says")
    last_seen_on = day("the last day on which the scanner found it, as it says")
    scanned_on = day("the day of the scanner's file")
    scanners = number(
        "how many scanners report one of its CVEs open on this asset, itself among them; null where it names none, or is fixed"
    )


class Services(TableSpec):
    """One listening port of an asset."""

    table = "services"
    of_devices = True
    subject = ("proto_port",)
    built_by = "inventory"
    fed_by = frozenset({"assets", "services", "probes"})
    nothing = "port list"

    proto_port = text("for example tcp/445")
    proto = text("tcp or udp")
    port = number("0 to 65535")
    protocol = text(
        "the application protocol in lower case, as nmap names it (telnet, microsoft-ds); null where not told"
    )
    product = text("what answers there, as the source wrote it")
    version = text("its version as the source wrote it")
    seen_by = text("the source that saw it")
    seen_on = day("the day it was seen")


class Paths(TableSpec):
    """One asset, one port, one zone that may try it, one direction: denied and undecided ones too."""

    table = "paths"
    of_devices = True
    subject = ("path",)
    built_by = "exposure"
    fed_by = frozenset({"assets", "rules"})
    nothing = "address"

    path = text("proto/port from zone, or to zone for the way out")
    proto_port = text("the port tried, or any")
    direction = text("in or out")
    from_zone = text("the zone that tries: the far end, whichever the direction")
    internet = yes_no("the far end is the internet")
    reach = yes_no("some packet gets through; null where the configuration cannot tell")
    partly = yes_no("only some addresses of the zone get through")
    observed = yes_no("a scan from that zone saw the port let through; null where nobody looked")
    observed_on = day("the day of that scan")
    rule = text("the rule that decides, as device and its id or line")
    supported = yes_no("every recognised install on the asset still has support; null where some are not known")
    unsupported_product = text("a product on the asset whose support is over; null where none is known")


class Claims(TableSpec):
    """One claimed mitigation."""

    table = "claims"
    subject = ("claim",)
    own_due = "lapses_on"
    built_by = "exposure"
    fed_by = frozenset({"assets", "rules"})
    nothing = "claim"

    claim = text("the claim's id")
    kind = text("isolation or control")
    state = text("proven, configured, claimed, disproven or cannot-tell")
    since = day("the day on which it got this state, as far as the record goes back")
    lapses_on = day("the day on which the proof stops counting")
    disagreement = yes_no("what the rules say and what packets did differ")


class Rules(TableSpec):
    """One rule of a firewall, and for each firewall what happens when none matches; a null row for an export or a line that was not read."""

    table = "rules"
    subject = ("device_rule",)
    built_by = "exposure"
    fed_by = frozenset({"rules"})
    nothing = "rule list"

    device_rule = text("the device and the rule, as a person finds it: core-fw TEMP-MIGRATION")
    device = text("the firewall's id in secscan.yaml")
    position = number("its place in the list, 0 first")
    name = text("the rule's own name or number")
    is_default = yes_no("it is what the device does when no rule matches")
    enabled = yes_no("it is switched on and has not expired")
    action = text(
        "permit or deny, or where a chain goes on (jump, goto, return, continue); of the default what really happens to a "
        "packet that no rule means; null where not known"
    )
    any_any = yes_no(
        "it lets every source reach every destination on every port, however that is written; null where it may"
    )
    covers_internet = yes_no("its source or its destination has every address of the internet; null where it may")
    shadowed = yes_no(
        "no packet gets to it that it would match: the rules before it take them all, or nothing asks its list, or it "
        "matches nothing; null where that may be, and for the default"
    )
    shadowed_by = text(
        "the rules that take all that it would match, each with its file and line, or why else nothing gets to it; "
        "where shadowed is null, what leaves it open"
    )
    covering = text("those rules as they stand in the export")
    rule_owner = text("the role that owns the rule")
    approver = text("the role that approved it")
    reason = text("why it is there")
    review_on = day("the day by which it is to be looked at again")
    expires_on = day("the last day it is meant to stand")
    hits = number("how often it matched, as the device counts")
    last_hit_on = day("the last day it matched")
    written = text("the rule as it stands in the export")
    exported_on = day("the day of the export")
    stale = yes_no("the export is older than its limit, or a newer one could not be read")
    not_understood = number("of the default: how many lines of the export nobody here understood")
    first_not_understood = text("of the default: the first of those lines, with its file and line")
    lists_unasked = number("of the default: how many lists of rules no interface and no other list asks")
    unasked = text("of the default: the names of those lists")


class Exceptions(TableSpec):
    """One accepted risk: a dated, owned and approved decision of the council."""

    table = "exceptions"
    subject = ("exception",)
    own_due = "until"
    built_by = "policy"
    nothing = "exception"

    exception = text("its id")
    control = text("the control whose finding is accepted")
    accepts = text("the subject it is about; null: every finding of the control on the asset")
    starts = day("the first day in force; null: since ever")
    until = day("the last day in force")
    risk_owner = text("the role that owns the risk")
    approver = text("the role that accepted it")
    reason = text("why it was accepted")
    renewed = number("how often it was renewed")


TABLES: dict[str, type[TableSpec]] = {
    t.table: t for t in (Assets, Sightings, Installs, Fixes, Results, Services, Paths, Rules, Claims, Exceptions)
}
