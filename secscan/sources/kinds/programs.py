"""Installed programs as scripts list them: the Uninstall keys as CSV, and what ``wmic product`` or Win32_Product says.

Where no column names the computer, the source's ``asset`` or the file's own name does. Entries without a name are keys
that are no programs; updates and parts of programs with an entry of their own count as blank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from secscan.sources import headed, looks, values, windows, wmic
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
_PRODUCT: Final = _headed(
    "a list of Windows Installer's products",
    (("Name",), ("Vendor",), ("Version",)), ("Name",), ("Version",), ("Vendor",),
)  # fmt: skip
_OWN: Final = (("Node", "IdentifyingNumber", "PackageCode", "PackageCache", "InstallState"),)


@dataclass(frozen=True, slots=True)
class _Programs:
    reader: Headed
    needed: str

    def read(self, job: Job) -> Found:
        table = wmic.table(job, self.needed)
        if table is None:
            table = open_table(job, self.reader.is_header)
        if job.source.asset is None and wmic.says_host(table, _HOST) is not None:
            return self.reader.of(table, job)
        # As of any list of one machine: who it is says the file, and what it is says nobody.
        reader = replace(self.reader, parts=self.reader.parts[:1])
        return reader.of(wmic.named_by_file(table, job), job)


def _product(sample: Sample) -> str | None:
    head = looks.text(sample.data[:4_000]).lstrip("\ufeff") if sample.looks.kind == "text" else ""
    if wmic.is_fixed(head, "Vendor") and wmic.is_fixed(head, "Name"):
        return "certain: the table that wmic prints"
    told = headed.fits(_PRODUCT, _OWN)(sample)
    return told if told and told.startswith("certain") else None


KINDS: Final = (
    Kind(
        name="installed-programs", reader=_Programs(_UNINSTALL, "DisplayName"), tables=frozenset({"software", "assets"}),
        row="program", fits=headed.fits(_UNINSTALL),
    ),
    Kind(
        name="wmic", reader=_Programs(_PRODUCT, "Vendor"), tables=frozenset({"software", "assets"}), row="program",
        fits=_product,
    ),
)  # fmt: skip
