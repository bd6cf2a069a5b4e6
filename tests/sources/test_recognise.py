"""Kinds are told by content; what no reader takes is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from secscan.sources import KINDS, recognise_kind
from tests.sources.desk import register, shared, workbook

DPKG_L = "Desired=Unknown/Install\n||/ Name Version\n+++-====\nii  adduser 3.118 all users\n"


@pytest.mark.parametrize(
    ("data", "kind", "surely"),
    [
        (register(3), "secscan-assets", "certain: 4 of 4 columns"),
        ("asset_tag,hostname,floor\nA,b,1\n", "secscan-assets", "likely: 2 of 3 columns"),
        ("Asset Tag;Name;Version;Publisher\nA;b;1;c\n", "secscan-software", "certain"),
        ("asset_tag,proto,port\nA,tcp,1\n", "secscan-services", "certain"),
        ("asset_tag,name,fixed_in,missing\nA,b,1,yes\n", "secscan-fixes", "certain"),
        ("order,action,src,dst,proto,dport\n1,permit,any,any,any,any\n", "secscan-rules", "certain"),
        (workbook([["asset_tag", "hostname"], ["A", "b"]]), "secscan-assets", "in the first sheet"),
        ('<?xml version="1.0"?><!-- x --><!DOCTYPE nmaprun><nmaprun/>', "nmap-xml", "certain"),
        ('{"schema": "secscan.collect/1"}', "secscan-collect", "certain"),
        ('{"deviceid": "a-2026", "content": {}, "action": "inventory"}', "glpi", "certain"),
        ('{"deviceid": "a-2026", "action": "contact"}', "", "JSON of a kind that no reader takes"),
        ("<?xml version='1.0'?><REQUEST><CONTENT/></REQUEST>", "glpi", "certain: an inventory agent's REQUEST"),
        ("adduser\t3.118\napt\t1.8.2.3\n", "dpkg", "likely"),
        (DPKG_L, "dpkg", "certain"),
        ("Package: x\nStatus: install ok installed\n", "dpkg", "certain"),
        ("bash-4.2.46-34.el7.x86_64\n", "rpm", "likely"),
        ("bash\t4.2.46\t34.el7\tx86_64\n", "rpm", "likely"),
        ("Device ID,Device name,OS version\n1,x,10.0.19045\n", "table", "possible: a table with the columns Device ID"),
        ("Plugin,Name,Asset Tag,A,B,C,D,E,F\n1,2,3,4,5,6,7,8,9\n", "table", "possible"),
        (register(3).encode("utf-16"), "secscan-assets", "certain"),
        (b"PK\x03\x04....", "", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "an old Office file"),
        ("<!doctype HTML><html>", "", "an HTML page"),
        ("<?xml version='1.0'?>\n<html xmlns='x'>", "", "an HTML page"),
        ("<NessusClientData_v2>", "nessus", "certain: the root element"),
        ("%PDF-1.4", "", "a PDF"),
        ("", "", "is empty"),
        (b"\xff\xfe", "", "is empty"),
        ('{"a": 1}', "", "JSON of a kind that no reader takes"),
        ('{"a": 1', "", "looks like JSON but"),
        ("asset_tag,hostname\nA,Größe\n".encode("cp1252"), "secscan-assets", "certain"),
        ("Tag,Name\nA,Größe\n".encode("cp1252"), "", "line 2: is not UTF-8: 0xF6 at byte 13; declare encoding: cp1252"),
        (workbook([["Assets of Alderbeck"], [], ["asset_tag", "hostname"], ["A", "b"]]), "secscan-assets", "certain"),
        ("Assets of Alderbeck\n\nasset_tag;hostname\nA;b\n", "secscan-assets", "certain"),
        ("just some words\n", "", "is text, but no table"),
    ],
)
def test_kinds_are_told_by_content(tmp_path: Path, data: str | bytes, kind: str, surely: str) -> None:
    path = tmp_path / "export.bin"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    found = recognise_kind(path)
    assert found[0] == kind
    assert surely in found[1]
    assert not kind or kind in KINDS


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        recognise_kind(tmp_path / "nothing")


def test_comments_without_end_are_no_reason_to_hang(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"<!--a-->" * 100_000)
    assert recognise_kind(path)[0] == ""
    path.write_bytes(b"<!DOCTYPE x [" * 100_000)
    assert recognise_kind(path)[0] == ""


@pytest.mark.shared
def test_every_public_sample_is_recognised_or_named() -> None:
    folder = shared("data", "inventories")
    kinds = {"nmap": "nmap-xml", "glpi-agent__dpkg": "dpkg", "glpi-agent__rpm": "rpm"}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md"):
        kind, surely = recognise_kind(path)
        assert surely, path
        expected = kinds.get(path.parent.name) or kinds.get(path.name)
        if path.parent.name == "glpi" and path.suffix == ".json" and "schema" not in path.name:
            expected = "glpi"
        assert expected in (None, kind), path


def test_a_csaf_document_is_told_and_taken_by_no_reader(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('{"document": {"csaf_version": "2.0", "title": "x"}, "vulnerabilities": []}')
    kind, words = recognise_kind(path)
    assert (kind, words.partition(":")[0]) == ("", "is a CSAF document")
