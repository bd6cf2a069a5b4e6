"""Results of Vuls as JSON, as it scans or reports them: one host a file, with what is installed and what was found.

A row is a host, called by the name that it has in Vuls' configuration. Packages are software, Windows' updates are fixes
that it has or lacks, where Vuls asked for both, and CVEs are results. Of the configuration in the file only a device's declared products (CPEs) are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import unquote

from secscan.doors import json
from secscan.sources import looks, objects, purl, values
from secscan.sources.bill import Bill, Facts, cves, listed, obj, subject, system
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

Places = Mapping[tuple[str, ...], Sequence[int]]

_VERSION: Final = 4
_NONE: Final = frozenset(("", "pseudo", "unknown", "windows"))
"""Families that name no operating system; Windows names itself in its release."""
_FAMILIES: Final = {
    "suse.linux.enterprise.server": "SUSE Linux Enterprise Server", "suse.linux.enterprise.desktop": "SUSE Linux Enterprise Desktop",
    "opensuse.leap": "openSUSE Leap", "opensuse.tumbleweed": "openSUSE Tumbleweed",
}  # fmt: skip
_DPKG: Final = frozenset(("debian", "ubuntu", "raspbian"))
_RPM: Final = frozenset(("redhat", "centos", "alma", "rocky", "oracle", "amazon", "fedora", *_FAMILIES, "opensuse"))
_KB: Final = re.compile(r"(?:KB)?(\d{5,9})", re.ASCII)
_CPE: Final = re.compile(r"cpe:(?:/|2\.3:)([aoh]):([^:]+):([^:]+)(?::([^:]*))?.*", re.ASCII)


class Vuls:
    """Reads the result of one host."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(f"is {seen.words}, not a result of Vuls as JSON")
        document = json.loads(job.data, job.shown)
        if not _is_result(document):
            raise job.refuse("is JSON, but no result of Vuls: that has a 'jsonVersion', a 'serverName' and a 'family'")
        if document["jsonVersion"] != _VERSION:
            said = values.shown(objects.word(document["jsonVersion"]))
            raise job.refuse(
                f"is a result of Vuls in version {said} of its JSON; {_VERSION} is read", "scan with Vuls 0.5 or newer"
            )
        bill, places = Bill(job), json.places(job.data)
        asset = subject(job, document.get("serverUUID") or _named(document))
        bill.row("assets", places[()][0], **asset, **_host(document))
        for name, line, row in _software(document, places):
            bill.beside("software", line, asset_tag=asset["device_id"], name=name, **row)
        _updates(bill, document, places, asset["device_id"])
        _found(bill, document, places, asset["device_id"])
        wordpress = document.get("WordPressPackages") or document.get("wordpressPackages")
        if isinstance(wordpress, list) and wordpress:
            bill.notes.append(f"{len(wordpress):,} plugins and themes of WordPress are not read")
        errors = document.get("errors")
        return bill.done("Vuls itself met errors in the scan" if isinstance(errors, list) and errors else None)


def _named(document: Facts) -> str:
    """As Vuls calls it: a container by its own name and its host's."""
    container = obj(document, "container")
    host = objects.word(document.get("serverName"))
    return f"{objects.word(container.get('name'))}@{host}" if container.get("containerID") else host


def _host(document: Facts) -> dict[str, Any]:
    family, release = objects.word(document.get("family")).casefold(), document.get("release")
    kernel = obj(document, "runningKernel")
    if family == "windows":
        told: dict[str, Any] = {"os": release, "os_version": kernel.get("version")}
    else:
        told = {} if family in _NONE else system(_FAMILIES.get(family, family), release)
    here = document.get("scannedVia") == "local" and not obj(document, "container").get("containerID")
    return {
        **told, "hostname": document.get("scannedBy") if here else None,
        "ip": list(_addresses(document.get("ipv4Addrs"), document.get("ipv6Addrs"))),
        "restart_pending": True if kernel.get("rebootRequired") is True else None,  # no is also said where it did not look
        "last_seen": document.get("scannedAt"), "kernel": kernel.get("release") or None,
    }  # fmt: skip


def _addresses(*found: Any) -> Iterator[str]:
    for text in (one for some in found if isinstance(some, list) for one in some):
        address = values.address(objects.word(text)) if text else None
        if isinstance(address, values.Bad):
            yield objects.word(text)  # to be warned of
        elif address is not None and not (ip_address(address).is_loopback or ip_address(address).is_link_local):
            yield address


def _software(document: Facts, places: Places) -> Iterator[tuple[Any, int, dict[str, Any]]]:
    """(name, line, facts) of what is installed: packages, libraries of programs, and products that somebody declared."""
    family = objects.word(document.get("family")).casefold()
    kind = "arp" if family == "windows" else "dpkg" if family in _DPKG else "rpm" if family in _RPM else None
    at = places.get(("packages",), [0])[0]
    for name, one in obj(document, "packages").items():
        line = places.get(("packages", name), [at])[0]
        if not isinstance(one, dict):
            yield None, line, {}
            continue
        version, release = objects.word(one.get("version")), objects.word(one.get("release"))
        text = f"{version}-{release}" if version and release else version
        yield one.get("name") or name, line, {"version": text, "publisher": one.get("vendor"), "kind": kind}
    line = places.get(("libraries",), [0])[0]
    for each in listed(document.get("libraries")):
        for library in listed(each.get("libs", each.get("Libs"))):
            said = {key.casefold(): value for key, value in library.items()}
            url = purl.parse(said.get("purl"))
            yield said.get("name"), line, {"version": said.get("version"), "kind": url.kind if url else "sbom"}
    for server in obj(document, "config", "scan", "servers").values():
        names = server.get("cpeNames") if isinstance(server, dict) else None
        for cpe in names if isinstance(names, list) else ():
            if found := _CPE.fullmatch(objects.word(cpe)):
                vendor, product = (unquote(word).replace("\\", "").replace("_", " ") for word in found.group(2, 3))
                version = unquote(found[4] or "").replace("\\", "")
                yield f"{vendor} {product}", 0, {"version": version.strip("*-"), "publisher": vendor}


def _updates(bill: Bill, document: Facts, places: Places, device: str) -> None:
    """Windows' updates, which it has or is offered. One that is offered again (definitions are, each day) is lacking.

    Where none is named as offered, nobody may have asked: what it has then says nothing about what it lacks.
    """
    told, line = obj(document, "windowsKB"), places.get(("windowsKB",), [0])[0]
    if told and not isinstance(told.get("unapplied"), list):
        bill.notes.append("names the updates that are installed and none that is offered: what is missing is not known")
        return
    lacking: dict[str, bool] = {}
    for name in ("applied", "unapplied"):
        numbers = told.get(name)
        lacking |= {
            objects.word(number): name == "unapplied" for number in (numbers if isinstance(numbers, list) else ())
        }
    for number, missing in lacking.items():
        found = _KB.fullmatch(number)
        named = f"KB{found[1]}" if found else None
        bill.beside("fixes", line, asset_tag=device, name=named, advisory=named, missing=missing)


def _found(bill: Bill, document: Facts, places: Places, device: str) -> None:
    """Each CVE for every package, library or update that it is told of."""
    installed = {name: row["version"] for name, _, row in _software(document, places) if isinstance(name, str) and row}
    at = places.get(("scannedCves",), [0])[0]
    for key, one in obj(document, "scannedCves").items():
        line = places.get(("scannedCves", key), [at])[0]
        if not isinstance(one, dict):
            bill.beside("results", line, asset_tag=device, title=None, check=key)
            continue
        contents = list(_contents(one))
        facts = {
            "check": key, "title": next((text for each in contents if (text := each.get("title"))), key), "cves": cves(key),
            "severity": next((text for each in contents for name in ("cvss3Severity", "severity") if (text := each.get(name))), None),
            "cvss3": next((score for each in contents if (score := each.get("cvss3Score"))), None),
        }  # fmt: skip
        for name, fixed in [*_touched(one)] or [(None, None)]:
            bill.beside(
                "results",
                line,
                asset_tag=device,
                **facts,
                product=name,
                version=installed.get(objects.word(name)),
                fixed_in=fixed,
            )


def _touched(one: Facts) -> Iterator[tuple[Any, Any]]:
    """(product, version in which it is fixed) of what a CVE is in."""
    for package in (*listed(one.get("affectedPackages")), *listed(one.get("libraryFixedIns"))):
        if package.get("name"):
            yield package["name"], package.get("fixedIn")
    updates = one.get("windowsKBFixedIns")
    if isinstance(updates, list) and updates:
        yield None, [word if (word := objects.word(update)).startswith("KB") else f"KB{word}" for update in updates]
    for uri in one.get("cpeURIs") or () if isinstance(one.get("cpeURIs"), list) else ():
        if found := _CPE.fullmatch(objects.word(uri)):
            yield " ".join(unquote(word).replace("\\", "").replace("_", " ") for word in found.group(2, 3)), None


def _contents(one: Facts) -> Iterator[Facts]:
    """What others say of a CVE, NVD first; older results hold one object where newer hold a list."""
    contents = obj(one, "cveContents")
    for name in sorted(contents, key=lambda name: (name != "nvd", name)):
        yield from listed(contents[name] if isinstance(contents[name], list) else [contents[name]])


def _is_result(document: Any) -> bool:
    return isinstance(document, dict) and {"jsonVersion", "serverName", "family"} <= document.keys()


def _fits(sample: Sample) -> str | None:
    return "certain: a result of Vuls, by its jsonVersion and serverName" if _is_result(sample.document) else None


KINDS: Final = (
    Kind(name="vuls", reader=Vuls(), tables=frozenset({"assets", "software", "fixes", "results"}), row="host", one_each=True, fits=_fits),
)  # fmt: skip
