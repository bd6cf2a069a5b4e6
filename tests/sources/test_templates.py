"""Our own templates and mapped tables: rows conserved, places exact, refusals with reasons."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.model.settings import Limits
from secscan.sources import quarantine
from tests.sources.desk import TODAY, column, only, put, read, register, workbook


def test_an_assets_file_becomes_typed_columns_with_places(tmp_path: Path) -> None:
    files = Files()
    load = read(
        tmp_path,
        "Hostname,Asset Tag,IP,internet-facing,encrypted,last_seen,definitions_on,room\n"
        "srv-1,AB-1,10.0.0.1;fe80::1%2,yes,n/a,31/10/2026,2026-10-30,12\n"
        "\n"
        "srv-2,AB-2,unknown,OFF,1,31-10-2026 23:59,,-\n",
        files=files,
    )
    assert column(load, "asset_tag") == ["AB-1", "AB-2"]
    assert column(load, "ip") == [("10.0.0.1", "fe80::1"), None]
    assert column(load, "internet_facing") == [True, False]
    assert column(load, "encrypted") == [None, True]
    assert column(load, "last_seen") == [date(2026, 10, 31)] * 2
    assert column(load, "definitions_on") == [date(2026, 10, 30), None]
    assert column(load, "owner") == [None, None]
    assert only(load).extra == {"room": ["12", None]}
    assert [str(files.place(code)) for code in only(load).places] == ["export.csv:2", "export.csv:4"]
    assert load.warnings == ("export.csv:1: kept columns that the template does not know: 'room'",)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (3, 2, 1)


def test_a_broken_optional_value_is_not_known_and_warned_of(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname,ip,encrypted\nA1,x,10.4.300.7,maybe\nA2,y,10.0.0.1;10.4.300.7,no\n")
    assert column(load, "ip") == [None, ("10.0.0.1",)]
    assert column(load, "encrypted") == [None, False]
    assert load.warnings == (
        "export.csv:2: ip '10.4.300.7' is not an address; asset kept, ip unknown",
        "export.csv:3: ip '10.4.300.7' is not an address; asset kept, the rest of ip kept",
        "export.csv:2: encrypted 'maybe' is not yes or no; asset kept, encrypted unknown",
    )


def test_many_broken_values_are_counted_not_listed(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname,ip\n" + "".join(f"A{n},x,bad-{n}\n" for n in range(1_000)))
    assert len(load.warnings) == 21
    assert load.warnings[-1] == "export.csv: 980 more values of ip are not known"


def test_a_broken_required_value_refuses_its_row(tmp_path: Path) -> None:
    load = read(
        tmp_path, "asset_tag,proto,port,product\nA1,tcp,443,x\nA2,tcp,70000,x\nA3,sctp,1,x\n,tcp,22,x\nA5,TCP,0,x\n",
        "secscan-services",
    )  # fmt: skip
    assert column(load, "port") == [443, 0]
    assert column(load, "proto") == ["tcp", "tcp"]
    assert [(r.line, r.column, r.reason, r.asset_tag) for r in load.refused] == [
        (3, "port", "port '70000' is not a port (0 to 65535)", "A2"),
        (4, "proto", "proto 'sctp' is not tcp or udp", "A3"),
        (5, "asset_tag", "asset_tag is empty", None),
    ]


def test_a_ragged_row_still_names_its_asset(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname\nA1,x,y\n")
    assert [(r.line, r.asset_tag) for r in load.refused] == [(2, "A1")]


def test_a_second_row_of_one_asset_is_refused_and_names_the_first(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname\nA1,x\nA2,y\nA1 ,z\n")
    assert column(load, "hostname") == ["x", "y"]
    assert [(r.line, r.reason) for r in load.refused] == [(4, "asset_tag 'A1' stands on line 2 already")]


def test_composed_and_decomposed_tags_are_one_and_lookalikes_are_two(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname\nCafe\u0301-1,x\nCaf\u00e9-1,y\nА1,cyrillic\nA1,latin\n")
    assert [r.line for r in load.refused] == [3]
    assert column(load, "hostname") == ["x", "cyrillic", "latin"]


def test_another_councils_row_is_refused(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname,council\nA1,x,Alderbeck\nA2,y,corvale\nA3,z,\n")
    assert column(load, "asset_tag") == ["A1", "A3"]
    assert load.refused[0].reason == "row says council 'corvale', the file is bound to 'alderbeck'"
    assert not load.warnings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("asset_tagg,hostname\nA1,x\n", "export.csv:1: has no column 'asset_tag'; did you mean 'asset_tagg'?"),
        ("tag,hostname\nA1,x\n", "export.csv:1: has no column 'asset_tag'; its columns are 'tag', 'hostname'"),
        ("asset_tag,hostname,Asset Tag\nA1,x,A1\n", "columns 1 and 3 ('asset_tag', 'Asset Tag') mean the same"),
        ("asset_tag,hostname,hostname\nA1,x,y\n", "columns 2 and 3 are both headed 'hostname'"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "is an HTML page"),
        ("<?xml version='1.0'?><NessusClientData_v2/>", "is a Nessus report (.nessus), not a table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is an old Excel file (.xls); save it as .xlsx or CSV"),
        (b"PK\x05\x06" + b"\0" * 18, "is a ZIP archive that holds nothing"),
        (b"%PDF-1.7\n", "is a PDF, not a table"),
        ("", "is empty"),
    ],
)
def test_a_file_that_is_not_the_template_is_refused_whole(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    assert words in str(refused.value)


def test_a_header_below_a_title_is_found(tmp_path: Path) -> None:
    load = read(tmp_path, "Assets of Alderbeck\n\nasset_tag;hostname\nA1;x\n")
    assert column(load, "hostname") == ["x"]
    assert load.warnings == ("export.csv:1: passed over what stands before the header on line 3",)


@pytest.mark.parametrize(
    ("dates", "good", "against", "doubtful", "message"),
    [
        ("day-first", "31/10/2026", "10/31/2026", "03/04/2026", "only fits month-first, while '31/10/2026' on line 2 only fits day-first"),
        ("month-first", "10/31/2026", "31/10/2026", "03/04/2026", "only fits day-first, while '10/31/2026' on line 2 only fits month-first"),
    ],
)  # fmt: skip
def test_a_column_that_contradicts_itself_names_both_lines(
    tmp_path: Path, dates: str, good: str, against: str, doubtful: str, message: str
) -> None:
    text = f"asset_tag,hostname,last_seen\nA1,x,{good}\nA2,x,{doubtful}\nA3,x,2026-04-03\nA4,x,05/05/2026\nA5,x,{against}\n"
    load = read(tmp_path, text, dates=dates)
    assert column(load, "last_seen") == [date(2026, 10, 31), None, date(2026, 4, 3), date(2026, 5, 5), None]
    assert f"export.csv:6: last_seen '{against}' {message}; 1 values that fit both are not known" in load.warnings[0]


def test_a_file_wholly_in_the_other_order_loses_its_doubtful_days(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname,last_seen\nA1,x,10/31/2026\nA2,x,03/04/2026\n")
    assert column(load, "last_seen") == [None, None]
    assert "no value of the column bears that out" in load.warnings[0]


def test_ambiguous_days_without_contradiction_follow_the_declaration(tmp_path: Path) -> None:
    text = "asset_tag,hostname,last_seen\nA1,x,03/04/2026\nA2,x,11/10/2026\n"
    assert column(read(tmp_path, text), "last_seen") == [date(2026, 4, 3), date(2026, 10, 11)]
    assert column(read(tmp_path, text, dates="month-first"), "last_seen") == [date(2026, 3, 4), date(2026, 11, 10)]
    assert column(read(tmp_path, text, dates="iso"), "last_seen") == [None, None]


def test_impossible_sentinel_future_and_serial_days_are_not_known(tmp_path: Path) -> None:
    days = ["31/02/2026", "31/12/9999", "01/01/1601", "45123", "25/12/2026", "n/a", "29/03/2026 01:30"]
    rows = "".join(f"A{n},x,{day}\n" for n, day in enumerate(days))
    load = read(tmp_path, f"asset_tag,hostname,last_seen\n{rows}")
    assert column(load, "last_seen") == [None] * 6 + [date(2026, 3, 29)]
    assert len(load.warnings) == 5
    assert load.rows_loaded == 7


def test_every_other_template_reads(tmp_path: Path) -> None:
    fixes = read(
        tmp_path, "asset_tag,name,fixed_in,cvss3,released_on,missing,severity\nA1,x,1.10,7.5,01/10/2026,yes,High\nA2,y,,11,,no,\n",
        "secscan-fixes",
    )  # fmt: skip
    assert column(fixes, "cvss3") == [75, None]
    assert column(fixes, "fixed_in") == ["1.10", None]
    assert column(fixes, "released_on") == [date(2026, 10, 1), None]
    rules = read(
        tmp_path, "order,action,src,dst,proto,dport,enabled,expires_on,hits\n10,permit,any,10.0.0.0/8,tcp,443,yes,31/12/2030,5\n",
        "secscan-rules",
    )  # fmt: skip
    assert [column(rules, n) for n in ("order", "dport", "enabled", "expires_on", "hits")] == [
        [10], ["443"], [True], [date(2030, 12, 31)], [5]
    ]  # fmt: skip
    software = read(
        tmp_path,
        "asset_tag,name,version,kind,install_date\nA1,x,1.10,arp,20260102\nA1,y,2,Spaceship,\n",
        "secscan-software",
    )
    assert column(software, "kind") == ["arp", None]
    assert column(software, "install_date") == [date(2026, 1, 2), None]
    assert column(software, "version") == ["1.10", "2"]


def test_a_workbook_reads_like_a_csv_and_names_its_cells(tmp_path: Path) -> None:
    files = Files()
    data = workbook([["asset_tag", "hostname", "ip"], ["A1", "x", "10.4.300.7"], ["A2", 10.0, "10.0.0.2"]])
    load = read(tmp_path, data, name="inventory.xlsx", files=files)
    assert load.file == "inventory.xlsx[Sheet1]"
    assert column(load, "hostname") == ["x", "10"]
    assert load.warnings == ("inventory.xlsx[Sheet1]!C2: ip '10.4.300.7' is not an address; asset kept, ip unknown",)
    assert str(files.place(only(load).places[1])) == "inventory.xlsx[Sheet1]:3"


def test_a_mapped_table_takes_words_constants_and_headings_of_its_own(tmp_path: Path) -> None:
    load = read(
        tmp_path,
        "Gerät;Name;Verschlüsselt;Zuletzt;Raum\nAB-1;srv-1;Ja;31.10.2026;12\nAB-2;srv-2;Nein;;\n",
        "table",
        table="assets",
        map={
            "asset_tag": "Gerät",
            "hostname": "NAME",
            "encrypted": "Verschlüsselt",
            "last_seen": "Zuletzt",
            "mac": "MAC",
        },
        values={"encrypted": {"ja": "yes", "Nein": "no"}},
        constant={"type": "laptop", "internet_facing": "no"},
    )
    assert column(load, "encrypted") == [True, False]
    assert column(load, "type") == ["laptop", "laptop"]
    assert column(load, "internet_facing") == [False, False]
    assert column(load, "last_seen") == [date(2026, 10, 31), None]
    assert only(load).extra == {"Raum": ["12", None]}
    assert load.warnings == ("export.csv:1: has no column 'MAC', so mac is not known",)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"map": {"asset_tag": "Tag", "hostname": "Nam"}}, "has no column 'Nam'; did you mean 'Name'?"),
        (
            {"map": {"asset_tag": "Tag", "hostnam": "Name"}},
            "'hostnam', which table assets does not have; did you mean 'hostname'?",
        ),
        ({"map": {"asset_tag": "Tag"}}, "its map lacks 'hostname'"),
        (
            {"map": {"asset_tag": "Tag", "hostname": "Name"}, "constant": {"encrypted": "perhaps"}},
            "constant for encrypted does not fit",
        ),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused(tmp_path: Path, keys: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        read(tmp_path, "Tag,Name\nA1,x\n", "table", table="assets", **keys)


def test_services_may_be_known_by_address_alone(tmp_path: Path) -> None:
    load = read(
        tmp_path, "Host,Proto,Port\n10.0.0.1,TCP,22\nnowhere,tcp,22\n", "table", table="services",
        map={"address": "Host", "proto": "Proto", "port": "Port"},
    )  # fmt: skip
    assert column(load, "address") == ["10.0.0.1"]
    assert column(load, "asset_tag") == [None]
    assert [r.reason for r in load.refused] == ["address 'nowhere' is not an address"]


# --- conservation, hostility, budget ------------------------------------------------------------------------------

CELL = st.one_of(
    st.sampled_from(
        ["A1", "x", "10.0.0.1", "31/10/2026", '"open', '"q,uoted"', "", "n/a", "=cmd|' /C calc'!A0", "yes", ","]
    ),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=6),
)


@given(
    st.lists(st.lists(CELL, max_size=6).map(",".join), max_size=30), st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)  # fmt: skip
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_conserved_whatever_stands_in_them(tmp_path: Path, rows: list[str], end: str, encoding: str) -> None:
    text = end.join(["asset_tag,hostname,ip,last_seen", *rows]) + end
    read(tmp_path, text.encode(encoding, "surrogatepass"))


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_end_in_anything_but_a_refusal(tmp_path: Path, data: bytes) -> None:
    try:
        read(tmp_path, b"asset_tag,hostname,ip\nA1,x,10.0.0.1\n" + data)
    except InputError as refused:
        assert str(refused).startswith("export.csv")


def test_no_replacement_character_is_ever_stored(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname,owner,room\nA1,x,Head of \ufffd,\ufffd\nA\ufffd,y,,\n")
    assert column(load, "owner") == [None]
    assert only(load).extra == {"room": [None]}
    assert [r.line for r in load.refused] == [3]


def test_a_hundred_thousand_wrong_rows_stay_within_budget(tmp_path: Path) -> None:
    text = "asset_tag,hostname,ip\n" + "".join(
        f"A{n},,10.0.0.1\n" if n % 2 else f"A{n},a,b,=c\n" for n in range(100_000)
    )
    begun = time.perf_counter()
    load = read(tmp_path, text)
    (path,) = quarantine([load], tmp_path / "quarantine")
    assert time.perf_counter() - begun < 60
    assert load.rows_refused == 100_000
    assert len(load.warnings) < 50
    assert path.read_text().count("\n") == 100_001


def test_the_quarantine_holds_every_refused_row_harmless_and_private(tmp_path: Path) -> None:
    load = read(tmp_path, "asset_tag,hostname\n=A1,x,y\n-WS01,,\nA3,fine\nA4,\n", name="=cmd;..\n.csv")
    (path,) = quarantine([load, read(tmp_path, register(3))], tmp_path / "quarantine" / "deep")
    assert path.name == f"alderbeck-one-{load.sha256[:12]}.csv"
    assert path.read_text().splitlines() == [
        "file,line,column,reason,asset_tag,row",
        '"\'=cmd;..\\n.csv",2,,"has 3 cells; the header has 2",\'=A1,"\'=A1,x,y"',
        '"\'=cmd;..\\n.csv",3,,"has 3 cells; the header has 2",\'-WS01,"\'-WS01,,"',
        '"\'=cmd;..\\n.csv",5,hostname,hostname is empty,A4,"A4,"',
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not quarantine([read(tmp_path, register(3))], tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_hostile_council_and_source_ids_stay_inside_the_folder(tmp_path: Path) -> None:
    from dataclasses import replace

    load = replace(read(tmp_path, "asset_tag,hostname\nA1,\n"), council="../../etc", source="/etc/x")
    (path,) = quarantine([load], tmp_path / "q")
    assert path.parent == tmp_path / "q"
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        "export.csv", f"q/{path.name}"
    ]  # fmt: skip


def test_limits_are_the_settings_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 2 rows"):
        read(tmp_path, register(3), limits=Limits(rows=2))
    with pytest.raises(InputError, match="limit is 3"):
        read(tmp_path, register(3), limits=Limits(columns=3))
    with pytest.raises(InputError, match="is 2 MB; the limit is 1 MB"):
        read(tmp_path, register(45_000), limits=Limits(file_mb=1))
    assert TODAY.year == 2026


def test_the_hash_is_of_the_bytes_that_were_parsed(tmp_path: Path) -> None:
    import hashlib

    load = read(tmp_path, register(5))
    path = put(tmp_path, "again.csv", register(5))
    assert load.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert load.size == path.stat().st_size


def test_equal_texts_of_a_long_list_are_kept_once(tmp_path: Path) -> None:
    lines = [
        f"AT-{n // 90:05},Product {n % 300} Enterprise,{n % 20}.{n % 31},Publisher {n % 40} Ltd" for n in range(9_000)
    ]
    load = read(tmp_path, "\n".join(["asset_tag,name,version,publisher", *lines]), "secscan-software")
    for name in ("asset_tag", "name", "version", "publisher"):
        texts = column(load, name)
        assert len(texts) == 9_000
        assert len({id(text) for text in texts}) == len(set(texts))
