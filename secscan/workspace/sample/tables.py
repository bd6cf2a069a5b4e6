"""The tables of one set: our templates, and Brackenford's own forms of them."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from secscan.workspace.sample.assets import in_month
from secscan.workspace.sample.chance import whole
from secscan.workspace.sample.days import Month, british
from secscan.workspace.sample.fixes import listed
from secscan.workspace.sample.listening import listening
from secscan.workspace.sample.network import DOMAINS, mac
from secscan.workspace.sample.register import serial, state
from secscan.workspace.sample.software import installs, keys
from secscan.workspace.sample.text import Sheet

_ASSETS: Final = (
    "asset_tag", "hostname", "fqdn", "ip", "mac", "serial", "type", "os", "os_version", "os_edition", "zone", "service", "owner",
    "criticality", "internet_facing", "auto_update", "restart_pending", "protection_active", "definitions_on", "encrypted", "last_seen",
)  # fmt: skip
_SOFTWARE: Final = ("asset_tag", "name", "version", "publisher", "install_date", "last_used")
_SERVICES: Final = ("asset_tag", "proto", "port", "service", "product", "version")
_FIXES: Final = ("asset_tag", "name", "fixed_in", "advisory", "severity", "cvss3", "released_on", "missing")
_DEVICES: Final = (
    "Device name", "Asset No", "Serial No", "Device type", "Operating system", "OS build", "IPv4 address", "MAC address",
    "Location VLAN", "Service supported", "Responsible role", "Importance", "Reboot required", "AV agent", "AV signatures",
    "Drive encryption", "Last check-in", "Book value",
)  # fmt: skip
_PROGRAMS: Final = ("PSComputerName", "AssetNo", "DisplayName", "DisplayVersion", "Publisher", "InstallDate")
_UPDATES: Final = ("AssetNo", "Product", "Update", "Bulletin", "MsrcSeverity", "CvssBase", "ReleaseDate", "State")

_WORDS: Final = {
    "laptop": "Notebook", "desktop": "Desktop PC", "server": "Server", "network": "Switch", "printer": "Printer", "ot": "Controller",
    "critical": "P1", "high": "P2", "medium": "P3", "low": "P4",
}  # fmt: skip
_REVISIONS: Final = {"10.0.19045": 6216, "10.0.26100": 6584, "10.0.26200": 6584}


def assets(council: str, month: Month) -> Sheet:
    own = council == "alderbeck"
    sheet = Sheet((*_ASSETS, "council") if own else _ASSETS)
    for asset in in_month(council, month.number):
        said, system = state(asset, month), asset.system(month.number)
        sheet.rows.append(
            [
                asset.tag, asset.hostname, f"{asset.hostname.lower()}.{DOMAINS[council]}", asset.ip, mac(council, asset.tag),
                serial(asset), asset.type, system.caption, system.version, "",
                "" if asset.zone.endswith("-users") else asset.zone, asset.service, said.owner, asset.criticality,
                "yes" if asset.zone.endswith("-dmz") else "no", said.auto_update, said.restart_pending, said.protection,
                british(said.definitions_on), said.encrypted, british(said.last_seen), *([council] if own else ()),
            ]
        )  # fmt: skip
    return sheet


def devices(month: Month) -> Sheet:
    sheet = Sheet(_DEVICES)
    for asset in in_month("brackenford", month.number):
        said, system = state(asset, month), asset.system(month.number)
        build = (
            f"{system.version}.{_REVISIONS[system.version] + 95 * month.number}"
            if system.version in _REVISIONS
            else system.version
        )
        sheet.rows.append(
            [
                asset.hostname, asset.tag, serial(asset), _WORDS[asset.type], system.caption, build, asset.ip,
                mac(asset.council, asset.tag), asset.zone, asset.service, said.owner, _WORDS[asset.criticality],
                {"yes": "Yes", "no": "No"}.get(said.restart_pending, ""),
                {"yes": "Running", "no": "Stopped"}.get(said.protection, ""), british(said.definitions_on),
                {"yes": "Encrypted", "no": "Not encrypted"}.get(said.encrypted, ""), british(said.last_seen),
                f"£{whole(0, 1400, 'value', asset.tag)}.00",
            ]
        )  # fmt: skip
    return sheet


def software(council: str, month: Month, without: Container[str] = ()) -> Sheet:
    """The template; hosts that report their own software are left out by name."""
    sheet = Sheet(_SOFTWARE)
    for asset in (a for a in in_month(council, month.number) if a.hostname not in without):
        for row in installs(asset, month):
            cells = [
                asset.tag,
                row.name,
                row.version,
                row.publisher,
                british(row.installed_on),
                british(row.last_used_on),
            ]
            sheet.rows.append(cells)
    return sheet


def programs(month: Month) -> Sheet:
    sheet = Sheet(_PROGRAMS)
    for asset in in_month("brackenford", month.number):
        for row in installs(asset, month):
            cells = [asset.hostname, asset.tag, row.name, row.version, row.publisher, row.installed_on.isoformat()]
            sheet.rows.append(cells)
    return sheet


def services(council: str, month: Month) -> Sheet:
    sheet = Sheet(_SERVICES)
    for asset in in_month(council, month.number):
        for port in listening(asset, month.number):
            sheet.rows.append([asset.tag, port.proto, str(port.port), port.service, "", port.version])
    return sheet


def fixes(council: str, month: Month) -> Sheet:
    sheet = Sheet(_FIXES)
    for asset in in_month(council, month.number):
        for fix in listed(asset, keys(asset, month.number), month.number, month.day):
            sheet.rows.append(
                [
                    asset.tag, fix.name, fix.fixed_in, fix.advisory, fix.severity, fix.cvss3, british(fix.released_on),
                    "yes" if fix.missing else "no",
                ]
            )  # fmt: skip
    return sheet


def updates(month: Month) -> Sheet:
    sheet = Sheet(_UPDATES)
    for asset in in_month("brackenford", month.number):
        for fix in listed(asset, keys(asset, month.number), month.number, month.day):
            sheet.rows.append(
                [
                    asset.tag, fix.name, fix.fixed_in, fix.advisory, fix.severity.title(), fix.cvss3, british(fix.released_on),
                    "Missing" if fix.missing else "Installed",
                ]
            )  # fmt: skip
    return sheet
