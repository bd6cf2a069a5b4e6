"""The XML of GLPI, FusionInventory and OCS agents says what the JSON says."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows
from tests.sources.test_glpi import COMPUTER, INVENTORY, SWITCH

_NAMES = {"mac": "MACADDR", "install_date": "INSTALLDATE"}


def _cell(key: str, value: Any) -> str:
    if key == "install_date":
        year, month, day = value.split("-")
        value = f"{day}/{month}/{year}"
    text = {True: "1", False: "0"}.get(value, value) if isinstance(value, bool) else value
    return f"<{(tag := _NAMES.get(key, key.upper()))}>{escape(text)}</{tag}>"


def told(computer: dict[str, Any]) -> str:
    """A computer's JSON as the XML of the same agent."""
    sections = []
    for name, held in computer["content"].items():
        for one in held if isinstance(held, list) else [held]:
            inside = "".join(_cell(*pair) for pair in one.items()) if isinstance(one, dict) else escape(one)
            sections.append(f"    <{name.upper()}>{inside}</{name.upper()}>")
    tag = f"    <ACCOUNTINFO><KEYNAME>TAG</KEYNAME><KEYVALUE>{computer['tag']}</KEYVALUE></ACCOUNTINFO>"
    content = "\n".join([*sections, tag])
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<REQUEST>\n  <CONTENT>\n{content}\n  </CONTENT>\n  <DEVICEID>{computer["deviceid"]}</DEVICEID>\n  <QUERY>INVENTORY</QUERY>\n</REQUEST>\n'


XML = told(COMPUTER)
OCS = """\
<?xml version="1.0" encoding="ISO-8859-1"?>
<REQUEST>
  <CONTENT>
    <ACCESSLOG><LOGDATE>2026-11-20 07:00:00</LOGDATE><USERID>a.person</USERID></ACCESSLOG>
    <BIOS><SSN>SRL5</SSN><ASSETTAG>OAK-5</ASSETTAG></BIOS>
    <HARDWARE><NAME>PC-5</NAME><OSNAME>Microsoft Windows 10 Professionnel</OSNAME><OSVERSION>10.0.19045</OSVERSION><WINPRODKEY>AAAAA-KEY</WINPRODKEY><USERID>a.person</USERID></HARDWARE>
    <NETWORKS><IPADDRESS>10.5.0.5</IPADDRESS><MACADDR>02:00:00:00:00:05</MACADDR><STATUS>Up</STATUS></NETWORKS>
    <SOFTWARES><NAME>7-Zip 22.01 (x64)</NAME><VERSION>22.01</VERSION><PUBLISHER>Igor Pavlov</PUBLISHER><INSTALLDATE>2025/03/01</INSTALLDATE></SOFTWARES>
    <SOFTWARES><NAME></NAME><VERSION>1</VERSION></SOFTWARES>
  </CONTENT>
  <DEVICEID>PC-5-2026-01-01-00-00-00</DEVICEID>
  <QUERY>INVENTORY</QUERY>
</REQUEST>
"""
ASKED = """\
<REQUEST><CONTENT>
  <DEVICE><INFO><ID>4</ID><NAME>sw-01</NAME><TYPE>NETWORKING</TYPE><MAC>02:00:00:00:00:0a</MAC><SERIAL>FOC1</SERIAL><COMMENTS>Example OS 12</COMMENTS>
    <FIRMWARE>12.2(55)</FIRMWARE><MODEL>Switchboard 24</MODEL><IPS><IP>127.0.0.1</IP><IP>10.90.0.40</IP></IPS></INFO><PORTS><PORT><IFNAME>1</IFNAME></PORT></PORTS></DEVICE>
  <DEVICE><INFO><NAME>prn-2</NAME><TYPE>PRINTER</TYPE></INFO></DEVICE>
  <DEVICE><ERROR><ID>5</ID><MESSAGE>No response</MESSAGE></ERROR></DEVICE>
</CONTENT><DEVICEID>agent-1</DEVICEID><QUERY>SNMPQUERY</QUERY></REQUEST>
"""
SEEDS = {"glpi": [INVENTORY, SWITCH, INVENTORY.encode("utf-16"), XML, OCS, ASKED]}


def test_the_xml_of_a_computer_says_what_its_json_says(tmp_path: Path) -> None:
    assert recognised(tmp_path, XML)[0] == "glpi"
    by_json, by_xml = read(tmp_path, "glpi", INVENTORY), read(tmp_path, "glpi", XML)
    assert by_xml.tables.keys() == by_json.tables.keys() == {"assets", "software"}
    for name, table in by_json.tables.items():
        assert by_xml.tables[name].columns == table.columns
    assert (by_xml.rows_read, by_xml.rows_loaded, by_xml.warnings) == (1, 1, ())
    assert "erson" not in repr(by_xml)
    tagged = [read(tmp_path, "glpi", text, asset="{tag}") for text in (INVENTORY, XML)]
    assert [rows(load, "assets", "asset_tag") for load in tagged] == [[("OT-0007",)]] * 2


def test_every_program_leads_back_to_its_line(tmp_path: Path) -> None:
    software = read(tmp_path, "glpi", XML).tables["software"]
    lines = XML.splitlines()
    for place, name in zip(software.places, software.columns["name"], strict=True):
        assert name in lines[(place & 0xFFFFFFFF) - 1]


def test_an_ocs_agent_tells_its_system_among_the_hardware(tmp_path: Path) -> None:
    assert recognised(tmp_path, OCS)[0] == "glpi"
    load = read(tmp_path, "glpi", OCS)
    assert rows(load, "assets", "device_id", "asset_tag", "hostname", "os", "os_version", "serial", "ip") == [
        ("PC-5-2026-01-01-00-00-00", "OAK-5", "PC-5", "Microsoft Windows 10 Professionnel", "10.0.19045", "SRL5", ("10.5.0.5",))
    ]  # fmt: skip
    assert rows(load, "software", "name", "version") == [("7-Zip 22.01 (x64)", "22.01")]
    assert load.incomplete == "export.csv: 1 of the programs that it lists could not be read"
    assert not any(word in repr(load) for word in ("person", "KEY"))
    linux = OCS.replace("Microsoft Windows 10 Professionnel", "Debian GNU/Linux 12").replace(
        "10.0.19045", "6.1.0-26-amd64"
    )
    assert rows(read(tmp_path, "glpi", linux), "assets", "os", "os_version") == [("Debian GNU/Linux 12", None)]


def test_devices_that_an_agent_asked_are_known_by_their_own_names(tmp_path: Path) -> None:
    assert recognised(tmp_path, ASKED)[0] == "glpi"
    load = read(tmp_path, "glpi", ASKED)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert load.refused[0].line == 5
    assert rows(load, "assets", "device_id", "hostname", "type", "ip", "os", "os_version", "mac") == [
        ("sw-01", "sw-01", "network", ("10.90.0.40",), "Example OS 12", "12.2(55)", "02:00:00:00:00:0a"),
        ("prn-2", "prn-2", "printer", None, None, None, None),
    ]
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("sw-01", "Switchboard 24", "12.2(55)", "network")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<REQUEST><DEVICEID>a</DEVICEID><QUERY>PROLOG</QUERY></REQUEST>", "message 'PROLOG' and no inventory"),
        ("<REQUEST><CONTENT><DEVICE><IP>10.0.0.1</IP></DEVICE></CONTENT><QUERY>NETDISCOVERY</QUERY></REQUEST>", "message 'NETDISCOVERY'"),
        ("<REQUEST><CONTENT><HARDWARE><NAME>a</NAME></HARDWARE></CONTENT></REQUEST>", "has no DEVICEID"), (XML[:900], "breaks off"),
        ('<!DOCTYPE REQUEST [<!ENTITY a "b">]><REQUEST/>', "declares an entity"),
    ],
)  # fmt: skip
def test_what_is_no_whole_inventory_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, "glpi", text)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("number", "programs", "system"), [(1, 42, "25"), (4, 7, "10.13.5 (17F77)"), (12, 8, "6.3.9600")]
)
def test_the_public_samples(tmp_path: Path, number: int, programs: int, system: str) -> None:
    sample = shared("data", "inventories", "glpi", f"inventory_format__{number}.xml").read_bytes()
    assert recognised(tmp_path, sample)[0] == "glpi"
    load = read(tmp_path, "glpi", sample)
    assert (load.rows_read, load.rows_loaded, load.tables["software"].rows) == (1, 1, programs)
    assert rows(load, "assets", "os_version") == [(system,)]


def test_a_card_says_each_of_its_addresses_in_an_element_of_its_own(tmp_path: Path) -> None:
    text = (
        "<REQUEST><CONTENT><HARDWARE><NAME>PC-1</NAME></HARDWARE><NETWORKS><IPADDRESS>169.254.4.1</IPADDRESS><IPADDRESS>10.2.0.7</IPADDRESS>"
        "<IPADDRESS>10.2.0.8</IPADDRESS><MACADDR>02:00:00:00:00:01</MACADDR></NETWORKS></CONTENT><DEVICEID>7</DEVICEID></REQUEST>"
    )
    load = read(tmp_path, "glpi", text, name="x.xml")
    assert rows(load, "assets", "hostname", "ip") == [("PC-1", ("10.2.0.7", "10.2.0.8"))]
