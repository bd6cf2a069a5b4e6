"""ServiceNow: lists of configuration items (``cmdb_ci_*``) and of software installations (``cmdb_sam_sw_install``).

A list exports its columns by their labels, the CSV link and the table API by their names; a reference comes as what it
shows, as its sys_id, or as both (``installed_on`` and ``installed_on.display_value``). What is retired, stolen or absent
stays, as a fact and with a warning. Those who own, manage or use a thing are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects
from secscan.sources.headed import Headed, Headings, Known, OneOf, headings_of, part_of
from secscan.sources.hosts import GONE, sort_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample


def _shown(*names: str) -> Headings:
    """A reference or a choice by what it shows, else as it is stored."""
    return tuple(form for name in names for form in (f"{name}.display_value", f"dv_{name}", name, f"{name}.value"))


def _stored(*names: str) -> Headings:
    return tuple(form for name in names for form in (f"{name}.value", f"{name}.sys_id", name, f"{name}.display_value"))


_SYS_ID: Final[Headings] = (*_stored("sys_id"), "Sys ID")
_STATUS: Final[Headings] = (*_shown("install_status"), "Install status", "Status")
_CLASS: Final[Headings] = (*_shown("sys_class_name"), "Class")
_FACTS: Final[Headings] = (
    *_STATUS, *_shown("operational_status"), "Operational status", *_CLASS, *_shown("environment", "u_environment", "used_for"),
    "Environment", "Used for", *_shown("classification"), "Classification", "os_service_pack", "os_service_pack.display_value",
    "OS Service Pack", *_shown("discovery_source"), "Discovery source",
)  # fmt: skip
_CI_MARKS: Final = frozenset(
    (
        "sys_class_name", "sys_class_name.display_value", "sys_updated_on", "install_status", "install_status.display_value",
        "operational_status", "discovery_source", "last_discovered", "first_discovered", "os_address_width", "os_domain",
        "os_service_pack", "most_recent_discovery", "sys_id", "model_id", "model_id.display_value", "class", "used_for",
        "support_group", "dns_domain", "virtual", "is_virtual", "asset_tag", "serial_number", "fqdn",
        "fully_qualified_domain_name", "operating_system", "configuration_item",
    )
)  # fmt: skip
_OWN: Final = frozenset(
    ("sys_class_name", "sys_class_name.display_value", "sys_id", "install_status.display_value", "most_recent_discovery", "last_discovered")
)  # fmt: skip
_OF_OTHERS: Final = frozenset(("category", "supplier", "model_no.", "checked_out_to", "order_number"))
"""Headings of registers of things, which have a serial number and a tag too."""


def _sort(text: str) -> str:
    """What a class means: ``cmdb_ci_win_server`` as its label ``Windows Server``."""
    return sort_of(_CODES.get(text.casefold(), text.casefold().removeprefix("cmdb_ci_")))


_CODES: Final = {
    "cmdb_ci_ip_switch": "switch", "cmdb_ci_ip_router": "router", "cmdb_ci_ip_firewall": "firewall", "cmdb_ci_esx_server": "server",
    "cmdb_ci_netgear": "network gear", "cmdb_ci_lb": "load balancer", "cmdb_ci_wap_network": "access point",
    "wireless access point": "access point", "cmdb_ci_pc_hardware": "", "cmdb_ci_comm": "phone",
}  # fmt: skip
_ITEMS: Final = Headed(
    what="a ServiceNow list of configuration items",
    needs=(
        (*_shown("name"), "Name"),
        (
            *_shown("os", "os_version", "ip_address", "fqdn", "sys_class_name", "install_status", "serial_number", "last_discovered"),
            "Operating System", "OS Version", "IP Address", "Fully qualified domain name", "Class", "Serial number", "Install status",
            "Most recent discovery",
        ),
    ),
    dates=None,
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": (*_SYS_ID, *_shown("name"), "Name"),
                "asset_tag": (*_shown("asset_tag"), "Asset tag"),
                "hostname": (*_shown("name"), "Name"),
                "fqdn": (*_shown("fqdn"), "Fully qualified domain name", "FQDN"),
                "ip": (*_shown("ip_address"), "IP Address"),
                "mac": (*_shown("mac_address"), "MAC Address"),
                "serial": (*_shown("serial_number"), "Serial number"),
                "os": (*_shown("os"), "Operating System"),
                "os_version": (*_shown("os_version"), "OS Version"),
                "type": _CLASS,
                "last_seen": (*_shown("last_discovered"), "Most recent discovery", "Last discovered"),
            },
            turns={"type": _sort},
            facts=_FACTS,
        ),
    ),
    state=_STATUS,
    ended=GONE | {"7", "8", "100", "pending removal"},
)  # fmt: skip
_INSTALLS: Final = Headed(
    what="a ServiceNow list of software installations",
    needs=(
        (*_stored("installed_on"), "Installed on"),
        (*_shown("display_name", "software"), "Display name", "Software", "Software package"),
    ),
    dates=None,
    parts=(
        part_of(
            "software",
            columns={
                "asset_tag": (*_stored("installed_on"), "Installed on"),
                "name": (*_shown("display_name"), "Display name", "software.name", *_shown("software"), "Software", "Software package"),
                "version": (*_shown("version"), "Version", "software.version"),
                "publisher": (*_shown("publisher"), "Publisher", "software.vendor", "Vendor"),
                "install_date": (*_shown("install_date"), "Install date", "Installed"),
                "last_used": (*_shown("last_used"), "Last used"),
            },
        ),
        part_of(
            "assets", once="device_id",
            columns={
                "device_id": (*_stored("installed_on"), "Installed on"),
                "hostname": ("installed_on.name", *_shown("installed_on"), "Installed on"),
                "fqdn": ("installed_on.fqdn",), "serial": ("installed_on.serial_number",),
            },
        ),
    ),
)  # fmt: skip
_TABLES: Final = OneOf(
    of=(_INSTALLS, _ITEMS),
    known=(
        Known(
            needs=((*_shown("name"), "Name"), (*_shown("version"), "Version"), (*_shown("vendor"), "Vendor")),
            without=(
                *_stored("installed_on"), "Installed on", *_shown("os", "ip_address", "serial_number", "fqdn"), "Operating System", "IP Address",
                "Serial number",
            ),
            why="is a ServiceNow list of software packages, which names no asset",
            hint="export the installations: cmdb_sam_sw_install, or cmdb_software_instance with 'installed_on' and 'software'",
        ),
    ),
)  # fmt: skip


_LIMIT: Final = 10_000
"""Rows of an export or of an answer of the table API, unless it is told otherwise."""


class ServiceNow:
    """Reads a list, as a table or as the JSON of the table API."""

    def read(self, job: Job) -> Found:
        found = self._read(job)
        if found.rows_read != _LIMIT:
            return found
        says = f"{job.shown}: has {_LIMIT:,} rows, which is all that ServiceNow gives where nobody raised its limit"
        return replace(found, incomplete=found.incomplete or says)

    def _read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind == "xml":
            raise job.refuse("is ServiceNow's XML", "export the list as CSV or JSON")
        if seen.kind != "json":
            return _TABLES.read(job)
        rows = _records(json.loads(job.data, job.shown))
        if rows is None:
            raise job.refuse("is no answer of ServiceNow's table API: that has a list under 'result'")
        if not all(isinstance(row, dict) for row in rows) or len(rows) > job.limits.rows:
            raise job.refuse(f"'result' is not a list of at most {job.limits.rows:,} objects")
        reader = _INSTALLS if rows and any(key.startswith("installed_on") for key in rows[0]) else _ITEMS
        places = json.places(job.data)
        return reader.of(
            objects.table(rows, places.get(("result",)) or places.get(("records",), []), job, reader.wants), job
        )


def _records(document: Any) -> Sequence[Any] | None:
    """The list under ``result``, or under ``records`` as the JSON processor writes it."""
    if not isinstance(document, Mapping):
        return None
    found = document.get("result", document.get("records"))
    return found if isinstance(found, list) else None


def _fits(sample: Sample) -> str | None:
    if sample.root in ("xml", "unload") and any(tag.startswith("cmdb_") for tag, _ in sample.elements[1:3]):
        return "likely: ServiceNow's XML"
    headings = headings_of(sample, _TABLES)
    rows = _records(sample.document)
    if rows and isinstance(rows[0], dict):
        table_like = {key for key in rows[0] if key.startswith(("sys_", "installed_on"))}
        return f"certain: an answer of ServiceNow's table API, by {sorted(table_like)[0]}" if table_like else None
    if _INSTALLS.heads(headings):
        return f"likely: {_INSTALLS.what}, by 'installed_on' and the name of a program"
    marks = sorted(headings & _CI_MARKS)
    if headings & _OF_OTHERS and not headings & _OWN:
        return None
    if (
        not _ITEMS.heads(headings)
        or len(marks) < 3
        or not (headings & _OWN or {"class", "operating_system"} & headings)
    ):
        return None
    surely = "certain" if len(headings & _OWN) > 1 else "likely"
    return f"{surely}: {_ITEMS.what}, by its columns {', '.join(marks[:4])}"


KINDS: Final = (
    Kind(
        name="servicenow", reader=ServiceNow(), tables=frozenset({"assets", "software"}),
        row="configuration item or installation", fits=_fits,
    ),
)  # fmt: skip
