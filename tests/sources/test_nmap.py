"""nmap XML: every port that was looked at, and never more certainty than the file has."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.model.raw import Load
from secscan.model.settings import Limits
from secscan.sources import recognise_kind
from tests.sources.desk import read, shared

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" start="1760000000">\n'
END = (
    '<runstats><finished time="1760000100" exit="success"/><hosts up="1" down="0" total="1"/></runstats>\n</nmaprun>\n'
)
HOST = (
    '<host starttime="1760000000" endtime="1760000050"><status state="up" reason="syn-ack"/>\n'
    '<address addr="10.0.0.7" addrtype="ipv4"/><address addr="00:11:22:33:44:55" addrtype="mac"/>\n'
    '<hostnames><hostname name="srv-7.example" type="PTR"/><hostname name="alias" type="user"/></hostnames>\n'
    "<ports>\n"
    '<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="64"/>'
    '<service name="ssh" product="OpenSSH" version="7.4"/></port>\n'
    '<port protocol="tcp" portid="443"><state state="open" reason="syn-ack" reason_ttl="64"/><service name="http" tunnel="ssl"/></port>\n'
    '<port protocol="tcp" portid="445"><state state="filtered" reason="no-response" reason_ttl="0"/><service name="smb"/></port>\n'
    '<port protocol="udp" portid="161"><state state="open|filtered" reason="no-response"/></port>\n'
    '<port protocol="tcp" portid="23"><state state="closed" reason="reset" reason_ttl="60"/></port>\n'
    "</ports></host>\n"
)


def scan(tmp_path: Path, text: str, files: Files | None = None) -> Load:
    return read(tmp_path, text, "nmap-xml", name="scan.xml", files=files)


def rows(load: Load, table: str, *names: str) -> list[tuple[object, ...]]:
    return list(zip(*(load.tables[table].columns[name] for name in names), strict=True))


def test_every_port_is_a_probe_and_open_ones_are_services(tmp_path: Path) -> None:
    files = Files()
    load = scan(tmp_path, HEAD + HOST + END, files)
    assert rows(load, "probes", "proto", "port", "state", "reason", "reason_ttl") == [
        ("tcp", 22, "open", "syn-ack", 64), ("tcp", 443, "open", "syn-ack", 64), ("tcp", 445, "filtered", "no-response", 0),
        ("udp", 161, "open|filtered", "no-response", None), ("tcp", 23, "closed", "reset", 60),
    ]  # fmt: skip
    assert set(rows(load, "probes", "address", "hostname", "host_state", "seen_on")) == {
        ("10.0.0.7", "srv-7.example", "up", date(2025, 10, 9))
    }
    assert rows(load, "services", "asset_tag", "address", "proto", "port", "service", "product", "version") == [
        (None, "10.0.0.7", "tcp", 22, "ssh", "OpenSSH", "7.4"), (None, "10.0.0.7", "tcp", 443, "ssl/http", None, None),
    ]  # fmt: skip
    assert [files.place(code).line for code in load.tables["probes"].places] == [8, 9, 10, 11, 12]
    assert load.incomplete is None
    assert (load.rows_read, load.rows_loaded) == (1, 1)


def test_several_addresses_of_a_host_all_count(tmp_path: Path) -> None:
    text = HOST.replace(
        '<address addr="00:11:22:33:44:55" addrtype="mac"/>', '<address addr="2001:DB8::7" addrtype="ipv6"/>'
    )
    load = scan(tmp_path, HEAD + text + END)
    assert set(rows(load, "services", "address")) == {("10.0.0.7",), ("2001:db8::7",)}


def test_ports_that_nmap_only_counted_are_written_out_where_it_says_which(tmp_path: Path) -> None:
    info = '<scaninfo type="connect" protocol="tcp" numservices="6" services="20-25"/>\n'
    summary = '<extraports state="filtered" count="4"><extrareasons reason="no-response" count="4"/></extraports>\n<port protocol="tcp" portid="22">'
    load = scan(tmp_path, HEAD + info + HOST.replace('<port protocol="tcp" portid="22">', summary) + END)
    found = rows(load, "probes", "port", "state", "reason")
    assert [f for f in found if f[0] in (20, 21, 24, 25)] == [(p, "filtered", "no-response") for p in (20, 21, 24, 25)]
    assert found.count((22, "open", "syn-ack")) == 1
    named = summary.replace("<extrareasons ", '<extrareasons proto="tcp" ports="135,139" ')
    load = scan(tmp_path, HEAD + info + HOST.replace('<port protocol="tcp" portid="22">', named) + END)
    assert [f[0] for f in rows(load, "probes", "port") if f[0] in (20, 135, 139)] == [135, 139]


def test_ports_that_could_be_either_are_not_guessed(tmp_path: Path) -> None:
    info = '<scaninfo type="connect" protocol="tcp" numservices="6" services="20-25"/>\n'
    both = '<extraports state="filtered" count="2"/><extraports state="closed" count="2"/><port protocol="tcp" portid="22">'
    load = scan(tmp_path, HEAD + info + HOST.replace('<port protocol="tcp" portid="22">', both) + END)
    assert len(load.tables["probes"].places) == 5


@pytest.mark.parametrize(
    ("text", "words", "loaded", "refused"),
    [
        (HEAD + HOST, "scan.xml:14:1: the file breaks off: no element found", 1, 0),
        (HEAD + HOST + HOST[:700], "the file breaks off", 1, 1),
        (HEAD + HOST + "</nmaprun>", "nmap did not finish (no runstats)", 1, 0),
        (HEAD + HOST + "<runstats></runstats></nmaprun>", "nmap did not finish (no runstats)", 1, 0),
        (HEAD + HOST + END.replace('exit="success"', 'exit="error" errormsg="out of\nmemory"'), "scan.xml:14: nmap stopped with an error: out of memory", 1, 0),
        (HEAD + HOST.replace('state="up"', 'state="down"') + END, "no host was up", 1, 0),
        (HEAD + END, "no host was up", 0, 0),
        (HEAD + HOST.replace("<host ", '<host timedout="true" ') + END, "nmap gave up on 1 hosts", 1, 0),
        (HEAD + HOST.replace('addr="10.0.0.7"', 'addr="nowhere"') + HOST + END, None, 1, 1),
    ],
    ids=["cut", "cut in a host", "no runstats", "no finished", "error", "down", "empty", "timed out", "no address"],
)  # fmt: skip
def test_a_partial_look_is_incomplete_and_keeps_what_it_saw(
    tmp_path: Path, text: str, words: str | None, loaded: int, refused: int
) -> None:
    load = scan(tmp_path, text)
    assert (words in (load.incomplete or "")) if words else load.incomplete is None
    assert (load.rows_loaded, load.rows_refused) == (loaded, refused)


def test_a_broken_port_is_passed_over_and_said(tmp_path: Path) -> None:
    load = scan(
        tmp_path,
        HEAD + HOST.replace('portid="22"', 'portid="99999"').replace('protocol="udp"', 'protocol="sctp"') + END,
    )
    assert [r[0] for r in rows(load, "probes", "port")] == [443, 445, 23]
    assert load.warnings == (
        "scan.xml:8: '99999' is not a port (0 to 65535); port passed over, host kept",
        "scan.xml:11: 'sctp' is not tcp or udp; port passed over, host kept",
    )


def test_a_scan_from_the_future_counts_as_of_its_set(tmp_path: Path) -> None:
    load = scan(tmp_path, HEAD + HOST.replace('endtime="1760000050"', 'endtime="9999999999"') + END)
    assert {r[0] for r in rows(load, "probes", "seen_on")} == {date(2026, 11, 1)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html><body>Log in</body></html>", "is an HTML page"),
        ("<NessusClientData_v2/>", "is a Nessus report (.nessus), not nmap XML"),
        ("Starting Nmap 7.93", "is text, not nmap XML; save the scan with nmap -oX"),
        ('<!DOCTYPE nmaprun [<!ENTITY x SYSTEM "file:///etc/passwd">]><nmaprun>&x;</nmaprun>', "declares an entity"),
    ],
)
def test_what_is_no_nmap_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        scan(tmp_path, text)
    assert words in str(refused.value)


@pytest.mark.shared
def test_public_samples_read_to_the_end(tmp_path: Path) -> None:
    expected = {
        "defectdojo__issue4406.xml": (1, 25), "defectdojo__nmap_0port.xml": (1, 0),
        "defectdojo__nmap_multiple_port.xml": (1, 13), "python-libnmap__1_hosts_down.xml": (1, 0),
        "python-libnmap__1_hosts_nohostname.xml": (1, 0), "python-libnmap__2_hosts_version.xml": (2, 8),
        "python-libnmap__2_null_hosts.xml": (2, 0), "python-libnmap__dionaea_scan.xml": (1, 16),
        "python-libnmap__full_sudo5.xml": (256, 11), "python-libnmap__fullscan.xml": (256, 9),
        "python-libnmap__os_scan6.xml": (256, 11),
    }  # fmt: skip
    for name, (hosts, services) in expected.items():
        load = read(tmp_path, shared("data", "inventories", "nmap", name).read_bytes(), "nmap-xml", name=name)
        assert (load.rows_loaded, load.tables["services"].rows, load.incomplete) == (hosts, services, None), name


MEASURE = """
import re, sys
from datetime import date
from pathlib import Path
from secscan.model.places import Files
from secscan.model.settings import Limits, Source
from secscan.sources import read_file
s = Source.model_validate({"id": "one", "as": "nmap-xml", "file": "*"})
load = read_file(Path(sys.argv[1]), "scan.xml", s, "a", Files(), Limits(), date(2026, 11, 22), date(2026, 11, 1))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())  # ru_maxrss would begin at the parent's
print(load.rows_loaded, load.tables["services"].rows, int(peak[1]) // 1024)
"""


def test_a_sweep_of_65536_hosts_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "scan.xml"
    with path.open("w") as out:
        out.write(HEAD)
        for n in range(65_536):
            out.write(HOST.replace("10.0.0.7", f"10.9.{n // 256}.{n % 256}"))
        out.write(END)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    hosts, services, megabytes = map(int, done.stdout.split())
    assert (hosts, services) == (65_536, 131_072)
    assert megabytes < 100, f"{megabytes} MB for a file of {path.stat().st_size / 1e6:.0f} MB"


def test_a_file_that_is_never_held_may_be_five_times_as_large(tmp_path: Path) -> None:
    hosts = "".join(HOST.replace("10.0.0.7", f"10.9.{n // 256}.{n % 256}") for n in range(6_000))
    text = (HEAD + hosts + END).encode()
    assert 5_000_000 < len(text) < 10_000_000
    load = read(tmp_path, text, "nmap-xml", limits=Limits(file_mb=2))
    assert (load.rows_loaded, load.size, load.sha256) == (6_000, len(text), hashlib.sha256(text).hexdigest())
    with pytest.raises(InputError, match=r"is \d MB; the limit is 5 MB"):
        read(tmp_path, text, "nmap-xml", limits=Limits(file_mb=1))


def test_the_digest_is_of_the_whole_file_wherever_it_breaks_off(tmp_path: Path) -> None:
    text = (HEAD + HOST + "</never>" + HOST * 2_000).encode()
    load = read(tmp_path, text, "nmap-xml")
    assert load.incomplete is not None
    assert (load.rows_read, load.size, load.sha256) == (1, len(text), hashlib.sha256(text).hexdigest())


def test_masscan_writes_no_state_and_whoever_answered_is_up(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?>\n<!-- masscan v1.0 scan -->\n<nmaprun scanner="masscan" start="1760000000" xmloutputversion="1.03">\n'
        '<scaninfo type="syn" protocol="tcp" />\n'
        '<host endtime="1760000001"><address addr="10.0.0.7" addrtype="ipv4"/><ports><port protocol="tcp" portid="80">'
        '<state state="open" reason="syn-ack" reason_ttl="64"/></port></ports></host>\n'
        '<runstats><finished time="1760000012" elapsed="13" /><hosts up="1" down="0" total="1" /></runstats>\n</nmaprun>'
    )
    load = read(tmp_path, text, "nmap-xml", name="m.xml")
    assert (load.rows_read, load.rows_loaded, load.incomplete) == (1, 1, None)
    nobody = text.replace('state="open"', 'state="closed"')
    assert str(read(tmp_path, nobody, "nmap-xml", name="m.xml").incomplete).endswith("no host was up")


def test_where_a_host_has_no_time_of_its_own_it_was_seen_when_the_scan_began(tmp_path: Path) -> None:
    host = HOST.replace(' starttime="1760000000" endtime="1760000050"', "")
    load = read(tmp_path, HEAD + host + END, "nmap-xml", name="m.xml")
    assert set(load.tables["probes"].columns["seen_on"]) == {date(2025, 10, 9)}


def test_what_nmap_prints_is_refused_with_what_to_write(tmp_path: Path) -> None:
    for text in (
        "Starting Nmap 7.94 ( https://nmap.example )\nNmap scan report for pc-1\n",
        "# Nmap 7.94 scan initiated\nHost: 10.0.0.7 ()\tStatus: Up\n",
    ):
        path = tmp_path / "x"
        path.write_text(text)
        assert recognise_kind(path)[0] == "nmap-xml"
        with pytest.raises(InputError, match="not nmap XML; save the scan with nmap -oX"):
            read(tmp_path, text, "nmap-xml", name="x")
