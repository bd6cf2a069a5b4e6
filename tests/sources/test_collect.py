"""This machine as an inventory file, from a system laid out in a folder; and the way back in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from secscan.doors import json
from secscan.model.errors import InputError, ScanError
from secscan.model.places import Files
from secscan.sources import collect
from tests.sources.desk import TODAY, read

TCP = "  sl  local_address rem_address   st\n"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A small Debian."""
    files = {
        "proc/sys/kernel/hostname": "web-01.alderbeck.example\n",
        "proc/sys/kernel/osrelease": "5.10.0-1-amd64\n",
        "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n# x\nVERSION_ID="11"\n',
        "var/lib/dpkg/status": "",
        "run/reboot-required": "",
        "proc/net/tcp": TCP
        + "   0: 00000000:0016 00000000:0000 0A 0 0 0\n   1: 0100007F:1F90 00000000:0000 0A 0 0 0\n"
        + "   2: 0A00000A:01BB 0B00000A:C001 01 0 0 0\n",
        "proc/net/tcp6": TCP
        + f"   0: {'0' * 32}:0016 {'0' * 32}:0000 0A 0 0 0\n   1: {'0' * 24}01000000:0019 {'0' * 32}:0000 0A\n",
        "proc/net/udp": TCP
        + "   0: 00000000:00A1 00000000:0000 07 0 0 0\n   1: 0A00000A:9000 0B00000A:0035 07 0 0 0\n",
        "proc/net/fib_trie": "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\nLocal:\n"
        "        |-- 10.0.0.10\n           /32 host LOCAL\n        |-- 10.0.0.255\n           /32 link BROADCAST\n"
        "        |-- 127.0.0.1\n           /32 host LOCAL\n",
        "proc/net/if_inet6": "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000000000000000001 02 40 20 80     eth0\n20010db8000000000000000000000010 02 40 00 80     eth0\n",
        "sys/class/net/eth0/address": "52:54:00:12:34:56\n",
        "sys/class/net/lo/address": "00:00:00:00:00:00\n",
    }
    for name, text in files.items():
        path = tmp_path / "system" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "system/sys/class/net/eth0/device").mkdir()
    return tmp_path / "system"


def dpkg(argv: Sequence[str]) -> bytes:
    assert argv[:2] == ["dpkg-query", "-W"]
    return b"adduser\t3.118\tinstalled\ngone\t1.0\tconfig-files\nlibc6\t2.31-13\tinstalled\n"


def test_a_machine_says_what_it_is(system: Path) -> None:
    found = collect(TODAY, system, dpkg)
    assert found["schema"] == "secscan.collect/1"
    assert found["asset"] == {
        "asset_tag": "web-01", "hostname": "web-01", "fqdn": "web-01.alderbeck.example", "ip": ["10.0.0.10", "2001:db8::10"],
        "mac": "52:54:00:12:34:56", "os": "Debian GNU/Linux 11 (bullseye)", "os_version": "11", "restart_pending": True,
        "last_seen": "2026-11-22",
    }  # fmt: skip
    assert found["machine"]["kernel"] == "5.10.0-1-amd64"
    assert "0123456789abcdef" not in json.dumps(found)
    assert found["software"] == [
        {"name": "adduser", "version": "3.118", "kind": "dpkg"}, {"name": "libc6", "version": "2.31-13", "kind": "dpkg"},
    ]  # fmt: skip
    assert [(s["proto"], s["port"]) for s in found["services"]] == [("tcp", 22), ("udp", 161)]


def test_what_was_collected_reads_back(system: Path, tmp_path: Path) -> None:
    text = json.dumps(collect(TODAY, system, dpkg))
    files = Files()
    load = read(tmp_path, text, "secscan-collect", name="web-01.json", files=files, dates="month-first")
    assert (load.rows_read, load.rows_loaded) == (5, 5)
    assets, software, services = (load.tables[n] for n in ("assets", "software", "services"))
    assert assets.columns["ip"] == [("10.0.0.10", "2001:db8::10")]
    assert assets.columns["last_seen"] == [date(2026, 11, 22)]
    assert assets.columns["restart_pending"] == [True]
    assert assets.extra["kernel"] == ["5.10.0-1-amd64"]
    assert software.columns["kind"] == ["dpkg", "dpkg"]
    assert set(services.columns["asset_tag"]) == {"web-01"}
    lines = text.splitlines()
    for table, name in ((software, "name"), (services, "port")):
        for code, value in zip(table.places, table.columns[name], strict=True):
            at = files.place(code).line
            assert str(value) in "".join(lines[at - 1 : at + 6])
            assert lines[at - 1].strip() == "{"


def test_a_package_list_that_cannot_be_read_is_not_an_empty_one(system: Path, tmp_path: Path) -> None:
    def fails(argv: Sequence[str]) -> bytes:
        raise ScanError(f"{argv[0]} is not installed")

    found = collect(TODAY, system, fails)
    assert found["software"] is None
    assert found["warnings"] == ["/var/lib/dpkg/status: dpkg-query is not installed"]
    load = read(tmp_path, json.dumps(found), "secscan-collect")
    assert "software" not in load.tables
    assert load.warnings == ("export.csv: /var/lib/dpkg/status: dpkg-query is not installed",)


def test_other_package_lists(system: Path) -> None:
    os.rename(system / "var/lib/dpkg", system / "var/lib/rpm")
    found = collect(TODAY, system, lambda _: b"bash\t(none)\t4.2\t34\nperl\t4\t5.16\t297\n")
    assert found["software"][1] == {"name": "perl", "version": "4:5.16-297", "kind": "rpm"}
    os.rename(system / "var/lib/rpm", system / "var/lib/none")
    (system / "lib/apk/db").mkdir(parents=True)
    (system / "lib/apk/db/installed").write_text("C:Q1\nP:musl\nV:1.2.3-r4\n\nP:busybox\nV:1.36\n")
    assert [p["name"] for p in collect(TODAY, system)["software"]] == ["musl", "busybox"]
    (system / "lib/apk/db/installed").unlink()
    assert collect(TODAY, system)["software"] is None


def test_this_machine_can_be_collected(tmp_path: Path) -> None:
    found = collect(TODAY)
    assert found["asset"]["hostname"]
    load = read(tmp_path, json.dumps(found), "secscan-collect")
    assert load.rows_refused == 0
    assert load.rows_loaded == 1 + len(found["software"] or ()) + len(found["services"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "has the schema 'None'"),
        ("[]", "has the schema 'None'"),
        ('{"schema": "secscan.collect/2"}', "'secscan.collect/2', not 'secscan.collect/1'"),
        ('{"schema": "secscan.collect/1"}', "has no asset"),
        ('{"schema": "secscan.collect/1", "asset": {"asset_tag": 5}}', "has no asset"),
        (
            '{"schema": "secscan.collect/1", "asset": {"asset_tag": "a", "hostname": "a"}, "software": {}}',
            "'software' is not a list",
        ),
        ('{"schema": NaN}', "NaN is not a number"),
        ('{"schema": "a", "schema": "b"}', "is set twice"),
        ("<html>", "is an HTML page"),
    ],
)
def test_json_of_another_shape_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, text, "secscan-collect")
    assert words in str(refused.value)


def test_wrong_types_inside_are_refused_one_by_one(tmp_path: Path) -> None:
    document = {
        "schema": "secscan.collect/1",
        "asset": {"asset_tag": "a", "hostname": "a", "ip": {"x": 1}, "encrypted": True, "odd": "\ud800"},
        "software": [{"name": "x", "version": 1}, {"name": ["y"]}, "z", {"version": "1"}, {"name": {"a": 1}}],
        "services": [{"proto": "tcp", "port": 22}, {"proto": "tcp", "port": "x"}, {"proto": "tcp", "port": True}],
    }
    import json as plain

    load = read(tmp_path, plain.dumps(document, indent=1), "secscan-collect")
    assert load.tables["software"].columns["name"] == ["x", "y"]
    assert load.tables["services"].columns["port"] == [22]
    assert load.tables["assets"].columns["encrypted"] == [True]
    assert load.tables["assets"].extra["odd"] == [None]
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (9, 4, 5)
