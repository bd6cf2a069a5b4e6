"""Microsoft Intune: all devices, and discovered apps, as the admin centre exports them (a CSV alone in a ZIP), or as Graph tells them.

Headings: the report's property names, the texts of the portal, or Graph's. A code that a report did not put into words
(``DeviceType`` 1) says nothing. A page of Graph that leads to a next one is incomplete. Build and edition of a Windows come apart, as
``OS version`` (10.0.19045.6456) and ``SkuFamily``. The aggregate of apps knows no device: it is refused, for its
counts belong to no asset. Users and their addresses are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects
from secscan.sources.headed import Headed, Known, OneOf, fits, part_of, with_column, words
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

Rows = Sequence[Mapping[str, Any]]
_TYPES: Final = {
    "Windows Phone": "phone", "Android": "phone", "Android (Android Enterprise)": "phone", "iOS": "phone", "iOS/iPadOS": "phone",
    "iPadOS": "tablet", "AndroidForWork": "phone", "AndroidEnterprise": "phone",
}  # fmt: skip
_ID: Final = ("Device ID", "DeviceId", "id")
_NAME: Final = ("Device name", "DeviceName")
_OS: Final = ("OS", "OperatingSystem", "DeviceType_loc", "DeviceType")
_WIRED: Final = ("EthernetMAC", "Ethernet MAC", "EthernetMacAddress")
_WIRELESS: Final = ("Wi-Fi MAC", "WifiMacAddress")
_DEVICES: Final = Headed(
    what="an Intune export of devices",
    needs=(_ID, _NAME, ("OS version", "OSVersion"), ("Last check-in", "LastContact", "LastSyncDateTime")),
    dates=None,
    prepared=lambda table: with_column(table, "(card)", (_WIRED, _WIRELESS), lambda wired, wireless: wired or wireless),
    uses=(*_WIRED, *_WIRELESS),
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": _ID,
                "hostname": _NAME,
                "serial": ("Serial number", "SerialNumber"),
                "mac": ("(card)",),
                "ip": ("WiFiIPv4Address",),
                "os": _OS,
                "os_version": ("OS version", "OSVersion"),
                "os_edition": ("SkuFamily", "Sku family"),
                "type": _OS,
                "encrypted": ("Encrypted", "IsEncrypted"),
                "last_seen": ("Last check-in", "LastContact", "LastSyncDateTime"),
            },
            turns={"type": words(_TYPES), "os": lambda text: "" if text.isdecimal() else text},
        ),
    ),
)
_APP: Final = ("ApplicationName", "Application name")
_APPS: Final = Headed(
    what="an Intune export of discovered apps",
    needs=(_APP, ("ApplicationVersion", "Application version"), ("DeviceId", "Device ID")),
    parts=(
        part_of(
            "software",
            columns={
                "asset_tag": ("DeviceId", "Device ID"),
                "name": _APP,
                "version": ("ApplicationVersion", "Application version", "ApplicationShortVersion", "Application short version"),
                "publisher": ("ApplicationPublisher", "Application publisher"),
            },
        ),
        part_of(
            "assets", once="device_id",
            columns={"device_id": ("DeviceId", "Device ID"), "hostname": _NAME, "os_version": ("OSVersion", "OS version")},
        ),
    ),
)  # fmt: skip
_AGGREGATE: Final = Known(
    needs=(_APP, ("DeviceCount", "Device count")), without=("DeviceId", "Device ID"),
    why="is the aggregate of discovered apps: it counts devices and names none", hint="export the raw data (AppInvRawData)",
)  # fmt: skip
_TABLES: Final = OneOf(of=(_APPS,), known=(_AGGREGATE,))


_LISTS: Final = ("value", "values", "Values")


def _told(job: Job, reader: Headed, flat: Callable[[Rows, Sequence[int]], tuple[Rows, Sequence[int]]]) -> Found:
    """What Graph answers, or the JSON of a report: rows that name their columns once, under ``Schema``, or each."""
    document = json.loads(job.data, job.shown)
    schema = document.get("Schema") if isinstance(document, dict) else None
    if isinstance(schema, list):
        rows, lines = _of_schema(schema, document.get("Values"), job)
        total = document.get("TotalRowCount")
        return objects.page(reader.of(objects.table(rows, lines, job, reader.wants), job), total, job)
    rows, lines, more = objects.listed(job, _LISTS)
    rows, lines = flat(rows, lines)
    found = reader.of(objects.table(rows, lines, job, reader.wants), job)
    return replace(found, incomplete=found.incomplete or more)


def _of_schema(schema: Sequence[Any], rows: Any, job: Job) -> tuple[Rows, Sequence[int]]:
    names = [objects.word(one.get("Column")) for one in schema if isinstance(one, dict)]
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        raise job.refuse("has rows that are not as its 'Schema' says", "export it again")
    return [dict(zip(names, row, strict=True)) for row in rows], []


class _Devices:
    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind != "json":
            return _DEVICES.read(job)
        return _told(job, _DEVICES, lambda rows, lines: (rows, lines))


class _Apps:
    """The raw list, which names the device of each app."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind == "json":
            return _told(job, _APPS, lambda rows, lines: _by_device(rows, lines, job))
        return _TABLES.read(job)


def _by_device(rows: Rows, lines: Sequence[int], job: Job) -> tuple[Rows, Sequence[int]]:
    """Graph's apps, each with the devices that have it, or devices each with their apps: a row for each pair."""
    counts, devices = {"deviceCount", "DeviceCount"}, {"managedDevices", "DeviceId"}
    if any(counts & row.keys() and not devices & row.keys() for row in rows):
        raise job.refuse(
            _AGGREGATE.why, "ask for them with $expand=managedDevices, or export the raw data (AppInvRawData)"
        )
    pairs = [
        (device, app, line)
        for row, line in zip(rows, [*lines, *[0] * len(rows)], strict=False)
        for device, app in _pairs(row)
    ]
    if len(pairs) > job.limits.rows:
        raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
    told = [
        {
            "DeviceId": device.get("id"), "DeviceName": device.get("deviceName"), "OSVersion": device.get("osVersion"),
            "ApplicationName": app.get("displayName"), "ApplicationVersion": app.get("version"),
            "ApplicationPublisher": app.get("publisher"),
        }
        if "ApplicationName" not in app
        else app
        for device, app, _ in pairs
    ]  # fmt: skip
    return told, [line for _, _, line in pairs]


def _pairs(row: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for key, turned in (("managedDevices", False), ("detectedApps", True)):
        listed = row.get(key)
        if isinstance(listed, list):
            for one in [one for one in listed if isinstance(one, dict)] or ([{}] if not turned else []):
                yield (row, one) if turned else (one, row)
            return
    yield {}, row


def _devices(sample: Sample) -> str | None:
    if (keys := _keys(sample)) and _DEVICES.heads(_DEVICES.headings(sorted(keys))):
        return "certain: devices as Graph tells them, by their lastSyncDateTime"
    return fits(
        _DEVICES, (("Managed by", "ManagementAgent", "ManagementAgents", "Management name", "ManagedDeviceOwnerType", "AzureADDeviceId"),)
    )(sample)  # fmt: skip


def _aggregate(sample: Sample) -> str | None:
    keys = _keys(sample)
    if {"displayName", "deviceCount"} <= keys or {"ApplicationName", "DeviceCount"} <= keys:
        return "certain: discovered apps as Graph tells them"
    if _APPS.heads(_APPS.headings(sorted(keys))):
        return "certain: a report on discovered apps as JSON"
    raw = fits(_APPS, (("ApplicationKey", "Application publisher", "ApplicationPublisher"),))(sample)
    if raw is None and _AGGREGATE.heads(sample.headings):
        return "likely: the aggregate of Intune's discovered apps"
    return raw


def _keys(sample: Sample) -> Set[str]:
    """The keys of the first object, or the columns that a report's JSON names."""
    document = sample.document
    if not isinstance(document, dict):
        return sample.objects[0].keys() if sample.objects else frozenset()
    if isinstance(schema := document.get("Schema"), list):
        return frozenset(objects.word(one.get("Column")) for one in schema if isinstance(one, dict))
    rows = next((document[name] for name in _LISTS if isinstance(document.get(name), list)), [document])
    return rows[0].keys() if rows and isinstance(rows[0], dict) else frozenset()


KINDS: Final = (
    Kind(name="intune-devices", reader=_Devices(), tables=frozenset({"assets"}), row="device", fits=_devices),
    Kind(name="intune-apps", reader=_Apps(), tables=frozenset({"software", "assets"}), row="app on a device", fits=_aggregate),
)  # fmt: skip
