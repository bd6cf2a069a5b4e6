"""The software of the sample: names, versions and publishers as inventories write them.

Browsers and other evergreen software get their version from the day of the set; the rest stays as it was installed
until a rebuild. Line-of-business names are invented: nobody recognises them but the sample's own catalogue, which has some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

Version = str | Callable[[date], str]


@dataclass(frozen=True, slots=True)
class Title:
    """A name in a list of installed programs."""

    name: str
    version: Version
    publisher: str

    def version_on(self, day: date) -> str:
        return self.version if isinstance(self.version, str) else self.version(day)


_CHROME: Final = (
    (2024, 10, 15), (2024, 11, 12), (2025, 1, 14), (2025, 2, 4), (2025, 3, 4), (2025, 4, 1), (2025, 4, 29), (2025, 5, 27),
    (2025, 6, 24), (2025, 8, 5), (2025, 9, 2), (2025, 9, 30), (2025, 10, 28), (2025, 12, 2), (2026, 1, 13), (2026, 2, 10),
    (2026, 3, 10), (2026, 4, 7), (2026, 5, 5), (2026, 6, 2), (2026, 6, 30), (2026, 7, 28),
)  # fmt: skip
"""The days on which Chrome 130 to 151 came out; before and after, one every four weeks is near enough."""


def _chrome(day: date) -> str:
    known = [date(*ymd) for ymd in _CHROME]
    if known[0] <= day < known[-1] + timedelta(days=28):
        return f"{129 + sum(released <= day for released in known)}.0.6723.92"
    base, since = (130, known[0]) if day < known[0] else (151, known[-1])
    return f"{base + (day - since).days // 28}.0.6723.92"


def _edge(day: date) -> str:
    """Follows Chrome, but never so old that its vendor has forgotten it: no day is stated for its single releases."""
    return f"{max(146, int(_chrome(day).split('.', 1)[0]))}.0.3856.84"


def _firefox_esr(day: date) -> str:
    """The long-term line that was current, and its monthly number."""
    lines = ((153, date(2026, 7, 21)), (140, date(2025, 6, 24)), (128, date(2024, 7, 9)), (115, date(2023, 7, 4)))
    major, since = next((line for line in lines if line[1] <= day), lines[-1])
    return f"{major}.{max(0, (day - since).days // 28)}.0"


def _monthly(form: str, start: int = 0) -> Callable[[date], str]:
    def version(day: date) -> str:
        return form.format(
            year=day.year % 100, month=day.month, build=start + (day.year - 2025) * 1200 + day.month * 100
        )

    return version


_MS: Final = "Microsoft Corporation"

TITLES: Final = {
    "chrome": Title("Google Chrome", _chrome, "Google LLC"),
    "edge": Title("Microsoft Edge", _edge, _MS),
    "edgeupdate": Title("Microsoft Edge Update", "1.3.195.35", _MS),
    "firefox": Title("Mozilla Firefox ESR (x64 en-GB)", _firefox_esr, "Mozilla"),
    "m365": Title("Microsoft 365 Apps for enterprise - en-us", _monthly("16.0.{build}.20266", 18300), _MS),
    "onedrive": Title("Microsoft OneDrive", _monthly("{year}.{month:03d}.0110.0004"), _MS),
    "teams": Title("Microsoft Teams", _monthly("{year}{month:02d}0.1401.3456.{build}", 2000), "Microsoft"),
    "teamsaddin": Title(
        "Microsoft Teams Meeting Add-in for Microsoft Office", _monthly("1.{year}.{build}", 15000), _MS
    ),
    "clicktorun": Title("Office 16 Click-to-Run Licensing Component", "16.0.16731.20398", _MS),
    "acrobat": Title("Adobe Acrobat (64-bit)", _monthly("{year}.{month:03d}.20320"), "Adobe"),
    "reader": Title("Adobe Acrobat Reader", _monthly("{year}.{month:03d}.20320"), "Adobe"),
    "readerdc": Title("Adobe Acrobat Reader DC", "22.003.20322", "Adobe Systems Incorporated"),
    "zoom": Title("Zoom Workplace (64-bit)", _monthly("6.{month}.{build}", 40000), "Zoom Communications, Inc."),
    "office2016": Title("Microsoft Office Professional Plus 2016", "16.0.4266.1001", _MS),
    "office2019": Title("Microsoft Office Professional Plus 2019 - en-us", "16.0.10416.20047", _MS),
    "office2021": Title("Microsoft Office LTSC Professional Plus 2021 - en-us", "16.0.14332.20812", _MS),
    "sevenzip": Title("7-Zip 24.08 (x64)", "24.08", "Igor Pavlov"),
    "sevenzipold": Title("7-Zip 19.00 (x64)", "19.00", "Igor Pavlov"),
    "vc14": Title("Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.38.33135", "14.38.33135.0", _MS),
    "vc14x86": Title("Microsoft Visual C++ 2015-2022 Redistributable (x86) - 14.38.33135", "14.38.33135.0", _MS),
    "vc13": Title("Microsoft Visual C++ 2013 Redistributable (x64) - 12.0.40664", "12.0.40664.0", _MS),
    "vc10": Title("Microsoft Visual C++ 2010  x64 Redistributable - 10.0.40219", "10.0.40219", _MS),
    "dotnet6": Title("Microsoft Windows Desktop Runtime - 6.0.36 (x64)", "6.0.36.34217", _MS),
    "dotnet8": Title("Microsoft Windows Desktop Runtime - 8.0.11 (x64)", "8.0.11.34221", _MS),
    "dotnet10": Title("Microsoft Windows Desktop Runtime - 10.0.1 (x64)", "10.0.1.35205", _MS),
    "health": Title("Microsoft Update Health Tools", "5.72.0.0", _MS),
    "mecmclient": Title("Configuration Manager Client", "5.00.9128.1000", _MS),
    "laps": Title("Local Administrator Password Solution", "6.2.0.0", _MS),
    "sophos": Title("Sophos Endpoint Agent", "2024.3.2.3.0", "Sophos Limited"),
    "apexone": Title("Trend Micro Apex One Security Agent", "14.0.14203", "Trend Micro Inc."),
    "eset": Title("ESET Endpoint Security", "11.1.2059.0", "ESET, spol. s r.o."),
    "anyconnect": Title("Cisco Secure Client - AnyConnect VPN", "5.1.6.103", "Cisco Systems, Inc."),
    "forticlient": Title("FortiClient VPN", "7.2.5.1053", "Fortinet Technologies Inc"),
    "delldriver": Title("Dell Command | Update for Windows Universal", "5.4.0", "Dell Inc."),
    "audio": Title("Realtek High Definition Audio Driver", "6.0.9618.1", "Realtek Semiconductor Corp."),
    "graphics": Title("Intel(R) Graphics Driver", "31.0.101.5333", "Intel Corporation"),
    "touchpad": Title("Synaptics Touchpad Driver", "19.5.35.47", "Synaptics Incorporated"),
    "papercutclient": Title("PaperCut MF Client", "23.0.9", "PaperCut Software International Pty Ltd"),
    "java8old": Title("Java 8 Update 202 (64-bit)", "8.0.2020.8", "Oracle Corporation"),
    "java8": Title("Java 8 Update 431 (64-bit)", "8.0.4310.10", "Oracle Corporation"),
    "temurin11": Title("Eclipse Temurin JRE with Hotspot 11.0.25+9 (x64)", "11.0.25.9", "Eclipse Adoptium"),
    "temurin17": Title("Eclipse Temurin JRE with Hotspot 17.0.13+11 (x64)", "17.0.13.11", "Eclipse Adoptium"),
    "putty": Title("PuTTY release 0.81 (64-bit)", "0.81.0.0", "Simon Tatham"),
    "notepad": Title("Notepad++ (64-bit x64)", "8.7.1", "Notepad++ Team"),
    "vlc": Title("VLC media player", "3.0.21", "VideoLAN"),
    "keepass": Title("KeePass Password Safe 2.57", "2.57", "Dominik Reichl"),
    "qgis": Title("QGIS 3.28.15 'Firenze'", "3.28.15", "QGIS.org"),
    "autocad": Title("AutoCAD LT 2021 - English", "24.0.47.0", "Autodesk"),
    "visio": Title("Microsoft Visio Professional 2016", "16.0.4266.1001", _MS),
    "silverlight": Title("Microsoft Silverlight", "5.1.50918.0", _MS),
    "flash": Title("Adobe Flash Player 32 NPAPI", "32.0.0.465", "Adobe"),
    "python39": Title("Python 3.9.13 (64-bit)", "3.9.13150.0", "Python Software Foundation"),
    "python310": Title("Python 3.10.11 (64-bit)", "3.10.11150.0", "Python Software Foundation"),
    "python312": Title("Python 3.12.7 (64-bit)", "3.12.7150.0", "Python Software Foundation"),
    "powershell74": Title("PowerShell 7-x64", "7.4.6.0", _MS),
    "libreoffice": Title("LibreOffice 25.8.4.2", "25.8.4.2", "The Document Foundation"),
    "wireshark": Title("Wireshark 4.2.8 x64", "4.2.8", "The Wireshark developer community"),
    "snagit": Title("Snagit 2020", "20.1.4", "TechSmith Corporation"),
    "vmtools": Title("VMware Tools", "12.4.5.23787635", "VMware, Inc."),
    "veeamagent": Title("Veeam Agent for Microsoft Windows", "6.2.0.121", "Veeam Software Group GmbH"),
    "monitoring": Title("Microsoft Monitoring Agent", "10.20.18069.0", _MS),
    "odbc17": Title("Microsoft ODBC Driver 17 for SQL Server", "17.10.6.1", _MS),
    "oledb": Title("Microsoft OLE DB Driver for SQL Server", "18.7.4.0", _MS),
    "nativeclient": Title("Microsoft SQL Server 2012 Native Client", "11.4.7515.2", _MS),
    "sql2014": Title("Microsoft SQL Server 2014 (64-bit)", "12.3.6024.0", _MS),
    "sql2016": Title("Microsoft SQL Server 2016 (64-bit)", "13.3.6300.2", _MS),
    "sql2017": Title("Microsoft SQL Server 2017 (64-bit)", "14.0.3456.2", _MS),
    "sql2019": Title("Microsoft SQL Server 2019 (64-bit)", "15.0.4385.2", _MS),
    "sql2022": Title("Microsoft SQL Server 2022 (64-bit)", "16.0.4135.4", _MS),
    "ssms": Title("SQL Server Management Studio", "20.2.30.0", _MS),
    "iis": Title("IIS URL Rewrite Module 2", "7.2.1993", _MS),
    "mecm": Title("Microsoft Configuration Manager", "5.00.9128.1000", _MS),
    "directory": Title("Microsoft Entra Connect Provisioning Agent", "1.1.1370.0", _MS),
    "exchange2019": Title("Microsoft Exchange Server 2019 Cumulative Update 14", "15.2.1544.4", _MS),
    "sharepoint2019": Title("Microsoft SharePoint Server 2019", "16.0.10337.12109", _MS),
    "papercut": Title("PaperCut MF", "23.0.9", "PaperCut Software International Pty Ltd"),
    "crystal": Title("SAP Crystal Reports runtime engine for .NET Framework (64-bit)", "13.0.33.4485", "SAP"),
    "tomcat9": Title("Apache Tomcat 9.0 Tomcat9 (remove only)", "9.0.96", "The Apache Software Foundation"),
    "node20": Title("Node.js", "20.18.0", "Node.js Foundation"),
    "mysql80": Title("MySQL Server 8.0", "8.0.40", "Oracle Corporation"),
    "vcenter8": Title("VMware vCenter Server", "8.0.3.00400", "VMware, Inc."),
    "veeam12": Title("Veeam Backup & Replication", "12.2.0.334", "Veeam Software Group GmbH"),
    "nginx": Title("nginx", "1.18.0-6ubuntu14.4", "Ubuntu Developers"),
    "php74": Title("php7.4-fpm", "7.4.3-4ubuntu2.24", "Ubuntu Developers"),
    "php81": Title("php8.1-fpm", "8.1.2-1ubuntu2.19", "Ubuntu Developers"),
    "php82": Title("php8.2-fpm", "8.2.24-1~deb12u1", "Debian PHP Maintainers"),
    "postgresql13": Title("postgresql-13", "13.16-0+deb11u1", "Debian PostgreSQL Maintainers"),
    "postgresql14": Title("postgresql-14", "14.13-1.pgdg120+1", "Debian PostgreSQL Maintainers"),
    "zabbix60": Title("zabbix-server-mysql", "1:6.0.36-1+ubuntu22.04", "Zabbix SIA"),
    "openssh": Title("openssh-server", "1:8.9p1-3ubuntu0.10", "Ubuntu Developers"),
    "openssl": Title("openssl", "3.0.2-0ubuntu1.18", "Ubuntu Developers"),
    "sudo": Title("sudo", "1.9.9-1ubuntu2.4", "Ubuntu Developers"),
    "curl": Title("curl", "7.81.0-1ubuntu1.20", "Ubuntu Developers"),
    "opensshdeb": Title("openssh-server", "1:9.2p1-2+deb12u3", "Debian OpenSSH Maintainers"),
    "openssldeb": Title("openssl", "3.0.15-1~deb12u1", "Debian OpenSSL Team"),
    "opensshel": Title("openssh-server", "8.0p1-25.el8_10", "Red Hat, Inc."),
    "opensslel": Title("openssl", "1.1.1k-14.el8_6", "Red Hat, Inc."),
    "revlite": Title("Revlite Revenues 7.3", "7.3.118", "Revlite Systems"),
    "revliteclient": Title("Revlite Revenues Client", "7.3.118", "Revlite Systems"),
    "plantrack": Title("PlanTrack Server", "11.0.4", "PlanTrack Software"),
    "plantrackclient": Title("PlanTrack Client", "11.0.4", "PlanTrack Software"),
    "gravestone": Title("Gravestone Registry 4.2", "4.2.0", "Tallstone Data"),
    "staffbook": Title("Staffbower People", "2019.2", "Staffbower"),
    "wageline": Title("Wageleaf Payroll Server", "9.11", "Wageleaf"),
    "ledgerline": Title("Ledgerfen Finance", "6.4.2", "Ledgerfen"),
    "hearth": Title("Hearthlet Housing Server", "5.1.7", "Hearthlet"),
    "hearthclient": Title("Hearthlet Housing Desktop", "5.1.7", "Hearthlet"),
    "ballotbox": Title("Ballotwise Register", "22.1", "Ballotwise"),
    "foodsafe": Title("Foodfare Inspections", "3.8", "Foodfare"),
    "premise": Title("Premisely Licensing", "4.0.19", "Premisely"),
    "dochoard": Title("Dochoard Server", "8.2.1", "Dochoard"),
    "dochoardclient": Title("Dochoard Viewer", "8.2.1", "Dochoard"),
    "doorwarden": Title("Doorwarden Controller", "2.6", "Doorwarden"),
    "relicbook": Title("Relicbook Collections", "1.9", "Relicbook"),
    "casekeep": Title("Casekeep Legal", "12.0", "Casekeep"),
}
