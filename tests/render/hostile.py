"""A posture in which every text is an attack: found by reflection, so that a field added later is attacked too."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass, replace
from typing import Any, Union, get_args, get_origin, get_type_hints

from secscan.model.places import Place
from secscan.model.posture import Posture
from secscan.render.compare import HIGHER_IS_BETTER
from tests.render import postures

ATTACK = (
    "\"'></style></title></script></textarea><script data-pwned>window.pwned=1;document.title='pwned'</script>"
    "<img src=x data-pwned onerror=window.pwned=1><svg data-pwned onload=window.pwned=1>"
    '<meta http-equiv=refresh content="0;url=data:text/html,pwned" data-pwned><base href=//evil.example data-pwned>'
    "<iframe data-pwned src=javascript:window.pwned=1></iframe>{{7*191}}{% if 1 %}${7*191}\x1b[31m\u202egnp.exe\x00\x07"
)
WORDS = frozenset(
    (
        "outcome",
        "theme",
        "news",
        "mitigated_by",
        "protection",
        "direction",
        "kind",
        "state",
        "role",
        "what",
        "why",
        "mark",
    )
)
"""Fields whose text chooses a branch; one hostile posture keeps them so that the other branches are reached too."""


def attacked(text: str) -> str:
    """Hostile, and the same for the same text, so that rows still refer to each other."""
    return f"=cmd|' /C calc'!A0 {text} {ATTACK}"


def poison(value: Any, kind: Any, hit: set[tuple[str, str]], where: tuple[str, str], keep: frozenset[str]) -> Any:
    """``value`` with every text in it replaced; ``hit`` collects the (class, field) pairs that were."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [k for k in get_args(kind) if k is not type(None)]
        return None if value is None else poison(value, inner[0], hit, where, keep)
    if is_dataclass(value) and not isinstance(value, type):
        return poison_row(value, hit, keep)
    if isinstance(value, dict):
        args = get_args(kind)
        inner = args[1] if args else Any
        return {
            (_text(k, hit, where, keep) if isinstance(k, str) and not _is_keyword(where, k) else k): poison(v, inner, hit, where if inner is not Any else (where[0], f"{where[1]}.{k}"), keep)
            for k, v in value.items()
        }  # fmt: skip
    if isinstance(value, list | tuple):
        args = get_args(kind)
        return [poison(v, args[0] if args else Any, hit, where, keep) for v in value]
    if isinstance(value, str) and kind in (str, Any):
        return _text(value, hit, where, keep)
    return value


def _is_keyword(where: tuple[str, str], key: str) -> bool:
    """Keys that the documented shape of a dict names; its values are attacked, the keys are ours."""
    if where == ("Posture", "trends"):
        return key in HIGHER_IS_BETTER
    return where[1] in ("loosened", "gaps", "unrecognised", "checks", "refused") or key in (
        "passed", "failed", "unknown", "stale", "file", "line"
    )  # fmt: skip


def _text(text: str, hit: set[tuple[str, str]], where: tuple[str, str], keep: frozenset[str]) -> str:
    hit.add(where)
    return text if where[1].rpartition(".")[2] in keep else attacked(text)


def poison_row(row: Any, hit: set[tuple[str, str]], keep: frozenset[str]) -> Any:
    hints = get_type_hints(type(row))
    name = type(row).__name__
    return replace(
        row, **{f.name: poison(getattr(row, f.name), hints[f.name], hit, (name, f.name), keep) for f in fields(row)}
    )


def whole() -> tuple[Posture, set[tuple[str, str]]]:
    """(the posture with every text hostile, the fields that were attacked)."""
    hit: set[tuple[str, str]] = set()
    return poison_row(filled(), hit, frozenset()), hit


def everything() -> Posture:
    return whole()[0]


def with_words() -> Posture:
    """The same with the closed words and the sizes kept, so that every branch of the pages is reached."""
    return poison_row(filled(), set(), WORDS | {"run_id"})


def filled() -> Posture:
    """The partnership with every optional text present, so that there is something to attack."""
    p = postures.partnership()
    place = Place("firewalls/core-fw.cfg", 9)

    def full(row: Any) -> Any:
        hints = get_type_hints(type(row))
        given: dict[str, Any] = {}
        for f in fields(row):
            value, kind = getattr(row, f.name), hints[f.name]
            if value is None and str in get_args(kind) and f.name not in ("error", "disabled"):
                given[f.name] = f"a {f.name}"
            elif value is None and Place in get_args(kind):
                given[f.name] = place
            elif isinstance(value, list) and not value and get_args(kind) == (str,):
                given[f.name] = [f"a {f.name}"]
        return replace(row, **given)

    lists = {
        f.name: [full(r) for r in getattr(p, f.name)]
        for f in fields(p)
        if isinstance(getattr(p, f.name), list) and getattr(p, f.name) and is_dataclass(getattr(p, f.name)[0])
    }
    legacy = [replace(r, routes=[full(x) for x in r.routes]) for r in lists["legacy"]]
    controls = [
        replace(c, error="it broke" if i == 0 else None, params={"days": ["a"], "word": "b"}, scope={"zone": ["z"]})
        for i, c in enumerate(lists["controls"])
    ]
    inputs = [replace(i, says="says this") for i in lists["inputs"]]
    marked = {
        m: [replace(q, mark=q.mark or ("rules changed" if n == 5 else None)) for n, q in enumerate(ps)]
        for m, ps in p.trends.items()
    }
    marked["a measure"] = list(p.trends["coverage"][:4])
    brand = replace(p.brand, name="a name", accent="an accent", logo_png="a logo")
    return replace(
        p, **{**lists, "brand": brand, "legacy": legacy, "controls": controls, "inputs": inputs, "trends": marked}
    )


def text_fields(kind: type, seen: set[type] | None = None) -> set[tuple[str, str]]:
    """Every (class, field) under a class that can hold free text, straight or within a list or dict."""
    seen = set() if seen is None else seen
    if kind in seen:
        return set()
    seen.add(kind)
    found: set[tuple[str, str]] = set()
    for name, hint in get_type_hints(kind).items():
        found |= _within(hint, (kind.__name__, name), seen)
    return found


def _within(hint: Any, where: tuple[str, str], seen: set[type]) -> set[tuple[str, str]]:
    if hint is str:
        return {where}
    if isinstance(hint, type) and is_dataclass(hint):
        return text_fields(hint, seen)
    found: set[tuple[str, str]] = set()
    for inner in get_args(hint):
        found |= _within(inner, where, seen)
    return found


__all__ = ["ATTACK", "attacked", "everything", "filled", "text_fields", "whole", "with_words"]
