"""A workspace whose every free text is an attack, as files: on a shell, a browser, a spreadsheet and a terminal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import openpyxl

from tests.sources.test_glpi import COMPUTER

DAY = "2026-03-01"
MARK = "pwned"
SHORT = "<script data-pwned>window.pwned=1</script>"
PROSE = (
    "=cmd|' /C calc'!A0 \"'></style></title></script></textarea><script data-pwned>window.pwned=1;document.title='pwned'</script>"
    "<img src=x data-pwned onerror=window.pwned=1>"
    "<meta http-equiv=refresh content='0;url=data:text/html,pwned' data-pwned><base href=//evil.example data-pwned>"
    "<iframe data-pwned src=javascript:alert(1)></iframe>{{7*191}}{% if 1 %}${7*191}`id`$(id)"
)
"""What a person may write: no control characters, which the YAML of policies and settings does not take."""
ATTACK = PROSE + "\x1b[31m\x1b]0;pwned\x07\u202egnp.exe\u2066\u200b\x9b31m\ttab"
LONG = SHORT + "<b>" * 3300
FILE = "=x<img src=x onerror=window.pwned=1 data-pwned>\u202e\x1b[31m"
"""What a file may be called. No slash."""

ROWS: dict[str, dict[str, str]] = {
    "assets": {
        "asset_tag": "A", "hostname": "h", "fqdn": "h.example", "ip": "10.1.0.9", "mac": "02:00:00:00:00:09", "serial": "S",
        "type": "server", "os": "Microsoft Windows Server 2008 R2 Standard", "os_version": "6.1.7601", "os_edition": "Standard",
        "zone": "", "service": "Planning", "owner": "Head of ICT", "criticality": "high", "internet_facing": "no",
        "auto_update": "no", "restart_pending": "yes", "protection_active": "no", "definitions_on": "2026-01-01",
        "encrypted": "no", "last_seen": "2026-02-28",
    },
    "software": {"asset_tag": "A", "name": "PlanTrack Server", "version": "10.1", "publisher": "PlanTrack", "install_date": "2020-01-01", "last_used": ""},
    "services": {"asset_tag": "A", "proto": "tcp", "port": "23", "service": "telnet", "product": "telnetd", "version": "1"},
    "fixes": {
        "asset_tag": "A", "name": "PlanTrack Server", "fixed_in": "11", "advisory": "ADV-1", "severity": "critical", "cvss3": "9.8",
        "released_on": "2026-01-02", "missing": "yes",
    },
    "rules": {
        "order": "1", "action": "permit", "from_zone": "users", "src": "any", "to_zone": "servers", "dst": "any", "proto": "tcp",
        "dport": "23", "sport": "any", "enabled": "yes", "name": "n", "owner": "o", "approver": "a", "reason": "r",
        "review_on": "2025-01-01", "expires_on": "2025-01-01", "hits": "1", "last_hit": "2026-01-01",
    },
}  # fmt: skip
"""An honest row of each template; each column of it is attacked in a row of its own, then all that are text at once."""


def sheet(table: str) -> str:
    """The template's rows: one honest, one for each attacked column, one where everything is long."""
    honest = ROWS[table]
    made = [honest]
    for at, column in enumerate(honest):
        made.append({**own(table, honest, at + 2), column: f"{ATTACK} {table}.{column}"})
    if table != "rules":
        kept = ("proto", "port") if table == "assets" else ("asset_tag", "proto", "port")
        made.append({c: v if c in kept else LONG for c, v in honest.items()})
    out = io.StringIO()
    writer = csv.DictWriter(out, [*honest, f"{SHORT}extra"])
    writer.writeheader()
    writer.writerows({**row, f"{SHORT}extra": f"{ATTACK}\r\nA forged line"} for row in made)
    return out.getvalue()


def own(table: str, honest: dict[str, str], n: int) -> dict[str, str]:
    if table == "rules":
        return {**honest, "order": str(n)}
    if table != "assets":
        return honest
    return {
        **honest,
        "asset_tag": f"A{n}",
        "hostname": f"h{n}",
        "fqdn": f"h{n}.example",
        "serial": f"S{n}",
        "ip": f"10.1.0.{n}",
        "mac": "",
    }


def nmap() -> str:
    bad = quoteattr("".join(c for c in ATTACK if c >= " "))
    return (
        '<?xml version="1.0"?>\n<nmaprun scanner="nmap" start="1772300000">\n<host starttime="1772300000" endtime="1772300050">'
        f'<status state="up" reason={bad}/><address addr="10.1.0.9" addrtype="ipv4"/><hostnames><hostname name={bad} type="PTR"/>'
        f'</hostnames><ports><port protocol="tcp" portid="23"><state state="open" reason={bad}/><service name={bad} product={bad} '
        f'version={bad}/></port><port protocol="tcp" portid="80"><state state={bad} reason="x"/></port></ports></host>\n'
        '<runstats><finished time="1772300100" exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>\n'
    )


def glpi() -> str:
    def poisoned(value: Any) -> Any:
        match value:
            case dict():
                return {k: v if k in ("action", "itemtype", "logdate") else poisoned(v) for k, v in value.items()}
            case list():
                return [poisoned(v) for v in value]
            case str():
                return f"{value} {ATTACK}"
        return value

    return json.dumps({**COMPUTER, **poisoned(COMPUTER)})


def collected() -> str:
    """What the collector would have written on a machine whose every word is hostile."""
    return json.dumps(
        {
            "schema": "secscan.collect/1", "machine": {"kernel": ATTACK, "id": ATTACK}, "warnings": [ATTACK],
            "asset": {"asset_tag": f"M {ATTACK}", "hostname": ATTACK, "os": ATTACK, "os_version": ATTACK, "type": ATTACK},
            "software": [{"name": LONG, "version": ATTACK, "publisher": ATTACK, "kind": "dpkg"}, ATTACK],
            "services": [{"proto": "tcp", "port": "23", "service": ATTACK, "product": ATTACK, "version": ATTACK}],
        }
    )  # fmt: skip


def found(title: str = "CVE-2019-0708") -> str:
    """What a scanner says it found, on a device that the source names."""
    return json.dumps(
        {
            "descriptor": {"name": "grype", "timestamp": DAY}, "source": {"target": ATTACK}, "distro": {"name": ATTACK, "version": ATTACK},
            "matches": [
                {
                    "artifact": {"name": ATTACK, "version": ATTACK, "type": ATTACK, "purl": ATTACK},
                    "vulnerability": {
                        "id": id, "severity": ATTACK, "fix": {"versions": [ATTACK]},
                        "cvss": [{"version": "3.1", "metrics": {"baseScore": 9.8}}],
                    },
                }
                for id in (title, ATTACK, LONG)
            ],
        }
    )  # fmt: skip


def listed() -> str:
    """What another says, of devices that no list has either."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "IP",
            "Hostname",
            "Port",
            "Port Protocol",
            "CVSS",
            "Severity",
            "NVT Name",
            "NVT OID",
            "CVEs",
            "Timestamp",
            "QoD",
        ]
    )
    writer.writerow(
        ["10.1.0.9", ATTACK, "23", "tcp", "9.8", ATTACK, ATTACK, ATTACK, f"CVE-2019-0708 {ATTACK}", DAY, ATTACK]
    )
    writer.writerow(["", ATTACK, "", ATTACK, ATTACK, ATTACK, ATTACK, "1", ATTACK, ATTACK, ATTACK])
    return out.getvalue()


SETTINGS: dict[str, Any] = {
    "partnership": {"name": PROSE[:480]},
    "councils": [
        {
            "id": "oak", "name": PROSE[:480],
            "sources": [
                {"id": "oak-assets", "as": "secscan-assets", "file": "assets*.csv"},
                {"id": "oak-software", "as": "secscan-software", "file": "software.csv"},
                {"id": "oak-services", "as": "secscan-services", "file": "services.csv"},
                {"id": "oak-fixes", "as": "secscan-fixes", "file": "fixes.csv"},
                {"id": "oak-nmap", "as": "nmap-xml", "file": "scan.xml", "vantage": "box"},
                {"id": "oak-glpi", "as": "glpi", "file": "glpi.json", "asset": f"{SHORT}{{stem}}"},
                {
                    "id": "oak-table", "as": "table", "file": f"{FILE[:-6]}*", "table": "assets",
                    "map": {"asset_tag": f"tag{SHORT}", "hostname": f"host{SHORT}"},
                    "values": {"hostname": {f"{SHORT}host": SHORT}}, "constant": {"owner": PROSE[:480]},
                },
                {"id": "oak-dpkg", "as": "dpkg", "file": "*.dpkg.txt", "asset": f"{SHORT}{{stem}}"},
                {"id": "oak-rpm", "as": "rpm", "file": "*.rpm.txt", "asset": f"{SHORT}{{stem}}"},
                {"id": "oak-grype", "as": "grype", "file": "found.json", "asset": "A"},
                {"id": "oak-grype-too", "as": "grype", "file": "found-too.json", "asset": "A"},
                {"id": "oak-greenbone", "as": "greenbone", "file": "listed.csv"},
                {"id": "oak-collect", "as": "secscan-collect", "file": "machine.json"},
                {"id": "oak-lost", "as": "secscan-software", "file": f"{SHORT.replace('/', '')}.csv"},
                {"id": "oak-coded", "as": "secscan-software", "file": "coded.csv", "encoding": SHORT},
                {"id": "oak-sheet", "as": "secscan-software", "file": "book.xlsx", "sheet": PROSE[:480]},
            ],
        },
        {"id": "elm", "name": f"{SHORT}Elm", "sources": []},
    ],
    "zones": [
        {"id": "users", "name": PROSE[:480], "addresses": ["10.2.0.0/24"]},
        {"id": "servers", "name": SHORT, "addresses": ["10.1.0.0/24"]},
        {"id": "internet", "internet": True},
    ],
    "firewalls": [
        {
            "id": "core", "file": f"{FILE[:-6]}*", "zones": ["users", "servers", "internet"], "default": "deny",
            "interfaces": {SHORT: "users"}, "host": SHORT, "council": "oak", "part": SHORT,
        },
        {"id": "coded", "file": "coded.csv", "zones": ["users", "servers"], "encoding": SHORT},
    ],
    "join_weakly": {"roaming": [SHORT, "laptop"]},
    "shared_systems": [
        {"of": "oak", "asset": SHORT, "used_by": ["elm"]}, {"of": "oak", "service": PROSE[:480], "used_by": ["elm"]},
    ],
    "vantage_points": [{"id": "box", "zone": "users", "name": PROSE[:480]}],
    "policies": {
        "overlays": [f"policies/{SHORT.replace('/', '')}overlay.yaml"], "exceptions": f"policies/{SHORT.replace('/', '')}exceptions.yaml",
        "mitigations": f"policies/{SHORT.replace('/', '')}mitigations.yaml", "entitlements": f"policies/{SHORT.replace('/', '')}entitlements.csv",
        "catalogue": [f"policies/{SHORT.replace('/', '')}catalogue.yaml"],
    },
    "reports": {"title": PROSE[:480], "marking": SHORT, "name": PROSE[:480]},
}  # fmt: skip
CONTROL = {
    "id": "OWN-01", "check": "lifecycle.unsupported-software", "title": PROSE, "text": PROSE, "theme": "legacy",
    "severity": "high", "due": "90 days", "references": [PROSE[:480]],
    "scope": {"type": [SHORT, "server"], "not": {"type": [SHORT], "service": [SHORT], "product": [SHORT]}},
}  # fmt: skip
EXCEPTION = {
    "id": "EXC-1", "control": "LEG-01", "council": "oak", "asset": "A2", "from": "2026-01-01", "until": "2026-03-15",
    "owner": PROSE[:480], "approver": f"{SHORT}approver", "reason": PROSE[:480],
}  # fmt: skip
POLICY: dict[str, Any] = {
    "title": PROSE[:480], "version": SHORT, "extends": "baseline", "reason": PROSE[:480],
    "controls": [
        {**CONTROL, "title": PROSE[:480]},
        {**CONTROL, "id": "OWN-02", "title": PROSE[:480], "scope": {"service": [SHORT], "product": [SHORT]}},
        {"id": "LEG-02", "disabled": PROSE[:480], "reason": PROSE[:480]},
        {"id": "LEG-04", "with": {"trusted_zones": ["users"]}, "reason": PROSE[:480]},
    ],
}  # fmt: skip
EXCEPTIONS: dict[str, Any] = {
    "exceptions": [
        EXCEPTION,
        {**EXCEPTION, "id": "EXC-2", "asset": PROSE[:480], "subject": PROSE[:480], "until": "2026-02-01"},
    ]
}
MITIGATION = {
    "id": "MIT-1", "council": "oak", "asset": "A2", "kind": "isolation", "ports": ["tcp/23"], "blocked_from": ["users"],
    "claimed_by": PROSE[:480], "from": "2026-01-01", "text": PROSE,
}  # fmt: skip
MITIGATIONS: dict[str, Any] = {
    "mitigations": [MITIGATION, {**MITIGATION, "id": "MIT-2", "asset": PROSE[:480], "product": PROSE[:480]}]
}
T = PROSE[:280]
CATALOGUE: dict[str, Any] = {
    "defaults": {"vendor": T, "checked_on": "2026-01-01", "evidence": T},
    "products": {
        "plantrack": {
            "label": T, "vendor": T, "category": "application", "source": f"https://evil.example/{SHORT.replace(' ', '%20')}",
            "evidence": T, "aliases": ["PlanTrack Server"], "words": ["plantrack"], "patterns": [{"match": "plantrack server"}], "extension": {"name": T}, "note": T,
            "editions": [{"id": "std", "match": "std"}],
            "cycles": {
                "11": {"label": T, "names": ["11", T], "eol": "2026-08-01", "extended": "2027-08-01", "note": T, "source": f"https://evil.example/{SHORT.replace(' ', '%20')}"},
                "10": {"label": T, "eol": "2025-08-01", "note": T},
            },
        }
    },
    "helpers": {"evil": {"label": T, "words": ["evilhelper"], "patterns": [{"match": "evilhelper"}]}},
    "names": [{"name": SHORT, "product": "plantrack", "publisher": T, "cycle": "11", "note": T}],
}  # fmt: skip


_NAMED = SETTINGS["policies"]
FILES = ("secscan.yaml", _NAMED["overlays"][0], _NAMED["exceptions"], _NAMED["mitigations"], _NAMED["catalogue"][0])
"""Where the settings, the policy, the exceptions, the mitigations and the catalogue stand."""


def write(root: Path) -> None:
    """The whole workspace, below a folder that is not there yet."""
    day, walls, policies = root / "inventory" / "oak" / DAY, root / "firewalls" / DAY, root / "policies"
    for folder in (day, walls, policies, root / "inventory" / "elm", root / "state", root / "reports"):
        folder.mkdir(parents=True, mode=0o700)
    for table in ("assets", "software", "services", "fixes"):
        (day / f"{table}.csv").write_text(sheet(table), encoding="utf-8", newline="")
    (walls / FILE).write_text(sheet("rules"), encoding="utf-8", newline="")
    (day / "scan.xml").write_text(nmap(), encoding="utf-8")
    (day / "glpi.json").write_text(glpi(), encoding="utf-8")
    (day / "machine.json").write_text(collected(), encoding="utf-8")
    for name in ("found.json", "found-too.json"):
        (day / name).write_text(found(), encoding="utf-8")
    (day / "listed.csv").write_text(listed(), encoding="utf-8", newline="")
    # One package a line, so no tab and no line break can be within its name; some lines are broken by what they hold.
    name, forged = f"{SHORT}\x1b[31m\x9b31m\u202e", f"{SHORT}\rA forged line"
    (day / "D1.dpkg.txt").write_text(f"{name}\t{name}\nopenssl\t{name}\n{forged}\t1\n", encoding="utf-8", newline="")
    (day / "R1.rpm.txt").write_text(
        f"{name}\t{name}\t1\tx86_64\nopenssl\t{name}\t1\tx86_64\n", encoding="utf-8", newline=""
    )
    for folder in (day, walls):
        (folder / "coded.csv").write_text("asset_tag,name\nA,x\n", encoding="utf-8")
    book = openpyxl.Workbook()
    book.active.append(["asset_tag", "name"])
    book.save(day / "book.xlsx")
    (day / f"{FILE}.csv").write_text(f"tag{SHORT},host{SHORT}\nB1,{SHORT}host\n", encoding="utf-8")
    (day / f"assets{FILE}.csv").write_text(f"asset_tag,hostname,owner\nC1,c1,\n,{SHORT},x\n", encoding="utf-8")
    for name, value in zip(FILES, (SETTINGS, POLICY, EXCEPTIONS, MITIGATIONS, CATALOGUE), strict=True):
        (root / name).write_text(json.dumps(value, indent=1), encoding="utf-8")
    out = io.StringIO()
    csv.writer(out).writerows([
        ["product", "until", "cycle", "assets", "reference", "council"],
        ["plantrack", "2026-12-31", "10", "A", PROSE, "oak"], [ATTACK, "2026-12-31", ATTACK, ATTACK, ATTACK, "oak"],
    ])  # fmt: skip
    (root / SETTINGS["policies"]["entitlements"]).write_text(out.getvalue(), encoding="utf-8", newline="")
