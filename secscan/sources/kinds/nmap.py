"""nmap XML: what one vantage point saw, port by port, closed and filtered ones too.

A row is a host. ``probes`` holds every port that the file speaks of, ``services`` the open ones. A scan that stopped,
broke off or found nobody home is marked incomplete: what is absent from it means nothing. Format: nmap.dtd, XML
output versions 1.03 to 1.05.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from secscan.doors import xml
from secscan.doors.terminal import safe
from secscan.model.raw import RAW_COLUMNS, RawTable, Refusal
from secscan.sources import looks, values
from secscan.sources.kind import Kind
from secscan.sources.reader import SHOWN_WARNINGS, Coded, Found, Job
from secscan.sources.sample import Sample
from secscan.sources.values import Bad

EXPAND_PORTS: Final = 1_024
"""A host's summarised ports ("997 closed") are written out up to this many."""
EXPAND_ROWS: Final = 250_000
"""... and no more than this many in a whole file, so that a sweep of a /16 stays small."""


@dataclass(slots=True)
class _Host:
    """A host while its element is open."""

    line: int
    state: str | None = None
    addresses: list[str] = field(default_factory=list)
    hostname: str | None = None
    time: str | None = None
    timed_out: bool = False
    ports: list[dict[str, Any]] = field(default_factory=list)
    summaries: list[dict[str, Any]] = field(default_factory=list)
    """``extraports``: state, line, and the reasons with their ports where nmap names them."""


class Nmap:
    """Reads nmap XML."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "nmap":
            raise job.refuse(f"is {seen.words}, not nmap XML", "save the scan with nmap -oX")
        scan = _Scan(job)
        try:
            xml.stream(job.pieces or job.data, job.shown, start=scan.start, end=scan.end)
        except xml.CutOff as broken:
            scan.cut_off(broken)
        return scan.found()


class _Scan:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.of_hosts: dict[str, list[Any]] = {"address": [], "hostname": [], "host_state": [], "seen_on": []}
        """What rows say of their host, for every address of each."""
        self.probes = _Table("proto", "port", "state", "reason", "reason_ttl")
        self.services = _Table("proto", "port", "service", "product", "version")
        self.file = job.files.code(job.shown, 0)
        self.host: _Host | None = None
        self.port: dict[str, Any] | None = None
        self.scanned: dict[str, str] = {}
        self.read = self.loaded = self.up = self.timed_out = self.expanded = 0
        self.refused: list[Refusal] = []
        self.warnings: list[str] = []
        self.dropped = 0
        self.finished = False
        self.started: str | None = None
        self.incomplete: str | None = None

    # -- events

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if tag == "nmaprun":
            self.started = attributes.get("start")
        elif tag == "host":
            self.lose("the host is cut off by another")
            self.host = _Host(line=line, time=attributes.get("endtime") or attributes.get("starttime"))
            self.host.timed_out = attributes.get("timedout") == "true"
            self.read += 1
        elif self.host is not None:
            self.inside(self.host, tag, attributes, line)
        elif tag == "scaninfo":
            self.scanned[attributes.get("protocol", "")] = attributes.get("services", "")
        elif tag == "finished":
            self.finish(attributes, line)

    def end(self, tag: str, _line: int) -> None:
        if tag == "port":
            self.port = None
        elif tag == "host" and self.host is not None:
            self.take(self.host)
            self.host = None

    def inside(self, host: _Host, tag: str, attributes: dict[str, str], line: int) -> None:
        match tag:
            case "status":
                host.state = _words(attributes.get("state"))
            case "address" if attributes.get("addrtype") in ("ipv4", "ipv6"):
                found = values.address(attributes.get("addr", ""))
                if isinstance(found, str) and found not in host.addresses:
                    host.addresses.append(found)
            case "hostname":
                host.hostname = host.hostname or _words(attributes.get("name"))
            case "port":
                self.port = {"line": line, "proto": attributes.get("protocol"), "port": attributes.get("portid")}
                host.ports.append(self.port)
            case "state" if self.port is not None:
                ttl = values.whole(attributes.get("reason_ttl", ""))
                self.port |= {
                    "state": _words(attributes.get("state")), "reason": _words(attributes.get("reason")),
                    "reason_ttl": ttl if isinstance(ttl, int) else None,
                }  # fmt: skip
            case "service" if self.port is not None:
                name, tunnel = _words(attributes.get("name")), attributes.get("tunnel")
                self.port |= {
                    "service": f"{safe(tunnel, 20)}/{name}" if tunnel and name else name,
                    "product": _words(attributes.get("product")), "version": _words(attributes.get("version")),
                }  # fmt: skip
            case "extraports":
                host.summaries.append({"line": line, "state": _words(attributes.get("state")), "reasons": []})
            case "extrareasons" if host.summaries:
                host.summaries[-1]["reasons"].append(attributes)

    def finish(self, attributes: dict[str, str], line: int) -> None:
        self.finished = True
        if attributes.get("exit", "success") != "success":
            says = safe(attributes.get("errormsg") or "no reason given", 200)
            self.incomplete = f"{self.job.shown}:{line}: nmap stopped with an error: {says}"

    def cut_off(self, broken: xml.CutOff) -> None:
        self.incomplete = f"{broken.place}: the file {broken.reason}"
        self.lose("the host is cut off")

    def lose(self, reason: str) -> None:
        """The host in hand, if there is one, is refused."""
        if self.host is not None:
            self.refused.append(Refusal(line=self.host.line, column=None, reason=reason))
            self.host = None

    # -- hosts

    def take(self, host: _Host) -> None:
        if not host.addresses:
            self.refused.append(Refusal(line=host.line, column=None, reason="the host has no IP address"))
            return
        self.loaded += 1
        # masscan writes no state: whoever has a port that answered is up.
        self.up += host.state == "up" or (host.state is None and any(p.get("state") == "open" for p in host.ports))
        self.timed_out += host.timed_out
        # Old versions write no time at a host.
        seen_on = self.day(host.time or self.started)
        first = len(self.of_hosts["address"])
        numbers = range(first, first + len(host.addresses))
        facts = {"hostname": host.hostname, "host_state": host.state, "seen_on": seen_on}
        for address in host.addresses:
            for name, value in {"address": address, **facts}.items():
                self.of_hosts[name].append(value)
        for port in host.ports:
            self.take_port(numbers, port)
        self.expand(host, numbers)

    def day(self, stamp: str | None) -> date:
        try:
            found = datetime.fromtimestamp(int(stamp or ""), UTC).date()
        except (ValueError, OverflowError, OSError):
            return self.job.dated_on
        return found if date(1990, 1, 1) <= found <= self.job.today + timedelta(days=1) else self.job.dated_on

    def take_port(self, numbers: range, port: dict[str, Any]) -> None:
        number, proto = values.port(port["port"] or ""), values.proto(port["proto"] or "")
        if isinstance(number, Bad) or isinstance(proto, Bad):
            self.dropped += 1
            if self.dropped <= SHOWN_WARNINGS:
                says = number.reason if isinstance(number, Bad) else proto.reason if isinstance(proto, Bad) else ""
                self.warnings.append(f"{self.job.shown}:{port['line']}: {says}; port passed over, host kept")
            return
        self.probe(numbers, proto, number, port)
        if port.get("state") == "open":
            said = (proto, number, port.get("service"), port.get("product"), port.get("version"))
            self.services.add(self.file | port["line"], numbers, said)

    def probe(self, numbers: range, proto: str, number: int, port: dict[str, Any]) -> None:
        said = (proto, number, port.get("state"), port.get("reason"), port.get("reason_ttl"))
        self.probes.add(self.file | port["line"], numbers, said)

    def expand(self, host: _Host, hosts: range) -> None:
        """Write out ports that nmap only counted, where the file says exactly which they are."""
        listed = {(values.proto(p["proto"] or ""), p["port"]) for p in host.ports}
        for summary in host.summaries:
            for proto, ports, reason in self.named(host, summary):
                numbers = [n for n in ports if (proto, str(n)) not in listed]
                if len(numbers) > EXPAND_PORTS or self.expanded + len(numbers) > EXPAND_ROWS:
                    continue
                self.expanded += len(numbers)
                port = {"line": summary["line"], "state": summary["state"], "reason": reason}
                for number in numbers:
                    self.probe(hosts, proto, number, port)

    def named(self, host: _Host, summary: dict[str, Any]) -> list[tuple[str, list[int], str | None]]:
        """(protocol, ports, reason) of a summary: as nmap names them, else all that was scanned if nothing else is left."""
        own = [r for r in summary["reasons"] if r.get("ports")]
        if own:
            given = [(values.proto(r.get("proto", "tcp")), _ports(r["ports"]), _words(r.get("reason"))) for r in own]
            return [(proto, ports, reason) for proto, ports, reason in given if isinstance(proto, str)]
        if len(host.summaries) != 1 or len(self.scanned) != 1:
            return []
        proto, services = next(iter(self.scanned.items()))
        folded = values.proto(proto)
        reasons = {_words(r.get("reason")) for r in summary["reasons"]}
        if isinstance(folded, Bad):
            return []
        return [(folded, _ports(services), reasons.pop() if len(reasons) == 1 else None)]

    # -- the end

    def found(self) -> Found:
        if self.incomplete is None and not self.finished:
            self.incomplete = f"{self.job.shown}: nmap did not finish (no runstats)"
        if self.incomplete is None and self.timed_out:
            self.incomplete = f"{self.job.shown}: nmap gave up on {self.timed_out:,} hosts"
        if self.incomplete is None and not self.up:
            self.incomplete = f"{self.job.shown}: no host was up"
        if self.dropped > SHOWN_WARNINGS:
            self.warnings.append(f"{self.job.shown}: {self.dropped - SHOWN_WARNINGS:,} more ports passed over")
        return Found(
            rows_read=self.read, rows_loaded=self.loaded, refused=self.refused, warnings=self.warnings,
            incomplete=self.incomplete, tables={
                "probes": self.probes.done("probes", self.of_hosts),
                "services": self.services.done("services", {"address": self.of_hosts["address"]}),
            },
        )  # fmt: skip


class _Table:
    """Rows in few bytes: which host each is of, and which of the distinct things that are said of ports."""

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        self.said: dict[tuple[Any, ...], int] = {}
        self.whose, self.what, self.places = array("I"), array("I"), array("q")

    def add(self, place: int, hosts: range, said: tuple[Any, ...]) -> None:
        what = self.said.setdefault(said, len(self.said))
        for host in hosts:
            self.whose.append(host)
            self.what.append(what)
            self.places.append(place)

    def done(self, table: str, of_hosts: Mapping[str, Sequence[Any]]) -> RawTable:
        own = {name: Coded([said[i] for said in self.said], self.what) for i, name in enumerate(self.columns)}
        columns = {**own, **{name: Coded(said, self.whose) for name, said in of_hosts.items()}}
        unsaid = Coded([None], bytes(len(self.places)))
        return RawTable(
            table=table, columns={name: columns.get(name, unsaid) for name in RAW_COLUMNS[table]}, places=self.places
        )


@lru_cache(4_096)
def _words(text: str | None) -> str | None:
    trimmed = values.clean(text or "")
    return trimmed if trimmed and isinstance(values.words(trimmed), str) else None


def _ports(text: str) -> list[int]:
    """``22,80-82`` as numbers; empty where it is not such a list."""
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        first, last = values.port(low), values.port(high or low)
        if isinstance(first, Bad) or isinstance(last, Bad) or len(found) > 65_536:
            return []
        found.extend(range(first, last + 1))
    return found


_PRINTED: Final = ("# Nmap ", "Starting Nmap ", "Nmap scan report for ", "# Masscan ", "#masscan")


def _fits(sample: Sample) -> str | None:
    if sample.lines and sample.lines[0].startswith(_PRINTED):
        return "likely: what nmap prints for people or for grep"
    return "certain: the root element is nmaprun" if sample.looks.kind == "nmap" else None


KINDS: Final = (
    Kind(
        name="nmap-xml", reader=Nmap(), tables=frozenset({"probes", "services"}), row="host", fits=_fits, streams=True
    ),
)  # fmt: skip
