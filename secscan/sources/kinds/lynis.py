"""Lynis: the report of one Unix machine (lynis-report.dat), a ``key=value`` a line.

A row is a warning or a suggestion: a result of the machine. The system and the packages that it lists are inventory.
Users, their homes and the auditor's name are never read.
"""

from __future__ import annotations

import re
from typing import Final

from secscan.doors import csv
from secscan.sources import looks, scanned, values
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.scanned import Scan

_FINDINGS: Final = {"warning[]": "warning", "suggestion[]": "suggestion"}
_LISTENS = re.compile(r"(?:.*\|)?(tcp|udp)6?\|(?!127\.|\[?::1\]?:|22[4-9]\.|23\d\.)[^|]*:(\d{1,5})\|.*", re.ASCII)
"""Ports that others can reach: not those of the machine's loopback, and no group addresses."""
_LISTENS_ELSEWHERE = re.compile(
    r"(?!127\.|\[?::1\]?:|22[4-9]\.|23\d\.)[^|]*[:.](\d{1,5})\|(tcp|udp)[46]{0,2}\|.*", re.ASCII
)
"""The same, as it writes those of BSD and of older Linux."""
_STARTS = re.compile(r"\d Starting Lynis \d", re.ASCII)
"""How its log begins."""
_KINDS: Final = {"dpkg": "dpkg", "rpm": "rpm"}


class Lynis:
    """Reads the report."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "text":
            raise job.refuse(f"is {seen.words}, not a report of Lynis", "take /var/log/lynis-report.dat")
        lines = csv.text(job.data, job.shown, job.source.encoding).splitlines()
        said: dict[str, list[tuple[int, str]]] = {}
        for number, line in enumerate(lines, 1):
            key, equals, value = line.partition("=")
            if equals and not key.startswith("#"):
                said.setdefault(key.strip(), []).append((number, value.strip()))
        if "lynis_version" not in said:
            if any(_STARTS.search(line) for line in lines[:5]):
                raise job.refuse("is the log of Lynis, which tells how it looked", "take /var/log/lynis-report.dat")
            raise job.refuse("is not a report of Lynis (no lynis_version)", "take /var/log/lynis-report.dat")
        return _found(job, said)


def _found(job: Job, said: dict[str, list[tuple[int, str]]]) -> Found:
    scan = Scan(job)

    def one(*names: str) -> str:
        return next((text for name in names for _, text in said.get(name, ()) if not values.is_unknown(text)), "")

    host, domain = one("hostname"), one("domainname")
    at = said.get("hostname", [(0, "")])[0][0]
    last = scanned.day(one("report_datetime_end", "report_datetime_start"))
    addresses = ";".join(
        text
        for name in ("network_ipv4_address[]", "network_ipv6_address[]")
        for _, text in said.get(name, ())
        if not text.startswith(("127.", "::1", "fe80"))
    )
    if host:
        scan.add(
            "assets", at, device_id=host, hostname=host,
            fqdn=f"{host}.{domain}" if "." in domain and "." not in host else scanned.full_name(host),
            ip=addresses, mac=one("network_mac_address[]"), os=one("os_fullname", "os_name"), os_version=one("os_version"),
            last_seen=last,
        )  # fmt: skip
    for key, severity in _FINDINGS.items():
        for line, text in said.get(key, ()):
            scan.read += 1
            check, _, rest = text.partition("|")
            title = rest.partition("|")[0]
            if not host or not title.strip():
                scan.refuse(
                    line,
                    "the line has no text behind its test"
                    if host
                    else "the report does not say which machine it is of",
                )
                continue
            scan.add(
                "results",
                line,
                asset_tag=host,
                hostname=host,
                check=check,
                title=title,
                severity=severity,
                cves=scanned.cves(text),
                state="open",
                last_seen=last,
            )
    if host:
        _inventory(
            scan,
            said,
            host,
            next((_KINDS[text] for _, text in said.get("package_manager[]", ()) if text in _KINDS), None),
        )
    if one("finish") != "true":
        scan.lacking.append("Lynis did not finish")
    return scan.found()


def _inventory(scan: Scan, said: dict[str, list[tuple[int, str]]], host: str, kind: str | None) -> None:
    versions: dict[str, str] = {}
    for line, text in said.get("installed_packages_array", ()):
        for name, version in dict.fromkeys(_package(entry, kind) for entry in text.split("|") if entry.strip(", ")):
            scan.add("software", line, asset_tag=host, name=name, version=version, kind=kind)
            versions[name] = version
    for line, name in said.get("vulnerable_package[]", ()):  # the names behind one warning
        scan.add(
            "results", line, asset_tag=host, hostname=host, check="PKGS-7392", title="vulnerable package", product=name,
            version=versions.get(name, ""), severity="warning", state="open",
        )  # fmt: skip
    told: set[tuple[str, ...]] = set()
    listens = [
        (line, found.group(1, 2))
        for line, text in said.get("network_listen[]", ())
        if (found := _LISTENS.fullmatch(text))
    ]
    listens += [
        (line, found.group(2, 1))
        for line, text in said.get("network_listen_port[]", ())
        if (found := _LISTENS_ELSEWHERE.fullmatch(text))
    ]
    for line, at in listens:
        if at not in told:
            told.add(at)
            scan.add("services", line, asset_tag=host, proto=at[0], port=at[1])


def _package(entry: str, kind: str | None) -> tuple[str, str]:
    """Name and version, without the architecture that dpkg writes behind the name, rpm behind the version and dnf behind the name."""
    name, *rest = entry.split(",")
    version = "" if rest[:1] == ["0"] and len(rest) > 1 else "".join(rest[:1])  # NAME,0, where nobody asked for it
    if kind == "dpkg":
        return name.partition(":")[0], version
    if kind == "rpm":
        return _ARCHITECTURE.sub("", name), _ARCHITECTURE.sub("", version)
    return name, version


_ARCHITECTURE = re.compile(r"\.(?:x86_64|noarch|i[3-6]86|aarch64|ppc64(?:le)?|s390x?|armv7hl|riscv64|\(none\))$")


def _fits(sample: Sample) -> str | None:
    head = sample.lines[:40]
    if any(line.startswith("lynis_version=") for line in head) and any(
        line.startswith("report_version_major=") for line in head
    ):
        return "certain: a report of Lynis, by its lines 'lynis_version' and 'report_version_major'"
    return "certain: the log of Lynis" if any(_STARTS.search(line) for line in head[:5]) else None


KINDS: Final = (
    Kind(name="lynis", reader=Lynis(), tables=scanned.TABLES, row="warning or suggestion", one_each=True, fits=_fits),
)
