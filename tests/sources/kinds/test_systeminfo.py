"""systeminfo as text and CSV, and lists of installed fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import shared
from tests.sources.kinds.desk import TODAY, read, recognised, rows

TEXT = """\

Host Name:                 PC-0001
OS Name:                   Microsoft Windows 7 Professional
OS Version:                6.1.7601 Service Pack 1 Build 7601
OS Manufacturer:           Microsoft Corporation
OS Configuration:          Member Workstation
Registered Owner:          A Person
Product ID:                00371-OEM-8992671-00524
Original Install Date:     13/04/2022, 12:25:41
System Model:              An Example
Processor(s):              1 Processor(s) Installed.
                           [01]: Intel64 Family 6
Virtual Memory: Max Size:  18,141 MB
Domain:                    oak.example
Logon Server:              \\\\DC1
Hotfix(s):                 3 Hotfix(s) Installed.
                           [01]: KB2534111
                           [02]: File 1
                           [03]: Q147222
NetWork Card(s):           4 NIC(s) Installed.
                           [01]: An Ethernet Card
                                 Connection Name: Ethernet
                                 DHCP Server:     10.1.2.254
                                 IP address(es)
                                 [01]: 10.1.2.3
                                 [02]: fe80::1b9e:efa3:1f40:c8b3
                           [02]: VMware Virtual Ethernet Adapter for VMnet1
                                 IP address(es)
                                 [01]: 192.168.150.1
                           [03]: Hyper-V Virtual Ethernet Adapter
                                 Connection Name: vEthernet (Default Switch)
                                 IP address(es)
                                 [01]: 172.20.0.1
                           [04]: Another Card
                                 Connection Name: Ethernet 2
                                 IP address(es)
                                 [01]: 10.9.2.3
"""
SERVER = TEXT.replace("PC-0001", "SRV-1").replace(
    "Microsoft Windows 7 Professional", "Microsoftr Windows Serverr 2008 Standard"
)
SERVER = SERVER.replace("Member Workstation", "Primary Domain Controller").replace("oak.example", "WORKGROUP")
CSV = """\
"Host Name","OS Name","OS Version","OS Configuration","Registered Owner","Product ID","Domain","Hotfix(s)","Network Card(s)"
"PC-0001","Microsoft Windows 10 Pro","10.0.19045 N/A Build 19045","Member Workstation","A Person","00330-80000-00000-AA123","oak.example","2 Hotfix(s) Installed.,[01]: KB5012117,[02]: KB4562830","2 NIC(s) Installed.,[01]: A Card,      Connection Name: Wi-Fi,      DHCP Server:     192.168.0.1,      IP address(es),      [01]: 192.168.0.205,[02]: VirtualBox Host-Only Ethernet Adapter,      IP address(es),      [01]: 192.168.56.1"
"","Microsoft Windows 10 Pro","10.0.19045 N/A Build 19045","Member Workstation","","","","",""
"""
QFE = """\
Caption                                     CSName   Description      FixComments  HotFixID   InstalledBy          InstalledOn
http://support.microsoft.com/?kbid=5012117  PC-0001  Update                        KB5012117  OAK\\a.person         4/13/2026
http://support.microsoft.com/?kbid=5012118  PC-0001  Security Update               KB5012118  NT AUTHORITY\\SYSTEM  4/13/2026
                                            PC-0001  Update                        none       OAK\\a.person

"""
HOTFIX = """\
#TYPE System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering
"PSComputerName","Description","HotFixID","InstalledBy","InstalledOn"
"PC-0001","Update","KB5012117","NT AUTHORITY\\SYSTEM","13/04/2026 00:00:00"
"SRV-1.oak.example","Security Update","KB5012118","OAK\\a.person","13/04/2026 00:00:00"
"PC-0001","Update","KB5012119","OAK\\a.person","13/04/2026 00:00:00"
"""
GERMAN = """\
Hostname:                                      PC-0001
Betriebssystemname:                            Microsoft Windows 10 Pro
Betriebssystemversion:                         10.0.19045 Nicht zutreffend Build 19045
Betriebssystemhersteller:                      Microsoft Corporation
Betriebssystemkonfiguration:                   Mitgliedsarbeitsstation
"""
FRENCH = """\
Nom de l'hôte:                              PC-0001
Nom du système d'exploitation:              Microsoft Windows 10 Pro
Version du système:                         10.0.19045 N/A version 19045
Fabricant du système d'exploitation:        Microsoft Corporation
"""
JAPANESE = """\
ホスト名:               PC-0001
OS 名:                  Microsoft Windows 10 Pro
OS バージョン:          10.0.19045 N/A ビルド 19045
OS 製造元:              Microsoft Corporation
"""
SEEDS = {"systeminfo": [TEXT + SERVER, CSV, QFE.encode("utf-16"), HOTFIX]}
FIXES = "hotfixes"


def test_a_machine_says_its_build_service_pack_addresses_and_fixes(tmp_path: Path) -> None:
    assert recognised(tmp_path, TEXT) == ("systeminfo", "certain: systeminfo's first lines")
    load = read(tmp_path, "systeminfo", TEXT + SERVER)
    assert (load.rows_read, load.rows_loaded, load.incomplete) == (2, 2, None)
    assert rows(load, "assets", "device_id", "fqdn", "os", "os_version", "type", "ip", "last_seen") == [
        ("PC-0001", "PC-0001.oak.example", "Microsoft Windows 7 Professional Service Pack 1", "6.1.7601", None, ("10.1.2.3", "10.9.2.3"), TODAY),
        ("SRV-1", None, "Microsoft Windows Server 2008 Standard Service Pack 1", "6.1.7601", "server", ("10.1.2.3", "10.9.2.3"), TODAY),
    ]  # fmt: skip
    assert load.tables["assets"].extra[FIXES] == ["KB2534111;Q147222"] * 2
    assert set(load.tables) == {"assets"}
    assert "A Person" not in repr(load) and "00371" not in repr(load)


def test_csv_says_the_same(tmp_path: Path) -> None:
    assert recognised(tmp_path, CSV)[0] == "systeminfo"
    load = read(tmp_path, "systeminfo", CSV)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (2, 1, 1)
    assert rows(load, "assets", "device_id", "fqdn", "os", "os_version", "ip", "last_seen") == [
        ("PC-0001", "PC-0001.oak.example", "Microsoft Windows 10 Pro", "10.0.19045", ("192.168.0.205",), TODAY)
    ]
    assert load.tables["assets"].extra == {FIXES: ["KB5012117;KB4562830"]}
    assert "00330" not in repr(load)


@pytest.mark.parametrize("text", [GERMAN, FRENCH, JAPANESE])
def test_another_language_is_told_by_its_form_and_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    for data in (text.encode(), text.encode("utf-16")) + ((text.encode("cp850"),) if text != JAPANESE else ()):
        assert recognised(tmp_path, data) == ("systeminfo", "likely: systeminfo's first lines in another language")
        with pytest.raises(
            InputError, match="in another language than English; run 'secscan collect --script windows'"
        ):
            read(tmp_path, "systeminfo", data)


def test_a_text_that_breaks_off_is_incomplete(tmp_path: Path) -> None:
    load = read(tmp_path, "systeminfo", TEXT + SERVER[: SERVER.index("OS Version")])
    assert load.incomplete == f"export.csv:{len(TEXT.splitlines()) + 2}: breaks off before it says the version"


@pytest.mark.parametrize("data", [QFE.encode(), QFE.replace("\n", "\r\r\n").encode("utf-16")])
def test_fixes_that_wmic_lists_are_facts_of_their_machine_and_no_findings(tmp_path: Path, data: bytes) -> None:
    assert recognised(tmp_path, data) == ("systeminfo", "certain: the fixes that wmic lists")
    load = read(tmp_path, "systeminfo", data)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (4, "'none' is no number of a fix")
    assert rows(load, "assets", "device_id", "hostname") == [("PC-0001", "PC-0001")]
    assert load.tables["assets"].extra[FIXES] == ["KB5012117;KB5012118"]
    assert set(load.tables) == {"assets"} and "a.person" not in repr(load)


def test_get_hotfix_names_each_machine(tmp_path: Path) -> None:
    assert recognised(tmp_path, HOTFIX)[0] == "systeminfo"
    load = read(tmp_path, "systeminfo", HOTFIX)
    assert (load.rows_read, load.rows_loaded) == (3, 3)
    assert rows(load, "assets", "device_id", "hostname") == [("PC-0001", "PC-0001"), ("SRV-1.oak.example", "SRV-1")]
    assert load.tables["assets"].extra[FIXES] == ["KB5012117;KB5012119", "KB5012118"]


def test_fixes_that_name_no_machine_are_of_the_one_that_the_file_is_named_after(tmp_path: Path) -> None:
    bare = "Description      HotFixID   InstalledOn\nUpdate           KB5012117  4/13/2026\n"
    load = read(tmp_path, "systeminfo", bare, name="PC-0001.qfe.txt")
    assert rows(load, "assets", "device_id", "hostname") == [("PC-0001", None)]
    here = HOTFIX.replace("SRV-1.oak.example", "localhost").replace("PC-0001", "localhost")
    assert rows(read(tmp_path, "systeminfo", here, name="PC-0002.csv"), "assets", "device_id") == [("PC-0002",)]


def test_get_hotfixs_own_table_is_cut_at_its_columns(tmp_path: Path) -> None:
    table = "\nSource        Description      HotFixID      InstalledBy          InstalledOn\n------        -----------      --------      -----------          -----------\n"
    table += "PC-0001       Update           KB5012117     NT AUTHORITY\\SYSTEM  13/04/2026 00:00:00\n\n\n"
    load = read(tmp_path, "systeminfo", table)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (1, 1, 0)
    assert load.tables["assets"].extra[FIXES] == ["KB5012117"]


def test_a_table_that_cuts_is_refused_by_name(tmp_path: Path) -> None:
    table = "\nHost Name   OS Name                  OS Version      \n=========== ======================== ================\nPC-0001     Microsoft Windows 10 Pro 10.0.19045 N/A B\n"
    assert recognised(tmp_path, table)[0] == "systeminfo"
    with pytest.raises(InputError, match="is systeminfo's table, which cuts what does not fit; ask for /fo csv"):
        read(tmp_path, "systeminfo", table)


def test_wmics_list_of_values_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is wmic's list of NAME=VALUE; leave out 'full'"):
        read(tmp_path, "systeminfo", "\n\nCaption=x\nCSName=PC-0001\nHotFixID=KB5012117\n\n\n")


@pytest.mark.shared
def test_public_samples(tmp_path: Path) -> None:
    known = {
        "xp_sp2_x86": ("WINXPSP2", "Microsoft Windows XP Professional Service Pack 2", "5.1.2600", None),
        "srv_2003_sp1_x64_standard_en-us": ("WINSRV2K3SP1X64", "Microsoft Windows Server 2003 Standard x64 Edition Service Pack 1", "5.2.3790", "server"),
        "srv_2008_rtm_x64_standard_en-us": ("SRV2K8SP0X64", "Microsoft Windows Server 2008 Standard Service Pack 1", "6.0.6001", "server"),
        "11_22H2_x64_home-single-language": ("test", "Microsoft Windows 11 Home Single Language", "10.0.22621", None),
    }  # fmt: skip
    for path in sorted(shared("data", "inventories", "systeminfo").glob("*.txt")):
        assert recognised(tmp_path, path.read_bytes())[0] == "systeminfo"
        load = read(tmp_path, "systeminfo", path.read_bytes(), name="PC.txt")
        assert load.rows_read == load.rows_loaded > 0 and load.tables["assets"].extra[FIXES] != [None]
        name = path.name.removeprefix("wesng__").removesuffix("_systeminfo.txt")
        if name in known:
            assert rows(load, "assets", "device_id", "os", "os_version", "type") == [known[name]]
        if path.name.endswith("_qfe.txt"):
            (fixes,) = load.tables["assets"].extra[FIXES]
            assert fixes is not None and len(fixes.split(";")) == load.rows_read == (154 if "2012r2" in name else 9)


def test_csv_in_another_language_is_refused_by_name_too(tmp_path: Path) -> None:
    text = (
        '"Hostname","Betriebssystemname","Betriebssystemversion","Betriebssystemhersteller"\n'
        '"PC-0001","Microsoft Windows 10 Pro","10.0.19045 Nicht zutreffend Build 19045","Microsoft Corporation"\n'
    )
    assert recognised(tmp_path, text)[0] == "systeminfo"
    with pytest.raises(InputError, match="in another language than English"):
        read(tmp_path, "systeminfo", text)
    assert recognised(tmp_path, text.replace("Build 19045", "Build 1"))[0] == "table"


SPANISH = """\

Nombre de host:                            PC-0001
Nombre del sistema operativo:              Microsoft Windows 10 Education
Versión del sistema operativo:             10.0.17763 N/D Compilación 17763
Fabricante del sistema operativo:          Microsoft Corporation
Configuración del sistema operativo:       Estación de trabajo
"""
RUSSIAN = """\
Имя узла:                         DC
Название ОС:                      Майкрософт Windows Server 2012 R2 Standard
Версия ОС:                        6.3.9600 Н/Д построение 9600
Изготовитель ОС:                  Microsoft Corporation
"""


@pytest.mark.parametrize(
    ("text", "pages"), [(SPANISH, "cp850 cp1252 utf-8 utf-16"), (RUSSIAN, "cp866 cp1251 utf-8 utf-16")]
)
def test_another_language_is_told_in_the_characters_of_its_console(tmp_path: Path, text: str, pages: str) -> None:
    for page in pages.split():
        assert recognised(tmp_path, text.encode(page))[0] == "systeminfo", page
        with pytest.raises(InputError, match="in another language than English"):
            read(tmp_path, "systeminfo", text.encode(page))


OF_XP = """\
Please wait while WMIC is being installed.Caption  CSName    Description                       FixComments  HotFixID                                InstallDate
         PC-XP                                                    File 1
         PC-XP                                                    Q147222
         PC-XP     Windows Installer 3.1 (KB893803)  Update       KB893803v2
         PC-XP     Update                            Update       {7A068575-C5DB-43D9-BE20-3895D0C69B17}
         PC-XP     Update                            Update       943729
         PC-XP     Update                            Update       nonsense
"""


def test_old_systems_write_fixes_in_forms_of_their_own(tmp_path: Path) -> None:
    assert recognised(tmp_path, OF_XP) == ("systeminfo", "certain: the fixes that wmic lists")
    load = read(tmp_path, "systeminfo", OF_XP)
    assert (load.rows_read, load.rows_loaded, [one.line for one in load.refused]) == (6, 5, [7])
    assert load.tables["assets"].extra["hotfixes"] == ["Q147222;KB893803v2;943729"]
    text = (
        TEXT.split("Hotfix(s)", 1)[0]
        + "Hotfix(s):   3 Hotfix(s) Installed.\n   [01]: File 1\n   [02]: KB893803v2 - Update\n   [03]: 943729\n"
    )
    assert read(tmp_path, "systeminfo", text).tables["assets"].extra["hotfixes"] == ["KB893803v2;943729"]


def test_what_somebody_wrote_before_a_table_is_passed_over(tmp_path: Path) -> None:
    text = "C:\\> wmic qfe\n\nCaption  CSName   HotFixID\nx        PC-0001  KB5012117\n"
    assert recognised(tmp_path, text)[0] == "systeminfo"
    load = read(tmp_path, "systeminfo", text)
    assert (load.rows_read, rows(load, "assets", "device_id")) == (1, [("PC-0001",)])
