"""The same thing has the same number on every page, in the data files and in the posture."""

from __future__ import annotations

import csv
import io
import re

import pytest

from secscan.model.posture import Posture
from secscan.render import figures
from secscan.render.data import tables
from tests.render.postures import partnership
from tests.render.reader import Element, Parser, Reader, cached, view_of

P: Posture = partnership()


def strip_after(reader: Parser, heading: str) -> dict[str, int]:
    """The counts in the strip under a heading, by label."""
    start = next(i for i, e in enumerate(reader.elements) if e.tag in ("h2", "h3") and e.text == heading)
    strip = next(e for e in reader.elements[start:] if e.attributes.get("class") == "app-strip")
    return {e.text.split(" ", 1)[1]: int(e.text.split(" ", 1)[0].replace(",", "")) for e in strip.children}


def table_rows(reader: Parser, id: str) -> list[list[str]]:
    caption = reader.by_id(f"{id}-caption")
    assert caption is not None and caption.parent is not None
    body = next(e for e in caption.parent.children if e.tag == "tbody")
    return [[c.text for c in row.children] for row in body.children]


def figures_of(reader: Parser) -> dict[str, Element]:
    return {e.children[0].text: e for e in reader.elements if e.attributes.get("class") == "app-figure"}


def test_the_states_of_protection_add_up_to_the_register_on_both_pages() -> None:
    legacy, mitigations = (
        Reader(cached("partnership")["legacy.html"]),
        Reader(cached("partnership")["mitigations.html"]),
    )
    one, other = (
        strip_after(legacy, "By protection"),
        strip_after(mitigations, "Unsupported systems by their protection"),
    )
    assert one == other
    assert sum(one.values()) == len(P.legacy) == len(table_rows(legacy, "register"))


def test_a_word_for_protection_that_nobody_knows_is_counted_too() -> None:
    from dataclasses import replace

    from tests.render.reader import html_of

    odd = replace(P, legacy=[replace(P.legacy[0], protection="hopeful"), *P.legacy[1:]])
    strip = strip_after(Reader(html_of(odd)["legacy.html"]), "By protection")
    assert strip["Other"] == 1 and sum(strip.values()) == len(P.legacy)


def test_the_states_of_claims_add_up_and_each_table_holds_its_own() -> None:
    reader = Reader(cached("partnership")["mitigations.html"])
    on, off = (
        strip_after(reader, "Of systems in the register"),
        strip_after(reader, "Of devices that are not in the register"),
    )
    covering = {(r.council, m) for r in P.legacy for m in r.mitigations}
    assert sum(on.values()) == sum((c.council, c.id) in covering for c in P.claims) > 0
    assert sum(off.values()) == sum((c.council, c.id) not in covering for c in P.claims) > 0
    strip = {word: on[word] + off[word] for word in on}
    assert sum(strip.values()) == len(P.claims)
    for state, word in (
        ("disproven", "Disproven"),
        ("claimed", "Claimed"),
        ("proven", "Proven"),
        ("configured", "Configured"),
    ):
        assert len(table_rows(reader, f"claims-{state}")) == strip[word]


def test_the_overview_shows_what_the_other_pages_count() -> None:
    overview = figures_of(Reader(cached("partnership")["index.html"]))
    assert f"{len(P.legacy)} of" in overview["Unsupported systems"].text
    proven = sum(c.state == "proven" for c in P.claims)
    assert f"{proven} of {len(P.claims)}" in overview["Protections proven"].text
    overdue = sum(e.state == "overdue" for e in P.exceptions)
    assert f"{overdue} of {len(P.exceptions)}" in overview["Exceptions overdue"].text


def test_the_councils_add_up_to_the_partnership() -> None:
    whole = figures_of(Reader(cached("partnership")["index.html"]))
    parts = [figures_of(Reader(text)) for name, text in cached("partnership").items() if name.startswith("council-")]
    for label in ("Unsupported systems",):
        count = [int(p[label].children[1].text.replace(",", "")) for p in parts]
        assert sum(count) == int(whole[label].children[1].text.replace(",", ""))
    for label in ("Protections proven", "Exceptions overdue"):
        pairs = [tuple(map(int, p[label].children[1].text.split(" of "))) for p in parts]
        total = tuple(map(int, whole[label].children[1].text.split(" of ")))
        assert tuple(map(sum, zip(*pairs, strict=True))) == total


def test_patching_on_the_overview_is_the_sum_of_the_patching_page() -> None:
    reader = Reader(cached("partnership")["patching.html"])
    rows = [[int(c.replace(",", "")) for c in row[1:6]] for row in table_rows(reader, "by-council")]
    assert all(sum(row[:4]) == row[4] for row in rows)
    assert [row[4] for row in rows] == [c.assets for c in P.councils]
    in_time, late, unknown, _, _ = (sum(column) for column in zip(*rows, strict=True))
    shown = figures_of(Reader(cached("partnership")["index.html"]))["Patched on time"].text
    assert f"{in_time} of {in_time + late} devices" in shown and f"{unknown} devices are not known" in shown


def test_the_drawing_of_the_bars_has_the_numbers_of_the_table() -> None:
    reader = Reader(cached("partnership")["patching.html"])
    said = reader.all("desc")[0].text
    for name, in_time, late, unknown, excluded, *_ in table_rows(reader, "by-council"):
        assert f"{name}: {in_time} on time, {late} late, {unknown} not known, {excluded} excluded." in said


def test_rows_read_are_rows_loaded_refused_and_blank_on_the_page() -> None:
    for row in table_rows(Reader(cached("partnership")["evidence.html"]), "inputs"):
        read, loaded, refused, blank = (int(c.replace(",", "")) for c in row[3:7])
        assert read == loaded + refused + blank


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("findings.csv", len(P.findings)), ("legacy.csv", len(P.legacy)), ("mitigations.csv", len(P.claims)),
        ("exceptions.csv", len(P.exceptions)), ("inputs.csv", len(P.inputs)), ("changes.csv", len(P.changes)),
        ("routes.csv", sum(len(r.routes) for r in P.legacy)), ("fixes.csv", sum(len(f.missing) for f in P.fixes)),
    ],
)  # fmt: skip
def test_data_files_hold_every_row(file: str, count: int) -> None:
    assert len(list(csv.reader(io.StringIO(tables(view_of(P))[file])))) == count + 1


def test_every_finding_shows_how_to_check_it_and_where_it_comes_from() -> None:
    for council in P.councils:
        reader = Reader(cached("partnership")[f"council-{council.id}.html"])
        mine = [f for f in P.findings if f.council == council.id]
        if not mine:
            continue
        rows = table_rows(reader, "findings")
        assert len(rows) == len(mine)
        text = " ".join(row[0] for row in rows)
        for finding in mine:
            assert f"secscan explain {finding.fingerprint}" in text
            assert str(finding.sources[0]) in text


@pytest.mark.parametrize("kind", ["partnership", "first_run", "rules_changed"])
def test_every_percentage_stands_beside_its_count(kind: str) -> None:
    """A share is followed by (n of N), or stands in a figure, a chart or a target whose count is beside it."""
    allowed = re.compile(
        r"target is \d+%|Target \d+%|(?:starts|ends) at \d+%|% of (the )?devices|\d+% aim|, %|[\d.]+% likely within"
    )
    for name, text in cached(kind).items():
        reader = Reader(text)
        for element in reader.all("p", "td", "dd", "li"):
            if element.attributes.get("class") == "app-figure":
                assert re.search(r"[\d,]+ of [\d,]+", element.text) or element.children[0].text == "Unsupported systems"
                continue
            if re.match(r"[\d,]+ of [\d,]+ ", element.text):  # a figure of the strip begins with its count
                continue
            said = allowed.sub("", element.text)
            for share in re.finditer(r"\d%", said):
                after = said[share.end() :]
                assert re.match(r" \([\d,]+ of [\d,]+\)", after), (name, element.text[:120])


def test_a_share_is_never_rounded_up_to_its_target() -> None:
    from secscan.render import words

    assert words.percent(94_999, 100_000) == "94.9%"
    assert words.percent(999, 1000) == "99.9%" and words.percent(9_999, 10_000) == "99.9%"
    assert words.percent(95, 100) == "95%" and words.percent(1, 1) == "100%" and words.percent(0, 9) == "0%"


def test_figures_that_do_not_add_up_are_said_on_every_page() -> None:
    from dataclasses import replace

    from tests.render.reader import html_of

    wrong = replace(P, councils=[replace(P.councils[0], claims=99), *P.councils[1:]])
    assert figures.disagreements(wrong)
    assert all("Figures that do not add up" in text for text in html_of(wrong).values())
    assert not any("Figures that do not add up" in text for text in cached("partnership").values())
