"""NetBox: devices and virtual machines, as CSV by human headings or by field names, as JSON of the API, or as a dump.

Devices and virtual machines are counted each from one, so what NetBox calls a thing is its sort with its number; where an
export leaves the number out, it is the name. ``platform`` is all that is said of the operating system, and is free text.
Contacts and owners are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects
from secscan.sources.headed import Headed, Headings, OneOf, headings_of, part_of, with_column
from secscan.sources.hosts import GONE, sort_of, without_mask
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_DEVICE: Final = "dcim.device"
_MACHINE: Final = "virtualization.virtualmachine"
_NAME: Final[Headings] = ("name", "Name")
_STATUS: Final[Headings] = ("status.label", "status", "Status", "status.value")
_ROLE: Final[Headings] = (
    "role.name", "device_role.name", "role.display", "device_role.display", "role", "device_role", "Role", "Device role",
)  # fmt: skip
_ADDRESS: Final[Headings] = (
    "primary_ip4.address",
    "primary_ip.address",
    "primary_ip4",
    "primary_ip",
    "IPv4 Address",
    "IP Address",
)
_ADDRESS6: Final[Headings] = ("primary_ip6.address", "primary_ip6", "IPv6 Address")
_BOTH: Final = "the addresses of both families"
_OF_DEVICE: Final[Headings] = (
    "device_type", "device_type.model", "device_type.display", "Device type", "Type", "type", "rack", "rack.name", "Rack", "manufacturer",
    "Manufacturer", "serial", "Serial number",
)  # fmt: skip
_OF_MACHINE: Final[Headings] = (
    "vcpus",
    "VCPUs",
    "memory",
    "Memory (MB)",
    "Memory",
    "disk",
    "Disk (GB)",
    "Disk (MB)",
    "Disk",
)
_FACTS: Final[Headings] = (
    *_STATUS, *_ROLE, "site.name", "site", "Site", "tenant.name", "tenant", "Tenant", "manufacturer", "Manufacturer",
    "device_type.manufacturer.name", "device_type.model", "device_type", "Device type", "Type", "cluster.name", "cluster", "Cluster",
)  # fmt: skip


def _addresses(first: str, second: str) -> str:
    return without_mask(f"{first};{second}")


def _hosts(what: str, of: Headings, noun: str) -> Headed:
    """A list of devices or of machines; ``of``: headings that only this of the two has."""
    return Headed(
        what=what,
        needs=(_NAME, _STATUS, of),
        dates=None,
        parts=(
            part_of(
                "assets",
                columns={
                    "device_id": ("id", "ID", *_NAME),
                    "asset_tag": ("asset_tag", "Asset tag"),
                    "hostname": _NAME,
                    "serial": ("serial", "Serial number", "Serial"),
                    "ip": (_BOTH,),
                    "os": ("platform.name", "platform.display", "platform", "Platform"),
                    "type": _ROLE,
                },
                turns={"type": sort_of, "device_id": lambda text: f"{noun} {text}" if text.isdecimal() else text},
                facts=_FACTS,
            ),
        ),
        prepared=lambda table: with_column(table, _BOTH, (_ADDRESS, _ADDRESS6), _addresses),
        uses=(*_ADDRESS, *_ADDRESS6),
        state=_STATUS,
        ended=GONE,
    )


_DEVICES: Final = _hosts("a NetBox list of devices", _OF_DEVICE, "device")
_MACHINES: Final = _hosts("a NetBox list of virtual machines", _OF_MACHINE, "virtual machine")
_TABLES: Final = OneOf(of=(_MACHINES, _DEVICES))
_MARKS: Final = frozenset(
    (
        "rack", "site", "cluster", "tenant", "role", "device_role", "platform", "vcpus", "primary_ip4", "primary_ip", "device_type", "position",
        "face", "virtual_chassis", "vc_position", "airflow", "asset_tag", "tenant_group", "config_template", "memory_(mb)", "ipv4_address",
        "manufacturer",
    )
)  # fmt: skip
_OWN: Final = frozenset(
    ("vcpus", "virtual_chassis", "vc_position", "primary_ip4", "config_template", "device_role", "airflow")
)


_OF_API: Final = frozenset(("display", "display_name", "primary_ip", "primary_ip4", "custom_fields"))
"""Keys of its API, of old and of new."""


class NetBox:
    """Reads devices or virtual machines."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind != "json":
            return _TABLES.read(job)
        document = json.loads(job.data, job.shown)
        places = json.places(job.data)
        rows = _listed(document)
        if (
            not isinstance(rows, list)
            or len(rows) > job.limits.rows
            or not all(isinstance(row, Mapping) for row in rows)
        ):
            raise job.refuse(
                f"has no list of at most {job.limits.rows:,} objects under 'results', as NetBox's API has",
                "export /api/dcim/devices/?limit=0",
            )
        lines = [1] if rows == [document] else places.get(("results",) if isinstance(document, Mapping) else (), [])
        if any("model" in row and "fields" in row for row in rows):
            return _dump(rows, lines, job)
        if rows and not any(_is_device(row) or _is_machine(row) for row in rows):
            raise job.refuse("lists no devices and no virtual machines", "export /api/dcim/devices/?limit=0")
        pairs = list(zip(rows, [*lines, *[0] * len(rows)], strict=False))
        found = _both(
            [(row, line) for row, line in pairs if not _is_machine(row)], [(row, line) for row, line in pairs if _is_machine(row)],
            job,
        )  # fmt: skip
        return objects.page(found, document.get("count") if isinstance(document, Mapping) else None, job)


Placed = Sequence[tuple[Mapping[str, Any], int]]


def _both(devices: Placed, machines: Placed, job: Job) -> Found:
    parts = [
        reader.of(objects.table([row for row, _ in some], [line for _, line in some], job, reader.wants), job)
        for reader, some in ((_DEVICES, devices), (_MACHINES, machines))
        if some
    ]
    return objects.joined(parts)


def _listed(document: Any) -> Any:
    """The list under ``results``, the document that is one, or the one device or machine that it is."""
    if not isinstance(document, Mapping):
        return document
    return document.get("results", [document] if _is_device(document) or _is_machine(document) else None)


def _is_machine(row: Mapping[str, Any]) -> bool:
    return "vcpus" in row and "device_type" not in row


def _is_device(row: Mapping[str, Any]) -> bool:
    return "device_type" in row


def _dump(rows: Sequence[Mapping[str, Any]], lines: Sequence[int], job: Job) -> Found:
    """Devices and machines of a database dump, what they point at put in its place. Other models are no rows."""
    objects_of = [(str(row.get("model")), row.get("pk"), row.get("fields"), line) for row, line in _placed(rows, lines)]
    by_key = {
        (model, pk): fields
        for model, pk, fields, _ in objects_of
        if isinstance(fields, Mapping) and isinstance(pk, int)
    }

    def told(model: str, pk: Any, key: str) -> Any:
        found = by_key.get((model, pk)) if isinstance(pk, int) else None
        return None if found is None else found.get(key)

    def host(pk: Any, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            **{key: fields.get(key) for key in ("name", "serial", "asset_tag", "status", "vcpus")},
            "id": pk,
            "platform": told("dcim.platform", fields.get("platform"), "name"),
            "role": told("dcim.devicerole", fields.get("role", fields.get("device_role")), "name"),
            "device_type": told("dcim.devicetype", fields.get("device_type"), "model"),
            "site": told("dcim.site", fields.get("site"), "name"),
            "primary_ip4": told("ipam.ipaddress", fields.get("primary_ip4"), "address"),
            "primary_ip6": told("ipam.ipaddress", fields.get("primary_ip6"), "address"),
        }

    def hosts(wanted: str) -> Iterator[tuple[Mapping[str, Any], int]]:
        for model, pk, fields, line in objects_of:
            if model == wanted:
                yield host(pk, fields if isinstance(fields, Mapping) else {}), line

    devices, machines = list(hosts(_DEVICE)), list(hosts(_MACHINE))
    if not devices and not machines:
        raise job.refuse("is a dump that holds no devices and no virtual machines", "export /api/dcim/devices/?limit=0")
    return _both(devices, machines, job)


def _placed(rows: Sequence[Mapping[str, Any]], lines: Sequence[int]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The objects of a list with their lines, which count objects inside objects too where those have no key."""
    return zip(rows, [*lines, *[0] * len(rows)], strict=False)


def _fits(sample: Sample) -> str | None:
    headings = headings_of(sample, _TABLES)
    document = sample.document
    rows = _listed(document)
    if isinstance(rows, list) and rows and isinstance(rows[0], Mapping):
        some = [row for row in rows if isinstance(row, Mapping)]
        if any(row.get("model") in (_DEVICE, _MACHINE) and "fields" in row for row in some):
            return "certain: a dump of NetBox, by its models"
        if any(_OF_API & row.keys() and (_is_device(row) or _is_machine(row)) for row in some[:50]):
            return "certain: a page of NetBox's API, by device_type or vcpus"
        return None
    marks = sorted(headings & _MARKS)
    if (
        not _TABLES.heads(headings)
        or len(marks) < 3
        or not headings & {"site", "cluster", "rack", "role", "device_role"}
    ):
        return None
    what = _MACHINES.what if _MACHINES.heads(headings) else _DEVICES.what
    return f"{'certain' if headings & _OWN else 'likely'}: {what}, by its columns {', '.join(marks[:4])}"


KINDS: Final = (
    Kind(name="netbox", reader=NetBox(), tables=frozenset({"assets"}), row="device or virtual machine", fits=_fits),
)
