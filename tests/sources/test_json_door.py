"""The JSON door: how deep a file may be nested, where its objects stand, and that no bytes make it slow."""

from __future__ import annotations

import json as plain
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.doors import json
from secscan.model.errors import InputError

KEYS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def objects(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every object, in the order in which they begin."""
    match value:
        case dict():
            return [
                path,
                *(at for key, inner in value.items() for at in objects(inner, (*path, plain.dumps(key)[1:-1]))),
            ]
        case list():
            return [at for inner in value for at in objects(inner, path)]
    return []


@given(VALUES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_every_object_is_found_on_the_line_on_which_it_begins(value: Any, encoding: str) -> None:
    text = plain.dumps(value, indent=1)
    raw = text.encode(encoding)
    assert json.loads(raw, "x") == value
    found = json.places(raw)
    expected = objects(value)
    assert sorted(path for path, lines in found.items() for _ in lines) == sorted(expected)
    lines = text.splitlines()
    assert all("{" in lines[at - 1] for places in found.values() for at in places)
    assert all(places == sorted(places) for places in found.values())


def test_a_list_adds_no_key_of_its_own() -> None:
    assert json.places(b'{"a": [{},\n{"b": {}}], "c": "{"}') == {(): [1], ("a",): [1, 2], ("a", "b"): [2]}


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_nesting_is_bounded_and_brackets_in_strings_do_not_count(bracket: str) -> None:
    close = {"[": "]", '{"a":': "}"}[bracket]
    assert json.loads((bracket * 50 + '"[[[[{{{{"' + close * 50).encode(), "x")
    with pytest.raises(InputError, match="nested more than 50 deep"):
        json.loads((bracket * 51 + "1" + close * 51).encode(), "x")


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + b'\\"' * 500_000,
        b'["' + b"\\" * 1_000_001,
        b'{"a":"' * 300_000,
        b'"' * 1_000_001,
        b"[" * 1_000_000,
        b"\\" * 1_000_000 + b"[{" * 60,
    ],
)
def test_quotes_without_end_are_no_reason_to_hang(raw: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(InputError):
        json.loads(b"[" + b"[]," * 60 + raw, "x")  # enough brackets to be counted
    assert time.process_time() - begun < 2
