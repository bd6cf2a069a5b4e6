"""Active Directory's computers: Get-ADComputer as CSV or JSON, csvde, LDIF (ldifde), and ADRecon's Computers.csv.

The directory knows a name, a system and when an account last logged on; of a machine that is gone it knows the account
alone. Accounts that are disabled count as blank, and so do entries that are no computers (users, managed service
accounts). Descriptions and managers are never read.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from secscan.doors import csv
from secscan.doors.csv import BadRow, Table
from secscan.sources import headed, looks, objects, values, windows
from secscan.sources.headed import Aside, Headed, part_of, with_column
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_NAME: Final = ("Name", "cn", "sAMAccountName")
_DNS: Final = ("DNSHostName", "DNS Host Name", "DNS Name")
_SYSTEM: Final = ("OperatingSystem", "Operating System")
_PACK: Final = ("OperatingSystemServicePack", "Operating System Service Pack")
_VERSION: Final = ("OperatingSystemVersion", "Operating System Version", "Operating System")
_SEEN: Final = ("lastLogonTimestamp", "LastLogonDate", "Last Logon Date", "Last Logon", "LastLogonTime", "lastLogon")
_OF_DIRECTORY: Final = (
    "DistinguishedName", "DN", "CanonicalName", "ObjectGUID", "SID", "objectSid", "sAMAccountName", "userAccountControl",
    "PasswordLastSet", "pwdLastSet", "whenCreated", "Enabled", *_SEEN,
)  # fmt: skip
_DISABLED: Final = 2
"""userAccountControl's bit of an account that is disabled (ACCOUNTDISABLE)."""
_UNTOLD = re.compile(r"\[\]|Collection", re.IGNORECASE)
"""What Export-Csv writes for a list: the name of its type, and nothing of what it holds."""
_WITH_BUILD = re.compile(r"(.*?)\s+(\d{1,2}\.\d{1,2} \(\d{3,6}\))\s*")
_LDIF = re.compile(r"([A-Za-z][A-Za-z0-9-]*(?:;[A-Za-z0-9=-]+)*)(::?)[ ]?(.*)", re.DOTALL)
_LDIF_START = re.compile(r"dn::? ?\S", re.IGNORECASE)


def _disabled(control: str) -> bool:
    """As a number, or by the names of its bits."""
    return bool(int(control) & _DISABLED) if control.isdecimal() else "DISABLE" in control.upper()


def _no_computer(classes: str) -> bool:
    """By objectClass: a managed service account is a computer to LDAP, and no machine."""
    known = {word.casefold() for word in re.split(r"[;,\s{}]+", classes) if not _UNTOLD.search(word)}
    return bool(known - {""}) and ("computer" not in known or any("managedserviceaccount" in word for word in known))


def _os(text: str) -> str:
    """The system's name; ADRecon writes its version behind it."""
    found = _WITH_BUILD.fullmatch(text)
    name = " ".join((found[1] if found else text).split())
    return "" if values.is_unknown(name) else name


def _version(text: str) -> str:
    found = _WITH_BUILD.fullmatch(text)
    given = windows.build(found[2] if found else text)
    return given if re.match(r"\d", given) else ""


def _prepared(table: Table) -> Table:
    table = with_column(table, "(system)", (_SYSTEM, _PACK), lambda name, pack: windows.system(_os(name), pack))
    return with_column(table, "(host)", (_NAME, _DNS), lambda name, dns: windows.short_name(name or dns))


_COMPUTERS: Final = Headed(
    what="a list of Active Directory's computers",
    needs=(
        (*_NAME, *_DNS),
        (*_SYSTEM, *_DNS),
        _OF_DIRECTORY,
    ),
    dates=None,
    prepared=_prepared,
    uses=(*_NAME, *_PACK),
    asides=(
        Aside(headings=("objectClass",), so=_no_computer, says="entries that are no computers"),
        Aside(
            headings=("Enabled",),
            so=lambda text: values.YES_NO.get(text.casefold()) is False,
            says="accounts that are disabled",
        ),
        Aside(headings=("userAccountControl",), so=_disabled, says="accounts that are disabled"),
    ),
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("ObjectGUID", "SID", "SID.Value", "objectSid", "DistinguishedName", "DN", *_DNS, "Name", "cn", "(host)"),
                "hostname": ("(host)",),
                "fqdn": _DNS,
                "ip": ("IPv4Address", "IP Address", "IPAddress"),
                "os": ("(system)",),
                "os_version": _VERSION,
                "type": ("(system)",),
                "last_seen": _SEEN,
            },
            turns={
                "fqdn": lambda text: windows.full_name(text, ""),
                "ip": windows.own_addresses,
                "os_version": _version,
                "type": windows.kind_of,
                "last_seen": windows.day,
            },
        ),
    ),
)  # fmt: skip


class _Computers:
    """A table, or LDIF or PowerShell's JSON as one."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind == "json":
            rows, lines, _ = objects.listed(job)
            return _COMPUTERS.of(objects.table(rows, lines, job, _COMPUTERS.wants), job)
        if looks.like(job.data).kind != "text" or not _is_ldif(looks.text(job.data[:4_000])):
            return _COMPUTERS.read(job)
        return _COMPUTERS.of(_ldif(job), job)


def _is_ldif(head: str) -> bool:
    first = next((line for line in head.lstrip("\ufeff").splitlines() if line.strip() and line[0] != "#"), "")
    return bool(_LDIF_START.match(first) or re.match(r"version: ?\d", first))


def _ldif(job: Job) -> Table:
    """The entries of an LDIF file (RFC 2849) as rows: an attribute is a column, several values stand behind each other."""
    rows: list[Mapping[str, str]] = []
    lines: list[int] = []
    bad: list[BadRow] = []
    for line, entry in _entries(csv.text(job.data, job.shown, job.source.encoding)):
        if len(rows) + len(bad) >= job.limits.rows:
            raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
        found = _attributes(entry)
        if isinstance(found, str):
            bad.append(BadRow(line=line, reason=found, raw="\n".join(entry)[: csv.RAW_LIMIT]))
        else:
            rows.append(found)
            lines.append(line)
    header = list(dict.fromkeys(name for row in rows for name in row))
    if len(header) > job.limits.columns:
        raise job.refuse(f"has {len(header):,} attributes; the limit is {job.limits.columns}", "raise limits.columns")
    return Table(
        shown=job.shown, header=header, header_line=0, columns=[[row.get(name, "") for row in rows] for name in header],
        lines=lines, bad=bad, rows_read=len(rows) + len(bad),
    )  # fmt: skip


def _entries(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """(line of its dn, lines unfolded) of each entry."""
    entry: list[str] = []
    start = 0
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), ""], 1):
        if line.startswith(" ") and entry:
            entry[-1] += line[1:]
        elif line.startswith("#"):
            continue
        elif line.strip():
            start = start or number
            entry.append(line)
        elif entry:
            if not re.fullmatch(r"(?:version|search|result): ?\d+(?: .*)?", entry[0]):
                yield start, entry
            entry, start = [], 0


def _attributes(entry: Sequence[str]) -> Mapping[str, str] | str:
    """An entry's attributes by name; or why it cannot be read."""
    found: dict[str, str] = {}
    names: dict[str, str] = {}
    for line in entry:
        parts = _LDIF.fullmatch(line)
        if parts is None:
            return f"{values.shown(line)} is no line of LDIF"
        value = parts[3].strip()
        if parts[2] == "::":
            try:
                raw = b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                return f"{values.shown(line)} is not base64"
            said = raw.decode("utf-8", "replace")
            value = said if said.isprintable() and "\ufffd" not in said else raw.hex()
        name = names.setdefault(parts[1].casefold(), parts[1])
        if name.casefold() in ("version", "changetype"):
            continue
        found[name] = f"{found[name]};{value}" if name in found else value
    return found


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind == "text" and _is_ldif("\n".join(sample.lines[:8])):
        computers = sum(line.casefold() == "objectclass: computer" for line in sample.lines)
        return "certain: LDIF with computers in it" if computers else None
    if any(line.startswith(("#TYPE", '"#TYPE')) and "ADComputer" in line for line in sample.lines[:2]):
        return "certain: PowerShell says that these are ADComputers"
    if sample.looks.kind == "json":
        keys = frozenset(sample.objects[0]) if sample.objects else frozenset()
        own = {"DistinguishedName", "ObjectGUID"} & keys and _COMPUTERS.is_header(sorted(keys))
        return "certain: ADComputers as JSON, by their DistinguishedName" if own else None
    return _told(sample)


_told = headed.fits(
    _COMPUTERS, (("DistinguishedName", "DN", "CanonicalName", "OperatingSystemVersion", "Dormant (> 90 days)"),)
)

KINDS: Final = (
    Kind(name="ad-computers", reader=_Computers(), tables=frozenset({"assets"}), row="account", fits=_fits),
)
