"""The CSV door: characters, separators, broken rows, and the way out."""

from __future__ import annotations

import csv as plain
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.doors import csv
from secscan.model.errors import InputError

NAMES = "tag,name\nA1,Käse – Größe 5µ\nA2,plain\n"


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (NAMES.encode(), None),
        (b"\xef\xbb\xbf" + NAMES.encode(), None),
        (b"\xff\xfe" + NAMES.encode("utf-16-le"), None),
        (b"\xfe\xff" + NAMES.encode("utf-16-be"), None),
        (NAMES.encode("utf-16-le"), "utf-16-le"),
        (NAMES.encode("utf-16-be"), "UTF-16-BE"),
        (NAMES.encode("cp1252"), "cp1252"),
        (NAMES.encode("cp1252"), "Windows-1252"),
        (b"\xef\xbb\xbf" + NAMES.encode(), "cp1252"),
        (b"\xff\xfe" + NAMES.encode("utf-16-le"), "utf-8"),
    ],
)
def test_each_encoding_gives_the_same_characters(data: bytes, declared: str | None) -> None:
    table = csv.read(data, "x.csv", encoding=declared)
    assert table.header == ("tag", "name")
    assert table.columns == [["A1", "A2"], ["Käse – Größe 5µ", "plain"]]


@pytest.mark.parametrize(
    ("data", "declared", "place", "words"),
    [
        (NAMES.encode("cp1252"), None, "x.csv:2", "declare encoding: cp1252"),
        (NAMES.encode("utf-16-le"), None, "x.csv:1", "declare encoding: utf-16-le"),
        (NAMES.encode("utf-16-be"), None, "x.csv:1", "declare encoding: utf-16-be"),
        (NAMES.encode() + "A3,Größe\n".encode("cp1252"), None, "x.csv:4", "two encodings are mixed"),
        (NAMES.encode() + b"A3,\xc3\n", None, "x.csv:4", "not UTF-8: 0xC3 at byte"),
        (b"\xff\xfe" + NAMES.encode("utf-16-le")[:-1], None, "x.csv:", "not utf-16-le"),
        (b"tag,name\nA1,\x81\n", "cp1252", "x.csv:2", "is not cp1252: 0x81 at byte 12"),
        (NAMES.encode(), "klingon", "x.csv", "'klingon' is not known"),
        (NAMES.encode(), "rot13", "x.csv", "is not taken here"),
        (NAMES.encode(), "unicode_escape", "x.csv", "is not taken here"),
        (NAMES.encode("utf-16-le"), "utf-16", "x.csv", "has no byte order mark"),
        (b"\xff\xfe\0\0" + NAMES.encode("utf-32-le"), None, "x.csv", "is UTF-32"),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_line_byte_and_fix(
    data: bytes, declared: str | None, place: str, words: str
) -> None:
    with pytest.raises(InputError) as refused:
        csv.read(data, "x.csv", encoding=declared)
    assert str(refused.value).startswith(place)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("tag;name\nA1;x\n", None),
        ("tag\tname\nA1\tx\n", None),
        ("tag|name\nA1|x\n", None),
        ("sep=;\ntag;name\nA1;x\n", None),
        ("sep=;\r\ntag;name\r\nA1;x\r\n", None),
        ('"sep=;"\ntag;name\nA1;x\n', None),
        ("sep=\t\ntag\tname\nA1\tx\n", None),
        ("#TYPE System.Management.Automation.PSCustomObject\ntag,name\nA1,x\n", None),
        ("#TYPE Selected.X, Y; Z\nsep=;\ntag;name\nA1;x\n", None),
        ("tag#name\nA1#x\n", "#"),
        ('"tag","name"\n"A1","x"\n', None),
        ("tag, name\nA1, x\n", None),
    ],
)
def test_separators_are_declared_or_told_by_the_header(text: str, delimiter: str | None) -> None:
    table = csv.read(text.encode(), "x.csv", delimiter=delimiter)
    assert table.header == ("tag", "name")
    assert [list(c) for c in table.columns] == [["A1"], ["x"]]
    assert list(table.lines) == [text.count("\n")]


def test_title_lines_before_the_header_are_passed_over_and_said() -> None:
    text = 'Device report\n"Run by","IT, Alderbeck"\n\ntag,name,version\nA1,x,1\n'
    table = csv.read(text.encode(), "x.csv", is_header=lambda cells: "tag" in cells)
    assert (table.header_line, list(table.lines), table.rows_read) == (4, [5], 1)
    assert table.notes == ["x.csv:1: passed over what stands before the header on line 4"]


def test_lines_are_physical_lines_where_a_record_begins() -> None:
    text = 'tag,name\nA1,"two\nlines"\n\nA2,x\r\nA3,"three\r\nlong\r\nlines"\nA4,y\n'
    table = csv.read(text.encode(), "x.csv")
    assert list(table.lines) == [2, 5, 6, 9]
    assert table.columns[1] == ["two\nlines", "x", "three\r\nlong\r\nlines", "y"]
    assert (table.blank, table.rows_read) == (1, 5)


def test_an_unclosed_quote_loses_its_own_row_only() -> None:
    rows = [f"A{n},host-{n},1.{n}" for n in range(400)]
    rows[100] = 'A100,"host-100,1.100'
    rows[250] = 'A250,"a, b",1.250'
    table = csv.read("\n".join(["tag,name,version", *rows]).encode(), "x.csv")
    assert [bad.line for bad in table.bad] == [102]
    assert "quote" in table.bad[0].reason
    assert table.bad[0].cells[0] == "A100"
    assert len(table.lines) == 399
    assert table.columns[1][249] == "a, b"


@pytest.mark.parametrize("closing", ['A4,foo",1.4', 'A4,"foo",1.4', "A4,foo,1.4"])
def test_an_unclosed_quote_that_meets_another_does_not_swallow_rows(closing: str) -> None:
    text = f'tag,name,version\nA1,"open,1.1\nA2,b,1.2\nA3,c,1.3\n{closing}\nA5,e,1.5\n'
    table = csv.read(text.encode(), "x.csv")
    assert [bad.line for bad in table.bad] == [2]
    assert table.columns[0] == ["A2", "A3", "A4", "A5"]


def test_an_honest_long_cell_is_no_unclosed_quote() -> None:
    note = "\n".join(f"step {n}: look, then write it down" for n in range(60))
    text = f'tag,name,note\nA1,x,"{note}"\nA2,y,\n'
    table = csv.read(text.encode(), "x.csv")
    assert not table.bad
    assert table.columns[2] == [note, ""]


def test_ragged_rows_nul_and_long_cells_are_refused_by_line() -> None:
    text = f"tag,name\nA1,x,y\nA2\nA3,a\0b\nA4,{'z' * 200_000}\nA5,{'z' * 40_000}\nA6,fine\n,\n"
    table = csv.read(text.encode(), "x.csv")
    assert [(bad.line, bad.cells[0]) for bad in table.bad] == [(2, "A1"), (3, "A2"), (4, "A3"), (5, "A4"), (6, "A5")]
    reasons = [bad.reason for bad in table.bad]
    assert reasons[0] == "has 3 cells; the header has 2"
    assert reasons[1] == "has 1 cells; the header has 2"
    assert "NUL" in reasons[2]
    assert "longer" in reasons[3]
    assert "40,000 characters long" in reasons[4]
    assert table.columns[0] == ["A6"]
    assert table.blank == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n\n", "has no header line"),
        ("tag,name,Tag\nA1,x,y\n", "columns 1 and 3 are both headed 'Tag'"),
        (",".join(f"c{n}" for n in range(10_000)) + "\n", "has 10,000 columns; the limit is 200"),
        ("tag,na\0me\nA1,x\n", "broken character"),
        ('sep="\ntag,name\n', "cannot be separated by"),
    ],
)
def test_a_header_that_cannot_be_trusted_refuses_the_file(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        csv.read(text.encode(), "x.csv")


def test_too_many_rows_refuse_the_file() -> None:
    with pytest.raises(InputError, match="more than 10 rows"):
        csv.read(b"tag,name\n" + b"A,b\n" * 11, "x.csv", rows=10)


def test_a_row_of_a_hundred_million_commas_is_not_laid_out() -> None:
    table = csv.read(b"tag,name\n" + b"," * 20_000_000 + b"\nA1,x\n", "x.csv")
    assert [bad.line for bad in table.bad] == [2]
    assert table.columns[0] == ["A1"]


# --- the way out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["=1+1", "+44 1234", "-WS01", "@x", "\t=1", "\r=1", "'=1", "''-x", " =1", "'", "x", "", "it's", "-", "\n=1"]
)
def test_formulas_are_neutralised_and_recoverable(cell: str) -> None:
    written = csv.neutral(cell)
    assert not written.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    assert csv.recovered(written) == cell


@given(st.text())
def test_every_text_comes_back_from_neutral(text: str) -> None:
    assert csv.recovered(csv.neutral(text)) == text


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


@given(st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)))
@settings(max_examples=200)
def test_what_is_written_reads_back(rows: list[list[str]]) -> None:
    header = [f"c{n}" for n in range(len(rows[0]))]
    written = csv.dumps(header, rows)
    found = list(plain.reader(io.StringIO(written, newline="")))
    assert [[csv.recovered(cell) for cell in row] for row in found] == [header, *rows]


@given(
    rows=st.lists(
        st.lists(st.none() | st.booleans() | st.integers() | st.dates() | st.text(max_size=4), min_size=3, max_size=3)
    )
)
def test_a_value_is_written_alike_wherever_it_comes_again(rows: list[list[object]]) -> None:
    each = [csv.dumps(["a", "b", "c"], [row]).split("\n", 1)[1] for row in rows]
    assert csv.dumps(["a", "b", "c"], rows) == "a,b,c\n" + "".join(each)
    assert csv.dumps(["a"], [[True], [1], ["1"], [None], [""]]) == 'a\ntrue\n1\n1\n""\n""\n'


def test_values_are_written_as_people_expect() -> None:
    from datetime import date

    text = csv.dumps(["a", "b", "c", "d"], [[None, True, date(2026, 1, 2), -5], ["a;b", 'say "x"', "=1", "1.10"]])
    assert text == 'a,b,c,d\n,true,2026-01-02,-5\n"a;b","say ""x""",\'=1,1.10\n'


def test_equal_values_of_other_kinds_stay_apart_in_one_column() -> None:
    rows = [[True], [1], [1.0], [False], [0], [None], ["1"], ["True"]]
    assert csv.dumps(["a"], rows) == 'a\ntrue\n1\n1.0\nfalse\n0\n""\n1\nTrue\n'


ODD = st.sampled_from(
    ["a,b", "a;b", "a b ", " a", "=x", "-1", "+a", "@a", "a\tb", "a\rb", "a\nb", "a|b", 'say "x"', "a=b", "a-"]
)


@given(st.lists(st.tuples(CELLS | ODD, st.none() | st.booleans(), st.none() | st.integers() | ODD), max_size=8))
@settings(max_examples=200)
def test_columns_and_rows_are_written_alike(rows: list[tuple[object, ...]]) -> None:
    header = ["a", "b", "c"]
    whole = csv.dumps(header, rows)
    assert csv.dump_columns(header, [[row[i] for row in rows] for i in range(3)]) == whole
    assert whole == "".join(csv.dumps(row, []) for row in [header, *rows])  # type: ignore[arg-type]


def test_files_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    csv.write_rows(tmp_path / "x.csv", ["a"], [["b"]])
    assert (tmp_path / "x.csv").read_text() == "a\nb\n"
    assert (tmp_path / "x.csv").stat().st_mode & 0o777 == 0o600
