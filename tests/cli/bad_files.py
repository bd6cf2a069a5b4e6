"""Exports as they should not be: honest mistakes (a) and hostile ones (b), each with what must become of it.

The numbers group them: a1 and a2 characters, a3 and a4 dates, a5 rows, a6 too little, a7 another file than was meant, a8 scans
that broke off, a10 JSON; b4 formulas, b5 XML, b6 archives, b8 arguments, b9 names that are paths, b10 and b11 other
languages, b13 terminals, b16 look-alikes.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import xlsxwriter

from tests.sources.desk import workbook
from tests.sources.kinds.test_intune import SEEDS as INTUNE
from tests.sources.test_nmap import END, HEAD, HOST
from tests.sources.test_xlsx_door import deflated, lying, rebuilt

DAY: Final = "2026-03-01"
BEFORE: Final = "2026-02-01"

Becomes = Literal["whole", "refused-rows", "unread-values", "held", "unreadable", "incomplete"]


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One file. ``rows``: read, loaded, refused and blank; None: refused whole."""

    id: str
    data: bytes
    becomes: Becomes
    rows: tuple[int, int, int, int] | None = None
    says: str = ""
    """What a person is told, in the import and in the scan."""
    kind: str = "secscan-assets"
    keys: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit(self) -> int:
        """How the import of it alone ends."""
        return 4 if self.rows is None else 0 if self.becomes == "whole" else 3


HEADINGS: Final = "asset_tag,hostname,ip,last_seen\n"


def rows(first: int = 1, last: int = 20) -> str:
    return "".join(f"T-{n:03},host-{n},10.9.0.{n},2026-01-20\n" for n in range(first, last + 1))


GOOD: Final = HEADINGS + rows()
LETTERS: Final = "Café – “Größe”"
SPELT: Final = GOOD.replace("host-1,", f"{LETTERS},")
HOSTS: Final = '{"host": {"hostname": "h1", "uuid": "u1", "id": 1, "platform": "windows", "osquery_version": "5", "os_version": WHAT}}'


def host(value: str) -> bytes:
    return HOSTS.replace("WHAT", value).encode()


def bytes_of(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


GOOD_OF: Final[Mapping[str, bytes]] = {
    "secscan-assets": GOOD.encode(), "intune-devices": bytes_of(INTUNE["intune-devices"][0]), "fleet": host('"10"'),
    "nmap-xml": (HEAD + HOST + END).encode(),
}  # fmt: skip
"""The export of the month before, which every one of these follows."""

BAD: Final[list[Bad]] = []


def bad(id: str, data: str | bytes, becomes: Becomes, rows: Any = None, says: str = "", kind: str = "secscan-assets", **keys: Any) -> None:  # fmt: skip
    BAD.append(Bad(id=id, data=bytes_of(data), becomes=becomes, rows=rows, says=says, kind=kind, keys=keys))


WHOLE: Final = (20, 20, 0, 0)

# --- a: honest mistakes

bad("a1 UTF-8 with a mark", b"\xef\xbb\xbf" + SPELT.encode(), "whole", WHOLE)
bad("a1 UTF-16 LE with a mark", b"\xff\xfe" + SPELT.encode("utf-16-le"), "whole", WHOLE)
bad("a1 UTF-16 BE with a mark", b"\xfe\xff" + SPELT.encode("utf-16-be"), "whole", WHOLE)
bad("a1 no line end at the end", GOOD.rstrip("\n"), "whole", WHOLE)
bad("a1 lines of an old Mac", GOOD.replace("\n", "\r"), "whole", WHOLE)
bad("a1 a line that says sep=", "sep=;\r\n" + GOOD.replace(",", ";").replace("\n", "\r\n"), "whole", WHOLE)
bad("a2 cp1252 that is declared", SPELT.encode("cp1252"), "whole", WHOLE, encoding="cp1252")
bad(
    "a2 cp1252",
    SPELT.encode("cp1252"),
    "unreadable",
    None,
    ":2: is not UTF-8: 0xE9 at byte 41; declare encoding: cp1252",
)
bad(
    "a2 UTF-16 LE without a mark",
    SPELT.encode("utf-16-le"),
    "unreadable",
    None,
    ":1: looks like UTF-16-LE without a byte order mark; declare encoding: utf-16-le",
)
bad("a2 UTF-16 BE without a mark", SPELT.encode("utf-16-be"), "unreadable", None, "declare encoding: utf-16-be")
bad("a2 UTF-32", SPELT.encode("utf-32"), "unreadable", None, "is UTF-32; save it as UTF-8")
bad(
    "a2 two encodings",
    SPELT.encode() + "T-99,Größe,,\n".encode("cp1252"),
    "unreadable",
    None,
    ":22: is not UTF-8: 0xF6 at byte 738; what stands before it is UTF-8, so two encodings are mixed",
)
bad("a2 broken UTF-8", GOOD.encode() + b"T-99,\xc3(,,\n", "unreadable", None, ":22: is not UTF-8: 0xC3 at byte")
bad(
    "a2 UTF-16 cut in a letter",
    b"\xff\xfe" + SPELT.encode("utf-16-le")[:-1],
    "unreadable",
    None,
    ":21: is not utf-16-le",
)
bad("a2 a character that stands for none", GOOD.replace("host-1,", "caf\ufffd,"), "refused-rows", (20, 19, 1, 0), ":2")
bad(
    "a2 letters that PowerShell lost",
    GOOD.replace("host-1,", "caf?-1,"),
    "unread-values",
    WHOLE,
    ":2: hostname 'caf?-1' holds '?'",
)

bad(
    "a3 days in both orders",
    GOOD + "T-21,a,,31/01/2026\nT-22,b,,01/31/2026\nT-23,c,,03/02/2026\n",
    "unread-values",
    (23, 23, 0, 0),
    ":23: last_seen '01/31/2026' only fits month-first, while '31/01/2026' on line 22 only fits day-first; 1 values that fit both are not known",
)
bad(
    "a3 days in the order that was not declared",
    GOOD + "T-21,a,,01/31/2026\nT-22,b,,03/02/2026\n",
    "unread-values",
    (22, 22, 0, 0),
    "the source declares day-first and no value of the column bears that out",
)
bad(
    "a4 a year of two digits",
    GOOD + "T-21,x,,31/01/26\n",
    "unread-values",
    (21, 21, 0, 0),
    ":22: last_seen '31/01/26' is not a date",
)
bad(
    "a4 a day that no month has",
    GOOD + "T-21,x,,30/02/2026\n",
    "unread-values",
    (21, 21, 0, 0),
    ":22: last_seen '30/02/2026' is not a date",
)
bad(
    "a4 days that stand for never",
    GOOD + "T-21,x,,9999-12-31\nT-22,y,,0001-01-01\n",
    "unread-values",
    (22, 22, 0, 0),
    ":22: last_seen '9999-12-31' lies outside 1990 to 2100",
)
bad("a4 an hour that the clocks skip", GOOD + "T-21,x,,2025-03-30T01:30:00\n", "whole", (21, 21, 0, 0))
bad("a4 a day that lies ahead", GOOD + "T-21,x,,2027-01-01\n", "unread-values", (21, 21, 0, 0), "lies after 2026-03-01")
bad(
    "a4 a spreadsheet's number",
    GOOD + "T-21,x,,46054\n",
    "unread-values",
    (21, 21, 0, 0),
    "is a spreadsheet's serial number, not a date",
)
bad(
    "a4 the same in a workbook",
    workbook([["asset_tag", "hostname", "last_seen"], *([f"T-{n}", f"h{n}", 46054] for n in range(20))]),
    "unread-values",
    WHOLE,
    "[Sheet1]!C2: last_seen '46054' is a spreadsheet's serial number",
)

bad(
    "a5 rows that are too short and too long",
    GOOD + "T-21,x\nT-22,y,10.9.1.1,2026-01-01,more\n",
    "refused-rows",
    (22, 20, 2, 0),
    "has 2 cells; the header has 4",
)
bad(
    "a5 a quote that is never closed",
    GOOD.replace("host-3,", '"host-3,'),
    "refused-rows",
    (20, 19, 1, 0),
    "a quote is opened here and never closed",
)
bad("a5 the same in the last row", GOOD + 'T-21,"x,,\n', "refused-rows", (21, 20, 1, 0), ":22")
bad(
    "a5 two headings alike",
    "asset_tag,hostname,hostname\nT-1,a,b\n",
    "unreadable",
    None,
    ":1: columns 2 and 3 are both headed 'hostname'; rename or remove one of them",
)
bad(
    "a5 two headings that mean the same",
    "asset_tag,hostname,Asset Tag\nT-1,a,b\n",
    "unreadable",
    None,
    "columns 1 and 3 ('asset_tag', 'Asset Tag') mean the same",
)
bad("a5 two exports joined", GOOD + HEADINGS + rows(21, 40), "refused-rows", (41, 40, 1, 0), "is the header once more")
bad(
    "a5 two joined with their marks",
    "\ufeff" + GOOD + "\ufeff" + HEADINGS + rows(21, 40),
    "refused-rows",
    (41, 40, 1, 0),
    "is the header once more",
)
bad(
    "a5 two joined in the middle of a line",
    GOOD.rstrip("\n") + HEADINGS + rows(21, 40),
    "refused-rows",
    (40, 39, 1, 0),
    ":21",
)
bad(
    "a5 two joined in a workbook",
    workbook(
        [["asset_tag", "hostname"], *([f"T-{n}", "x"] for n in range(20)), ["asset_tag", "hostname"], ["T-99", "y"]]
    ),
    "refused-rows",
    (22, 21, 1, 0),
    "is the header once more",
)
bad("a5 a NUL", GOOD.replace("host-3,", "ho\0st,"), "refused-rows", (20, 19, 1, 0), ":4")
bad(
    "a5 a cell of 200,000 characters",
    GOOD.replace("host-3,", "h" * 200_000 + ","),
    "refused-rows",
    (20, 19, 1, 0),
    "a cell is longer than 32,000 characters",
)
bad(
    "a5 ten thousand columns",
    ",".join(["asset_tag", "hostname", *(f"c{n}" for n in range(9_998))]) + "\n",
    "unreadable",
    None,
    "has 10,000 columns; the limit is 200; raise limits.columns",
)
bad(
    "a5 the wrong delimiter",
    GOOD,
    "unreadable",
    None,
    "has no column 'asset_tag'; its columns are 'asset_tag,hostname",
    delimiter=";",
)
bad("a5 blank rows", GOOD + "\n,,,\n\n", "whole", (23, 20, 0, 3))

bad("a6 no bytes", b"", "unreadable", None, "is empty; export it again")
bad("a6 line ends alone", "\r\n\r\n  \n", "unreadable", None, "has no header line; export it again")
bad("a6 a header alone", HEADINGS, "held", (0, 0, 0, 0), "it has no data rows; if that is right, add accept:")
bad(
    "a6 every row refused",
    HEADINGS + "".join(f",x{n},,\n" for n in range(60)),
    "held",
    (60, 0, 60, 0),
    "every one of its 60 rows was refused",
)

bad(
    "a7 a Nessus report as Intune",
    '<?xml version="1.0"?><NessusClientData_v2><Report name="x"/></NessusClientData_v2>',
    "unreadable",
    None,
    "is a Nessus report (.nessus), not a table; export it as CSV or XLSX",
    "intune-devices",
)
bad(
    "a7 a login page",
    "<!DOCTYPE html><html><head><title>Sign in</title></head></html>",
    "unreadable",
    None,
    "is an HTML page (a login page saved in place of the export?)",
    "intune-devices",
)
bad("a7 a PDF", b"%PDF-1.7\n%\xe2\xe3\n", "unreadable", None, "is a PDF, not a table", "intune-devices")
bad(
    "a7 an old workbook",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "unreadable",
    None,
    "is an old Excel file (.xls); save it as .xlsx or CSV",
)
bad("a7 JSON as a table", '{"a": [1]}', "unreadable", None, "is JSON, not a table")
bad("a7 a table as JSON", GOOD, "unreadable", None, "has no column", "fleet")
bad(
    "a7 another table",
    "Device ID,Device name,OS version\n1,x,10.0.19045\n",
    "unreadable",
    None,
    "has no column 'asset_tag'; its columns are 'Device ID', 'Device name', 'OS version'",
)
bad(
    "a7 a workbook named as a CSV",
    workbook([["asset_tag", "hostname"], *([f"T-{n}", "x"] for n in range(20))]),
    "whole",
    WHOLE,
)

bad("a8 a scan cut off", (HEAD + HOST * 2)[:-10], "incomplete", (2, 1, 1, 0), "the file breaks off", "nmap-xml")
bad(
    "a8 a scan that failed",
    (HEAD + HOST + END).replace('exit="success"', 'exit="error" errormsg="x"'),
    "incomplete",
    (1, 1, 0, 0),
    "nmap stopped with an error",
    "nmap-xml",
)
bad(
    "a8 a scan that met nobody",
    HEAD + END.replace('up="1"', 'up="0"'),
    "held",
    (0, 0, 0, 0),
    "it has no data rows",
    "nmap-xml",
)

bad("a10 cut off", host('"x"')[:-9], "unreadable", None, "not JSON: Unterminated string", "fleet")
bad("a10 NaN", host("NaN"), "unreadable", None, "NaN is not a number", "fleet")
bad("a10 a number beyond all numbers", host("1e999"), "unreadable", None, "1e999 is not a number", "fleet")
bad("a10 five thousand digits", host("9" * 5_000), "unreadable", None, "Exceeds the limit (4300 digits); ", "fleet")
bad("a10 a key twice", host('"a", "os_version": "b"'), "unreadable", None, "the key 'os_version' is set twice", "fleet")
bad(
    "a10 nested without end",
    host("[" * 100_000 + "]" * 100_000),
    "unreadable",
    None,
    "nested more than 50 deep",
    "fleet",
)
bad(
    "a10 half a character", host('"\\ud800"'), "unread-values", (1, 1, 0, 0), "was damaged before it came here", "fleet"
)
bad("a10 a NUL", host('"a\\u0000b"'), "unread-values", (1, 1, 0, 0), "holds a NUL character", "fleet")

# --- b: hostile

bad("b4 formulas", GOOD + "=cmd|' /C calc'!A0,=1+1,,\n@SUM(1),+44 1,,\n-2+3,-WS01,,\n", "whole", (23, 23, 0, 0))


def nmap(inside: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE nmaprun [{inside}]><nmaprun>&x;</nmaprun>'


LAUGHS: Final = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;&b;&b;&b;&b;">'
for what, inside in {
    "an entity of a file": '<!ENTITY x SYSTEM "file:///etc/passwd">', "entities that grow": LAUGHS,
    "a large entity": f'<!ENTITY x "{"a" * 5_000}">', "a parameter entity": '<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;',
}.items():  # fmt: skip
    bad(
        f"b5 {what}",
        nmap(inside),
        "unreadable",
        None,
        "declares an entity; no inventory needs one; ask where the file comes from",
        "nmap-xml",
    )
bad(
    "b5 elements without end",
    "<nmaprun>" + "<a>" * 100 + "</a>" * 100 + "</nmaprun>",
    "unreadable",
    None,
    "is nested more than 64 deep",
    "nmap-xml",
)


def zipped(files: Iterable[tuple[str | zipfile.ZipInfo, str | bytes]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return held.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("a.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zipped([(info, "/etc/passwd")])


def locked() -> bytes:
    """An archive that says of its member that a password is needed."""
    data = bytearray(zipped([("a.csv", GOOD)]))
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


bad(
    "a7 a binary workbook",
    zipped([("xl/workbook.bin", "x")]),
    "unreadable",
    None,
    "is a binary workbook (.xlsb); save it as .xlsx or CSV",
)
bad("b6 one table", zipped([("a.csv", GOOD)]), "whole", WHOLE)
bad(
    "b6 files of several kinds",
    zipped([("a.csv", GOOD), ("b.txt", "x")]),
    "unreadable",
    None,
    "is a ZIP archive that holds a.csv, b.txt; say which with 'sheet:' at the source, or unpack it",
)
bad(
    "b6 an archive in an archive",
    zipped([("a.zip", zipped([("a.csv", GOOD)]))]),
    "unreadable",
    None,
    "[a.zip]: is a ZIP archive, not a workbook",
)
bad(
    "b6 a name that begins at the root",
    zipped([("/etc/passwd", GOOD)]),
    "unreadable",
    None,
    "holds a member with the name '/etc/passwd', which leads outside; ",
)
bad(
    "b6 a name that climbs", zipped([("../../a.csv", GOOD)]), "unreadable", None, "'../../a.csv', which leads outside; "
)
bad("b6 a name with a drive", zipped([("C:a.csv", GOOD)]), "unreadable", None, "'C:a.csv', which leads outside; ")
bad(
    "b6 folders by backslash",
    zipped([("exportXa.csv", GOOD)]).replace(b"exportXa", b"export\\a"),
    "unreadable",
    None,
    "whose folders are parted by backslashes; pack it again",
)
bad("b6 a link", link(), "unreadable", None, "holds 'a.csv', which is a link; pack the file that it leads to")
bad(
    "b6 a name twice",
    zipped([("a.csv", GOOD), ("A.CSV", GOOD)]),
    "unreadable",
    None,
    "holds 'A.CSV' twice; pack it again, each file once",
)
bad(
    "b6 a thousand and one members",
    zipped((f"{n}.csv", "x") for n in range(1_001)),
    "unreadable",
    None,
    "holds 1,001 members; the limit is 1,000; ",
)
bad("b6 a password", locked(), "unreadable", None, "is password-protected; save it without a password")
bad(
    "b6 damaged",
    zipped([("a.csv", GOOD)], zipfile.ZIP_STORED).replace(b"host-7,", b"hosX-7,"),
    "unreadable",
    None,
    "member 'a.csv' was damaged on its way here; export it again",
)
bad("b6 cut off", zipped([("a.csv", GOOD)])[:-30], "unreadable", None, "is not a ZIP archive")
bad(
    "b6 a bomb",
    zipped([("a.csv", b"0" * 150_000_000)]),
    "unreadable",
    None,
    "unpacks to more than 14 MB; that is no inventory; ask where the file comes from",
)
bad(
    "b6 a directory that lies",
    lying(1_000, deflated(b"\0" * 100_000_000)),
    "unreadable",
    None,
    "is larger than its directory says; ",
)
bad(
    "b6 four gigabytes",
    lying(4_000_000_000, deflated(b"\0" * 1_000)),
    "unreadable",
    None,
    "would unpack to 4,000 MB; the limit is 200 MB; ",
)
bad("b6 gzip", gzip.compress(GOOD.encode()), "whole", WHOLE)
bad(
    "b6 gzip in parts",
    gzip.compress((HEADINGS + rows(1, 10)).encode()) + gzip.compress(rows(11).encode()),
    "whole",
    WHOLE,
)
bad(
    "b6 gzip and something behind it",
    gzip.compress(GOOD.encode()) + b"more",
    "unreadable",
    None,
    "has something behind its end that is no gzip; export it again",
)
bad("b6 gzip cut off", gzip.compress(GOOD.encode())[:-20], "unreadable", None, "is cut off; export it again")
bad(
    "b6 gzip damaged",
    (made := gzip.compress(GOOD.encode()))[:-8] + bytes([made[-8] ^ 1]) + made[-7:],
    "unreadable",
    None,
    "cannot be unpacked: incorrect data check; export it again",
)
bad("b6 a gzip bomb", gzip.compress(b"0" * 250_000_000), "unreadable", None, "unpacks to more than 200 MB; ")
bad(
    "b6 gzip in gzip", gzip.compress(gzip.compress(GOOD.encode())), "unreadable", None, "is a gzip archive, not a table"
)


def book(fill: Callable[[Any], None], **options: Any) -> bytes:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True, **options})
    fill(made)
    made.close()
    return held.getvalue()


def sheet(made: Any, name: str, first: int = 0, count: int = 20) -> Any:
    page = made.add_worksheet(name)
    page.write_row(first, 0, ["asset_tag", "hostname"])
    for n in range(count):
        page.write_row(first + 1 + n, 0, [f"{name}-{n}", f"host-{n}"])
    return page


def several(made: Any) -> None:
    sheet(made, "Old").hide()
    page = sheet(made, "New")
    page.activate()
    page.set_first_sheet()
    sheet(made, "More", count=3)


def titled(made: Any) -> None:
    sheet(made, "A", first=1).merge_range(0, 0, 0, 3, "Devices of the council")


def merged(made: Any) -> None:
    page = sheet(made, "A")
    page.merge_range(0, 1, 0, 2, "hostname")
    page.write(3, 2, "a second name")


def formulas(made: Any) -> None:
    page = sheet(made, "A")
    page.write_formula(5, 1, "=A1", None, "")
    page.write_formula(6, 1, "=A1&B1", None, "#REF!")


def old_mac(made: Any) -> None:
    page = sheet(made, "A")
    page.write(0, 2, "last_seen")
    for n in range(20):
        page.write_datetime(n + 1, 2, datetime(2026, 1, 20), made.add_format({"num_format": "yyyy-mm-dd"}))


BOOK: Final = book(titled)
bad("b6 a workbook cut off", BOOK[:-40], "unreadable", None, "is not a workbook")
bad(
    "b6 a workbook with an entity",
    rebuilt(
        BOOK,
        lambda name, part: (
            part.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')
            if name.endswith("sheet1.xml")
            else part
        ),
    ),
    "unreadable",
    None,
    "holds a DOCTYPE, which no workbook needs; ask where the file comes from",
)
bad("a7 several sheets", book(several), "whole", WHOLE, "[New]: only this sheet is read, not 'More'")
bad("a7 a title over the header", BOOK, "whole", WHOLE, "passed over what stands before the header on row 2")
bad(
    "a5 a heading over two columns",
    book(merged),
    "refused-rows",
    (20, 19, 1, 0),
    "has a value in column C, which has no heading",
)
bad(
    "a5 formulas without a value and with an error", book(formulas), "refused-rows", (20, 18, 2, 0), "hostname is empty"
)
bad("a4 days counted from 1904", book(old_mac, date_1904=True), "whole", WHOLE)

bad(
    "b8 cells like arguments",
    GOOD + "--script=http-fetch,-iL,10.9.1.1 -iL /etc/passwd,\n-oN,/tmp/x,-iL,\n",
    "unread-values",
    (22, 22, 0, 0),
    "ip '-iL' is not an address",
)
bad(
    "b9 names that are paths",
    GOOD + "../../etc/passwd,C:\\Windows,,\nCON,NUL,,\n..,/,,\n$(id),`id`,,\n",
    "whole",
    (24, 24, 0, 0),
)
bad("b10 SQL", GOOD + "x'; DROP TABLE runs;--,%_,,\n", "whole", (21, 21, 0, 0))
bad("b11 templates", GOOD + "{{7*191}},${7*191}<%=7*191%>,,\n", "whole", (21, 21, 0, 0))
bad("b13 what a terminal obeys", GOOD + "T-21,\u202egnp.exe\x1b[31m\x07\x9b2J,,\n", "whole", (21, 21, 0, 0))
bad(
    "b16 look-alikes",
    GOOD + "T-21,p\u0430yroll-01,,\nT-22,payroll-01,,\n\u0422-020,x,,\n",
    "whole",
    (23, 23, 0, 0),
    "hostname 'payroll-01' looks like 'p\\u0430yroll-01' on line 22",
)
