"""osquery's tables and the log of its results."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secscan.model.errors import InputError
from secscan.sources.kinds.osquery import _system_version, package_version, table_of
from tests.sources.kinds.desk import read, recognised, rows

PROGRAMS = """\
[
  {"identifying_number":"{A}","install_date":"20250114","install_location":"","name":"7-Zip 22.01 (x64)","publisher":"Igor Pavlov","version":"22.01"},
  {"identifying_number":"","install_date":"","install_location":"C:\\\\x","name":"Google Chrome","publisher":"Google LLC","version":"131.0.6778.86"},
  {"identifying_number":"{C}","install_date":"","install_location":"","name":"","publisher":"","version":"1"}
]
"""
RPM = '[{"name":"bash","version":"4.2.46","release":"34.el7","epoch":"0","arch":"x86_64","vendor":"CentOS","sha1":"x"},{"name":"bind","version":"9.11","release":"3.el7","epoch":"32","arch":"x86_64","vendor":"CentOS","sha1":"y"}]'
DEB = '[{"name":"bash","version":"5.1-6","maintainer":"A Person <a@x.example>","section":"shells","status":"install ok installed"},{"name":"gone","version":"1","maintainer":"x","section":"y","status":"deinstall ok config-files"}]'
SYSTEM = '[{"name":"Microsoft Windows 10 Pro","version":"10.0.19045","major":"10","minor":"0","build":"19045","platform":"windows","revision":"4291"}]'
PORTS = """\
[{"address":"0.0.0.0","family":"2","pid":"4","port":"445","protocol":"6"},
 {"address":"127.0.0.1","family":"2","pid":"9","port":"631","protocol":"6"},
 {"address":"10.1.0.4","family":"2","pid":"9","port":"161","protocol":"17"},
 {"address":"","family":"1","pid":"9","port":"0","protocol":"0"},
 {"address":"10.1.0.4","family":"2","pid":"9","port":"99999","protocol":"6"}]
"""
PATCHES = '[{"csname":"PC","hotfix_id":"KB5031356","caption":"","description":"Security Update","installed_by":"OAK\\\\person","installed_on":"10/14/2023"}]'


def line(name: str, host: str = "srv-1", **more: Any) -> str:
    return json.dumps(
        {
            "name": name,
            "hostIdentifier": host,
            "calendarTime": "Fri Nov 20 10:00:00 2026 UTC",
            "unixTime": 1795168800,
            **more,
        }
    )


def program(name: str, version: str) -> dict[str, str]:
    return {"name": name, "version": version, "publisher": "Brand", "install_source": ""}


LOG = "\n".join((
    line("pack_inventory_programs", action="added", counter=0, columns=program("Notes", "1.0")),
    line("pack_inventory_programs", action="added", counter=0, columns=program("Paint", "2.0")),
    line("pack_inventory_programs", action="removed", counter=3, columns=program("Notes", "1.0")),
    line("pack_inventory_programs", action="added", counter=3, columns=program("Notes", "1.1")),
    line("os", action="snapshot", snapshot=[{"name": "Ubuntu", "version": "20.04.6 LTS (Focal Fossa)", "major": "20", "platform": "ubuntu"}]),
    line("os", action="snapshot", snapshot=[{"name": "Ubuntu", "version": "22.04.3 LTS (Jammy Jellyfish)", "major": "22", "platform": "ubuntu"}]),
    line("who", action="snapshot", snapshot=[{"user": "A Person", "tty": "1"}]),
    line("deb_packages", host="11111111-2222-3333-4444-555555555555", snapshot=[{"name": "bash", "version": "5.1-6"}], decorations={"hostname": "srv-2"}),
    "",
    '{"name": "cut',
))  # fmt: skip
SEEDS = {"osquery": [PROGRAMS, LOG, PORTS, SYSTEM]}


def test_programs_of_windows_are_of_the_asset_that_names_the_file(tmp_path: Path) -> None:
    assert recognised(tmp_path, PROGRAMS)[0] == "osquery"
    load = read(tmp_path, "osquery", PROGRAMS, name="PC-0001.programs.json")
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (4, "name is empty")
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "kind", "install_date") == [
        ("PC-0001", "7-Zip 22.01 (x64)", "22.01", "Igor Pavlov", "arp", date(2025, 1, 14)),
        ("PC-0001", "Google Chrome", "131.0.6778.86", "Google LLC", "arp", None),
    ]
    assert rows(load, "assets", "device_id", "hostname") == [("PC-0001", None)]


def test_packages_of_linux_come_with_their_whole_version(tmp_path: Path) -> None:
    assert recognised(tmp_path, RPM)[0] == recognised(tmp_path, DEB)[0] == "osquery"
    assert rows(read(tmp_path, "osquery", RPM), "software", "name", "version", "kind", "publisher") == [
        ("bash", "4.2.46-34.el7", "rpm", "CentOS"), ("bind", "32:9.11-3.el7", "rpm", "CentOS"),
    ]  # fmt: skip
    load = read(tmp_path, "osquery", DEB)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (2, 1, 1)
    assert rows(load, "software", "name", "version", "kind") == [("bash", "5.1-6", "dpkg")]
    assert "Person" not in repr(load)


def test_the_system_is_a_fact_of_the_asset(tmp_path: Path) -> None:
    assert recognised(tmp_path, SYSTEM)[0] == "osquery"
    load = read(tmp_path, "osquery", SYSTEM, name="PC-1.json", asset="OAK-{stem}")
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "assets", "device_id", "os", "os_version") == [
        ("OAK-PC-1", "Microsoft Windows 10 Pro", "10.0.19045.4291")
    ]


def test_ports_that_others_may_try_are_services(tmp_path: Path) -> None:
    assert recognised(tmp_path, PORTS)[0] == "osquery"
    load = read(tmp_path, "osquery", PORTS)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (5, 2, 1, 2)
    assert rows(load, "services", "asset_tag", "proto", "port", "address") == [
        ("export", "tcp", 445, None), ("export", "udp", 161, "10.1.0.4"),
    ]  # fmt: skip


def test_updates_that_are_installed_say_nothing_of_those_that_are_missing(tmp_path: Path) -> None:
    load = read(tmp_path, "osquery", PATCHES)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (1, 0, 1)
    assert set(load.tables) == {"assets"}
    assert load.warnings == ("export.csv: 1 rows of updates of Windows (patches) are not read; counted as blank",)
    assert "person" not in repr(load)


def test_the_last_state_of_a_log_counts(tmp_path: Path) -> None:
    assert recognised(tmp_path, LOG)[0] == "osquery"
    load = read(tmp_path, "osquery", LOG)
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("srv-1", "Paint", "2.0", "arp"), ("srv-1", "Notes", "1.1", "arp"),
        ("11111111-2222-3333-4444-555555555555", "bash", "5.1-6", "dpkg"),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version", "last_seen") == [
        ("srv-1", "srv-1", "Ubuntu", "22.04.3", date(2026, 11, 20)),
        ("11111111-2222-3333-4444-555555555555", "srv-2", None, None, date(2026, 11, 20)),
    ]
    # Of nine rows: one is taken back and takes one back, one snapshot is older, one query is of no table.
    assert (load.rows_read, load.rows_loaded, load.rows_blank, load.rows_refused) == (9, 4, 4, 1)
    assert load.refused[0].line == 10
    assert load.incomplete is None
    assert "Person" not in repr(load)


def test_a_log_that_begins_midway_is_not_the_whole_list(tmp_path: Path) -> None:
    load = read(tmp_path, "osquery", line("programs", action="added", counter=7, columns=program("Notes", "1")))
    assert load.incomplete == "export.csv: 1 of its queries begin midway: what they found before is not in it"


def test_changes_in_batches_are_read(tmp_path: Path) -> None:
    batch = [line("programs", diffResults={"added": [program("A", "1"), program("B", "1")], "removed": ""}),
             line("programs", diffResults={"added": [], "removed": [program("A", "1")]})]  # fmt: skip
    load = read(tmp_path, "osquery", "\n".join(batch))
    assert rows(load, "software", "name") == [("B",)]
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (3, 1, 2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["added", "removed", "snapshot"]), st.sampled_from("abc")), max_size=12))
def test_rows_of_a_log_are_conserved(tmp_path: Path, said: list[tuple[str, str]]) -> None:
    lines = [
        line("programs", snapshot=[program(name, "1")] * 2) if action == "snapshot" else line("programs", action=action, columns=program(name, "1"))
        for action, name in said
    ]  # fmt: skip
    load = read(tmp_path, "osquery", "\n".join([*lines, line("programs", snapshot=[])]))
    assert load.rows_read == load.rows_blank == sum(2 if action == "snapshot" else 1 for action, _ in said)


@pytest.mark.parametrize(
    ("row", "named", "table"),
    [
        ({"name": "", "version": ""}, "pack_deb_packages", "deb_packages"), ({"name": "", "version": ""}, "srv.programs.json", "programs"),
        ({"name": "", "version": ""}, "users", None), ({"hotfix_id": "", "name": ""}, "", "patches"), ({"user": ""}, "programs", None),
        ({"name": "", "bundle_identifier": "", "bundle_short_version": ""}, "", "apps"),
    ],
)  # fmt: skip
def test_a_table_is_told_by_its_columns_else_by_its_name(row: dict[str, str], named: str, table: str | None) -> None:
    assert table_of(row, named) == table


@pytest.mark.parametrize(
    ("row", "version"),
    [
        ({"version": "CentOS Linux release 7.9.2009 (Core)"}, "7.9.2009"), ({"version": "12 (bookworm)"}, "12"), ({"version": ""}, ""),
        ({"version": "14.5", "revision": "7", "platform": "darwin"}, "14.5"), ({"version": "10.0.19045", "revision": "0", "platform": "windows"}, "10.0.19045"),
    ],
)  # fmt: skip
def test_the_number_of_a_system_is_taken_out_of_its_words(row: dict[str, str], version: str) -> None:
    assert _system_version(row) == version


@given(
    st.integers(0, 99),
    st.from_regex(r"[0-9a-z.]{1,9}", fullmatch=True),
    st.from_regex(r"[0-9a-z.]{1,9}", fullmatch=True),
)
def test_an_rpm_version_has_its_epoch_unless_that_is_nought(epoch: int, version: str, release: str) -> None:
    whole = package_version(version, release, str(epoch))
    assert whole == (f"{epoch}:" if epoch else "") + f"{version}-{release}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"user": "x"}]', "is no table that is read: its columns are those of none"), ("a,b\n1,2\n", "not JSON of osquery"),
        ('[{"name": "x"', "not JSON"), ('{"name": "x",\n', "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, "osquery", text)


def test_a_file_that_names_no_asset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say which asset it is of"):
        read(tmp_path, "osquery", PROGRAMS, name="-.json")


def test_what_osqueryd_posts_to_a_server_is_its_log(tmp_path: Path) -> None:
    entries = [
        json.loads(one) for one in (line("programs", columns=program("7-Zip", "22.01"), action="added", counter=0),)
    ]
    text = json.dumps({"node_key": "secret", "log_type": "result", "data": entries})
    assert recognised(tmp_path, text)[0] == "osquery"
    load = read(tmp_path, "osquery", text, name="post.json")
    assert rows(load, "software", "asset_tag", "name", "version") == [("srv-1", "7-Zip", "22.01")]
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert "secret" not in repr(load)


def test_a_table_that_it_prints_for_people_is_refused_by_name(tmp_path: Path) -> None:
    text = "name|version|install_location|publisher|install_date\n7-Zip|22.01||Igor|20261120\n"
    assert recognised(tmp_path, text)[0] == "osquery"
    with pytest.raises(InputError, match="print it with osqueryi --json"):
        read(tmp_path, "osquery", text)
