"""Lansweeper: reports on assets, and on the software of each asset, as the web console exports them.

Headings are the aliases of the report's SQL, in the spelling of old and of new stock reports. Names of operating
systems are short (``Win 2012 R2``) and stay so; the build makes the version. What counts software and names no asset
is refused. Users are never read.
"""

from __future__ import annotations

import re
from typing import Final

from secscan.sources.headed import Headed, Headings, Known, OneOf, headings_of, part_of, with_column
from secscan.sources.hosts import GONE, sort_of
from secscan.sources.kind import Kind
from secscan.sources.sample import Sample

_DOTTED = re.compile(r"\d+(?:\.\d+)+")
_NAME: Final[Headings] = ("AssetName", "Asset name")
_WHOLE: Final = "the whole build"
_ID: Final[Headings] = ("AssetID", "Asset ID", "Asset key")
_SOFTWARE: Final[Headings] = ("Software", "softwareName", "Software name")
_VERSION: Final[Headings] = ("Version", "softwareVersion", "Software version")
_PUBLISHER: Final[Headings] = ("Publisher", "SoftwarePublisher", "Software publisher")
_OWN: Final = frozenset(
    (
        "assetid", "assetkey", "asset_key", "assettype", "asset_type", "assetunique", "icon", "iplocation", "ip_location", "lasttried",
        "last_scan_attempt", "last_successful_scan", "lastseen", "userdomain", "oscode", "oscodes", "lsatver", "statename",
        "softwareid", "lastchanged", "last_changed", "softwarepublisher", "softwareversion", "ipaddress", "ip_address", "domain",
    )
)  # fmt: skip
"""Headings, folded, that stand beside the name of an asset in its reports."""


def _build(system: str, build: str) -> str:
    """The whole build from ``10.0.19045`` and ``3324``; either alone as it stands, and a build that is whole already."""
    last = system.rpartition(".")[2]
    if not build or build == last:
        return system
    if not _DOTTED.fullmatch(system):  # "22H2" is no part of a build
        return build
    if "." in build:
        return f"{system}{build.removeprefix(last)}" if build.startswith(f"{last}.") else build
    return f"{system}.{build}"


_HOST: Final = {
    "device_id": (*_ID, *_NAME),
    "hostname": _NAME,
    "fqdn": ("FQDN", "Fully qualified domain name"),
    "ip": ("IPAddress", "IP Address"),
    "mac": ("Mac", "MacAddress", "MAC Address"),
    "serial": ("Serialnumber", "Serial number", "Serial"),
    "os": ("OS", "OSname", "OS name", "Operating system"),
}
_ASSETS: Final = Headed(
    what="a Lansweeper report on assets",
    needs=(
        _NAME,
        (
            "AssetType", "Asset type", "Lastseen", "Last successful scan", "Lasttried", "Last scan attempt", "IPLocation", "IP location",
            "icon", "OSname", "OScode", "BuildNumber", "Asset key",
        ),
    ),
    dates=None,
    parts=(
        part_of(
            "assets",
            columns={
                **_HOST, "os_version": (_WHOLE,), "type": ("AssetType", "Asset type", "AssetTypename"),
                "last_seen": ("Lastseen", "Last seen", "Last successful scan"),
            },
            turns={"type": sort_of},
            facts=("AssetType", "Asset type", "SP", "Domain", "State", "Statename", "Manufacturer", "Model", "IPLocation", "IP location"),
        ),
    ),
    prepared=lambda table: with_column(
        table, _WHOLE, (("OScode", "OS code", "OS version"), ("BuildNumber", "Build number", "Build")), _build
    ),
    state=("Statename", "State"),
    ended=GONE | {"old", "broken"},
)  # fmt: skip
_INSTALLS: Final = Headed(
    what="a Lansweeper report on software",
    needs=(_NAME, _SOFTWARE),
    dates=None,
    parts=(
        part_of(
            "software",
            columns={
                "asset_tag": (*_ID, *_NAME), "name": _SOFTWARE, "version": _VERSION, "publisher": _PUBLISHER,
                "install_date": ("Installdate", "Install date", "Installation date"),
            },
        ),
        part_of("assets", once="device_id", columns=_HOST),
    ),
)  # fmt: skip
_READER: Final = OneOf(
    of=(_INSTALLS, _ASSETS),
    known=(
        Known(
            needs=(_SOFTWARE, ("Total", "Count", "Installations", "Installs")), without=_NAME,
            why="is a Lansweeper report that counts installations and names no asset",
            hint="export the software of each asset: a report with AssetName, Software and Version",
        ),
    ),
)  # fmt: skip


def _fits(sample: Sample) -> str | None:
    headings = headings_of(sample, _READER)
    if not _READER.heads(headings):
        return None
    if not (_ASSETS.heads(headings) or _INSTALLS.heads(headings)):
        return "likely: Lansweeper's count of software" if "version" in headings else None
    own = sorted(headings & _OWN)
    if not own:
        return None
    what = _INSTALLS.what if _INSTALLS.heads(headings) else _ASSETS.what
    return f"{'certain' if len(own) > 2 else 'likely'}: {what}, by its columns {', '.join(own[:4])}"


KINDS: Final = (
    Kind(
        name="lansweeper", reader=_READER, tables=frozenset({"assets", "software"}), row="asset, or program on an asset",
        fits=_fits,
    ),
)  # fmt: skip
