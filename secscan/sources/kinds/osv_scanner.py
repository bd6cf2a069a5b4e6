"""osv-scanner's results as JSON: a row is a package or a vulnerability of one.

It names the files in which it found packages, and never whose they are: the source says so (``asset``). Where every
package has a vulnerability, those without one were left out, and it is not the whole look.
"""

from __future__ import annotations

from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects
from secscan.sources.bill import Bill, Facts, Lines, cves, listed, obj, subject
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_KINDS: Final[dict[str, str | None]] = {
    "debian": "dpkg", "ubuntu": "dpkg", "alpine": None, "chainguard": None, "wolfi": None,
    **dict.fromkeys(("red hat", "almalinux", "rocky linux", "opensuse", "suse", "mageia", "openeuler"), "rpm"),
}  # fmt: skip
"""Ecosystems of distributions, without their release, and the kind of their packages."""


class OsvScanner:
    """Reads one result."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(f"is {seen.words}, not osv-scanner's JSON", "write it with: osv-scanner ... --format json")
        document = json.loads(job.data, job.shown)
        if not _is_result(document):
            raise job.refuse("is JSON, but no result of osv-scanner: that has 'results' with a 'source' and 'packages'")
        bill, lines = Bill(job), Lines(job.data)
        asset = subject(job, None)
        device = asset["device_id"]
        bill.beside("assets", lines.one(), **asset, os=obj(document, "image_metadata").get("os"))
        whole = found = False
        for result, at in lines.each(document["results"], "results"):
            if not isinstance(result, dict):
                bill.refuse(at, "a result is not an object", result, device)
                continue
            for one, line in lines.each(result.get("packages"), "results", "packages"):
                said = obj(one, "package")
                if not said:
                    bill.refuse(line, "a package does not say what it is", one, device)
                    continue
                if said.get("commit") and not said.get("name"):
                    bill.pass_over("sources that are known by their commit alone")
                else:
                    # Its plain name may be that of the source package.
                    name = said.get("os_package_name") or said.get("name")
                    bill.row(
                        "software", line, asset_tag=device, name=name, version=said.get("version"), kind=_kind(said)
                    )
                vulnerabilities = lines.each(one.get("vulnerabilities"), "results", "packages", "vulnerabilities")
                found, whole = True, whole or not vulnerabilities
                for each, line_of_it in vulnerabilities:
                    if isinstance(each, dict):
                        bill.row("results", line_of_it, asset_tag=device, **_vulnerability(each, said))
                    else:
                        bill.refuse(line_of_it, "a vulnerability is not an object", each, device)
        partial = "lists only the packages that it found something in (ask for all: --all-packages)"
        return bill.done(partial if found and not whole else None)


def _kind(said: Facts) -> str | None:
    return _KINDS.get(objects.word(said.get("ecosystem")).partition(":")[0].casefold(), "sbom")


def _vulnerability(one: Facts, said: Facts) -> dict[str, Any]:
    aliases = one.get("aliases")
    return {
        "check": one.get("id"), "title": one.get("summary") or one.get("id"),
        "cves": cves(one.get("id"), *(aliases if isinstance(aliases, list) else ())),
        "severity": obj(one, "database_specific").get("severity"), "product": said.get("name"), "version": said.get("version"),
        "fixed_in": _fixed(one, said),
    }  # fmt: skip


def _fixed(one: Facts, said: Facts) -> list[str]:
    """The versions that end one of its ranges, for this very package."""
    events = (
        event
        for affected in listed(one.get("affected"))
        if _same(obj(affected, "package"), said)
        for span in listed(affected.get("ranges"))
        if span.get("type") != "GIT"
        for event in listed(span.get("events"))
    )
    return list(dict.fromkeys(objects.word(event["fixed"]) for event in events if event.get("fixed")))


def _same(one: Facts, said: Facts) -> bool:
    """Whether an advisory's package is this one: by its name, and its ecosystem (of the same release) where it says one."""
    theirs, ours = (objects.word(each.get("ecosystem")) for each in (one, said))
    return one.get("name") == said.get("name") and (not theirs or theirs == ours or theirs.startswith(f"{ours}:"))


def _is_result(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        return False
    if not document["results"]:
        return "experimental_config" in document
    return any(
        isinstance(one.get("source"), dict) and "path" in one["source"] and "packages" in one
        for one in listed(document["results"])
    )


def _fits(sample: Sample) -> str | None:
    return "certain: a result of osv-scanner, by its sources and packages" if _is_result(sample.document) else None


KINDS: Final = (
    Kind(name="osv-scanner", reader=OsvScanner(), tables=frozenset({"assets", "software", "results"}), row="package or vulnerability", fits=_fits),
)  # fmt: skip
