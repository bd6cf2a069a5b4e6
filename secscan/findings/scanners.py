"""What other scanners report, put together for people: their words beside ours, counted apart and never added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.findings.fold import Groups, Rows, parted
from secscan.model.estate import Estate, Scans
from secscan.model.frame import Frame
from secscan.model.places import Place
from secscan.model.posture import (
    DeviceResult,
    DeviceResults,
    InputRow,
    LegacyRow,
    ScannerAgreement,
    ScannerIssue,
    ScannerRow,
    SharedCve,
)
from secscan.model.settings import Settings

FEEDS: Final = "results"
FEW: Final = 3
"""Devices, versions and rows that are named of many."""
OF_DEVICE: Final = 15
_WORST_FIRST: Final = ("missing", "unreadable", "held", "silent", "incomplete", "refused-rows", "whole")
_NO_SCORE: Final = -1


def scanners(settings: Settings, estate: Estate, inputs: Sequence[InputRow]) -> list[ScannerRow]:
    """A row for every source that brings results and each council that they are about; and for one that should and did not come."""
    told = {g.source: g for g in estate.gaps if FEEDS in g.tables and g.why != "refused-rows"}
    brought = {load.source for load in estate.loads if FEEDS in load.tables}
    frame, scans = estate.frames[FEEDS], _scans(estate)
    council, names = frame.columns["council"].codes()
    of_assets = Counter(estate.frames["assets"].columns["council"])
    source, known = frame.columns["scanner"].codes()
    files: dict[str, list[InputRow]] = {}
    for row in inputs:
        files.setdefault(row.source, []).append(row)
    found = []
    for bound in settings.councils:
        for one in bound.sources:
            if one.id not in brought and one.id not in told:
                continue
            own = source == known.index(one.id) if one.id in known else np.zeros(frame.rows, dtype=bool)
            for other in settings.councils:
                mine = (
                    np.flatnonzero(own & (council == names.index(other.id)))
                    if other.id in names
                    else np.empty(0, np.int64)
                )
                if other.id == bound.id or len(mine):
                    came = files.get(one.id, [])
                    gap = told.get(one.id)
                    found.append(
                        ScannerRow(
                            council=other.id, source=one.id, kind=one.kind, files=[i.file for i in came if i.file],
                            dated_on=max((i.dated_on for i in came if i.dated_on), default=None),
                            age_days=min((i.age_days for i in came if i.age_days is not None), default=None),
                            state=min((i.state for i in came), key=_rank, default="missing"),
                            stale=gap is not None and gap.stale, of_assets=of_assets[other.id],
                            **_looked(estate, one.id, other.id), **_counts(frame, scans, mine),
                        )
                    )  # fmt: skip
    return found


def _rank(state: str) -> int:
    return _WORST_FIRST.index(state) if state in _WORST_FIRST else 0


def _looked(estate: Estate, source: str, council: str) -> dict[str, Any]:
    """At how many of a council's devices the source looked, and how many of them no other list has."""
    assets, seen = estate.frames["assets"], _scans(estate).looked.get(source)
    if seen is None:
        return {"looked": 0, "only_here": 0}
    mine = seen & assets.columns["council"].test(lambda value: value == council)
    alone = mine & assets.columns["sources_seen"].test(lambda n: n == 1)
    return {"looked": int(mine.sum()), "only_here": int(alone.sum())}


def _counts(frame: Frame, scans: Scans, rows: Rows) -> dict[str, Any]:
    """The figures of these rows."""
    open_ = np.array(frame.columns["open"].pick(rows), dtype=bool)
    owner = _owner(frame)[rows]
    standing = np.zeros(frame.rows, dtype=bool)
    standing[rows[open_]] = True
    words = Counter(word or "" for word in frame.columns["said_severity"].pick(rows[open_]))
    return {
        "devices": len(np.unique(owner[open_ & (owner >= 0)])), "results": len(rows), "fixed": int((~open_).sum()),
        "unlisted": int((owner < 0).sum()), "cves": len(np.unique(scans.cve[standing[scans.row]])),
        "severities": dict(sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))),
    }  # fmt: skip


def issues(estate: Estate) -> list[ScannerIssue]:
    """Everything that is reported open, by council: what most devices have first."""
    frame = estate.frames[FEEDS]
    groups = _groups(frame, _open(frame))
    order = groups.rows
    said = {
        name: frame.columns[name].pick(order)
        for name in ("cves", "title", "scanner", "said_severity", "cvss3", "product", "fixed_in", "hostname", "asset", "device", "first_seen_on")
    }  # fmt: skip
    owner, last, places = _owner(frame)[order], _last(frame, order), frame.places[""].pick(order)
    council, issue = (frame.columns[name].pick(groups.first) for name in ("council", "issue"))
    found = []
    for number, (start, end) in enumerate(zip(groups.start[:-1].tolist(), groups.start[1:].tolist(), strict=True)):
        part = slice(start, end)
        cves = list(
            dict.fromkeys(chain.from_iterable(text.split(";") for text in dict.fromkeys(said["cves"][part]) if text))
        )
        devices = {at: i for i, at in reversed(list(enumerate(owner[part].tolist(), start))) if at >= 0}
        named = [said["hostname"][i] or said["asset"][i] for i in sorted(devices.values())[:FEW]]
        found.append(
            ScannerIssue(
                council=council[number], issue=issue[number], title=said["title"][start],
                cves=cves, **_exploitation(estate, cves),
                says=_says(said["scanner"][part], said["said_severity"][part]),
                assets=len(devices), unlisted=end - start - int((owner[part] >= 0).sum()), results=end - start,
                cvss3=max((v for v in said["cvss3"][part] if v is not None), default=None),
                products=_few(said["product"][part]), fixed_in=_few(said["fixed_in"][part]),
                first_seen=min((v for v in said["first_seen_on"][part] if v), default=None), last_seen=max(last[part]),
                devices=named or _few(said["device"][part]), places=_places(estate, places[part]),
            )
        )  # fmt: skip
    return sorted(found, key=lambda i: (-i.assets, -i.results, -(i.cvss3 or 0), i.issue, i.council))


def _exploitation(estate: Estate, cves: Sequence[str]) -> dict[str, Any]:
    """What public feeds say of these, the gravest of it."""
    known = estate.notes.get("exploitation", {})
    said = [known[cve] for cve in cves if cve in known]
    return {
        "exploited_since": min((one.since for one in said if one.since), default=None),
        "ransomware": any(one.ransomware for one in said),
        "likelihood": max((one.likelihood for one in said if one.likelihood is not None), default=None),
    }


def _says(sources: Sequence[str], words: Sequence[str | None]) -> list[str]:
    """Each scanner with its words, once each."""
    pairs = sorted({(source, word or "") for source, word in zip(sources, words, strict=True)})
    return [f"{source}: {word or 'no word'}" for source, word in pairs]


def _few(values: Iterable[str | None]) -> list[str]:
    return [v for v in dict.fromkeys(values) if v][:FEW]


def _places(estate: Estate, codes: Iterable[int]) -> list[Place]:
    return [estate.files.place(code) for code in sorted(codes)[:FEW]]


def _groups(frame: Frame, rows: Rows) -> Groups:
    """Rows by council and issue."""
    council, _ = frame.columns["council"].codes()
    issue, known = frame.columns["issue"].codes()
    return parted(rows, council[rows] * len(known) + issue[rows])


def _open(frame: Frame) -> Rows:
    return np.flatnonzero(frame.columns["open"].test(bool))


def _owner(frame: Frame) -> NDArray[np.int32]:
    """The asset of each row by its row in the register; -1 for none."""
    take = frame.columns["asset"].take
    assert take is not None
    return take


def _scans(estate: Estate) -> Scans:
    found: Scans = estate.notes["scans"]
    return found


def _last(frame: Frame, rows: Rows) -> list[date]:
    """The day on which each row was found last: the scanner's, else that of its file."""
    said, dated = (frame.columns[name].pick(rows) for name in ("last_seen_on", "scanned_on"))
    return [day or otherwise for day, otherwise in zip(said, dated, strict=True)]


# ------------------------------------------------------------------------------------------------ side by side


class _Pairs:
    """Each pair of a listed device and a CVE that is reported open, and who reports it."""

    def __init__(self, estate: Estate) -> None:
        frame, scans = estate.frames[FEEDS], _scans(estate)
        owner = _owner(frame)
        kept = (owner[scans.row] >= 0) & frame.columns["open"].test(bool)[scans.row]
        self.rows, self.cves = scans.row[kept], scans.cves
        source, self._all = frame.columns["scanner"].codes()
        pair = owner[self.rows].astype(np.int64) * max(len(scans.cves), 1) + scans.cve[kept]
        by = max(len(self._all), 1)
        self.pairs, self.of_row = np.unique(pair, return_inverse=True)
        self.asset, self.cve = np.divmod(self.pairs, max(len(scans.cves), 1))
        said = np.unique(self.of_row * by + source[self.rows])
        self.said_pair, self.said_source = np.divmod(said, by)
        self.count = np.bincount(self.said_pair, minlength=len(self.pairs))
        self.council = estate.frames["assets"].columns["council"].pick(self.asset)

    def name(self, source: int) -> str:
        return str(self._all[source])


def agreement(estate: Estate) -> list[ScannerAgreement]:
    """Who reports what alike; over the rows of a council each pair of a device and a CVE counts once."""
    pairs = _Pairs(estate)
    looked = sum(
        (seen.astype(np.int32) for seen in _scans(estate).looked.values()),
        np.zeros(estate.frames["assets"].rows, np.int32),
    )
    others = looked[pairs.asset] > pairs.count
    begin = np.concatenate(([0], np.cumsum(pairs.count))).tolist()
    said = pairs.said_source.tolist()
    count, of_others = Counter[tuple[str, tuple[int, ...]]](), Counter[tuple[str, tuple[int, ...]]]()
    for number, (council, more) in enumerate(zip(pairs.council, others.tolist(), strict=True)):
        key = (council, tuple(said[begin[number] : begin[number + 1]]))
        count[key] += 1
        of_others[key] += more
    found = [
        ScannerAgreement(council=council, sources=sorted(map(pairs.name, who)), pairs=n, others_looked=of_others[council, who])
        for (council, who), n in count.items()
    ]  # fmt: skip
    return sorted(found, key=lambda a: (a.council, -len(a.sources), -a.pairs, a.sources))


def shared(estate: Estate) -> list[SharedCve]:
    """Every CVE that two scanners report on one device, with what each calls it: most devices first."""
    frame, pairs = estate.frames[FEEDS], _Pairs(estate)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(pairs.council))}
    names, size = list(numbers), max(len(pairs.cves), 1)
    council = np.fromiter((numbers[name] for name in pairs.council), dtype=np.int64, count=len(pairs.council))
    key = council * size + pairs.cve  # of each pair
    several = Counter(key[pairs.count > 1].tolist())
    rows_at = np.flatnonzero(np.isin(key, list(several))[pairs.of_row])
    groups = parted(rows_at, key[pairs.of_row[rows_at]])
    found = []
    for start, end in zip(groups.start[:-1].tolist(), groups.start[1:].tolist(), strict=True):
        at = groups.rows[start:end]
        rows, of_pair = pairs.rows[at], pairs.of_row[at]
        whose, cve = divmod(int(key[of_pair[0]]), size)
        sources = frame.columns["scanner"].pick(rows)
        devices = Counter(source for source, _ in set(zip(sources, of_pair.tolist(), strict=True)))
        found.append(
            SharedCve(
                council=names[whose], cve=pairs.cves[cve], assets=several[whose * size + cve],
                says=_says(sources, frame.columns["said_severity"].pick(rows)), devices=dict(sorted(devices.items())),
                places=_places(estate, _one_each(sources, frame.places[""].pick(rows))),
            )
        )  # fmt: skip
    return sorted(found, key=lambda c: (-c.assets, c.cve, c.council))


def _one_each(sources: Sequence[str], codes: Sequence[int]) -> Iterator[int]:
    """The first row of each scanner."""
    first: dict[str, int] = {}
    for source, code in zip(sources, codes, strict=True):
        first[source] = min(code, first.get(source, code))
    yield from first.values()


# ------------------------------------------------------------------------------------------------ one device


def of_devices(estate: Estate, legacy: Sequence[LegacyRow]) -> list[DeviceResults]:
    """What is reported open on each device of the legacy register."""
    frame, assets = estate.frames[FEEDS], estate.frames["assets"]
    wanted = {(row.council, row.asset) for row in legacy}
    listed = [pair in wanted for pair in zip(assets.columns["council"], assets.columns["asset"], strict=True)]
    owner, rows = _owner(frame), _open(frame)
    rows = rows[np.append(np.array(listed, dtype=bool), False)[owner[rows]]]
    groups = parted(rows, owner[rows].astype(np.int64))
    found = []
    for start, end in zip(groups.start[:-1].tolist(), groups.start[1:].tolist(), strict=True):
        mine = groups.rows[start:end]
        row = int(mine[0])
        found.append(
            DeviceResults(
                council=frame.get("council", row), asset=frame.get("asset", row), total=len(mine),
                rows=[_result(estate, frame, r) for r in gravest(frame, mine)[:OF_DEVICE]],
            )
        )  # fmt: skip
    return sorted(found, key=lambda d: (d.council, d.asset))


def gravest(frame: Frame, rows: Rows) -> list[int]:
    """By score, then as the file has them: words of several scanners make no order."""
    scores = [_NO_SCORE if v is None else v for v in frame.columns["cvss3"].pick(rows)]
    places = frame.places[""].pick(rows)
    return [row for _, _, row in sorted(zip((-s for s in scores), places, rows.tolist(), strict=True))]


def _result(estate: Estate, frame: Frame, row: int) -> DeviceResult:
    code = frame.place("", row)
    assert code is not None
    return DeviceResult(
        scanner=frame.get("scanner", row), issue=frame.get("issue", row), title=frame.get("title", row),
        severity=frame.get("said_severity", row), cvss3=frame.get("cvss3", row), proto_port=frame.get("proto_port", row),
        product=frame.get("product", row), fixed_in=frame.get("fixed_in", row),
        last_seen=frame.get("last_seen_on", row) or frame.get("scanned_on", row), place=estate.files.place(code),
    )  # fmt: skip
