"""Greenbone (OpenVAS): XML reports, with and without the elements that are put around them, and CSV.

A row is a host of an XML report, or a result of a CSV. Results come with the scanner's own severity and, as a fact, its
quality of detection (QoD). The system, the ports and the applications of a host stand in its details. Owners, users of
logins and what logins were tried are never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from secscan.sources import looks, scanned, values
from secscan.sources.headed import Headed, fits, part_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.scanned import Scan, Walk, own
from secscan.sources.templates import open_table

_WRAPPERS: Final = frozenset(("get_reports_response", "get_report_response"))
_MARKS: Final = frozenset(("gmp", "omp", "scan_run_status", "report_format", "nvt"))
"""Elements that a report of Greenbone has and others of the name ``report`` have not."""
_PORT = re.compile(r"(?:\S+ \()?(\d{1,5})/(tcp|udp)\)?", re.ASCII)
_VECTOR_3 = re.compile(r"(?:^|\|)cvss_base_vector=CVSS:3")
_INSTALLED = re.compile(r"^[ \t]*(?:Installed version|File version)[ \t]*:[ \t]*(\S+)[ \t]*$", re.MULTILINE | re.ASCII)
_FIXED = re.compile(r"^[ \t]*Fixed version[ \t]*:[ \t]*(\S+)[ \t]*$", re.MULTILINE | re.ASCII)
_PACKAGE = re.compile(r"^[ \t]*Vulnerable package[ \t]*:[ \t]*(\S+)[ \t]*$", re.MULTILINE)
_CARRIES = re.compile(r"^The host carries the product: (cpe:\S+)$", re.MULTILINE)
_LOGINS = re.compile(r"Auth-[A-Za-z0-9]+-Success")

# -- XML


def _only(pattern: re.Pattern[str], text: str) -> str:
    """The one value that a result's text gives; "" where it gives several or none."""
    found = set(pattern.findall(text))
    return str(found.pop()) if len(found) == 1 else ""


def _numbered(pattern: re.Pattern[str], text: str) -> str:
    """The same, of versions: what has no digit (``None``, ``N/A``) is none."""
    found = _only(pattern, text)
    return found if any(map(str.isdigit, found)) else ""


def _product(text: str) -> str:
    return _only(_PACKAGE, text) or _only(_CARRIES, text)


def _version(text: str) -> str:
    carried = scanned.cpe(_only(_CARRIES, text))
    return _numbered(_INSTALLED, text) or (carried.version if carried else "")


@dataclass(slots=True)
class _Host:
    line: int
    start: str = ""
    end: str = ""
    name: str = ""
    details: dict[str, list[str]] = field(default_factory=dict)
    services: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    told: bool = False
    """Whether the report has an element of the host itself, not only results about it."""

    def one(self, *names: str) -> str:
        return next((texts[0] for name in names if (texts := self.details.get(name)) and texts[0]), "")


class _Report(Walk):
    wanted = frozenset(
        ("ip", "start", "end", "name", "value", "host", "hostname", "port", "severity", "threat", "cve", "tags", "description",
         "cvss_base", "score",
         "scan_run_status", "modification_time", "creation_time", "term", "filtered", "full", "scan_end", "count", "result_count")
    )  # fmt: skip

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.scan = Scan(job)
        self.hosts: dict[str, _Host] = {}
        """Of the report at hand, by what it calls them."""
        self.result: dict[str, str] | None = None
        self.host: _Host | None = None
        self.address = self.detail = self.kind = ""
        self.line = self.results = self.filtered = self.errors = 0
        self.status: set[str] = set()
        self.reports = self.bare = self.unended = self.open = 0
        self.seen_results: list[int] = []

    def begin(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        above = self.path[-2] if len(self.path) > 1 else ""
        if tag == "result" and above == "results":
            self.result, self.line = {"id": attributes.get("id", "")}, line
        elif self.result is not None:
            if tag == "nvt":
                self.result["oid"] = attributes.get("oid", "")
            elif tag == "severity":
                self.kind = attributes.get("type", "")
            elif tag == "ref" and attributes.get("type", "").casefold() in ("cve", "cve_id"):
                self.result["cve"] = f"{self.result.get('cve', '')} {attributes.get('id', '')}"
        elif tag == "host" and above == "report":
            self.host, self.address = _Host(line, told=True), ""
        elif tag == "detail" and above == "host":
            self.detail = ""

    def finish(self, tag: str, text: str, line: int) -> None:
        above = self.path[-2] if len(self.path) > 1 else ""
        if self.result is not None:
            self.inside(self.result, above, tag, text)
        elif self.host is not None:
            self.of_host(self.host, above, tag, text)
        else:
            match above, tag:
                case "report", "scan_run_status":
                    self.status.add(text)
                case "result_count", "filtered" if text.isascii() and text.isdigit() and len(text) < 10:
                    self.filtered += int(text) if self.path[-3:-2] == ["report"] else 0
                case "errors", "count" if text.isascii() and text.isdigit() and len(text) < 10:
                    self.errors += int(text)
                case _, "report":
                    self.settle()

    def inside(self, result: dict[str, str], above: str, tag: str, text: str) -> None:
        match above, tag:
            case "results", "result":
                self.take(result, self.line)
                self.result = None
            case (
                "result", "host" | "port" | "severity" | "threat" | "name" | "description" | "modification_time" | "creation_time",
            ) | ("host", "hostname"):  # fmt: skip
                result[tag] = text
            case "nvt", "name":
                result["title"] = text
            case "nvt", "tags" | "cvss_base":
                result[tag] = text
            case "nvt", "cve":
                result["cve"] = f"{result.get('cve', '')} {text}"
            case "qod", "value":
                result["qod"] = text
            case "severity", "score" if self.kind == "cvss_base_v3":
                result["cvss3"] = text

    def of_host(self, host: _Host, above: str, tag: str, text: str) -> None:
        match above, tag:
            case "report", "host":
                self.hosts[self.address] = self.merged(host, self.address)
                self.host = None
            case "host", "ip":
                self.address = text
            case "host", "start":
                host.start = text
            case "host", "end":
                host.end = text
            case "host", "hostname":
                host.name = text
            case "detail", "name":
                self.detail = text
            case "detail", "value":
                host.details.setdefault(self.detail, []).append(text)
            case "host", "detail" if _LOGINS.fullmatch(self.detail):
                host.details.setdefault(self.detail, []).append("")

    def merged(self, host: _Host, address: str) -> _Host:
        """With what results before it have said of it."""
        if (before := self.hosts.get(address)) is not None and not before.told:
            host.services, host.name = before.services, host.name or before.name
        return host

    def take(self, result: dict[str, str], line: int) -> None:
        self.results += 1
        device = result.get("host", "")
        host = self.hosts.setdefault(device, _Host(line))
        if not device:
            return  # nobody knows whose it is: its host is refused
        host.name = host.name or result.get("hostname", "")
        at = _PORT.fullmatch(result.get("port", ""))
        if at:
            host.services.setdefault((at[2], at[1]), (line, ""))
        last = scanned.day(result.get("modification_time") or result.get("creation_time", ""))
        oid, says = result.get("oid", ""), result.get("description", "")
        self.scan.add(
            "results", line, asset_tag=device, address=scanned.address(device), check=oid,
            hostname=scanned.computer(result.get("hostname", "")), product=_product(says),
            version=_version(says), fixed_in=_numbered(_FIXED, says),
            title=result.get("title") or result.get("name") or oid, cves=scanned.cves(f"{result.get('cve', '')} {oid}"),
            severity=result.get("threat", ""), cvss3=_cvss3(result), proto=at[2] if at else "",
            port=scanned.port(at[1]) if at else "",
            state="open", last_seen=last, facts={"QoD": result.get("qod", "")},
        )  # fmt: skip

    def settle(self) -> None:
        """The hosts of one report, told with what it has seen of them."""
        for address, host in self.hosts.items():
            name = scanned.computer(host.one("hostname") or host.name)
            os, build = _system(host)
            device = self.scan.host(
                host.line, address, ip=scanned.address(address) or address, hostname=name, fqdn=scanned.full_name(name),
                mac=host.one("MAC"),
                os=os, os_version=build, last_seen=scanned.day(host.end or host.start),
            )  # fmt: skip
            self.unended += host.told and not host.end
            self.bare += not any(_LOGINS.fullmatch(name) for name in host.details)
            if device is not None:
                self.inventory(device, host)
        self.hosts = {}

    def inventory(self, device: str, host: _Host) -> None:
        for proto, names in (("tcp", ("ports", "tcp_ports")), ("udp", ("udp_ports",))):
            for listed in (text for name in names for text in host.details.get(name, ())):
                for port in filter(str.isdigit, map(str.strip, listed.split(","))):
                    host.services.setdefault((proto, port), (host.line, ""))
        found = {text: named for text in dict.fromkeys(host.details.get("App", ())) if (named := scanned.cpe(text))}
        answers: dict[tuple[str, str], scanned.Cpe] = {}
        for text, named in found.items():
            self.scan.add("software", host.line, asset_tag=device, **scanned.application(named))
            for at in filter(None, map(_PORT.fullmatch, host.details.get(text, ()))):
                host.services.setdefault((at[2], at[1]), (host.line, ""))
                answers.setdefault((at[2], at[1]), named)
        for (proto, port), (line, _) in host.services.items():
            app = answers.get((proto, port))
            self.scan.add(
                "services", line, asset_tag=device, proto=proto, port=port, product=app.product if app else "",
                version=app.version if app else "",
            )  # fmt: skip


def _cvss3(result: Mapping[str, str]) -> str:
    """The base score where the report says that it is one of version 3."""
    if score := result.get("cvss3"):
        # Older reports give a whole number of tenths.
        return score if "." in score or not score.isascii() or not score.isdigit() else f"{int(score[:4]) / 10:.1f}"
    return result.get("cvss_base", "") if _VECTOR_3.search(result.get("tags", "")) else ""


def _system(host: _Host) -> tuple[str, str]:
    """The operating system and its version: in words where the report has them, else by its CPE."""
    if text := host.one("best_os_txt"):
        return text, ""
    named = scanned.cpe(host.one("best_os_cpe"))
    return (named.product.replace("_", " "), named.version) if named and named.part == "o" else ("", "")


def _xml(job: Job) -> Found:
    report = _Report(job)
    broken = report.through(job)
    if broken is not None:
        report.settle()
        report.scan.lacking.append(f"line {broken.place.line}: the file {broken.reason}")
    lacking, hosts = report.scan.lacking, report.scan.read
    if stopped := sorted(report.status - {"Done"}):
        lacking.append(f"the scan is {', '.join(map(scanned.shown, stopped))}, not done")
    if report.filtered > report.results:
        lacking.append(f"it holds {report.results:,} of {report.filtered:,} results; export with rows=-1")
    if report.errors:
        lacking.append(f"the scanner met {report.errors:,} errors")
    if report.unended:
        lacking.append(f"the scan of {report.unended:,} hosts did not end")
    if report.bare:
        lacking.append(scanned.bare(report.bare, hosts))
    if not hosts:
        lacking.append(scanned.NOBODY)
    return report.scan.found()


# -- CSV

_CSV: Final = Headed(
    what="a Greenbone CSV", needs=(("NVT OID",), ("NVT Name",), ("IP", "Hostname"), ("Severity",)),
    parts=(
        part_of(
            "results", required=("asset_tag", "title"), facts=("QoD",),
            columns={
                "asset_tag": (own("device"),), "address": ("IP",), "hostname": ("Hostname",), "check": ("NVT OID",),
                "title": ("NVT Name",),
                "cves": (own("cves"),), "severity": ("Severity",), "proto": ("Port Protocol",), "port": ("Port",),
                "last_seen": ("Timestamp",), "product": ("Specific Result",), "version": ("Specific Result",),
                "fixed_in": ("Specific Result",),
            },
            turns={
                "cves": scanned.cves, "proto": scanned.proto, "port": scanned.port, "address": scanned.address,
                "hostname": scanned.computer, "product": _product,
                "version": _version, "fixed_in": lambda text: _numbered(_FIXED, text),
            },
        ),
        part_of(
            "assets", once="device_id",
            columns={
                "device_id": (own("device"),), "ip": ("IP",), "hostname": ("Hostname",), "fqdn": (own("full"),),
                "last_seen": (own("seen"),), "os": (own("system"),),
            },
            turns={"fqdn": scanned.full_name, "hostname": scanned.computer},
        ),
    ),
    dates=None,
)  # fmt: skip


class Greenbone:
    """Reads both."""

    def read(self, job: Job) -> Found:
        match looks.like(job.data).kind:
            case "xml":
                sample = Sample(job.data, job.shown)
                if not is_report(sample):
                    raise job.refuse(
                        f"is {looks.like(job.data).words}, not a report of Greenbone",
                        "export the report as XML or as CSV results",
                    )
                if any(tag == "report" and told.get("type") == "delta" for tag, told in sample.elements):
                    raise job.refuse(
                        "is a delta report: it compares two scans and lists what is gone beside what is there",
                        "export the newer report itself",
                    )
                return _xml(job)
        table = open_table(job, _CSV.is_header)
        devices = [values.clean(text) for text in scanned.texts(table, "IP", "Hostname")]
        ids, oids = scanned.texts(table, "CVEs"), scanned.texts(table, "NVT OID")
        systems, seen_apps = _told(devices, oids, scanned.texts(table, "Specific Result"), table.lines)
        table = scanned.with_columns(
            table, device=devices, full=scanned.texts(table, "Hostname"),
            seen=scanned.newest(devices, scanned.texts(table, "Timestamp")),
            system=[systems.get(device, "") for device in devices],
            cves=[f"{cves} {oid}" for cves, oid in zip(ids, oids, strict=True)],
        )  # fmt: skip
        found = _CSV.of(table, job)
        beside = Scan(job)
        ports = zip(
            devices, scanned.texts(table, "Port"), scanned.texts(table, "Port Protocol"), table.lines, strict=True
        )
        for device, port, proto in (
            seen := {(d, p.strip(), x.strip()): line for d, p, x, line in reversed(list(ports))}
        ):
            if device and scanned.port(port) and scanned.proto(proto):
                beside.add("services", seen[device, port, proto], asset_tag=device, proto=proto.casefold(), port=port)
        for (device, app), line in seen_apps.items():
            if device:
                beside.add("software", line, asset_tag=device, **scanned.application(app))
        return scanned.joined(found, beside.found().tables)


_OS_TEST: Final = "1.3.6.1.4.1.25623.1.0.105937"
_CPE_TEST: Final = "1.3.6.1.4.1.25623.1.0.810002"
_BEST_OS = re.compile(r"^[ \t]*OS:[ \t]*(\S.*)$(?:\n[ \t]*Version:[ \t]*(\S+)[ \t]*$)?", re.MULTILINE)


def _told(
    devices: Sequence[str], oids: Sequence[str], texts: Sequence[str], lines: Sequence[int]
) -> tuple[Mapping[str, str], Mapping[tuple[str, scanned.Cpe], int]]:
    """What two of the results of a table say of their host: its system, and its applications with their lines."""
    systems: dict[str, str] = {}
    apps: dict[tuple[str, scanned.Cpe], int] = {}
    for device, oid, text, line in zip(devices, map(str.strip, oids), texts, lines, strict=True):
        if oid == _OS_TEST and (best := _BEST_OS.search(text)):
            name, version = best[1].strip(), best[2] or ""
            systems.setdefault(device, name if version in name else f"{name} {version}")
        elif oid == _CPE_TEST:
            for listed in text.splitlines():
                found = scanned.cpe(listed.rpartition("|")[2])
                if found is not None and found.part == "a":
                    apps.setdefault((device, found), line)
    return systems, apps


def is_report(sample: Sample) -> bool:
    """Whether an XML is a report of Greenbone's: told by elements that only it has, not by its root, which others have too."""
    if sample.root in _WRAPPERS:
        return True
    return sample.root == "report" and bool(_MARKS & {tag for tag, _ in sample.elements})


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind == "xml":
        return "certain: a report with the elements of GMP" if is_report(sample) else None
    return fits(_CSV, (("NVT OID",), ("Result ID", "Task ID")))(sample)


KINDS: Final = (
    Kind(
        name="greenbone",
        reader=Greenbone(),
        tables=scanned.TABLES,
        row="host of an XML report, result of a CSV",
        fits=_fits,
    ),
)
