"""One thing in a register, and the operating systems that it may run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from secscan.workspace.sample.days import MONTHS


@dataclass(frozen=True, slots=True)
class System:
    """An operating system as inventories write it, and the family that decides what runs on it."""

    caption: str
    version: str
    family: str
    patched: bool = True
    """Its vendor still publishes monthly fixes for everybody."""


SYSTEMS: Final = {
    "w10e": System("Microsoft Windows 10 Enterprise", "10.0.19045", "endpoint", patched=False),
    "w10p": System("Microsoft Windows 10 Pro", "10.0.19045", "endpoint", patched=False),
    "w10ltsc": System("Microsoft Windows 10 Enterprise LTSC", "10.0.19044", "endpoint"),
    "w11e-23h2": System("Microsoft Windows 11 Enterprise", "10.0.22631", "endpoint"),
    "w11e-24h2": System("Microsoft Windows 11 Enterprise", "10.0.26100", "endpoint"),
    "w11e-25h2": System("Microsoft Windows 11 Enterprise", "10.0.26200", "endpoint"),
    "w11p-24h2": System("Microsoft Windows 11 Pro", "10.0.26100", "endpoint"),
    "w11p-25h2": System("Microsoft Windows 11 Pro", "10.0.26200", "endpoint"),
    "2008r2": System("Microsoft Windows Server 2008 R2 Standard", "6.1.7601", "windows", patched=False),
    "2012r2": System("Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "windows", patched=False),
    "2016": System("Microsoft Windows Server 2016 Standard", "10.0.14393", "windows"),
    "2019": System("Microsoft Windows Server 2019 Standard", "10.0.17763", "windows"),
    "2022": System("Microsoft Windows Server 2022 Standard", "10.0.20348", "windows"),
    "2025": System("Microsoft Windows Server 2025 Standard", "10.0.26100", "windows"),
    "ubuntu2004": System("Ubuntu 20.04.6 LTS", "20.04", "ubuntu", patched=False),
    "ubuntu2204": System("Ubuntu 22.04.5 LTS", "22.04", "ubuntu"),
    "debian11": System("Debian GNU/Linux 11 (bullseye)", "11", "debian", patched=False),
    "debian12": System("Debian GNU/Linux 12 (bookworm)", "12", "debian"),
    "rhel7": System("Red Hat Enterprise Linux Server 7.9 (Maipo)", "7.9", "rhel", patched=False),
    "rhel8": System("Red Hat Enterprise Linux 8.10 (Ootpa)", "8.10", "rhel"),
    "esxi7": System("VMware ESXi 7.0.3", "7.0.3", "appliance", patched=False),
    "esxi8": System("VMware ESXi 8.0.3", "8.0.3", "appliance"),
    "fortios72": System("FortiOS", "7.2.11", "appliance"),
    "fortios74": System("FortiOS", "7.4.8", "appliance"),
    "iosxe179": System("Cisco IOS XE", "17.9.5", "appliance"),
    "iosxe1712": System("Cisco IOS XE", "17.12.4", "appliance"),
    "storage": System("Brickvault OS", "9.14.1", "appliance"),
    "printer": System("HP FutureSmart 5", "5.7.1.1", "printer"),
    "recorder": System("Windows Embedded Standard 7", "6.1.7601", "ot", patched=False),
    "controller": System("Firmware", "2.11", "ot"),
}

PREFIX: Final = {
    "alderbeck": "IT-1{:04d}",
    "brackenford": "IT-1{:04d}",
    "corvale": "CDC-{:04d}",
    "threeways": "TW-{:04d}",
}
"""Alderbeck and Brackenford number alike: IT-10003 is one thing here and another there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One thing in a register. ``systems`` is its operating system from each month on."""

    council: str
    tag: str
    hostname: str
    type: str
    systems: tuple[tuple[int, str], ...]
    zone: str
    ip: str
    service: str
    owner: str
    criticality: str
    apps: tuple[str, ...] = ()
    offices: tuple[tuple[int, str], ...] = ()
    ports: tuple[int, ...] = ()
    first: int = 1
    last: int = MONTHS
    lost_from: int | None = None
    """The month after which nothing saw it again, though the register keeps it."""

    def system(self, month: int) -> System:
        return SYSTEMS[self.system_key(month)]

    def system_key(self, month: int) -> str:
        return _at(self.systems, month)

    def office(self, month: int) -> str:
        return _at(self.offices, month)


def _at(steps: tuple[tuple[int, str], ...], month: int) -> str:
    return next(what for since, what in reversed(steps) if since <= month)
