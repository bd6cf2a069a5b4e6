"""The folder as a whole: what is written, the manifest, editions, sizes."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from secscan.model.errors import SecscanError, UsageError
from secscan.render import site
from secscan.render.site import PAGE_LIMIT
from tests.render.hostile import everything
from tests.render.postures import NAMES, finding, legacy, partnership
from tests.render.reader import view_of

PAGES = {
    "index.html", "councils.html", "legacy.html", "legacy-ending.html", "legacy-no-protection.html", "legacy-disproven.html",
    "mitigations.html", "patching.html", "exceptions.html", "evidence.html", "glossary.html", "trends.html", "support.html", "not-seen.html", "names.html", "other-scanners.html",
    *(f"council-{c}.html" for c in NAMES), *(f"legacy-of-{c}.html" for c in NAMES), *view_of(partnership()).described.values(),
    "matrix.html", *view_of(partnership()).claim_pages.values(), *view_of(partnership()).zone_pages.values(),
}  # fmt: skip


def test_the_folder_holds_the_pages_the_data_and_the_manifest_last(tmp_path: Path) -> None:
    written = site(partnership(), tmp_path / "out")
    names = {w.path.relative_to(tmp_path / "out").as_posix() for w in written}
    assert names == {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert {n for n in names if n.endswith(".html")} == PAGES
    assert {"data/findings.csv", "data/legacy.csv", "data/mitigations.csv", "data/posture.json", "NOTICE.txt"} <= names
    assert written[-1].path.name == "manifest.json"
    assert all(w.size == w.path.stat().st_size for w in written)


def test_the_manifest_has_the_digest_of_every_other_file(tmp_path: Path) -> None:
    site(partnership(), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == "secscan.report/1"
    assert (manifest["run_id"], manifest["as_of"], manifest["edition"]) == ("2026-10-31-0600", "2026-10-31", "team")
    files = {f["path"]: f for f in manifest["files"]}
    assert set(files) == {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} - {
        "manifest.json"
    }
    for path, entry in files.items():
        raw = (tmp_path / path).read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())


def test_the_footer_shows_the_digest_of_the_data(tmp_path: Path) -> None:
    site(partnership(), tmp_path)
    digest = hashlib.sha256((tmp_path / "data" / "posture.json").read_bytes()).hexdigest()
    assert digest in (tmp_path / "patching.html").read_text(encoding="utf-8")


def test_files_are_private(tmp_path: Path) -> None:
    written = site(partnership(), tmp_path / "new")
    assert {stat.S_IMODE(w.path.stat().st_mode) for w in written} == {0o600}
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_the_same_posture_gives_the_same_folder(tmp_path: Path) -> None:
    a, b = site(partnership(), tmp_path / "a"), site(partnership(), tmp_path / "b")
    assert [(w.path.name, w.path.read_bytes()) for w in a] == [(w.path.name, w.path.read_bytes()) for w in b]


def test_extra_lines_are_shown_on_every_page(tmp_path: Path) -> None:
    site(partnership(), tmp_path, extra={"Record": "7f3a91c2"})
    assert all("7f3a91c2" in (tmp_path / name).read_text(encoding="utf-8") for name in PAGES)


def test_the_audit_edition_says_so(tmp_path: Path) -> None:
    site(partnership(), tmp_path, edition="audit")
    assert "audit edition" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("edition", ["members", "public"])
def test_an_edition_that_cannot_be_made_safely_is_refused_before_anything_is_written(
    tmp_path: Path, edition: str
) -> None:
    with pytest.raises(UsageError, match=f"the {edition} edition cannot be made"):
        site(partnership(), tmp_path / "out", edition=edition)
    assert not (tmp_path / "out").exists()


def test_an_unknown_edition_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no edition 'everyone'; it is one of team, audit"):
        site(partnership(), tmp_path, edition="everyone")


def test_a_hostile_posture_writes_nothing_outside_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    site(everything(), out)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert {p.name for p in out.iterdir() if p.is_dir()} == {"data"}


def test_two_councils_never_share_a_page(tmp_path: Path) -> None:
    p = partnership()
    with pytest.raises(SecscanError, match="two pages would be called"):
        site(replace(p, councils=[*p.councils, p.councils[0]]), tmp_path)


def test_a_large_estate_stays_under_two_megabytes_a_page_and_says_what_it_left_out(tmp_path: Path) -> None:
    p = partnership()
    many = [finding("alderbeck", f"AB-PC-{n:05}", "Microsoft Edge", severity="high") for n in range(6_000)]
    old = [
        legacy("alderbeck", f"AB-OLD-{n:05}", "Windows 7", f"Service {n}", None, "none", routes=p.legacy[0].routes * 20)
        for n in range(3_000)
    ]
    written = {w.path.name: w.size for w in site(replace(p, findings=many, legacy=old), tmp_path)}
    assert max(size for name, size in written.items() if name.endswith(".html")) <= PAGE_LIMIT
    council = (tmp_path / "council-alderbeck.html").read_text(encoding="utf-8")
    assert "1,000 of 6,000 shown; all are in" in council
    assert "of 3,000 shown; all are in" in (tmp_path / "legacy.html").read_text(encoding="utf-8")
    assert len((tmp_path / "data" / "legacy.csv").read_text(encoding="utf-8").splitlines()) == 3_001


def test_endless_names_are_cut_on_pages_and_whole_in_the_data(tmp_path: Path) -> None:
    p = partnership()
    long = [replace(f, title="x" * 10_000) for f in p.findings]
    site(replace(p, findings=long), tmp_path)
    assert "x" * 400 not in (tmp_path / "council-alderbeck.html").read_text(encoding="utf-8")
    assert "x" * 10_000 in (tmp_path / "data" / "findings.csv").read_text(encoding="utf-8")
