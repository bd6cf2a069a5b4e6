"""The workbook beside the CSV files: the same cells, all of them text, and the same bytes each time."""

from __future__ import annotations

import builtins
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.doors import workbook, xlsx
from secscan.doors.csv import recovered
from secscan.model.errors import UsageError
from secscan.render import site
from secscan.render.data import tables
from tests.render import hostile, postures
from tests.render.reader import view_of

DAY = date(2026, 10, 31)


def made(folder: Path, rows: Sequence[Sequence[object]], name: str = "things") -> bytes:
    header = [f"column {n}" for n in range(max(map(len, rows), default=1))]
    return workbook.dumps({name: (header, rows)}, [("marking", "M")], made_on=DAY, footer="M & N", folder=folder)


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def cells(sheet: Any) -> list[list[str]]:
    """The rows as a spreadsheet shows them: openpyxl leaves escapes of control characters as they are written."""
    return [[decoded("" if v is None else v) for v in row] for row in sheet.iter_rows(values_only=True)]


def decoded(cell: str) -> str:
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), cell)


@pytest.mark.parametrize("maker", [postures.partnership, postures.empty, hostile.everything, hostile.with_words])
def test_every_sheet_holds_what_its_csv_holds_and_no_cell_is_more_than_text(tmp_path: Path, maker: Any) -> None:
    site(maker(), tmp_path / "r", xlsx=True)
    book = openpyxl.load_workbook(tmp_path / "r" / "data" / "posture.xlsx")
    texts = tables(view_of(maker()))
    assert book.sheetnames == ["about", *(name.removesuffix(".csv") for name in texts)]
    for name, text in texts.items():
        sheet = book[name.removesuffix(".csv")]
        rows = list(csv.reader(io.StringIO(text)))
        assert cells(sheet) == rows, name
        assert {c.data_type for row in sheet.iter_rows() for c in row if c.value is not None} <= {"s", "inlineStr"}
        assert not [c for row in sheet.iter_rows() for c in row if c.hyperlink]
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:")
    assert not book.defined_names or all("Print" in n or "Filter" in n for n in book.defined_names)


def test_the_first_sheet_says_what_it_is_and_how_many_rows_each_has(tmp_path: Path) -> None:
    p = postures.partnership()
    site(p, tmp_path / "r", xlsx=True)
    told = dict(cells(openpyxl.load_workbook(tmp_path / "r" / "data" / "posture.xlsx")["about"]))
    assert (told["marking"], told["run"], told["legacy"]) == (p.marking, p.run_id, str(len(p.legacy)))


def test_the_same_report_gives_the_same_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    for name in ("a", "b"):
        site(postures.partnership(), tmp_path / name, xlsx=True)
    one, two = ((tmp_path / n / "data" / "posture.xlsx").read_bytes() for n in ("a", "b"))
    assert one == two
    assert opened(one).properties.created == datetime(2026, 10, 31)  # the day of the run, not the moment of writing
    names = {p.name for p in (tmp_path / "a" / "data").iterdir()}
    assert names == {*tables(view_of(postures.partnership())), "posture.json", "posture.xlsx"}
    assert '"data/posture.xlsx"' in (tmp_path / "a" / "manifest.json").read_text()


def test_without_being_asked_for_there_is_none(tmp_path: Path) -> None:
    site(postures.partnership(), tmp_path / "r")
    assert not list(tmp_path.rglob("*.xlsx"))


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "@SUM(A1)", "http://evil.example", "mailto:a@b.example", "internal:Sheet1!A1", "0017", "1e5", "TRUE", " x ", "<b>&",
     "<r>", "<r><t>x</t></r>", "'<r></r>", "<r>\n</is></c></row></sheetData></r>", "_x0041_", "\ufffe", "\x01", "a\r\nb"],
)  # fmt: skip
def test_nothing_in_a_cell_is_understood(tmp_path: Path, cell: str) -> None:
    data = made(tmp_path, [[cell, "next"]])
    (_, row) = cells(opened(data)["things"])
    assert row == [workbook.text(cell), "next"]
    assert recovered(row[0]) == cell or row[0] == f"'{cell}"
    assert b"<f>" not in unpacked(data) and b"hyperlink" not in unpacked(data)


def unpacked(data: bytes) -> bytes:
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(data))
    return b"".join(archive.read(name) for name in archive.namelist() if "sheet" in name)


@settings(deadline=None)  # a workbook is a dozen files on a disk that others use too
@given(rows=st.lists(st.tuples(st.text(max_size=30), st.just("end")), max_size=6))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    data = made(tmp_path_factory.getbasetemp(), rows)
    assert cells(opened(data)["things"])[1:] == [[workbook.text(a), b] for a, b in rows]


def test_our_own_reader_takes_it(tmp_path: Path) -> None:
    data = made(tmp_path, [["a", "=b"], ["c", None]])
    table = xlsx.read(data, "book.xlsx", sheet="things")
    assert [list(c) for c in table.columns] == [["a", "c"], ["'=b", ""]]


def test_a_table_that_is_too_long_for_a_sheet_goes_on_in_the_next_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 3)
    for count, sheets in (
        (0, {"things": 0}),
        (3, {"things": 3}),
        (4, {"things": 3, "things 2": 1}),
        (7, {"things": 3, "things 2": 3, "things 3": 1}),
    ):
        book = opened(made(tmp_path, [[str(n)] for n in range(count)]))
        assert book.sheetnames == ["about", *sheets]
        told = dict(cells(book["about"]))
        assert {name: int(told[name]) for name in sheets} == sheets
        every = [row[0] for name in sheets for row in cells(book[name])[1:]]
        assert every == [str(n) for n in range(count)]


@pytest.mark.parametrize(("letter", "kept"), [("x", 32_767), ("\U0001f512", 16_383)])
def test_a_cell_that_is_too_long_is_cut_and_says_so(tmp_path: Path, letter: str, kept: int) -> None:
    (_, (short,), (long,)) = cells(opened(made(tmp_path, [[letter * kept], [letter * (kept + 1)]]))["things"])
    assert short == letter * kept
    assert long.endswith("… (cut)") and len(long.encode("utf-16-le")) <= 2 * 32_767


def test_a_hostile_marking_is_no_code_in_the_foot_of_a_sheet(tmp_path: Path) -> None:
    site(replace(postures.partnership(), marking='&P&"Wingdings"&G ' + "x" * 500), tmp_path / "r", xlsx=True)
    sheet = openpyxl.load_workbook(tmp_path / "r" / "data" / "posture.xlsx")["legacy"]
    assert str(sheet.oddFooter.center.text).startswith('+P+"Wingdings"+G')


def test_without_the_library_one_line_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "xlsxwriter":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'secscan\[xlsx\]'"):
        site(postures.partnership(), tmp_path / "r", xlsx=True)
    assert not (tmp_path / "r").exists()
