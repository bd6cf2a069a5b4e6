"""What the provider's inventory agents write: one JSON file a host and month, in the form of the GLPI agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from secscan.doors import json
from secscan.workspace.sample.asset import SYSTEMS, Asset, System
from secscan.workspace.sample.assets import in_month
from secscan.workspace.sample.days import Month
from secscan.workspace.sample.network import DOMAINS, address, mac
from secscan.workspace.sample.register import State, serial, state
from secscan.workspace.sample.software import installs

HOSTS: Final = frozenset(
    f"TW-{name}" for name in
    ("SQL01", "SQL02", "SQL03", "SQL04", "PG01", "DC01", "DC02", "MON01", "LOG01", "JUMP01", "JUMP02", "PROXY01", "DESK01")
)  # fmt: skip
"""The servers with an agent; the provider's software template leaves them out."""

UNREGISTERED: Final = (
    Asset(
        council="threeways", tag="an old test server", hostname="TW-TEST02", type="server", systems=((1, "2012r2"),),
        zone="shared-servers", ip=address("shared-servers", 40), service="", owner="", criticality="", apps=("sql2014",),
    ),
    Asset(
        council="threeways", tag="an engineer's laptop", hostname="TW-LT07", type="laptop", systems=((1, "w11e-24h2"),),
        zone="management", ip=address("management", 90), service="", owner="", criticality="", offices=((1, "m365"),), first=6,
    ),
)  # fmt: skip
"""What only the agents see: nobody entered them in the register. Their tags are for chance alone and in no file."""

NO_SERIAL: Final = {"TW-PG01": "None", "TW-MON01": "To Be Filled By O.E.M."}
"""Boards that do not know their own number: the full name says who they are."""
REBUILT: Final = {"TW-DESK01": (8, "2022")}
"""Rebuilt in a month, and the register was not told."""
MOVED: Final = {"TW-LOG01": address("management", 120)}
"""At another address than the register has."""
SWITCHED_OFF: Final = frozenset(("TW-DC02",))
"""Its malware protection is off; the register says that it runs."""

_KERNELS: Final = {"debian": "6.1.0-26-amd64", "ubuntu": "5.15.0-122-generic", "rhel": "4.18.0-553.22.1.el8_10.x86_64"}
_LISTS: Final = {"debian": "deb", "ubuntu": "deb", "rhel": "rpm"}


def files(month: Month) -> Iterator[tuple[str, bytes]]:
    """File names and contents of one month's inventories."""
    hosts = [a for a in in_month("threeways", month.number) if a.hostname in HOSTS]
    for host in (*hosts, *(a for a in UNREGISTERED if a.first <= month.number)):
        yield f"glpi-{host.hostname}.json", json.dumps(_inventory(host, month)).encode()


def _inventory(host: Asset, month: Month) -> dict[str, Any]:
    rebuilt, as_what = REBUILT.get(host.hostname, (0, ""))
    system = SYSTEMS[as_what] if rebuilt and month.number >= rebuilt else host.system(month.number)
    said = state(host, month)
    windows = system.family in ("windows", "endpoint")
    content = {
        "accesslog": {"logdate": f"{said.last_seen.isoformat()} 07:15:00"},
        **({"antivirus": [_antivirus(host, said)]} if windows else {}),
        "bios": {"assettag": "No Asset Tag", "ssn": NO_SERIAL.get(host.hostname, serial(host))},
        "drives": [_drive(host, said, windows=windows)],
        "hardware": {
            "chassis_type": "Notebook" if host.type == "laptop" else "Other", "name": host.hostname,
            "vmsystem": "Physical" if host.type == "laptop" else "VMware",
        },
        "networks": [
            {
                "description": "eth0", "ipaddress": MOVED.get(host.hostname, host.ip), "mac": mac(host.council, host.tag),
                "status": "up", "type": "ethernet", "virtualdev": False,
            }
        ],
        "operatingsystem": _system(host, system, windows=windows),
        "softwares": [
            {
                "from": _LISTS.get(system.family, "registry"), "install_date": row.installed_on.isoformat(), "name": row.name,
                "publisher": row.publisher, "version": row.version,
            }
            for row in installs(host, month)
        ],
        "versionclient": "GLPI-Agent_v1.15",
    }  # fmt: skip
    since = month.end - timedelta(days=700)
    return {
        "action": "inventory", "content": content, "deviceid": f"{host.hostname}-{since.isoformat()}-09-30-00",
        "itemtype": "Computer",
    }  # fmt: skip


def _antivirus(host: Asset, said: State) -> dict[str, Any]:
    runs = said.protection == "yes" and host.hostname not in SWITCHED_OFF
    day = said.definitions_on.isoformat() if said.definitions_on else None
    return {
        "base_creation": day,
        "company": "Sophos Limited",
        "enabled": runs,
        "name": "Sophos Endpoint",
        "uptodate": True,
    }


def _drive(host: Asset, said: State, *, windows: bool) -> dict[str, Any]:
    if not windows:
        return {"filesystem": "ext4", "total": 61440, "type": "/", "volumn": "/dev/sda2"}
    encrypted = "No" if host.type == "laptop" else said.encrypted.title()
    return {
        "encrypt_name": "BitLocker", "encrypt_status": encrypted, "filesystem": "NTFS", "letter": "C:", "systemdrive": True,
        "total": 122880, "type": "Local Disk",
    }  # fmt: skip


def _system(host: Asset, system: System, *, windows: bool) -> dict[str, Any]:
    domain = DOMAINS[host.council]
    if windows:
        return {
            "arch": "64-bit", "dns_domain": domain, "full_name": system.caption, "kernel_version": system.version, "name": "Windows",
        }  # fmt: skip
    return {
        "arch": "x86_64", "fqdn": f"{host.hostname.lower()}.{domain}", "full_name": system.caption, "kernel_name": "linux",
        "kernel_version": _KERNELS[system.family], "name": system.caption.split()[0], "version": system.version,
    }  # fmt: skip
