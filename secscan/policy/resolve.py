"""Lays overlays over the baseline: one control for each council, and where it asks for less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from secscan.model.check import CheckSpec
from secscan.model.places import Place
from secscan.model.policy import Control, FeedLimits, Loosened, Scope
from secscan.policy import looser
from secscan.policy.documents import ControlEntry, ScopePart
from secscan.policy.params import INTERNET, World, defaults, merged
from secscan.policy.products import feeds, free_extensions, minimum_versions
from secscan.policy.read import Desk, Sheet, Written, known

_NEEDED: Final = ("check", "title", "text", "theme", "severity", "due")
_PLAIN: Final = ("check", "title", "text", "theme", "severity", "mitigated_by", "unknowns")


@dataclass(slots=True)
class Draft:
    """One control of one council while the files are laid over one another."""

    first: Control
    """As it was first defined: what the council's own files are measured against."""
    now: Control
    said: dict[tuple[str, ...], Written[ControlEntry]] = field(default_factory=dict)
    """Which entry last spoke about each key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    controls: tuple[Control, ...]
    minimum_versions: Mapping[str, tuple[str, Place]]
    free_extensions: tuple[str, ...]
    feeds: Mapping[str, FeedLimits]
    loosened: tuple[Loosened, ...]


def resolve(desk: Desk, sheets: Sequence[Sheet], world: World) -> Resolved:
    """The sheets in order, the baseline first. What does not hold is refused at ``desk``; the rest goes on."""
    drafts: dict[str, dict[str, Draft]] = {}
    unread: set[str] = set()
    for sheet in sheets:
        earlier = list(drafts)
        councils = _councils(desk, sheet, world)
        seen: dict[str, Place] = {}
        for written in sheet.controls:
            control, place = written.entry.id, written.value("id")
            if control in seen:
                desk.refuse(
                    place, f"control '{control}' is in this file twice; the first is on line {seen[control].line}"
                )
                continue
            seen[control] = place
            if control in drafts or control not in unread:
                _lay(desk, written, drafts.setdefault(control, {}), councils, world, earlier)
        # What could not be read was complained of once; an overlay on it is not new.
        unread |= sheet.named - set(seen)
    minimum, loosened = minimum_versions(desk, sheets, world)
    free, loosened_free = free_extensions(desk, sheets, world)
    limits, loosened_feeds = feeds(desk, sheets, world)
    return Resolved(
        controls=tuple(v for by_council in drafts.values() for v in _variants(by_council)),
        minimum_versions=minimum,
        free_extensions=free,
        feeds=limits,
        loosened=(*_all_loosened(drafts, world), *loosened, *loosened_free, *loosened_feeds),
    )


def _councils(desk: Desk, sheet: Sheet, world: World) -> tuple[str, ...]:
    if sheet.councils is None:
        return tuple(world.councils)
    return tuple(
        name
        for number, name in enumerate(sheet.councils)
        if known(desk, "council", name, world.councils, sheet.document.place("councils", number))
    )


def _lay(
    desk: Desk,
    written: Written[ControlEntry],
    drafts: dict[str, Draft],
    councils: Iterable[str],
    world: World,
    earlier: Sequence[str],
) -> None:
    """The entry is in force for ``councils``."""
    entry = written.entry
    for council in councils:
        draft = drafts.get(council)
        if draft is None:
            if missing := [name for name in _NEEDED if getattr(entry, name) is None]:
                near = desk.nearest(entry.id, earlier)
                says = f"control '{entry.id}' is new here and needs {', '.join(missing)}{near}"
                desk.refuse(written.value("id"), says)
                if entry.check is not None:
                    known(desk, "check", entry.check, world.checks, written.value("check"))
                return
            first = _control(desk, written, None, world)
            drafts[council] = Draft(first=first, now=first)
        else:
            draft.now = _control(desk, written, draft.now, world)
            draft.said.update(dict.fromkeys(_keys(entry), written))


def _control(desk: Desk, written: Written[ControlEntry], before: Control | None, world: World) -> Control:
    """``before`` with every field that the entry gives."""
    entry = written.entry
    given: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN if getattr(entry, name) is not None}
    if entry.due is not None:
        given["due_days"] = entry.due
    if entry.references is not None:
        given["references"] = entry.references
    if entry.disabled is not None:
        given["disabled"] = None if entry.disabled is False else entry.disabled
    check = given.get("check") or (before.check if before else "")
    spec = world.checks.get(check)
    if entry.check is not None:
        known(desk, "check", check, world.checks, written.value("check"))
    if spec is not None:
        start = before.params if before is not None and before.check == check else defaults(spec)
        given["params"] = merged(desk, written, spec, start, world.zones)
    if entry.scope is not None:
        given["scope"] = _scope(desk, written, spec, world)
    place = written.place("id")
    if before is not None:
        return replace(before, **given, place=place)
    return Control(id=entry.id, place=place, **given)


def _scope(desk: Desk, written: Written[ControlEntry], spec: CheckSpec | None, world: World) -> Scope:
    entry = written.entry.scope
    assert entry is not None
    names: dict[str, Sequence[str]] = {} if world.zones is None else {"council": world.councils}
    if world.zones:  # without zones of our own, the register's words are all there is
        names["zone"] = [*world.zones, INTERNET]
    for path, part in ((("scope",), entry), (("scope", "not"), entry.excluded)):
        for column, values in _columns(part).items():
            if spec is not None and column not in spec.table.columns():
                says = f"table '{spec.table.table}' of check '{spec.id}' has no '{column}'"
                desk.refuse(written.place(*path, column), says)
            for number, value in enumerate(values if column in names else ()):
                known(desk, column, value, names[column], written.value(*path, column, number))
    said = written.entry.reason
    return Scope(only=_columns(entry), excluded=_columns(entry.excluded), reason=said, place=written.place("scope"))


def _columns(part: ScopePart | None) -> dict[str, tuple[str, ...]]:
    names = ScopePart.model_fields
    return {} if part is None else {n: tuple(v) for n in names if (v := getattr(part, n)) is not None}


def _keys(entry: ControlEntry) -> Iterator[tuple[str, ...]]:
    for name in (*_PLAIN, "due", "scope", "disabled", "references"):
        if getattr(entry, name) is not None:
            yield (name,)
    for name, value in entry.settings.items():
        yield ("with", name)
        if isinstance(value, dict):
            yield from (("with", name, key) for key in value)


def _variants(drafts: Mapping[str, Draft]) -> Iterator[Control]:
    """Councils that have the very same control share a variant."""
    found: list[tuple[Control, list[str]]] = []
    for council, draft in drafts.items():
        same = next((names for control, names in found if control == draft.now), None)
        if same is None:
            found.append((draft.now, [council]))
        else:
            same.append(council)
    for control, names in found:
        yield replace(control, councils=frozenset(names))


def _all_loosened(drafts: Mapping[str, Mapping[str, Draft]], world: World) -> Iterator[Loosened]:
    found: dict[Loosened, None] = {}
    for control, by_council in drafts.items():
        for council, draft in by_council.items():
            for change in looser.looser(draft.first, draft.now, world.checks.get(draft.now.check)):
                written = _speaker(draft, change.key)
                why = written.entry.reason if written else None
                if change.key == ("disabled",):
                    why = why or draft.now.disabled
                one = Loosened(
                    control=control, councils=frozenset((council,)), what=change.what, before=change.before,
                    after=change.after, reason=why, place=written.place(*change.key) if written else draft.now.place,
                )  # fmt: skip
                found[one] = None
    return _together(found)


def _speaker(draft: Draft, key: tuple[str, ...]) -> Written[ControlEntry] | None:
    """The entry that last spoke about a key, or about the nearest key around it."""
    for end in range(len(key), 0, -1):
        if written := draft.said.get(key[:end]):
            return written
    return draft.said.get(("check",))


def _together(found: Iterable[Loosened]) -> Iterator[Loosened]:
    """One statement for all the councils that it holds for."""
    councils: dict[Loosened, set[str]] = {}
    for one in found:
        councils.setdefault(replace(one, councils=frozenset()), set()).update(one.councils)
    for one, names in councils.items():
        yield replace(one, councils=frozenset(names))
