"""Edits of files that people keep: one entry more, and nothing else changes."""

from __future__ import annotations

import copy
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan import policy, workspace
from secscan.doors import yaml
from secscan.doors.yaml_edit import append, put
from secscan.model.errors import PolicyError, UsageError

from .test_init import TODAY, made

SOURCE = {"id": "b-assets", "as": "table", "file": "assets*.csv", "table": "assets", "map": {"asset_tag": "Tag: no"}}


def added(before: str, after: str) -> list[str]:
    """The lines that are new; everything else must stand as it stood, in the same order."""
    old, new = before.splitlines(), []
    position = 0
    for line in after.splitlines():
        if position < len(old) and line == old[position]:
            position += 1
        else:
            new.append(line)
    assert position == len(old), old[position]
    return new


def test_a_council_is_added_and_every_other_line_stays(tmp_path):
    root = made(tmp_path / "ws")
    before = (root / "secscan.yaml").read_text()
    settings = workspace.add_council(root, "brackenford", "Brackenford Borough Council")
    assert [c.id for c in settings.councils] == ["example", "brackenford"]
    assert workspace.load(root).settings == settings
    after = (root / "secscan.yaml").read_text()
    assert added(before, after) == ["  - id: brackenford", "    name: Brackenford Borough Council", "    sources: []"]
    assert after.index("# - id: example-software") < after.index("brackenford") < after.index("# Parts of the network")


def test_a_source_is_added_below_its_council(tmp_path):
    root = made(tmp_path / "ws")
    workspace.add_council(root, "b", "B")
    before = (root / "secscan.yaml").read_text()
    settings = workspace.add_source(root, "b", SOURCE)
    assert [s.id for s in settings.councils[1].sources] == ["b-assets"]
    assert settings.councils[1].sources[0].map == {"asset_tag": "Tag: no"}
    assert "# What its own tools export" in (root / "secscan.yaml").read_text()
    again = workspace.add_source(root, "b", SOURCE | {"id": "b-more"})
    assert [s.id for s in again.councils[1].sources] == ["b-assets", "b-more"]
    kept = [line for line in before.splitlines() if line != "    sources: []"]
    assert set(kept) <= set((root / "secscan.yaml").read_text().splitlines())


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda r: workspace.add_council(r, "example", "Twice"), PolicyError, "council 'example' is defined twice"),
        (lambda r: workspace.add_council(r, "NO SPACES", "x"), PolicyError, "councils.1.id"),
        (lambda r: workspace.add_council(r, "x", ""), PolicyError, "councils.1.name"),
        (lambda r: workspace.add_source(r, "exmple", SOURCE), UsageError, "did you mean 'example'"),
        (lambda r: workspace.add_source(r, "example", SOURCE | {"fiel": "x"}), PolicyError, "unknown key 'fiel'"),
        (
            lambda r: workspace.add_source(r, "example", {"id": "x", "as": "table", "file": "x"}),
            PolicyError,
            "needs 'table'",
        ),
    ],
)
def test_what_would_not_be_valid_is_not_saved(tmp_path, change, error, says):
    root = made(tmp_path / "ws")
    before = (root / "secscan.yaml").read_bytes()
    with pytest.raises(error, match=says):
        change(root)
    assert (root / "secscan.yaml").read_bytes() == before
    assert [p.name for p in root.glob(".secscan.yaml*")] == []


def test_the_mode_of_the_file_and_a_link_to_it_are_kept(tmp_path):
    root = made(tmp_path / "ws")
    (root / "secscan.yaml").rename(root / "real.yaml")
    (root / "real.yaml").chmod(0o640)
    (root / "secscan.yaml").symlink_to("real.yaml")
    workspace.add_council(root, "b", "B")
    assert (root / "secscan.yaml").is_symlink()
    assert stat.S_IMODE((root / "real.yaml").stat().st_mode) == 0o640
    assert "id: b" in (root / "real.yaml").read_text()


def test_an_exception_can_be_added_and_renewed_in_its_file(tmp_path):
    root = made(tmp_path / "ws")
    file = root / "policies" / "exceptions.yaml"
    entry = {
        "control": "LEG-01", "council": "example", "asset": "A-1", "until": "2026-06-30", "owner": "Head of ICT",
        "approver": "CIO", "reason": "Soon: 'no' more.",
    }  # fmt: skip
    text = append(file.read_text(), "exceptions.yaml", ("exceptions",), entry)
    text = put(text, "exceptions.yaml", ("exceptions", 0, "until"), "2026-12-31")
    text = put(text, "exceptions.yaml", ("exceptions", 0, "renewed"), 1)
    file.write_text(text)
    found = policy.lint([file], {}, TODAY)
    assert (found.problems, found.warnings) == ((), ())
    assert yaml.parse(text, "x").data["exceptions"] == [entry | {"until": "2026-12-31", "renewed": 1}]
    assert "#   reason: Replacement funded" in text


# ------------------------------------------------------------------------------------------------ the door itself

PAGE = """\
# Top
one:
  - id: a      # said beside
    name: "1.10"

    # belongs to a
  - id: b
    list:
    - x
    - y
    # belongs to b

# The next section
two: [{id: c, on: NO}]   # flow
three: []  # none yet
four:
five:
    - id: d
      text: |
        Several
        lines.

# The end
"""


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("one",), ["  - id: z", "    v: '1.10'"]),
        (("two",), ["two: [{id: c, on: NO}, {id: z, v: '1.10'}]   # flow"]),
        (("three",), ["three:  # none yet", "  - id: z", "    v: '1.10'"]),
        (("four",), ["  - id: z", "    v: '1.10'"]),
        (("five",), ["    - id: z", "      v: '1.10'"]),
        (("six",), ["six:", "  - id: z", "    v: '1.10'"]),
        (("one", 0, "subs"), ["    subs:", "      - id: z", "        v: '1.10'"]),
    ],
)
def test_an_entry_goes_where_a_person_would_put_it(path, new):
    after = append(PAGE, "x", path, {"id": "z", "v": "1.10"})
    old = set(PAGE.splitlines())
    assert [line for line in after.splitlines() if line not in old] == new
    assert [c for c in after.splitlines() if "#" in c and "none yet" not in c and "flow" not in c] == [
        c for c in PAGE.splitlines() if "#" in c and "none yet" not in c and "flow" not in c
    ]
    if path == ("one",):
        assert after.index("# belongs to b") < after.index("id: z") < after.index("# The next section")


def test_windows_line_ends_stay():
    after = append(PAGE.replace("\n", "\r\n"), "x", ("one",), {"id": "z", "v": "w"})
    assert after.count("\n") == after.count("\r\n") == PAGE.count("\n") + 2


def test_a_file_without_a_last_line_end_is_taken():
    assert append("a:\n  - id: x", "x", ("a",), {"id": "y"}) == "a:\n  - id: x\n  - id: y\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda: append(PAGE, "x", ("one", 0, "id"), {"id": "z"}), "x:3:9: 'one.0.id' cannot be changed here"),
        (lambda: put(PAGE, "x", ("five", 0, "text"), "short"), "cannot be changed here without changing more"),
        (lambda: put(PAGE, "x", ("one",), "short"), "cannot be changed here without changing more"),
        (lambda: put(PAGE, "x", ("two", 9, "id"), "short"), "cannot be changed here without changing more"),
        (lambda: append("a: &x []\nb: *x\n", "x", ("a",), {"id": "z"}), "anchors and aliases are not used here"),
        (lambda: append("", "x", ("a",), {"id": "z"}), "cannot be changed here without changing more"),
    ],
)
def test_an_edit_that_would_change_more_is_refused(change, says):
    with pytest.raises(PolicyError, match=says.replace("(", r"\(")):
        change()


WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)
KEY = st.sampled_from(["id", "name", "as", "no", "1.10", "a b", "é"])
ITEM = st.dictionaries(KEY, WORD | st.integers(-9, 9) | st.booleans() | st.lists(WORD, max_size=2), min_size=1)


@given(
    st.lists(ITEM, max_size=3), ITEM, st.booleans(), st.sampled_from(["", "# c\n", "  # deep\n", "next: 1\n", "\n\n"])
)
def test_what_is_added_is_read_back_and_nothing_else_moves(items, item, flow, tail):
    from secscan.doors.yaml_edit import _dumped

    text = (
        "top: x  # kept\nlist: "
        + (_dumped(items, flow=True) if flow or not items else "\n" + _dumped(items, flow=False))
    ) + tail
    before = yaml.parse(text, "x").data
    expected = copy.deepcopy(before)
    expected["list"] = [*(before["list"] or []), item]
    after = append(text, "x", ("list",), item)
    assert yaml.parse(after, "x").data == expected
    assert after.startswith("top: x  # kept\nlist:")
    assert tail.strip() in after
