"""Microsoft Defender for Endpoint: machines, software and vulnerabilities of machines, and the portal's list of devices.

JSON as the API answers (``value``), as its export files hold it (an object a line, in gzip) and as advanced hunting answers
(``Results``); CSV of advanced hunting and of the device inventory. Names of properties are taken in any case. A page that
leads to a next one is incomplete. Names of software are Defender's own (``sql_server_2012``). What counts devices and
names none is refused. Paths, users and addresses seen from outside are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from secscan.doors import csv, json, json_parts
from secscan.model.errors import InputError
from secscan.model.raw import Refusal
from secscan.sources import headed, looks, objects, values, windows
from secscan.sources.headed import Headed, part_of, with_column, words
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.tabular import folded
from secscan.sources.templates import open_table

_MACHINES: Final = frozenset(("id", "computerdnsname", "osplatform"))
_SOFTWARE: Final = frozenset(("deviceid", "softwarename", "softwareversion"))
_FOUND: Final = (frozenset(("deviceid", "cveid")), frozenset(("machineid", "cveid")))
_INFO: Final = frozenset(("deviceid", "devicename", "osplatform", "osbuild"))
"""Advanced hunting's DeviceInfo, which tells of a device again and again."""
_COUNTS: Final = (frozenset(("exposedmachines",)), frozenset(("exposeddevices",)), frozenset(("missingondevices",)))
_READ: Final = frozenset(
    ("id", "computerdnsname", "osplatform", "osbuild", "osversion", "version", "lastseen", "lastipaddress", "ipaddresses",
     "mergedintomachineid", "defenderavstatus", "deviceid", "machineid", "devicename", "softwarename", "softwareversion",
     "softwarevendor", "cveid", "vulnerabilityseveritylevel", "severity", "productname", "productversion", "status",
     "firstseentimestamp", "lastseentimestamp", "recommendedsecurityupdateid", "fixingkbid",
     "timestamp", "mergedtodeviceid", "devicetype", "osdistribution")
)  # fmt: skip
"""All that is looked at: paths and who was logged on are left behind at once."""
_HUNTING_LIMITS: Final = (10_000, 30_000, 100_000)
"""How many rows advanced hunting gives at most: in the portal, before and now, and by its API."""
_HUNTING: Final = "advanced hunting"
_LISTS: Final = ("value", "results")
"""Under which key the objects are: of the API, and of advanced hunting."""
_PLATFORMS: Final = {"other": "", "none": ""}
_TYPES: Final = {
    "Server": "server", "Laptop": "laptop", "Mobile": "phone", "Phone": "phone", "Tablet": "tablet", "Printer": "printer",
    "Network device": "network", "NetworkDevice": "network", "Switch": "network", "Router": "network", "Firewall": "network",
    "Camera": "video", "Video conferencing": "video",
}  # fmt: skip
"""Device types; a workstation may be a desktop or a laptop."""
_SORTS: Final = words(_TYPES)


@dataclass(slots=True)
class _Rows:
    """What one file holds: of its objects what is read, keys in lower case, and the line on which each begins."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    blank: int = 0
    warnings: Sequence[str] = ()
    more: str | None = None
    """Why it is not all that there is."""
    keys: dict[str, str] = field(default_factory=dict)
    """Every key that an object has, as written and in lower case."""
    kept: dict[str, str] = field(default_factory=dict)
    """Each distinct text once."""

    def add(self, one: Any, line: int) -> None:
        if isinstance(one, dict):
            keys = self.keys
            keys.update((key, key.casefold()) for key in one.keys() - keys.keys())
            kept = self.kept.setdefault
            self.rows.append({
                keys[key]: kept(value, value) if isinstance(value, str) else value
                for key, value in one.items() if keys[key] in _READ
            })  # fmt: skip
            self.lines.append(line)
        else:
            self.refused.append(
                Refusal(line=line, column=None, reason="an entry is not an object", raw=repr(one)[:200])
            )

    @property
    def read(self) -> int:
        return len(self.rows) + len(self.refused) + self.blank


class Defender:
    """Reads one file of any of its kinds."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind == "json":
            return self._told(_of_json(job), job)
        table = open_table(job, _is_header)
        headings = {_plain(name) for name in table.header}
        if _DEVICES.is_header(table.header):
            return _DEVICES.of(table, job)
        found = _Rows(
            rows=[dict(zip(map(_plain, table.header), row, strict=True)) for row in zip(*table.columns, strict=True)],
            lines=list(table.lines), blank=table.blank, warnings=table.notes,
            refused=[
                Refusal(line=one.line, column=one.column, reason=one.reason, raw=one.raw[: csv.RAW_LIMIT])
                for one in table.bad
            ],
        )  # fmt: skip
        if table.rows_read in _HUNTING_LIMITS:
            found.more = f"{job.shown}: has {table.rows_read:,} rows, which is all that {_HUNTING} gives at once"
        return self._told(found, job, headings)

    def _told(self, found: _Rows, job: Job, headings: set[str] | None = None) -> Found:
        job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        keys = headings or set(found.keys.values())
        if any(count <= keys for count in _COUNTS):
            raise job.refuse(
                "counts devices and names none",
                "export it by machine: SoftwareInventoryByMachine, SoftwareVulnerabilitiesByMachine, or the list of one query",
            )
        if keys >= _SOFTWARE and "cveid" not in keys:
            return _software(found, job)
        if any(shape <= keys for shape in _FOUND):
            return _vulnerabilities(found, job)
        if keys >= _INFO:
            return _devices(found, job)
        if keys >= _MACHINES or (not keys and not found.refused):
            return _machines(found, job)
        listed = ", ".join(values.shown(key) for key in sorted(keys)[:6]) or "nothing"
        raise job.refuse(f"holds no machines, software or vulnerabilities of Defender: its objects have {listed}")


def _plain(heading: str) -> str:
    return folded(heading).replace("_", "")


def _is_header(cells: Sequence[str]) -> bool:
    keys = frozenset(map(_plain, cells))
    return _shape(keys) is not None or any(count <= keys for count in _COUNTS) or _DEVICES.is_header(cells)


def _shape(keys: frozenset[str]) -> str | None:
    """What objects with these keys are."""
    if "cveid" in keys and any(shape <= keys for shape in _FOUND):
        return "vulnerabilities"
    if keys >= _SOFTWARE:
        return "software"
    return "machines" if keys >= _MACHINES or keys >= _INFO else None


# -- JSON


def _of_json(job: Job) -> _Rows:
    """An entry at a time: a list of a large council is far longer than what is read of it."""
    document: Any = None
    lists: dict[str, _Rows] = {}
    begins = 0
    try:
        for number, part in enumerate(json_parts.parts(job.data, job.shown, _LISTS)):
            name = (part.key or "").casefold()
            if part.entry:
                lists[name].add(part.value, part.line)
                if lists[name].read > job.limits.rows:
                    break
            elif number == 0:
                document, begins = part.value, part.line
                lists |= {"": _Rows()} if document == [] else {}
            else:
                document[part.key] = part.value
                lists |= {name: _Rows()} if name in _LISTS and part.value == [] else {}
    except InputError:
        if (found := _by_line(job)) is None:
            raise
        return found
    if isinstance(document, dict):
        keys = {str(key).casefold() for key in document}
        if "exportfiles" in keys:
            raise job.refuse(
                "lists the addresses of export files, not what they hold", "download these files and import them"
            )
        listed = next((lists[name] for name in _LISTS if name in lists), None)
        found = _Rows() if listed is None else listed
        if listed is None:
            found.add(document, begins)
        if any(document.get(key) for key in document if str(key).casefold().endswith("nextlink")):
            found.more = (
                f"{job.shown}: is one page of several (it has a nextLink): what is not in it may be on the others"
            )
        elif "schema" in keys and found.read in _HUNTING_LIMITS:
            found.more = f"{job.shown}: has {found.read:,} rows, which is all that {_HUNTING} gives at once"
    else:
        found = lists.get("", _Rows())
    if not isinstance(document, dict | list) or found.read > job.limits.rows:
        raise job.refuse(f"is no list of at most {job.limits.rows:,} objects")
    return found


def _by_line(job: Job) -> _Rows | None:
    """An object a line, as export files hold them; None where it is nothing of that sort."""
    found = _Rows()
    broken = number = 0
    for number, line in enumerate(csv.lines(job.data, job.shown, job.source.encoding), 1):
        if number == 1 and not (line.lstrip("\ufeff").startswith("{") and line.rstrip().endswith("}")):
            return None
        if not line.strip():
            found.blank += 1
            continue
        if found.read >= job.limits.rows:
            raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
        try:
            found.add(json.loads(line.strip().encode(), job.shown), number)
        except InputError as error:
            found.refused.append(Refusal(line=number, column=None, reason=error.reason, raw=line[: csv.RAW_LIMIT]))
            broken = number
    if broken == number and not job.data.rstrip(b"\0").endswith(b"\n"):
        found.more = f"{job.shown}:{broken}: breaks off: what stood behind it may be installed all the same"
    return found


# -- what it says


def _devices(found: _Rows, job: Job) -> Found:
    """DeviceInfo as machines: of what it says of a device the newest, the rest is blank."""
    newest: dict[str, tuple[str, int]] = {}
    for at, row in enumerate(found.rows):
        device, day = objects.word(row.get("deviceid")), _moment(row, "timestamp")
        newest[device] = max(newest.get(device, ("", at)), (day, at)) if device else (day, at)
    kept = sorted(at for device, (_, at) in newest.items() if device)
    kept += [at for at, row in enumerate(found.rows) if not objects.word(row.get("deviceid"))]  # to be refused
    older = len(found.rows) - len(kept)
    rows = [
        {
            **found.rows[at], "id": found.rows[at].get("deviceid"), "computerdnsname": found.rows[at].get("devicename"),
            "lastseen": _moment(found.rows[at], "timestamp"), "mergedintomachineid": found.rows[at].get("mergedtodeviceid"),
        }
        for at in sorted(kept)
    ]  # fmt: skip
    lines = [found.lines[at] for at in sorted(kept)]
    says = [f"{job.shown}: {older:,} rows counted as blank: older news of the same device"] if older else []
    return _machines(
        replace(found, rows=rows, lines=lines, blank=found.blank + older, warnings=[*found.warnings, *says]), job
    )


def _machines(found: _Rows, job: Job) -> Found:
    rows, lines, merged = [], [], 0
    for row, line in zip(found.rows, found.lines, strict=True):
        if row.get("mergedintomachineid"):
            merged += 1  # the machine into which it was merged has a row of its own
            continue
        rows.append(_machine(row))
        lines.append(line)
    warnings = (
        [f"{job.shown}: {merged:,} rows counted as blank: machines that were merged into others"] if merged else []
    )
    return _whole(objects.built("assets", rows, lines, job, ("device_id",)), found, merged, warnings)


def _machine(row: Mapping[str, Any]) -> dict[str, Any]:
    listed = row.get("ipaddresses")
    cards = [
        {str(key).casefold(): objects.word(value) for key, value in card.items()}
        for card in (listed if isinstance(listed, list) else ())
        if isinstance(card, dict)
    ]
    own = [card for card in cards if card.get("operationalstatus", "").casefold() != "down"]
    addresses = [objects.word(row.get("lastipaddress")), *(card.get("ipaddress", "") for card in own)]
    return {
        "device_id": row.get("id"),
        **_named(row.get("computerdnsname"), row.get("osplatform")),
        "ip": windows.own_addresses(";".join(one for one in addresses if not values.is_unknown(one))),
        "mac": windows.one_mac(";".join(card.get("macaddress", "") for card in own)),
        "os_version": _os_version(row),
        "type": _SORTS(objects.word(row.get("devicetype"))) or windows.kind_of(objects.word(row.get("osplatform"))),
        "protection_active": "yes" if objects.word(row.get("defenderavstatus")).casefold() == "updated" else None,
        "last_seen": _moment(row, "lastseen"),
    }


def _moment(row: Mapping[str, Any], key: str) -> str:
    return windows.moment(objects.word(row.get(key)))


def _named(name: Any, platform: Any) -> dict[str, Any]:
    host, system = values.clean(objects.word(name)), objects.word(platform)
    return {
        "hostname": windows.short_name(host), "fqdn": windows.full_name(host, ""),
        "os": _PLATFORMS.get(system.casefold(), system), "type": windows.kind_of(system),
    }  # fmt: skip


def _os_version(row: Mapping[str, Any]) -> str:
    """The build of a Windows; of another system its version."""
    if windows_version := windows.full_build(objects.word(row.get("osbuild"))):
        return windows_version
    if objects.word(row.get("osplatform")).casefold().startswith("windows"):
        return ""  # a release (22H2), which is no version
    said = (objects.word(row.get(key)) for key in ("osversion", "version"))
    return next((text for text in said if text.casefold() not in ("", "other")), "")


def _software(found: _Rows, job: Job) -> Found:
    rows = [
        {
            "asset_tag": row.get("deviceid"), "name": row.get("softwarename"), "version": row.get("softwareversion"),
            "publisher": row.get("softwarevendor"), "kind": None,
        }
        for row in found.rows
    ]  # fmt: skip
    made = objects.built("software", rows, found.lines, job, ("asset_tag", "name"))
    return _with_devices(_whole(made, found), found, job)


def _vulnerabilities(found: _Rows, job: Job) -> Found:
    """What Defender found, in its words. Its score does not say of which CVSS it is, so it is none of ours."""
    rows = [
        {
            "asset_tag": row.get("deviceid", row.get("machineid")), "hostname": _named(row.get("devicename"), None)["hostname"],
            "check": row.get("cveid"), "title": row.get("cveid"), "cves": _cve(row.get("cveid")),
            "severity": row.get("vulnerabilityseveritylevel", row.get("severity")),
            "product": row.get("softwarename", row.get("productname")),
            "version": row.get("softwareversion", row.get("productversion")),
            "state": "fixed" if objects.word(row.get("status")).casefold() == "fixed" else "open",
            "first_seen": _moment(row, "firstseentimestamp"), "last_seen": _moment(row, "lastseentimestamp"),
            "fix": row.get("recommendedsecurityupdateid", row.get("fixingkbid")),
        }
        for row in found.rows
    ]  # fmt: skip
    made = objects.built("results", rows, found.lines, job, ("asset_tag", "title"))
    return _with_devices(_whole(made, found), found, job)


def _cve(name: Any) -> Any:
    """Its ids of what has no CVE yet begin otherwise (TVM-...)."""
    return name if objects.word(name).upper().startswith("CVE-") else None


def _with_devices(made: Found, found: _Rows, job: Job) -> Found:
    """The same with each device that the rows name, once; its build where its own system is among the software."""
    devices: dict[str, tuple[dict[str, Any], int]] = {}
    builds: dict[str, set[str]] = {}
    for row, line in zip(found.rows, found.lines, strict=True):
        device = objects.word(row.get("deviceid"))
        if not device or not row.get("devicename"):
            continue
        if device not in devices:
            said = {"device_id": device, **_named(row.get("devicename"), row.get("osplatform"))}
            devices[device] = (said | {"os_version": _os_version(row)}, line)
        if objects.word(row.get("softwarename")).casefold().startswith(("windows_1", "windows_server_")):
            builds.setdefault(device, set()).add(objects.word(row.get("softwareversion")))
    for device, build in builds.items():
        if len(build) == 1:
            devices[device][0]["os_version"] = next(iter(build))
    if not devices:
        return made
    rows = [said for said, _ in devices.values()]
    also = objects.built("assets", rows, [line for _, line in devices.values()], job, ("device_id",))
    return replace(made, tables={**made.tables, **also.tables}, warnings=[*made.warnings, *also.warnings])


def _whole(made: Found, found: _Rows, blank: int = 0, warnings: Sequence[str] = ()) -> Found:
    return replace(
        made, rows_read=found.read, rows_blank=found.blank + blank, incomplete=found.more,
        refused=sorted([*made.refused, *found.refused], key=lambda one: one.line),
        warnings=[*found.warnings, *warnings, *made.warnings],
    )  # fmt: skip


# -- the portal's list of devices


def _version(build: str, version: str) -> str:
    return windows.full_build(build) or (version if version.count(".") > 1 else "")


_DEVICES: Final = Headed(
    what="Defender's list of devices",
    needs=(("Device ID",), ("Device Name",), ("OS Platform",), ("Health Status", "Onboarding Status", "Exposure Level")),
    dates=None,
    prepared=lambda table: with_column(
        with_column(table, "(fqdn)", (("Device Name",), ("Domain",)), windows.full_name),
        "(build)", (("Build", "OS Build"), ("OS Version",)), _version,
    ),
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("Device ID",),
                "hostname": ("Device Name",),
                "fqdn": ("(fqdn)",),
                "ip": ("Device IPs", "IP Addresses"),
                "mac": ("Device MACs", "MAC Addresses"),
                "os": ("OS Platform",),
                "os_version": ("(build)",),
                "type": ("Device Type",),
                "last_seen": ("Last device update", "Last seen"),
            },
            turns={
                "hostname": windows.short_name,
                "ip": windows.own_addresses,
                "mac": windows.one_mac,
                "os": lambda text: _PLATFORMS.get(text.casefold(), text),
                "type": words(_TYPES),
                "last_seen": windows.moment,
            },
        ),
    ),
)  # fmt: skip


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind != "json":
        if (told := headed.fits(_DEVICES, (("OS Platform",),))(sample)) is not None:
            return told
        keys = frozenset(name.replace("_", "") for name in sample.headings)
        if (shape := _shape(keys)) is not None:
            return f"certain: {shape} of Defender for Endpoint, by the names of its columns"
        counts = any(count <= keys for count in _COUNTS)
        return "likely: a list of Defender's with counts of devices" if counts else None
    rows = [frozenset(str(key).casefold() for key in one) for one in _first(sample)]
    if not rows:
        return None
    shape = _shape(rows[0])
    if shape is not None:
        return f"certain: {shape} of Defender for Endpoint"
    document = sample.document
    if isinstance(document, dict) and "securitycenter" in str(document.get("@odata.context")):
        return "likely: an answer of Defender's API"
    return "likely: a list of Defender's export files" if "exportfiles" in rows[0] else None


def _first(sample: Sample) -> Iterator[Mapping[str, Any]]:
    """The first objects, those of advanced hunting too."""
    document = sample.document
    hunted = document.get("Results") if isinstance(document, dict) else None
    return (one for one in (hunted if isinstance(hunted, list) else sample.objects)[:5] if isinstance(one, dict))


KINDS: Final = (
    Kind(
        name="defender", reader=Defender(), tables=frozenset({"assets", "software", "results"}),
        row="machine, program or vulnerability", fits=_fits,
    ),
)  # fmt: skip
