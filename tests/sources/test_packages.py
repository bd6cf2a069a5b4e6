"""Package lists as Debian and Red Hat systems print them."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.model.raw import Load
from tests.sources.desk import column, only, read, shared


def packages(load: Load) -> list[tuple[str, str]]:
    return list(zip(column(load, "name"), column(load, "version"), strict=True))


def test_dpkg_query_gives_packages_of_the_machine_that_the_file_is_named_after(tmp_path: Path) -> None:
    files = Files()
    text = "adduser\t3.118\nlibc6:amd64\t2.28-10\tamd64\tinstall ok installed\nold\t1.0\tall\tdeinstall ok config-files\nnever\t\n\n"
    load = read(tmp_path, text, "dpkg", name="web-01.example.org.dpkg", files=files)
    assert packages(load) == [("adduser", "3.118"), ("libc6", "2.28-10")]
    assert set(column(load, "asset_tag")) == {"web-01"}
    assert set(column(load, "kind")) == {"dpkg"}
    assert [files.place(code).line for code in only(load).places] == [1, 2]
    assert (load.rows_read, load.rows_blank) == (5, 3)
    assert load.warnings == ("web-01.example.org.dpkg: 2 packages are known but not installed; counted as blank",)


def test_a_source_may_name_the_asset_itself(tmp_path: Path) -> None:
    assert column(read(tmp_path, "a\t1\n", "dpkg", asset="AB-0007"), "asset_tag") == ["AB-0007"]
    assert column(read(tmp_path, "a\t1\n", "dpkg", name="x.y.txt", asset="AB-{stem}"), "asset_tag") == ["AB-x"]


def test_the_listing_of_dpkg_counts_what_is_on_the_disk(tmp_path: Path) -> None:
    text = (
        "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n"
        "|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name           Version      Architecture Description\n"
        "+++-==============-============-============-=================================\n"
        "ii  adduser        3.118        all          add and remove users\n"
        "hi  linux-image    4.19+105     amd64        on hold and yet installed\n"
        "rc  gone           1.2          amd64        only its configuration\n"
        "iU  half:amd64     1.0          amd64        unpacked\n"
        "un  wanted         <none>       <none>       (no description available)\n"
        "this is no line of it\n"
    )
    load = read(tmp_path, text, "dpkg")
    assert packages(load) == [("adduser", "3.118"), ("linux-image", "4.19+105"), ("half", "1.0")]
    assert (load.rows_read, load.rows_blank) == (6, 2)
    assert [(r.line, r.asset_tag) for r in load.refused] == [(11, "export")]


def test_the_status_file_of_dpkg_reads_by_paragraph(tmp_path: Path) -> None:
    text = (
        "Package: adduser\nStatus: install ok installed\nVersion: 3.118\nDescription: users\n more text: here\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1.0\n\n"
        "Package: broken\nStatus: install ok installed\n\n\nStatus: install ok installed\nVersion: 1\n\n"
        "Package: last\nStatus: hold ok installed\nVersion: 2:1.0~rc1\n"
    )
    files = Files()
    load = read(tmp_path, text, "dpkg", files=files)
    assert packages(load) == [("adduser", "3.118"), ("last", "2:1.0~rc1")]
    assert [files.place(code).line for code in only(load).places] == [1, 18]
    assert [r.line for r in load.refused] == [11, 15]
    assert load.rows_read == 5


def test_rpm_splits_from_the_right_and_keeps_epochs(tmp_path: Path) -> None:
    text = (
        "bash-4.2.46-34.el7.x86_64\nperl-4:5.16.3-297.el7.x86_64\n1:telnet-0.17-66.el7.x86_64\ngpg-pubkey-f4a80eb5-53a7ff4b\n"
        "gpg-pubkey-f4a80eb5-53a7ff4b.(none)\njava-1.8.0-openjdk-1.8.0.312.b07-1.el7_9.x86_64\nx-(none):1-2.noarch\nerror: rpmdb open failed\n"
    )
    load = read(tmp_path, text, "rpm", name="db-1.txt")
    assert packages(load) == [
        ("bash", "4.2.46-34.el7"), ("perl", "4:5.16.3-297.el7"), ("telnet", "1:0.17-66.el7"), ("gpg-pubkey", "f4a80eb5-53a7ff4b"),
        ("gpg-pubkey", "f4a80eb5-53a7ff4b"), ("java-1.8.0-openjdk", "1.8.0.312.b07-1.el7_9"), ("x", "1-2"),
    ]  # fmt: skip
    assert [r.line for r in load.refused] == [8]


def test_rpm_with_tabs_reads_in_each_common_order(tmp_path: Path) -> None:
    text = (
        "bash\t4.2.46-34.el7\nbash\t4.2.46\t34.el7\tx86_64\nbash\t(none)\t4.2.46\t34.el7\tx86_64\nperl\t4\t5.16.3\t297.el7\tx86_64\n"
        "bash\tx86_64\t4.2.46-34.el7\t1311080703\tVendor\nbash\t4.2.46-34.el7\tx86_64\nbad\t\t\n"
    )
    load = read(tmp_path, text, "rpm")
    assert (
        packages(load)
        == [("bash", "4.2.46-34.el7")] * 3 + [("perl", "4:5.16.3-297.el7")] + [("bash", "4.2.46-34.el7")] * 2
    )
    assert [r.line for r in load.refused] == [7]


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", "dpkg", "is empty"),
        (b"<html></html>", "rpm", "is an HTML page"),
        (b"PK\x03\x04", "rpm", "is not a ZIP archive"),
        ("Größe\t1\n".encode("cp1252"), "dpkg", "export.csv:1: is not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes, kind: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, data, kind)
    assert words in str(refused.value)


def test_a_list_whose_file_name_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say which asset"):
        read(tmp_path, "a\t1\n", "dpkg", name="unknown.txt")


def test_a_line_without_end_is_no_reason_to_hang(tmp_path: Path) -> None:
    load = read(tmp_path, "a-" * 500_000 + "\n" + "1" * 500_000 + "\nbash-1-2.noarch\n", "rpm")
    assert load.rows_refused == 2
    assert all(len(r.raw) <= 4_000 for r in load.refused)


@pytest.mark.shared
def test_public_samples_lose_nothing(tmp_path: Path) -> None:
    for name, kind, count in (
        ("centos7-rpm-qa.txt", "rpm", 304), ("sles15-rpm-qa.txt", "rpm", 611), ("glpi-agent__rpm", "rpm", 10),
        ("debian10-dpkg-query-W.tsv", "dpkg", 361), ("ubuntu2004-dpkg-query-W.tsv", "dpkg", 595), ("glpi-agent__dpkg", "dpkg", 16),
    ):  # fmt: skip
        load = read(tmp_path, shared("data", "inventories", "package-lists", name).read_bytes(), kind, name=name)
        assert (load.rows_loaded, load.rows_refused) == (count, 0), name
        assert all(version and any(c.isdigit() or c.isalpha() for c in version) for version in column(load, "version"))
