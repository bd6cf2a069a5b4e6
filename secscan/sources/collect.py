"""What a Linux machine says of itself: operating system, packages, listening ports. Reads only, changes nothing.

For a Windows machine there is a script that writes the same document (``windows_script``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

from secscan.doors import run as door
from secscan.doors.files import MEGABYTE, read_bytes
from secscan.model.errors import InputError, ScanError

SCHEMA: Final = "secscan.collect/1"
_LISTENING: Final = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""States of /proc/net: LISTEN for tcp, unconnected for udp (kernel documentation, proc_net_tcp)."""
_DPKG_FORMAT: Final = "${Package}\\t${Version}\\t${db:Status-Status}\\n"
_RPM_FORMAT: Final = "%{NAME}\\t%{EPOCH}\\t%{VERSION}\\t%{RELEASE}\\n"
_SECONDS: Final = 60.0

Run = Callable[[Sequence[str]], bytes]


def collect(today: date, root: Path | str = "/", run: Run | None = None) -> dict[str, Any]:
    """This machine as an inventory document (``secscan.collect/1``), ready for ``doors.json``.

    ``software`` is None where no package list could be read: not known, which is not the same as none.
    ``root`` is where the system's files are; ``run`` starts a program and answers its output.
    """
    base = Path(root)
    release = _release(base)
    hostname = _line(base / "proc/sys/kernel/hostname") or _line(base / "etc/hostname") or "unnamed"
    software, warnings = _software(base, run or _run)
    return {
        "schema": SCHEMA,
        "collected_on": today.isoformat(),
        "asset": {
            "asset_tag": hostname.partition(".")[0],
            "hostname": hostname.partition(".")[0],
            "fqdn": hostname if "." in hostname else None,
            "ip": _addresses(base),
            "mac": _mac(base),
            "os": release.get("PRETTY_NAME") or release.get("NAME"),
            "os_version": release.get("VERSION_ID"),
            "restart_pending": True if (base / "run/reboot-required").exists() else None,
            "last_seen": today.isoformat(),
        },
        "machine": {"kernel": _line(base / "proc/sys/kernel/osrelease"), "id": _machine_id(base)},
        "software": software,
        "services": _services(base),
        "warnings": warnings,
    }


def windows_script() -> str:
    """The PowerShell script that writes such a document of a Windows machine: ASCII, to be read before it is run."""
    path = Path(__file__).with_name("collect_windows.ps1")
    return read_bytes(path, shown=path.name, limit=MEGABYTE).decode("ascii")


def _run(argv: Sequence[str]) -> bytes:
    ran = door.run(argv, seconds=_SECONDS)
    if ran.code:
        raise ScanError(f"{argv[0]} ended with code {ran.code}")
    return ran.out


def _text(path: Path) -> str:
    try:
        return read_bytes(path, shown=str(path), limit=64 * MEGABYTE).decode("utf-8", "backslashreplace")
    except InputError:
        return ""


def _line(path: Path) -> str | None:
    return _text(path).partition("\n")[0].strip() or None


def _machine_id(base: Path) -> str | None:
    """A stable name of the machine that cannot be turned back into its machine-id (machine-id(5) asks for this)."""
    found = _line(base / "etc/machine-id")
    return hashlib.sha256(f"{SCHEMA}\0{found}".encode()).hexdigest()[:32] if found else None


def _release(base: Path) -> dict[str, str]:
    """os-release(5) as a mapping, quotes taken off."""
    text = _text(base / "etc/os-release") or _text(base / "usr/lib/os-release")
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, equals, value in pairs if equals}


def _software(base: Path, run: Run) -> tuple[list[dict[str, Any]] | None, list[str]]:
    """Installed packages by whichever list the system keeps."""
    lists: tuple[tuple[str, Callable[[], list[dict[str, Any]]]], ...] = (
        ("var/lib/dpkg/status", lambda: _dpkg(run)),
        ("var/lib/rpm", lambda: _rpm(run)),
        ("usr/lib/sysimage/rpm", lambda: _rpm(run)),
        ("lib/apk/db/installed", lambda: _apk(base)),
    )
    warnings = []
    for where, read in lists:
        if (base / where).exists():
            try:
                return read(), []
            except ScanError as error:
                warnings.append(f"/{where}: {error}")
    return None, warnings or ["no package list that is known here was found"]


def _dpkg(run: Run) -> list[dict[str, Any]]:
    out = run(["dpkg-query", "-W", "-f", _DPKG_FORMAT]).decode("utf-8", "backslashreplace")
    rows = (line.split("\t") for line in out.splitlines())
    return [
        {"name": row[0], "version": row[1], "kind": "dpkg"}
        for row in rows
        if len(row) == 3 and row[2] not in ("not-installed", "config-files")
    ]


def _rpm(run: Run) -> list[dict[str, Any]]:
    out = run(["rpm", "-qa", "--qf", _RPM_FORMAT]).decode("utf-8", "backslashreplace")
    rows = (line.split("\t") for line in out.splitlines())
    return [
        {
            "name": name,
            "version": f"{version}-{release}" if epoch in ("(none)", "0") else f"{epoch}:{version}-{release}",
            "kind": "rpm",
        }
        for name, epoch, version, release in (row for row in rows if len(row) == 4)
    ]


def _apk(base: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    fields: dict[str, str] = {}
    for line in [*_text(base / "lib/apk/db/installed").splitlines(), ""]:
        if line[1:2] == ":":
            fields[line[0]] = line[2:]
        elif not line and fields.get("P"):
            found.append({"name": fields["P"], "version": fields.get("V") or None, "kind": None})
            fields = {}
    return found


def _services(base: Path) -> list[dict[str, Any]]:
    """Ports that something other than this machine itself could try; loopback is left out."""
    found: set[tuple[str, int]] = set()
    for name, state in _LISTENING.items():
        for line in _text(base / "proc/net" / name).splitlines()[1:]:
            cells = line.split()
            if len(cells) > 3 and cells[3] == state and (name[:3] == "tcp" or set(cells[2].partition(":")[0]) == {"0"}):
                address, _, port = cells[1].partition(":")
                if not _address(address).is_loopback:
                    found.add((name[:3], int(port, 16)))
    return [
        {"proto": proto, "port": port, "service": None, "product": None, "version": None}
        for proto, port in sorted(found)
    ]


def _address(word: str) -> IPv4Address | IPv6Address:
    """An address as /proc/net writes it: hexadecimal, each 32-bit word in the machine's own (little-endian) order."""
    raw = bytes.fromhex(word)
    found = ip_address(b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4)))
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _addresses(base: Path) -> list[str]:
    """The machine's own addresses, IPv4 from the routing table's local entries; no loopback, no link-local."""
    found: dict[str, None] = {}
    last = ""
    for line in _text(base / "proc/net/fib_trie").splitlines():
        cells = line.split()
        if cells[:1] == ["|--"] and len(cells) > 1:
            last = cells[1]
        elif cells[:3] == ["/32", "host", "LOCAL"]:
            found[last] = None
    for line in _text(base / "proc/net/if_inet6").splitlines():
        word = line.partition(" ")[0]
        if len(word) == 32:
            found[str(IPv6Address(bytes.fromhex(word)))] = None
    return [text for text in found if not (ip_address(text).is_loopback or ip_address(text).is_link_local)]


def _mac(base: Path) -> str | None:
    folder = base / "sys/class/net"
    cards = sorted(folder.iterdir()) if folder.is_dir() else []
    found = (_line(card / "address") for card in cards if (card / "device").exists())
    return next((mac for mac in found if mac and mac != "00:00:00:00:00:00"), None)
