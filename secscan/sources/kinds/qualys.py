"""Qualys: scan reports and VMDR's lists of vulnerabilities (CSV), asset data reports (XML), asset searches (CSV, XML).

A row is a result of a CSV, or a host of the XML and of an asset search. Severity is Qualys's own number, 1 to 5; what sort of result it is
(vulnerability, possible one, information) is kept as a fact under Qualys's heading. Tags, tickets and owners are never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from secscan.sources import looks, scanned, values
from secscan.sources.headed import Headed, Headings, fits, part_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.scanned import Scan, Walk, own
from secscan.sources.templates import open_table

_STATES: Final = {"active": "open", "new": "open", "re-opened": "open", "reopened": "open", "fixed": "fixed"}
_OTHER_ROOTS: Final = {
    "HOST_LIST_VM_DETECTION_OUTPUT": "the host detection list of the API, which has no titles",
    "HOST_LIST_OUTPUT": "the host list of the API", "SCAN": "a raw scan result", "SCAN_REPORT": "a scan report of an older form",
}  # fmt: skip
_ROOTS: Final = frozenset(("ASSET_DATA_REPORT", "ASSET_SEARCH_REPORT"))
_SIGN_IN = re.compile(r"Authentication Failed", re.IGNORECASE)
_HINT: Final = (
    "make a scan report from the template and save it as CSV, or as XML with the root element ASSET_DATA_REPORT"
)

# -- CSV

_DEVICE: Final = (
    "Asset ID",
    "Host ID",
    "QG Host ID",
    "IP",
    "Asset IPV4",
    "IP Address",
    "Host IP",
    "DNS",
    "Asset Name",
    "NetBIOS",
    "Asset IPV6",
)
_ADDRESS: Final = ("IP", "Asset IPV4", "IP Address", "Host IP", "Asset IPV6")
_NAME: Final = ("FQDN", "DNS", "DNS Hostname", "Asset Name", "Hostname")
_SHORT: Final = ("NetBIOS", "NetBIOS Hostname")
_TITLE: Final = ("Title", "Vulnerability", "Vuln Title")
_OS: Final = ("OS", "Operating System")
_LAST: Final = ("Last Detected", "Last Found", "Last Seen", "Last Scan", "Last Scan Date")


def _said(text: str) -> str:
    """A cell without the apostrophe that lists of VMDR put before what is empty."""
    return "" if text == "'-" else text


def _day(text: str) -> str:
    return scanned.day_or_text(_said(text).partition(" at ")[0])


_CSV: Final = Headed(
    what="a list of results from Qualys",
    needs=(("QID",), _TITLE, ("Severity",), ("IP", "Asset IPV4", "IP Address", "Asset Name", "DNS")),
    parts=(
        part_of(
            "results", required=("asset_tag", "title"), facts=("Type", "Type Detected"),
            columns={
                "asset_tag": (own("device"),), "address": (own("address"),), "hostname": (own("name"),), "check": ("QID",),
                "title": _TITLE,
                "cves": ("CVE ID", "CVE", "CVEs", "CVEID"), "severity": ("Severity",),
                "cvss3": ("CVSS3 Base", "CVSS3.1 Base", "CVSSv3.1 Base (nvd)", "CVSSv3 Base (nvd)"),
                "proto": ("Protocol",), "port": ("Port",), "state": ("Vuln Status", "Status"),
                "first_seen": ("First Detected", "First Found"), "last_seen": _LAST,
            },
            turns={
                "cves": scanned.cves, "proto": scanned.proto, "port": lambda text: scanned.port(_said(text)),
                "cvss3": lambda text: scanned.score(_said(text)),
                "state": lambda text: _STATES.get(text.casefold(), ""), "first_seen": _day, "last_seen": _day,
            },
        ),
        part_of(
            "assets", once="device_id",
            columns={
                "device_id": (own("device"),), "ip": (own("address"),), "hostname": (own("short"),), "fqdn": (own("name"),),
                "os": (own("os"),), "last_seen": (own("seen"),),
            },
            turns={"fqdn": scanned.full_name, "last_seen": _day},
        ),
    ),
    dates=None,
)  # fmt: skip


_SEARCH: Final = Headed(
    what="Qualys's list of hosts", needs=(("IP", "Host IP"), ("Tracking Method",), _OS),
    parts=(replace(_CSV.parts[1], once=None),), dates=None,
)  # fmt: skip
_COMPLIANCE: Final = "control_id"


def _is_search(headings: frozenset[str]) -> bool:
    return _SEARCH.heads(headings) and "qid" not in headings


def _csv(job: Job) -> Found:
    """Qualys writes the month first, unless the source says otherwise."""
    if "dates" not in job.source.model_fields_set:
        job = replace(job, source=job.source.model_copy(update={"dates": "month-first"}))
    table = open_table(job, lambda cells: _CSV.is_header(cells) or _is_search(_CSV.headings(cells)))
    search = _is_search(headings := _CSV.headings(table.header))
    if search and _COMPLIANCE in headings:
        raise job.refuse(
            "is a report of policy compliance: it says which settings are wrong, not what is installed",
            _HINT, table.header_line,
        )  # fmt: skip

    def say(*names: str) -> list[str]:
        return [_said(values.clean(text)) for text in scanned.texts(table, *names)]

    devices, seen = say(*_DEVICE), say(*_LAST)
    systems: dict[str, str] = {}
    last: dict[str, tuple[str, str]] = {}
    for device, system, text in zip(devices, say(*_OS), seen, strict=True):
        systems[device] = systems.get(device) or _system(system)
        day = scanned.day(text) or values.day(text, job.source.dates)
        last[device] = max(last.get(device, ("", "")), ("" if isinstance(day, values.Bad) else str(day), text))
    names = say(*_NAME)
    table = scanned.with_columns(
        table, device=devices, address=[scanned.address(text) for text in say(*_ADDRESS)], name=names,
        short=[scanned.computer(a) or ("" if "." in b else scanned.computer(b)) for a, b in zip(say(*_SHORT), names, strict=True)],
        os=[systems[device] for device in devices], seen=[last[device][1] for device in devices],
    )  # fmt: skip
    if search:
        return _SEARCH.of(table, job)
    found = _CSV.of(table, job)
    beside = Scan(job)
    told: dict[tuple[str, str, str], int] = {}
    for device, port, proto, state, line in zip(
        devices, say("Port"), say("Protocol"), say("Vuln Status", "Status"), table.lines, strict=True
    ):
        if _STATES.get(state.casefold()) == "fixed":
            continue  # what it was about may be gone with it
        if device and scanned.port(port) and scanned.proto(proto):
            told.setdefault((device, proto.casefold(), port), line)
    beside.lacking += _failed(say(*_TITLE), devices)
    for (device, proto, port), line in told.items():
        beside.add("services", line, asset_tag=device, proto=proto, port=port)
    return scanned.joined(found, beside.found().tables, lacking=beside.lacking)


def _failed(titles: Sequence[str | None], devices: Sequence[str | None]) -> list[str]:
    """The clause for hosts at which Qualys says that its sign-in failed."""
    failed = {device for title, device in zip(titles, devices, strict=True) if title and _SIGN_IN.search(title)}
    return [scanned.bare(len(failed), len(set(devices)))] if failed else []


def _system(text: str) -> str:
    """The operating system; "" where Qualys cannot tell several apart."""
    return "" if " / " in text else text


# -- XML


class _Report(Walk):
    wanted = frozenset(
        ("IP", "DNS", "NETBIOS", "OPERATING_SYSTEM", "QID", "TYPE", "PORT", "SERVICE", "PROTOCOL", "SSL",
         "VULN_STATUS", "FIRST_FOUND", "LAST_FOUND",
         "TITLE", "SEVERITY", "CVSS3_BASE", "ID", "LAST_SCAN_DATE")
    )  # fmt: skip

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.scan = Scan(job)
        self.host: dict[str, str] | None = None
        self.at = 0
        self.result: tuple[int, dict[str, str]] | None = None
        self.results: list[tuple[int, dict[str, str]]] = []
        self.vuln: dict[str, str] | None = None
        self.known: dict[str, dict[str, str]] = {}
        """What the glossary at the end says of each QID."""
        self.waiting: list[tuple[str, int]] = []
        self.silent = False
        self.bare = 0

    def begin(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        match tag:
            case "HOST" if self.path[-2:-1] == ["HOST_LIST"]:
                self.host, self.at, self.results = {}, line, []
            case "VULN_INFO" if self.host is not None:
                self.result = line, {}
            case "VULN_DETAILS":
                self.vuln = {}
            case "NO_RESULTS":
                self.silent = True
            case "PORT_SERVICE" if self.host is not None:
                self.bare += 1

    def finish(self, tag: str, text: str, line: int) -> None:
        if self.result is not None:
            if tag == "VULN_INFO":
                self.results.append(self.result)
                self.result = None
            elif tag in self.wanted and self.path[-2:-1] == ["VULN_INFO"]:
                self.result[1][tag] = text
        elif self.host is not None:
            if tag == "HOST":
                self.end(self.host)
                self.host = None
            elif tag in self.wanted and self.path[-2:-1] == ["HOST"]:
                self.host.setdefault(tag, text)
        elif self.vuln is not None:
            match self.path[-2], tag:
                case _, "VULN_DETAILS":
                    self.known[self.vuln.get("QID", "")] = self.vuln
                    self.vuln = None
                case "VULN_DETAILS", "QID" | "TITLE" | "SEVERITY":
                    self.vuln[tag] = text
                case "CVSS3_SCORE", "CVSS3_BASE":
                    self.vuln[tag] = scanned.score(text)
                case "CVE_ID", "ID":
                    self.vuln["CVE"] = f"{self.vuln.get('CVE', '')} {text}"

    def end(self, host: dict[str, str]) -> None:
        name, address = host.get("DNS", ""), host.get("IP", "")
        last = max((scanned.day(one.get("LAST_FOUND", "")) for _, one in self.results), default="")
        last = last or scanned.day(host.get("LAST_SCAN_DATE", ""))
        device = self.scan.host(
            self.at, address or name or host.get("NETBIOS", ""), ip=address, fqdn=scanned.full_name(name), last_seen=last,
            hostname=host.get("NETBIOS", "") or ("" if "." in name else name), os=_system(host.get("OPERATING_SYSTEM", "")),
        )  # fmt: skip
        if device is None:
            return
        ports: dict[tuple[str, str], tuple[int, str]] = {}
        for line, one in self.results:
            proto, port = scanned.proto(one.get("PROTOCOL", "")).casefold(), scanned.port(one.get("PORT", ""))
            self.scan.add(
                "results", line, asset_tag=device, address=scanned.address(address), hostname=name, check=one.get("QID", ""),
                title=f"QID {one.get('QID', '')}",
                proto=proto, port=port, state=_STATES.get(one.get("VULN_STATUS", "").casefold(), "open"),
                first_seen=scanned.day(one.get("FIRST_FOUND", "")), last_seen=scanned.day(one.get("LAST_FOUND", "")),
                facts={"Type": one.get("TYPE", "")},
            )  # fmt: skip
            if proto and port and _STATES.get(one.get("VULN_STATUS", "").casefold()) != "fixed":
                name_of = one.get("SERVICE", "")
                tls = name_of and one.get("SSL", "").casefold() in ("true", "1")
                ports.setdefault((proto, port), (line, f"ssl/{name_of}" if tls else name_of))
        for (proto, port), (line, service) in ports.items():
            self.scan.add("services", line, asset_tag=device, proto=proto, port=port, service=service)

    def explain(self) -> None:
        """Gives the results what the glossary, which comes behind the hosts, says of them."""
        rows = self.scan.tables["results"]
        ours = {"title": "TITLE", "severity": "SEVERITY", "cvss3": "CVSS3_BASE", "cves": "CVE"}
        for qid in dict.fromkeys(rows.columns["check"]):
            said = self.known.get(qid or "", {})
            self.known[qid or ""] = said | {"CVE": scanned.cves(said.get("CVE", ""))}
        for row, qid in enumerate(rows.columns["check"]):
            for name, theirs in ours.items():
                if text := self.known[qid or ""].get(theirs):
                    rows.columns[name][row] = self.scan.value("results", name, text, 0)


def _xml(job: Job) -> Found:
    report = _Report(job)
    broken = report.through(job)
    if broken is not None:
        if report.host is not None:
            report.scan.lose(report.at, "the host is cut off")
        report.scan.lacking.append(f"line {broken.place.line}: the file {broken.reason}")
    if report.bare:
        report.scan.warnings.append(
            f"{job.shown}: {report.bare:,} ports that it names without their protocol are not read"
        )
    if report.silent:
        report.scan.lacking.append("it names addresses without results")
    if not report.scan.read:
        report.scan.lacking.append(scanned.NOBODY)
    report.explain()
    rows = report.scan.tables["results"].columns
    report.scan.lacking += _failed(rows["title"], rows["asset_tag"])
    return report.scan.found()


@dataclass(frozen=True, slots=True)
class Qualys:
    """Reads all of them."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind != "xml":
            return _csv(job)
        root = Sample(job.data, job.shown).root
        if root not in _ROOTS:
            raise job.refuse(
                f"is {_OTHER_ROOTS.get(root, looks.like(job.data).words)}, not a report that is read", _HINT
            )
        return _xml(job)


def _fits(sample: Sample) -> str | None:
    if sample.root in _ROOTS:
        return f"certain: the root element is {sample.root}"
    if sample.root in ("HOST_LIST_VM_DETECTION_OUTPUT", "HOST_LIST_OUTPUT", "SCAN_REPORT") or (
        sample.root == "SCAN" and "qualys" in "".join(sample.lines[:4])
    ):
        return f"certain: {_OTHER_ROOTS[sample.root]} of Qualys"
    marks: tuple[Headings, ...] = (
        ("QID",),
        ("Vuln Status", "KB Severity", "QVS Score", "Type Detected", "Last Detected", "Is_PCI"),
    )
    if told := fits(_CSV, marks)(sample):
        return told
    return fits(_SEARCH)(sample) if "qid" not in sample.headings else None


KINDS: Final = (
    Kind(
        name="qualys",
        reader=Qualys(),
        tables=scanned.TABLES,
        row="result of a CSV, host of an XML report or an asset search",
        fits=_fits,
    ),
)
