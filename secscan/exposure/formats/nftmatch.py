"""What a rule of nftables matches: values, sets, concatenations and maps over the fields of ``nftfields``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from secscan.exposure import intervals
from secscan.exposure.formats import netmatch
from secscan.exposure.formats.netmatch import Match, Part, Unread
from secscan.exposure.formats.nftfields import (
    ALL,
    NEVER,
    OTHERS,
    V4,
    Field,
    Scope,
    Values,
    by_services,
    field_of,
    of,
    reverse_path,
    short,
    untold,
)
from secscan.model.net import Intervals, PortSet

MOST: Final = 2_000
"""Alternatives that one rule may stand for."""


def matches(what: Any, scope: Scope) -> list[Match]:
    """What a ``match`` statement matches: any of these. Raises Unread."""
    match what:
        case {"left": left, "right": right, **more}:
            op = more.get("op", "==")
        case _:
            raise Unread("a match without its two sides")
    match left:
        case {"concat": list() as keys}:
            return _concat(keys, op, right, scope)
        case {"&": [inner, mask]}:
            return [_masked(field_of(inner, scope), mask, op, right)]
        case {"fib": {"result": "oif" | "oifname" | "check", **rest}} if op in ("==", "!="):
            return [reverse_path(rest.get("flags"), right, op == "==")]
    one = field_of(left, scope)
    if op in _BEYOND and one.number is not None:
        lo, hi = one.number.read(right)
        return [one.number.among(_beyond(op, lo, hi, one.number.top), False)]
    if one.fixed:
        values, unknown = members(right, scope)
        several = isinstance(right, dict) or (isinstance(right, str) and right.startswith("@"))
        return [untold(unknown) if unknown else _told(one, [_holds(held, op, values, several) for held in one.fixed])]
    if (op in ("in", "!")) != (one.name == "ct status") or op in _BEYOND:
        return [untold(f"it hangs on more of {one.name} than is known")]
    if op not in ("==", "!=", "in", "!"):
        raise Unread(f"operator '{str(op)[:10]}' is not known")
    return [_among(one, right, op in ("!=", "!"), scope)]


_BEYOND: Final = ("<", ">", "<=", ">=")


def _beyond(op: str, lo: int, hi: int, top: int) -> Intervals:
    first, last = {"<": (0, lo - 1), "<=": (0, hi), ">": (hi + 1, top), ">=": (lo, top)}[op]
    return ((first, last),) if first <= last else ()


def _among(one: Field, right: Any, negated: bool, scope: Scope) -> Match:
    """``right``: one value, several, or the name of a set."""

    def found() -> Match:
        values, unknown = members(right, scope)
        return untold(unknown) if unknown else one.match(values, negated)

    if not (isinstance(right, str) and right.startswith("@")) or one.number is None:
        return found()
    key = right, one.name, negated
    if key not in scope.known:
        scope.known[key] = found()
    return scope.known[key]


def members(right: Any, scope: Scope) -> tuple[Values, str | None]:
    """The values on the right of an operator, and why they are not known, where they are not."""
    match right:
        case str() if right.startswith("@"):
            found = scope.sets.get(right[1:])
            if found is None:
                return (), f"set '{right[1:61]}' is not in the export"
            return found.elements, f"set '{right[1:61]}' {found.unknown}" if found.unknown else None
        case {"set": list() as elements}:
            return plain(elements)
        case list():
            return right, None
    return (right,), None


def plain(elements: Values) -> tuple[Values, str | None]:
    """Elements without their comments and counters; with a reason where one does not stay, or asks for more."""
    found: list[Any] = []
    for element in elements:
        match element:
            case [key, value]:
                bare, unknown = plain((key,))
                if unknown:
                    return (), unknown
                found.append([bare[0], value])
            case {"elem": {"val": value, **more}}:
                if strange := more.keys() - {"comment", "counter", "handle", "last"}:
                    asked = min(map(str, strange))
                    return (), "has members that expire" if asked in ("timeout", "expires") else f"asks for a {asked}"
                found.append(value)
            case _:
                found.append(element)
    return found, None


def _told(one: Field, tests: Sequence[bool]) -> Match:
    """``tests``: whether it matches, for each thing that the field may hold."""
    found = ALL if tests[0] else NEVER
    if one.name == "tcp flags" and tests[0]:
        found = by_services((PortSet(proto="tcp"),))
    return replace(found, asks_state=True) if len(set(tests)) > 1 else found


def _holds(held: frozenset[str], op: Any, values: Values, several: bool) -> bool:
    """Whether a field that holds this matches. ``several``: the values of a set, else the flags of one value."""
    if several and op in ("==", "!="):
        return any(value == OTHERS or _words(value) == held for value in values) is (op == "==")
    words = _words(list(values))
    match op:
        case "==":
            return words == held
        case "!=":
            return words != held
        case "in":
            return bool(words & held)
        case "!":
            return not words & held
    raise Unread(f"operator '{str(op)[:10]}' is not known")


def _words(value: Any) -> frozenset[str]:
    match value:
        case 0 | [0]:
            return frozenset()
        case str():
            return frozenset((value,))
        case [[*inner]]:
            return _words(inner)
        case list() if all(isinstance(one, str) for one in value):
            return frozenset(value)
        case {"|": list() as parts}:
            return frozenset().union(*(_words(part) for part in parts))
    raise Unread(f"{short(value)} is not a flag")


def _masked(one: Field, mask: Any, op: Any, right: Any) -> Match:
    """``field & mask == value``."""
    if one.fixed and op in ("==", "!="):
        asked, wanted = _words(mask), _words(right)
        return _told(one, [(held & asked == wanted) is (op == "==") for held in one.fixed])
    if one.name == "ip frag-off" and isinstance(mask, int) and not mask & 0x4000 and op in ("==", "!="):
        return of(V4) if (right == 0) is (op == "==") else NEVER  # a first packet is whole
    if one.number is None or op not in ("==", "!="):
        return untold(f"it hangs on bits of {one.name}")
    (number, last), (bits, end) = one.number.read(right), one.number.read(mask)
    if number != last or bits != end:
        raise Unread(f"{short(right)} is not one value")
    width = one.number.top.bit_length()
    pairs = intervals.normal(netmatch.masked(number, bits, width)) if number & ~bits == 0 else ()
    return one.number.among(pairs, op == "!=")


def _concat(keys: Sequence[Any], op: Any, right: Any, scope: Scope) -> list[Match]:
    values, unknown = members(right, scope)
    if unknown:
        return [untold(unknown)]
    fields = [field_of(key, scope) for key in keys]
    match op:
        case "==" | "in":
            return joined(tuple_match(fields, value) for value in values)
        case "!=":
            return others(fields, values)
    raise Unread(f"operator '{str(op)[:10]}' is not known")


def tuple_match(fields: Sequence[Field], value: Any) -> list[Match]:
    """What matches one value of several fields."""
    found = [ALL]
    for one, part in zip(fields, parts_of(fields, value), strict=True):
        found = both(found, [_atom(one, part, False)])
    return found


def parts_of(fields: Sequence[Field], value: Any) -> Values:
    match value:
        case {"concat": list() as parts} if len(parts) == len(fields):
            return parts
        case _ if len(fields) == 1:
            return [value]
    raise Unread(f"{short(value)} is not one value of each field")


def _atom(one: Field, value: Any, negated: bool) -> Match:
    if one.fixed:
        return _told(one, [(value == OTHERS or _words(value) == held) is not negated for held in one.fixed])
    return one.match([value], negated)


def others(fields: Sequence[Field], values: Values) -> list[Match]:
    """What matches none of the values, of the packets that have the fields."""
    if len(fields) == 1 and not fields[0].fixed:
        return [fields[0].match(values, True)]
    found = (
        [_atom(fields[0], OTHERS, False)]
        if len(fields) == 1
        else tuple_match(fields, {"concat": [OTHERS] * len(fields)})
    )
    for value in values:
        left: list[list[Match]] = []
        parts, held = parts_of(fields, value), found
        for one, part in zip(fields, parts, strict=True):
            left.append(both(held, [_atom(one, part, True)]))
            held = both(held, [_atom(one, part, False)])
        found = joined(left)
    return found


def cases(key: Any, data: Any, scope: Scope) -> list[tuple[list[Match], Any]]:
    """What a map says: (what matches, the value); None in place of a value that is not known. Raises Unread."""
    values, unknown = members(data, scope)
    if unknown:
        return [([untold(unknown.replace("set '", "map '", 1))], None)]
    keys = key["concat"] if isinstance(key, dict) and isinstance(key.get("concat"), list) else [key]
    fields = [field_of(one, scope) for one in keys]
    grouped: dict[str, tuple[list[Any], Any]] = {}
    for pair in values:
        match pair:
            case [one, value] if one == OTHERS:
                grouped[OTHERS] = [], value
            case [one, value]:
                grouped.setdefault(repr(value), ([], value))[0].append(one)
            case _:
                raise Unread(f"{short(pair)} is not a pair of a map")
    default = grouped.pop(OTHERS, None)
    found = [(_any_of(fields, some), value) for some, value in grouped.values()]
    if default is not None:
        found.append((others(fields, [one for some, _ in grouped.values() for one in some]), default[1]))
    return found


def _any_of(fields: Sequence[Field], values: Values) -> list[Match]:
    if len(fields) == 1 and not fields[0].fixed:
        return [fields[0].match(values, False)]
    return joined(tuple_match(fields, value) for value in values)


def both(left: Sequence[Match], right: Sequence[Match]) -> list[Match]:
    """What matches some of the one and some of the other. Raises Unread where that is too much."""
    found = []
    for a in left:
        for b in right:
            if len(a.parts) * len(b.parts) > netmatch.MOST_PARTS:
                raise Unread("it stands for too many combinations")
            if a.state == b.state == "new" and (one := a.narrowed(b)) is not None:
                found.append(one)
    return found if len(found) < 2 else joined([found])


def joined(some: Iterable[Sequence[Match]]) -> list[Match]:
    """Alternatives as few as may be: those that differ in addresses and services alone are one."""
    found: dict[Match, list[Part]] = {}
    for match in (one for group in some for one in group if one.state == "new"):
        found.setdefault(replace(match, parts=()), []).extend(match.parts)
    if len(found) > MOST or sum(map(len, found.values())) > netmatch.MOST_PARTS:
        raise Unread("it stands for too many combinations")
    return [
        replace(kind, parts=tuple(parts if len(parts) == 1 else dict.fromkeys(parts))) for kind, parts in found.items()
    ]
