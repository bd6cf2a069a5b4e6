"""What other scanners report: what the page says first, its rows, its data, and that their words stay theirs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from secscan.model.posture import Posture
from secscan.render import headlines
from secscan.render.data import tables
from tests.render.postures import empty, partnership
from tests.render.reader import Reader, cached, html_of, view_of
from tests.render.test_numbers import table_rows

P = partnership()
OWN_WORDS = "own words: this report repeats them and has not checked them."


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (empty(), ["No results of other scanners were given."]),
        (replace(P, scanners=P.scanners[2:]), ["No file of other scanners’ results came, though 1 source should bring some."]),
        (replace(P, scanners=P.scanners[:1]), [f"One other scanner gave results, in its {OWN_WORDS}"]),
        (replace(P, scanners=[replace(P.scanners[0], stale=True)]), [f"One other scanner gave results, in its {OWN_WORDS}", "Its results are too old to rely on."]),
        (P, [
            f"2 other scanners gave results, in their {OWN_WORDS}", "More than one scanner reports 41 of 943 pairs of a device and a CVE.",
            "The results of 1 of 2 are too old to rely on.", "No file of 1 more scanner came.",
        ]),
    ],
)  # fmt: skip
def test_what_the_page_says_first(made: Posture, said: list[str]) -> None:
    assert headlines.scanners_answer(made) == said
    for sentence in said:
        assert len(sentence.split()) <= 25


def rows(id: str) -> list[list[str]]:
    return table_rows(Reader(cached("partnership")["other-scanners.html"]), id)


def test_a_scanner_that_is_too_old_or_never_came_says_so_in_its_row() -> None:
    fresh, old, lost = rows("scanners")
    assert "Whole" in fresh[3] and "Too old" not in fresh[3] and "Critical: 31, High: 204 and Info: 3,873" in fresh[6]
    assert (
        "Silent" in old[3] and "Too old to rely on" in old[3] and "1 July 2026" in old[2] and "122 days old" in old[2]
    )
    assert "no file came" in lost[0] and set(lost[4:]) == {"–"}


def test_agreement_adds_up_and_each_pair_counts_once() -> None:
    shown = rows("agreement")
    foot = next(e for e in Reader(cached("partnership")["other-scanners.html"]).all("tfoot"))
    assert [int(row[2]) for row in shown] == [41, 902] and "943" in foot.text


def test_an_issue_names_its_devices_its_rows_and_how_to_see_them_all() -> None:
    one, cve, lost = rows("issues")
    assert one[2] == "188" and "185 more" in one[8] and "188 rows in all" in one[8]
    assert "secscan explain CVE-2026-20011" in cve[0] and "9.8" in cve[4] and "first on 2 September 2026" in cve[7]
    assert "Known since 3 November 2021" in cve[5] and "used for ransom" in cve[5] and "94.4% likely" in cve[5]
    assert "9 results on a device that is in no list" in lost[8] and "secscan explain" not in lost[0]


def test_the_data_files_hold_every_row() -> None:
    files = {name: list(csv.DictReader(io.StringIO(text))) for name, text in tables(view_of(P)).items()}
    assert next((r["source"], r["results"], r["severities"]) for r in files["scanners.csv"]) == (
        "alderbeck-nessus",
        "4120",
        "Critical 31; High 204; Info 3873",
    )
    assert [r["assets"] for r in files["scanner-issues.csv"]] == ["188", "14", "0"]
    assert sum(int(r["pairs"]) for r in files["scanner-agreement.csv"]) == 943
    assert [r["devices"] for r in files["shared-cves.csv"]] == ["alderbeck-greenbone 14; alderbeck-nessus 11"]
    assert {r["of"] for r in files["device-results.csv"]} == {"17"}


def test_a_councils_page_has_its_own_scanners_alone() -> None:
    made = cached("partnership")
    assert (
        "alderbeck-nessus" in made["council-alderbeck.html"] and "corvale-trivy" not in made["council-alderbeck.html"]
    )
    assert "What other scanners report" not in Reader(made["council-brackenford.html"]).shown


def test_a_legacy_device_shows_what_is_reported_on_it_and_how_many_more_there_are() -> None:
    (told,) = P.device_results
    page = Reader(cached("partnership")[view_of(P).described[told.council, told.asset]])
    assert (
        "2 of 17 shown" in page.shown
        and f"secscan explain {told.asset} --council {told.council}" in page.shown
        and "Remote Desktop Services lets strangers in" in page.shown
    )
    other = next(file for key, file in view_of(P).described.items() if key != (told.council, told.asset))
    assert (
        "No scanner whose results were given reports anything open on it." in Reader(cached("partnership")[other]).shown
    )


def test_results_change_no_other_figure_of_the_report() -> None:
    without = html_of(
        replace(P, scanners=[], scanner_issues=[], scanner_agreement=[], shared_cves=[], device_results=[])
    )
    whole = cached("partnership")
    for name in ("index.html", "legacy.html", "mitigations.html", "exceptions.html", "trends.html", "evidence.html"):
        shown, other = (
            Reader(made[name]).shown.partition("SHA-256 of data/posture.json")[0] for made in (whole, without)
        )
        assert shown == other, name
