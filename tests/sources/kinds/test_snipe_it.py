"""Snipe-IT's assets."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from secscan.sources.hosts import sort_of
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows

REPORT = """\
Asset Name,Asset Tag,Serial,Model,Model No.,Category,Manufacturer,Status,Company,Location,Checked Out To,Username,Operating System,MAC Address,Warranty
LAP-1,OAK-1,SRL1,Book 13,B13,Laptops,Brand,Deployed,Oak,Hall,A Person,a.person,Windows 11 Pro,00:11:22:33:44:55,36
SW-2,OAK-2,SRL2,Switch 24,S24,Switches,Brand,Archived,Oak,Hall,,,,,36
X,,SRL3,Box,,Other,Brand,Deployed,Oak,Hall,,,,,
"""
IMPORT = """\
Company,Name,Asset Tag,Category,Supplier,Manufacturer,Location,Order Number,Model,Model Notes,Model Number,Asset Notes,Purchase Date,Checkout Type,Checked Out To: Username,Checked Out To: Email,Asset EOL Date
Oak,PC-7,OAK-7,Desktops,Shop,Brand,Hall,1,P7,,,likes tea,1/23/23,User,a.person,a.person@oak.example,10/27/28
"""
API = """\
{"total": 3, "rows": [
 {"id": 1, "name": "LAP-1", "asset_tag": "OAK-1", "serial": "SRL1", "model": {"id": 2, "name": "Book 13"}, "status_label": {"name": "Deployed", "status_type": "deployed"},
  "category": {"id": 1, "name": "Laptops"}, "assigned_to": {"name": "A Person"}, "custom_fields": {"MAC Address": {"field": "_snipeit_mac", "value": "00:11:22:33:44:55"}}},
 {"id": 2, "name": "", "asset_tag": "OAK-2", "serial": "", "status_label": {"name": "Disposed", "status_type": "archived"}, "model": null, "custom_fields": []}
]}
"""
LICENCES = "Full Name,Email,Item name,serial number,Licensed To Name,Licensed to Email,seats,expiration date\nA Person,a@oak.example,Notes,KEY-1,A Person,a@oak.example,4,\n"
SEEDS = {"snipe-it": [REPORT, IMPORT, API]}


def test_assets_come_by_their_tag_and_what_is_archived_is_warned_of(tmp_path: Path) -> None:
    assert recognised(tmp_path, REPORT)[0] == "snipe-it"
    load = read(tmp_path, "snipe-it", REPORT)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert rows(load, "assets", "asset_tag", "device_id", "hostname", "serial", "type", "os", "mac") == [
        ("OAK-1", "OAK-1", "LAP-1", "SRL1", "laptop", "Windows 11 Pro", "00:11:22:33:44:55"),
        ("OAK-2", "OAK-2", "SW-2", "SRL2", "network", None, None),
    ]
    assert load.tables["assets"].extra["Status"] == ["Deployed", "Archived"]
    assert any("(Archived 1); they are kept" in says for says in load.warnings)
    assert "erson" not in repr(load)


def test_its_own_import_form_is_read_without_whoever_has_the_thing(tmp_path: Path) -> None:
    assert recognised(tmp_path, IMPORT)[1].startswith("certain")
    load = read(tmp_path, "snipe-it", IMPORT)
    assert rows(load, "assets", "device_id", "hostname", "type") == [("OAK-7", "PC-7", "desktop")]
    assert load.tables["assets"].extra["Asset EOL Date"] == ["10/27/28"]
    assert "person" not in repr(load)
    assert "tea" not in repr(load)


def test_a_page_of_the_api_is_read_and_is_not_the_whole_list(tmp_path: Path) -> None:
    assert recognised(tmp_path, API)[0] == "snipe-it"
    load = read(tmp_path, "snipe-it", API)
    assert rows(load, "assets", "device_id", "hostname", "type", "mac") == [
        ("OAK-1", "LAP-1", "laptop", "00:11:22:33:44:55"), ("OAK-2", None, None, None),
    ]  # fmt: skip
    assert load.incomplete == "export.csv: holds 2 of 3: a page, and not the whole list; export all of it"
    assert "Person" not in repr(load)
    assert read(tmp_path, "snipe-it", API.replace('"total": 3', '"total": 2')).incomplete is None


def test_licences_and_their_keys_are_refused(tmp_path: Path) -> None:
    assert recognised(tmp_path, LICENCES)[0] == "snipe-it"
    with pytest.raises(InputError, match="list of licences, which says of no asset what runs on it") as refused:
        read(tmp_path, "snipe-it", LICENCES)
    assert "KEY-1" not in str(refused.value)


@pytest.mark.parametrize("text", ["{}", '{"rows": 5}', '{"rows": [1]}', "[]"])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="under 'rows'"):
        read(tmp_path, "snipe-it", text)


@pytest.mark.parametrize(
    ("said", "sort"),
    [
        ("Laptops", "laptop"), ("Mobile Phones", "phone"), ("Access Switch", "network"), ("Switches", "network"), ("Print Server", "server"),
        ("Laptop Bag", ""), ("Server Rack", ""), ("Wireless Access Point", "network"), ("access-points", "network"), ("Misc", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_category_is_what_its_last_words_say(said: str, sort: str) -> None:
    assert sort_of(said) == sort


@pytest.mark.shared
def test_the_public_sample(tmp_path: Path) -> None:
    sample = shared("data", "inventories", "snipe-it", "snipe-it__assets-sample.csv").read_bytes()
    assert recognised(tmp_path, sample)[0] == "snipe-it"
    load = read(tmp_path, "snipe-it", sample)
    assert (load.rows_read, load.rows_loaded) == (22, 22)
    assert "@" not in repr(load)
