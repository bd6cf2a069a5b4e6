"""The register: one row an asset, from everything that the sources of its council say of it.

Rows of several sources are one asset by the declared keys (``joining``). Each fact is that of the first source, in the
order of secscan.yaml, that knows it; what the others say is kept beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import count
from typing import Any, Final

from secscan.doors.terminal import safe
from secscan.inventory.joining import NAME, Joined, Refused, Thing, join, join_weakly, repeated
from secscan.model.keys import FACT_OF, comparable, meaningless
from secscan.model.places import Files
from secscan.model.posture import JoinRow
from secscan.model.raw import Load, RawTable
from secscan.model.settings import Settings, Weakly

FACTS: Final = (
    "hostname", "fqdn", "mac", "serial", "type", "os", "os_version", "os_edition", "zone", "service", "owner",
    "criticality", "internet_facing", "auto_update", "restart_pending", "protection_active", "definitions_on",
    "encrypted", "ip",
)  # fmt: skip
"""The columns of an assets export that are facts of the asset."""

_LOWER: Final = ("type", "criticality")
_OF_SYSTEM: Final = ("os_version", "os_edition")
_NO_TOOL: Final = ("secscan-", "table")
"""Kinds of our own, whose ids are whatever somebody put there."""
_SHOWN: Final = 20
"""How many refused joins of a council are named; the others are counted."""


@dataclass(slots=True)
class Statement:
    """What one row of one source says of an asset."""

    source: str
    dated_on: date
    place: int
    tag: str | None
    device_id: str | None
    facts: dict[str, Any]
    last_seen: date | None

    @property
    def name(self) -> str:
        """What its own source calls the asset."""
        return self.tag or self.device_id or ""


@dataclass(slots=True)
class Entry:
    """One asset. ``said``: every row about it, first in the order of belief; empty where only lists name it."""

    council: str
    asset: str
    place: int
    """The row that gives it its id."""
    said: Sequence[Statement] = ()
    key: str | None = None
    """The least sure key by which its sources were told to mean the same; None: one source alone."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, int] | None = None
    """Where each fact stands; None: all of them at ``place``."""
    last_seen: date | None = None
    last_seen_place: int | None = None
    maybe: Sequence[str] = ()
    """Other assets with which a weak key would have made it one, had nothing spoken against that."""

    def place_of(self, fact: str) -> int | None:
        if fact not in self.facts:
            return None
        return self.place if self.places is None else self.places[fact]

    def source_of(self, fact: str) -> str:
        """The source whose word for a known fact is used."""
        if self.places is None:
            return self.said[0].source
        place = self.place_of(fact)
        return next(s.source for s in self.said if s.place == place)

    @property
    def sources(self) -> int:
        """How many sources have a row about it."""
        return len(self.said) if len(self.said) < 2 else len({s.source for s in self.said})


@dataclass(slots=True)
class Register:
    """Every asset by its place in the table; and by what sources call it."""

    entries: list[Entry] = field(default_factory=list)
    joins: list[JoinRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """The facts that some row gives."""
    _names: dict[tuple[str, str], int] = field(default_factory=dict)
    """(council, folded id, tag or device id) -> its row."""
    _own: dict[tuple[str, str], int] = field(default_factory=dict)
    """(source, folded name) -> its row, where the source means another asset by it than the council does."""
    _by_address: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def at(self, council: str, source: str, name: str, place: int) -> int:
        """The row of the asset that a list of this source calls so: its own word first, then the council's.

        An asset that only a list names is an asset all the same, and gets a row here.
        """
        if (row := self.find(council, source, name)) is None:
            row = self._names[council, name.strip().casefold()] = len(self.entries)
            self.entries.append(Entry(council, name.strip(), place))
        return row

    def find(self, council: str, source: str, name: str) -> int | None:
        """The same of an asset that is in the register already; None where none is called so."""
        folded = name.strip().casefold()
        row = self._own.get((source, folded)) if self._own else None
        return self._names.get((council, folded)) if row is None else row

    def aliases(self) -> dict[tuple[str, str], str]:
        """(council, folded name) -> the asset's id, for every other name that some source has for it."""
        named = ((at, self.entries[row].asset) for at, row in self._names.items())
        return {at: asset for at, asset in named if at[1] != asset.casefold()}

    def index_addresses(self) -> None:
        """Make ``by_address`` answer; called once, when every source is in."""
        for row, entry in enumerate(self.entries):
            for address in entry.facts.get("ip", ()):
                self._by_address.setdefault((entry.council, address), []).append(row)

    def by_address(self, councils: Iterable[str], address: str) -> Sequence[int]:
        """Every asset of these councils that has the address."""
        return [row for council in councils for row in self._by_address.get((council, address), ())]

    def column(self, name: str) -> Sequence[Any]:
        return [e.facts.get(name) for e in self.entries] if name in self.known else [None] * len(self.entries)

    def column_places(self, name: str) -> Sequence[int | None]:
        return [e.place_of(name) for e in self.entries] if name in self.known else [None] * len(self.entries)


def in_order(loads: Sequence[Load], settings: Settings) -> list[Load]:
    """The files in the order of belief: by their source in secscan.yaml, and of one source the one that saw the newest first."""
    rank = {s.id: i for i, s in enumerate(s for c in settings.councils for s in c.sources)}
    for load in loads:
        rank.setdefault(load.source, len(rank))
    several = {source for source, n in Counter(load.source for load in loads).items() if n > 1}

    def newest(load: Load) -> int:
        table = load.tables.get("assets") if load.source in several else None
        days = () if table is None else table.columns.get("last_seen", ())
        return max((day.toordinal() for day in days if day is not None), default=0)

    return sorted(loads, key=lambda load: (rank[load.source], -newest(load), load.file))


def registered(loads: Iterable[Load], settings: Settings, files: Files) -> Register:
    """The register that these files give, which come in the order of belief."""
    made = Register()
    by_council: dict[str, dict[tuple[str, str], list[Statement]]] = {}
    tools: dict[str, str] = {}
    for load in loads:
        if (table := load.tables.get("assets")) is not None:
            given = [n for n in FACTS if (c := table.columns.get(n)) is not None and c.count(None) < table.rows]
            made.known.update(given)
            things = by_council.setdefault(load.council, {})
            if not load.kind.startswith(_NO_TOOL):
                tools[load.source] = load.kind.partition("-")[0]
            for statement in _statements(load, table, given):
                local = (statement.device_id or statement.tag or "").casefold()
                things.setdefault((load.source, local), []).append(statement)
    for council, things in by_council.items():
        _council(made, council, _by_tool(things, tools), settings.join, settings.join_weakly, files)
    return made


def _by_tool(things: Mapping[tuple[str, str], list[Statement]], tools: Mapping[str, str]) -> list[list[Statement]]:
    """What each source names, where two lists of one tool mean one thing: its hosts, and the programs on them.

    They do where they have one id for it; and where one of them has nothing but its name, which one thing of the other
    has. Not where they disagree whose it is: two installations of a tool count each from one. Nor is an address an id:
    two networks of a council may each have it.
    """
    if len(tools) == len(set(tools.values())):
        return list(things.values())
    rank = {source: i for i, source in enumerate(dict.fromkeys(source for source, _ in things))}
    alone: list[list[Statement]] = []
    by_id: dict[tuple[str, str], list[list[Statement]]] = {}
    for (source, local), said in things.items():
        if source in tools and said[0].device_id and not _is_address(local):
            by_id.setdefault((tools[source], local), []).append(said)
        else:
            alone.append(said)
    named: dict[tuple[str, str | None], list[list[Statement]]] = {}
    nameless: list[tuple[tuple[str, str | None], list[Statement]]] = []
    for (tool, local), lists in by_id.items():
        for said in [[s for one in lists for s in one]] if _agree(lists) else lists:
            names = {str(s.facts["hostname"]) for s in said if "hostname" in s.facts}
            at = (tool, comparable("hostname", min(names, default=None)))
            if {name.casefold() for name in names} == {local}:
                nameless.append((at, said))
            else:
                named.setdefault(at, []).append(said)
    for at, said in nameless:
        same = named.get(at, ())
        if len(same) == 1 and _agree([same[0], said]) and not {s.source for s in same[0]} & {s.source for s in said}:
            same[0][:] = sorted((*same[0], *said), key=lambda s: rank[s.source])
        else:
            alone.append(said)
    told = [*alone, *(said for some in named.values() for said in some)]
    return sorted(told, key=lambda said: rank[said[0].source])


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _agree(lists: Sequence[Sequence[Statement]]) -> bool:
    """Whether nothing that these say of a thing tells it from another."""
    return len(lists) == 1 or all(
        len({comparable(key, s.facts.get(key)) for said in lists for s in said} - {None}) < 2
        for key in ("hostname", "serial", "fqdn")
    )


def _statements(load: Load, table: RawTable, names: Sequence[str]) -> Iterator[Statement]:
    """A statement a row, with the facts of these names."""
    blank: list[Any] = [None] * table.rows
    tags, devices, seen = (table.columns.get(name, blank) for name in ("asset_tag", "device_id", "last_seen"))
    rows = zip(*(table.columns[name] for name in names), strict=True) if names else iter([()] * table.rows)
    lower, serials = [name for name in _LOWER if name in names], "serial" in names
    for tag, device, last_seen, place, row in zip(tags, devices, seen, table.places, rows, strict=True):
        facts = {name: value for name, value in zip(names, row, strict=True) if value is not None and value != ()}
        for name in lower:
            if name in facts:
                facts[name] = facts[name].casefold()
        if serials and "serial" in facts and meaningless(facts["serial"]):
            del facts["serial"]
        yield Statement(
            load.source, load.dated_on, place, tag and tag.strip(), device and device.strip(), facts, last_seen
        )


def _council(
    made: Register, council: str, things: list[list[Statement]], order: Sequence[str], weakly: Weakly, files: Files
) -> None:
    """One council's things joined, each asset with its id, and every name that leads to it."""
    start = len(made.entries)
    if len({said[0].source for said in things}) == 1 and all(s.device_id is None for said in things for s in said):
        # One source that knows its assets by their tags: there is nothing to join, and there are no other names.
        made.entries += [_entry(council, said[0].tag or "", said, None) for said in things]
        made._names.update(((council, e.asset.casefold()), row) for row, e in enumerate(made.entries[start:], start))
        return
    source_at = {source: i for i, source in enumerate(dict.fromkeys(said[0].source for said in things))}
    things.sort(key=lambda said: (source_at[said[0].source], said[0].name.casefold()))
    against = tuple(dict.fromkeys((*order, *_AGAINST)))
    keyed = [Thing(said[0].source, _keys(said, against)) for said in things]
    joined = join(keyed, order)
    if weakly.keys and len(source_at) > 1:
        joined = join_weakly(keyed, joined, _weak(things, keyed, joined, weakly), against)
    groups = [[s for i in group for s in things[i]] for group in joined.groups]
    ids = _ids(groups, repeated(keyed, ("asset_tag", *order)), order)
    made.entries += [_entry(council, asset, said, key) for said, key, asset in zip(groups, joined.by, ids, strict=True)]
    for number, others in joined.unsure.items():
        made.entries[start + number].maybe = sorted(ids[n] for n in others)
    _name(made, council, start)
    made.warnings += _refusals(joined.refused, things, council, files)
    for entry in made.entries[start:]:
        also = dict.fromkeys(s.name for s in entry.said if s.name.casefold() != entry.asset.casefold())
        if entry.key not in (None, "asset_tag") and also:
            places = [files.place(code) for code in dict.fromkeys(s.place for s in entry.said)]
            made.joins.append(
                JoinRow(
                    council=council, asset=entry.asset, also=list(also), key=entry.key, places=places,
                    sure=entry.key not in weakly.keys or entry.key in order,
                )
            )  # fmt: skip


_AGAINST: Final = ("asset_tag", "serial", "fqdn", "mac", NAME)
"""What two sightings that a weak key would join may not differ in, declared as keys or not."""


def _keys(said: Sequence[Statement], order: Sequence[str]) -> dict[str, str]:
    """The keys of one thing as they compare; of several rows about it the first that knows."""
    found: dict[str, str] = {}
    for key in ("asset_tag", *order):
        for s in said:
            if (value := comparable(key, key_of(s, key))) is not None:
                found[key] = value
                break
    return found


def key_of(s: Statement, key: str) -> str | None:
    """What a row says of a key; for a name without a domain, the name in front of one does."""
    if key == "asset_tag":
        return s.tag
    found: str | None = s.facts.get(FACT_OF.get(key, key))
    return s.facts.get("fqdn") if found is None and key == NAME else found


def _weak(
    things: Sequence[Sequence[Statement]], keyed: Sequence[Thing], joined: Joined, weakly: Weakly
) -> dict[str, dict[int, set[str]]]:
    """For each weak key the values by which each thing may be joined: those that two groups have.

    A day goes with each value, so that what held an address last year is not taken for what holds it now; of a device that
    roams, and of an address that changes hands, nothing counts. A value with the host name beside it needs none of that.
    """
    changing = [ip_network(text) for text in weakly.changing]
    found: dict[str, dict[int, set[str]]] = {}
    for key in weakly.keys:
        first: dict[str, int] = {}
        several: set[str] = set()
        for number, group in enumerate(joined.groups):
            for value in (v for i in group for v in _values(things[i], keyed[i], key)):
                if first.setdefault(value, number) != number:
                    several.add(value)
        several = {v for v in several if key != "ip" or not _is_everybodys(v)}
        alone = {v for v in several if key != "ip" or not _changes(v, changing)}
        held: dict[str, list[tuple[int, int]]] = {}
        of: dict[int, set[str]] = {}
        for group in joined.groups if several else ():
            roams = any(s.facts.get("type") in weakly.roaming for i in group for s in things[i])
            for i, s in ((one, s) for one in group for s in things[one]):
                for value in several.intersection(_values([s], keyed[i], key)):
                    if (name := keyed[i].keys.get(NAME)) is not None:
                        of.setdefault(i, set()).add(f"{value} {name}")
                    if value in alone and not roams:
                        held.setdefault(value, []).append(((s.last_seen or s.dated_on).toordinal(), i))
        for value, sightings in held.items():
            sightings.sort()
            last = since = sightings[0][0]
            for day, i in sightings:
                since = day if day - last > weakly.within_days else since
                last = day
                of.setdefault(i, set()).add(f"{value} {since}")
        found[key] = of
    return found


def _values(said: Sequence[Statement], keyed: Thing, key: str) -> Sequence[str]:
    """What rows about one thing give of a weak key: every address, the one hardware address that speaks for it."""
    if key != "ip":
        return [value] if (value := keyed.keys.get(key)) is not None else ()
    return (
        [address for s in said for address in s.facts.get("ip", ())] if len(said) > 1 else said[0].facts.get("ip", ())
    )


def _is_everybodys(address: str) -> bool:
    """Whether any machine may have the address at any time."""
    ip = ip_address(address)
    return ip.is_loopback or ip.is_unspecified or ip.is_multicast or ip.is_link_local


def _changes(address: str, changing: Sequence[IPv4Network | IPv6Network]) -> bool:
    ip = ip_address(address)
    return any(ip in network for network in changing if network.version == ip.version)


def _ids(
    groups: Sequence[Sequence[Statement]], twice: Container[tuple[str, str, str]], order: Sequence[str]
) -> list[str]:
    """Each asset's own id: the first tag that a source has for it, else its surest key, else what its source calls it.

    What one source has on two things names neither of them.
    """
    taken: set[str] = set()

    def first(candidates: Iterable[str]) -> str | None:
        found = next((c for c in candidates if c.casefold() not in taken), None)
        if found is not None:
            taken.add(found.casefold())
        return found

    def tags(said: Sequence[Statement]) -> Iterator[str]:
        return (s.tag for s in said if s.tag and (s.source, "asset_tag", s.tag.casefold()) not in twice)

    def others(said: Sequence[Statement]) -> Iterator[str]:
        for key in order:
            for s in said if key != "asset_tag" else ():
                value = comparable(key, key_of(s, key))
                if value is not None and (s.source, key, value) not in twice:
                    yield f"{key}:{value}"
        yield from (f"device:{s.device_id}" for s in said if s.device_id)
        yield from (f"{said[0].source}:{said[0].name}{'' if n == 1 else f' ({n})'}" for n in count(1))

    tagged = [first(tags(said)) for said in groups]  # every tag has its owner before anything else takes a name
    return [tag or first(others(said)) or "" for tag, said in zip(tagged, groups, strict=True)]


def _entry(council: str, asset: str, said: Sequence[Statement], key: str | None) -> Entry:
    one = said[0]
    if len(said) == 1:
        return Entry(council, asset, one.place, said, key, one.facts, None, one.last_seen, one.place)
    facts: dict[str, Any] = {}
    places: dict[str, int] = {}
    for s in said:
        for name, value in s.facts.items():
            if name not in facts and not (name in _OF_SYSTEM and _another_system(facts, s.facts)):
                facts[name], places[name] = value, s.place
    seen = max(said, key=lambda s: s.last_seen or date.min)
    named = next((s for s in said if s.tag and s.tag.casefold() == asset.casefold()), one)
    return Entry(council, asset, named.place, said, key, facts, places, seen.last_seen, seen.place)


def _another_system(known: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Whether a row speaks of another operating system than the one believed: its version is not ours."""
    return "os" in known and "os" in said and folded(known["os"]) != folded(said["os"])


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def system_name(facts: Mapping[str, Any]) -> str:
    """The operating system with its edition, where a source keeps that apart."""
    name, edition = str(facts["os"]), facts.get("os_edition")
    return f"{name} {edition}" if edition and str(edition).casefold() not in name.casefold() else name


def _name(made: Register, council: str, start: int) -> None:
    """Every name that means one asset alone leads to it: ids first, then tags, then device ids."""
    entries = list(enumerate(made.entries[start:], start))
    made._names.update(((council, entry.asset.casefold()), row) for row, entry in entries)
    for of in _NAMES:
        in_council: dict[str, int | None] = {}
        in_source: dict[tuple[str, str], int | None] = {}
        for row, entry in entries:
            for s in entry.said:
                if name := of(s):
                    in_council[name] = row if in_council.get(name, row) == row else None
                    at = (s.source, name)
                    in_source[at] = row if in_source.get(at, row) == row else None
        for name, only in in_council.items():
            if only is not None:
                made._names.setdefault((council, name), only)
        for at, only in in_source.items():
            if only is not None and made._names.get((council, at[1])) != only:
                made._own.setdefault(at, only)


_NAMES: Final[Sequence[Callable[[Statement], str | None]]] = (
    lambda s: s.tag and s.tag.casefold(),
    lambda s: s.device_id and s.device_id.casefold(),
)


def _refusals(
    refused: Sequence[Refused], things: Sequence[Sequence[Statement]], council: str, files: Files
) -> Iterator[str]:
    """One line for each join that was refused, with both places."""
    for one in refused[:_SHOWN]:
        a, b = (things[i][0] for i in one.things)
        what = f"are two assets of '{a.source}'" if one.against is None else f"differ in {one.against}"
        yield (
            f"{files.place(a.place)} and {files.place(b.place)} {what}, and the {one.key} '{safe(one.value, 60)}' would "
            f"make them one asset of {council}: nothing is joined by it"
        )
    if len(refused) > _SHOWN:
        yield f"{council}: {len(refused) - _SHOWN:,} more keys join nothing, for more than one asset has them"
