"""The one way in and out for JSON: no NaN, no repeated key, bounded depth, dates as ISO text."""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Final

from secscan.model.errors import InputError
from secscan.model.places import Place

MAX_DEPTH: Final = 50
_STRING: Final = r'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?'
"""A string; one that is never closed ends with the text, so that nothing is looked at twice."""
_TOKEN: Final = re.compile(rf"{_STRING}|[\[\]{{}}\n]".encode(), re.DOTALL)
_PIECE: Final = 1 << 20
_NO_BRACKET: Final = re.compile(rf'{_STRING}|[^"\[\]{{}}]++', re.DOTALL)


def loads(raw: bytes, shown: str, without: frozenset[str] = frozenset()) -> Any:
    """The value in ``raw`` (UTF-8, or UTF-16 with its byte order mark).

    ``without``: members of these keys are looked at like all others, and not kept; of what is, each text once. Raises InputError with line and column.
    """
    try:
        text = raw.decode(encoding_of(raw))
    except UnicodeDecodeError:
        raise undecodable(raw, shown) from None
    if deepest(text) > MAX_DEPTH:
        raise too_deep(shown)
    try:
        return json.loads(text, object_pairs_hook=_without(without) if without else once, **NUMBERS)
    except json.JSONDecodeError as error:
        raise not_json(Place(shown, error.lineno, error.colno), error.msg) from None
    except (ValueError, RecursionError) as error:
        raise unacceptable(shown, error) from None


def places(raw: bytes) -> dict[tuple[str, ...], Sequence[int]]:
    """Keys that lead to objects -> the line on which each of them begins, in order; a list adds no key of its own.

    For what ``loads`` has accepted: ``{"a": [{}, {}]}`` has one object at () and two at ("a",).
    """
    found: dict[tuple[str, ...], array[int]] = {}
    above: list[tuple[tuple[str, ...], bool]] = [((), False)]
    line, key = 1, b""
    inside: dict[tuple[tuple[str, ...], bytes], tuple[str, ...]] = {}
    encoding = encoding_of(raw)
    plain = raw if encoding == "utf-8-sig" else raw.decode(encoding).encode("utf-8", "surrogatepass")
    for part in _each_token(plain):
        match part[:1]:
            case b"\n":
                line += 1
            case b'"':
                key = part
            case b"{" | b"[":
                path, keyed = above[-1]
                if keyed:
                    at = (path, key)
                    path = inside[at] if at in inside else inside.setdefault(at, (*path, _key(key)))
                above.append((path, part == b"{"))
                if part == b"{":
                    (found[path] if path in found else found.setdefault(path, array("I"))).append(line)
            case _:
                above.pop()
    return dict(found)


def _each_token(raw: bytes) -> Iterator[bytes]:
    """Strings, brackets and ends of lines. No string goes over the end of a line, so a piece may end there."""
    at = 0
    while at < len(raw):
        end = raw.find(b"\n", at + _PIECE) + 1 or len(raw)
        if end - at > 2 * _PIECE:  # one long line: a match at a time takes longer, and no room
            yield from (found[0] for found in _TOKEN.finditer(raw, at, end))
        else:
            yield from _TOKEN.findall(raw, at, end)
        at = end


def _key(part: bytes) -> str:
    return part[1:-1].decode("utf-8", "surrogatepass")


def not_json(place: Place, says: str) -> InputError:
    """What to say of text that is no JSON from here on."""
    return InputError(place, f"not JSON: {says}", "export it again")


def unacceptable(shown: str, error: Exception) -> InputError:
    """What to say of JSON that is not taken."""
    says = str(error).splitlines()[0].partition(" for integer string")[0]  # what follows is for programmers
    return InputError(Place(shown), f"not acceptable JSON: {says}", "mend it where it comes from")


def too_deep(shown: str) -> InputError:
    """What to say of lists and objects that stand deeper in each other than is followed."""
    return InputError(Place(shown), f"nested more than {MAX_DEPTH} deep", "ask where the file comes from")


def undecodable(raw: bytes, shown: str) -> InputError:
    """What to say of bytes that are no text."""
    encoding = encoding_of(raw)
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return InputError(
            Place(shown, line), f"not {encoding.removesuffix('-sig').upper()}: byte {error.start}", "save it as UTF-8"
        )
    return InputError(Place(shown), "is cut off", "export it again")  # pragma: no cover - in pieces and in one alike


def encoding_of(raw: bytes) -> str:
    """How the bytes of a JSON text are read."""
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


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these members. Raises ValueError where a key is set twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key '{key}' is set twice")
            seen.add(key)
    return found


def _without(keys: frozenset[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    same: dict[str, str] = {}

    def kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {
            key: same.setdefault(value, value) if isinstance(value, str) else value
            for key, value in once(pairs).items()
            if key not in keys
        }

    return kept


def _no_constant(word: str) -> Any:
    """Raises ValueError: NaN and the infinities are no JSON."""
    raise ValueError(f"{word} is not a number")


def _finite(word: str) -> float:
    """The number; one that is too large would be infinity, which no other reader of the file would make of it."""
    found = float(word)
    return found if abs(found) < math.inf else _no_constant(word[:40])


NUMBERS: Final[Mapping[str, Any]] = {"parse_constant": _no_constant, "parse_float": _finite}
"""How numbers are read, and words that stand for none."""


def deepest(text: str, most: int = MAX_DEPTH) -> int:
    """How deep lists and objects stand in each other; 0 where there are no more than ``most`` of them."""
    depth = deepest = 0
    if text.count("{") + text.count("[") <= most:
        return 0
    for bracket in _NO_BRACKET.sub("", text):
        depth += 1 if bracket in "{[" else -1
        deepest = max(deepest, depth)
    return deepest
