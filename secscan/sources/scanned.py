"""What the readers of vulnerability scanners share: tables that grow host by host, and a scanner's texts turned.

Hosts, their ports and what is installed on them are inventory; what the scanner found wrong goes to ``results`` under
its own words and is never taken for a finding of ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

from secscan.doors import xml
from secscan.doors.csv import Table
from secscan.doors.terminal import safe
from secscan.model.raw import RAW_COLUMNS, RawTable, Refusal
from secscan.sources import tabular, values
from secscan.sources.reader import SHOWN_WARNINGS, Found, Job, Rows
from secscan.sources.tabular import folded
from secscan.sources.values import Bad

TABLES: Final = frozenset(("assets", "software", "services", "results"))
LONGEST: Final = 4_000_000
"""Characters of one element's text that are read; what a host has installed is said in far fewer."""

# -- a report that streams by


class Walk:
    """Reads XML by events. ``text`` of an element of ``wanted`` is handed on at its end; ``path`` holds the open tags."""

    wanted: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.path: list[str] = []
        self._parts: list[list[str]] = []
        self._length = 0

    def through(self, job: Job) -> xml.CutOff | None:
        """Where the document breaks off, if it does; everything before was handed on."""
        try:
            xml.stream(job.data, job.shown, start=self._start, end=self._end, text=self._text)
        except xml.CutOff as broken:
            return broken
        return None

    def begin(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        """An element opens."""

    def finish(self, tag: str, text: str, line: int) -> None:
        """An element closes; its tag is still the last of ``path``."""

    def _start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self.path.append(tag)
        if tag in self.wanted:
            self._parts.append([])
            self._length = 0
        self.begin(tag, attributes, line)

    def _text(self, piece: str, _line: int) -> None:
        if self._parts and self._length < LONGEST:
            self._length += len(piece)
            self._parts[-1].append(piece)

    def _end(self, tag: str, line: int) -> None:
        self.finish(tag, "".join(self._parts.pop()).strip() if tag in self.wanted else "", line)
        self.path.pop()


class Scan:
    """Raw tables that grow; every host is loaded, refused, or blank because nobody was there."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.tables = {name: Rows(name) for name in sorted(TABLES)}
        self.facts: dict[str, list[str | None]] = {}
        """Facts of results that have no column of ours, under the scanner's own word."""
        self.read = self.blank = 0
        self.refused: list[Refusal] = []
        self.warnings: list[str] = []
        self.lacking: list[str] = []
        """Why the look is not whole, one clause each."""
        self._known: dict[tuple[str, str, str], Any] = {}
        self._more: Counter[str] = Counter()

    def host(self, line: int, device: str | None, **facts: Any) -> str | None:
        """What its rows call the host, which is loaded; None where it has no name, and is refused."""
        self.read += 1
        named = self.value("assets", "device_id", device or "", line)
        if named is None:
            self.refuse(line, "the host has neither name nor address")
            return None
        self.add("assets", line, device_id=named, **facts)
        return str(named)

    def lose(self, line: int, reason: str) -> None:
        """A host that was begun and never ended is refused."""
        self.read += 1
        self.refuse(line, reason)

    def refuse(self, line: int, reason: str) -> None:
        """One of the rows read is not believed."""
        self.refused.append(Refusal(line=line, column=None, reason=reason))

    def nobody(self) -> None:
        """An address at which nobody answered."""
        self.read += 1
        self.blank += 1

    def add(self, table: str, line: int, *, facts: Mapping[str, str] | None = None, **said: Any) -> None:
        """A row. Texts are turned by the kind of their column, once each; what is no value of it is warned of."""
        rows = self.tables[table]
        if len(rows.places) >= self.job.limits.rows:
            raise self.job.refuse(
                f"has more than {self.job.limits.rows:,} {table}", "raise limits.rows in secscan.yaml"
            )
        kept = {
            name: self.value(table, name, value, line) if isinstance(value, str) else value
            for name, value in said.items()
        }
        rows.add(self.job.files.code(self.job.shown, line), **kept)
        for name, fact in (facts or {}).items():
            column = self.facts.setdefault(name, [])
            column += [None] * (len(rows.places) - 1 - len(column))
            column.append(self.value(table, name, fact, line))

    def value(self, table: str, name: str, text: str, line: int) -> Any:
        key = (table, name, text)
        if key not in self._known:
            trimmed = values.clean(text)
            unknown = values.is_unknown(trimmed)
            self._known[key] = None if unknown else self._converted(table, name, trimmed)
        found = self._known[key]
        if not isinstance(found, Bad):
            return found
        self._more[name] += 1
        if self._more[name] <= SHOWN_WARNINGS:
            kept = f"{tabular.NOUNS[table]} kept, " + ("the rest of " * (found.value is not None)) + name
            self.warnings.append(
                f"{self.job.shown}:{line}: {name} {found.reason}; {kept}{' kept' if found.value is not None else ' unknown'}"
            )
        return found.value

    def _converted(self, table: str, name: str, text: str) -> Any:
        match RAW_COLUMNS[table].get(name, "text"):
            case "date":
                return values.past_day(day(text) or text, "iso", self.job.today)
            case "addresses":
                return values.addresses(text)
            case "tenths":
                return values.tenths(text)
            case "int":
                return values.port(text)
        return values.address(text) if name == "address" else values.words(" ".join(text.split()))

    def found(self) -> Found:
        more = [
            f"{self.job.shown}: {n - SHOWN_WARNINGS:,} more values of {name} are not known"
            for name, n in self._more.items()
            if n > SHOWN_WARNINGS
        ]
        tables = {name: rows.done() for name, rows in self.tables.items() if rows.places}
        if "results" in tables and self.facts:
            count = tables["results"].rows
            extra = {name: [*column, *[None] * (count - len(column))] for name, column in self.facts.items()}
            tables["results"] = replace(tables["results"], extra=extra)
        return Found(
            rows_read=self.read, rows_loaded=self.read - self.blank - len(self.refused), rows_blank=self.blank,
            refused=self.refused, warnings=[*self.warnings, *more],
            incomplete=f"{self.job.shown}: {'; '.join(self.lacking)}" if self.lacking else None, tables=tables,
        )  # fmt: skip


NOBODY: Final = "it names no host: nothing was looked at, or all was left out"


def bare(without: int, hosts: int) -> str:
    """The clause for hosts that the scanner saw from outside only."""
    return (
        f"{without:,} of {hosts:,} hosts were scanned without credentials that were enough: "
        "what is installed on them was seen in part at most"
    )


# -- tables: columns that are made of others


def texts(table: Table, *headings: str) -> Sequence[str]:
    """Each row's text under the first of these headings that says something there."""
    at = {folded(heading): i for i, heading in reversed(list(enumerate(table.header)))}
    columns = [table.columns[at[one]] for one in map(folded, headings) if one in at]
    if not columns:
        return [""] * len(table.lines)
    found = list(columns[0])
    for column in columns[1:]:
        found = [old if old.strip() else new for old, new in zip(found, column, strict=True)]
    return found


def with_columns(table: Table, **made: Sequence[str]) -> Table:
    """The table with more columns, under headings (``own``) that no maker writes."""
    return replace(
        table,
        header=[*table.header, *map(own, made)],
        columns=[*table.columns, *map(list, made.values())],
    )


def own(name: str) -> str:
    """The heading of a column that ``with_columns`` added."""
    return f"the {name}"


def newest(names: Sequence[str], days: Sequence[str]) -> list[str]:
    """Of each name the newest of its days, in every row of it. ``days``: as their tool writes them."""
    turned = {text: day(text) for text in set(days)}
    last: dict[str, str] = {}
    for name, text in zip(names, days, strict=True):
        last[name] = max(last.get(name, ""), turned[text])
    return [last[name] for name in names]


# -- texts

_MONTHS: Final = {
    name: number
    for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}  # fmt: skip
_TIME: Final = r"(?:(?: at)?,? \d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?(?: \(?[A-Z]{1,5}\)?| [+-]\d{2}:?\d{2})?)?"
_NAMED = re.compile(rf"([A-Za-z]{{3,9}})\.? (\d{{1,2}}), ?(\d{{4}}){_TIME}", re.ASCII)
_C_TIME = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) {1,2}(\d{1,2}) \d{2}:\d{2}:\d{2}(?: [A-Z]{2,5})? (\d{4})", re.ASCII)
_EPOCH = re.compile(r"(\d{9,10})(?:\d{3})?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})T\d{6,9}", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]|$)", re.ASCII)
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_SCORE = re.compile(r"(\d{1,2}(?:\.\d)?)(?: \(.*\))?", re.ASCII)
_PROTOCOL: Final = frozenset(values.PROTOCOLS)


def day(text: str) -> str:
    """A day as scanners write it with the month's name, as seconds or milliseconds of the epoch, or ISO; "" for others."""
    if found := _ISO.match(text):
        return found[1]
    if found := _COMPACT.fullmatch(text):
        return f"{found[1]}-{found[2]}-{found[3]}"
    if found := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]), UTC).date().isoformat()
    if found := _NAMED.fullmatch(text) or _C_TIME.fullmatch(text):
        month = _MONTHS.get(found[1][:3].casefold())
        return f"{found[3]}-{month:02}-{int(found[2]):02}" if month else ""
    return ""


def day_or_text(text: str) -> str:
    """The same; a text of another form as it stands, for the source's declared order to read."""
    return day(text) or text


def cves(text: str) -> str:
    """The CVE ids in a text, each once."""
    return ";".join(dict.fromkeys(_CVE.findall(text.upper())))


def score(text: str) -> str:
    """A score without the vector that some write behind it."""
    found = _SCORE.fullmatch(text)
    return found[1] if found else text


def proto(text: str) -> str:
    """tcp or udp; "" for a protocol that has no ports."""
    return text if text.casefold() in _PROTOCOL else ""


def port(text: str) -> str:
    """ "" for port 0, by which scanners mean the host."""
    return "" if text.strip("0") == "" else text


def address(text: str) -> str:
    """An address; "" for a name."""
    return text if isinstance(values.address(text), str) else ""


def full_name(text: str) -> str:
    """A name with its domain; "" for a bare one and for an address."""
    return text if "." in text.strip(".") and not address(text) else ""


def computer(text: str) -> str:
    """The machine of ``DOMAIN\\MACHINE``; "" for an address."""
    return "" if address(text) else text.rpartition("\\")[2]


@dataclass(frozen=True, slots=True)
class Cpe:
    """A CPE name's parts; ``part`` is a for applications, o for operating systems, h for hardware."""

    part: str
    vendor: str
    product: str
    version: str


def cpe(text: str) -> Cpe | None:
    """A name of CPE 2.2 or 2.3, what its version says joined; None where it is none."""
    name = text.strip()
    if name.casefold().startswith("cpe:2.3:"):
        parts = [part.replace("\\", "") for part in re.split(r"(?<!\\):", name[8:])]
    elif name.casefold().startswith("cpe:/"):
        parts = [unquote(part) for part in name[5:].split(":")]
    else:
        return None
    parts += [""] * 5
    part, vendor, product, version, update = ("" if one in ("*", "-") else one for one in parts[:5])
    if part not in ("a", "o", "h") or not product:
        return None
    return Cpe(part, vendor, product, f"{version} {update}".strip() if version else "")


def application(found: Cpe) -> dict[str, Any]:
    """The software row of an application that was seen by what it answers: not one of a list of what is installed."""
    return {
        "name": found.product, "version": found.version, "publisher": found.vendor, "kind": "service_banner",
    }  # fmt: skip


_TYPES: Final = {
    **dict.fromkeys(("router", "switch", "wireless-access-point", "load-balancer", "hub", "bridge", "broadband router",
                     "wap", "router/switch", "network appliance"), "network"),
    "firewall": "firewall", "printer": "printer", "print-server": "printer", "multifunction device": "printer", "hypervisor": "server",
    "mobile": "phone", "phone": "phone", "voip-phone": "phone", "scada": "ot", "plc": "ot", "storage": "storage", "nas": "storage",
    "tape-library": "storage",
}  # fmt: skip


def device_type(text: str) -> str:
    """A scanner's word for a sort of device, as ours; "" for words that may be anything, ``general-purpose`` first."""
    return _TYPES.get(text.casefold(), "")


SERVICES: Final = {
    "www": "http", "msrdp": "ms-wbt-server", "epmap": "msrpc", "dce-rpc": "msrpc", "rpc-portmapper": "rpcbind",
    "smb": "netbios-ssn", "dns": "domain",
}  # fmt: skip
"""Nessus's names of protocols where nmap has another."""


def shown(text: str) -> str:
    return f"'{safe(text, 60)}'"


def joined(
    found: Found, *more: Mapping[str, RawTable], lacking: Iterable[str] = (), warnings: Iterable[str] = ()
) -> Found:
    """A found file with tables that were made beside it."""
    says = "; ".join(lacking)
    tables = {name: table for some in more for name, table in some.items() if table.rows}
    return replace(
        found, tables={**found.tables, **tables}, warnings=[*found.warnings, *warnings],
        incomplete=f"{found.shown}: {says}" if says else found.incomplete,
    )  # fmt: skip


Turn = Callable[[str], str]
