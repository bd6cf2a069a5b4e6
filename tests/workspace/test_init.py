"""Making a workspace, finding it and reading it."""

from __future__ import annotations

import re
import stat
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from secscan import policy, workspace
from secscan.doors import json, yaml
from secscan.engine import find_checks
from secscan.model.errors import PolicyError, StorageError, UsageError
from secscan.workspace.templates import FILES

TODAY = date(2026, 3, 1)
SCHEMAS = policy.schema()
FOLDERS = ("inventory", "firewalls", "policies", "knowledge", "state", "reports")


def made(folder: Path) -> Path:
    workspace.init(folder, schemas=SCHEMAS, today=TODAY)
    return folder


def policy_of(root: Path):
    found = workspace.load(root)
    settings = found.settings
    return policy.load(
        settings.policies, root, find_checks(), [c.id for c in settings.councils], [z.id for z in settings.zones], TODAY
    )


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_init_writes_loads_and_lints_clean(tmp_path):
    written = workspace.init(tmp_path / "ws", schemas=SCHEMAS, today=TODAY)
    root = tmp_path / "ws"
    assert sorted(p.relative_to(root).as_posix() for p in written) == sorted(everything(root))
    assert set(FILES) < set(everything(root))
    assert [c.id for c in workspace.load(root).settings.councils] == ["example"]
    found = policy_of(root)
    assert (found.warnings, found.loosened, found.exceptions) == ((), (), ())
    linted = policy.lint([p for p in written if p.suffix in (".yaml", ".csv")], find_checks())
    assert (linted.problems, linted.warnings) == ((), ())


def test_init_makes_every_folder_and_keeps_the_state_private(tmp_path):
    root = made(tmp_path / "deep" / "ws")
    for name in FOLDERS:
        assert (root / name).is_dir()
    assert stat.S_IMODE((root / "state").stat().st_mode) == 0o700
    assert (root / ".gitignore").read_text().splitlines()[1:] == ["/state/", "/reports/"]


def test_the_first_line_points_editors_at_a_schema_that_is_there(tmp_path):
    root = made(tmp_path / "ws")
    files = list(root.rglob("*.yaml"))
    assert len(files) == 4
    for file in files:
        line = file.read_text().splitlines()[0]
        (target,) = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", line).groups()
        schema = json.loads((file.parent / target).read_bytes(), target)
        assert set(yaml.read(file).data) <= set(schema["properties"])


def examples_taken(text: str) -> str:
    """The text as the comments tell a person to change it: without the '#' of each example and the '[]' above it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        example = re.match(r"(\s*)# (?=- |  )", line)
        if example:
            lines[number] = example[1] + line[example.end() :]
            above = next(
                i for i in range(number, -1, -1) if not re.match(r"\s*(#|- |  )", lines[i]) or ": [" in lines[i]
            )
            lines[above] = re.sub(r": (\[\]|\{\})$", ":", lines[above])
    return "\n".join(lines) + "\n"


def test_the_examples_are_valid_once_their_hash_is_taken_off(tmp_path):
    root = made(tmp_path / "ws")
    for name in ("secscan.yaml", "policies/overlay.yaml", "policies/exceptions.yaml", "policies/mitigations.yaml"):
        text = examples_taken((root / name).read_text())
        (root / name).write_text(text)
    (root / "secscan.yaml").write_text(
        (root / "secscan.yaml").read_text().replace("  - id: example-servers", EXTRA_ZONES + "  - id: example-servers")
    )
    found = workspace.load(root).settings
    assert [s.kind for s in found.councils[0].sources] == ["secscan-assets", "secscan-software"]
    assert [f.id for f in found.firewalls] == ["example-edge"]
    resolved = policy_of(root)
    assert [e.control for e in resolved.exceptions] == ["LEG-01"]
    assert [m.id for m in resolved.mitigations] == ["example-isolated"]
    assert set(resolved.minimum_versions) == {"python"}
    assert {one.what for one in resolved.loosened} == {"with.trusted_zones"}


EXTRA_ZONES = """\
  - {id: management, addresses: [10.0.0.0/24]}
  - {id: backup, addresses: [10.0.8.0/24]}
"""


def test_init_never_overwrites(tmp_path):
    root = made(tmp_path / "ws")
    before = everything(root)
    with pytest.raises(UsageError, match="is a workspace already"):
        made(root)
    (root / "secscan.yaml").unlink()
    with pytest.raises(UsageError, match=r"has .*policies/overlay\.yaml.* already; nothing was written"):
        made(root)
    assert everything(root) == {k: v for k, v in before.items() if k != "secscan.yaml"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_init_refuses_any_one_file_that_is_there_and_names_it(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=re.escape(name)):
        made(tmp_path)
    assert everything(tmp_path) == {name: b"mine"}


def test_init_does_not_follow_a_link_that_waits_for_it(tmp_path):
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / ".gitignore").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"\.gitignore"):
        made(tmp_path / "ws")
    assert not (tmp_path / "elsewhere").exists()


def test_init_leaves_other_files_of_the_folder_alone(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    made(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_init_on_a_file_is_refused(tmp_path):
    (tmp_path / "ws").write_text("")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        made(tmp_path / "ws")


def test_the_sample_ends_on_the_day_asked_for_and_what_it_brings_is_kept(tmp_path, monkeypatch):
    ends = []

    def write_sample(folder: Path, end: date) -> list[Path]:
        ends.append(end)
        (folder / "secscan.yaml").write_text(FILES["secscan.yaml"].replace("Example", "Invented"))
        return [folder / "secscan.yaml"]

    sample = ModuleType("secscan.workspace.sample")
    sample.write_sample = write_sample
    monkeypatch.setitem(sys.modules, "secscan.workspace.sample", sample)
    for number, end in enumerate((None, date(2025, 12, 31))):
        root = tmp_path / str(number)
        written = workspace.init(root, schemas=SCHEMAS, sample=True, sample_end=end, today=TODAY)
        assert written[0] == root / "secscan.yaml"
        assert len(written) == len(set(written)) == len(everything(root))
        assert "Invented" in (root / "secscan.yaml").read_text()
    assert ends == [TODAY, date(2025, 12, 31)]


def test_a_sample_wants_an_empty_folder(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"is not empty \(README.md\)"):
        workspace.init(tmp_path, schemas=SCHEMAS, sample=True, today=TODAY)


# ------------------------------------------------------------------------------------------------ find and load


def test_a_workspace_is_found_from_any_folder_below_it(tmp_path, monkeypatch):
    root = made(tmp_path / "ws")
    below = root / "inventory" / "example" / "2026-01-01"
    below.mkdir(parents=True)
    assert workspace.find(below) == workspace.find(root) == root.resolve()
    monkeypatch.chdir(below)
    assert workspace.find() == root.resolve()


def test_no_workspace_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(UsageError, match="secscan init"):
        workspace.find(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        workspace.find(tmp_path / "typo")
    with pytest.raises(UsageError, match="secscan init"):
        workspace.load(tmp_path)


def test_a_workspace_knows_its_folders_and_the_line_of_each_source(tmp_path):
    root = made(tmp_path / "ws")
    workspace.add_source(root, "example", {"id": "s1", "as": "dpkg", "file": "a.txt"})
    found = workspace.load(root)
    assert [getattr(found, name) for name in FOLDERS] == [root / name for name in FOLDERS]
    place = found.source_places["s1"]
    assert place.file == "secscan.yaml"
    assert "id: s1" in (root / "secscan.yaml").read_text().splitlines()[place.line - 1]


def test_every_problem_in_the_settings_is_named_by_its_line(tmp_path):
    root = made(tmp_path / "ws")
    text = (root / "secscan.yaml").read_text()
    (root / "secscan.yaml").write_text(text.replace("marking:", "markng:").replace("internet: true", "internt: true"))
    with pytest.raises(PolicyError) as caught:
        workspace.load(root)
    says = [str(p) for p in caught.value.problems]
    assert any(re.fullmatch(r"secscan\.yaml:\d+:5: unknown key 'internt'; did you mean 'internet'\?", s) for s in says)
    assert any(re.fullmatch(r"secscan\.yaml:\d+:3: unknown key 'markng'; did you mean 'marking'\?", s) for s in says)


@pytest.mark.parametrize("name", ["state", "."])
def test_a_workspace_that_anyone_may_write_to_is_refused(tmp_path, name):
    root = made(tmp_path / "ws")
    (root / name).chmod(0o777)
    with pytest.raises(StorageError, match="anyone may write there; run: chmod o-w"):
        workspace.load(root)
    (root / name).chmod(0o770)
    workspace.load(root)
