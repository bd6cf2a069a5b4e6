"""Wazuh: its inventory and vulnerabilities, as the indexer or the API gives them (JSON), or as the dashboard exports them (CSV).

A row is an entry: a vulnerability, a package, a port, or an agent with its system. The device is the
agent, by its id or else its name; entries that name none need ``asset``. Installed updates, users,
processes and what else an agent tells are passed over. A page of a longer list is not the whole look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final

from secscan.doors import json
from secscan.doors.csv import Table
from secscan.model.errors import InputError
from secscan.sources import looks, objects, scanned, values
from secscan.sources.bill import Bill, Facts, Lines, cves, obj, subject
from secscan.sources.headed import Aside, Headed, fits, part_of, with_column
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.templates import open_table

_KINDS: Final[Mapping[str, str | None]] = {"deb": "dpkg", "rpm": "rpm", "win": "arp"}
_STATES: Final = {"VALID": "open", "PENDING": "open", "OBSOLETE": "fixed"}
_LESS: Final = re.compile(r"Package less than (?!or equal)(\S+)", re.ASCII)
_OTHERS: Final = "entries of other lists than systems, packages, ports and vulnerabilities"
_HINT: Final = "export the indices wazuh-states-vulnerabilities-* and wazuh-states-inventory-*"


class Wazuh:
    """Reads one export."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind in ("text", "xlsx"):
            return _table(job)
        if seen.kind != "json":
            raise job.refuse(f"is {seen.words}, not an export of Wazuh", _HINT)
        entries, lacking = _entries(job)
        bill = Bill(job)
        nameless = bool(entries) and not any(_agent(one) for one, _ in entries)
        declared = subject(job, None) if job.source.asset or nameless else None
        for one, line in entries:
            _entry(bill, one, line, declared)
        return bill.done(lacking)


# -- JSON


def _entries(job: Job) -> tuple[Sequence[tuple[Any, int]], str | None]:
    """The entries of any of the forms, each with its line, and why they are not all that there are, if they are not."""
    lacking: str | None = None
    try:
        document = json.loads(job.data, job.shown)
    except InputError:
        if not (found := _one_a_line(job)):
            raise
    else:
        lines = Lines(job.data)
        match document:
            case {"hits": {"hits": list(hits), **more}}:
                found = lines.each(hits, "hits", "hits")
                lacking = _cut_short(document) or _page(len(found), more.get("total"))
            case {"data": {"affected_items": list(items), **more}}:
                found = lines.each(items, "data", "affected_items")
                failed = more.get("failed_items")
                lacking = (
                    f"Wazuh could not answer for {len(failed):,} of those that it was asked about"
                    if isinstance(failed, list) and failed
                    else _page(len(found), more.get("total_affected_items"))
                )
            case list():
                found = lines.each(document)
            case {"_source": dict()}:
                found = [(document, 1)]
            case _:
                raise job.refuse(
                    "is JSON, but no export of Wazuh: that has 'hits' of its indexer or 'affected_items' of its API",
                    _HINT,
                )
    alerts = next(
        (line for one, line in found if objects.word(obj(one).get("_index")).startswith("wazuh-alerts")), None
    )
    if alerts is not None:
        raise job.refuse("holds alerts of Wazuh, which tell what happened and not what is installed", _HINT, alerts)
    bare = [(one["_source"] if isinstance(one, dict) and "_source" in one else one, line) for one, line in found]
    return bare, lacking


def _page(count: int, total: Any) -> str | None:
    """That a file is a page. An indexer that stopped counting says that there are more than its number or as many."""
    at_least = isinstance(total, dict) and total.get("relation") == "gte"
    number = total.get("value") if isinstance(total, dict) else total
    if not isinstance(number, int) or not (number > count or (at_least and number == count)):
        return None
    return f"holds {count:,} of the {number:,}{' or more' if at_least else ''} entries that there are"


def _cut_short(document: Facts) -> str | None:
    shards = obj(document, "_shards").get("failed")
    if document.get("timed_out") is True or (isinstance(shards, int) and shards > 0):
        return "the indexer did not finish the search"
    return None


def _one_a_line(job: Job) -> list[tuple[Any, int]]:
    """A document a line, as tools for indexers dump them; [] where the first line is none."""
    found: list[tuple[Any, int]] = []
    for number, line in enumerate(looks.text(job.data).removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            try:
                found.append((json.loads(line.encode(), job.shown), number))
            except InputError:
                if not found:
                    return []
                found.append((line, number))
    return found


def _agent(one: Any) -> dict[str, Any] | None:
    """Whose an entry is, as facts of the asset; None where it names no agent."""
    if not isinstance(one, dict):
        return None
    said = obj(one, "agent") or obj(one, "wazuh", "agent")
    own = "id" in one and not one.keys().isdisjoint(("lastKeepAlive", "registerIP"))  # an agent of the API's own list
    ids = (said.get("id"), one.get("agent_id"), one.get("id") if own else None)
    name = next(
        (name for name in (said.get("name"), one.get("agent_name"), one.get("name") if own else None) if name), None
    )
    device = next((word for each in (*ids, name) if (word := values.clean(objects.word(each)))), None)
    if device is None:
        return None
    host = obj(said, "host")
    ip = one.get("ip") if own else one.get("agent_ip") or host.get("ip")
    return {"device_id": device, "hostname": name, "ip": _address(ip), **_system(obj(host, "os"))}


def _address(found: Any) -> Any:
    """Where others reach an agent; None where it says ``any``, or names itself as the manager's own agent does."""
    if isinstance(found, list):
        return [one for one in found if _address(one)] or None
    return None if found == "any" or objects.word(found).startswith(("127.", "::1")) else found


def _system(told: Facts) -> dict[str, Any]:
    """An operating system; of Windows with the last part of the build, where it stands apart."""
    version = _build(objects.word(told.get("version")), objects.word(told.get("build")))
    name = told.get("name") or told.get("full")
    return {"os": name, "os_version": version} if name else {}


def _build(version: str, build: str) -> str:
    head, _, revision = build.partition(".")
    return f"{version}.{revision}" if revision and version.rpartition(".")[2] == head else version


def _entry(bill: Bill, one: Any, line: int, declared: Facts | None) -> None:
    """One entry. ``declared``: the asset of those that name no agent."""
    agent = _agent(one) or declared
    if not isinstance(one, dict) or agent is None:
        bill.refuse(line, "an entry names no agent" if isinstance(one, dict) else "an entry is not an object", one)
        return
    host, package, device = obj(one, "host"), obj(one, "package"), agent["device_id"]
    facts = {**agent, **_system(obj(host, "os"))}
    if "vulnerability" in one or "cve" in one:
        _vulnerability(bill, one, line, device)
    elif "hotfix" in package or "hotfix" in one:
        bill.pass_over("updates that are installed, which say nothing of those that are missing")
    elif "browser" in one:
        bill.pass_over("extensions of browsers, whose names are those of other programs")
    elif package or ("name" in one and "format" in one):
        bill.row("software", line, asset_tag=device, **_software(package or one))
    elif obj(one, "source") or obj(one, "local"):
        _port(bill, one, line, device)
    elif obj(host, "os") or obj(one, "os"):
        name = host.get("hostname") or one.get("hostname") or facts.get("hostname")
        seen = obj(one, "scan").get("time") or one.get("lastKeepAlive")
        seen = None if objects.word(seen).startswith("9999") else seen  # the manager's own agent
        bill.row("assets", line, **facts | {"hostname": name, "last_seen": seen} | _system(obj(one, "os")))
        return
    elif serial := one.get("board_serial") or host.get("serial_number") or obj(one, "observer").get("serial_number"):
        bill.row("assets", line, **facts, serial=serial)
        return
    elif "registerIP" in one:  # an agent that never connected
        bill.row("assets", line, **facts)
        return
    else:
        bill.pass_over(_OTHERS)
    bill.beside("assets", line, **facts)


def _software(said: Facts) -> dict[str, Any]:
    installed = objects.word(said.get("installed") or said.get("install_time"))
    return {
        "name": said.get("name"), "version": said.get("version"), "publisher": said.get("vendor") if "@" not in objects.word(said.get("vendor")) else None,
        "kind": _KINDS.get(objects.word(said.get("type") or said.get("format"))),
        "install_date": installed if installed[:4].isdigit() and installed[4:5] in ("/", "-") else None,
    }  # fmt: skip


def _vulnerability(bill: Bill, one: Facts, line: int, device: str) -> None:
    """By the indexer's words (``vulnerability``) or by those of the API."""
    said, package = obj(one, "vulnerability"), obj(one, "package")
    if said:
        score = obj(said, "score")
        least = _LESS.match(objects.word(obj(said, "scanner").get("condition")))
        facts = {
            "check": said.get("id"), "title": said.get("title") or said.get("id"), "severity": said.get("severity"),
            "cvss3": score.get("base") if objects.word(score.get("version")).startswith("3") else None,
            "first_seen": said.get("detected_at"), "product": package.get("name"), "version": package.get("version"),
        }  # fmt: skip
    else:
        least = _LESS.match(objects.word(one.get("condition")))
        facts = {
            "check": one.get("cve"), "title": one.get("title") or one.get("cve"), "severity": one.get("severity"),
            "cvss3": one.get("cvss3_score") or None, "first_seen": one.get("detection_time"), "product": one.get("name"),
            "version": one.get("version"), "state": _STATES.get(objects.word(one.get("status"))),
        }  # fmt: skip
    bill.row(
        "results", line, asset_tag=device, **facts, cves=cves(facts["check"]), fixed_in=least[1] if least else None
    )
    if package.get("name") and said.get("category") == "Packages":
        bill.beside("software", line, asset_tag=device, **_software(package))


def _port(bill: Bill, one: Facts, line: int, device: str) -> None:
    """A listening port. Connections, and ports that only the machine itself reaches, are none."""
    local = obj(one, "source") or obj(one, "local")
    proto = objects.word(obj(one, "network").get("transport") or one.get("protocol")).casefold()
    state = objects.word(obj(one, "interface").get("state") or one.get("state")).casefold()
    address = values.address(objects.word(local.get("ip")))
    if isinstance(address, str) and ip_address(address).is_loopback:
        bill.pass_over("ports that only the machine itself reaches")
    elif state == "listening" or (proto.startswith("udp") and state in ("", "unknown", "none")):
        bill.row("services", line, asset_tag=device, proto=proto, port=local.get("port"))
    else:
        bill.pass_over("connections, which are no listening ports")


# -- CSV

_DEVICE: Final = ("agent.id", "wazuh.agent.id", "agent.name", "wazuh.agent.name", "agent_id", "agent_name")
_NAME: Final = ("agent.name", "wazuh.agent.name", "agent_name")
_HOST: Final = part_of(
    "assets",
    once="device_id",
    columns={
        "device_id": _DEVICE,
        "hostname": _NAME,
        "ip": ("agent.host.ip", "wazuh.agent.host.ip", "agent_ip"),
        "os": ("host.os.name", "host.os.full"),
        "os_version": ("host.os.version",),
    },
)
_SCORE: Final = (("vulnerability.score.base",), ("vulnerability.score.version",))


def _base(score: str, version: str) -> str:
    return score if version.startswith("3") else ""


def _scored(table: Table) -> bool:
    return "vulnerability.score.base" in table.header


_VULNERABILITIES: Final = Headed(
    what="Wazuh's vulnerabilities",
    needs=(("vulnerability.id", "cve"), ("package.name", "name"), ("vulnerability.severity", "severity")),
    parts=(
        part_of(
            "results",
            required=("asset_tag", "title"),
            columns={
                "asset_tag": _DEVICE,
                "check": ("vulnerability.id", "cve"),
                "cves": ("vulnerability.id", "cve"),
                "title": ("vulnerability.title", "title", "vulnerability.id", "cve"),
                "severity": ("vulnerability.severity", "severity"),
                "cvss3": ("the base score", "cvss3_score"),
                "first_seen": ("vulnerability.detected_at", "detection_time"),
                "product": ("package.name", "name"),
                "version": ("package.version", "version"),
                "fixed_in": ("vulnerability.scanner.condition", "condition"),
            },
            turns={
                "cves": cves,
                "fixed_in": lambda text: found[1] if (found := _LESS.match(text)) else "",
                "cvss3": lambda text: "" if text in ("0", "0.0") else text,
                "first_seen": lambda text: scanned.day(text.partition(" @ ")[0]) or text,
            },
        ),
        _HOST,
    ),
    prepared=lambda table: with_column(table, "the base score", _SCORE, _base) if _scored(table) else table,
    uses=("vulnerability.score.base", "vulnerability.score.version"),
)
_PACKAGES: Final = Headed(
    what="Wazuh's packages",
    needs=(_NAME, ("package.name",), ("package.version",)),
    parts=(
        part_of(
            "software",
            columns={
                "asset_tag": _DEVICE,
                "name": ("package.name",),
                "version": ("package.version",),
                "publisher": ("package.vendor",),
                "kind": ("package.type",),
            },
            turns={
                "kind": lambda text: _KINDS.get(text.casefold()) or "",
                "publisher": lambda text: "" if "@" in text else text,
            },
        ),
        _HOST,
    ),
)
_SYSTEMS: Final = Headed(
    what="Wazuh's systems",
    needs=(_NAME, ("host.os.name", "host.os.full"), ("host.os.version",)),
    parts=(replace(_HOST, once=None, columns={**_HOST.columns, "hostname": ("host.hostname", *_NAME)}),),
)
_BUILD: Final = (("OS version",), ("OS version build",))
_AGENTS: Final = Headed(
    what="Wazuh's agents",
    needs=(("ID",), ("Name",), ("IP address",), ("OS name",), ("Last keep alive",)),
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("ID",),
                "hostname": ("Name",),
                "ip": ("IP address",),
                "os": ("OS name",),
                "os_version": ("the build", "OS version"),
                "last_seen": ("Last keep alive",),
            },
            turns={
                "ip": lambda text: _address(text) or "",
                "last_seen": lambda text: "" if text.startswith("9999") else text,  # the manager's own agent
            },
        ),
    ),
    prepared=lambda table: with_column(table, "the build", _BUILD, _build),
    uses=("OS version build",),
)
"""This and the next two are the dashboard's own tables, under its labels; it writes those of one agent without its name."""
_PORTS: Final = Headed(
    what="Wazuh's ports",
    needs=(("Local IP address",), ("Local port",), ("Protocol",)),
    parts=(part_of("services", columns={"proto": ("Protocol",), "port": ("Local port",)}),),
    asides=(
        Aside(
            headings=("Local IP address",),
            so=lambda text: text.startswith("127.") or text == "::1",
            says="ports that only the machine itself reaches",
        ),
        Aside(
            headings=("State",),
            so=lambda text: text.casefold() not in ("", "listening", "unknown"),
            says="connections, which are no listening ports",
        ),
    ),
)
_PROGRAMS: Final = Headed(
    what="Wazuh's packages of one agent",
    needs=(("Name",), ("Version",), ("Vendor",), ("Architecture",)),
    parts=(
        part_of(
            "software",
            columns={"name": ("Name",), "version": ("Version",), "publisher": ("Vendor",), "kind": ("Format",)},
            turns=_PACKAGES.parts[0].turns,
        ),
    ),
)
_LABELS: Final = frozenset(
    ("name", "version", "vendor", "architecture", "description", "format", "size", "priority", "section", "source", "location", "multiarch",
     "install_time", "scan_id", "scan_date", "registered_at", "item_id", "checksum", "cpe", "msu_name")
)  # fmt: skip
"""Headings of the last of them, folded: a list with any other, a device before all, is somebody else's."""
_TABLES: Final = (_VULNERABILITIES, _PACKAGES, _SYSTEMS, _AGENTS, _PORTS, _PROGRAMS)
_MARKS: Final = (
    (_NAME, ("vulnerability.id",)),
    (("package.type", "package.vendor", "package.architecture"),),
    (),
    (("Last keep alive",), ("Registration date", "Node", "Status")),
    (),
    (),
)


def _table(job: Job) -> Found:
    """The first of the tables whose headings the file has. One that names no agent is of the asset that the source declares."""
    sample = Sample(job.data, job.shown)
    told = next((table for table in _TABLES if fits(table)(sample)), None)
    if told is None:
        open_table(job)
        raise job.refuse(
            "is a table, but none of Wazuh's: those have columns such as 'agent.name', 'package.name', 'vulnerability.id'",
            _HINT,
        )
    if told is _AGENTS or any(name in sample.headings for name in _DEVICE):
        return told.read(job)
    who = subject(job, None)
    first = told.parts[0]
    named = {name: headings for name, headings in first.columns.items() if name != "asset_tag"}
    needed = tuple(name for name in first.required if name != "asset_tag")
    of = replace(first, columns=named, required=needed, constant={"asset_tag": who["device_id"]})
    return replace(told, parts=(of,)).read(job)


def _fits(sample: Sample) -> str | None:
    match sample.document:
        case {"hits": {"hits": [{"_index": str(index)}, *_]}} if index.startswith("wazuh-"):
            return "certain: entries of Wazuh's indexer"
        case [{"_index": str(index)}, *_] if index.startswith("wazuh-"):
            return "certain: entries of Wazuh's indexer"
        case {"data": {"affected_items": list(), "total_affected_items": int()}}:
            return "certain: an answer of Wazuh's API"
    if any(objects.word(one.get("_index")).startswith("wazuh-") for one in sample.objects[:1]):
        return "certain: entries of Wazuh's indexer, one a line"
    if "cve" in sample.headings and not {"detection_time", "condition", "cvss3_score"} & sample.headings:
        return None
    return next(
        (
            words
            for table, marks in zip(_TABLES, _MARKS, strict=True)
            if (words := fits(table, marks)(sample)) and (table is not _PROGRAMS or sample.headings <= _LABELS)
        ),
        None,
    )


KINDS: Final = (
    Kind(name="wazuh", reader=Wazuh(), tables=frozenset({"assets", "software", "services", "results"}), row="entry", fits=_fits),
)  # fmt: skip
