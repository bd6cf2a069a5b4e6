"""What ``systeminfo`` says of a Windows machine, as text or CSV, and its installed fixes by ``wmic qfe`` or Get-HotFix.

A row is a machine, or a fix. Fixes are facts of their machine and no findings: a list of what is installed does not say
what is missing. systeminfo speaks the language of Windows; only English is read, others are told by their form and
refused. Owners, product ids and who installed a fix are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from unicodedata import east_asian_width

from secscan.doors import csv
from secscan.doors.csv import Table
from secscan.model.raw import Refusal
from secscan.sources import headed, looks, objects, values, windows, wmic
from secscan.sources.headed import Headed, part_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.tabular import folded
from secscan.sources.templates import open_table
from secscan.sources.values import Bad

_LINE = re.compile(r"([^:\s][^:]{0,60}?(?:: (?:Max Size|Available|In Use))?):(?: +(.*)|\s*)")
_ITEM = re.compile(r"\s+\[(\d+)\]: (.*)")
_VERSION = re.compile(r"(\d+\.\d+\.\d+)\s.*?(?:(Service Pack \d+)\s.*)?\bBuild (\d+)")
_ANY_VERSION = re.compile(r"(\d+\.\d+\.(\d{3,6}))(?:\s+\S.*)?[\s:](\2)\s*")
_MARKS = re.compile(r"\((?:R|TM)\)|[®™]|(?<=\bMicrosoft)r\b|(?<=\bServer)r\b|(?<=\bVista)T\b")
_FIX = re.compile(r"\b(?:KB|Q)\d{5,8}(?:v\d{1,2})?\b", re.IGNORECASE)
_BARE = re.compile(r"\d{6,7}")
"""A fix as some of Vista's are written, without ``KB``."""
_PART = re.compile(r"File 1|\{[0-9A-F-]{36}\}", re.IGNORECASE)
"""What XP and Vista wrote for a part of a fix, or for one of another maker's: no number."""
_HOST_ONLY = re.compile(r"VMware Virtual Ethernet Adapter|VirtualBox Host-Only|\(WSL|Default Switch", re.IGNORECASE)
_TABLE = re.compile(r"\s*Host Name +OS Name +OS Version[^\r\n]*[\r\n]+=")
_CSV_ROW = re.compile(r'"[^"]*"[,;]"[^"]*Windows[^"]*"[,;]"\d+\.\d+\.(\d{3,6}) [^"]*[\s:]\1"')
_ENGLISH: Final = ("Host Name", "OS Name", "OS Version")
_HINT: Final = "run 'secscan collect --script windows' there, or systeminfo on a Windows whose language is English"
_CSV_NEEDS: Final = tuple((name,) for name in _ENGLISH)
_FIX_HOST: Final = ("CSName", "PSComputerName", "Source", "Node", "ComputerName", "Computer Name", "__SERVER")


class Systeminfo:
    """Reads one file: machines, or fixes."""

    def read(self, job: Job) -> Found:
        job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        seen = looks.like(job.data)
        head = _head(job.data) if seen.kind == "text" else ""
        if _is_text(head):
            return _machines(list(_blocks(csv.text(job.data, job.shown, job.source.encoding))), job)
        if _elsewhere(head):
            raise job.refuse("is systeminfo's, in another language than English", _HINT)
        if _TABLE.match(head):
            raise job.refuse("is systeminfo's table, which cuts what does not fit", "ask for /fo csv")
        fixes = wmic.table(job, "HotFixID", _FIX_HOST)
        if fixes is not None and "hotfixid" in {folded(name) for name in fixes.header}:
            return _fixes(fixes, job)
        table = open_table(job, lambda cells: _MACHINES.is_header(cells) or _FIXES.is_header(cells))
        if _FIXES.is_header(table.header):
            return _fixes(table, job)
        (machine,) = _MACHINES.parts
        dated = replace(machine, constant={"last_seen": job.dated_on.isoformat()})
        return replace(_MACHINES, parts=(dated,)).of(table, job)


# -- machines


def _asset(said: Mapping[str, str], addresses: str, fixes: str) -> dict[str, Any]:
    host, domain = said.get("Host Name", ""), said.get("Domain", "")
    caption, version, pack = said.get("OS Name", ""), *_versions(said.get("OS Version", ""))
    return {
        "device_id": host, "hostname": windows.short_name(host), "fqdn": windows.full_name(host, domain), "ip": addresses,
        "os": windows.system(_plain(caption), pack), "os_version": version, "type": _type(said.get("OS Configuration", "")),
        "hotfixes": fixes,
    }  # fmt: skip


def _plain(caption: str) -> str:
    """``Microsoft(R) Windows(R) Server 2003`` without its marks, which a console may write as a letter (``Serverr``)."""
    return " ".join(_MARKS.sub("", caption).split())


def _versions(text: str) -> tuple[str, str]:
    """The build and the service pack of ``6.1.7601 Service Pack 1 Build 7601``."""
    found = _VERSION.match(text)
    return (found[1], found[2] or "") if found else ("", "")


def _type(configuration: str) -> str:
    return "server" if re.search(r"\bserver\b|domain controller", configuration, re.IGNORECASE) else ""


def _machines(blocks: Sequence[tuple[int, Mapping[str, str], Mapping[str, Sequence[str]]]], job: Job) -> Found:
    rows = []
    for _, said, lists in blocks:
        fixes = ";".join(filter(None, (_number(line.partition("]: ")[2]) for line in lists.get("Hotfix(s)", ()))))
        rows.append(_asset(said, _addresses(lists.get("Network Card(s)", ())), fixes) | {"last_seen": job.dated_on})
    rows = [{name: str(value) for name, value in row.items() if value} for row in rows]
    found = objects.built("assets", rows, [line for line, _, _ in blocks], job, ("device_id", "os"))
    cut = next((line for line, said, _ in blocks if "OS Version" not in said), None)
    return replace(
        found, incomplete=f"{job.shown}:{cut}: breaks off before it says the version" if cut is not None else None
    )


def _number(said: str) -> str:
    """The number of a fix; "" where it has none."""
    found = _FIX.search(said) or _BARE.fullmatch(said.strip())
    return found[0] if found else ""


def _blocks(text: str) -> Iterator[tuple[int, dict[str, str], dict[str, list[str]]]]:
    """(line, what is said, the lines below each heading) of each machine, of whom several may stand in one file."""
    said: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    start, name = 0, ""
    for number, line in enumerate(re.split(r"\r*\n|\r", text.lstrip("\ufeff")), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            if line.strip() and name:
                below.setdefault(name, []).append(line)
            continue
        name = _SPELT.get(found[1].casefold(), found[1])
        if name == "Host Name":
            if said:
                yield start, said, below
            said, below, start = {}, {}, number
        said.setdefault(name, "" if values.is_unknown((found[2] or "").strip()) else (found[2] or "").strip())
    if said:
        yield start, said, below


_SPELT: Final = {
    name.casefold(): name for name in (*_ENGLISH, "OS Configuration", "Domain", "Hotfix(s)", "Network Card(s)")
}
"""XP writes ``NetWork Card(s)``."""


def _addresses(lines: Sequence[str]) -> str:
    """Of the cards that are connected and are none of a guest's network."""
    kept: list[str] = []
    own = True
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item is None:
            own = own and not (line.strip().startswith("Connection Name:") and _HOST_ONLY.search(line))
        elif isinstance(values.address(item[2].strip()), Bad):
            own = _HOST_ONLY.search(item[2]) is None
        elif own:
            kept.append(item[2].strip())
    return windows.own_addresses(";".join(kept))


def _listed(cell: str) -> Sequence[str]:
    """The cell of a list in CSV, as the lines of the text."""
    return [
        f" {part.strip()}" for part in re.split(r",(?=\s*(?:\[\d+\]: |Connection Name:|IP address|Status:|DHCP))", cell)
    ]


def _prepared(table: Table) -> Table:
    table = headed.with_column(table, "(fqdn)", (("Host Name",), ("Domain",)), windows.full_name)
    table = headed.with_column(
        table, "(system)", (("OS Name",), ("OS Version",)),
        lambda name, version: windows.system(_plain(name), _versions(version)[1]),
    )  # fmt: skip
    return replace(
        table, header=["hotfixes" if folded(name) == "hotfix(s)" else name for name in table.header],
        columns=[
            [";".join(_FIX.findall(text)) for text in column] if folded(name) == "hotfix(s)" else column
            for name, column in zip(table.header, table.columns, strict=True)
        ],
    )  # fmt: skip


_MACHINES: Final = Headed(
    what="systeminfo's CSV",
    needs=_CSV_NEEDS,
    prepared=_prepared,
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("Host Name",),
                "hostname": ("Host Name",),
                "fqdn": ("(fqdn)",),
                "ip": ("Network Card(s)",),
                "os": ("(system)",),
                "os_version": ("OS Version",),
                "type": ("OS Configuration",),
            },
            turns={
                "os_version": lambda text: _versions(text)[0],
                "ip": lambda text: _addresses(_listed(text)),
                "type": _type,
            },
            facts=("hotfixes",),
        ),
    ),
)


# -- fixes


def _fixes(table: Table, job: Job) -> Found:
    """Each machine once, with its fixes as a fact."""
    host = wmic.says_host(table, _FIX_HOST) if job.source.asset is None else None
    told = host is not None
    if host is None:
        table = wmic.named_by_file(table, job)
        host = len(table.header) - 1
    at = next(i for i, name in enumerate(table.header) if folded(name) == "hotfixid")
    of: dict[str, dict[str, None]] = {}
    first: dict[str, int] = {}
    refused = [
        Refusal(line=one.line, column=one.column, reason=one.reason, raw=one.raw[: csv.RAW_LIMIT]) for one in table.bad
    ]
    for line, name, fix in zip(table.lines, table.columns[host], table.columns[at], strict=True):
        device, code = values.clean(name), values.clean(fix)
        if values.is_unknown(device) or isinstance(values.words(device), Bad):
            refused.append(Refusal(line=line, column=table.header[host], reason="names no machine", raw=code))
        elif not _number(code) and not _PART.fullmatch(code):
            reason = f"{values.shown(code)} is no number of a fix"
            refused.append(Refusal(line=line, column=table.header[at], reason=reason, raw=code))
        else:
            of.setdefault(device, {}).update({number: None} if (number := _number(code)) else {})
            first.setdefault(device, line)
    rows = [
        {"device_id": device, "hostname": windows.short_name(device) if told else "", "hotfixes": ";".join(of[device])}
        for device in of
    ]
    found = objects.built("assets", rows, list(first.values()), job, ("device_id",))
    return Found(
        rows_read=table.rows_read, rows_loaded=table.rows_read - len(refused) - table.blank, rows_blank=table.blank,
        refused=sorted(refused, key=lambda one: one.line), warnings=[*table.notes, *found.warnings], tables=found.tables,
    )  # fmt: skip


_FIXES: Final = Headed(what="a list of installed fixes", needs=(("HotFixID",), _FIX_HOST), parts=())


# -- what it is


def _head(data: bytes) -> str:
    """The first characters; in a code page that is not said one a byte, as wide as the console had them."""
    first = data[:20_000]
    head = looks.text(first)
    cut = 3 if len(data) > len(first) else 0  # bytes of a character that goes on behind them
    if data[:2] not in (b"\xff\xfe", b"\xfe\xff") and len(head.encode()) + cut < len(first):
        head = first.decode("latin-1")
    return head.lstrip("\ufeff")


def _is_text(head: str) -> bool:
    lines = [line for line in head.splitlines() if line.strip()][:6]
    told = {found[1].casefold() for line in lines if (found := _LINE.fullmatch(line))}
    return {name.casefold() for name in _ENGLISH} <= told


def _elsewhere(head: str) -> bool:
    """systeminfo's form: a build and its last part again among lines of a label, a colon and a text at one column, or in CSV."""
    lines = [line for line in head.splitlines() if line.strip()][:6]
    if len(lines) > 1 and _CSV_ROW.match(lines[1]) and not all(f'"{name}"' in lines[0] for name in _ENGLISH):
        return True
    pairs = [found for line in lines if (found := re.fullmatch(r"([^:]{2,60}: +)(\S.*)", line))]
    columns = {sum(2 if east_asian_width(sign) in "WF" else 1 for sign in found[1]) for found in pairs}
    return len(pairs) >= 4 and len(columns) == 1 and any(_ANY_VERSION.fullmatch(found[2]) for found in pairs[:4])


def _fits(sample: Sample) -> str | None:
    head = _head(sample.data) if sample.looks.kind == "text" else ""
    if _is_text(head):
        return "certain: systeminfo's first lines"
    if _elsewhere(head):
        return "likely: systeminfo's first lines in another language"
    if _TABLE.match(head):
        return "likely: systeminfo's table"
    head = wmic.begun(sample.data, "HotFixID") if head else ""
    if wmic.is_fixed(head, "HotFixID") or (wmic.is_csv(head) and "hotfixid" in sample.headings):
        return "certain: the fixes that wmic lists"
    return headed.fits(_MACHINES, _CSV_NEEDS)(sample) or headed.fits(_FIXES, (("HotFixID",),))(sample)


KINDS: Final = (
    Kind(name="systeminfo", reader=Systeminfo(), tables=frozenset({"assets"}), row="machine or fix", fits=_fits),
)
