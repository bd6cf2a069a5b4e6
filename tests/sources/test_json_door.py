"""The JSON door: how deep a file may be nested, where its objects stand, and that no bytes make it slow."""

from __future__ import annotations

import json as plain
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.doors import json, json_parts
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
    assert all(list(places) == sorted(places) for places in found.values())


def test_a_list_adds_no_key_of_its_own() -> None:
    found = json.places(b'{"a": [{},\n{"b": {}}], "c": "{"}')
    assert {path: list(lines) for path, lines in found.items()} == {(): [1], ("a",): [1, 2], ("a", "b"): [2]}


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


def whole(raw: bytes, lists: tuple[str, ...] = ()) -> Any:
    """What the parts of a document make together."""
    document: Any = None
    for number, part in enumerate(json_parts.parts(raw, "x", lists)):
        if not number:
            document = part.value
        elif part.entry:
            (document if part.key is None else document[part.key]).append(part.value)
        else:
            document[part.key] = part.value
    return document


@given(VALUES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.integers(1, 40), st.sampled_from([None, 1]))
def test_the_parts_of_a_document_are_what_it_is_in_one(
    value: Any, encoding: str, piece: int, indent: int | None
) -> None:
    raw = plain.dumps(value, indent=indent).encode(encoding)
    keys = tuple(key.casefold() for key in value) if isinstance(value, dict) else ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_parts, "_PIECE", piece)
        assert whole(raw, keys) == whole(raw) == json_parts.beginning(raw, "x", 1_000) == value


@given(VALUES, st.data(), st.integers(1, 40))
def test_what_is_not_taken_in_one_is_not_taken_in_parts(value: Any, data: st.DataObject, piece: int) -> None:
    raw = bytearray(plain.dumps(value, indent=1).encode())
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"[", b"}", b",", b'"', b"NaN", b"1e", b":", b"\xff"])
        )

    def said(read: Callable[[bytes], Any]) -> tuple[Any, str]:
        try:
            return read(bytes(raw)), ""
        except InputError as error:
            return None, f"{error.place.line} {error.reason.partition(':')[0]}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_parts, "_PIECE", piece)
        one = said(lambda raw: json.loads(raw, "x"))
        in_parts = said(whole)
    assert in_parts[0] == one[0]
    assert (in_parts[1] == "") == (one[1] == "")
    if "not JSON" in one[1] and "not JSON" in in_parts[1]:
        assert in_parts[1] == one[1]


def test_the_beginning_of_a_document_holds_the_first_entries_of_its_lists() -> None:
    raw = b'{"a": [1, 2, 3], "b": {"c": [[1, 2, 3], 5, 6]}, "d": 7}'
    assert json_parts.beginning(raw, "x", 2) == {"a": [1, 2], "b": {"c": [[1, 2, 3], 5]}, "d": 7}


def test_entries_come_with_the_line_on_which_they_begin() -> None:
    raw = b'{"head":\n 1, "Value": [\n\n{"a":\n 1}, 2,\n3], "tail": []}'
    found = [(part.key, part.line, part.value) for part in json_parts.parts(raw, "x", {"value"})]
    assert found == [
        (None, 1, {}), ("head", 2, 1), ("Value", 2, []), ("Value", 4, {"a": 1}), ("Value", 5, 2), ("Value", 6, 3), ("tail", 6, []),
    ]  # fmt: skip


@pytest.mark.parametrize("around", [("[", "]"), ('{"a":[', "]}"), ('{"a":', "}")])
def test_nesting_is_bounded_in_parts_as_in_one(around: tuple[str, str]) -> None:
    deep = 50 - len(around[1])
    for more in (0, 1):
        raw = (around[0] + "[" * (deep + more) + "]" * (deep + more) + around[1]).encode()
        for read in (
            lambda raw: json.loads(raw, "x"),
            lambda raw: whole(raw, ("a",)),
            lambda raw: json_parts.beginning(raw, "x", 9),
        ):
            if more:
                with pytest.raises(InputError, match="nested more than 50 deep"):
                    read(raw)
            else:
                read(raw)


def test_members_that_nobody_wants_are_looked_at_and_not_kept() -> None:
    raw = b'{"a": 1, "b": {"c": [1], "a": 2}, "c": 3}'
    assert json.loads(raw, "x", without=frozenset({"a", "c"})) == {"b": {}}
    with pytest.raises(InputError, match="the key 'x' is set twice"):
        json.loads(b'{"c": {"x": 1, "x": 2}}', "x", without=frozenset({"c"}))
