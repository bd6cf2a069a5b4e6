"""Port scans from a vantage point, written the way nmap writes its XML."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from secscan.workspace.sample.asset import Asset
from secscan.workspace.sample.chance import whole
from secscan.workspace.sample.firewalls import permits
from secscan.workspace.sample.network import DOMAINS

NMAP: Final = "7.94"
PORTS: Final = (22, 80, 135, 443, 445, 1433, 3389, 5432, 8080, 8081, 8443)
_NAMES: Final = {
    22: "ssh", 80: "http", 135: "msrpc", 443: "https", 445: "microsoft-ds", 1433: "ms-sql-s", 3389: "ms-wbt-server",
    5432: "postgresql", 8080: "http-proxy", 8081: "blackice-icecap", 8443: "https-alt",
}  # fmt: skip
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One scan: from which zone, through which firewall, at which assets."""

    device: str
    from_zone: str
    targets: Sequence[Asset]
    way_round: frozenset[tuple[str, int]] = frozenset()
    """(host name, port) that packets reach although the rules say otherwise."""
    cut_after: int | None = None
    """The scan was stopped after so many hosts: the file ends in the middle of the next."""


def xml(look: Look, month: int, day: date) -> str:
    """The scan of one day. Ports that the firewall stops are filtered, others answer open or closed."""
    start = timegm((day.year, day.month, day.day, 6, 10, 0))
    argv = f"nmap -sS -Pn -n --reason -p {','.join(map(str, PORTS))} -iL targets.txt -oX scan.xml"
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        '<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>\n'
        f"<!-- Nmap {NMAP} scan initiated {_written(day, '06:10:00')} as: {argv.replace('--', '-&#45;')} -->\n"
        f'<nmaprun scanner="nmap" args="{argv}" start="{start}" startstr="{_written(day, "06:10:00")}" version="{NMAP}" '
        'xmloutputversion="1.05">\n'
        f'<scaninfo type="syn" protocol="tcp" numservices="{len(PORTS)}" services="{",".join(map(str, PORTS))}"/>\n'
        '<verbose level="0"/>\n<debugging level="0"/>\n'
    ]
    for at, host in enumerate(look.targets):
        text = "".join(_host(look, host, month, start + 4 * at))
        if at == look.cut_after:
            return "".join(parts) + text[: len(text) // 2]
        parts.append(text)
    finished = start + 4 * len(look.targets) + 9
    took = finished - start
    ended = _written(day, f"06:{10 + took // 60:02d}:{took % 60:02d}")
    parts.append(
        f'<runstats><finished time="{finished}" timestr="{ended}" summary="Nmap done at {ended}; {len(look.targets)} IP addresses '
        f'({len(look.targets)} hosts up) scanned in {took}.00 seconds" elapsed="{took}.00" exit="success"/>'
        f'<hosts up="{len(look.targets)}" down="0" total="{len(look.targets)}"/>\n</runstats>\n</nmaprun>\n'
    )
    return "".join(parts)


def _host(look: Look, host: Asset, month: int, at: int) -> Iterator[str]:
    ttl = 127 if host.system(month).family == "windows" else 63
    yield f'<host starttime="{at}" endtime="{at + 3}"><status state="up" reason="user-set" reason_ttl="0"/>\n'
    yield f'<address addr="{host.ip}" addrtype="ipv4"/>\n<hostnames>\n'
    yield f'<hostname name="{host.hostname.lower()}.{DOMAINS[host.council]}" type="PTR"/>\n</hostnames>\n<ports>'
    for port in PORTS:
        reached = (host.hostname, port) in look.way_round or permits(
            look.device, month, look.from_zone, host.zone, host.ip, port
        )
        yield _port(port, reached, port in host.ports, ttl)
    delay = whole(400, 4000, host.council, host.tag, "round trip")
    yield f'</ports>\n<times srtt="{delay}" rttvar="{delay // 3}" to="100000"/>\n</host>\n'


@cache
def _port(port: int, reached: bool, listening: bool, ttl: int) -> str:
    state, reason, seen = ("filtered", "no-response", 0)
    if reached:
        state, reason, seen = ("open", "syn-ack", ttl) if listening else ("closed", "reset", ttl)
    return (
        f'<port protocol="tcp" portid="{port}"><state state="{state}" reason="{reason}" reason_ttl="{seen}"/>'
        f'<service name="{_NAMES[port]}" method="table" conf="3"/></port>\n'
    )


def _written(day: date, at: str) -> str:
    """As nmap writes a time, whatever the machine's language."""
    return f"{_DAYS[day.weekday()]} {_MONTHS[day.month - 1]} {day.day:2d} {at} {day.year}"
