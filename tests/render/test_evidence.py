"""Evidence: whole digests, a sample that anybody can draw again, and lists that are cut only where a file has all."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.cli.main import run
from secscan.model.posture import Posture
from secscan.render import site
from secscan.render.data import tables
from secscan.render.pages import evidence
from tests.render import hostile
from tests.render.postures import finding, partnership
from tests.render.reader import Reader, cached, html_of, view_of
from tests.render.test_numbers import table_rows

P = partnership()
PAGE = cached("partnership")["evidence.html"]


def test_an_auditor_can_compare_whole_digests_on_the_page() -> None:
    shown = Reader(PAGE).shown.replace(" ", "")
    for row in P.inputs:
        assert row.sha256 is not None and row.sha256 in shown
    for check in P.checks:
        assert check["sha256"] in shown
    assert P.policy_digest in shown and P.previous_digest is not None and P.previous_digest in shown


def test_every_rule_has_its_text_its_references_and_its_outcomes() -> None:
    control = replace(P.controls[0], references=["One https://a.example/b/c.pdf", "Two"], scope={"only": {}, "not": {"type": ["printer"]}},
                      params={"days": 14, "windows": {"high": 14, "low": 90}, "strict": False})  # fmt: skip
    row = table_rows(Reader(html_of(replace(P, controls=[control]))["evidence.html"]), "controls")[0]
    for said in (
        control.text,
        "One https://a.example/b/c.pdf",
        "Two",
        "not type printer",
        "days = 14",
        "high: 14 and low: 90",
        "strict = no",
    ):
        assert said in row[1]
    sums = [sum(o[k] for o in control.outcomes.values()) for k in ("passed", "failed", "unknown", "stale")]
    assert [c.replace(",", "") for c in row[3:6]] == [str(sums[0]), str(sums[1]), f"{sums[2]} {sums[3]} too old"]


def test_a_rule_that_broke_or_is_off_or_holds_for_some_says_so() -> None:
    one = replace(P.controls[0], error="it divided by nought")
    some = replace(P.controls[1], councils=["corvale"])
    states = [
        r[-1]
        for r in table_rows(
            Reader(html_of(replace(P, controls=[one, some, P.controls[-1]]))["evidence.html"]), "controls"
        )
    ]
    assert states == [
        "Broke and judged nothing: it divided by nought",
        "On for Corvale",
        "Switched off: No source tells this yet.",
    ]


def test_what_was_loosened_has_before_after_who_why_and_where() -> None:
    assert table_rows(Reader(PAGE), "loosened") == [
        ["PAT-01", "Brackenford", "due", "14 days", "28 days", "Small team policies/brackenford.yaml:6"]
    ]


def test_two_sources_that_disagree_stand_side_by_side_with_their_lines() -> None:
    (row,) = table_rows(Reader(PAGE), "disagreements")
    assert row[3] == "Windows 10 22H2 by alderbeck-register inventory/alderbeck/2026-10-31/register.csv:12"
    assert row[4] == "Windows 11 24H2 by alderbeck-agent inventory/alderbeck/2026-09-30/agent.json:44"
    (joined,) = table_rows(Reader(PAGE), "joins")
    assert joined[2:4] == ["agent-5c0e", "serial"] and "register.csv:12" in joined[4] and "agent.json:44" in joined[4]


def test_coverage_says_how_much_each_source_names_and_what_nobody_else_does() -> None:
    rows = {r[0].split()[0]: r for r in table_rows(Reader(PAGE), "coverage")}
    assert rows["alderbeck-register"][3:6] == ["100% (402 of 402)", "400 of 402", "5"]
    assert rows["corvale-fixes"][4] == "0 of 144"


def test_the_sample_is_drawn_by_the_run_and_not_by_the_order_of_the_findings() -> None:
    drawn = [f.fingerprint for f in evidence.sample(P.findings, P.run_id)]
    assert len(drawn) == len(set(drawn)) == 10
    assert [f.fingerprint for f in evidence.sample(P.findings[::-1], P.run_id)] == drawn
    assert [f.fingerprint for f in evidence.sample(P.findings, "2026-11-30-0600")] != drawn
    assert [r[0] for r in table_rows(Reader(PAGE), "sample")] == drawn


def test_the_steps_on_the_page_give_the_sample() -> None:
    lot = hashlib.sha256(P.run_id.encode()).hexdigest()
    assert lot in Reader(PAGE).shown
    lowest = sorted(hashlib.sha256((lot + f.fingerprint).encode()).hexdigest() for f in P.findings)[:10]
    assert [
        hashlib.sha256((lot + f.fingerprint).encode()).hexdigest() for f in evidence.sample(P.findings, P.run_id)
    ] == lowest


@pytest.mark.skipif(sys.platform == "win32", reason="the command is written for a POSIX shell")
def test_the_command_on_the_page_prints_the_sample(tmp_path: Path) -> None:
    odd = [replace(f, title=f'{f.title}, "quoted"\nand broken') for f in P.findings]
    site(replace(P, findings=odd), tmp_path)
    command = next(
        e.text
        for e in Reader((tmp_path / "evidence.html").read_text(encoding="utf-8")).all("code")
        if e.text.startswith("python3 -c")
    )
    done = subprocess.run(
        ["sh", "-c", command.replace("python3", sys.executable, 1)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [f.fingerprint for f in evidence.sample(odd, P.run_id)]


@given(names=st.lists(st.text(max_size=8), max_size=40, unique=True), run=st.text(max_size=12))
def test_a_sample_is_ten_or_all_and_each_finding_once(names: list[str], run: str) -> None:
    rows = [replace(P.findings[0], fingerprint=n) for n in names]
    drawn = evidence.sample(rows, run)
    assert len(drawn) == min(10, len(rows)) and len({f.fingerprint for f in drawn}) == len(drawn)


def test_each_command_that_the_pages_name_exists_with_its_options(capfd: pytest.CaptureFixture[str]) -> None:
    named: dict[tuple[str, ...], set[str]] = {}
    for text in (*cached("partnership").values(), *cached("empty").values()):
        for code in (e.text for e in Reader(text).all("code") if e.text.startswith("secscan ")):
            name, *rest = code.split()[1:]
            command = (name, rest[0]) if name == "runs" else (name,)
            named.setdefault(command, set()).update(word for word in rest if word.startswith("--"))
    assert set(named) == {
        ("explain",),
        ("exposure",),
        ("import",),
        ("runs", "list"),
        ("recognise",),
        ("report",),
        ("scan",),
    }
    for command, options in named.items():
        assert run([*command, "--help"]) == 0
        helped = capfd.readouterr().out
        assert all(option in helped for option in options), (command, options)


def test_each_feed_is_named_with_its_age_its_digest_and_its_notice() -> None:
    used, _, missing = table_rows(Reader(PAGE), "feeds")
    assert (
        "5e" * 32 in used[5].replace(" ", "")
        and "70 days old" in used[2]
        and "another than the run before used" in used[4]
    )
    assert missing[1:3] == ["None imported", "Not imported"]
    assert "By the contributors of the lifecycle data." in PAGE
    assert PAGE.count("By the contributors") == 1  # of what was not used there is nothing to thank for


def test_where_catalogue_and_feed_disagree_both_are_shown_with_their_places() -> None:
    (row,) = table_rows(Reader(PAGE), "date-disputes")
    assert row[0] == "Python 3.13" and "ends 31 October 2029" in row[1] and "extension to 30 September 2030" in row[2]
    assert "languages.yaml:120" in row[1] and "whole-5e5e.json:88" in row[2] and row[3] == "The feed"


LISTS = [f.name for f in fields(Posture) if get_origin(get_type_hints(Posture)[f.name]) is list]
TRENDS = ["trends"]


def test_the_lists_are_those_that_a_posture_has() -> None:
    assert {"findings", "legacy", "coverage", "disagreements", "joins", "support_ends", "excluded"} <= set(LISTS)


@pytest.mark.parametrize("name", [*LISTS, *TRENDS])
def test_every_list_of_a_posture_is_whole_in_a_data_file(name: str) -> None:
    p = hostile.filled()
    value: Any = getattr(p, name)
    assert value, f"give postures.partnership() some {name}"
    less = {m: q[:-1] for m, q in value.items()} if isinstance(value, dict) else value[:-1]
    whole, cut = (tables(view_of(q)) for q in (p, replace(p, **{name: less})))

    def lines(text: str) -> int:
        return len(list(csv.reader(io.StringIO(text))))

    assert [file for file in whole if lines(whole[file]) > lines(cut[file])], name


@pytest.mark.parametrize("kind", LISTS)
def test_no_text_of_a_row_is_missing_from_the_data_files(kind: str) -> None:
    """Every text of a row that stands for itself is in some file; what is nested has a file of its own or is in posture.json."""
    p = hostile.everything()
    rows = getattr(p, kind)
    text = "\n".join(tables(view_of(p)).values())
    hints = (
        get_type_hints(get_args(get_type_hints(Posture)[kind])[0])
        if rows and not isinstance(rows[0], dict | str)
        else {}
    )
    for name, hint in hints.items():
        if hint is str or (str in get_args(hint) and get_origin(hint) not in (list, dict)):
            for row in rows[:2]:
                value = getattr(row, name)
                assert not isinstance(value, str) or value.replace('"', '""')[:60].split("\x1b")[0] in text, (
                    kind,
                    name,
                )


CUT = {
    "inputs": ("evidence.html", "inputs"), "controls": ("evidence.html", "controls"), "loosened": ("evidence.html", "loosened"),
    "excluded": ("evidence.html", "excluded"), "coverage": ("evidence.html", "coverage"), "joins": ("evidence.html", "joins"), "feeds": ("evidence.html", "feeds"), "date_disputes": ("evidence.html", "date-disputes"),
    "disagreements": ("evidence.html", "disagreements"), "checks": ("evidence.html", "checks"), "exceptions": ("exceptions.html", "exceptions"),
    "fixes": ("patching.html", "fixes"), "legacy": ("legacy.html", "register"), "support_ends": ("legacy-ending.html", "ending"),
    "claims": ("mitigations.html", "claims-proven"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CUT))
def test_a_long_list_is_cut_says_so_and_names_the_file_that_has_all(name: str) -> None:
    file, table = CUT[name]
    first = getattr(P, name)[0]
    rows = [
        first
        if isinstance(first, dict)
        else replace(first, council="alderbeck")
        if hasattr(first, "council")
        else first
    ] * 1_200
    if name in ("legacy", "claims", "exceptions", "controls"):
        key = "asset" if name == "legacy" else "id"
        rows = [replace(row, **{key: f"X-{n}"}) for n, row in enumerate(rows)]
    view = replace(view_of(replace(P, **{name: rows})), cap=50)
    made = {p.file: p for p in (build(view) for shown, build in _builders(view) if shown == file)}[file]
    found = next(t for t in _tables(made.context) if t.id == table)
    assert len(found.rows) == 50 and found.total == 1_200 and found.cut
    assert found.file in tables(view), "the file that it names is there"


def _builders(view: Any) -> Any:
    from secscan.render.site import _builders as builders

    return builders(view)


def _tables(context: Any) -> list[Any]:
    from secscan.render.bits import Table

    found = [v for v in context.values() if isinstance(v, Table)]
    return found + [g["table"] for g in context.get("groups", ())]


def test_a_run_without_findings_has_no_sample_and_says_so() -> None:
    text = html_of(replace(P, findings=[]))["evidence.html"]
    assert "There is no finding to draw from." in text and "0 of 0 findings" in text


def test_a_sample_of_few_findings_is_all_of_them() -> None:
    few = [finding("alderbeck", f"AB-{n}", "Chrome") for n in range(3)]
    assert "3 of 3 findings" in Reader(html_of(replace(P, findings=few))["evidence.html"]).shown
