"""Wazuh's inventory and vulnerabilities: of the indexer, of the API, and as the dashboard exports them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

AGENT = {"id": "007", "name": "web-01", "host": {"ip": "10.0.0.7"}}
UBUNTU = {"os": {"full": "Ubuntu 24.04.2 LTS (Noble Numbat)", "name": "Ubuntu", "version": "24.04.2"}}


def hits(*sources: Any, index: str = "wazuh-states-inventory-packages-oak", total: int | None = None) -> str:
    found = [{"_index": index, "_id": f"{n}", "_source": one} for n, one in enumerate(sources)]
    return json.dumps({"took": 1, "hits": {"total": {"value": total or len(found)}, "hits": found}}, indent=1)


def vulnerability(**more: Any) -> dict[str, Any]:
    said = {"id": "CVE-2025-27558", "category": "Packages", "severity": "Critical", "score": {"base": 9.1, "version": "3.1"},
            "detected_at": "2026-06-30T17:07:15.204Z", "scanner": {"condition": "Package less than 6.8.0-62.65"}} | more  # fmt: skip
    package = {"name": "linux-image-6.8.0-60-generic", "version": "6.8.0-60.63", "type": "deb"}
    return {"agent": AGENT, "host": UBUNTU, "package": package, "vulnerability": said}


ENTRIES: Sequence[Any] = (
    vulnerability(),
    vulnerability(id="CVE-2019-0001", category="OS", score={"base": 9.3, "version": "2.0"}, scanner={"condition": "Package less than or equal to 9"}),
    {"agent": AGENT, "package": {"name": "nginx", "version": "1.24.0-2ubuntu7", "type": "deb", "vendor": "A Person <a.person@oak.example>", "installed": "2026/01/02 03:04:05"}},
    {"agent": AGENT, "package": {"hotfix": {"name": "KB5066135"}}},
    {"agent": AGENT, "source": {"ip": "0.0.0.0", "port": 443}, "network": {"transport": "tcp"}, "interface": {"state": "listening"}},
    {"agent": AGENT, "source": {"ip": "127.0.0.1", "port": 5432}, "network": {"transport": "tcp"}, "interface": {"state": "listening"}},
    {"agent": AGENT, "source": {"ip": "10.0.0.7", "port": 51234}, "network": {"transport": "tcp"}, "interface": {"state": "established"}},
    {"agent": AGENT, "source": {"ip": "::", "port": 161}, "network": {"transport": "udp6"}},
    {"agent": AGENT, "user": {"name": "a.person", "full_name": "A Person"}},
    {"agent": AGENT, "host": {"hostname": "web-01.oak.example", **UBUNTU}},
    "x",
)  # fmt: skip
INDEXER = hits(*ENTRIES)


def answer(*items: Any, total: int | None = None) -> str:
    data = {"affected_items": items, "total_affected_items": total or len(items), "failed_items": []}
    return json.dumps({"data": data, "message": "All selected items were returned", "error": 0}, indent=1)


API = answer(
    {"agent_id": "001", "cve": "CVE-2023-28450", "title": "CVE-2023-28450 affects dnsmasq", "severity": "High", "cvss3_score": 7.5, "status": "VALID",
     "name": "dnsmasq", "version": "2.86", "condition": "Package less than 2.90", "detection_time": "2026-02-08T13:55:10Z", "type": "PACKAGE"},
    {"agent_id": "001", "cve": "CVE-2020-0001", "title": "", "severity": "-", "cvss3_score": 0, "status": "OBSOLETE", "name": "x", "version": "1"},
    {"agent_id": "001", "scan": {"id": 0, "time": "2026/10/30 10:00:00"}, "format": "rpm", "name": "bash", "version": "4.4.20-3.el8", "vendor": "Red Hat, Inc."},
    {"agent_id": "001", "local": {"ip": "0.0.0.0", "port": 22}, "protocol": "tcp", "state": "listening"},
    {"agent_id": "001", "hotfix": "KB5034763"},
    {"agent_id": "001", "hostname": "PC-0001", "sysname": "", "os": {"name": "Microsoft Windows 10 Pro", "version": "10.0.19045", "build": "19045.6456"},
     "scan": {"time": "2026/10/30 10:00:00"}},
    {"id": "002", "name": "db-01", "ip": "10.0.0.2", "lastKeepAlive": "2026-11-01T01:02:03+00:00", "os": {"name": "Debian GNU/Linux", "version": "12"}},
    {"id": "000", "name": "manager", "ip": "127.0.0.1", "lastKeepAlive": "9999-12-31T23:59:59+00:00", "os": {"name": "Ubuntu", "version": "22.04"}},
    {"agent_id": "001", "board_serial": "5CG001"},
    {"agent_id": "001", "cmd": "/usr/sbin/sshd", "pid": "7"},
)  # fmt: skip
VULNERABILITIES = """\
"agent.id","agent.name","host.os.name","host.os.version","package.name","package.version","vulnerability.id","vulnerability.severity","vulnerability.scanner.condition"
"007","web-01","Ubuntu","24.04.2","curl","8.5.0","CVE-2024-6197","High","Package less than 8.9.0"
"007","web-01","Ubuntu","24.04.2","curl","8.5.0","CVE-2024-6874","-",""
"008","web-02","Ubuntu","24.04.2","curl","8.5.0","","High",""
"""
PACKAGES = """\
agent.name;package.name;package.version;package.vendor;package.type;package.architecture
web-01;nginx;1.24.0-2ubuntu7;Ubuntu Developers <list@ubuntu.example>;deb;amd64
PC-0001;7-Zip 22.01 (x64);22.01;Igor Pavlov;win;x86_64
"""
NAMELESS = "name,version,architecture,severity,cve,cvss3_score,detection_time\ncurl,8.5.0,amd64,High,CVE-2024-6197,7.5,x\nwget,1,amd64,Low,CVE-2024-0001,0,x\n"
LINES = (
    "\n".join(json.dumps({"_index": "wazuh-states-vulnerabilities-oak", "_source": vulnerability()}) for _ in range(2))
    + "\n"
)
SEEDS = {"wazuh": [INDEXER, API, VULNERABILITIES, LINES]}


def test_every_list_of_the_indexer_goes_where_it_belongs(tmp_path: Path) -> None:
    assert recognised(tmp_path, INDEXER)[0] == "wazuh"
    load = read(tmp_path, "wazuh", INDEXER, name="w.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank, load.incomplete) == (
        11,
        6,
        1,
        4,
        None,
    )
    assert rows(load, "results", "check", "cves", "severity", "cvss3", "product", "version", "fixed_in", "first_seen") == [
        ("CVE-2025-27558", "CVE-2025-27558", "Critical", 91, "linux-image-6.8.0-60-generic", "6.8.0-60.63", "6.8.0-62.65", date(2026, 6, 30)),
        ("CVE-2019-0001", "CVE-2019-0001", "Critical", None, "linux-image-6.8.0-60-generic", "6.8.0-60.63", None, date(2026, 6, 30)),
    ]  # fmt: skip
    assert rows(load, "software", "name", "version", "publisher", "kind", "install_date") == [
        ("nginx", "1.24.0-2ubuntu7", None, "dpkg", date(2026, 1, 2)), ("linux-image-6.8.0-60-generic", "6.8.0-60.63", None, "dpkg", None),
    ]  # fmt: skip
    assert rows(load, "services", "asset_tag", "proto", "port") == [("007", "tcp", 443), ("007", "udp", 161)]
    assert rows(load, "assets", "device_id", "hostname", "ip", "os", "os_version") == [
        ("007", "web-01.oak.example", ("10.0.0.7",), "Ubuntu", "24.04.2"),
        ("007", "web-01", ("10.0.0.7",), "Ubuntu", "24.04.2"),
        ("007", "web-01", ("10.0.0.7",), None, None),
    ]
    assert not any(word in repr(load) for word in ("a.person", "A Person"))


def test_answers_of_the_api_say_the_same_in_other_words(tmp_path: Path) -> None:
    assert recognised(tmp_path, API)[0] == "wazuh"
    load = read(tmp_path, "wazuh", API, name="w.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (10, 8, 0, 2)
    assert rows(load, "results", "check", "title", "severity", "cvss3", "fixed_in", "state") == [
        ("CVE-2023-28450", "CVE-2023-28450 affects dnsmasq", "High", 75, "2.90", "open"),
        ("CVE-2020-0001", "CVE-2020-0001", None, None, None, "fixed"),
    ]
    assert rows(load, "software", "asset_tag", "name", "publisher", "kind") == [("001", "bash", "Red Hat, Inc.", "rpm")]
    assert rows(load, "services", "proto", "port") == [("tcp", 22)]
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version", "serial", "last_seen")[:4] == [
        ("001", "PC-0001", "Microsoft Windows 10 Pro", "10.0.19045.6456", None, date(2026, 10, 30)),
        ("002", "db-01", "Debian GNU/Linux", "12", None, date(2026, 11, 1)),
        ("000", "manager", "Ubuntu", "22.04", None, None),
        ("001", None, None, None, "5CG001", None),
    ]


def test_a_page_of_a_longer_list_is_not_the_whole_look(tmp_path: Path) -> None:
    for text in (hits(*ENTRIES[:2], total=125), answer({"agent_id": "001", "board_serial": "5CG001"}, total=125)):
        assert (
            found := read(tmp_path, "wazuh", text, name="w.json").incomplete
        ) and "of the 125 entries that there are" in found


def test_an_indexer_that_stopped_counting_or_searching_did_not_give_the_whole_list(tmp_path: Path) -> None:
    found = json.loads(hits(*ENTRIES[:2]))
    found["hits"]["total"] = {"value": 2, "relation": "gte"}
    load = read(tmp_path, "wazuh", json.dumps(found), name="w.json")
    assert load.incomplete == "w.json: holds 2 of the 2 or more entries that there are"
    found["hits"]["total"]["relation"] = "eq"
    assert read(tmp_path, "wazuh", json.dumps(found), name="w.json").incomplete is None
    for more in ({"timed_out": True}, {"_shards": {"total": 2, "failed": 1}}):
        load = read(tmp_path, "wazuh", json.dumps(found | more), name="w.json")
        assert load.incomplete == "w.json: the indexer did not finish the search"
    partly = json.loads(answer({"agent_id": "001", "board_serial": "5CG001"}))
    partly["data"]["failed_items"] = [{"id": ["005"], "error": {"code": 1701}}]
    load = read(tmp_path, "wazuh", json.dumps(partly), name="w.json")
    assert load.incomplete == "w.json: Wazuh could not answer for 1 of those that it was asked about"


def test_what_is_named_and_is_no_package_is_no_software(tmp_path: Path) -> None:
    scan = {"id": 0, "time": "2026/10/30 10:00:00"}
    text = answer(
        {"agent_id": "001", "scan": scan, "name": "eth0", "mac": "02:00:00:00:00:01", "mtu": 1500, "state": "up"},
        {"agent_id": "001", "scan": scan, "name": "kthreadd", "pid": "2", "ppid": 0},
        {"agent_id": "001", "scan": scan, "name": "bash", "version": "5.2", "format": "deb"},
    )
    load = read(tmp_path, "wazuh", text, name="w.json")
    conserved(load)
    assert rows(load, "software", "name") == [("bash",)]
    assert load.rows_blank == 2
    extension = {"agent": AGENT, "browser": {"name": "chrome"}, "package": {"name": "Adobe Acrobat", "version": "15.1"}}
    load = read(tmp_path, "wazuh", hits(extension), name="w.json")
    assert "software" not in load.tables
    assert load.rows_blank == 1


def test_an_agent_that_never_connected_is_an_asset_of_which_nothing_is_known(tmp_path: Path) -> None:
    text = answer({"id": "004", "name": "db-04", "ip": "any", "registerIP": "any", "status": "never_connected"})
    load = read(tmp_path, "wazuh", text, name="w.json")
    assert rows(load, "assets", "device_id", "hostname", "ip", "os", "last_seen") == [
        ("004", "db-04", None, None, None)
    ]


def test_documents_one_a_line_keep_their_lines(tmp_path: Path) -> None:
    assert recognised(tmp_path, LINES)[0] == "wazuh"
    load = read(tmp_path, "wazuh", LINES + "broken\n", name="w.ndjson")
    conserved(load)
    assert (load.rows_loaded, load.refused[0].line, load.refused[0].reason) == (2, 3, "an entry is not an object")
    assert [place & 0xFFFF for place in load.tables["results"].places] == [1, 2]


def test_tables_of_the_dashboard_are_told_by_their_headings(tmp_path: Path) -> None:
    assert recognised(tmp_path, VULNERABILITIES)[0] == recognised(tmp_path, PACKAGES)[0] == "wazuh"
    load = read(tmp_path, "wazuh", VULNERABILITIES, name="v.csv")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.refused[0].line) == (3, 2, 4)
    assert rows(load, "results", "asset_tag", "title", "cves", "severity", "product", "fixed_in") == [
        ("007", "CVE-2024-6197", "CVE-2024-6197", "High", "curl", "8.9.0"), ("007", "CVE-2024-6874", "CVE-2024-6874", None, "curl", None),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version") == [
        ("007", "web-01", "Ubuntu", "24.04.2"),
        ("008", "web-02", "Ubuntu", "24.04.2"),
    ]
    load = read(tmp_path, "wazuh", PACKAGES, name="p.csv")
    assert rows(load, "software", "asset_tag", "name", "publisher", "kind") == [
        ("web-01", "nginx", None, "dpkg"), ("PC-0001", "7-Zip 22.01 (x64)", "Igor Pavlov", "arp"),
    ]  # fmt: skip
    systems = (
        "agent.name,host.hostname,host.os.name,host.os.version\npc,PC-0001,Microsoft Windows 11 Pro,10.0.22631.4460\n"
    )
    load = read(tmp_path, "wazuh", systems, name="s.csv")
    assert rows(load, "assets", "device_id", "hostname", "os_version") == [("pc", "PC-0001", "10.0.22631.4460")]


def test_a_table_of_the_dashboard_gives_scores_of_version_3_and_its_days(tmp_path: Path) -> None:
    text = """\
agent.name,package.name,vulnerability.id,vulnerability.severity,vulnerability.score.base,vulnerability.score.version,vulnerability.detected_at
web-01,curl,CVE-2024-6197,High,7.5,3.1,"Jun 30, 2026 @ 17:07:15.204"
web-01,wget,CVE-2009-0001,High,9.3,2.0,2026-06-30T17:07:15Z
"""
    load = read(tmp_path, "wazuh", text, name="v.csv")
    assert rows(load, "results", "product", "cvss3", "first_seen") == [
        ("curl", 75, date(2026, 6, 30)), ("wget", None, date(2026, 6, 30)),
    ]  # fmt: skip
    assert not load.warnings


AGENTS = """\
ID,Name,IP address,Group,OS name,OS version,OS version build,Node,Version,Registration date,Last keep alive,Status
000,manager,127.0.0.1,,Ubuntu,22.04,,n1,Wazuh v4.7.2,2024-01-01T00:00:00+00:00,9999-12-31T23:59:59+00:00,active
001,web-01,10.0.0.7,default,Microsoft Windows Server 2019 Standard,10.0.17763,17763.5329,n1,Wazuh v4.7.2,2024-01-01T00:00:00+00:00,2026-11-01T10:00:00+00:00,active
004,db-04,any,,,,,,,2024-01-01T00:00:00+00:00,,never_connected
"""
PORTS = """\
Process,Local IP address,Local port,State,Protocol
sshd,0.0.0.0,22,listening,tcp
postgres,127.0.0.1,5432,listening,tcp
curl,10.0.0.7,50000,established,tcp
snmpd,0.0.0.0,161,,udp
"""
PROGRAMS = "Name,Architecture,Version,Vendor,Description,Format\nnginx,amd64,1.24.0-2,A Person <a.person@oak.example>,web,deb\n"


def test_tables_under_the_dashboards_labels_are_read_and_those_of_one_agent_need_its_name(tmp_path: Path) -> None:
    assert recognised(tmp_path, AGENTS)[1].startswith("certain: Wazuh's agents")
    load = read(tmp_path, "wazuh", AGENTS, name="a.csv")
    assert rows(load, "assets", "device_id", "hostname", "ip", "os_version", "last_seen") == [
        ("000", "manager", None, "22.04", None),
        ("001", "web-01", ("10.0.0.7",), "10.0.17763.5329", date(2026, 11, 1)),
        ("004", "db-04", None, None, None),
    ]
    for text in (PORTS, PROGRAMS):
        assert recognised(tmp_path, text)[0] == "wazuh"
        with pytest.raises(InputError, match="does not say which asset it is of"):
            read(tmp_path, "wazuh", text, name="p.csv")
    load = read(tmp_path, "wazuh", PORTS, name="p.csv", asset="OT-1")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (4, 2, 2)
    assert rows(load, "services", "asset_tag", "proto", "port") == [("OT-1", "tcp", 22), ("OT-1", "udp", 161)]
    load = read(tmp_path, "wazuh", PROGRAMS + ",amd64,1.0,,,deb\n", name="p.csv", asset="OT-1")
    conserved(load)
    assert [(bad.line, bad.reason) for bad in load.refused] == [(3, "name is empty")]
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "kind") == [
        ("OT-1", "nginx", "1.24.0-2", None, "dpkg")
    ]
    assert recognised(tmp_path, "Hostname," + PROGRAMS.replace("\n", "\npc,", 1))[0] != "wazuh"


def test_entries_that_name_no_agent_need_an_asset(tmp_path: Path) -> None:
    assert recognised(tmp_path, NAMELESS)[0] == "wazuh"
    item = answer({"cve": "CVE-2020-0001", "title": "t"})
    for text in (NAMELESS, item):
        with pytest.raises(InputError, match="does not say which asset it is of; set 'asset'"):
            read(tmp_path, "wazuh", text, name="x.csv")
    load = read(tmp_path, "wazuh", NAMELESS, name="x.csv", asset="OT-1")
    assert rows(load, "results", "asset_tag", "product", "cvss3") == [("OT-1", "curl", 75), ("OT-1", "wget", None)]
    assert rows(read(tmp_path, "wazuh", item, name="x.json", asset="OT-1"), "assets", "asset_tag", "device_id") == [
        ("OT-1", "OT-1")
    ]
    mixed = answer({"agent_id": "001", "board_serial": "5CG001"}, {"board_serial": "5CG002"})
    assert [refusal.reason for refusal in read(tmp_path, "wazuh", mixed, name="x.json").refused] == [
        "an entry names no agent"
    ]
    named = answer({"agent_name": "web-01", "agent_ip": "10.0.0.7", "cve": "CVE-2020-0001", "title": "t"})
    assert rows(read(tmp_path, "wazuh", named, name="x.json"), "assets", "device_id", "ip") == [
        ("web-01", ("10.0.0.7",))
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            hits({"rule": {"id": "5710"}, "agent": AGENT}, index="wazuh-alerts-4.x-2026.11.02"),
            "holds alerts of Wazuh, which tell what happened",
        ),
        ('{"data": {}}', "is JSON, but no export of Wazuh"),
        ("a,b\n1,2\n", "is a table, but none of Wazuh's"),
        ("<x/>", "is XML with the root element 'x', not an export of Wazuh"),
        ('{"broken', "not JSON"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "wazuh", text, name="x")


def test_other_tables_are_not_taken(tmp_path: Path) -> None:
    for text in (
        "name,version,severity,cve\n",
        "cve,name,severity,host\n",
        "package.name,package.version\n",
        "hostname,os\n",
    ):
        assert recognised(tmp_path, text + "a,b,c,d\n")[0] != "wazuh"


@pytest.mark.shared
def test_the_public_sample_is_read_whole(tmp_path: Path) -> None:
    data = shared("data", "inventories", "wazuh", "defectdojo__v4-8_many_findings.json").read_bytes()
    assert recognised(tmp_path, data)[0] == "wazuh"
    load = read(tmp_path, "wazuh", data, name="w.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.tables["software"].rows) == (10, 10, 8)
    assert load.incomplete == "w.json: holds 10 of the 125 entries that there are"
