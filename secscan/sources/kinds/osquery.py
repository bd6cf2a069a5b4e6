"""osquery: a table as ``osqueryi --json`` prints it, and the results log of osqueryd.

A row is a row of a table. Which table it is of is told by its columns, else by the name of the query or the file. A
printed table does not say whose it is: the file's name does, before its first dot; a log has its ``hostIdentifier``.
Of a log the last state counts: a newer snapshot takes the place of the one before, ``removed`` takes back ``added``, and
both are counted as blank. Updates of Windows that are installed say nothing of those that are missing: blank as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any, Final

from secscan.doors import csv
from secscan.doors.terminal import safe
from secscan.model.raw import Refusal
from secscan.sources import looks, objects, values
from secscan.sources.hosts import reachable
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

Row = Mapping[str, str]
_TABLES: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    name: (frozenset(needs.split()), frozenset(own.split()))
    for name, needs, own in (
        ("patches", "hotfix_id", "hotfix_id csname caption installed_on installed_by fix_comments"),
        ("listening_ports", "port protocol", "port protocol family address pid fd socket"),
        ("rpm_packages", "name version release", "release epoch sha1 package_group vendor install_time arch"),
        ("deb_packages", "name version", "maintainer revision section priority status arch"),
        ("apps", "name", "bundle_identifier bundle_short_version bundle_version bundle_executable"),
        (
            "programs", "name",
            "identifying_number install_source uninstall_string install_location publisher install_date language upgrade_code "
            "package_family_name",
        ),
        ("os_version", "name version", "major minor platform platform_like codename build patch"),
        ("system_info", "hostname", "hardware_serial uuid computer_name cpu_brand hardware_model cpu_type local_hostname"),
        ("interface_addresses", "interface address", "interface mask broadcast point_to_point"),
    )
}  # fmt: skip
"""Table -> the columns that it cannot do without, and those that tell it from others."""
_SEVERAL: Final = 2
"""How many of its own columns tell a table."""
_MADE_UP = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
KINDS_OF: Final = {"programs": "arp", "deb_packages": "dpkg", "rpm_packages": "rpm"}
"""osquery's table of software -> our kind of name."""


def package_version(version: str, release: str = "", epoch: str = "") -> str:
    """An rpm's version as rpm writes it: ``1:2.3-4.el9``."""
    known = "" if values.is_unknown(epoch) or epoch in ("0", "(none)") else f"{epoch}:"
    return f"{known}{version}-{release}" if version and release else version


def table_of(row: Row, named: str) -> str | None:
    """Which table a row is of: by its columns, else by a table's name in the name of the query or file."""
    keys = row.keys()
    fitting = [
        (len(own & keys), name)
        for name, (needs, own) in _TABLES.items()
        if needs <= keys and len(own & keys) >= _SEVERAL
    ]
    if fitting:
        return max(fitting, key=lambda one: one[0])[1]
    if "hotfix_id" in keys:
        return "patches"
    folded = named.casefold().replace("-", "_")
    return next((name for name, (needs, _) in _TABLES.items() if name in folded and needs <= keys), None)


@dataclass(slots=True)
class _Results:
    """The last state of every query of every host, and the rows that are in it no more."""

    read: int = 0
    blank: int = 0
    refused: list[Refusal] = field(default_factory=list)
    state: dict[tuple[str, str], dict[bytes | int, tuple[int, Row]]] = field(default_factory=dict)
    """(host, query) -> a row as it compares -> its line and itself."""
    seen: dict[str, int] = field(default_factory=dict)
    """Host -> the newest time at which it said anything."""
    begun: dict[tuple[str, str], bool] = field(default_factory=dict)
    """(host, query) -> whether its first results are in the file."""

    names: dict[str, str] = field(default_factory=dict)
    """Host -> its name, where the log is decorated with it."""

    _memo: dict[str, str] = field(default_factory=dict)

    def hostname(self, host: str) -> str | None:
        """A host's name: as the log says, else its identifier where that is one; a made-up identifier is none."""
        said = self.names.get(host)
        return said if said or _MADE_UP.fullmatch(host) or host not in self.seen else host

    def snapshot(self, at: tuple[str, str], rows: Sequence[Any], line: int) -> None:
        self.blank += len(self.state.get(at, ()))
        self.state[at] = {}
        self.begun[at] = True
        for number, row in enumerate(rows):
            self.add(at, row, line, number)

    def add(self, at: tuple[str, str], row: Any, line: int, number: int | None = None) -> None:
        """One more row. ``number``: of a list that holds each row as it is; without one, the same row again is blank."""
        self.read += 1
        if not isinstance(row, Mapping):
            self.refuse(line, "a result is not an object", row)
        elif (key := _compared(row) if number is None else number) in (state := self.state.setdefault(at, {})):
            self.blank += 1
        else:
            one = self._memo.setdefault
            state[key] = (
                line,
                {one(name, name): one(word, word) for name, value in row.items() for word in (objects.word(value),)},
            )

    def remove(self, at: tuple[str, str], row: Any) -> None:
        self.read += 1
        self.blank += 1
        if isinstance(row, Mapping):
            self.blank += self.state.setdefault(at, {}).pop(_compared(row), None) is not None

    def refuse(self, line: int, reason: str, row: Any) -> None:
        self.refused.append(Refusal(line=line, column=None, reason=reason, raw=repr(row)[: csv.RAW_LIMIT]))


def _compared(row: Row) -> bytes:
    """The same for the same row, in few bytes: a log has far more rows than anybody's list in the end."""
    text = "\n".join(f"{key}\t{objects.word(value)}" for key, value in sorted(row.items()))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Osquery:
    """Reads a printed table or a results log."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(f"is {seen.words}, not JSON of osquery", "print it with osqueryi --json")
        job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        results = _Results()
        for line, one in objects.entries(job):
            if isinstance(one, Refusal):
                results.read += 1
                results.refused.append(one)
            else:
                _take(one, line, results, job)
            if results.read > job.limits.rows:
                raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
        return _found(results, job)


def _take(one: Any, line: int, results: _Results, job: Job) -> None:
    """One entry into the results: of a log by its host and query, else a row of the one table that was printed."""
    if isinstance(one, Mapping) and "log_type" in one and isinstance(one.get("data"), list):
        for inner in one["data"] if one["log_type"] == "result" else ():  # as osqueryd posts its log to a server
            _take(inner, line, results, job)
        return
    if not isinstance(one, Mapping) or "hostIdentifier" not in one:
        results.add(("", job.name), one, line, results.read)
        return
    host, query = objects.word(one["hostIdentifier"]).strip(), objects.word(one.get("name"))
    if values.is_unknown(host) or "\0" in host:
        results.read += 1
        results.refuse(line, "hostIdentifier is empty", one.get("name"))
        return
    at = (host, query)
    time = values.whole(objects.word(one.get("unixTime")))
    decorations = one.get("decorations")
    if isinstance(decorations, Mapping) and (name := values.clean(objects.word(decorations.get("hostname")))):
        results.names[host] = name
    results.seen[host] = max(results.seen.get(host, 0), time if isinstance(time, int) else 0)
    if isinstance(one.get("snapshot"), list):
        results.snapshot(at, one["snapshot"], line)
        return
    changes = one.get("diffResults")
    if isinstance(changes, Mapping):
        removed, added = changes.get("removed"), changes.get("added")
    elif "columns" in one:
        removed, added = ([one["columns"]], []) if one.get("action") == "removed" else ([], [one["columns"]])
    else:
        return  # a line of its own log of events: no result
    if "counter" in one:
        results.begun[at] = results.begun.get(at, False) or objects.word(one["counter"]) == "0"
    for row in removed if isinstance(removed, list) else ():
        results.remove(at, row)
    for row in added if isinstance(added, list) else ():
        results.add(at, row, line)


def _found(results: _Results, job: Job) -> Found:
    assets: dict[str, tuple[int, dict[str, Any]]] = {}
    software: list[tuple[int, Row]] = []
    services: list[tuple[int, Row]] = []
    other: dict[str, int] = {}
    told: dict[tuple[str, frozenset[str]], str | None] = {}
    of_host = blank = 0
    for (host, query), rows in results.state.items():
        tag = host or job.named()
        for line, row in rows.values():
            key = (query, frozenset(row))
            table = told[key] if key in told else told.setdefault(key, table_of(row, query))
            _, facts = assets.setdefault(tag, (line, {"device_id": tag, "hostname": results.hostname(tag)}))
            match table:
                case "os_version" | "system_info" | "interface_addresses":
                    _host_facts(table, row, facts)
                    of_host += 1
                case "programs" | "deb_packages" | "rpm_packages" | "apps":
                    if (program := _program(table, row, tag)) is None:
                        blank += 1
                    else:
                        software.append((line, program))
                case "listening_ports":
                    if (port := _port(row, tag)) is None:
                        blank += 1
                    else:
                        services.append((line, port))
                case _:
                    blank += 1
                    named = "updates of Windows (patches)" if table else f"'{safe(query, 60)}'"
                    other[named] = other.get(named, 0) + 1
    if told and set(told.values()) == {None} and not results.seen:
        raise job.refuse(
            "is no table that is read: its columns are those of none",
            f"known: {', '.join(_TABLES)}; or name the file ASSET.TABLE.json",
        )
    return _joined(results, job, assets, software, services, other, of_host, blank)


def _joined(
    results: _Results, job: Job, assets: Mapping[str, tuple[int, dict[str, Any]]], software: Sequence[tuple[int, Row]],
    services: Sequence[tuple[int, Row]], other: Mapping[str, int], of_host: int, blank: int,
) -> Found:  # fmt: skip
    for tag, (_, facts) in assets.items():
        facts["last_seen"] = _day(results.seen.get(tag), job)
    hosts = objects.built(
        "assets", [facts for _, facts in assets.values()], [at for at, _ in assets.values()], job, ("device_id",)
    )
    lists = [
        objects.built(name, [row for _, row in rows], [line for line, _ in rows], job, needs)
        for name, rows, needs in (("software", software, ("asset_tag", "name")), ("services", services, ("asset_tag", "proto", "port")))
        if rows
    ]  # fmt: skip
    warnings = [f"{job.shown}: {n:,} rows of {query} are not read; counted as blank" for query, n in other.items()]
    midway = sum(not begun for begun in results.begun.values())
    return Found(
        rows_read=results.read,
        rows_loaded=of_host + sum(found.rows_loaded for found in lists),
        rows_blank=results.blank + blank,
        refused=sorted((*results.refused, *(bad for found in lists for bad in found.refused)), key=lambda bad: bad.line),
        warnings=[*hosts.warnings, *(says for found in lists for says in found.warnings), *warnings],
        incomplete=f"{job.shown}: {midway:,} of its queries begin midway: what they found before is not in it" if midway else None,
        tables={**(hosts.tables if assets else {}), **{name: raw for found in lists for name, raw in found.tables.items()}},
    )  # fmt: skip


def _day(time: int | None, job: Job) -> str:
    try:
        return datetime.fromtimestamp(time or 0, UTC).date().isoformat() if time else job.dated_on.isoformat()
    except (ValueError, OverflowError, OSError):
        return job.dated_on.isoformat()


def _host_facts(table: str, row: Row, facts: dict[str, Any]) -> None:
    match table:
        case "os_version":
            facts |= {"os": row.get("name"), "os_version": _system_version(row)}
        case "system_info":
            facts["hostname"] = row.get("hostname") or row.get("computer_name") or facts.get("hostname")
            facts["serial"] = row.get("hardware_serial")
        case _:
            facts["ip"] = [*facts.get("ip", ()), *reachable([objects.word(row.get("address"))])]


def _system_version(row: Row) -> str:
    """The number in ``22.04.3 LTS (Jammy Jellyfish)``; of Windows with its revision, where that stands apart."""
    found = _NUMBER.search(objects.word(row.get("version")))
    number, revision = found[0] if found else "", objects.word(row.get("revision"))
    whole = revision.isdecimal() and revision != "0" and number.count(".") == 2 and row.get("platform") == "windows"
    return f"{number}.{revision}" if whole else number


def _program(table: str, row: Row, tag: str) -> dict[str, Any] | None:
    """A row of a table of software; None for a package that was removed and left its settings."""
    name, version = row.get("name"), objects.word(row.get("version"))
    said: dict[str, Any] = {"asset_tag": tag, "name": name, "version": version, "kind": KINDS_OF.get(table)}
    match table:
        case "programs":
            return said | {"publisher": row.get("publisher"), "install_date": row.get("install_date")}
        case "rpm_packages":
            whole = package_version(version, objects.word(row.get("release")), objects.word(row.get("epoch")))
            return said | {"version": whole, "publisher": row.get("vendor")}
        case "deb_packages":
            return None if objects.word(row.get("status")).endswith(("config-files", "not-installed")) else said
    shown = row.get("bundle_short_version") or row.get("bundle_version") or version
    return said | {"name": objects.word(name).removesuffix(".app"), "version": shown}


def _port(row: Row, tag: str) -> dict[str, Any] | None:
    """A port that something other than the machine itself could try; None for any other, and for a socket that is no port."""
    address = values.address(objects.word(row.get("address"))) if row.get("address") else None
    if objects.word(row.get("port")) in ("", "0") or (isinstance(address, str) and ip_address(address).is_loopback):
        return None
    return {
        "asset_tag": tag,
        "proto": row.get("protocol"),
        "port": row.get("port"),
        "address": address if isinstance(address, str) else None,
    }


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind != "json":
        head = next((line for line in sample.lines[:2] if "|" in line), "")
        names = [name.strip() for name in head.strip("| ").split("|")]
        table = table_of(dict.fromkeys(names, ""), "")
        return f"likely: osquery's table {table} as it prints it for people" if table and len(names) > 1 else None
    some = sample.objects
    document = sample.document
    if isinstance(document, Mapping) and "log_type" in document and isinstance(document.get("data"), list):
        return "certain: results of osqueryd, as it posts them to a server"
    if any("hostIdentifier" in one and {"columns", "snapshot", "diffResults"} & one.keys() for one in some):
        return "certain: results of osqueryd, by their hostIdentifier"
    if not isinstance(sample.document, list) or not some:
        return None
    table = table_of(some[0], "")
    printed = all(isinstance(value, str) for one in some for value in one.values())
    return f"likely: osquery's table {table}, by its columns, all of them text" if table and printed else None


KINDS: Final = (
    Kind(
        name="osquery", reader=Osquery(), tables=frozenset({"assets", "software", "services"}), row="row of a table",
        fits=_fits,
    ),
)  # fmt: skip
