"""What answers on an asset in a month, as a port list tells it: its servers' ports, and what ought not to answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from secscan.workspace.sample.asset import Asset
from secscan.workspace.sample.chance import share
from secscan.workspace.sample.days import MONTHS

NAMES: Final = {
    22: "ssh", 25: "smtp", 53: "domain", 80: "http", 88: "kerberos", 135: "msrpc", 389: "ldap", 443: "https", 445: "microsoft-ds",
    502: "mbap", 554: "rtsp", 636: "ldaps", 902: "vmware-auth", 1433: "ms-sql-s", 3389: "ms-wbt-server", 4050: "door-control", 5060: "sip",
    8080: "http-proxy", 8081: "http-alt", 8443: "https-alt", 8530: "wsus", 9100: "jetdirect", 9191: "papercut", 47808: "bacnet",
}  # fmt: skip

_OUGHT_NOT: Final = {
    ("alderbeck", "SW-04"): ("tcp", 23, "telnet", 1, 3),
    ("alderbeck", "SW-11"): ("tcp", 23, "telnet", 1, 7),
    ("alderbeck", "SW-16"): ("tcp", 23, "telnet", 1, MONTHS),
    ("alderbeck", "SRV-SCAN01"): ("tcp", 21, "ftp", 1, 8),
    ("alderbeck", "POOL-PLC01"): ("tcp", 5900, "vnc", 1, MONTHS),
    ("corvale", "SW-02"): ("tcp", 23, "telnet", 1, MONTHS),
    ("corvale", "SW-05"): ("tcp", 23, "telnet", 1, MONTHS),
    ("corvale", "CVS-DMS1"): ("tcp", 21, "ftp", 1, MONTHS),
}
"""What answers in the clear, and from which month to which."""


class Port(NamedTuple):
    """One line of a port list."""

    proto: str
    port: int
    service: str
    version: str = ""


def listening(asset: Asset, month: int) -> Iterator[Port]:
    """Alderbeck asked its systems which versions they speak; Corvale's list knows the ports alone."""
    for port in asset.ports:
        yield Port("tcp", port, NAMES[port], _version(asset, port, month) if asset.council == "alderbeck" else "")
    if asset.type == "network":
        yield Port("udp", 161, "snmp", _snmp(asset, month) if asset.council == "alderbeck" else "")
    if (odd := _OUGHT_NOT.get((asset.council, asset.hostname))) is not None:
        proto, number, service, first, last = odd
        if first <= month <= last:
            yield Port(proto, number, service)


def _version(asset: Asset, port: int, month: int) -> str:
    match port:
        case 445:
            return {"2008r2": "1.0", "2012r2": "3.0.2"}.get(asset.system_key(month), "3.1.1")
        case 389:
            return "signing required" if month >= 6 and asset.hostname == "SRV-DC01" else "no TLS"
    return ""


def _snmp(asset: Asset, month: int) -> str:
    safe = share(asset.council, asset.tag, "snmp") < 0.3 + 0.6 * (month - 1) / (MONTHS - 1)
    return "v3" if safe else "v2c"
