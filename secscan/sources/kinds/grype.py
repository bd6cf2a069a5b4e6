"""Grype's vulnerabilities and xeol's ends of life (a row is a match), and Syft's list of packages (a row is a package), as JSON.

All name what was scanned, its distribution and each package in one form. The asset is the image or folder, unless the
source says otherwise. Grype and xeol list no package without a match, so a report of theirs is never the whole look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects, purl
from secscan.sources.bill import Bill, Facts, Lines, cves, listed, obj, subject, system
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_TYPES: Final = {"deb": "dpkg", "rpm": "rpm", "apk": None}


@dataclass(frozen=True, slots=True)
class Matches:
    """Reads one report of the tool of this name."""

    tool: str

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(
                f"is {seen.words}, not a report of {self.tool} as JSON", f"write it with: {self.tool} ... -o json"
            )
        document = json.loads(job.data, job.shown)
        if _tool(document) != self.tool:
            raise job.refuse(
                f"is JSON, but no report of {self.tool}: that has 'matches', and a 'descriptor' that names it"
            )
        bill, lines = Bill(job), Lines(job.data)
        source = obj(document, "source")
        target = source.get("target")
        asset = subject(job, target.get("userInput") if isinstance(target, dict) else target)
        distro = obj(document, "distro")
        bill.beside(
            "assets", lines.one(), **asset, **system(distro.get("name"), distro.get("version")),
            last_seen=obj(document, "descriptor").get("timestamp"),
        )  # fmt: skip
        for one, line in lines.each(document["matches"], "matches"):
            self._match(bill, one, line, asset["device_id"])
        ignored = document.get("ignoredMatches")
        bill.pass_over(
            "matches that are set aside in the tool itself", len(ignored) if isinstance(ignored, list) else 0
        )
        return bill.done(
            "lists only the packages that it found something in; a bill of materials (cyclonedx, spdx) has them all"
        )

    def _match(self, bill: Bill, one: Any, line: int, device: str) -> None:
        package = obj(one, "artifact")
        said = obj(one, "Cycle" if self.tool == "xeol" else "vulnerability")
        if not package or not said:
            bill.refuse(line, "a match names no package, or not what was found in it", one, device)
            return
        facts = _end_of_life(said) if self.tool == "xeol" else _vulnerability(said, one)
        named = _package(package)
        bill.row(
            "results", line, asset_tag=device, product=package.get("name"), version=package.get("version"), **facts
        )
        if named["name"]:
            bill.beside("software", line, asset_tag=device, **named)


class Syft:
    """Reads Syft's own form of a bill of materials."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(
                f"is {seen.words}, not Syft's JSON",
                "write it with: syft ... -o syft-json (or cyclonedx-json, spdx-json)",
            )
        document = json.loads(job.data, job.shown)
        if not _is_syft(document):
            raise job.refuse("is JSON, but not Syft's: that has 'artifacts', and a 'descriptor' that names it")
        bill, lines = Bill(job), Lines(job.data)
        distro = obj(document, "distro")
        asset = subject(job, _scanned(obj(document, "source")))
        bill.beside(
            "assets", lines.one(), **asset,
            **system(distro.get("name") or distro.get("id"), distro.get("versionID") or distro.get("version")),
        )  # fmt: skip
        for one, line in lines.each(document["artifacts"], "artifacts"):
            if not isinstance(one, dict):
                bill.refuse(line, "a package is not an object", one, asset["device_id"])
            elif one.get("type") == "msrc-kb":
                bill.pass_over("updates that are installed, which say nothing of those that are missing")
            else:
                bill.row("software", line, asset_tag=asset["device_id"], **_package(one))
        return bill.done()


def _scanned(source: Facts) -> Any:
    """What Syft was asked to look at: an image with its tag, else the name or the path. Older versions say it under ``target``."""
    target = source.get("target")
    if target is not None:
        return target.get("userInput") if isinstance(target, dict) else target
    name, metadata = source.get("name"), obj(source, "metadata")
    asked = metadata.get("userInput") or metadata.get("path")
    return asked if not name or objects.word(asked).startswith(objects.word(name)) else name


def _is_syft(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("artifacts"), list)
        and obj(document, "descriptor").get("name") == "syft"
    )


def _package(package: Facts) -> dict[str, Any]:
    url = purl.parse(package.get("purl"))
    name = url.full_name if url is not None and url.type != "generic" else package.get("name")
    kind = url.kind if url is not None else _TYPES.get(objects.word(package.get("type")), "sbom")
    return {"name": name, "version": package.get("version"), "kind": kind}


def _vulnerability(said: Facts, one: Facts) -> dict[str, Any]:
    others = list(listed(one.get("relatedVulnerabilities")))
    fixed = obj(said, "fix").get("versions")
    return {
        "check": said.get("id"), "title": said.get("id"), "cves": cves(said.get("id"), *(other.get("id") for other in others)),
        "severity": said.get("severity"), "cvss3": next(_scores(said, *others), None),
        "fixed_in": fixed if isinstance(fixed, list) else said.get("fixedInVersion"),
    }  # fmt: skip


def _scores(*found: Facts) -> Iterator[Any]:
    """CVSS 3 base scores, a primary one first; Grype's own record goes before those that it refers to."""
    for one in found:
        scores = [score for score in listed(one.get("cvss")) if objects.word(score.get("version")).startswith("3")]
        for score in sorted(scores, key=lambda score: score.get("type") != "Primary"):
            if (base := obj(score, "metrics").get("baseScore")) is not None:
                yield base


def _end_of_life(said: Facts) -> dict[str, Any]:
    name, cycle, end = (objects.word(said.get(key)) for key in ("ProductName", "ReleaseCycle", "Eol"))
    title = " ".join(word for word in (name, cycle) if word)
    return {
        "check": "end of life",
        "title": f"{title}: end of life" + (f" {end}" if end[:4].isdigit() else "") if title else None,
    }


def _tool(document: Any) -> str | None:
    """Which of the two wrote it: by its own name, else by the form of its matches."""
    if not isinstance(document, dict) or not isinstance(document.get("matches"), list):
        return None
    named = obj(document, "descriptor").get("name")
    if named in ("grype", "xeol"):
        return str(named)
    first = next(listed(document["matches"]), {})
    if "artifact" not in first:
        return None
    return "grype" if "vulnerability" in first else "xeol" if "Cycle" in first else None


def _fits(tool: str, sample: Sample) -> str | None:
    return f"certain: a report of {tool}, by its matches" if _tool(sample.document) == tool else None


KINDS: Final = (
    Kind(name="syft", reader=Syft(), tables=frozenset({"assets", "software"}), row="package", fits=lambda sample: "certain: Syft's own JSON, by its descriptor" if _is_syft(sample.document) else None),
    Kind(name="grype", reader=Matches("grype"), tables=frozenset({"assets", "software", "results"}), row="match", fits=lambda sample: _fits("grype", sample)),
    Kind(name="xeol", reader=Matches("xeol"), tables=frozenset({"assets", "software", "results"}), row="match", fits=lambda sample: _fits("xeol", sample)),
)  # fmt: skip
