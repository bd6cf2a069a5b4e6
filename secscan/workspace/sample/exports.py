"""One dated set of one council, in the form in which that council's tools write it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from secscan.workspace.sample import agents, packages, tables
from secscan.workspace.sample.assets import in_month
from secscan.workspace.sample.days import MONTHS, Month
from secscan.workspace.sample.faults import break_sheet
from secscan.workspace.sample.scans import Look, xml

LAST_MONTH: Final = {"corvale": 10}
"""The month after which a council sent nothing."""


def files(council: str, month: Month) -> Iterator[tuple[str, bytes]]:
    """File names and contents of a council's set; nothing in a month in which it sent none."""
    if month.number > LAST_MONTH.get(council, MONTHS):
        return
    match council:
        case "brackenford":
            yield from _brackenford(month)
        case "threeways":
            yield from _templates(council, month, services=False)
            yield from agents.files(month)
            yield from _provider_scans(month)
        case "corvale":
            yield from _templates(council, month, services=True)
            yield from _package_lists(month)
        case _:
            yield from _templates(council, month, services=True)


def _templates(council: str, month: Month, *, services: bool) -> Iterator[tuple[str, bytes]]:
    """Our own templates, with a byte order mark as a spreadsheet saves them."""
    sheets = [
        ("register", "assets.csv", tables.assets(council, month)),
        ("software", "software.csv", tables.software(council, month, without=agents.HOSTS)),
    ]
    if services:
        sheets.append(("services", "services.csv", tables.services(council, month)))
    sheets.append(("fixes", "fixes.csv", tables.fixes(council, month)))
    for name, file, sheet in sheets:
        break_sheet(sheet, f"{council}-{name}", month.number)
        yield file, codecs.BOM_UTF8 + sheet.text().encode()


def _brackenford(month: Month) -> Iterator[tuple[str, bytes]]:
    """Three tools of its own: a spreadsheet's semicolons, a PowerShell table, and UTF-16 from a patch server."""
    devices, programs, updates = tables.devices(month), tables.programs(month), tables.updates(month)
    break_sheet(devices, "brackenford-register", month.number)
    break_sheet(programs, "brackenford-software", month.number)
    break_sheet(updates, "brackenford-updates", month.number)
    yield "devices.csv", devices.text(separator=";", first="sep=;").encode("cp1252")
    yield (
        "programs.csv",
        programs.text(quote_all=True, first="#TYPE System.Management.Automation.PSCustomObject").encode(),
    )
    yield "updates.csv", codecs.BOM_UTF16_LE + updates.text().encode("utf-16-le")
    servers = [a for a in in_month("brackenford", month.number) if a.type == "server"]
    look = Look(device="brackenford-core", from_zone="brackenford-users", targets=servers)
    yield "scan-users.xml", xml(look, month.number, month.day).encode()


def _provider_scans(month: Month) -> Iterator[tuple[str, bytes]]:
    """What the provider's two probes see: of Alderbeck and the shared servers, and of the shared servers again."""
    shared = [a for a in in_month("threeways", month.number) if a.zone == "shared-servers"]
    servers = [a for a in in_month("alderbeck", month.number) if a.type == "server"]
    alderbeck = Look(
        device="alderbeck-core", from_zone="alderbeck-users", targets=[*servers, *shared],
        way_round=frozenset((("SRV-PLAN02", 1433),)), cut_after=31 if month.number == 8 else None,
    )  # fmt: skip
    brackenford = Look(device="brackenford-core", from_zone="brackenford-users", targets=shared)
    yield "scan-alderbeck.xml", xml(alderbeck, month.number, month.day).encode()
    yield "scan-brackenford.xml", xml(brackenford, month.number, month.day).encode()


def _package_lists(month: Month) -> Iterator[tuple[str, bytes]]:
    for asset in in_month("corvale", month.number):
        if "lists" in asset.apps:
            release = asset.system_key(month.number)
            kind, write = ("rpm", packages.rpm) if release.startswith("rhel") else ("dpkg", packages.dpkg)
            yield f"{asset.tag}.{kind}.txt", write(asset.hostname, release).encode()
