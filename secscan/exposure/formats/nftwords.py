"""Expressions of nft's JSON in nearly the words that a person would have typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from secscan.doors import json

MOST: Final = 12
"""Members of a set that are shown."""
_DEPTH: Final = 8


def words(expr: Sequence[Any]) -> str:
    """A rule: its statements one after the other, counters left out."""
    return " ".join(said for one in expr if (said := _said(one, _DEPTH)))


def _said(one: Any, deep: int) -> str:
    if not deep:
        return "..."
    deep -= 1
    match one:
        case {"counter": _}:
            return ""
        case {"match": {"left": left, "right": right, **more}}:
            op = more.get("op", "==")
            return f"{_said(left, deep)} {'' if op in ('==', 'in') else f'{op} '}{_said(right, deep)}"
        case {"payload": {"protocol": str() as first, "field": str() as second}}:
            return f"{first} {second}"
        case {"meta": {"key": str() as key}}:
            return key if key in ("iif", "oif", "iifname", "oifname") else f"meta {key}"
        case {"ct": {"key": str() as key}}:
            return f"ct {key}"
        case {"fib": {"result": result, "flags": list() as flags}}:
            return f"fib {' . '.join(map(str, flags))} {result}"
        case {"prefix": {"addr": first, "len": length}}:
            return f"{first}/{length}"
        case {"range": [first, last]}:
            return f"{first}-{last}"
        case {"set": list() as members}:
            shown = [_member(member, deep) for member in members[:MOST]]
            shown += [f"{len(members) - MOST} more"] if len(members) > MOST else []
            return f"{{ {', '.join(shown)} }}"
        case {"set": {"op": op, "elem": elem, "set": name}}:
            return f"{op} {name} {{ {_said(elem, deep)} }}"
        case {"concat": list() as parts}:
            return " . ".join(_said(part, deep) for part in parts)
        case {"elem": {"val": value}}:
            return _said(value, deep)
        case {"&": [left, right]}:
            return f"{_said(left, deep)} & {_said(right, deep)}"
        case {"vmap": {"key": key, "data": data}}:
            return f"{_said(key, deep)} vmap {_said(data, deep)}"
        case {"map": {"key": key, "data": data}}:
            return f"{_said(key, deep)} map {_said(data, deep)}"
        case {"jump": {"target": target}} | {"goto": {"target": target}}:
            return f"{next(iter(one))} {target}"
        case {"log": {"prefix": prefix}}:
            return f'log prefix "{prefix}"'
        case {"reject": {"type": kind, **more}}:
            return f"reject with {kind} {more.get('expr', '')}".rstrip()
        case {"dnat": {**to}} | {"snat": {**to}} | {"redirect": {**to}}:
            port = f":{_said(to['port'], deep)}" if "port" in to else ""
            return f"{next(iter(one))} to {_said(to.get('addr', ''), deep)}{port}"
        case {"limit": {"rate": rate, "per": per}}:
            return f"limit rate {rate}/{per}"
        case list():
            return ",".join(_said(part, deep) for part in one)
        case dict() if len(one) == 1 and next(iter(one.values())) is None:
            return str(next(iter(one)))
        case str() | int():
            return str(one)
    return json.dumps(one, pretty=False)


def _member(one: Any, deep: int) -> str:
    """A member of a set, or a pair of a map."""
    match one:
        case [key, value]:
            return f"{_said(key, deep)} : {_said(value, deep)}"
    return _said(one, deep)
