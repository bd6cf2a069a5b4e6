"""Microsoft Intune: all devices, and discovered apps, as the admin centre exports them (a CSV alone in a ZIP).

Headings: the report's property names, or the texts of the portal. Build and edition of a Windows come apart, as
``OS version`` (10.0.19045.6456) and ``SkuFamily``. The aggregate of apps knows no device: it is refused, for its
counts belong to no asset. Users and their addresses are never read.
"""

from __future__ import annotations

from typing import Final

from secscan.sources.headed import Headed, fits, part_of, words
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.templates import open_table

_TYPES: Final = {
    "Windows Phone": "phone", "Android": "phone", "Android (Android Enterprise)": "phone", "iOS": "phone", "iOS/iPadOS": "phone",
    "iPadOS": "tablet", "AndroidForWork": "phone", "AndroidEnterprise": "phone",
}  # fmt: skip
_DEVICES: Final = Headed(
    what="an Intune export of devices",
    needs=(
        ("Device ID", "DeviceId"),
        ("Device name", "DeviceName"),
        ("OS version", "OSVersion"),
        ("Last check-in", "LastContact"),
    ),
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("Device ID", "DeviceId"),
                "hostname": ("Device name", "DeviceName"),
                "serial": ("Serial number", "SerialNumber"),
                "mac": ("EthernetMAC", "Ethernet MAC", "Wi-Fi MAC", "WifiMacAddress"),
                "ip": ("WiFiIPv4Address",),
                "os": ("OS", "DeviceType"),
                "os_version": ("OS version", "OSVersion"),
                "os_edition": ("SkuFamily", "Sku family"),
                "type": ("OS", "DeviceType"),
                "encrypted": ("Encrypted", "IsEncrypted"),
                "last_seen": ("Last check-in", "LastContact"),
            },
            turns={"type": words(_TYPES)},
        ),
    ),
)
_APPS: Final = Headed(
    what="an Intune export of discovered apps",
    needs=(("ApplicationName",), ("ApplicationVersion",), ("DeviceId",)),
    parts=(
        part_of(
            "software",
            columns={
                "asset_tag": ("DeviceId",),
                "name": ("ApplicationName",),
                "version": ("ApplicationVersion", "ApplicationShortVersion"),
                "publisher": ("ApplicationPublisher",),
            },
        ),
        part_of(
            "assets", once="device_id",
            columns={"device_id": ("DeviceId",), "hostname": ("DeviceName",), "os_version": ("OSVersion",)},
        ),
    ),
)  # fmt: skip


class _Apps:
    """The raw list, which names the device of each app."""

    def read(self, job: Job) -> Found:
        table = open_table(job)
        headings = {heading.casefold() for heading in table.header}
        if "devicecount" in headings and "deviceid" not in headings:
            raise job.refuse(
                "is the aggregate of discovered apps: it counts devices and names none",
                "export the raw data (AppInvRawData)", table.header_line,
            )  # fmt: skip
        return _APPS.read(job)


def _aggregate(sample: Sample) -> str | None:
    raw = fits(_APPS, (("ApplicationKey",),))(sample)
    if raw is None and {"applicationname", "applicationversion", "devicecount"} <= sample.headings:
        return "likely: the aggregate of Intune's discovered apps"
    return raw


KINDS: Final = (
    Kind(
        name="intune-devices", reader=_DEVICES, tables=frozenset({"assets"}), row="device",
        fits=fits(_DEVICES, (("Managed by", "ManagementAgent", "Management name"),)),
    ),
    Kind(name="intune-apps", reader=_Apps(), tables=frozenset({"software", "assets"}), row="app on a device", fits=_aggregate),
)  # fmt: skip
