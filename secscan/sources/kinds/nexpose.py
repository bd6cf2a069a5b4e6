"""Nexpose and InsightVM (Rapid7): the XML export, versions 1 and 2, and the CSV of vulnerability results.

A row is a node of the XML, or a result of the CSV. Of a node's tests those are results that found it vulnerable, by
exploit, by version or perhaps. Rapid7's scores are of CVSS version 2 unless their heading says 3: those are not taken
for base scores of version 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from secscan.sources import looks, scanned, tabular, values
from secscan.sources.headed import Headed, fits, part_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.scanned import Scan, Walk, own
from secscan.sources.templates import open_table

_NAMES: Final = {
    "cifs": "microsoft-ds", "cifs name service": "netbios-ns", "dns-tcp": "domain", "dns": "domain", "https": "ssl/http", "<unknown>": "",
    "remote desktop protocol": "ms-wbt-server", "rdp": "ms-wbt-server",
}  # fmt: skip
"""Rapid7's names of protocols where nmap has another."""

_SIMPLE: Final = "the simple XML of Nexpose, which names no ports of what it found"

# -- XML


class _Node:
    def __init__(self, attributes: Mapping[str, str], line: int) -> None:
        self.line, self.attributes = line, attributes
        self.names: list[str] = []
        self.systems: list[tuple[float, str, str, str]] = []
        self.software: list[tuple[int, dict[str, str]]] = []
        self.services: list[tuple[int, dict[str, str]]] = []
        self.results: list[tuple[int, dict[str, str]]] = []


class _Report(Walk):
    wanted = frozenset(("name", "reference"))

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.scan = Scan(job)
        self.node: _Node | None = None
        self.endpoint: dict[str, str] = {}
        self.definition: dict[str, str] | None = None
        self.known: dict[str, dict[str, str]] = {}
        self.source = ""
        self.stopped: list[str] = []
        self.ended: dict[str, str] = {}

    def begin(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        above = self.path[-2] if len(self.path) > 1 else ""
        match tag:
            case "scan" if above == "scans":
                self.ended[attributes.get("id", "")] = attributes.get("endTime") or attributes.get("startTime", "")
                if (status := attributes.get("status", "")) not in ("finished", ""):
                    self.stopped.append(status)
            case "node" if above == "nodes":
                self.node = _Node(attributes, line)
            case "vulnerability" if self.node is None:
                self.definition = {"title": attributes.get("title", ""), "severity": attributes.get("severity", "")}
                self.known[_folded(attributes.get("id", ""))] = self.definition
            case "reference":
                self.source = attributes.get("source", "")
            case _ if self.node is not None:
                self.inside(self.node, above, tag, attributes, line)

    def inside(self, node: _Node, above: str, tag: str, attributes: Mapping[str, str], line: int) -> None:
        match tag:
            case "os" if above == "fingerprints":
                node.systems.append((_certainty(attributes), *_system(attributes)))
            case "fingerprint" if above == "software":
                node.software.append(
                    (line, {k: attributes.get(k, "") for k in ("product", "version", "vendor", "software-class")})
                )
            case "endpoint":
                self.endpoint = {
                    "proto": attributes.get("protocol", ""),
                    "port": attributes.get("port", ""),
                    "status": attributes.get("status", ""),
                }
                if self.endpoint["status"] == "open":
                    node.services.append((line, self.endpoint))
            case "service":
                self.endpoint.setdefault("service", attributes.get("name", ""))
            case "fingerprint" if "service" in self.path and _certainty(attributes) > float(
                self.endpoint.get("certainty", -1)
            ):
                self.endpoint |= {
                    "certainty": str(_certainty(attributes)),
                    "product": attributes.get("product", ""),
                    "version": attributes.get("version", ""),
                }
            case "test" if attributes.get("status", "").startswith("vulnerable"):
                here = self.endpoint if "endpoint" in self.path else {}
                node.results.append((line, {
                    "check": attributes.get("id", ""), "proto": here.get("proto", ""), "port": here.get("port", ""),
                    "first_seen": scanned.day(attributes.get("vulnerable-since", "")), "scan": attributes.get("scan-id", ""),
                }))  # fmt: skip

    def finish(self, tag: str, text: str, line: int) -> None:
        match tag:
            case "node" if self.node is not None and self.path[-2:-1] == ["nodes"]:
                self.end(self.node)
                self.node = None
            case "name" if self.node is not None and self.path[-2:-1] == ["names"]:
                self.node.names.append(text)
            case "reference" if self.definition is not None and self.source.casefold() == "cve":
                self.definition["cves"] = f"{self.definition.get('cves', '')} {text}"
            case "vulnerability":
                self.definition = None

    def end(self, node: _Node) -> None:
        said = node.attributes
        if said.get("status") == "dead":
            self.scan.nobody()
            return
        address, last = said.get("address", ""), scanned.day(max(self.ended.values(), default=""))
        certain = max(node.systems, key=lambda one: one[0], default=(0.0, "", "", ""))
        device = self.scan.host(
            node.line, said.get("device-id") or address, ip=address, mac=said.get("hardware-address", ""), last_seen=last,
            hostname=next((name for name in node.names if "." not in name), ""),
            fqdn=next(filter(scanned.full_name, node.names), ""),
            os=certain[1], os_version=certain[2], type=scanned.device_type(certain[3]),
        )  # fmt: skip
        if device is None:
            return
        for line, one in node.software:
            self.scan.add(
                "software", line, asset_tag=device, name=one["product"], version=one["version"], publisher=one["vendor"]
            ) if one["product"] else None
        for line, one in node.services:
            if (proto := scanned.proto(one["proto"]).casefold()) and scanned.port(one["port"]):
                self.scan.add(
                    "services",
                    line,
                    asset_tag=device,
                    proto=proto,
                    port=one["port"],
                    service=_service(one.get("service", "")),
                    product=one.get("product", ""),
                    version=one.get("version", ""),
                )
        for line, one in node.results:
            self.scan.add(
                "results", line, asset_tag=device, address=scanned.address(address), hostname=next(iter(node.names), ""),
                check=one["check"], title=one["check"],
                proto=scanned.proto(one["proto"]).casefold(), port=scanned.port(one["port"]), state="open",
                first_seen=one["first_seen"],
                last_seen=scanned.day(self.ended.get(one["scan"], "")) or last,
            )  # fmt: skip

    def explain(self) -> None:
        """Gives the results what the definitions, which come behind the nodes, say of them."""
        columns = self.scan.tables["results"].columns
        for row, check in enumerate(columns["check"]):
            for name, text in self.known.get(_folded(check or ""), {}).items():
                if text:
                    columns[name][row] = self.scan.value(
                        "results", name, scanned.cves(text) if name == "cves" else text, 0
                    )


def _folded(name: str) -> str:
    """Definitions and tests do not always write an id alike."""
    return name.casefold()


def _certainty(attributes: Mapping[str, str]) -> float:
    try:
        return float(attributes.get("certainty", "0"))
    except ValueError:
        return 0.0


def _system(attributes: Mapping[str, str]) -> tuple[str, str, str]:
    """Name, version and sort of device. The maker goes before a name that does not begin with it."""
    product, vendor = attributes.get("product", ""), attributes.get("vendor", "")
    named = product if not product or product.casefold().startswith(vendor.casefold()) else f"{vendor} {product}"
    return named, attributes.get("version", ""), attributes.get("device-class", "")


def _service(name: str) -> str:
    bare = name.partition(" (")[0].strip()
    return _NAMES.get(bare.casefold(), bare.casefold())


def _xml(job: Job) -> Found:
    report = _Report(job)
    broken = report.through(job)
    if broken is not None:
        if report.node is not None:
            report.scan.lose(report.node.line, "the node is cut off")
        report.scan.lacking.append(f"line {broken.place.line}: the file {broken.reason}")
    if report.stopped:
        report.scan.lacking.append(
            f"{len(report.stopped):,} scans did not finish ({', '.join(sorted(set(map(scanned.shown, report.stopped))))})"
        )
    if not report.scan.read:
        report.scan.lacking.append(scanned.NOBODY)
    report.explain()
    return report.scan.found()


# -- CSV

_CODES: Final = frozenset(
    ("ve", "vv", "vp", "vulnerable", "vulnerable-exploited", "vulnerable-version", "vulnerable-potential")
)
_CSV: Final = Headed(
    what="a Rapid7 list of vulnerabilities", needs=(("Asset IP Address",), ("Vulnerability ID",), ("Vulnerability Title",)),
    parts=(
        part_of(
            "results", required=("asset_tag", "title"),
            columns={
                "asset_tag": (own("device"),), "address": ("Asset IP Address",), "hostname": (own("name"),),
                "check": ("Vulnerability ID",), "title": ("Vulnerability Title",),
                "cves": ("Vulnerability CVE IDs", "Vulnerability CVE URLs", "Vulnerability Reference IDs"),
                "severity": ("Vulnerability Severity Level",),
                "cvss3": ("Vulnerability CVSSv3 Score", "Vulnerability CVSS v3 Score"), "proto": ("Service Protocol", "Protocol"),
                "port": ("Service Port",),
                "first_seen": ("Vulnerable Since",), "last_seen": ("Vulnerability Test Date",),
            },
            constant={"state": "open"},
            turns={
                "cves": scanned.cves, "proto": scanned.proto, "port": scanned.port, "address": scanned.address,
                "first_seen": scanned.day_or_text, "last_seen": scanned.day_or_text,
            },
        ),
        part_of(
            "assets", once="device_id",
            columns={
                "device_id": (own("device"),), "ip": ("Asset IP Address",), "hostname": (own("name"),), "fqdn": (own("name"),),
                "mac": ("Asset MAC Addresses", "Asset MAC Address"),
                "os": ("Asset OS Name", "Operating System"), "os_version": ("Asset OS Version",),
            },
            turns={
                "fqdn": scanned.full_name, "hostname": lambda text: "" if "." in text else text,
                "mac": lambda text: next(iter(text.replace(",", " ").split()), ""),
            },
        ),
    ),
    dates=None,
)  # fmt: skip


def _csv(job: Job) -> Found:
    table = open_table(job, _CSV.is_header)
    codes = [text.strip().casefold() for text in scanned.texts(table, "Vulnerability Test Result Code")]
    drop = [bool(code) and code not in _CODES for code in codes]
    if any(drop):
        table = replace(
            tabular.without(table, drop),
            notes=[
                *table.notes,
                f"{table.shown}: {sum(drop):,} tests that did not find their host vulnerable are no results; counted as blank",
            ],
        )
    devices = [values.clean(text) for text in scanned.texts(table, "Asset ID", "Asset IP Address", "Asset Names")]
    names = [
        values.clean(text).replace(";", ",").partition(",")[0].strip()
        for text in scanned.texts(table, "Asset Names", "Asset Name", "Hostname(s)")
    ]
    table = scanned.with_columns(table, device=devices, name=names)
    found = _CSV.of(table, job)
    beside = Scan(job)
    told: set[tuple[str, str, str]] = set()
    for device, port, proto, name, line in zip(
        devices, scanned.texts(table, "Service Port"), scanned.texts(table, "Service Protocol", "Protocol"),
        scanned.texts(table, "Service Name"), table.lines, strict=True,
    ):  # fmt: skip
        at = device, proto.strip().casefold(), port.strip()
        if device and scanned.proto(at[1]) and scanned.port(at[2]) and at not in told:
            told.add(at)
            beside.add("services", line, asset_tag=device, proto=at[1], port=at[2], service=_service(name))
    return scanned.joined(found, beside.found().tables)


class Nexpose:
    """Reads both."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind != "xml":
            return _csv(job)
        root = Sample(job.data, job.shown).root
        if root != "NexposeReport":
            what = _SIMPLE if root == "NeXposeSimpleXML" else looks.like(job.data).words
            raise job.refuse(f"is {what}, not a NexposeReport", "choose the format 'XML Export 2.0' for the report")
        return _xml(job)


def _fits(sample: Sample) -> str | None:
    match sample.root:
        case "NexposeReport":
            return "certain: the root element is NexposeReport"
        case "NeXposeSimpleXML":
            return f"certain: {_SIMPLE}"
    return fits(_CSV, (("Asset IP Address",), ("Vulnerability ID",)))(sample)


KINDS: Final = (
    Kind(
        name="nexpose",
        reader=Nexpose(),
        tables=scanned.TABLES,
        row="node of an XML report, result of a CSV",
        fits=_fits,
    ),
)
