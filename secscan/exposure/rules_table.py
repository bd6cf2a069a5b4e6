"""The table of rules: every rule of every firewall, what the device does when none matches, and what could not be read.

A rule is told by what it means, not by its words: two halves of the address space are every source. What a part that
could not be read may change is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from secscan.exposure import catch_all
from secscan.exposure.scene import Scene, shared_columns, shared_places
from secscan.exposure.shadowed import Standing, standings
from secscan.model.frame import Col, Frame
from secscan.model.kleene import all3, any3
from secscan.model.net import Device, Origin, Rule, ZoneSet
from secscan.model.places import Place

if TYPE_CHECKING:
    from secscan.model.settings import Firewall, Settings

_OWN: Final = (
    "device_rule", "device", "position", "name", "is_default", "enabled", "action", "any_any", "covers_internet",
    "shadowed", "shadowed_by", "covering", "rule_owner", "approver", "reason", "review_on", "expires_on", "hits", "last_hit_on", "written",
    "exported_on", "stale", "not_understood", "first_not_understood",
    "lists_unasked", "unasked",
)  # fmt: skip
NAMED: Final = 5
"""Covering rules that are told by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row: whose it is, the line that says so, and its values; what is not there is not known."""

    firewall: str
    place: Place
    values: Mapping[str, Any]
    decided: Place
    """The line behind the action: of a default the rule that catches everything, where there is one."""
    taken: Place | None = None
    """The first rule that takes what this one would match."""


def rules_table(scene: Scene, settings: Settings, devices: Sequence[Device], places: Mapping[str, Place]) -> Frame:
    """The frame ``rules``. ``places``: firewall id -> where secscan.yaml speaks of it, for what stands in no export.

    A rule belongs to the council of its firewall: the one that secscan.yaml names, else the one council of its zones,
    else the provider, else the first there is; and to the asset there that it guards, or whose id or name is the firewall's id.
    """
    firewalls = {firewall.id: firewall for firewall in settings.firewalls}
    rows = [row for one in devices if one.name in firewalls for row in _rows(one, scene.zones, places)]
    councils = {id: _council(firewall, settings) for id, firewall in firewalls.items()}
    assets = {id: _asset(scene, council, firewalls[id].host or id) for id, council in councils.items()}
    take = np.array([assets[row.firewall] for row in rows], dtype=np.int32)
    columns = {
        **shared_columns(scene.assets, take),
        "council": Col([councils[row.firewall] for row in rows]),
        **{name: Col([row.values.get(name) for row in rows]) for name in _OWN},
    }
    taken = Col([row.taken and scene.files.code(row.taken.file, row.taken.line) for row in rows])
    return Frame(
        "rules", len(rows), columns,
        {
            **{name: col for name, col in shared_places(scene.assets, take).items() if name not in ("", "council")},
            "": Col([scene.files.code(row.place.file, row.place.line) for row in rows]),
            "action": Col([scene.files.code(row.decided.file, row.decided.line) for row in rows]),
            "shadowed_by": taken,
            "covering": taken,
        },
    )  # fmt: skip


def _council(firewall: Firewall, settings: Settings) -> str:
    owners = {zone.council for zone in settings.zones if zone.id in firewall.zones and zone.council is not None}
    if firewall.council is not None:
        return firewall.council
    if len(owners) == 1:
        return owners.pop()
    return next((c.id for c in settings.councils if c.role == "provider"), settings.councils[0].id)


def _asset(scene: Scene, council: str, device: str) -> int:
    """The row of the asset that is the firewall; -1 where the council's register has none."""
    by_id = scene.rows.get((council, device.casefold()))
    mine = (row for (owner, _), row in scene.rows.items() if owner == council)
    named = [row for row in mine if str(scene.assets.get("hostname", row) or "").casefold() == device.casefold()]
    return by_id if by_id is not None else named[0] if len(named) == 1 else -1


def _rows(one: Device, zones: Sequence[ZoneSet], places: Mapping[str, Place]) -> Iterator[_Row]:
    """The rules in their order, the lines that were not understood, and the default; one row where nothing was read."""
    end = _end(one)
    elsewhere = places.get(one.name) or Place(end.file, end.line)
    known = frozenset(zone.id for zone in zones)
    told = {"device": one.name, "exported_on": one.exported_on, "stale": None if one.exported_on is None else one.stale}

    def row(origin: Origin, decided: Origin | None = None, taken: Origin | None = None, **values: Any) -> _Row:
        place = _place(origin, elsewhere)
        return _Row(
            firewall=one.name, place=place, values={**told, **values}, taken=_place(taken, elsewhere) if taken else None,
            decided=_place(decided, elsewhere) if decided else place,
        )  # fmt: skip

    met = [(rule, stands) for (_, rule), stands in zip(one.rules(), standings(one, known), strict=True)]
    rules = [rule for rule, _ in met if not rule.implied]
    lost = [step for chain in one.chains.values() for step in chain.steps if isinstance(step, Origin)]
    if not rules and any(not line.line for line in lost):
        yield row(end)
        return
    internet = [zone for zone in zones if zone.internet]
    sides = frozenset(interface.name for interface in one.interfaces)
    written = _as_written(rules)
    names = _names(written)
    called = {_line(chain.default_origin): "the end of its list" for chain in one.chains.values()}
    called |= {_line(rule.origin): "what the device does by itself" for rule, _ in met if rule.implied}
    called |= {_line(parts[0].origin): name for name, parts in zip(names, written, strict=True)}
    stand = iter([stands for rule, stands in met if not rule.implied])
    for position, (name, parts) in enumerate(zip(names, written, strict=True)):
        first = parts[0]
        action = first.action if all(part.action == first.action for part in parts) else None
        lets = None if action is None else action == "permit"
        shadowed, by, why = _stands(first.origin, [next(stand) for _ in parts])
        yield row(
            first.origin,
            taken=by[0] if by else None,
            device_rule=f"{one.name} {name}",
            position=position,
            name=first.origin.name or first.origin.vendor_id or None,
            is_default=False,
            enabled=first.enabled and not first.expired,
            action=action,
            any_any=all3((lets, any3(catch_all.every_way(part, one.zones, known, sides) for part in parts))),
            covers_internet=any3(catch_all.covers_internet(part, internet, known) for part in parts),
            shadowed=shadowed,
            shadowed_by=_taken_by(by, called) if by else why or None,
            covering="; ".join(origin.text for origin in by[:NAMED] if origin.text) or None,
            rule_owner=first.owner,
            approver=first.approver,
            reason=first.reason,
            review_on=first.review_on,
            expires_on=first.expires_on,
            hits=first.hits,
            last_hit_on=first.last_hit_on,
            written=first.origin.text or None,
        )
    for line in lost:
        # Nobody can say what it is; that it is a rule, and not what happens when none matches, is sure.
        yield row(
            line, device_rule=f"{one.name} line {line.line}" if line.line else None, is_default=False,
            written=line.text or None,
        )  # fmt: skip
    word, by_rule = catch_all.default(one, known)
    unread = [line for line in (*lost, *one.unread) if line.line]
    unasked = _unasked(one)
    yield row(
        end, by_rule, device_rule=f"{one.name} default", position=len(written), name="default",
        is_default=True, enabled=True, action=word, any_any=False, not_understood=len(unread),
        first_not_understood=f"{unread[0].file}:{unread[0].line}: {unread[0].text}" if unread else None,
        # A line that was not understood may ask one of them.
        lists_unasked=None if unasked and unread else len(unasked), unasked=", ".join(unasked) or None,
    )  # fmt: skip


def _unasked(one: Device) -> list[str]:
    """The lists with rules of somebody's that no stage and no other list asks."""
    asked = {chain.name for chain, _ in one.rules()} | {stage.chain for stage in one.stages}
    others = [chain for name, chain in one.chains.items() if name not in asked]
    return sorted(c.name for c in others if any(isinstance(step, Rule) and not step.implied for step in c.steps))


def _stands(own: Origin, parts: Sequence[Standing]) -> tuple[bool | None, Sequence[Origin], str]:
    """How what one line was read as stands: whether no packet gets to any of it, who takes them, and why else."""
    shadowed = all3(part.shadowed for part in parts)
    every = (origin for part in parts for origin in part.by if _line(origin) != _line(own))
    by = dict.fromkeys(every) if shadowed else {}
    return shadowed, list(by), next((part.why for part in parts if part.shadowed is shadowed and part.why), "")


def _taken_by(by: Sequence[Origin], called: Mapping[_Line, str]) -> str:
    """Who takes what a rule would match, in words."""
    told = [f"{called[_line(origin)]} ({origin.file}:{origin.line})" for origin in by[:NAMED]]
    more = f" and {len(by) - NAMED} more" if len(by) > NAMED else ""
    return f"taken before it by {', '.join(told)}{more}"


def _place(origin: Origin, otherwise: Place) -> Place:
    return Place(origin.file, origin.line) if origin.line else otherwise


_Line = tuple[str, int, str, str]


def _line(origin: Origin) -> _Line:
    """What one line was read as has one of these."""
    return origin.file, origin.line, origin.vendor_id, origin.name


def _as_written(rules: Sequence[Rule]) -> list[tuple[Rule, ...]]:
    """The rules as a person wrote them: what one line was read as stands together."""
    return [tuple(parts) for _, parts in groupby(rules, key=lambda rule: _line(rule.origin))]


def _names(rules: Sequence[tuple[Rule, ...]]) -> list[str]:
    """How each rule is called: by its name, and where several have that, by its number or line too."""
    numbers = [parts[0].origin.vendor_id or f"line {parts[0].origin.line}" for parts in rules]
    plain = [parts[0].origin.name or number for parts, number in zip(rules, numbers, strict=True)]
    count = Counter(plain)
    return [f"{a} ({n})" if count[a] > 1 and a != n else a for a, n in zip(plain, numbers, strict=True)]


def _end(one: Device) -> Origin:
    """The line that says what the device does when no rule matches: that of the first chain that is asked."""
    asked = [one.chains[stage.chain] for stage in one.stages if stage.chain in one.chains]
    return next(
        (chain.default_origin for chain in (*asked, *one.chains.values())),
        Origin(file=one.name, line=0, line_to=0, text=""),
    )
