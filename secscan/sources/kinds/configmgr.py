"""Microsoft Configuration Manager (SCCM): queries and reports saved as CSV, of systems and of installed software.

There is no fixed export. Columns of its views end in ``0`` (``Netbios_Name0``, ``ARPDisplayName0``); a report has title
lines, ``Textbox12`` and ``Details_Table0_`` around its own names. The console's list, ``Get-CMDevice``, CMPivot and the
administration service (JSON) have names of their own. A query may join views, so each row says what it says of
its system and of a program on it. Product ids, licences and users are never read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from secscan.doors.csv import Table
from secscan.sources import headed, looks, objects, values, windows
from secscan.sources.headed import Aside, Headed, Headings, part_of, with_column
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.templates import open_table

_AROUND = re.compile(r"^(?:Details_?)?(?:Table\d+_)?(?=.)|(?<=[A-Za-z_])0\d?$", re.IGNORECASE)
_OWN = re.compile(
    r"(?:Netbios_Name|Name|ARPDisplayName|DisplayName|ProductName|Caption|Operating_System_Name_and|Full_Domain_Name)0"
    r"|Details_Table\d+_\w+", re.IGNORECASE,
)  # fmt: skip
_REPORT = re.compile(r"Textbox\d+|ResourceID|MachineID", re.IGNORECASE)
_CONSOLE = re.compile(
    r"Site ?Code|Client ?Activity|Device Online Status|Operating System Build|DeviceOS(?:Build)?|IsClient|SMSID|LastMPServerName"
    r"|Client Check Result|CNLastOnlineTime", re.IGNORECASE,
)  # fmt: skip
_PIVOT = re.compile(r"ARPDisplayName|ProductVersion|SoftwareCode|BuildNumber", re.IGNORECASE)
"""Columns that stand beside ``Device`` in what CMPivot exports."""
_LICENCE = re.compile(r"\d{5}-(?:\d{5}-\d{5}-[A-Z0-9]{5}|OEM-\d{7}-\d{5}|\d{3}-\d{7}-\d{5})")
"""What v_GS_OPERATING_SYSTEM calls SerialNumber0 is Windows' product id."""
_SYSTEM_VERSION = re.compile(r"(?:5\.[0-2]|6\.[0-3]|10\.0)\.\d{4,5}(?:\.\d+)?", re.ASCII)
"""Of Windows: a client's version (5.00.9106.1000) stands in columns of the same name."""

_ID: Final = ("ResourceID", "Resource ID", "MachineID", "Machine ID", "ItemKey")
_HOST: Final = (
    "Netbios_Name", "NetbiosName", "Name", "Computer Name", "ComputerName", "Machine Name", "MachineName", "System Name", "SystemName",
    "Device Name", "DeviceName", "Computer", "Device",
)  # fmt: skip
_SYSTEM: Final = (
    "Caption", "Operating System", "OperatingSystem", "OS Name", "OS", "Operating_System_Name_and", "Operating System Name", "DeviceOS",
    "OperatingSystemNameandVersion",
)  # fmt: skip
_PROGRAM: Final = (
    "ARPDisplayName",
    "DisplayName",
    "Display Name",
    "ProductName",
    "Product Name",
    "Software Name",
    "Software",
)
_SEEN: Final = (
    "LastActiveTime", "Last Active Time", "LastHWScan", "Last Hardware Scan", "Last HW Scan", "LastPolicyRequest",
    "Last Policy Request", "Last_Logon_Timestamp", "LastLogonTimestamp", "Last Logon Timestamp", "Last Logon", "TimeStamp",
)  # fmt: skip


def _plain(heading: str) -> str:
    return _AROUND.sub("", heading)


def _version(ext: str, build: str, version: str, number: str) -> str:
    """The fullest version of Windows that a row says."""
    said = [text for text in (ext, build, version) if _SYSTEM_VERSION.fullmatch(text)]
    return said[0] if said else windows.full_build(number)


def _fqdn(names: str, host: str, domain: str) -> str:
    full = [name for name in re.split(r"[;,\s]+", names) if "." in name]
    return full[0] if len(full) == 1 else windows.full_name(host, domain)


_BUILD: Final = (
    ("BuildExt", "DeviceOSBuild", "Operating System Build"), ("Build",), ("Version", "OS Version", "operatingSystemVersion"), ("BuildNumber",),
)  # fmt: skip
_DOMAIN: Final = ("Full_Domain_Name", "FullDomainName")
_FULL: Final = ("Resource_Names", "ResourceNames", "FQDN")
_PACK: Final = ("CSDVersion", "Service Pack")


def _prepared(table: Table) -> Table:
    table = with_column(table, "(build)", _BUILD, _version)
    table = with_column(table, "(fqdn)", (_FULL, _HOST, _DOMAIN), _fqdn)
    return with_column(table, "(system)", (_SYSTEM, _PACK), windows.system)


def _yes(text: str) -> bool:
    return values.YES_NO.get(text.casefold()) is True


_ASIDES: Final = (
    Aside(headings=("Obsolete", "IsObsolete"), so=_yes, says="systems that are obsolete"),
    Aside(headings=("Decommissioned",), so=_yes, says="systems that are decommissioned"),
)
_NAMES: Final[dict[str, Headings]] = {
    "device_id": (*_ID, *_HOST), "hostname": _HOST, "fqdn": ("(fqdn)",), "os": ("(system)",), "type": ("(system)",),
}  # fmt: skip
_USES: Final = (*_FULL, *_DOMAIN, *_PACK, *_SYSTEM, *(name for names in _BUILD for name in names))
_TURNS: Final = {"hostname": windows.short_name, "type": windows.kind_of}
_SYSTEMS: Final = Headed(
    what="ConfigMgr's systems",
    needs=((*_ID, *_HOST), _SYSTEM),
    dates=None,
    plain=_plain,
    prepared=_prepared,
    uses=_USES,
    asides=_ASIDES,
    parts=(
        part_of(
            "assets",
            columns={
                **_NAMES,
                "ip": ("IP_Addresses", "IP Addresses", "IPAddress", "IP Address"),
                "mac": ("MAC_Addresses", "MAC Addresses", "MACAddress", "MAC Address"),
                "serial": ("SerialNumber", "Serial Number"),
                "os_version": ("(build)",),
                "os_edition": ("OperatingSystemSKU",),
                "last_seen": _SEEN,
            },
            turns={
                **_TURNS,
                "ip": windows.own_addresses,
                "mac": windows.one_mac,
                "serial": lambda text: "" if _LICENCE.fullmatch(text) else text,
                "os_edition": windows.edition,
                "last_seen": windows.day,
            },
        ),
    ),
)
_SOFTWARE: Final = Headed(
    what="ConfigMgr's installed software",
    needs=((*_ID, *_HOST), _PROGRAM),
    dates=None,
    plain=_plain,
    asides=_ASIDES,
    uses=(*_USES, "ProductVersion", "Version", "DisplayVersion", "Display Version", "Product Version"),
    prepared=lambda table: with_column(
        with_column(_prepared(table), "(program)", [(name,) for name in _PROGRAM], lambda *said: next(filter(None, said), "")),
        "(version)", [("ProductVersion",), ("Version", "DisplayVersion", "Display Version", "Product Version")],
        lambda product, version: product or version,
    ),
    parts=(
        part_of(
            "software",
            columns={
                "asset_tag": (*_ID, *_HOST),
                "name": ("(program)",),
                "version": ("(version)",),
                "publisher": ("Publisher", "Vendor", "Manufacturer"),
                "install_date": ("InstallDate", "Install Date", "Installed On"),
            },
            constant={"kind": "arp"},
        ),
        part_of("assets", once="device_id", columns=_NAMES, turns=_TURNS),
    ),
)  # fmt: skip


class _ConfigMgr:
    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind == "json":
            rows, lines, more = objects.listed(job, ("value",))
            table = objects.table(rows, lines, job, lambda name: _SOFTWARE.wants(name) or _SYSTEMS.wants(name))
            found = (_SOFTWARE if _SOFTWARE.is_header(table.header) else _SYSTEMS).of(table, job)
            return replace(found, incomplete=found.incomplete or more)
        table = open_table(job, lambda cells: _SOFTWARE.is_header(cells) or _SYSTEMS.is_header(cells))
        if _SOFTWARE.is_header(table.header):
            return _SOFTWARE.of(table, job)
        if _SYSTEMS.is_header(table.header):
            return _SYSTEMS.of(table, job)
        names = _SYSTEMS.headings(table.header)
        if names & _SYSTEMS.headings(_PROGRAM):
            raise job.refuse(
                "lists software and names no computer", "add ResourceID or Name0 to the query, or export a report by computer",
                table.header_line,
            )  # fmt: skip
        return _SYSTEMS.of(table, job)


def _fits(sample: Sample) -> str | None:
    document = sample.document
    if isinstance(document, dict) and re.search(r"#SMS_|AdminService", str(document.get("@odata.context"))):
        return "likely: an answer of ConfigMgr's administration service"
    for reader in (_SOFTWARE, _SYSTEMS):
        header = headed.behind_titles(sample, reader.is_header)
        if reader.is_header(header):
            if any(_OWN.fullmatch(cell) for cell in header):
                return f"certain: {reader.what}, by columns as its views name them"
            if len(own := [cell for cell in header if _CONSOLE.fullmatch(cell)]) > 1:
                return f"certain: {reader.what}, by its console's columns '{own[0]}' and '{own[1]}'"
            if any(_REPORT.fullmatch(cell) for cell in header):
                return f"likely: {reader.what}, by a report's columns"
            if header[0] == "Device" and any(_PIVOT.fullmatch(cell) for cell in header):
                return f"likely: {reader.what}, by the columns of CMPivot"
            return None
    own = [cell for cell in sample.header if _OWN.fullmatch(cell)]
    return f"likely: a query of ConfigMgr, by its column '{own[0]}'" if own else None


KINDS: Final = (
    Kind(name="configmgr", reader=_ConfigMgr(), tables=frozenset({"assets", "software"}), row="system or program", fits=_fits),
)  # fmt: skip
