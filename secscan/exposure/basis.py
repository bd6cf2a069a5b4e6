"""What the proof of a claim rests on: rules, bindings, interfaces, zones, addresses and listening ports.

Each part is kept as a short digest of what it means, so that a later run can tell whether a scan of then still proves
anything today, and name what has changed. A rule that stands on another line, or has another number, and means the
same is the same rule.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from typing import Any, Final

from secscan.exposure.asset_reach import Subject
from secscan.exposure.engine import rule_text
from secscan.exposure.items import Item
from secscan.exposure.node import Node
from secscan.exposure.scene import Scene
from secscan.exposure.told import device_name
from secscan.model.net import Device

SHOWN: Final = 4
"""Changes that are named; of more, how many."""
_RULE: Final = "rule "
_NOT_MEANT: Final = frozenset(("origin", "why", "translation"))
"""Fields of an item that say where it stands and how it is told, and not what it does."""

Way = tuple[str, str, bool]
"""(zone, port, inward)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that a proof rests on. ``words`` name it; ``since``: a day on which it was as it is, or None."""

    words: str
    digest: str
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The parts of a claim's proof as one run leaves them to the next."""

    parts: Mapping[str, str]
    """Words -> digest."""
    since: date | None
    """The first day on which all of them surely stood so: a scan of before proves nothing about them."""
    changed: tuple[str, ...] = ()
    """What became different on that day; empty where nothing is known of before."""

    def kept(self) -> dict[str, Any]:
        """The same as the record keeps it."""
        since = None if self.since is None else self.since.isoformat()
        return {"parts": dict(self.parts), "since": since, "changed": list(self.changed)}

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Standing | None:
        """What ``kept`` wrote, out of a record."""
        if not kept:
            return None
        since = date.fromisoformat(kept["since"]) if kept["since"] else None
        return cls(parts=kept["parts"], since=since, changed=tuple(kept["changed"]))


def parts(scene: Scene, subject: Subject, ways: Iterable[Way]) -> Sequence[Part]:
    """Everything that the answers to these ways rest on, each once."""
    found: dict[str, Part] = {}
    zones = {zone.id: zone for zone in scene.zones}
    here = {located.zone for *_, located in subject.addresses if located.zone}
    met: dict[str, tuple[Node, set[str]]] = {}
    for zone, port, inward in ways:
        for node, item in scene.passages.rests(subject, zone, port, inward=inward):
            met.setdefault(node.key, (node, set()))[1].update((zone, *here))
            part = Part(words=_named(node.device, item), digest=_digest(item), since=node.device.exported_on)
            found.update(_further(found, part))
        for one in sorted({zone, *here} & set(zones)):
            found[f"zone {one}"] = Part(words=f"zone {one}", digest=_digest(zones[one].addresses), since=None)
    for node, between in met.values():
        found.update((part.words, part) for part in _sides(node, sorted(between)))
    found["its addresses"] = Part(
        words="its addresses", digest=_digest([pair[:2] for pair in subject.addresses]), since=None
    )
    found["its listening ports"] = Part(
        words="its listening ports", digest=_digest(scene.listening(subject)), since=None
    )
    return tuple(found.values())


def standing(now: Sequence[Part], before: Standing | None, exported_on: date | None, today: date) -> Standing:
    """How the parts stand today. ``exported_on``: the day of the newest export among them, where nothing is known of before."""
    mine = {part.words: part.digest for part in now}
    if before is None:
        return Standing(parts=mine, since=exported_on)
    changes = differences(before.parts, mine)
    if not changes:
        return Standing(parts=mine, since=before.since, changed=before.changed)
    days = {part.words: part.since for part in now}
    since = max(days.get(words) or today for words, _ in changes)
    shown = [f"{words} {how}" for words, how in changes[:SHOWN]]
    if len(changes) > SHOWN:
        shown.append(f"{len(changes) - SHOWN} more")
    return Standing(parts=mine, since=since, changed=tuple(shown))


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str]]:
    """(part, what became of it). Rules are compared by what they mean, whatever they are called; all else by name."""
    found = []
    gone, come = _left(old, new), _left(new, old)
    for words in sorted({*gone, *come}):
        if words in gone and words in come:
            found.append((words, "changed"))
        elif words.startswith(_RULE):
            found.append((words, "decides no longer" if words in gone else "decides now"))
        else:
            found.append((words, "is gone" if words in gone else "is new"))
    return found


def _left(these: Mapping[str, str], others: Mapping[str, str]) -> set[str]:
    """The parts of these that the others do not have."""
    rules = Counter(digest for words, digest in others.items() if words.startswith(_RULE))
    left = set()
    for words, digest in sorted(these.items()):
        if not words.startswith(_RULE):
            if others.get(words) != digest:
                left.add(words)
        elif rules[digest]:
            rules[digest] -= 1
        else:
            left.add(words)
    return left


def _further(found: Mapping[str, Part], part: Part) -> dict[str, Part]:
    """A part under its words, or under these and a number where another is called so."""
    words, at = part.words, 1
    while (known := found.get(words)) is not None and known.digest != part.digest:
        at += 1
        words = f"{part.words} ({at})"
    return {words: replace(part, words=words)}


def _named(device: Device, item: Item) -> str:
    """A rule by its own number, else by its text: its line may move."""
    origin = item.origin
    if item.default:
        return f"{_RULE}{device_name(device.name)} default"
    return (
        f"{_RULE}{rule_text(device.name, origin)}" if origin.vendor_id else f"{_RULE}{device.name} '{origin.text[:60]}'"
    )


def _sides(node: Node, zones: Iterable[str]) -> Iterator[Part]:
    """The interfaces of a device that its answers rest on, and where its lists are bound."""
    device = node.device
    lie = node.sides.lie(zones)
    for one in device.interfaces:
        if one.name in lie:
            words = f"interface {one.name} of {device.name}"
            behind = sorted(device.sides.get(one.name, ())) + sorted(device.sides.get(one.zone or "", ()))
            meant = (one.zone, one.addresses, one.networks, one.level, one.enabled, behind)
            yield Part(words=words, digest=_digest(meant), since=device.exported_on)
    bound = [(s.name, s.chain, s.in_interfaces, s.out_interfaces, s.sees, s.traffic) for s in device.stages]
    yield Part(words=f"the bindings of {device.name}", digest=_digest(bound), since=device.exported_on)


def _digest(meant: Any) -> str:
    return hashlib.sha256(repr(_plain(meant)).encode()).hexdigest()[:16]


def _plain(meant: Any) -> Any:
    """The same for the same meaning: sets in order, no place."""
    if isinstance(meant, frozenset | set):
        return sorted(map(_plain, meant), key=repr)
    if isinstance(meant, tuple | list):
        return [_plain(one) for one in meant]
    if is_dataclass(meant) and not isinstance(meant, type):
        return [_plain(getattr(meant, f.name)) for f in fields(meant) if f.name not in _NOT_MEANT]
    return meant
