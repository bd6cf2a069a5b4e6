"""Nessus, Tenable.sc and Tenable Vulnerability Management: the .nessus file (v2), and the CSVs of all three.

A row is a host of a .nessus file, or a result of a CSV. What a host has installed stands in the output of some plugins:
20811 and 178102 list programs of Windows, 22869 packages, 45590 applications by CPE, 11936 the operating system. A port
that a result is about is open. Accounts and the policy of the scan are never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from secscan.doors.csv import Table
from secscan.sources import looks, scanned, values
from secscan.sources.headed import Headed, Headings, Part, fits, part_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.scanned import Scan, Walk, own
from secscan.sources.tabular import folded
from secscan.sources.templates import open_table

_SEVERITIES: Final = {"0": "Info", "1": "Low", "2": "Medium", "3": "High", "4": "Critical"}
_INVENTORY: Final = frozenset(("11936", "20811", "22869", "45590", "178102"))
_INFORMATION: Final = "19506"
_PING: Final = "10180"
_SERVICE: Final = "22964"
_NOT_ENOUGH: Final = frozenset(("21745", "104410", "110385", "110723", "117885"))
"""Plugins by which Nessus says that it had no credentials, wrong ones or too few rights."""
_DEAD = re.compile(r"considered as dead")
_CREDENTIALED = re.compile(r"^\s*Credentialed checks\s*:\s*(yes|no)\b", re.IGNORECASE | re.MULTILINE)
_SYSTEM = re.compile(
    r"^\s*Remote operating system\s*:\s*(\S.*(?:\n(?!\s*(?:Confidence|Method|$))\s*\S.*)*)", re.MULTILINE
)
_ON = re.compile(r"Linux Kernel \S+ on (\S.*)", re.ASCII)
_TLS = re.compile(r"\b(?:TLS|SSL)v[\d.]+ server answered|through (?:TLS|SSL)", re.ASCII)

# -- what plugins write


@dataclass(slots=True)
class _Listed:
    """Programs of one host by name, as rows of software; ``lost``: why some of them may be missing."""

    programs: dict[tuple[str, str | None], dict[str, Any]] = field(default_factory=dict)
    lost: str | None = None

    def take(self, plugin: str, output: str) -> None:
        match plugin:
            case "20811":
                self._windows(output)
            case "178102":
                self._report(output)
            case "22869":
                self._packages(output)

    def add(self, name: str, version: str | None, kind: str, **more: str) -> None:
        known = self.programs.setdefault((name, version), {"name": name, "kind": kind})
        known |= {key: text for key, text in {"version": version, **more}.items() if text and not known.get(key)}

    def _windows(self, output: str) -> None:
        before, head, after = output.partition("The following software are installed on the remote host")
        if not head or "only a partial" in before:
            self.lost = "lists programs in part, or in a form that is not read"
        for line in map(str.strip, after.partition("The following updates are installed")[0].splitlines()[1:]):
            if found := _PROGRAM.fullmatch(line):
                self.add(found["name"], found["version"], "arp", install_date=found["on"] or "")

    def _report(self, output: str) -> None:
        """178102: the version that the program gives itself, else the one that Nessus holds for the best."""
        name, said, key = "", dict[str, str](), ""
        for line in [*output.splitlines(), " - "]:
            if found := _APPLICATION.fullmatch(line):
                if name:
                    version = said.get("DisplayVersion") or said.get("best") or None
                    same = next((k for k in self.programs if k[0] == name), (name, version))
                    self.add(*same, "arp", publisher=said.get("Publisher", ""))
                name, said, key = found[1].strip(), {}, ""
            elif found := _KEY.fullmatch(line):
                key = found[1]
            elif found := _RAW.fullmatch(line):
                said["best" if found[1].startswith("Best") else key] = found[2].strip()

    def _packages(self, output: str) -> None:
        head = _PACKAGES.search(output)
        if head is None or _OTHER_SYSTEM.search(head[1]):
            self.lost = _NOT_READ
            return
        for line in map(str.strip, output[head.end() :].splitlines()):
            if found := _DPKG.fullmatch(line):
                if found[1][1] not in "nc":
                    self.add(found[2].partition(":")[0], found[3], "dpkg")
            elif (found := _RPM.match(line)) and not line.startswith(("|", "+", "Desired")):
                epoch = found[4] if found[4] not in (None, "(none)", "0") else ""
                self.add(found[1], f"{epoch}:{found[2]}-{found[3]}".lstrip(":"), "rpm")
            elif line and not line.startswith(("|", "+", "Desired")):
                self.lost = _NOT_READ


_PROGRAM = re.compile(
    r"(?P<name>\S.*?)(?:\s+\[version (?P<version>[^\]]*)\])?(?:\s+\[installed on (?:(?P<on>\d{4}/\d\d/\d\d)|[^\]]*)\])?",
    re.ASCII,
)
_APPLICATION = re.compile(r" {1,4}- (.*)")
_KEY = re.compile(r"\s*\[([A-Za-z]+)\]\s*:\s*")
_RAW = re.compile(r"\s*(Raw Value|Best Confidence Version)\s*:\s*(.*)")
_PACKAGES = re.compile(r"Here is the list of packages installed on the remote (.*?)\s*:[ \t]*(?:\n|$)")
_OTHER_SYSTEM = re.compile(r"FreeBSD|Solaris|AIX|HP-UX|Mac ?OS|Gentoo|Slackware", re.IGNORECASE)
_NOT_READ: Final = "lists packages in a form that is not read"
_DPKG = re.compile(r"([uihrp][ncHUFWti])R?\s+([a-z0-9][a-z0-9+.:-]*)\s+(\S*\d\S*)(?:\s.*)?", re.ASCII)
_RPM = re.compile(r"([A-Za-z0-9_+.-]+)-([^-\s|]*\d[^-\s|]*)-([^-\s|]+?)(?:\|(\(none\)|\d+))?(?=\s|$)", re.ASCII)
_CPES = re.compile(r"^\s*((?:cpe:/|cpe:2\.3:)a\S*)", re.MULTILINE)


def _one(pattern: re.Pattern[str]) -> scanned.Turn:
    """The one value that an output gives; "" where it gives several or none."""

    def turn(output: str) -> str:
        found = {text.strip() for text in pattern.findall(output)}
        return found.pop() if len(found) == 1 else ""

    return turn


def _version(pattern: re.Pattern[str]) -> scanned.Turn:
    """The same, of versions: what has no digit ("This version is no longer supported.") is none."""
    one = _one(pattern)
    return lambda output: found if re.search(r"\d", found := one(output), re.ASCII) else ""


_installed = _version(re.compile(r"^\s*(?:Installed version|Remote package installed)\s*:[ \t]*(\S.*)$", re.MULTILINE))
_fixed = _version(re.compile(r"^\s*(?:Fixed version|Should be)\s*:[ \t]*(\S.*)$", re.MULTILINE))
_product = _one(re.compile(r"((?:cpe:/|cpe:2\.3:)\S+)"))


def _system(text: str) -> str:
    """The operating system; "" where the scanner is of two minds. A kernel alone is not the system it runs."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        return ""
    found = _ON.fullmatch(lines[0])
    return found[1] if found else lines[0]


def _identified(output: str) -> str:
    found = _SYSTEM.search(output)
    return _system(found[1]) if found else ""


@dataclass(slots=True)
class _Seen:
    """What the results of one host say of it: its ports, its programs, and whether somebody could look inside."""

    system: str = ""
    listed: _Listed = field(default_factory=_Listed)
    cpes: dict[scanned.Cpe, int] = field(default_factory=dict)
    ports: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Plugin -> where its output stands."""
    credentialed: bool | None = None
    dead: bool = False

    def port(self, proto: str, port: str, name: str, line: int) -> None:
        proto, port = scanned.proto(proto).casefold(), scanned.port(port)
        if proto and port:
            service = self.ports.setdefault((proto, port), {"line": line, "name": "", "tls": False})
            if name and not name.endswith("?") and name not in ("general", "unknown"):
                service["name"] = name

    def take(self, plugin: str, proto: str, port: str, output: str, line: int) -> None:
        if plugin in _NOT_ENOUGH:
            self.credentialed = False
        elif plugin == _INFORMATION and (said := _CREDENTIALED.search(output)):
            self.credentialed = said[1].casefold() == "yes" and self.credentialed is not False
        elif plugin == _PING and _DEAD.search(output):
            self.dead = True
        elif plugin == _SERVICE and (known := self.ports.get((proto.casefold(), port))) and _TLS.search(output):
            known["tls"] = True
        elif plugin == "11936":
            self.system = self.system or _identified(output)
        elif plugin == "45590":
            for text in _CPES.findall(output):
                if found := scanned.cpe(text):
                    self.cpes.setdefault(found, line)
        elif plugin in _INVENTORY:
            self.lines.setdefault(plugin, line)
            self.listed.take(plugin, output)

    def tell(self, scan: Scan, device: str) -> None:
        """The host's ports and programs. Applications seen by CPE only where no list tells what is installed."""
        for (proto, port), said in self.ports.items():
            name = scanned.SERVICES.get(said["name"], said["name"])
            scan.add(
                "services", said["line"], asset_tag=device, proto=proto, port=port,
                service=f"ssl/{name}" if name and said["tls"] else name,
            )  # fmt: skip
        line = min(self.lines.values(), default=0)
        for program in self.listed.programs.values():
            scan.add("software", line, asset_tag=device, **program)
        for found, at in () if self.listed.programs else self.cpes.items():
            scan.add("software", at, asset_tag=device, **scanned.application(found))


@dataclass(slots=True)
class _Inside:
    """How many hosts could not be looked into, and whose lists were not read whole."""

    silence: bool
    """Whether a host of which nothing is said counts too."""
    hosts: int = 0
    without: int = 0
    lost: set[str] = field(default_factory=set)

    def count(self, seen: _Seen) -> None:
        self.hosts += 1
        self.without += seen.credentialed is False or (self.silence and seen.credentialed is None)
        if seen.listed.lost:
            self.lost.add(seen.listed.lost)

    def lacking(self) -> list[str]:
        bare = [scanned.bare(self.without, self.hosts)] if self.without else []
        return [*bare, *(f"Nessus {why}" for why in sorted(self.lost))]


# -- the .nessus file


class _File(Walk):
    wanted = frozenset(
        ("tag", "plugin_output", "cve", "cpe", "cvss3_base_score", "risk_factor")
    )  # fmt: skip

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.scan = Scan(job)
        self.properties: dict[str, str] = {}
        self.host: tuple[str, int] | None = None
        self.items: list[tuple[int, dict[str, str]]] = []
        self.item: dict[str, str] | None = None
        self.line = 0
        self.inside = _Inside(silence=True)
        self.now = _Seen()
        self.unended = 0
        self.property: str | None = None

    def begin(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        match tag:
            case "ReportHost":
                self.host = attributes.get("name", ""), line
                self.properties, self.items, self.now = {}, [], _Seen()
            case "ReportItem" if self.host is not None:
                self.item, self.line = {name: attributes.get(name, "") for name in _ATTRIBUTES}, line
                self.now.port(self.item["protocol"], self.item["port"], self.item["svc_name"], line)
            case "tag":
                self.property = attributes.get("name")

    def finish(self, tag: str, text: str, line: int) -> None:
        match tag:
            case "tag" if self.property and self.host is not None:
                self.properties.setdefault(self.property, text)
            case "ReportItem" if self.item is not None:
                self.take(self.item, self.line)
                self.item = None
            case "ReportHost" if self.host is not None:
                self.end()
                self.host = None
            case _ if self.item is not None and tag in self.wanted:
                self.item[tag] = f"{self.item[tag]} {text}" if tag in self.item else text

    def take(self, item: dict[str, str], line: int) -> None:
        output = item.pop("plugin_output", "")
        self.now.take(item["pluginID"], item["protocol"], item["port"], output, line)
        item |= {"version": _installed(output), "fixed_in": _fixed(output)}
        self.items.append((line, item))

    def end(self) -> None:
        assert self.host is not None
        name, line = self.host
        now, told = self.now, self.properties
        if now.dead:
            self.scan.nobody()
            return
        if (said := told.get("Credentialed_Scan")) is not None:
            now.credentialed = said.casefold() == "true" and now.credentialed is not False
        ended = told.get("HOST_END_TIMESTAMP") or told.get("HOST_END", "")
        self.unended += not ended
        last = scanned.day(ended) or scanned.day(told.get("HOST_START_TIMESTAMP") or told.get("HOST_START", ""))
        address = told.get("host-ip", "") or scanned.address(name)
        device = self.scan.host(
            line, name or address, ip=address, last_seen=last,
            hostname=scanned.computer(told.get("netbios-name") or told.get("hostname", "")),
            fqdn=scanned.full_name(told.get("host-fqdn", "")),
            mac=next(iter(told.get("mac-address", "").split()), ""),
            os=_system(told.get("operating-system", "")) or ("" if told.get("operating-system") else now.system),
            type=scanned.device_type(told.get("system-type", "")),
        )  # fmt: skip
        if device is None:
            return
        self.inside.count(now)
        here = scanned.address(address)
        now.tell(self.scan, device)
        for at, item in self.items:
            self.scan.add(
                "results", at, asset_tag=device, address=here, hostname=scanned.computer(name),
                check=item["pluginID"], title=item["pluginName"] or f"plugin {item['pluginID']}",
                severity=_SEVERITIES.get(item["severity"], item["severity"]), cves=scanned.cves(item.get("cve", "")),
                cvss3=item.get("cvss3_base_score", ""), proto=scanned.proto(item["protocol"]).casefold(),
                port=scanned.port(item["port"]),
                product=_product(item.get("cpe", "")), version=item["version"], fixed_in=item["fixed_in"], state="open",
                last_seen=last,
            )  # fmt: skip


_ATTRIBUTES: Final = ("pluginID", "pluginName", "severity", "port", "protocol", "svc_name")


def _file(job: Job) -> Found:
    report = _File(job)
    broken = report.through(job)
    if broken is not None:
        if report.host is not None:
            report.scan.lose(report.host[1], "the host is cut off")
        report.scan.lacking.append(f"line {broken.place.line}: the file {broken.reason}")
    if report.unended:
        report.scan.lacking.append(f"the scan of {report.unended:,} hosts did not end")
    report.scan.lacking += report.inside.lacking() if report.scan.read else [scanned.NOBODY]
    return report.scan.found()


# -- the CSVs


def _results(**more: Headings) -> Part:
    """What each row found, in any of the three."""
    columns = {
        "asset_tag": (own("device"),), "address": (own("address"),), "proto": ("Protocol",), "port": ("Port",),
        "cvss3": ("CVSS v3.0 Base Score", "CVSS3 Base Score", "CVSS V3 Base Score", "CVSSv3", "definition.cvss3.base_score"),
        "version": (own("output"),), "fixed_in": (own("output"),), **more,
    }  # fmt: skip
    return part_of(
        "results", columns=columns, required=("asset_tag", "title"), words={"severity": _WORDS},
        turns={
            "cves": scanned.cves, "proto": scanned.proto, "port": scanned.port, "version": _installed, "fixed_in": _fixed,
            "hostname": scanned.computer, "product": _product, "first_seen": scanned.day_or_text, "last_seen": scanned.day_or_text,
            "state": lambda text: _STATES.get(text.casefold(), ""),
        },
    )  # fmt: skip


_WORDS: Final = {**_SEVERITIES, "none": "Info"}
_STATES: Final = {
    "active": "open", "new": "open", "resurfaced": "open", "reopened": "open", "open": "open", "fixed": "fixed",
}  # fmt: skip


def _hosts(**more: Headings) -> Part:
    columns = {
        "device_id": (own("device"),), "ip": (own("address"),), "os": (own("system"),), "last_seen": (own("seen"),), **more,
    }  # fmt: skip
    turns = {"hostname": scanned.computer, "fqdn": scanned.full_name, "type": scanned.device_type}
    return part_of("assets", once="device_id", columns=columns, turns=turns)


_NAMES: Final = ("NetBIOS Name", "NetBIOS", "NetBios")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One of the CSVs: how it is told and read, and the headings of what is put together."""

    table: Headed
    marks: Sequence[Headings]
    plugin: str
    device: Headings
    address: Headings
    output: Headings
    system: Headings
    seen: Headings


_FORMS: Final = (
    _Form(
        table=Headed(
            what="a Nessus CSV", needs=(("Plugin ID",), ("Host",), ("Name",), ("Risk", "Severity")),
            parts=(
                _results(
                    check=("Plugin ID",), title=("Name",), severity=("Risk", "Severity"), cves=("CVE",), hostname=("Host",),
                    product=("CPE",), state=("Vulnerability State",), first_seen=("First Found",),
                    last_seen=("Last Found", "Host End"),
                ),
                _hosts(hostname=_NAMES, fqdn=("FQDN", "DNS Name", "Host"), mac=("MAC Address",), type=("System Type",)),
            ),
            dates=None,
        ),
        marks=(("Plugin Output",), ("Synopsis",)), plugin="Plugin ID", device=("Asset UUID", "Host", "IP Address", "FQDN"),
        address=("IP Address", "Host IP", "Host"), output=("Plugin Output",), system=("OS", "Operating System"),
        seen=("Host End", "Last Found", "Host Start"),
    ),
    _Form(
        table=Headed(
            what="a Tenable.sc CSV", needs=(("Plugin",), ("Plugin Name",), ("IP Address", "DNS Name"), ("Severity",)),
            parts=(
                _results(
                    check=("Plugin",), title=("Plugin Name",), severity=("Severity",), cves=("CVE",),
                    hostname=("DNS Name", *_NAMES),
                    product=("CPE",), first_seen=("First Discovered",), last_seen=("Last Observed",),
                ),
                _hosts(hostname=_NAMES, fqdn=("DNS Name",), mac=("MAC Address",)),
            ),
            dates=None,
        ),
        marks=(("Repository", "Plugin Text"),), plugin="Plugin", device=("IP Address", "DNS Name", *_NAMES),
        address=("IP Address",),
        output=("Plugin Text", "Plugin Output"), system=("Operating System",), seen=("Last Observed",),
    ),
    _Form(
        table=Headed(
            what="a Tenable Vulnerability Management CSV",
            needs=(("definition.id",), ("definition.name",), ("asset.id", "asset.name", "asset.display_ipv4_address")),
            parts=(
                _results(
                    check=("definition.id",), title=("definition.name",), severity=("severity", "definition.severity"),
                    cves=("definition.cve",),
                    hostname=("asset.host_name", "asset.name"), product=("definition.cpe",), state=("state",),
                    first_seen=("first_observed", "first_found"), last_seen=("last_seen", "last_found"),
                ),
                _hosts(
                    hostname=("asset.host_name", "asset.netbios_name", "asset.name"), fqdn=("asset.display_fqdn", "asset.fqdn"),
                    mac=("asset.display_mac_address",), type=("asset.system_type",),
                ),
            ),
            dates=None,
        ),
        marks=(("definition.id",), ("definition.name",)), plugin="definition.id",
        device=("asset.id", "asset.name", "asset.display_ipv4_address"),
        address=("asset.display_ipv4_address", "asset.ipv4_addresses", "asset.display_ipv6_address"), output=("output",),
        system=("asset.operating_system",), seen=("last_seen", "last_found"),
    ),
)  # fmt: skip
_SUMMARY: Final = frozenset(("plugin", "plugin_name", "family", "severity", "total"))


class Nessus:
    """Reads all of them."""

    def read(self, job: Job) -> Found:
        match looks.like(job.data).kind:
            case "nessus":
                return _file(job)
            case "xml":  # version 1 of the file among others
                raise job.refuse(
                    f"is {looks.like(job.data).words}, not a Nessus report", "export it as .nessus (version 2) or CSV"
                )
        table = open_table(job, lambda cells: any(form.table.is_header(cells) for form in _FORMS))
        form = next((form for form in _FORMS if form.table.is_header(table.header)), None)
        if form is None:
            if {folded(cell) for cell in table.header} >= _SUMMARY:
                raise job.refuse(
                    "is a summary by plugin: it counts hosts and names none",
                    "export the vulnerability detail list",
                    table.header_line,
                )
            return _FORMS[0].table.of(table, job)  # which says what it lacks
        return _csv(form, table, job)


def _csv(form: _Form, table: Table, job: Job) -> Found:
    plugins, devices, outputs = (scanned.texts(table, *names) for names in ((form.plugin,), form.device, form.output))
    devices = [values.clean(device) for device in devices]
    seen: dict[str, _Seen] = {}
    protos, ports, names = (scanned.texts(table, name) for name in ("Protocol", "Port", "Service"))
    states = scanned.texts(table, "Vulnerability State", "state")
    for plugin, device, proto, port, name, output, state, line in zip(
        plugins, devices, protos, ports, names, outputs, states, table.lines, strict=True
    ):
        if not values.is_unknown(device):
            now = seen.setdefault(device, _Seen())
            if _STATES.get(state.strip().casefold()) == "fixed":
                continue  # what it was about may be gone with it
            now.port(proto.strip(), port.strip(), name.strip(), line)
            now.take(plugin.strip(), proto.strip(), port.strip(), output, line)
    systems = [_system(text) for text in scanned.texts(table, *form.system)]
    told: dict[str, str] = {}
    for device, system in zip(devices, systems, strict=True):
        told[device] = told.get(device) or system or (seen[device].system if device in seen else "")
    table = scanned.with_columns(
        table, device=devices, output=outputs, system=[told[device] for device in devices],
        address=[scanned.address(values.clean(text)) for text in scanned.texts(table, *form.address)],
        seen=scanned.newest(devices, scanned.texts(table, *form.seen)),
    )  # fmt: skip
    found = form.table.of(table, job)
    beside = Scan(replace(job, shown=table.shown))
    inside = _Inside(silence=False)
    for device, now in seen.items():
        now.tell(beside, device)
        inside.count(now)
    more = beside.found()
    return scanned.joined(found, more.tables, lacking=inside.lacking(), warnings=more.warnings)


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind == "nessus":
        return "certain: the root element is NessusClientData_v2"
    if sample.root == "NessusClientData":
        return "certain: a Nessus report of version 1"
    header = {folded(cell) for cell in sample.header}
    if header >= _SUMMARY and "ip_address" not in header:
        return "likely: a summary by plugin, as Tenable.sc exports it"
    return next((words for form in _FORMS if (words := fits(form.table, form.marks)(sample))), None)


KINDS: Final = (
    Kind(
        name="nessus", reader=Nessus(), tables=scanned.TABLES, row="host of a .nessus file, result of a CSV", fits=_fits
    ),
)
