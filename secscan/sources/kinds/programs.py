"""Installed programs as scripts list them: the Uninstall keys, Get-Package, and what ``wmic product`` or Win32_Product says.

CSV, PowerShell's JSON, or a table as ``wmic`` and Format-Table print it; what these cut is refused by its row. Where no column names the computer, the source's ``asset`` or the file's own name does. Entries without a name are keys
that are no programs; updates and parts of programs with an entry of their own count as blank.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Final

from secscan.doors.csv import Table
from secscan.sources import headed, looks, objects, values, windows, wmic
from secscan.sources.headed import Aside, Headed, Headings, part_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.templates import open_table

_HOST: Final = (
    "PSComputerName", "ComputerName", "Computer Name", "Computer", "MachineName", "Machine", "HostName", "Host Name",
    "Host", "SystemName", "DeviceName", "Device", "Server", "__SERVER", "CSName", "Node",
)  # fmt: skip
_NOTHING: Final = Aside(
    headings=("DisplayName",), so=values.is_unknown, says="keys without a DisplayName are no programs"
)
_ASIDES: Final = (
    Aside(headings=("ReleaseType",), so=windows.is_update, says=windows.NOT_PROGRAMS),
    Aside(headings=("ParentKeyName",), so=windows.has_parent, says=windows.NOT_PROGRAMS),
)


def _headed(what: str, needs: tuple[Headings, ...], name: Headings, version: Headings, publisher: Headings) -> Headed:
    return Headed(
        what=what,
        needs=needs,
        dates=None,
        asides=(*_ASIDES, *([_NOTHING] if "DisplayName" in name else [])),
        parts=(
            part_of(
                "software",
                columns={
                    "asset_tag": ("(asset)", *_HOST),
                    "name": name,
                    "version": version,
                    "publisher": publisher,
                    "install_date": ("InstallDate", "Install Date", "InstalledOn"),
                },
                constant={"kind": "arp"},
            ),
            part_of(
                "assets", once="device_id",
                columns={"device_id": _HOST, "hostname": _HOST, "fqdn": _HOST},
                turns={"hostname": windows.short_name, "fqdn": lambda host: windows.full_name(host, "")},
            ),
        ),
    )  # fmt: skip


_UNINSTALL: Final = _headed(
    "a list of installed programs",
    (("DisplayName", "Display Name"), ("DisplayVersion", "Display Version")),
    ("DisplayName", "Display Name"), ("DisplayVersion", "Display Version"), ("Publisher", "Vendor"),
)  # fmt: skip
_PACKAGES: Final = replace(
    _headed("Get-Package's list", (("Name",), ("Version",), ("ProviderName",)), ("Name",), ("Version",), ()),
    asides=(
        Aside(
            headings=("ProviderName",),
            so=lambda provider: provider.casefold() not in ("programs", "msi"),
            says="updates, modules and packages, which are no programs",
        ),
    ),
)
_PRODUCT: Final = _headed(
    "a list of Windows Installer's products", (("Name",), ("Version",)), ("Name",), ("Version",), ("Vendor",)
)
_OWN: Final = (("Vendor",), ("Node", "IdentifyingNumber", "PackageCode", "PackageCache", "InstallState"))
_OF_PRODUCT: Final = frozenset(
    ("assignmenttype", "caption", "description", "helplink", "helptelephone", "identifyingnumber", "installdate", "installdate2",
     "installlocation", "installsource", "installstate", "language", "localpackage", "name", "node", "packagecache", "packagecode",
     "packagename", "productid", "regcompany", "regowner", "skunumber", "transforms", "urlinfoabout", "urlupdateinfo", "vendor",
     "version", "wordcount")
)  # fmt: skip
"""The properties of Win32_Product."""
_WHOLE: Final = ("DisplayName", "DisplayVersion", "Publisher", "Name", "Version", "Vendor")
_WINGET = re.compile(r"^Name +Id +Version\b.*\r*\n-{20,}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Programs:
    readers: tuple[Headed, ...]
    """The first whose headings a file has reads it."""
    needed: str

    def read(self, job: Job) -> Found:
        table = self._table(job)
        reader = next((one for one in self.readers if one.is_header(table.header)), self.readers[0])
        if job.source.asset is None and wmic.says_host(table, _HOST) is not None:
            return reader.of(table, job)
        # As of any list of one machine: who it is says the file, and what it is says nobody.
        return replace(reader, parts=reader.parts[:1]).of(wmic.named_by_file(table, job), job)

    def _table(self, job: Job) -> Table:
        seen = looks.like(job.data)
        if seen.kind == "json":
            return self._objects(job)
        if seen.kind == "text" and _WINGET.search(looks.text(job.data[:4_000])):
            raise job.refuse(
                "is winget's list, which cuts names to the width of a window", "list the Uninstall keys with Export-Csv"
            )
        found = wmic.table(job, self.needed, (*_WHOLE, *_HOST))
        return found or open_table(job, lambda cells: any(one.is_header(cells) for one in self.readers))

    def _objects(self, job: Job) -> Table:
        rows, lines, _ = objects.listed(job)
        return objects.table(rows, lines, job, lambda heading: any(one.wants(heading) for one in self.readers))


def _installed(sample: Sample) -> str | None:
    head = wmic.begun(sample.data, "DisplayName") if sample.looks.kind == "text" else ""
    if _WINGET.search(head):
        return "likely: winget's list"
    if wmic.is_fixed(head, "DisplayName") and wmic.is_fixed(head, "DisplayVersion"):
        return "certain: the Uninstall keys as Format-Table prints them"
    if listed := wmic.list_of(head, "DisplayName"):
        return f"likely: the Uninstall keys as {listed[0]}"
    if _keys(sample) >= {"DisplayName", "DisplayVersion"} and sample.looks.kind == "json":
        return "certain: the Uninstall keys as JSON"
    return headed.fits(_UNINSTALL)(sample) or headed.fits(_PACKAGES, (("FastPackageReference", "SwidTagText"),))(sample)


def _product(sample: Sample) -> str | None:
    head = wmic.begun(sample.data, "Version") if sample.looks.kind == "text" else ""
    if wmic.is_fixed(head, "Version") and wmic.is_fixed(head, "Name"):
        if wmic.is_fixed(head, "Vendor"):
            return "certain: the table that wmic prints"
        names = {name.casefold() for name in wmic.columns_of([line for line in head.splitlines() if line.strip()][:2])}
        own = names <= _OF_PRODUCT and not any("|" in line for line in sample.lines)  # an operating system has bars
        return "likely: a table of products as wmic prints it" if own else None
    if listed := wmic.list_of(head, "Vendor"):
        return f"likely: a list of products as {listed[0]}" if wmic.list_of(head, "Version") else None
    if _keys(sample) >= {"Name", "Vendor", "Version", "IdentifyingNumber"} and sample.looks.kind == "json":
        return "certain: products of Windows Installer as JSON"
    if wmic.is_csv(head) and {"name", "version"} <= sample.headings <= _OF_PRODUCT:
        return None if any("|" in line for line in sample.lines) else "likely: a list of products as wmic writes it"
    told = headed.fits(_PRODUCT, _OWN)(sample)
    return told if told and told.startswith("certain") else None


def _keys(sample: Sample) -> Set[str]:
    """The keys of a JSON file's first object."""
    return sample.objects[0].keys() if sample.objects else frozenset()


KINDS: Final = (
    Kind(
        name="installed-programs", reader=_Programs((_UNINSTALL, _PACKAGES), "DisplayName"), tables=frozenset({"software", "assets"}),
        row="program", fits=_installed,
    ),
    Kind(
        name="wmic", reader=_Programs((_PRODUCT,), "Version"), tables=frozenset({"software", "assets"}), row="program",
        fits=_product,
    ),
)  # fmt: skip
