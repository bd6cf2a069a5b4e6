"""Which fixes are missing, by what feeds say was released: rows of ``fixes`` beside those of patch sources.

Windows and Windows Server are judged by their build: updates are cumulative, so a machine lacks whatever was released
for its build in a revision higher than its own, and of what it lacks the oldest counts. Previews carry no fix of a
vulnerability alone. An update out of band may: a machine that lacks nothing else is not known. Nor is one whose revision
nobody says, or of a build that the feed does not have, or newer than the newest there; nor one whose support ended,
unless its council bought the extension: no list of fixes can say that it lacks none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any, Final

import numpy as np

from secscan.knowledge import versions
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame, Index
from secscan.model.places import Files

_SIDES: Final = {"windows": "client", "windows-server": "server"}
_SAID: Final = ("missing", "fixed_in", "advisory", "severity", "released_on", "mends")
"""``mends``: the CVEs of all updates that a machine lacks, for ``exploited`` alone; ``NOT_ALL`` among them: others may be."""
NOT_ALL: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """One revision that the feed lists: text that sorts inside its family, and where it stands."""

    key: str
    build: str
    on: date
    update: str
    regular: bool
    line: int


class Builds:
    """The history of builds as of a day, by side and family of builds."""

    def __init__(self, facts: Mapping[str, Any], today: date, msrc: Mapping[str, Any] | None = None) -> None:
        self.file: str = facts["file"]
        self._mended_file: str = msrc["file"] if msrc else ""
        self._mended: Mapping[str, tuple[str | None, Sequence[str], int]] = msrc["updates"] if msrc else {}
        found: dict[tuple[str, str], dict[str, Released]] = {}
        newest: dict[tuple[str, str], str] = {}
        for name, revisions in facts["builds"].items():
            side, base = name.split(" ")
            for revision, released, update, how, line in revisions:
                key = versions.key("windows-build", f"{base}.{revision}")
                on = date.fromisoformat(released)
                if key is None or on > today:
                    continue
                family = (side, key.rpartition(" ")[0])
                newest[family] = max(newest.get(family, ""), key)
                if how != "preview":
                    one = Released(
                        key=key, build=f"{base}.{revision}", on=on, update=update, line=line,
                        regular=how == "regular" or update in self._mended,
                    )  # fmt: skip
                    found.setdefault(family, {}).setdefault(key, one)
        self._newest = newest
        self.updates: dict[str, Released] = {}
        """Update -> the first build that it made."""
        for one in sorted((one for of in found.values() for one in of.values()), key=lambda one: one.on, reverse=True):
            self.updates[one.update] = one
        self._released = {family: [of[key] for key in sorted(of)] for family, of in found.items()}
        self._keys = {family: [one.key for one in of] for family, of in self._released.items()}

    def severity(self, update: str, files: Files) -> tuple[str, int | None]:
        """Microsoft's gravest word for what an update mends, and where it says so; 'unstated' where it is not told."""
        word, _, line = self._mended.get(update, (None, (), 0))
        return (word, files.code(self._mended_file, line)) if word else ("unstated", None)

    def mends(self, side: str, key: str) -> tuple[str, ...]:
        """The CVEs of the updates that a build lacks, with ``NOT_ALL`` where they are not known of each."""
        family = (side, key.rpartition(" ")[0])
        lacking = self._released.get(family, [])[bisect_right(self._keys.get(family, []), key) :]
        known = (self._mended[one.update][1] if one.update in self._mended else (NOT_ALL,) for one in lacking)
        return tuple(dict.fromkeys(chain.from_iterable(known)))

    def lacks(self, side: str, key: str) -> tuple[bool | None, Released | None]:
        """Whether a build lacks a fix, and the oldest that it lacks or, where it lacks none, the newest that it has.

        None: the feed does not tell. ``key`` is of scheme ``windows-build``.
        """
        family = (side, key.rpartition(" ")[0])
        if key > self._newest.get(family, ""):
            return None, None
        released, at = self._released.get(family, []), bisect_right(self._keys.get(family, []), key)
        if at == len(released):
            return False, released[-1] if released else None
        lacking = [one for one in released[at:] if one.regular]
        return (True, min(lacking, key=lambda one: (one.on, one.key))) if lacking else (None, released[at])


def attach_builds(
    estate: Estate, facts: Mapping[str, Any], *, trusted: bool, msrc: Mapping[str, Any] | None = None
) -> Estate:
    """The estate with a row of ``fixes`` for every Windows that some source lists.

    ``facts``: of the feed ``windows-builds``. ``trusted``: it is not past its hard age limit; past it nothing is known
    to lack no fix. ``msrc``: of the feed ``msrc``: severities, and what an update out of band mends.
    """
    installs, fixes = estate.frames.get("installs"), estate.frames.get("fixes")
    if installs is None or fixes is None or "product" not in installs.columns or "is_os" not in installs.columns:
        return estate
    is_os = installs.columns["is_os"].test(bool)
    rows = np.flatnonzero(is_os & installs.columns["product"].test(lambda said: said in _SIDES)).astype(np.int32)
    builds = Builds(facts, estate.today, msrc)
    systems = dict(
        zip(
            zip(installs.columns["council"].pick(rows), installs.columns["asset"].pick(rows), strict=True),
            installs.columns["product"].pick(rows), strict=True,
        )
    )  # fmt: skip
    fixes = _named(fixes, builds, systems, estate.files)
    picked = {
        name: installs.columns[name].pick(rows) for name in ("product", "version_key", "eol_on", "entitled_until")
    }
    found: dict[tuple[Any, ...], int] = {}
    said: list[tuple[Any, ...]] = []
    places: list[int | None] = []
    words: list[int | None] = []
    take = np.empty(len(rows), dtype=np.int32)
    for at, row in enumerate(zip(*picked.values(), strict=True)):
        if row not in found:
            found[row] = len(said)
            missing, one = _verdict(builds, row, estate.today, trusted=trusted)
            word, stated = builds.severity(one.update, estate.files) if missing and one else (None, None)
            said.append(
                (True, f"build {one.build}", one.update or None, word, one.on, builds.mends(_SIDES[row[0]], row[1]))
                if missing and one
                else (missing, None, None, None, None, None)
            )
            places.append(estate.files.code(builds.file, one.line) if one is not None else None)
            words.append(places[-1] if stated is None else stated)
        take[at] = found[row]
    columns = {name: Col([one[n] for one in said], take) for n, name in enumerate(_SAID)}
    columns["product_or_name"] = installs.columns["product"].over(rows)
    facts_at = dict.fromkeys(_SAID, Col(places, take)) | {"severity": Col(words, take)}
    more = replace(
        installs,
        rows=len(rows),
        columns={name: column.over(rows) for name, column in installs.columns.items()} | columns,
        places={name: column.over(rows) for name, column in installs.places.items()} | facts_at,
    )
    return replace(estate, frames={**estate.frames, "fixes": _stacked(fixes, more)})


def _named(fixes: Frame, builds: Builds, systems: Mapping[tuple[Any, Any], str], files: Files) -> Frame:
    """The fixes, where a source names one of the updates that the feed lists: it is one of the system itself, and has a day.

    A list of every update since a machine's own build so becomes one finding. ``systems``: (council, asset) -> product.
    """
    said = fixes.columns.get("advisory")
    if said is None or not (known := said.test(lambda update: update in builds.updates)).any():
        return fixes
    columns = {name: list(fixes.columns[name]) for name in ("product_or_name", "fixed_in", "released_on", "severity")}
    words = list(fixes.places.get("severity", _nothing(fixes.rows)))
    days = list(fixes.places.get("released_on", _nothing(fixes.rows)))
    council, asset = fixes.columns["council"], fixes.columns["asset"]
    for row in np.flatnonzero(known).tolist():
        one = builds.updates[said[row]]
        columns["product_or_name"][row] = systems.get((council[row], asset[row]), columns["product_or_name"][row])
        columns["fixed_in"][row] = columns["fixed_in"][row] or f"build {one.build}"
        if columns["released_on"][row] is None:
            columns["released_on"][row], days[row] = one.on, files.code(builds.file, one.line)
        if columns["severity"][row] == "unstated":
            columns["severity"][row], words[row] = builds.severity(one.update, files)
    places = {"released_on": Col(days), "severity": Col(words)}
    return fixes.with_columns({name: Col(values) for name, values in columns.items()}, places)


def _verdict(
    builds: Builds, row: tuple[Any, ...], today: date, *, trusted: bool
) -> tuple[bool | None, Released | None]:  # fmt: skip
    product, key, eol_on, entitled_until = row
    if key is None:
        return None, None
    missing, one = builds.lacks(_SIDES[product], key)
    ended = eol_on is not None and max(filter(None, (eol_on, entitled_until))) < today
    if missing is False and (ended or not trusted):
        return None, one
    return missing, one


def _stacked(first: Frame, second: Frame) -> Frame:
    """The rows of both, with the columns of the first and those that this room adds.

    Columns over the same values stay so: what hangs on the asset still points at the assets' rows.
    """
    known: dict[tuple[int, ...], Index] = {}

    def both(one: Col | None, other: Col | None) -> Col:
        one, other = one or _nothing(first.rows), other or _nothing(second.rows)
        same = one.values is other.values
        offset = 0 if same else len(one.values)
        values = one.values if same else [*one.values, *other.values]
        mine, theirs = _index(one), _index(other)
        at = (id(one.take), id(other.take), offset)
        if at not in known or one.take is None or other.take is None:
            moved = np.where(theirs < 0, np.int32(-1), theirs + np.int32(offset))
            known[at] = np.concatenate([mine, moved]).astype(np.int32)
        return Col(values, known[at])

    columns = dict.fromkeys([*first.columns, *_SAID])
    places = dict.fromkeys([*first.places, *_SAID])
    return replace(
        first,
        rows=first.rows + second.rows,
        columns={name: both(first.columns.get(name), second.columns.get(name)) for name in columns},
        places={name: both(first.places.get(name), second.places.get(name)) for name in places},
    )


def _nothing(rows: int) -> Col:
    return Col((), np.full(rows, -1, dtype=np.int32))


def _index(column: Col) -> Index:
    return np.arange(len(column.values), dtype=np.int32) if column.take is None else column.take
