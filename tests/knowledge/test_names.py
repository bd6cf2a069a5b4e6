from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.knowledge.names import banner, normalise
from secscan.knowledge.patterns import problem
from secscan.knowledge.readers import READERS, read


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Microsoft SQL Server 2019 (64-bit)", "microsoft sql server 2019"),
        ("Microsoft(R) Windows(R) Server 2003 Standard x64 Edition", "microsoft windows server 2003 standard"),
        ("Microsoft® Windows Server® 2008 Standard", "microsoft windows server 2008 standard"),
        ("Microsoftr Windows Serverr 2008 Standard ", "microsoft windows server 2008 standard"),
        ("Microsoft Office Professional Plus 2019 - en-us", "microsoft office professional plus 2019"),
        ("sql_server_2012", "sql server 2012"),
        (".net_framework", ".net framework"),
        ("WindowsServer2012R2", "windows server 2012 r2"),
        ("Mozilla Firefox (x64 en-GB)", "mozilla firefox"),
        ("Notepad++ (64-bit x64)", "notepad++"),
        ("Microsoft SQL Server 2014 SP3", "microsoft sql server 2014 service pack 3"),
        ("Linux Kernel 4.15.0-213-generic on Ubuntu 18.04", "ubuntu 18.04"),
        ("Debian 7.0 Linux Kernel 3.2", "debian 7.0"),
        ("Linux Kernel 3.2", "linux kernel 3.2"),
    ],
)
def test_only_what_says_nothing_of_the_product_is_taken_away(raw: str, clean: str) -> None:
    assert normalise(raw).clean == clean


def test_a_version_at_the_end_is_told_apart() -> None:
    name = normalise("Mozilla Firefox 57.0.2 (fr)")
    assert (name.bare, name.version) == ("mozilla firefox", "57.0.2")
    assert normalise("Microsoft Office Standard 2016").version is None


@pytest.mark.parametrize(
    ("raw", "name", "version"),
    [
        ("Apache httpd 2.4.41 ((Ubuntu))", "apache httpd", "2.4.41"),
        ("Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16", "apache", "2.4.6"),
        ("OpenSSH 8.2p1 Ubuntu 4ubuntu0.5", "openssh", "8.2p1"),
        ("MySQL 5.7.33-0ubuntu0.16.04.1", "mysql", "5.7.33-0ubuntu0.16.04.1"),
        ("ISC BIND 9.11.4-P2 (RedHat Enterprise Linux 7)", "isc bind", "9.11.4-p2"),
        ("Apache httpd 2.4.41 Log Viewer", None, None),
        ("Apache httpd", None, None),
        ("a " * 100 + "1.2 " + "(" * 45, None, None),
    ],
)
def test_a_banner_is_parted_into_name_and_version(raw: str, name: str | None, version: str | None) -> None:
    told = banner(normalise(raw))
    assert (told.clean if told else None, told.version if told else None) == (name, version)


@pytest.mark.parametrize(
    "raw", [None, "", "   ", "x" * 251, "Gооgle Chrome", "Win\u200bdows 7", "a\x00b", "soft\u00adhyphen"]
)
def test_what_cannot_be_a_name_is_not_plain(raw: str | None) -> None:
    assert not normalise(raw).plain


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=300))
def test_any_text_normalises_and_twice_is_as_once(raw: str) -> None:
    once = normalise(raw)
    if once.plain:
        assert normalise(once.clean).plain


@pytest.mark.parametrize(
    ("reader", "written", "meant"),
    [
        ("windows", "10.0.19045 N/A Build 19045", "10.0.19045"),
        ("windows", "10.0 (19045)", "10.0.19045"),
        ("windows", "22H2 (OS Build 19045.4412)", "10.0.19045.4412"),
        ("windows", "6.1.7601 Service Pack 1 Build 7601", "6.1.7601"),
        ("windows", "19045.5011", "10.0.19045.5011"),
        ("windows", "22H2", None),
        ("java", "8.0.2020.8", "8.0.202"),
        ("java", "1.8.0_202", "8.0.202"),
        ("java", "8u202", "8.0.202"),
        ("java", "8 update 202", "8.0.202"),
        ("java", "7.0.450", "7.0.45"),
        ("java", "17.0.9.0", "17.0.9.0"),
        ("sqlserver", "12.3.6024.0", "12.0.6024.0"),
        ("sqlserver", "10.53.6000.34", "10.50.6000.34"),
        ("dotted", "v7.2.8,build1639", "7.2.8"),
        ("dotted", "1.0.2k-fips", "1.0.2k"),
        ("dotted", "5.5.5-10.3.39-MariaDB", "10.3.39"),
        ("dotted", "9.6.0 or later", None),
        ("dotted", "3.0.0-rc1", None),
        ("dotted", "", None),
    ],
)
def test_spellings_of_one_version_come_to_one(reader: str, written: str, meant: str | None) -> None:
    assert read(reader, written) == meant


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.text(max_size=60))
def test_readers_never_fail(reader: str, text: str) -> None:
    read(reader, text)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b", r"(?:a*)*", r"(?:[a-z]+ ?)+x", r"(a|b+){2,}", r".*a.*b.*c.*", r"(a)\1", r"(?=a)b", r"(?<!a)b", r"(?P=x)",
        r"a{1,999}", r"(", "", "x" * 801, r"(?:(?:a+)b)*", r"(?i)a",
    ],
)  # fmt: skip
def test_patterns_that_could_run_away_are_refused(pattern: str) -> None:
    assert problem(pattern) is not None


@pytest.mark.parametrize(
    "pattern", [r"a+b*", r"(?:a|b)*", r"(?P<line>20\d\d)(?: r2)?", r"[^)]+\)", r"(?:x+)?y", r"a{2,5}"]
)
def test_plain_patterns_are_taken(pattern: str) -> None:
    assert problem(pattern) is None
