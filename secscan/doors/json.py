"""The one way in and out for JSON: no NaN, no repeated key, bounded depth, dates as ISO text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Final

from secscan.model.errors import InputError
from secscan.model.places import Place

MAX_DEPTH: Final = 50
_STRING: Final = r'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?'
"""A string; one that is never closed ends with the text, so that nothing is looked at twice."""
_TOKEN: Final = re.compile(rf"{_STRING}|[\[\]{{}}\n]", re.DOTALL)
_NO_BRACKET: Final = re.compile(rf'{_STRING}|[^"\[\]{{}}]++', re.DOTALL)


def loads(raw: bytes, shown: str) -> Any:
    """The value in ``raw`` (UTF-8, or UTF-16 with its byte order mark).

    Raises InputError with line and column.
    """
    encoding = _encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            Place(shown, line), f"not {encoding.removesuffix('-sig').upper()}: byte {error.start}", "save it as UTF-8"
        ) from None
    if _deepest(text) > MAX_DEPTH:
        raise InputError(Place(shown), f"nested more than {MAX_DEPTH} deep", "ask where the file comes from")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InputError(Place(shown, error.lineno, error.colno), f"not JSON: {error.msg}", "export it again") from None
    except (ValueError, RecursionError) as error:
        says = str(error).splitlines()[0].partition(" for integer string")[0]  # what follows is for programmers
        raise InputError(Place(shown), f"not acceptable JSON: {says}", "mend it where it comes from") from None


def places(raw: bytes) -> dict[tuple[str, ...], list[int]]:
    """Keys that lead to objects -> the line on which each of them begins, in order; a list adds no key of its own.

    For what ``loads`` has accepted: ``{"a": [{}, {}]}`` has one object at () and two at ("a",).
    """
    found: dict[tuple[str, ...], list[int]] = {}
    above: list[tuple[tuple[str, ...], bool]] = [((), False)]
    line, key = 1, ""
    for part in _TOKEN.findall(raw.decode(_encoding(raw))):
        match part[0]:
            case "\n":
                line += 1
            case '"':
                key = part[1:-1]
            case "{" | "[":
                path, keyed = above[-1]
                path = (*path, key) if keyed else path
                above.append((path, part == "{"))
                if part == "{":
                    found.setdefault(path, []).append(line)
            case _:
                above.pop()
    return found


def _encoding(raw: bytes) -> str:
    return "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def dumps(value: Any, *, pretty: bool = True, ascii: bool = False) -> str:
    """``value`` as JSON: dataclasses as objects, dates as ISO text; NaN raises ValueError.

    ``ascii`` for a terminal: JSON leaves the controls above ASCII as they are, and a terminal obeys them.
    """
    return json.dumps(
        value, default=_plain, ensure_ascii=ascii, allow_nan=False, indent=2 if pretty else None,
        separators=None if pretty else (",", ":"),
    )  # fmt: skip


def compact(value: Any) -> bytes:
    """A dataclass as JSON in the fewest bytes and the least time: what a machine reads. Dates are ISO text."""
    from pydantic import TypeAdapter

    # By the types of its fields, which is quicker than asking each value what it is.
    return TypeAdapter(type(value)).dump_json(value, warnings="none")


def canonical(value: Any) -> bytes:
    """The same value always as the same bytes: sorted keys, no spaces, UTF-8. Floats are refused."""
    _no_floats(value)
    return json.dumps(
        value, default=_plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a digest is taken over whole numbers only")
    if isinstance(value, Mapping):
        for inner in value.values():
            _no_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _no_floats(inner)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key '{key}' is set twice")
            seen.add(key)
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _finite(word: str) -> float:
    """The number; one that is too large would be infinity, which no other reader of the file would make of it."""
    found = float(word)
    return found if abs(found) < math.inf else _no_constant(word[:40])


def _deepest(text: str) -> int:
    depth = deepest = 0
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0
    for bracket in _NO_BRACKET.sub("", text):
        depth += 1 if bracket in "{[" else -1
        deepest = max(deepest, depth)
    return deepest
