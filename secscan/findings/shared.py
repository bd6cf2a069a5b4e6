"""Systems that one organisation runs and others use: counted where they stand, and shown to everybody who uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from secscan.model.estate import Estate
from secscan.model.keys import comparable
from secscan.model.posture import FindingRow, SharedRow
from secscan.model.settings import Settings, Shared

_SAME = ("serial", "fqdn")


def shared(settings: Settings, estate: Estate, findings: Sequence[FindingRow]) -> list[SharedRow]:
    """A row for each shared system that some register has, however often it is declared."""
    assets = estate.frames["assets"]
    users: dict[int, set[str]] = {}
    for one in settings.shared_systems:
        for row in _rows(one, estate):
            users.setdefault(row, set()).update(one.used_by)
    known = _keys(estate, {council for some in users.values() for council in some}) if users else {}
    found = []
    for row, used_by in users.items():
        council, asset = assets.get("council", row), assets.get("asset", row)
        mine = [f for f in findings if f.council == council and f.asset == asset]
        same = {(key, comparable(key, assets.get(key, row))) for key in _SAME}
        also = {f"{c} {a}" for at in same for c, a in known.get(at, ()) if c in used_by and c != council}
        found.append(
            SharedRow(
                council=council, asset=asset, hostname=assets.get("hostname", row), service=assets.get("service", row),
                used_by=sorted(used_by), open=sum(f.outcome == "fail" and f.status == "open" for f in mine),
                unknown=sum(f.outcome == "unknown" for f in mine), also=sorted(also),
                place=estate.files.place(assets.place("asset", row) or 0),
            )
        )  # fmt: skip
    return sorted(found, key=lambda r: (r.council, r.asset))


def warnings(settings: Settings, estate: Estate, rows: Sequence[SharedRow]) -> list[str]:
    """What is declared and nobody has, and what is counted twice."""
    said = [
        f"secscan.yaml: a shared system is declared, and {one.of} has no asset "
        + (f"'{one.asset}'" if one.asset else f"of the service '{one.service}'")
        for one in settings.shared_systems
        if not _rows(one, estate)
    ]
    return said + [
        f"{row.council} {row.asset} is shared, and {', '.join(row.also)} has its serial number or full name: it is counted twice; "
        f"take it out of that register"
        for row in rows
        if row.also
    ]


def _rows(one: Shared, estate: Estate) -> list[int]:
    assets = estate.frames["assets"]
    column, wanted = ("asset", one.asset) if one.asset is not None else ("service", one.service)
    named = zip(assets.columns["council"], assets.columns[column], strict=True)
    return [
        row
        for row, (council, name) in enumerate(named)
        if council == one.of and name is not None and str(name).casefold() == str(wanted).casefold()
    ]


def _keys(estate: Estate, councils: set[str]) -> Mapping[tuple[str, str | None], list[tuple[str, str]]]:
    """(key, value) -> the assets of these councils that have it."""
    assets = estate.frames["assets"]
    found: dict[tuple[str, str | None], list[tuple[str, str]]] = {}
    for row, council in enumerate(assets.columns["council"]):
        for key in _SAME if council in councils else ():
            if (value := comparable(key, assets.get(key, row))) is not None:
                found.setdefault((key, value), []).append((council, assets.get("asset", row)))
    return found
