"""Long inventories as tools write them, read through the real path; and by the plainest script that reads them.

``python -m tests.benchmarks.inventories KIND HOW FILE [ROWS]``: HOW is ``write`` (the file, with about so many rows), ``engine``
(read, recognised and settled), ``plain`` or ``nothing``. Prints the rows that came out.
"""

from __future__ import annotations

import csv
import gc
import json
import random
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from secscan import inventory, knowledge, sources
from secscan.model.places import Files
from secscan.model.policy import Policy
from secscan.model.settings import Limits, Settings
from tests.benchmarks.estate import KNOWN, TODAY

TRIPLES: Final = 10
"""So many rows have one distinct name, version and publisher."""
COLUMNS: Final = {
    "secscan-software": ("asset_tag", "name", "version", "publisher", "install_date"),
    "installed-programs": ("PSComputerName", "DisplayName", "DisplayVersion", "Publisher", "InstallDate"),
    "configmgr": ("Netbios_Name0", "DisplayName0", "Version0", "Publisher0", "InstallDate0"),
    "defender": ("DeviceId", "SoftwareName", "SoftwareVersion", "SoftwareVendor", "DeviceName", "OSPlatform"),
}
"""The kinds that list software as a CSV."""
HOSTS: Final = 65_536
PORTS: Final = (
    (22, "ssh", "OpenSSH", "8.9p1"), (25, "smtp", "Postfix smtpd", ""), (80, "http", "nginx", "1.18.0"), (135, "msrpc", "Microsoft Windows RPC", ""),
    (139, "netbios-ssn", "Microsoft Windows netbios-ssn", ""), (161, "snmp", "", ""), (443, "https", "Apache httpd", "2.4.52"),
    (445, "microsoft-ds", "", ""), (3389, "ms-wbt-server", "Microsoft Terminal Services", ""), (5985, "http", "Microsoft HTTPAPI httpd", "2.0"),
    (8080, "http-proxy", "", ""), (9100, "jetdirect", "", ""),
)  # fmt: skip


# -- files


def software(rows: int, seed: int = 5) -> Iterator[tuple[str, str, str, str]]:
    """(device, name, version, publisher): half of them names that the catalogue knows, and most devices with sixty."""
    rng = random.Random(seed)
    distinct = []
    for i in range(max(1, rows // TRIPLES)):
        version = f"{rng.randrange(1, 40)}.{rng.randrange(20)}.{i}"
        name, publisher = (
            KNOWN[i % len(KNOWN)] if i % 2 else (f"Line of business {i % 30_011}", f"Supplier {i % 1_009} Ltd")
        )
        distinct.append((name.replace("{v}", version), version, publisher))
    return ((f"PC-{row // 60:06}", *distinct[rng.randrange(len(distinct))]) for row in range(rows))


def write(kind: str, path: Path, rows: int) -> None:
    """A file of this kind with so many rows; of nmap's a row is one of the hosts."""
    if kind in COLUMNS:
        with path.open("w", newline="") as out:
            table = csv.writer(out)
            table.writerow(COLUMNS[kind])
            for device, name, version, publisher in software(rows):
                rest = (device.lower(), "Windows11") if kind == "defender" else ("2026-01-03",)
                table.writerow((device, name, version, publisher, *rest))
    elif kind == "nmap-xml":
        with path.open("w") as out:
            out.writelines(_swept(rows))
    elif kind == "workbook":
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, COLUMNS["secscan-software"])
            for at, row in enumerate(software(rows), 1):
                sheet.write_row(at, 0, (*row, "2026-01-03"))
    elif kind == "defender-json":
        with path.open("w") as out:
            json.dump(
                {"@odata.context": "https://api.example.com/api/$metadata", "value": list(_of_defender(rows))},
                out,
                indent=1,
            )
    else:
        with path.open("w") as out:
            json.dump({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": list(_components(rows))}, out, indent=2)  # fmt: skip


def _swept(hosts: int) -> Iterator[str]:
    rng = random.Random(7)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" start="1790000000" xmloutputversion="1.05">\n'
    for n in range(hosts):
        yield (
            f'<host starttime="1790000000" endtime="1790000{n % 1000:03}"><status state="up" reason="echo-reply" reason_ttl="64"/>\n'
            f'<address addr="10.{n >> 16}.{n >> 8 & 255}.{n & 255}" addrtype="ipv4"/>\n<hostnames>\n'
            f'<hostname name="host-{n:05}.council.example" type="PTR"/>\n</hostnames>\n<ports><extraports state="filtered" count="988">\n'
            '<extrareasons reason="no-response" count="988" proto="tcp" ports="1-4"/>\n</extraports>\n'
        )
        for port, service, product, version in PORTS:
            state = rng.choice(("open", "closed", "closed", "filtered"))
            yield (
                f'<port protocol="tcp" portid="{port}"><state state="{state}" reason="syn-ack" reason_ttl="{rng.choice((63, 64, 127))}"/>'
                f'<service name="{service}" product="{product}" version="{version}" extrainfo="workgroup: WORKGROUP" method="probed" conf="10">'
                "<cpe>cpe:/o:microsoft:windows</cpe></service></port>\n"
            )
        yield '</ports>\n<times srtt="300" rttvar="20" to="100000"/>\n</host>\n'
    yield f'<runstats><finished time="1790003600" exit="success"/><hosts up="{hosts}" down="0" total="{hosts}"/></runstats>\n</nmaprun>\n'


def _of_defender(rows: int) -> Iterator[dict[str, Any]]:
    for device, name, version, publisher in software(rows):
        yield {
            "deviceId": f"{device[3:]:0>40}", "rbacGroupName": "Desktops", "deviceName": f"{device.lower()}.council.example",
            "osPlatform": "Windows11", "softwareVendor": publisher, "softwareName": name, "softwareVersion": version,
            "numberOfWeaknesses": 3, "diskPaths": [f"C:\\Program Files\\{name}\\app.exe"],
            "registryPaths": [f"HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{name}"],
            "softwareFirstSeenTimestamp": "2026-01-03 09:14:11", "endOfSupportStatus": None,
        }  # fmt: skip


def _components(rows: int) -> Iterator[dict[str, Any]]:
    for n in range(rows):
        name, version = f"lib-{n % 20_000}", f"{n % 9}.{n % 31}.{n % 7}"
        yield {
            "type": "library", "bom-ref": f"pkg:npm/{name}@{version}?package-id={n:016x}", "name": name, "version": version,
            "purl": f"pkg:npm/{name}@{version}", "licenses": [{"license": {"id": "MIT"}}],
            "hashes": [{"alg": "SHA-256", "content": f"{n:064x}"}],
            "externalReferences": [{"type": "website", "url": f"https://example.org/{name}"}, {"type": "vcs", "url": f"https://example.org/{name}.git"}],
            "properties": [{"name": "location", "value": f"/srv/app/{n}/package-lock.json"}, {"name": "language", "value": "javascript"}],
        }  # fmt: skip


# -- read


def by_engine(kind: str, path: Path) -> int:
    """The file as a source of one council: read, what it names recognised, and settled."""
    kind = {"workbook": "secscan-software", "defender-json": "defender"}.get(kind, kind)
    source = {"id": "one", "as": kind, "file": "*", **({"asset": "server-01"} if kind == "cyclonedx" else {})}
    settings = Settings.model_validate({
        "partnership": {"name": "Benchmark"}, "councils": [{"id": "bulk", "name": "Bulk Council", "sources": [source]}],
        "limits": {"rows": 10_000_000},
    })  # fmt: skip
    files = Files()
    load = sources.read_file(
        path, path.name, settings.councils[0].sources[0], "bulk", files, Limits(), TODAY, date(2026, 11, 1)
    )
    estate = inventory.settle([load], [], settings, files, TODAY)
    estate = knowledge.attach(estate, knowledge.load_catalogue(), Policy(name="", version="", controls=()))
    return load.rows_loaded


def plainly(kind: str, path: Path) -> int:
    """What a straightforward script does: the whole file in memory, each row by itself; of XML and JSON the parsing alone."""
    if kind == "nmap-xml":
        return len(ElementTree.parse(path).getroot().findall("host"))
    if kind == "workbook":
        import openpyxl

        return sum(1 for _ in openpyxl.load_workbook(path.open("rb")).active.iter_rows(min_row=2, values_only=True))
    if kind not in COLUMNS:
        found = json.loads(path.read_bytes())
        return len(found.get("value") or found["components"])
    catalogue = knowledge.load_catalogue()
    _, name, version, publisher, *_ = COLUMNS[kind]
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["product"] = knowledge.recognise(catalogue, row[name], row[version], row[publisher], "arp", TODAY).product
    return len(rows)


if __name__ == "__main__":
    kind, how, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if how == "write":
        write(kind, path, int(sys.argv[4]))
    else:
        gc.set_threshold(200_000, 20, 20)  # as the command does
        ways: dict[str, Callable[[str, Path], int]] = {"engine": by_engine, "plain": plainly, "nothing": lambda *_: 0}
        print(ways[how](kind, path))
