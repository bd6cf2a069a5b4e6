"""Active Directory's computers, in the four forms that people export."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.errors import InputError
from secscan.sources import windows
from tests.sources.kinds.desk import read, recognised, rows

POWERSHELL = """\
#TYPE Selected.Microsoft.ActiveDirectory.Management.ADComputer
"Name","DNSHostName","DistinguishedName","Enabled","OperatingSystem","OperatingSystemVersion","OperatingSystemServicePack","IPv4Address","LastLogonDate","lastLogonTimestamp","Description","ManagedBy"
"PC-0001","pc-0001.oak.example","CN=PC-0001,OU=PCs,DC=oak,DC=example","True","Windows 10 Pro","10.0 (19045)","","10.1.2.3","31/10/2026 09:12:44","134059111640000000","The PC of A Person","CN=A Person"
"SRV-1","srv-1.oak.example","CN=SRV-1,DC=oak,DC=example","True","Windows Server 2008 R2 Standard","6.1 (7601)","Service Pack 1","","","0","",""
"OLD-1","","CN=OLD-1,DC=oak,DC=example","False","Windows 7 Professional","6.1 (7601)","Service Pack 1","","","0","",""
"PC-9","","","True","Windows 11 Enterprise","10.0 (22631)","","","","9223372036854775807","",""
"""
DEFAULT = """\
"DistinguishedName","DNSHostName","Enabled","Name","ObjectClass","ObjectGUID","SamAccountName","SID","UserPrincipalName"
"CN=PC-0001,DC=oak,DC=example","pc-0001.oak.example","True","PC-0001","computer","0f0e0d0c-0b0a-0908-0706-050403020100","PC-0001$","S-1-5-21-1-2-3-1104",
"CN=app,DC=oak,DC=example","","True","app","msDS-GroupManagedServiceAccount","1f0e0d0c-0b0a-0908-0706-050403020100","app$","S-1-5-21-1-2-3-1105",
"""
CSVDE = """\
DN,objectClass,cn,distinguishedName,userAccountControl,pwdLastSet,lastLogonTimestamp,operatingSystem,operatingSystemVersion,dNSHostName
"CN=PC-0001,DC=oak,DC=example",top;person;organizationalPerson;user;computer,PC-0001,"CN=PC-0001,DC=oak,DC=example",4096,134059111640000000,134059111640000000,Windows 10 Pro,10.0 (19045),pc-0001.oak.example
"CN=PC-0002,DC=oak,DC=example",top;person;organizationalPerson;user;computer,PC-0002,"CN=PC-0002,DC=oak,DC=example",4098,0,0,Windows 10 Pro,10.0 (19045),
"CN=app,DC=oak,DC=example",top;person;organizationalPerson;user;computer;msDS-GroupManagedServiceAccount,app,"CN=app,DC=oak,DC=example",4096,0,0,,,
"CN=A Person,DC=oak,DC=example",top;person;organizationalPerson;user,A Person,"CN=A Person,DC=oak,DC=example",512,0,0,,,
"""
LDIF = """\
version: 1

# a domain
dn: CN=PC-0001,OU=PCs,DC=oak,DC=example
changetype: add
objectClass: top
objectClass: computer
cn: PC-0001
description:: VGhlIFBDIG9mIEEgUGVyc29u
distinguishedName: CN=PC-0001,OU=PCs,DC=oak,DC=exam
 ple
userAccountControl: 4096
lastLogonTimestamp: 134059111640000000
operatingSystem: Windows 10 Pro
operatingSystemVersion: 10.0 (19045)
dNSHostName: pc-0001.oak.example
objectGUID:: AAECAwQFBgcICQoLDA0ODw==

dn: CN=A Person,DC=oak,DC=example
objectClass: user
cn: A Person

dn: CN=PC-0003,DC=oak,DC=example
objectClass: computer
cn:: ****
"""
ADRECON = """\
"UserName","Name","DNSHostName","Enabled","IPv4Address","Operating System","Logon Age (days)","Password Age (days)","Dormant (> 90 days)","Last Logon Date","DistinguishedName"
"PC-0001$","PC-0001","pc-0001.oak.example","True","10.1.2.3","Windows Server 2019 Standard   10.0 (17763)","3","4","False","10/31/2026 9:00:00 AM","CN=PC-0001,DC=oak,DC=example"
"PC-0002$","PC-0002","","True","","-    ","","","","","CN=PC-0002,DC=oak,DC=example"
"""
SEEDS = {"ad-computers": [POWERSHELL, CSVDE, LDIF]}


@pytest.mark.parametrize("form", [POWERSHELL, DEFAULT, CSVDE, LDIF, ADRECON])
def test_every_form_is_recognised_and_names_its_computer(tmp_path: Path, form: str) -> None:
    kind, words = recognised(tmp_path, form)
    assert (kind, words.partition(":")[0]) == ("ad-computers", "certain")
    assert rows(read(tmp_path, kind, form), "assets", "hostname", "fqdn")[0] == ("PC-0001", "pc-0001.oak.example")


def test_builds_service_packs_and_days_are_turned_exactly(tmp_path: Path) -> None:
    load = read(tmp_path, "ad-computers", POWERSHELL)
    assert rows(load, "assets", "hostname", "os", "os_version", "type", "ip", "last_seen") == [
        ("PC-0001", "Windows 10 Pro", "10.0.19045", None, ("10.1.2.3",), date(2025, 10, 26)),
        ("SRV-1", "Windows Server 2008 R2 Standard Service Pack 1", "6.1.7601", "server", None, None),
    ]
    assert load.refused[0].reason == "device_id is empty"


def test_disabled_accounts_and_what_is_no_computer_are_counted_as_blank_and_said(tmp_path: Path) -> None:
    load = read(tmp_path, "ad-computers", POWERSHELL)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (4, 2, 1, 1)
    assert load.warnings[-1] == "export.csv: 1 rows counted as blank: accounts that are disabled"
    load = read(tmp_path, "ad-computers", CSVDE)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (4, 1, 3)
    assert [text.partition(": ")[2] for text in load.warnings] == [
        "2 rows counted as blank: entries that are no computers", "1 rows counted as blank: accounts that are disabled",
    ]  # fmt: skip
    assert read(tmp_path, "ad-computers", DEFAULT).rows_blank == 1


def test_ldif_is_unfolded_and_decoded_and_a_broken_entry_is_refused_by_its_line(tmp_path: Path) -> None:
    load = read(tmp_path, "ad-computers", LDIF)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (3, 1, 1, 1)
    assert rows(load, "assets", "device_id", "os_version", "last_seen") == [
        ("000102030405060708090a0b0c0d0e0f", "10.0.19045", date(2025, 10, 26))
    ]
    assert (load.refused[0].line, load.refused[0].reason) == (23, "'cn:: ****' is not base64")
    assert load.tables["assets"].places[0] & 0xFFFF == 4


def test_adrecon_writes_the_version_behind_the_name(tmp_path: Path) -> None:
    load = read(tmp_path, "ad-computers", ADRECON, dates="month-first")
    assert rows(load, "assets", "hostname", "os", "os_version", "type", "last_seen") == [
        ("PC-0001", "Windows Server 2019 Standard", "10.0.17763", "server", date(2026, 10, 31)),
        ("PC-0002", None, None, None, None),
    ]


@pytest.mark.parametrize("form", [POWERSHELL, DEFAULT, CSVDE, LDIF, ADRECON])
def test_persons_are_not_read(tmp_path: Path, form: str) -> None:
    assert "A Person" not in repr(read(tmp_path, "ad-computers", form).tables)


def test_a_semicolon_and_title_lines_make_no_difference(tmp_path: Path) -> None:
    text = "Computers of the domain\n\n" + ADRECON.replace('","', '";"')
    assert recognised(tmp_path, text)[0] == "ad-computers"
    assert read(tmp_path, "ad-computers", text, dates="month-first").rows_loaded == 2


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 863_999_999_999))
def test_a_filetime_is_the_day_that_it_counts_to(day: date, within: int) -> None:
    ticks = (day - date(1601, 1, 1)) // timedelta(days=1) * 864_000_000_000 + within
    assert windows.day(str(ticks)) == day.isoformat()


@pytest.mark.parametrize(
    ("written", "build"),
    [("10.0 (19045)", "10.0.19045"), ("6.3 (9600)", "6.3.9600"), ("10.0.19045", "10.0.19045"), ("10.0.19045 (19045)", "10.0.19045"), ("5.0 (2195)", "5.0.2195")],
)  # fmt: skip
def test_a_build_in_brackets_is_the_third_part(written: str, build: str) -> None:
    assert windows.build(written) == build


def test_users_and_other_tables_are_not_taken(tmp_path: Path) -> None:
    users = '"DistinguishedName","Enabled","GivenName","Name","ObjectClass","SamAccountName"\n"CN=x","True","A","A Person","user","a"\n'
    assert recognised(tmp_path, users)[0] == "table"
    with pytest.raises(InputError, match="no column 'OperatingSystem'"):
        read(tmp_path, "ad-computers", users)
    assert recognised(tmp_path, "dn: CN=A Person\nobjectClass: user\ncn: A Person\n")[0] == ""


def test_a_list_that_export_csv_did_not_write_out_says_nothing_of_the_class(tmp_path: Path) -> None:
    text = (
        "name,objectclass,distinguishedname,operatingsystem,useraccountcontrol\n"
        'PC-1,System.String[],"CN=PC-1,DC=oak",Windows 10 Pro,WORKSTATION_TRUST_ACCOUNT\n'
        'PC-2,System.String[],"CN=PC-2,DC=oak",Windows 10 Pro,"ACCOUNTDISABLE, WORKSTATION_TRUST_ACCOUNT"\n'
        'PC-3,Microsoft.ActiveDirectory.Management.ADPropertyValueCollection,"CN=PC-3,DC=oak",Windows 10 Pro,\n'
    )
    load = read(tmp_path, "ad-computers", text)
    assert rows(load, "assets", "hostname") == [("PC-1",), ("PC-3",)]
    assert (load.rows_read, load.rows_blank) == (3, 1)


def test_powershells_json_is_the_same_list(tmp_path: Path) -> None:
    one = (
        '{"DistinguishedName":"CN=PC-1,DC=oak","DNSHostName":"pc-1.oak.example","Enabled":true,"Name":"PC-1","ObjectClass":"computer",'
        '"ObjectGUID":"0f1","OperatingSystem":"Windows 10 Enterprise","OperatingSystemVersion":"10.0 (19045)",'
        '"LastLogonDate":"\\/Date(1795132800000)\\/","SID":{"BinaryLength":28,"Value":"S-1"},"Description":"A Person"}'
    )
    text = f"[{one},\n{one.replace('true', 'false')}]"
    assert recognised(tmp_path, text)[0] == "ad-computers"
    load = read(tmp_path, "ad-computers", text, name="computers.json")
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "os_version", "last_seen") == [
        ("0f1", "PC-1", "pc-1.oak.example", "10.0.19045", date(2026, 11, 20))
    ]
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (2, 1, 1)
    assert "A Person" not in repr(load)
    assert read(tmp_path, "ad-computers", one).rows_loaded == 1


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20261120091244.000000+060", "20261120"), ("20261120091244.123456+***", "20261120"), ("20261120091244.0Z", "20261120"),
        ("/Date(1795132800000)/", "2026-11-20"), ("/Date(1795132800000+0100)/", "2026-11-20"), ("20/11/2026", "20/11/2026"),
    ],
)  # fmt: skip
def test_times_of_wmi_ldap_and_powershell_are_days(text: str, day: str) -> None:
    assert windows.day(text) == day


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Nov 20, 2026 9:12:44 PM", "2026-11-20T21:12:44"), ("Mar 3, 2026 12:00:01 AM", "2026-03-03T00:00:01"),
        ("Mar 3, 2026, 12:00:01 PM", "2026-03-03T12:00:01"), ("Foo 3, 2026 12:00:01 AM", "Foo 3, 2026 12:00:01 AM"),
    ],
)  # fmt: skip
def test_a_portals_moment_is_turned_exactly(text: str, iso: str) -> None:
    assert windows.moment(text) == iso
