"""Folding over whole columns says what a plain loop over rows says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.findings.fold import Identities, councils, parted, subject_of
from secscan.findings.identity import fingerprint
from secscan.model.frame import Alike, Col, Frame
from secscan.model.tables import Installs, TableSpec, text


class Two(TableSpec):
    """A row whose subject has two parts."""

    table = "two"
    subject = ("left", "right")

    left = text("l")
    right = text("r")


WORDS = st.sampled_from([None, "a", "b", "a b", "b a"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[Frame, Any, Any]:
    """A frame over shared indexes, and two sets of its rows that have none in common."""
    rows = draw(st.integers(1, 14))

    def index(size: int) -> Any:
        return np.array(draw(st.lists(st.integers(0, size - 1), min_size=rows, max_size=rows)), dtype=np.int32)

    assets = index(4)
    columns = {
        "council": Col(["x", "x", "y", "y"], assets), "asset": Col(["1", "2", "1", None], assets),
        "left": Col(draw(st.lists(WORDS, min_size=3, max_size=3)), index(3)),
        "right": Col(draw(st.lists(WORDS, min_size=rows, max_size=rows))),
    }  # fmt: skip
    mark = draw(st.lists(st.sampled_from("fu-"), min_size=rows, max_size=rows))
    fails, unknown = (np.array([i for i, m in enumerate(mark) if m == kind], dtype=np.int32) for kind in "fu")
    return Frame("two", rows, columns), fails, unknown


def plain(frame: Frame, rows: Any, *names: str) -> dict[tuple[Any, ...], list[int]]:
    """The rows by what they are about, one at a time."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in rows.tolist():
        said = {
            "council": frame.get("council", row),
            "asset": frame.get("asset", row),
            "subject": subject_of(frame, Two, row),
        }
        found.setdefault(tuple(said[n] for n in names), []).append(row)
    return found


@settings(max_examples=200, deadline=None)
@given(tables())
def test_groups_are_those_of_a_plain_loop(made: tuple[Frame, Any, Any]) -> None:
    frame, fails, unknown = made
    identities = Identities(Alike(frame), Two)
    groups = identities.by_identity(fails)
    names = zip(
        identities.councils(groups.first),
        identities.assets(groups.first),
        identities.subjects(groups.first),
        strict=True,
    )
    rows = [r.tolist() for r in np.split(groups.rows, groups.start[1:-1])] if len(groups) else []
    assert dict(zip(names, rows, strict=True)) == plain(frame, fails, "council", "asset", "subject")
    by_issue = identities.by_issue(unknown)
    expected = plain(frame, unknown, "council", "subject")
    named = list(zip(identities.councils(by_issue.first), identities.subjects(by_issue.first), strict=True))
    assert {n: int(c) for n, c in zip(named, by_issue.count, strict=True)} == {n: len(r) for n, r in expected.items()}
    heads, at = by_issue.heads(2)
    assert [heads[a:b].tolist() for a, b in pairwise(at)] == [expected[n][:2] for n in named]
    assert {tuple(r.tolist()) for r in np.split(councils(frame, fails).rows, councils(frame, fails).start[1:-1])} == {
        tuple(r) for r in plain(frame, fails, "council").values()
    } or not len(fails)


@settings(max_examples=200, deadline=None)
@given(tables())
def test_an_identity_that_fails_is_not_told_again_as_unknown(made: tuple[Frame, Any, Any]) -> None:
    frame, fails, unknown = made
    failing = plain(frame, fails, "council", "asset", "subject")
    kept = [
        row
        for who, rows in plain(frame, unknown, "council", "asset", "subject").items()
        if who not in failing
        for row in rows
    ]
    assert Identities(Alike(frame), Two).without(unknown, fails).tolist() == sorted(kept)


@settings(max_examples=100, deadline=None)
@given(tables())
def test_names_are_those_of_one_finding_by_itself(made: tuple[Frame, Any, Any]) -> None:
    frame, fails, _ = made
    identities = Identities(Alike(frame), Two)
    for of_asset in (True, False):
        assert identities.fingerprints("C-1", fails, of_asset=of_asset) == [
            fingerprint(
                "C-1",
                frame.get("council", row),
                frame.get("asset", row) if of_asset else None,
                subject_of(frame, Two, row),
            )
            for row in fails.tolist()
        ]


@given(st.lists(st.integers(0, 2**50) | st.integers(0, 70_000), max_size=40))
def test_parts_keep_the_order_of_the_table_whatever_the_size_of_the_keys(keys: list[int]) -> None:
    groups = parted(np.arange(len(keys)), np.array(keys, dtype=np.int64))
    found = [r.tolist() for r in np.split(groups.rows, groups.start[1:-1])] if keys else []
    assert sorted(map(tuple, found)) == sorted(tuple(i for i, k in enumerate(keys) if k == key) for key in set(keys))
    assert [keys[r[0]] for r in found] == sorted(set(keys))


def test_subjects_that_read_the_same_are_one_issue_and_never_one_name_twice() -> None:
    """'a b' and nothing, 'a' and 'b': two kinds of row, one text. As two findings they would have one fingerprint."""
    frame = Frame("two", 2, {
        "council": Col(["x", "x"]), "asset": Col(["1", "1"]), "left": Col(["a b", "a"]), "right": Col([None, "b"]),
    })  # fmt: skip
    identities = Identities(Alike(frame), Two)
    groups = identities.by_identity(np.arange(2))
    assert (len(groups), groups.count.tolist()) == (1, [2])


def test_a_row_that_names_nothing_is_about_what_is_not_there() -> None:
    frame = Frame("installs", 1, {"council": Col(["x"]), "asset": Col(["1"])})
    assert subject_of(frame, Installs, 0) == "no software list"
    assert Identities(Alike(frame), Installs).subjects(np.arange(1)) == ["no software list"]
