"""One estate from what the tools of councils really export: from files to figures, pages and ``explain``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
DAY = "2026-02-28"

INTUNE = """Device ID,Device name,Managed by,OS,OS version,Serial number,Last check-in,Compliance,SkuFamily
d-1,FIN-APP-01,Intune,Windows,10.0.17763.5696,5CG001AB,2026-02-26 08:00:00.0000000,Compliant,Enterprise
"""
AD = """#TYPE Microsoft.ActiveDirectory.Management.ADComputer
"DistinguishedName","DNSHostName","Enabled","IPv4Address","LastLogonDate","Name","ObjectClass","ObjectGUID","OperatingSystem","OperatingSystemVersion","SamAccountName","SID"
"CN=FIN-APP-01,OU=S,DC=oak,DC=example","fin-app-01.oak.example","True","10.1.1.5","2026-02-20","FIN-APP-01","computer","11111111-1111-1111-1111-111111111111","Windows Server 2019 Standard","10.0 (17763)","FIN-APP-01$","S-1-5-21-1-1-1-1001"
"CN=OLD-99,OU=S,DC=oak,DC=example","old-99.oak.example","True","","","OLD-99","computer","22222222-2222-2222-2222-222222222222","Windows Server 2019 Standard","10.0 (17763)","OLD-99$","S-1-5-21-1-1-1-1002"
"""
LANSWEEPER = """AssetID,AssetName,AssetType,Domain,IPAddress,Mac,Serialnumber,OS,Lastseen
11,FIN-APP-01,Windows,OAK,10.1.1.5,00:1B:21:00:00:05,5cg001ab,Win 2016,2026-02-27
"""
NESSUS = """<?xml version="1.0" ?>
<NessusClientData_v2><Report name="weekly">
{hosts}
</Report></NessusClientData_v2>
"""
HOST = """<ReportHost name="{address}"><HostProperties><tag name="host-ip">{address}</tag>
<tag name="HOST_END_TIMESTAMP">1772150400</tag></HostProperties>
<ReportItem port="445" svc_name="cifs" protocol="tcp" severity="0" pluginID="10785" pluginName="SMB" pluginFamily="Windows"/></ReportHost>"""
NMAP = """<?xml version="1.0"?>
<nmaprun scanner="nmap" args="nmap -sS" start="1772150400" version="7.95" xmloutputversion="1.05">
<scaninfo type="syn" protocol="tcp" numservices="2" services="22,3389"/>
{hosts}
<runstats><finished time="1772150500" exit="success"/><hosts up="2" down="0" total="2"/></runstats></nmaprun>
"""
ANSWERS = """<host><status state="up" reason="syn-ack"/><address addr="{address}" addrtype="ipv4"/><ports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="64"/><service name="ssh"/></port></ports></host>"""


def workspace(root: Path, councils: Mapping[str, tuple[list[str], Mapping[str, str]]], more: str = "") -> Path:
    """``councils``: id -> its sources as lines of YAML, and its files. One that is called shared is the provider."""
    said = ["partnership: {name: Test}", "councils:"]
    for council, (sources, files) in councils.items():
        said += [f"  - id: {council}", f"    name: {council.title()} Council"]
        said += ["    role: provider"] if council == "shared" else []
        said += ["    sources:", *(f"      - {{{line}}}" for line in sources)]
        folder = root / "inventory" / council / DAY
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
    for name in ("state", "reports"):
        (root / name).mkdir(mode=0o700)
    said += ["zones:", "  - {id: servers, addresses: [10.0.0.0/8]}", "  - {id: internet, internet: true}", more]
    (root / "secscan.yaml").write_text("\n".join(said))
    return root


def scan(secscan: Run, root: Path) -> tuple[Any, Any]:
    """What ``scan`` says, and the posture behind it."""
    said = secscan("-w", root, "scan", "--as-of", "2026-03-01", "--format", "json")
    assert said.code in (0, 3)
    return said.json, json.loads((root / "reports/latest/data/posture.json").read_text())


TOOLS = (
    [
        "id: intune, as: intune-devices, file: intune.csv", "id: ad, as: ad-computers, file: ad.csv",
        "id: lansweeper, as: lansweeper, file: lansweeper.csv", "id: nessus, as: nessus, file: weekly.nessus",
        "id: nmap, as: nmap-xml, file: scan.xml",
    ],
    {
        "intune.csv": INTUNE, "ad.csv": AD, "lansweeper.csv": LANSWEEPER,
        "weekly.nessus": NESSUS.format(hosts=HOST.format(address="10.1.1.5") + HOST.format(address="10.1.1.77")),
        "scan.xml": NMAP.format(hosts=ANSWERS.format(address="10.1.1.5") + ANSWERS.format(address="10.1.1.78")),
    },
)  # fmt: skip


@pytest.fixture
def oak(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"oak": TOOLS})


def test_one_machine_in_intune_ad_lansweeper_nessus_and_nmap_is_one_asset(secscan: Run, oak: Path) -> None:
    said, posture = scan(secscan, oak)
    assert said["councils"][0]["assets"] == 3  # the machine, one that only AD has, and one that only the scanner saw
    seen = {row["source"]: (row["assets"], row["counts_as"], row["in_register"]) for row in posture["coverage"]}
    assert seen == {
        "intune": (1, "agent", 1), "ad": (2, "register", 2), "lansweeper": (1, "agent", 1), "nessus": (2, "network", 1),
        "nmap": (1, "network", 1),
    }  # fmt: skip
    told = secscan("-w", oak, "explain", "10.1.1.5", "--format", "json").json
    assert [(n["by"], n["key"], n["sure"]) for n in told["told_by"]] == [
        ("intune", "serial", True), ("ad", "ip", False), ("lansweeper", "serial", True), ("nessus", "ip", False),
    ]  # fmt: skip
    system = told["said"]["os"]
    assert [(s["by"], s["used"], s["age_days"]) for s in system] == [
        ("intune", True, 1), ("ad", False, 1), ("lansweeper", False, 1),
    ]  # fmt: skip
    assert system[0]["source"]["file"] == f"inventory/oak/{DAY}/intune.csv"
    assert next((s["by"], s["value"]) for s in told["said"]["last_seen"]) == ("lansweeper", "2026-02-27")
    text = secscan("-w", oak, "explain", "10.1.1.5").out
    assert "nessus calls it 10.1.1.5: told by ip 10.1.1.5, which is less sure" in text


def test_what_stands_in_no_register_and_what_was_never_seen_are_told_with_their_rows(secscan: Run, oak: Path) -> None:
    _, posture = scan(secscan, oak)
    (row,) = posture["estate"]
    assert (row["register"], row["seen_lately"], row["seen_before"], row["never"]) == (2, 1, 0, 1)
    assert (row["sighted"], row["unregistered"], row["addresses"]) == (3, 2, 1)
    assert [(s["asset"], s["address"], s["seen_by"], s["ports"]) for s in posture["strangers"]] == [
        (None, "10.1.1.78", "nmap", "tcp/22"), ("device:10.1.1.77", "10.1.1.77", "nessus", None),
    ]  # fmt: skip
    assert [n["hostname"] for n in posture["never_seen"]] == ["OLD-99"]
    found = {(f["control"], f["asset"], f["subject"]) for f in posture["findings"] if f["outcome"] == "fail"}
    assert {
        ("INV-05", None, "10.1.1.78"), ("INV-05", "device:10.1.1.77", "device:10.1.1.77"),
        ("INV-06", "fqdn:old-99.oak.example", "fqdn:old-99.oak.example"),
    } <= found  # fmt: skip
    for name, lines in (("estate.csv", 2), ("strangers.csv", 3), ("never-seen.csv", 2)):
        assert len((oak / "reports/latest/data" / name).read_text().splitlines()) == lines
    page = (oak / "reports/latest/index.html").read_text()
    for anchor, figure in (("register", "1 of 2"), ("strangers", "2 of 3"), ("never", "1 of 2")):
        assert f'<b><a class="govuk-link" href="not-seen.html#{anchor}-title">{figure}</a></b>' in page
    assert page.index('class="app-seen"') < page.index('class="app-answer"') < page.index('class="app-figures"')


def test_without_a_register_nobody_can_tell_what_stands_in_none(secscan: Run, tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", {"oak": ([TOOLS[0][0]], {"intune.csv": INTUNE})})
    _, posture = scan(secscan, root)
    (row,) = posture["estate"]
    assert [row[name] for name in ("register", "seen_lately", "seen_before", "never", "unregistered")] == [None] * 5
    assert posture["strangers"] == posture["never_seen"] == []
    page = (root / "reports/latest/council-oak.html").read_text()
    assert "No register was given, or none could be read, by Oak." in page
    assert page.count(">Not known</a></b>") >= 3
    unknown = {f["control"] for f in posture["findings"] if f["outcome"] == "unknown"}
    assert {"INV-05", "INV-06"} <= unknown
    declared = (
        (root / "secscan.yaml").read_text().replace("as: intune-devices,", "as: intune-devices, counts_as: register,")
    )
    (root / "secscan.yaml").write_text(declared)
    (row,) = scan(secscan, root)[1]["estate"]
    assert (row["register"], row["seen_lately"]) == (1, 1)


OWN = [
    "id: {0}-register, as: secscan-assets, file: assets.csv",
    "id: {0}-software, as: secscan-software, file: software.csv",
]
REGISTER = """asset_tag,hostname,serial,fqdn,ip,mac,type,os,os_version,last_seen
1,SRV-1,EX7Q2LM1,srv-1.example,10.1.1.1,00:1b:21:00:00:01,server,Microsoft Windows Server 2012 R2 Standard,6.3.9600,2026-02-20
2,PC-2,EX9Z9ZZ9,pc-2.example,10.1.1.2,00:1b:21:00:00:02,desktop,Microsoft Windows 10 Pro,10.0.19045,2026-02-20
"""
SOFTWARE = "asset_tag,name,version\n1,Microsoft SQL Server 2012 (64-bit),11.0.7001\n"


def test_three_councils_with_the_same_inventory_have_three_times_its_assets_and_findings(
    secscan: Run, tmp_path: Path
) -> None:
    def council(name: str) -> tuple[list[str], dict[str, str]]:
        return [line.format(name) for line in OWN], {"assets.csv": REGISTER, "software.csv": SOFTWARE}

    one, of_one = scan(secscan, workspace(tmp_path / "one", {"oak": council("oak")}))
    three, of_three = scan(secscan, workspace(tmp_path / "three", {c: council(c) for c in ("oak", "elm", "ash")}))
    assert [c["assets"] for c in three["councils"]] == [2, 2, 2]
    assert {json.dumps(c["findings"]) for c in three["councils"]} == {json.dumps(one["councils"][0]["findings"])}
    assert len({f["fingerprint"] for f in of_three["findings"]}) == 3 * len(
        {f["fingerprint"] for f in of_one["findings"]}
    )
    assert not of_three["joins"]
    assert [row["register"] for row in of_three["estate"]] == [2, 2, 2]
    asked = secscan("-w", tmp_path / "three", "explain", "SRV-1")
    assert asked.code == 2 and "say which with --council" in asked.err


SHARED = """asset_tag,hostname,serial,type,service,os,os_version,last_seen
S-1,PAY-1,EX5PAY01,server,Payroll,Microsoft Windows Server 2012 R2 Standard,6.3.9600,2026-02-20
S-2,MON-1,EX5MON01,server,Monitoring,Microsoft Windows Server 2022 Standard,10.0.20348,2026-02-20
"""


def test_a_shared_system_is_counted_once_and_shown_in_each_council_that_uses_it(secscan: Run, tmp_path: Path) -> None:
    councils = {c: ([OWN[0].format(c)], {"assets.csv": REGISTER}) for c in ("oak", "elm")}
    provider = {"shared": (["id: shared-register, as: secscan-assets, file: assets.csv"], {"assets.csv": SHARED})}
    declared = "shared_systems:\n  - {of: shared, service: payroll, used_by: [oak, elm]}\n  - {of: shared, asset: S-9, used_by: [oak]}\n"
    root = workspace(tmp_path / "ws", {**councils, **provider}, declared)
    said, posture = scan(secscan, root)
    assert {c["id"]: c["assets"] for c in said["councils"]} == {"oak": 2, "elm": 2, "shared": 2}  # six, the union
    assert sum(row["register"] for row in posture["estate"]) == 6
    (row,) = posture["shared"]
    assert (row["council"], row["asset"], row["used_by"], row["also"]) == ("shared", "S-1", ["elm", "oak"], [])
    mine = [f for f in posture["findings"] if f["asset"] == "S-1"]
    assert mine and {f["council"] for f in mine} == {"shared"}
    assert row["open"] == sum(f["outcome"] == "fail" and f["status"] == "open" for f in mine) > 0
    for council in ("oak", "elm"):
        page = (root / f"reports/latest/council-{council}.html").read_text()
        assert "PAY-1" in page and "MON-1" not in page
    assert "S-9" in " ".join(posture["warnings"])
    again = root / f"inventory/elm/{DAY}/assets.csv"
    again.write_text(f"{REGISTER}77,PAYROLL,ex5pay01,,,,server,,,2026-02-20\n")
    _, posture = scan(secscan, root)
    assert posture["shared"][0]["also"] == ["elm 77"]
    assert any("elm 77" in warning and "twice" in warning for warning in posture["warnings"])
