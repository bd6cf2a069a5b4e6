"""Trivy's reports as JSON, of an image, a file system or a cluster: a row is a package or a vulnerability.

The asset is what was scanned (``ArtifactName``; in a cluster each resource), unless the source says otherwise. Packages
are installed software; where the report lists none, those that it found something in are, and it is not the whole look.
Vulnerabilities are results. Misconfigurations and licences are passed over, and secrets are never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects, purl
from secscan.sources.bill import Bill, Facts, Lines, cves, listed, obj, subject, system
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_DPKG: Final = frozenset(("debian", "ubuntu"))
_RPM: Final = frozenset(
    ("redhat", "centos", "rocky", "alma", "oracle", "amazon", "fedora", "photon", "azurelinux", "cbl-mariner", "suse linux enterprise server",
     "suse linux enterprise micro", "slem", "opensuse", "opensuse.leap", "opensuse.tumbleweed", "opensuse-leap", "opensuse-tumbleweed")
)  # fmt: skip
_OTHERS: Final = {
    "Misconfigurations": "misconfigurations, which say nothing of what is installed", "Secrets": "secrets that it found, which are never read",
    "Licenses": "licences", "ExperimentalModifiedFindings": "vulnerabilities that are set aside in Trivy itself",
}  # fmt: skip
_CLUSTER: Final = ("Resources", "Findings", "Vulnerabilities", "Misconfigurations")
"""Where the report of a cluster keeps its resources; the second is of a summary, the last two are of older versions."""


class Trivy:
    """Reads one report."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(
                f"is {seen.words}, not a report of Trivy as JSON", "write it with: trivy ... --format json"
            )
        document = json.loads(job.data, job.shown)
        if not _told(document):
            raise job.refuse("is JSON, but no report of Trivy: that has a 'SchemaVersion' and an 'ArtifactName'")
        bill, lines = Bill(job), Lines(job.data)
        if isinstance(document, list):  # before schema 2, which says nowhere what was scanned
            whole = _results(bill, subject(job, None), document, lines, ())
        elif "ClusterName" in document:
            whole, failed = True, 0
            for key in _CLUSTER:
                for one, at in lines.each(document.get(key), key):
                    whole = _resource(bill, one, lines, key, at) and whole
                    failed += bool(obj(one).get("Error"))
            if failed:
                return bill.done(f"Trivy itself could not look into {failed:,} of the resources")
        else:
            family = obj(document, "Metadata", "OS")
            asset = subject(job, document.get("ArtifactName"))
            bill.beside(
                "assets",
                lines.one(),
                **asset,
                **system(family.get("Family"), family.get("Name")),
                last_seen=document.get("CreatedAt"),
            )
            whole = _results(bill, asset, document.get("Results"), lines, ("Results",))
        if whole and not bill.counted("software"):
            return bill.done(
                "lists no package: it did not look for any, or left out those it found nothing in (--list-all-pkgs)"
            )
        return bill.done(
            None if whole else "lists only the packages that it found something in (ask for all: --list-all-pkgs)"
        )


def _resource(bill: Bill, one: Any, lines: Lines, key: str, at: int) -> bool:
    """One resource of a cluster, called by its place in it."""
    if not isinstance(one, dict):
        bill.refuse(at, "a resource is not an object", one)
        return True
    named = "/".join(word for name in ("Namespace", "Kind", "Name") if (word := objects.word(one.get(name))))
    asset = subject(bill.job, named)
    if any(result.get(name) for result in listed(one.get("Results")) for name in ("Packages", "Vulnerabilities")):
        images = one.get("Metadata")
        systems = [obj(each, "OS") for each in (images if isinstance(images, list) else [images])]
        family = systems[0] if len(systems) == 1 else {}
        bill.beside("assets", at, **asset, **system(family.get("Family"), family.get("Name")))
    return _results(bill, asset, one.get("Results"), lines, (key, "Results"))


def _results(bill: Bill, asset: Facts, found: Any, lines: Lines, path: tuple[str, ...]) -> bool:
    """Each result's packages and vulnerabilities. Whether its packages were all listed."""
    device, whole = asset["device_id"], True
    for result, at in lines.each(found, *path):
        if not isinstance(result, dict):
            bill.refuse(at, "a result is not an object", result, device)
            continue
        packages = lines.each(result.get("Packages"), *path, "Packages")
        vulnerabilities = lines.each(result.get("Vulnerabilities"), *path, "Vulnerabilities")
        for one, line in packages:
            if isinstance(one, dict):
                bill.row("software", line, asset_tag=device, **_package(one, result))
            else:
                bill.refuse(line, "a package is not an object", one, device)
        for one, line in vulnerabilities:
            if not isinstance(one, dict):
                bill.refuse(line, "a vulnerability is not an object", one, device)
                continue
            if one.get("Status") == "not_affected":
                bill.pass_over("vulnerabilities that do not touch it, as Trivy itself says")
            else:
                _vulnerability(bill, one, line, device)
            if not packages and one.get("PkgName"):
                bill.beside("software", line, asset_tag=device, **_vulnerable(one, result))
        if not packages and (vulnerabilities or result.get("Class") in ("os-pkgs", "lang-pkgs")):
            whole = False
        for name, why in _OTHERS.items():
            others = result.get(name)
            bill.pass_over(why, len(others) if isinstance(others, list) else 0)
    return whole


def _package(one: Facts, result: Facts) -> dict[str, Any]:
    version, release, epoch = (objects.word(one.get(name)) for name in ("Version", "Release", "Epoch"))
    text = f"{version}-{release}" if version and release else version
    if text and epoch not in ("", "0"):
        text = f"{epoch}:{text}"
    return {"name": one.get("Name"), "version": text, "kind": _kind(obj(one, "Identifier").get("PURL"), result)}


def _vulnerable(one: Facts, result: Facts) -> dict[str, Any]:
    url = obj(one, "PkgIdentifier").get("PURL")
    return {"name": one["PkgName"], "version": one.get("InstalledVersion"), "kind": _kind(url, result)}


def _kind(url: Any, result: Facts) -> str | None:
    named, family = purl.parse(url), objects.word(result.get("Type")).casefold()
    if named is not None:
        return named.kind
    if result.get("Class", "os-pkgs") == "os-pkgs" and family in _DPKG | _RPM:
        return "dpkg" if family in _DPKG else "rpm"
    return None if result.get("Class") == "os-pkgs" else "sbom"


def _vulnerability(bill: Bill, one: Facts, line: int, device: str) -> None:
    bill.row(
        "results", line, asset_tag=device, check=one.get("VulnerabilityID"), title=one.get("Title") or one.get("VulnerabilityID"),
        cves=cves(one.get("VulnerabilityID")), severity=one.get("Severity"), cvss3=next(_scores(one), None),
        product=one.get("PkgName"), version=one.get("InstalledVersion"), fixed_in=one.get("FixedVersion"),
    )  # fmt: skip


def _scores(one: Facts) -> Iterator[Any]:
    """CVSS 3 scores, that of the source of the severity first, then NVD's."""
    scores = obj(one, "CVSS")
    for source in dict.fromkeys((objects.word(one.get("SeveritySource")), "nvd", *scores)):
        if score := obj(scores, source).get("V3Score"):
            yield score


def _told(document: Any) -> str | None:
    match document:
        case {"SchemaVersion": int(), "ArtifactName": _}:
            return "certain: a report of Trivy, by its SchemaVersion and ArtifactName"
        case {"ClusterName": _} if any(isinstance(document.get(key), list) for key in _CLUSTER):
            return "certain: Trivy's report of a cluster"
        case [{"Target": str(), **more}, *_] if {"Type", "Vulnerabilities"} & more.keys():
            return "likely: a report of Trivy before its schema 2"
    return None


def _fits(sample: Sample) -> str | None:
    return _told(sample.document)


KINDS: Final = (
    Kind(name="trivy", reader=Trivy(), tables=frozenset({"assets", "software", "results"}), row="package or vulnerability", fits=_fits),
)  # fmt: skip
