"""Fleet: the hosts as its CSV, its API or ``fleetctl get hosts --json`` tell them, with the software of each.

A row is a host. What Fleet holds against a program (``vulnerabilities``) comes in as results under Fleet's own words.
Its lists of software and of titles count hosts and name none: they are refused. Users and their addresses are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any, Final

from secscan.doors import json
from secscan.model.raw import Refusal
from secscan.sources import looks, objects
from secscan.sources.headed import Headed, Headings, Known, OneOf, headings_of, part_of, with_column, words
from secscan.sources.kind import Kind
from secscan.sources.kinds.osquery import KINDS_OF, package_version
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_TRAILING = re.compile(r"(?:^|\s)(\d+(?:\.\d+)+)(?: LTS)?$")
_SYSTEM: Final[Headings] = ("os_version", "OS version", "Operating system")
_NUMBER: Final = "the number of the system"
_LIBRARIES: Final = frozenset(("python_packages", "npm_packages", "go_packages"))
_EXTENSIONS: Final = re.compile(r".*(?:extensions|addons|plugins)")
"""Additions to a browser or an editor: their names are often those of the products that they add to."""


def _version(system: str, build: str) -> str:
    """The number at the end of ``Windows 11 Pro 23H2 10.0.22631.3447``, else the build."""
    found = _TRAILING.search(system)
    return found[1] if found else build


_HOSTS: Final = Headed(
    what="a Fleet list of hosts",
    needs=(("hostname", "Hostname"), _SYSTEM, ("osquery_version", "seen_time", "detail_updated_at", "primary_ip", "Osquery version")),
    dates="iso",
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("id", "uuid", "hostname", "Hostname"), "hostname": ("hostname", "Hostname"), "serial": ("hardware_serial", "Serial number"),
                "ip": ("primary_ip", "Private IP address"), "mac": ("primary_mac", "MAC address"), "os": _SYSTEM, "os_version": (_NUMBER,),
                "type": ("platform",), "encrypted": ("disk_encryption_enabled",), "last_seen": ("seen_time", "Last seen"),
            },
            turns={"type": words({"ios": "phone", "ipados": "tablet", "android": "phone"})},
            facts=("platform", "status", "team_name", "hardware_vendor", "hardware_model"),
        ),
    ),
    prepared=lambda table: with_column(table, _NUMBER, (_SYSTEM, ("build",)), _version),
    uses=("build",),
)  # fmt: skip
_COUNTS: Final = "counts the hosts of each program and names none"
_COUNTS_HINT: Final = (
    "export the hosts with their software: fleetctl get hosts --json, or /api/v1/fleet/hosts?populate_software=true"
)
_TABLES: Final = OneOf(
    of=(_HOSTS,),
    known=(
        Known(
            needs=(("hosts_count", "Hosts count"), ("name", "Name")), without=("hostname", "Hostname"), why=_COUNTS, hint=_COUNTS_HINT
        ),
        Known(
            needs=(("host_display_name", "host_hostname"),), without=("osquery_version", "uuid"),
            why="holds a query's answers of many hosts, which are not read", hint=_COUNTS_HINT,
        ),
    ),
)  # fmt: skip


class Fleet:
    """Reads hosts."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind != "json":
            return _TABLES.read(job)
        job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        hosts: list[tuple[int, Mapping[str, Any], Iterator[int]]] = []
        refused: list[Refusal] = []
        more = False
        for line, one in objects.entries(job):
            if isinstance(one, Refusal):
                refused.append(one)
            else:
                hosts += _hosts(one, line, job)
                meta = one.get("meta")
                more = more or (isinstance(meta, Mapping) and meta.get("has_next_results") is True)
            if len(hosts) > job.limits.rows:
                raise job.refuse(f"has more than {job.limits.rows:,} hosts", "raise limits.rows in secscan.yaml")
        rows = [host for _, host, _ in hosts]
        found = _HOSTS.of(objects.table(rows, [line for line, _, _ in hosts], job, _HOSTS.wants), job)
        says = f"{job.shown}: is one page of several: what is not in it may be on the others; export all of them"
        found = replace(
            found, rows_read=found.rows_read + len(refused), refused=[*refused, *found.refused], incomplete=says if more else None
        )  # fmt: skip
        return _with_software(found, hosts, job)


def _hosts(one: Any, line: int, job: Job) -> list[tuple[int, Mapping[str, Any], Iterator[int]]]:
    """The hosts of a document, or of a line of a log: each with its line and the lines of its programs."""
    if not isinstance(one, Mapping):
        raise job.refuse("holds no objects: no hosts of Fleet", _COUNTS_HINT, line)
    for key in ("hosts", "host", "spec"):
        under = one.get(key)
        if isinstance(under, list | Mapping):
            listed = under if isinstance(under, list) else [under]
            if not all(isinstance(host, Mapping) for host in listed):
                raise job.refuse(f"'{key}' holds what is no object", line=line)
            at: Iterator[int] = repeat(line)
            programs: Iterator[int] = repeat(line)
            if line == 1:
                places = json.places(job.data)
                at, programs = iter(places.get((key,), ())), iter(places.get((key, "software"), ()))
            return [(next(at, line), host, programs) for host in listed]
    if "hostname" in one:
        return [(line, one, repeat(line))]
    if any(key in one for key in ("software", "software_titles", "counts_updated_at")):
        raise job.refuse(_COUNTS, _COUNTS_HINT, line)
    raise job.refuse("is no host of Fleet: that has a 'hostname'", _COUNTS_HINT, line)


def _with_software(found: Found, hosts: Sequence[tuple[int, Mapping[str, Any], Iterator[int]]], job: Job) -> Found:
    programs: list[tuple[int, dict[str, Any]]] = []
    results: list[tuple[int, dict[str, Any]]] = []
    broken = extensions = 0
    for _, host, lines in hosts:
        device = objects.word(host.get("id") or host.get("uuid") or host.get("hostname"))
        listed = host.get("software")
        for one in listed if isinstance(listed, list) else ():
            if not isinstance(one, Mapping):
                broken += 1
                continue
            line = next(lines, 0)
            if _EXTENSIONS.fullmatch(objects.word(one.get("source"))):
                extensions += 1
                continue
            programs.append((line, program := _program(one, device)))
            results += [(line, result) for result in _results(one, program)]
    if len(programs) + len(results) > job.limits.rows:
        raise job.refuse(f"has more than {job.limits.rows:,} programs", "raise limits.rows in secscan.yaml")
    lists = [
        objects.built(name, [row for _, row in rows], [line for line, _ in rows], job, needs)
        for name, rows, needs in (("software", programs, ("asset_tag", "name")), ("results", results, ("title",)))
        if rows
    ]  # fmt: skip
    told = objects.with_lists(found, lists, job, broken)
    says = f"{job.shown}: {extensions:,} additions to browsers and editors are passed over: they are no programs"
    return replace(told, warnings=[*told.warnings, says]) if extensions else told


def _program(one: Mapping[str, Any], device: str) -> dict[str, Any]:
    source, version = objects.word(one.get("source")), objects.word(one.get("version"))
    whole = package_version(version, objects.word(one.get("release"))) if source == "rpm_packages" else version
    return {
        "asset_tag": device, "name": objects.word(one.get("name")).removesuffix(".app"), "version": whole, "publisher": one.get("vendor"),
        "kind": "sbom" if source in _LIBRARIES else KINDS_OF.get(source), "last_used": one.get("last_opened_at"),
    }  # fmt: skip


def _results(one: Mapping[str, Any], program: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What Fleet holds against the program."""
    held = one.get("vulnerabilities")
    for weakness in held if isinstance(held, list) else ():
        cve = objects.word(weakness.get("cve")) if isinstance(weakness, Mapping) else ""
        if cve:
            yield {
                "asset_tag": program["asset_tag"], "check": cve, "title": cve, "cves": cve, "product": program["name"],
                "version": program["version"], "fixed_in": weakness.get("resolved_in_version"), "state": "open",
            }  # fmt: skip


def _fits(sample: Sample) -> str | None:
    headings = headings_of(sample, _TABLES)
    if _HOSTS.heads(headings):
        surely = "certain" if {"osquery_version", "uuid"} <= headings else "likely"
        return f"{surely}: {_HOSTS.what}, by its columns 'hostname' and 'os_version'"
    if {"hosts_count", "name"} <= headings:
        return "likely: Fleet's count of software"
    if {"host_display_name", "host_hostname"} & headings and _TABLES.heads(headings):
        return "likely: the answers to a query of Fleet's"
    for one in (*sample.objects[:3], sample.document):
        if isinstance(one, Mapping) and (found := _told(one)):
            return found
    return None


def _told(one: Mapping[str, Any]) -> str | None:
    if one.get("kind") == "host" and isinstance(one.get("spec"), Mapping):
        return "certain: hosts as fleetctl writes them"
    listed = one.get("hosts")
    host = next(
        (
            h
            for h in (listed[0] if isinstance(listed, list) and listed else None, one.get("host"), one)
            if isinstance(h, Mapping)
        ),
        {},
    )
    if "hostname" in host and {"osquery_version", "seen_time", "detail_updated_at"} & host.keys():
        return "certain: hosts of Fleet's API, by their osquery_version"
    if "counts_updated_at" in one and {"software", "software_titles"} & one.keys():
        return "likely: Fleet's count of software"
    return None


KINDS: Final = (
    Kind(name="fleet", reader=Fleet(), tables=frozenset({"assets", "software", "results"}), row="host", fits=_fits),
)
