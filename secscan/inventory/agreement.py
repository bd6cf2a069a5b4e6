"""What several sources say of one asset, side by side: where they agree, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from secscan.inventory.register import (
    FACTS,
    Entry,
    Register,
    Statement,
    folded,
    in_order,
    key_of,
    registered,
    system_name,
)  # fmt: skip
from secscan.inventory.zones import ZoneFinder
from secscan.model.estate import System
from secscan.model.keys import KEYS, comparable
from secscan.model.places import Files, Place
from secscan.model.posture import Disagreement, Said
from secscan.model.raw import Load
from secscan.model.settings import Settings

_MOVING: Final = frozenset(("restart_pending", "definitions_on", "mac", "ip"))
"""Different from one day, or one network card, to the next without anybody being wrong; addresses are asked below."""
_SYSTEM: Final = frozenset(("os", "os_version", "os_edition"))
"""Compared as what they are recognised as, in ``findings``: people spell one system in many ways."""
COMPARED: Final = tuple(name for name in FACTS if name not in _MOVING | _SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``agreed``: council -> facts that several sources give and agree on, and facts that several sources give."""

    disagreements: Sequence[Disagreement]
    agreed: Mapping[str, tuple[int, int]]
    systems: Sequence[System]


def agreement(register: Register, finder: ZoneFinder, files: Files) -> Told:
    """Every fact that two sources give of one asset, compared; operating systems are handed on to be recognised first."""
    found: list[Disagreement] = []
    agreed, given = Counter[str](), Counter[str]()
    systems: list[System] = []
    for entry in register.entries:
        if entry.sources < 2:
            continue
        for fact in (*COMPARED, "ip"):
            said = _by_source(entry, fact)
            if len(said) < 2:
                continue
            given[entry.council] += 1
            if _same(fact, [s.facts[fact] for s in said], finder):
                agreed[entry.council] += 1
            else:
                found.append(_disagreement(entry, fact, said, files))
        if len(said := _by_source(entry, "os")) < 2:
            continue
        if len({_spelt(s) for s in said}) == 1:
            given[entry.council] += 1
            agreed[entry.council] += 1
        else:
            systems.append(
                System(
                    council=entry.council, asset=entry.asset, hostname=entry.facts.get("hostname"),
                    spelt=[_spelt(s) for s in said],
                    said=[_said(s, "os", files) for s in said],
                )
            )  # fmt: skip
    return Told(
        disagreements=found, agreed={council: (agreed[council], n) for council, n in given.items()}, systems=systems
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One source of an asset: what it calls it, and by what it was told that it means the same as the others."""

    source: str
    name: str
    key: str | None
    """The surest key by which it agrees with another; None: it is the only one, or its tool's own id tells."""
    value: str | None
    sure: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """An asset as each of its sources gives it. ``facts``: what is used first; ``last_seen`` is the newest, all others the first's."""

    facts: Mapping[str, Sequence[Said]]
    named: Sequence[Named]


def sources_of(loads: Sequence[Load], settings: Settings, files: Files, council: str, asset: str) -> Sources:
    """What each source says of one asset; nothing where no source has a row of it."""
    entry = _entry(loads, settings, files, council, asset)
    if entry is None:
        return Sources(facts={}, named=())
    facts = {fact: [_said(s, fact, files) for s in _by_source(entry, fact)] for fact in FACTS}
    seen: dict[str, Statement] = {}
    for s in sorted((s for s in entry.said if s.last_seen), key=lambda s: s.last_seen or date.min, reverse=True):
        seen.setdefault(s.source, s)
    facts["last_seen"] = [
        Said(source=s.source, value=str(s.last_seen), dated_on=s.dated_on, place=files.place(s.place))
        for s in seen.values()
    ]
    return Sources(facts={fact: said for fact, said in facts.items() if said}, named=_named(entry, settings, files))


def _named(entry: Entry, settings: Settings, files: Files) -> list[Named]:
    """Each source of an asset with the surest key and value that another of them has too."""
    rows: dict[str, list[Statement]] = {}
    for s in entry.said:
        rows.setdefault(s.source, []).append(s)
    weak = [key for key in settings.join_weakly.keys if key not in settings.join]
    found = []
    for source, mine in rows.items():
        others = [s for s in entry.said if s.source != source]
        shared = (
            (key, value)
            for key in (*settings.join, *weak)
            for value in sorted(_values(mine, key) & _values(others, key))
        )
        key, value = next(shared, (None, None))
        found.append(
            Named(
                source=source, name=mine[0].name, key=key, value=value, sure=key not in weak, place=files.place(mine[0].place)
            )
        )  # fmt: skip
    return found


def _values(said: Sequence[Statement], key: str) -> set[str]:
    if key == "ip":
        return {address for s in said for address in s.facts.get("ip", ())}
    return {value for s in said if (value := comparable(key, key_of(s, key))) is not None}


def kept_of(
    loads: Sequence[Load], settings: Settings, files: Files, council: str, asset: str
) -> list[tuple[str, Said]]:
    """What its sources' rows say beside the facts that have a column of ours: each under the heading that it has there."""
    entry = _entry(loads, settings, files, council, asset)
    rows = {} if entry is None else {s.place: s for s in entry.said}
    found = []
    for load in loads:
        table = load.tables.get("assets")
        if table is None or not table.extra:
            continue
        for at in [at for at, place in enumerate(table.places) if place in rows]:
            for heading, column in table.extra.items():
                if (value := column[at]) is not None:
                    said = Said(
                        source=load.source, value=value, dated_on=load.dated_on, place=files.place(table.places[at])
                    )
                    found.append((heading, said))
    return found


def _entry(loads: Sequence[Load], settings: Settings, files: Files, council: str, asset: str) -> Entry | None:
    """The asset of a council as its sources tell it, worked out from their files anew."""
    made = registered(in_order([load for load in loads if load.council == council], settings), settings, files)
    return next((e for e in made.entries if e.asset.casefold() == asset.casefold()), None)


def _by_source(entry: Entry, fact: str) -> list[Statement]:
    """For each source the row that it gives a fact in, the one that is used first."""
    giving = [s for s in entry.said if fact in s.facts]
    if len(giving) < 2:
        return giving
    used = entry.place_of(fact)
    if giving[0].place != used:
        giving.sort(key=lambda s: s.place != used)
    first: dict[str, Statement] = {}
    for s in giving:
        first.setdefault(s.source, s)
    return list(first.values())


def _same(fact: str, values: Sequence[Any], finder: ZoneFinder) -> bool:
    if values.count(values[0]) == len(values):
        return True
    if fact == "ip":  # a machine may have many: one in common is enough
        return all(set(values[0]) & set(other) for other in values[1:])
    if fact == "zone":
        values = [finder.named(word) for word in values]
    return len({_alike(fact, value) for value in values}) == 1


def _alike(fact: str, value: Any) -> Any:
    """The value without what makes no difference: capitals, spaces, the domain behind a host name."""
    if not isinstance(value, str):
        return value
    return (comparable(fact, value) if fact in KEYS else None) or folded(value)


def _disagreement(entry: Entry, fact: str, said: Sequence[Statement], files: Files) -> Disagreement:
    return Disagreement(
        council=entry.council, asset=entry.asset, hostname=entry.facts.get("hostname"), fact=fact,
        said=[_said(s, fact, files) for s in said],
    )  # fmt: skip


def _spelt(s: Statement) -> tuple[str, str | None]:
    return system_name(s.facts), s.facts.get("os_version")


def _said(s: Statement, fact: str, files: Files) -> Said:
    value = s.facts[fact]
    if fact == "os":
        value = " ".join(part for part in _spelt(s) if part)
    return Said(source=s.source, value=_text(value), dated_on=s.dated_on, place=files.place(s.place))


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value)
    return str(value)
