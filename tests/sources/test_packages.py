"""Package lists as Debian and Red Hat systems print them."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.model.raw import Load
from secscan.sources import recognise_kind
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


CUT = """\
Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
||/ Name           Version      Architecture Description
+++-==============-============-============-========================
ii  acl            2.2.52-1     amd64        Access control lists
ii  ledger-report- 1.4-2        all          prints the ledger of a c
ii  lift-tools     2:8.0.1+dfsg amd64        steers and watches lifts
ii  tally          3.1-1        all          counts what a register h
rc  gone-and-forgo 1.0          all          only its configuration
"""


def test_a_listing_that_a_terminal_cut_gives_no_half_of_a_name_or_version(tmp_path: Path) -> None:
    load = read(tmp_path, CUT, "dpkg")
    assert packages(load) == [("acl", "2.2.52-1"), ("tally", "3.1-1")]
    assert [(r.line, r.reason.partition(" fills")[0]) for r in load.refused] == [
        (7, "'ledger-report-'"), (8, "'2:8.0.1+dfsg'"), (10, "'gone-and-forgo'")
    ]  # fmt: skip
    assert "write dpkg-query -W" in load.refused[0].reason
    assert load.rows_read == 5
    # On a terminal of 80 one line is enough to tell.
    head = "||/ Name           Version      Architecture Description\n+++-==============-============-============-=================================\n"
    alone = read(
        tmp_path,
        f"{head}ii  libledgerviews 3.10.2-0ubun amd64        a view\nii  acl            1.0          all          x\n",
        "dpkg",
    )
    assert (packages(alone), alone.rows_refused) == ([("acl", "1.0")], 1)
    # The longest of a listing that was not cut fills its column too, and is whole.
    whole = CUT.replace("prints the ledger of a c", "prints it").replace("steers and watches lifts", "steers lifts")
    assert len(packages(read(tmp_path, whole, "dpkg"))) == 4


def test_a_listing_in_another_language_is_read_below_its_headings(tmp_path: Path) -> None:
    text = (
        "Gewünscht=Unbekannt/Installieren/R=Entfernen\n| Status=Nicht/Installiert/Config/U=Entpackt\n         Halb installiert/Trigger anhängig\n"
        "|/ Fehler?=(kein)/R=Neuinstallation notwendig\n||/ Name     Version  Architektur  Beschreibung\n+++-========-========-============-============\n"
        "ii  adduser  3.118    all          Benutzer\n"
    )
    path = tmp_path / "x"
    path.write_text(text)
    assert recognise_kind(path) == ("dpkg", "certain: the listing of dpkg -l")
    load = read(tmp_path, text, "dpkg")
    assert (packages(load), load.rows_read) == ([("adduser", "3.118")], 1)


def test_apt_list_gives_what_is_installed(tmp_path: Path) -> None:
    text = (
        "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\nListing... Done\n"
        "adduser/stable,now 3.118 all [installed]\nbase-files/now 11.1+deb11u1 amd64 [installed,upgradable to: 11.1+deb11u9]\n"
        "zsh/stable 5.8-6 amd64\nold/now 1.0 all [residual-config]\n\nnonsense\n"
    )
    path = tmp_path / "x"
    path.write_text(text.replace("nonsense\n", ""))
    assert recognise_kind(path) == ("dpkg", "likely: lines as apt list writes them")
    load = read(tmp_path, text, "dpkg")
    assert packages(load) == [("adduser", "3.118"), ("base-files", "11.1+deb11u1")]
    assert (load.rows_read, load.rows_blank, [r.line for r in load.refused]) == (6, 3, [10])


def test_rpm_with_its_days_and_the_lists_of_dnf_and_yum_are_read(tmp_path: Path) -> None:
    last = "tzdata-2024a-1.el7.noarch                     Tue 10 Sep 2024 10:15:33 AM BST\nbash-4.2-1.x86_64    Di 10 Sep 2024 10:15:33\n"
    dnf = (
        "Loaded plugins: fastestmirror\nInstalled Packages\nGeoIP.x86_64    1.5.0-14.el7     @anaconda\nNetworkManager.x86_64  1:1.18.8-1.el7  @base\n"
        "python36-name-that-goes-on-and-on.noarch\n                                      0:3.6.8-1.el7                      @epel    \n"
        "Last metadata check: today\nAvailable Packages\nzsh.x86_64   5.0.2-34.el7   base\n"
    )
    path = tmp_path / "x"
    for text in (last, dnf):
        path.write_text(text)
        assert recognise_kind(path)[0] == "rpm"
    assert packages(read(tmp_path, last, "rpm")) == [("tzdata", "2024a-1.el7"), ("bash", "4.2-1")]
    load = read(tmp_path, dnf, "rpm")
    assert packages(load) == [
        ("GeoIP", "1.5.0-14.el7"), ("NetworkManager", "1:1.18.8-1.el7"), ("python36-name-that-goes-on-and-on", "3.6.8-1.el7")
    ]  # fmt: skip
    assert (load.rows_read, load.rows_blank, [r.line for r in load.refused]) == (5, 1, [7])


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (
            "dpkg",
            "adduser\t\t\tinstall\napt\t\t\tinstall\n",
            "selections, which has no versions; write it with dpkg-query -W",
        ),
        (
            "rpm",
            "Name        : bash\nVersion     : 4.2.46\nRelease     : 34.el7\n",
            "description of packages (rpm -qi, pacman -Qi), not a list",
        ),
    ],
)
def test_a_list_that_has_no_versions_or_is_none_is_refused_by_name(
    tmp_path: Path, kind: str, text: str, words: str
) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    assert recognise_kind(path)[0] == kind
    with pytest.raises(InputError) as refused:
        read(tmp_path, text, kind)
    assert words in str(refused.value)


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
