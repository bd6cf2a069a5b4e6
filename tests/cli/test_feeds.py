"""Taking public lifecycle data in, and what a run, a report and an answer say of it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.knowledge.lifecycle import OLDER, PRODUCTS, product, raw, release, whole

Run = Callable[..., Any]
DAY = "2026-11-24"


def lifecycle(said: Any) -> Any:
    """The row of the lifecycle dates, among those of all feeds."""
    return next(f for f in said["feeds"] if f["feed"] == "endoflife")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "products-full.json"
    path.write_bytes(raw(whole()))
    return path


def overlay(workspace: Path, text: str) -> None:
    (workspace / "policies" / "feeds.yaml").write_text(f'title: t\nversion: "1"\nreason: tried\n{text}\n')
    settings = workspace / "secscan.yaml"
    before = settings.read_text()
    assert "overlays: [" in before
    settings.write_text(before.replace("overlays: [", "overlays: [policies/feeds.yaml, "))


def test_without_a_feed_the_status_says_so_and_nothing_is_wrong(secscan: Run, workspace: Path) -> None:
    said = secscan("-w", workspace, "feeds", "status", "--format", "json")
    assert (said.code, said.json["schema"], said.json["complete"]) == (0, "secscan.feeds/1", True)
    feed = lifecycle(said.json)
    assert {k: feed[k] for k in ("feed", "dated_on", "fetched_on", "age_days", "state", "entries", "sha256")} == {
        "feed": "endoflife", "dated_on": None, "fetched_on": None, "age_days": None, "state": "missing", "entries": None,
        "sha256": None,
    }  # fmt: skip
    assert feed["source"].startswith("https://")


def test_a_document_is_imported_and_told(secscan: Run, workspace: Path, document: Path) -> None:
    tried = secscan("-w", workspace, "feeds", "import", document, "--dry-run", "--as-of", DAY)
    assert tried.code == 0 and tried.out.endswith("nothing was kept (dry run)\n")
    assert not (workspace / "knowledge" / "feeds").exists()
    assert secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY).code == 0
    again = secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY, "--format", "json").json
    assert [f["already_held"] for f in again["files"]] == [True]
    status = secscan("-w", workspace, "feeds", "status", "--as-of", DAY, "--format", "json")
    feed = lifecycle(status.json)
    assert (status.code, feed["state"], feed["dated_on"], feed["fetched_on"]) == (0, "fresh", "2026-11-23", DAY)
    assert (feed["age_days"], feed["entries"], feed["sha256"]) == (1, len(PRODUCTS), again["files"][0]["sha256"])
    assert {(d["product"], d["cycle"], d["used"]) for d in status.json["disputes"]} == {("python", "3.13", "feed")}
    text = secscan("-w", workspace, "feeds", "status", "--as-of", DAY)
    assert "Python 3.13: catalogue ends" in text.err and "used: feed" in text.err
    table = list(
        csv.DictReader(io.StringIO(secscan("-w", workspace, "feeds", "status", "--as-of", DAY, "--format", "csv").out))
    )
    assert (table[0]["feed"], table[0]["state"], table[0]["age"]) == ("endoflife", "fresh", "1 days")


def test_a_refused_document_ends_with_4_and_beside_a_good_one_with_3(
    secscan: Run, workspace: Path, document: Path, tmp_path: Path
) -> None:
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    older = tmp_path / "older.json.gz"
    older.write_bytes(gzip.compress(raw(whole(at=OLDER))))
    said = secscan("-w", workspace, "feeds", "import", older, "--as-of", DAY)
    assert said.code == 4 and said.out == "" and len(said.err.splitlines()) == 1
    assert "is older (2026-08-22) than what is held (2026-11-23); the newer one is kept" in said.err
    both = secscan("-w", workspace, "feeds", "import", older, document, "--as-of", DAY, "--format", "json")
    assert both.code == 3 and not both.json["complete"] and len(both.json["warnings"]) == 1
    assert secscan("-w", workspace, "feeds", "import", tmp_path / "none.json").code == 4
    status = secscan("-w", workspace, "feeds", "status", "--as-of", DAY, "--format", "json").json
    assert status["feeds"][0]["dated_on"] == "2026-11-23"


@pytest.mark.parametrize(
    ("day", "state", "code"), [("2027-01-07", "fresh", 0), ("2027-01-08", "stale", 3), ("2027-05-23", "too-old", 3)]
)
def test_the_state_follows_the_day_and_ends_with_3(
    secscan: Run, workspace: Path, document: Path, day: str, state: str, code: int
) -> None:
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    said = secscan("-w", workspace, "feeds", "status", "--as-of", day, "--format", "json")
    assert (said.code, said.json["feeds"][0]["state"], said.json["complete"]) == (code, state, code == 0)


def test_policy_sets_the_limits(secscan: Run, workspace: Path, document: Path, tmp_path: Path) -> None:
    overlay(workspace, "feeds: {endoflife: {required: true, stale_after: 1 day, too_old_after: 2 days}}")
    assert secscan("-w", workspace, "feeds", "status").code == 3
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    states = [
        secscan("-w", workspace, "feeds", "status", "--as-of", d, "--format", "json").json["feeds"][0]["state"]
        for d in (DAY, "2026-11-25", "2026-11-26")
    ]
    assert states == ["fresh", "stale", "too-old"]


def test_a_policy_that_names_no_feed_is_told(secscan: Run, workspace: Path) -> None:
    overlay(workspace, "feeds: {endofline: {required: true}}")
    assert "there is no feed 'endofline'; did you mean 'endoflife'?" in secscan("-w", workspace, "policy", "lint").out


def listed(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))


def install(workspace: Path) -> None:
    """Somebody has a product that only the document knows."""
    (file,) = (workspace / "inventory" / "oak").glob("**/*software*.csv")
    header = file.read_text().splitlines()[0].split(",")
    row = {"asset_tag": "OAK-1", "name": "Acme LiftCtl", "version": "1.4"}
    with file.open("a", newline="") as stream:
        csv.writer(stream).writerow([row.get(column, "") for column in header])


def result(workspace: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workspace / "reports" / "latest" / "data" / "posture.json").read_text())
    return found


def test_a_run_uses_what_is_held_and_says_which(secscan: Run, workspace: Path, document: Path) -> None:
    install(workspace)
    scan = ("-w", workspace, "scan", "--as-of", DAY)
    secscan(*scan)
    before = result(workspace)
    assert {f["state"] for f in before["feeds"]} == {"missing"}
    assert "Acme LiftCtl" in {u["name"] for u in before["unrecognised"]}
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    secscan(*scan)
    after = result(workspace)
    feed = lifecycle(after)
    assert (feed["state"], feed["changed"], feed["origin"]) == ("fresh", True, "products-full.json")
    assert "Acme LiftCtl" not in {u["name"] for u in after["unrecognised"]}
    (found,) = (f for f in after["findings"] if f["control"] == "LEG-01" and f["subject"] == "acme-liftctl")
    assert found["evidence_places"]["eol_on"]["file"].startswith("knowledge/feeds/endoflife/")
    told = secscan("-w", workspace, "explain", found["fingerprint"], "--format", "json").json
    assert any(str((f["source"] or {}).get("file")).startswith("knowledge/feeds/") for f in told["facts"])
    folder = workspace / "reports" / "latest"
    evidence = (folder / "evidence.html").read_text()
    assert feed["sha256"] in evidence.replace("<wbr>", "") and feed["notice"].split(",")[0] in evidence
    row = listed(folder / "data" / "feeds.csv")[0]
    assert row["sha256"] == feed["sha256"]
    (dispute,) = listed(folder / "data" / "date-disputes.csv")
    assert dispute["product"] == "python"
    secscan(*scan)
    assert not result(workspace)["feeds"][0]["changed"]


def test_an_old_document_marks_the_run_and_then_says_nothing_of_support(
    secscan: Run, workspace: Path, document: Path
) -> None:
    install(workspace)
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)

    def scanned(day: str, *more: str) -> tuple[str, dict[str, Any]]:
        said = secscan("-w", workspace, "scan", "--as-of", day, *more)
        assert said.code == 3
        return said.out, result(workspace)

    def lift(posture: dict[str, Any]) -> list[str]:
        return [
            f["outcome"] for f in posture["findings"] if f["control"] == "LEG-01" and f["subject"] == "acme-liftctl"
        ]

    out, posture = scanned("2027-02-01")
    assert "the document held is 70 days old" in out and not posture["complete"]
    assert lift(posture) == ["fail"]
    out, posture = scanned("2027-06-01", "--allow-stale")
    assert "was used all the same (--allow-stale)" in out and any("--allow-stale" in w for w in posture["warnings"])
    assert lift(posture) == ["fail"]
    out, posture = scanned("2027-06-01")
    assert "past its limit: what it says of support counts as not known" in out
    assert any("past its limit" in w for w in posture["warnings"])
    assert sorted(lift(posture)) == ["fail", "unknown"]  # what failed stays open until somebody can look again


def test_recognise_uses_the_workspaces_document_and_none_outside(
    secscan: Run, workspace: Path, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    ask = ("recognise", "Acme LiftCtl", "3.1", "--as-of", DAY, "--format", "json")
    (inside,) = secscan("-w", workspace, *ask).json["rows"]
    assert (inside["product"], inside["status"], inside["checked_on"]) == ("acme-liftctl", "supported", "2026-11-23")
    assert inside["dates_from"].startswith("knowledge/feeds/endoflife/whole-")
    monkeypatch.chdir(tmp_path)
    (outside,) = secscan(*ask).json["rows"]
    assert (outside["product"], outside["status"], outside["dates_from"]) == (None, "unknown", None)


def test_doctor_lists_the_age_of_each_feed(secscan: Run, workspace: Path, document: Path) -> None:
    def feed(day: str) -> dict[str, Any]:
        items = secscan("-w", workspace, "doctor", "--as-of", day, "--format", "json").json["items"]
        (one,) = (i for i in items if i["name"] == "feed endoflife")
        return dict(one)

    assert feed(DAY)["state"] == "ok" and "none imported" in feed(DAY)["says"]
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    assert "1 days old (fresh)" in feed(DAY)["says"]
    assert feed("2027-02-01")["state"] == "warn" and "secscan feeds import" in feed("2027-02-01")["fix"]


def test_a_document_that_was_altered_stops_the_run_in_one_line(secscan: Run, workspace: Path, document: Path) -> None:
    secscan("-w", workspace, "feeds", "import", document, "--as-of", DAY)
    for file in (workspace / "knowledge" / "feeds" / "endoflife").glob("*-*.json"):
        file.write_bytes(file.read_bytes().replace(b"2030-01-31", b"2040-01-31"))
    said = secscan("-w", workspace, "scan", "--as-of", DAY)
    assert said.code == 4 and "is not what was imported" in said.err.splitlines()[-1]


def test_hostile_text_in_a_document_is_shown_and_never_obeyed(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    label = "<img src=x onerror=alert(1)> =1+1 \x1b[2J\u202e"
    file = tmp_path / "hostile.json"
    file.write_bytes(raw(whole(product("evil", label, "app", release("1", "2020-01-01"), aliases=["acme-lift-control"]),
                               product("python", "Python", "lang", release("3.13", "2030-01-01")))))  # fmt: skip
    said = secscan("-w", workspace, "feeds", "import", file, "--as-of", DAY)
    assert said.code == 0
    for command in (("feeds", "status", "--as-of", DAY), ("scan", "--as-of", DAY)):
        said = secscan("-w", workspace, *command)
        assert "\x1b" not in said.out + said.err and "\u202e" not in said.out + said.err
    assert "<img" not in (workspace / "reports" / "latest" / "evidence.html").read_text()
