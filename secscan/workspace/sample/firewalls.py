"""The firewalls' rules, one a line, as the provider exports them each month, and what they let through.

``{HOST}`` stands for that asset's address. Days are counted from the last set. ``@7`` before a rule means that
it appears in the seventh month.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from secscan.workspace.sample.assets import asset
from secscan.workspace.sample.chance import whole
from secscan.workspace.sample.days import british
from secscan.workspace.sample.network import number, span

HEADER: Final = (
    "order", "action", "from_zone", "src", "to_zone", "dst", "proto", "dport", "sport", "enabled", "name", "owner", "approver",
    "reason", "review_on", "expires_on", "hits", "last_hit",
)  # fmt: skip

_EVERY_COUNCIL: Final = """
10 | permit | management | any | any | any | tcp | 22;443;445;3389;5985 | ADMIN-IN | Shared Network Manager | {head} | Administration from the jump hosts | +120 | | 41200
12 | permit | backup | any | any | any | tcp | 445;2500-3300;6160-6163 | BACKUP-IN | Shared Infrastructure Manager | {head} | Backup agents | +120 | | 98000
14 | permit | {c}-servers | any | backup | any | tcp | 2500-3300;10006 | BACKUP-OUT | Shared Infrastructure Manager | {head} | Backup agents | +120 | | 97000
"""
_EVERY_COUNCIL_END: Final = """
70 | deny | {c}-guest | any | any | 10.0.0.0/8 | any | any | GUEST-INTERNAL | Shared Network Manager | {head} | Guests see the internet only | +200 | | 5120
72 | deny | {c}-users | any | {c}-legacy | any | any | any | LEGACY-ISOLATION | Shared Network Manager | {head} | Old servers stand apart | +45 | | 7340
74 | deny | any | any | internet | 10.0.0.0/8 | any | any | NO-PRIVATE-OUT | Shared Network Manager | {head} | Private addresses stay inside | +200 | | 220
76 | permit | {c}-guest | any | internet | any | any | any | GUEST-OUT | Shared Network Manager | {head} | Visitors' wireless | +200 | | 610000
78 | permit | {c}-users | any | internet | any | tcp | 80;443 | WEB-OUT | Shared Network Manager | {head} | Web through the filter | +90 | | 930000
80 | permit | {c}-servers | any | internet | any | tcp | 443 | UPDATES-OUT | ICT Operations Manager | {head} | Vendors' updates | +90 | | 81000
99 | deny | any | any | any | any | any | any | FINAL-DENY | Shared Network Manager | {head} | Whatever is not allowed | +300 | | 120400
"""

_RULES: Final = {
    "alderbeck-core": """
30 | permit | alderbeck-users | any | alderbeck-servers | any | tcp | 53;80;88;135;389;443;445;636;1433;3268;8080;8530;9191;49152-65535 | USERS-SERVERS | Shared Network Manager | Head of ICT | Business systems | +150 | | 4400000
31 | permit | alderbeck-users | any | alderbeck-servers | any | udp | 53;88;123;389 | USERS-NAMES | Shared Network Manager | Head of ICT | Names, time and sign-in | +150 | | 8100000
32 | permit | alderbeck-users | any | alderbeck-legacy | {SRV-REV01} | tcp | 443 | REVENUES-WEB | Revenues Manager | Head of ICT | Council tax screens | +75 | | 52000
33 | permit | alderbeck-users | any | alderbeck-legacy | {SRV-PLAN01} | tcp | 443 | PLANNING-WEB | Head of Planning | Head of ICT | Planning screens | -95 | | 20100
34 | permit | alderbeck-users | any | alderbeck-legacy | {SRV-CEM01} | tcp | 445;8081 | CEMETERY | Bereavement Services Manager | | | -410 | | 640
35 | permit | alderbeck-legacy | any | alderbeck-servers | {SRV-DC01};{SRV-DC02} | tcp | 53;88;135;389;445 | LEGACY-SIGN-IN | Head of ICT | Head of ICT | Sign-in for the old servers | +75 | | 31000
36 | permit | alderbeck-servers | {SRV-WEBDB01};{SRV-SQL02} | alderbeck-legacy | {SRV-PLAN02} | tcp | 1433 | PLANNING-DATA | Database Manager | Head of ICT | Nightly copy | +75 | | 410
40 | permit | internet | any | alderbeck-dmz | {WEB-PUB01};{WEB-PUB02} | tcp | 80;443 | WEBSITE | Digital Services Manager | Head of ICT | Council website | +60 | | 2700000
41 | permit | internet | any | alderbeck-dmz | {WEB-FORMS01};{WEB-PAY01};{WEB-MAPS01} | tcp | 443 | ONLINE-SERVICES | Digital Services Manager | Head of ICT | Forms, payments and maps | +60 | | 840000
42 | permit | alderbeck-dmz | {WEB-FORMS01} | alderbeck-servers | {SRV-WEBDB01} | tcp | 1433 | FORMS-DATA | Digital Services Manager | Head of ICT | Forms store answers | +60 | | 91000
43 | permit | alderbeck-servers | any | shared-servers | any | tcp | 443;1433;5432 | SHARED-DATA | Shared Database Manager | Head of ICT | Shared databases | +150 | | 66000
44 | permit | alderbeck-users | any | shared-servers | {TW-SQL04} | tcp | 1433 | FINANCE-CLIENT | Head of Finance | Head of ICT | Finance client | +30 | | 12000
45 | permit | alderbeck-users | any | alderbeck-ot | {DOOR-CTL01};{DOOR-CTL02} | tcp | 443 | DOORS | Facilities Manager | Head of ICT | Door programming | +150 | | 300
50 | permit | alderbeck-servers | {SRV-PAY01} | internet | 203.0.113.40/32 | tcp | 22 | PAYROLL-BUREAU | Payroll Manager | Head of ICT | Pay file to the bureau | -200 | | 52
51 | permit | alderbeck-users | any | alderbeck-servers | {SRV-PRINT01} | tcp | 9191 | PRINT-OLD | | | | | | 0
52 | off permit | internet | 198.51.100.0/24 | alderbeck-dmz | {WEB-MAPS01} | tcp | 22 | MAPS-SUPPLIER | Digital Services Manager | Head of ICT | Supplier's set-up, done | -300 | -280 | 0
""",
    "brackenford-core": """
@7 20 | permit | brackenford-users | any | brackenford-legacy | {SRV-BENE01} | any | any | TEMP-MIGRATION | Revenues and Benefits Manager | | Temporary: archive move, take out after go-live | -60 | | 2300
30 | permit | brackenford-users | any | brackenford-servers | any | tcp | 53;80;88;135;389;443;445;636;1433;3268;8080;8530;9191;49152-65535 | USERS-SERVERS | Shared Network Manager | Head of Digital and ICT | Business systems | -30 | | 3100000
31 | permit | brackenford-users | any | brackenford-servers | any | udp | 53;88;123;389 | USERS-NAMES | Shared Network Manager | Head of Digital and ICT | Names, time and sign-in | -30 | | 5600000
32 | permit | brackenford-users | any | brackenford-legacy | {SRV-BENE01} | tcp | 443 | BENEFITS-WEB | Revenues and Benefits Manager | Head of Digital and ICT | Old benefit claims | +40 | | 900
33 | permit | brackenford-users | any | brackenford-legacy | {SRV-REG01} | tcp | 8081 | REGISTERS | Registration Services Manager | Head of Digital and ICT | Old certificates | +40 | | 410
35 | permit | brackenford-legacy | any | brackenford-servers | {SRV-DC01};{SRV-DC02} | tcp | 53;88;135;389;445 | LEGACY-SIGN-IN | Head of Digital and ICT | Head of Digital and ICT | Sign-in for the old servers | +40 | | 18000
40 | permit | internet | any | brackenford-dmz | {WEB-PUB01} | tcp | 80;443 | WEBSITE | Customer Services Manager | Head of Digital and ICT | Council website | +100 | | 1900000
41 | permit | internet | any | brackenford-dmz | {WEB-FORMS01};{WEB-PAY01} | tcp | 443 | ONLINE-SERVICES | Customer Services Manager | Head of Digital and ICT | Forms and payments | +100 | | 510000
42 | permit | internet | heating-support.example | brackenford-ot | {BMS-HEAT01} | tcp | 443 | HEATING-SUPPORT | Estates Manager | Head of Digital and ICT | Maker's remote support | -15 | | 31
43 | permit | brackenford-servers | any | shared-servers | any | tcp | 443;1433;5432 | SHARED-DATA | Shared Database Manager | Head of Digital and ICT | Shared databases | +150 | | 48000
44 | permit | brackenford-users | any | shared-servers | {TW-SQL04} | tcp | 1433 | FINANCE-CLIENT | Section 151 Officer | Head of Digital and ICT | Finance client | +30 | | 9000
50 | permit | brackenford-dmz | any | brackenford-servers | {SRV-SQL01};{SRV-SQL02} | tcp | 1433 | FORMS-DATA | | | Forms store answers | | | 61000
""",
    "corvale-core": """
30 | permit | corvale-users | any | corvale-servers | any | tcp | 53;80;88;135;389;443;445;636;1433;3268;3389;8080;9191;49152-65535 | USERS-SERVERS | Shared Network Manager | ICT Manager | Business systems | -365 | | 1500000
31 | permit | corvale-users | any | corvale-servers | any | udp | 53;88;123;389 | USERS-NAMES | Shared Network Manager | ICT Manager | Names, time and sign-in | -365 | | 2200000
32 | permit | corvale-users | any | corvale-legacy | {CVS-REV1} | tcp | 443 | REVENUES-WEB | Revenues Team Leader | ICT Manager | Council tax screens | -20 | | 17000
33 | permit | corvale-users | any | corvale-legacy | {CVS-CEM1} | tcp | 445;8081 | CEMETERY | Parks and Cemeteries Manager | | | -520 | | 210
35 | permit | corvale-legacy | any | corvale-servers | {CVS-DC1};{CVS-DC2} | tcp | 53;88;135;389;445 | LEGACY-SIGN-IN | ICT Manager | ICT Manager | Sign-in for the old servers | -20 | | 9000
40 | permit | internet | any | corvale-dmz | {cvl-web1};{cvl-web2} | tcp | 80;443 | WEBSITE | Customer Services Manager | ICT Manager | Council website | +10 | | 700000
41 | permit | internet | any | corvale-dmz | {cvl-maps};{cvl-open} | tcp | 443 | MAPS-AND-DATA | Customer Services Manager | ICT Manager | Maps and open data | +10 | | 90000
43 | permit | corvale-servers | any | shared-servers | any | tcp | 443;1433;5432 | SHARED-DATA | Shared Database Manager | ICT Manager | Shared databases | +150 | | 21000
100 | permit | any | any | any | any | any | any | VENDOR-TEST | | | | | | 0
""",
    "backup-filter": """
10 | permit | shared-servers | any | backup | any | tcp | 2500-3300;10006 | AGENTS-OUT | Shared Infrastructure Manager | Shared Security Manager | Backup agents | +120 | | 290000
20 | permit | backup | any | shared-servers | any | tcp | 445;2500-3300;6160-6163 | AGENTS-IN | Shared Infrastructure Manager | Shared Security Manager | Backup agents | +120 | | 300000
30 | deny | shared-servers | any | backup | any | tcp | 22;3389 | NO-ADMIN | Shared Infrastructure Manager | Shared Security Manager | Nobody administers the backup from a server | -40 | | 3
""",
    "hosting-core": """
10 | permit | management | any | any | any | tcp | 22;443;445;902;3389;5985 | ADMIN-IN | Shared Network Manager | Shared Security Manager | Administration from the jump hosts | +120 | | 220000
12 | permit | backup | any | shared-servers | any | tcp | 445;2500-3300;6160-6163 | BACKUP-IN | Shared Infrastructure Manager | Shared Security Manager | Backup agents | +120 | | 300000
14 | permit | shared-servers | any | backup | any | tcp | 2500-3300;10006 | BACKUP-OUT | Shared Infrastructure Manager | Shared Security Manager | Backup agents | +120 | | 290000
16 | permit | shared-servers | any | management | {TW-MON01};{TW-LOG01} | tcp | 443;6514 | LOGS-IN | Shared Security Manager | Shared Infrastructure Manager | Logs and monitoring | +120 | | 7700000
18 | permit | shared-servers | any | internet | any | tcp | 443 | UPDATES-OUT | Shared Infrastructure Manager | Shared Security Manager | Vendors' updates | +120 | | 64000
99 | deny | any | any | any | any | any | any | FINAL-DENY | Shared Network Manager | Shared Security Manager | Whatever is not allowed | +300 | | 88100
""",
}
HEADS: Final = {"alderbeck": "Head of ICT", "brackenford": "Head of Digital and ICT", "corvale": "ICT Manager"}
DEVICES: Final = tuple(_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule as exported."""

    order: int
    since: int
    enabled: bool
    action: str
    from_zone: str
    src: str
    to_zone: str
    dst: str
    proto: str
    dport: str
    name: str
    owner: str
    approver: str
    reason: str
    review_days: int | None
    expires_days: int | None
    hits: int

    def matches(self, from_zone: str, to_zone: str, dst: str, port: int) -> bool:
        """Whether a new tcp connection from somewhere in a zone to one address and port is this rule's."""
        return (
            self.enabled
            and self.from_zone in ("any", from_zone)
            and self.to_zone in ("any", to_zone)
            and self.proto in ("any", "tcp")
            and self.src == "any"
            and (self.dst == "any" or any(low <= number(dst) <= high for low, high in map(span, self.dst.split(";"))))
            and (self.dport == "any" or any(low <= port <= high for low, high in map(_ports, self.dport.split(";"))))
        )


@cache
def lines(device: str) -> tuple[Line, ...]:
    """Every rule that the device had in some month, in order."""
    council = device.removesuffix("-core")
    text = _RULES[device]
    if council in HEADS:
        text = (_EVERY_COUNCIL + _EVERY_COUNCIL_END).replace("{c}", council).replace("{head}", HEADS[council]) + text
    found = (_line(council, row) for row in text.splitlines() if row.strip())
    return tuple(sorted(found, key=lambda line: line.order))


@cache
def permits(device: str, month: int, from_zone: str, to_zone: str, dst: str, port: int) -> bool:
    """What the rules do with a new tcp connection from anywhere in one zone to an address in another."""
    first = next(rule for rule in lines(device) if rule.since <= month and rule.matches(from_zone, to_zone, dst, port))
    return first.action == "permit"


def rows(device: str, month: int, day: date, end: date) -> Iterator[list[str]]:
    """The export of one month, in the template's columns."""
    for line in lines(device):
        if line.since > month:
            continue
        hits = line.hits * whole(85, 115, device, line.name, month) // 100
        zones = ["" if zone == "any" else zone for zone in (line.from_zone, line.to_zone)]
        review, expires = (
            None if n is None else end + timedelta(days=n) for n in (line.review_days, line.expires_days)
        )
        last_hit = day - timedelta(days=whole(0, 9, device, line.name, month, "last")) if hits else None
        yield [
            str(line.order), line.action, zones[0], line.src, zones[1], line.dst, line.proto, line.dport, "",
            "yes" if line.enabled else "no", line.name, line.owner, line.approver, line.reason, british(review), british(expires),
            str(hits), british(last_hit),
        ]  # fmt: skip


def _line(council: str, row: str) -> Line:
    cells = [cell.strip() for cell in row.split("|")]
    since, _, order = cells[0].rpartition(" ")
    enabled, _, action = cells[1].rpartition(" ")
    src, dst = (re.sub(r"\{([^}]+)\}", lambda m: _address(council, m[1]), cell) for cell in (cells[3], cells[5]))
    return Line(
        order=int(order), since=int(since.removeprefix("@") or 1), enabled=enabled != "off", action=action, from_zone=cells[2],
        src=src, to_zone=cells[4], dst=dst, proto=cells[6], dport=cells[7], name=cells[8], owner=cells[9], approver=cells[10],
        reason=cells[11], review_days=_days(cells[12]), expires_days=_days(cells[13]), hits=int(cells[14]),
    )  # fmt: skip


def _address(council: str, hostname: str) -> str:
    return f"{asset('threeways' if hostname.startswith('TW-') else council, hostname).ip}/32"


def _days(cell: str) -> int | None:
    return int(cell) if cell else None


def _ports(part: str) -> tuple[int, int]:
    low, _, high = part.partition("-")
    return int(low), int(high or low)
