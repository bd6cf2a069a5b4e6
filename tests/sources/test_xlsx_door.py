"""The workbook door: what it reads, and what it refuses before anything else opens the file."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from secscan.doors import xlsx
from secscan.model.errors import InputError
from tests.sources.desk import workbook


def rebuilt(data: bytes, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None) -> bytes:
    """The workbook with some members changed (None: left out) and others added."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if (content := change(name, old.read(name))) is not None:
                new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return held.getvalue()


def sheet_xml(data: bytes, old: bytes, new: bytes) -> bytes:
    return rebuilt(data, lambda name, content: content.replace(old, new) if name.endswith("sheet1.xml") else content)


SMALL = workbook([["tag", "name"], ["A1", "x"], ["A2", "y"]])


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as refused:
        xlsx.read(data, "book.xlsx")
    return str(refused.value)


def test_cells_keep_what_was_written() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    page = book.add_worksheet("Büro")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    time = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    page.write_row(2, 1, ["tag", "a", "b", "c"])
    page.write_string(3, 1, "A1")
    page.write_string(3, 2, "1.10")
    page.write_number(3, 3, 10.0)
    page.write_datetime(3, 4, datetime(2026, 12, 31), day)
    page.write_string(5, 1, "A2")
    page.write_number(5, 2, 1.1)
    page.write_boolean(5, 3, False)
    page.write_datetime(5, 4, datetime(2026, 1, 2, 3, 4), time)
    page.write_string(6, 1, "A3")
    page.write_formula(6, 2, "=1+1", None, 2)
    page.write_formula(6, 3, '="x"', None, "x")
    page.write_number(6, 4, 45123)
    book.close()
    table = xlsx.read(held.getvalue(), "book.xlsx")
    assert table.shown == "book.xlsx[Büro]"
    assert table.header == ("tag", "a", "b", "c")
    assert list(table.lines) == [4, 6, 7]
    assert table.columns == [
        ["A1", "A2", "A3"], ["1.10", "1.1", "2"], ["10", "false", "x"], ["2026-12-31", "2026-01-02 03:04:00", "45123"],
    ]  # fmt: skip
    assert (table.blank, table.rows_read) == (1, 4)
    assert table.at(6, 2) == "book.xlsx[Büro]!D6"


def test_an_error_cell_refuses_its_row_and_names_the_cell() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["tag", "name", "version"])
    page.write_row(1, 0, ["A1", "x", "1"])
    page.write_row(2, 0, ["A2", "y"])
    page.write_formula(2, 2, "=NA()", None, "#N/A")
    page.write_row(3, 0, ["A3", "#N/A", "as text"])
    book.close()
    table = xlsx.read(held.getvalue(), "book.xlsx")
    assert [(b.line, b.column, b.reason) for b in table.bad] == [(3, "version", "book.xlsx[Sheet1]!C3 shows #N/A")]
    assert table.columns[0] == ["A1", "A3"]


def test_a_formula_that_was_never_worked_out_is_said() -> None:
    data = sheet_xml(SMALL, b'<c r="B3" t="s"><v>5</v></c>', b'<c r="B3"><f>1+1</f><v/></c>')
    table = xlsx.read(data, "book.xlsx")
    assert table.columns[1] == ["x", ""]
    assert table.notes == ["book.xlsx[Sheet1]: 1 formulas have no worked-out value and read as empty; save it in Excel"]


def test_the_named_sheet_or_the_first_visible_one_is_read() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    hidden, first, second = (book.add_worksheet(n) for n in ("Hidden", "First", "Second"))
    first.activate()
    first.set_first_sheet()
    hidden.hide()
    for page, tag in ((hidden, "H"), (first, "F"), (second, "S")):
        page.write_row(0, 0, ["tag"])
        page.write_row(1, 0, [tag])
    book.close()
    assert xlsx.read(held.getvalue(), "b.xlsx").columns == [["F"]]
    assert xlsx.read(held.getvalue(), "b.xlsx", sheet="Second").columns == [["S"]]
    with pytest.raises(InputError, match="has no sheet 'Third'; it has 'Hidden', 'First', 'Second'"):
        xlsx.read(held.getvalue(), "b.xlsx", sheet="Third")


def test_a_value_beside_the_headings_refuses_its_row() -> None:
    table = xlsx.read(workbook([["tag", "name"], ["A1", "x", "stray"], ["A2", "y"]]), "b.xlsx")
    assert [(b.line, b.reason) for b in table.bad] == [(2, "has a value in column C, which has no heading")]


# --- archives that are not what they say --------------------------------------------------------------------------


def test_old_and_protected_workbooks_say_what_to_do() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert "old Excel file (.xls); save it as .xlsx or CSV" in refusal(ole)
    assert "password-protected" in refusal(ole + "EncryptedPackage".encode("utf-16-le"))


def test_other_archives_are_told_apart() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "is a ZIP archive, not a workbook" in refusal(held.getvalue())
    assert "is not a workbook" in refusal(b"PK\x03\x04" + b"garbage" * 50)
    assert "is not a workbook" in refusal(SMALL[: len(SMALL) // 2])


def test_too_many_members_are_refused() -> None:
    many = rebuilt(SMALL, lambda _, content: content, {f"xl/media/{n}.bin": b"x" for n in range(5_000)})
    assert "members; the limit is 1,000" in refusal(many)


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "xl/../../evil", "C:/evil", "..\\evil.xml"])
def test_names_that_lead_outside_are_refused(name: str) -> None:
    assert "leads outside" in refusal(rebuilt(SMALL, lambda _, content: content, {name: b"x"}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice_is_refused() -> None:
    assert "twice" in refusal(rebuilt(SMALL, lambda _, content: content, {"xl/workbook.xml": b"<workbook/>"}))
    assert "twice" in refusal(rebuilt(SMALL, lambda _, content: content, {"XL/Workbook.XML": b"<workbook/>"}))


@pytest.mark.parametrize("danger", [b'<!DOCTYPE x [<!ENTITY a "b">]>', b"<!ENTITY a SYSTEM 'file:///etc/passwd'>"])
@pytest.mark.parametrize("part", ["sheet1.xml", "sharedStrings.xml", "workbook.xml.rels", "[Content_Types].xml"])
def test_parts_with_a_document_type_are_refused(danger: bytes, part: str) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(b"?>", b"?>" + danger, 1) if name.endswith(part) else content

    assert "which no workbook needs" in refusal(rebuilt(SMALL, change))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_parts_in_utf_16_cannot_hide_one(encoding: str) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.decode().encode(encoding) if name.endswith("sheet1.xml") else content

    assert "is not UTF-8" in refusal(rebuilt(SMALL, change))


def test_an_external_link_is_not_followed() -> None:
    link = (
        b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="x/worksheet" Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
    )
    data = rebuilt(SMALL, lambda name, content: link if name.endswith("workbook.xml.rels") else content)
    assert "is not in the file" in refusal(data)


FAR = b'<worksheet><sheetData><row r="1"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'


@pytest.mark.parametrize(
    ("part", "old", "new", "words"),
    [
        ("workbook.xml", b"<sheet ", b'<sheet name="Sheet1" state="hidden" sheetId="9" r:id="rId99"/><sheet ', "twice"),
        ("workbook.xml", b"<sheet ", b'<sheet name="SHEET1" state="hidden" sheetId="9" r:id="rId99"/><sheet ', "twice"),
        ("workbook.xml", b' r:id="rId1"', b' xmlns:x="x" x:id="rId1" r:id="rId99"', "twice or not at all"),
        ("workbook.xml", b' r:id="rId1"', b"", "twice or not at all"),
        (
            "workbook.xml.rels",
            b"</Relationships>",
            b'<Relationship Id="rId1" Target="worksheets/far.xml"/></Relationships>',
            "listed twice",
        ),
        ("workbook.xml.rels", b'"worksheets/sheet1.xml"', b'"worksheets/../worksheets/far.xml"', "is not in the file"),
        ("workbook.xml.rels", b'"worksheets/sheet1.xml"', b'"xl/worksheets/far.xml"', "reaches to XFD1048576"),
        ("sheet1.xml", b'<c r="B3"', b'<x-y:c r="XFD1048576"', "do not say where they stand"),
    ],
)
def test_the_sheet_that_is_measured_is_the_sheet_that_is_read(part: str, old: bytes, new: bytes, words: str) -> None:
    far = b'<Relationship Id="rId99" Target="worksheets/far.xml"/></Relationships>'

    def change(name: str, content: bytes) -> bytes:
        if name.endswith("workbook.xml.rels"):
            content = content.replace(b"</Relationships>", far)
        return content.replace(old, new) if name.endswith(part) else content

    data = rebuilt(SMALL, change, {"xl/worksheets/far.xml": FAR, "xl/xl/worksheets/far.xml": b"<worksheet/>"})
    assert words in refusal(data)


def deflated(raw: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(raw) + engine.flush()


def lying(declared: int, packed: bytes, crc: int = 0) -> bytes:
    """A workbook whose directory says ``declared`` of a member that unpacks to more."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SMALL)) as old:
        parts = [(name, old.read(name)) for name in old.namelist()]
    directory = b""
    for name, raw in [*parts, ("xl/media/bomb.bin", b"")]:
        body, size, check = (deflated(raw), len(raw), zlib.crc32(raw)) if raw else (packed, declared, crc)
        at = held.tell()
        fields = struct.pack("<5H3I2H", 20, 0, 8, 0, 0, check, len(body), size, len(name), 0)
        held.write(b"PK\x03\x04" + fields + name.encode() + body)
        directory += b"PK\x01\x02" + struct.pack(
            "<6H3I5H2I", 20, 20, 0, 8, 0, 0, check, len(body), size, len(name), 0, 0, 0, 0, 0, at
        )
        directory += name.encode()
    start = held.tell()
    count = len(parts) + 1
    held.write(directory + b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count, count, len(directory), start, 0))
    return held.getvalue()


def test_a_directory_that_lies_is_caught_while_unpacking() -> None:
    assert "larger than its directory says" in refusal(lying(100, deflated(b"x" * 100_000)))
    assert "shorter than its directory says" in refusal(lying(100_000, deflated(b"x" * 100)))
    assert "would unpack to 300 MB; the limit is 200 MB" in refusal(lying(300_000_000, deflated(b"x")))


def test_members_that_overlap_are_refused() -> None:
    data = bytearray(SMALL)
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        first, second = archive.infolist()[:2]
    at = data.rfind(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(second.filename)] != second.filename.encode():
        at = data.rfind(b"PK\x01\x02", 0, at)
    data[at + 42 : at + 46] = struct.pack("<I", first.header_offset)
    assert "tell different stories" in refusal(bytes(data)) or "overlap" in refusal(bytes(data))


MEASURE = """
import resource, sys
from pathlib import Path
from secscan.doors import xlsx
from secscan.model.errors import InputError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    xlsx.read(Path(sys.argv[1]).read_bytes(), "b.xlsx")
except InputError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, error)
"""


@pytest.mark.parametrize(
    ("bomb", "words"),
    [
        (lambda: rebuilt(SMALL, lambda _, c: c, {"xl/media/bomb.xml": b" " * 190_000_000}), "unpacks to more than"),
        (lambda: lying(1_000, deflated(b"\0" * 500_000_000)), "larger than its directory says"),
        (lambda: sheet_xml(SMALL, b'<c r="B3"', b'<c r="XFD1048576"'), "reaches to XFD1048576"),
        (lambda: sheet_xml(SMALL, b'<c r="B3"', b'<c r="GR990000"'), "198,000,000 cells"),
        (lambda: sheet_xml(SMALL, b'<c r="B3"', b'<c r="A99999999999"'), "outside any sheet"),
        (lambda: sheet_xml(SMALL, b'<c r="B3"', b"<c"), "do not say where they stand"),
        (lambda: sheet_xml(SMALL, b'<c r="B3"', b"<c x=' r=\"B3\"'"), "do not say where they stand"),
        (lambda: sheet_xml(SMALL, b'<c r="B3"', b'<c s="0"\n r="XFD1048576"'), "reaches to XFD1048576"),
    ],
    ids=["ratio", "lying", "far corner", "area", "number", "no address", "hidden address", "late address"],
)
def test_bombs_are_refused_in_little_memory(bomb: Callable[[], bytes], words: str, tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    path.write_bytes(bomb())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, timeout=30, check=True
    )
    grown, _, message = done.stdout.partition(" ")
    assert words in message
    assert int(grown) < 100


def test_a_dimension_that_lies_costs_nothing() -> None:
    data = sheet_xml(SMALL, b'<dimension ref="A1:B3"/>', b'<dimension ref="A1:XFD1048576"/>')
    assert xlsx.read(data, "b.xlsx").columns == [["A1", "A2"], ["x", "y"]]


def test_dates_of_the_old_mac_calendar_are_the_same_days() -> None:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "date_1904": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["seen"])
    page.write_datetime(1, 0, datetime(2026, 2, 28), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    assert xlsx.read(held.getvalue(), "b.xlsx").columns == [[date(2026, 2, 28).isoformat()]]
