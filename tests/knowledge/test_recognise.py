"""The labelled names, and the rules that matter most one by one."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.knowledge import Catalogue, Recognition, load_catalogue, recognise
from secscan.knowledge.matching import match
from secscan.knowledge.names import normalise

NAMES = Path(__file__).with_name("names.csv")
CATALOGUE = load_catalogue()


def labelled() -> list[dict[str, str]]:
    with NAMES.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def taken(row: dict[str, str], today: date) -> Recognition:
    return recognise(
        CATALOGUE, row["name"], row["version"] or None, row["publisher"] or None, row["kind"] or None, today
    )


def test_labelled_names_are_recognised(today: date) -> None:
    rows = labelled()
    near_misses = [row for row in rows if not row["product"]]
    assert len(rows) >= 1600
    assert len(near_misses) * 3 >= len(rows)
    wrong_product, wrong_status, false_matches = [], [], []
    for row in rows:
        found = taken(row, today)
        if (found.product or "") != row["product"]:
            wrong_product.append(
                f"{row['name']} {row['version']}: {found.product}, not {row['product'] or 'nothing'} ({found.by})"
            )
        if found.status != row["status"]:
            wrong_status.append(f"{row['name']} {row['version']}: {found.status}, not {row['status']} ({found.why})")
        if not row["product"] and found.product:
            false_matches.append(row["name"])
    print(
        f"{len(rows)} names, {len(near_misses)} near misses; {len(wrong_product)} wrong products, {len(wrong_status)} wrong words"
    )
    print("\n".join(wrong_product + wrong_status))
    assert not false_matches
    assert not wrong_product + wrong_status  # 3 of 100 are the aim for names that nobody here has seen; these are ours


def test_every_product_has_a_labelled_name(catalogue: Catalogue) -> None:
    assert catalogue.products.keys() - {row["product"] for row in labelled()} == set()


def test_no_two_products_claim_one_labelled_name(catalogue: Catalogue) -> None:
    """Each product by itself, so that neither an alias nor the order of the files hides what another pattern takes."""
    rows = [(row, normalise(row["name"])) for row in labelled() if row["status"] != "not-applicable"]
    claims: list[set[str]] = [set() for _ in rows]
    for product in catalogue.products.values():
        alone = replace(catalogue, products={product.id: product}, helpers={})
        for claim, (row, name) in zip(claims, rows, strict=True):
            found = match(alone, name, row["version"] or None, row["publisher"] or None, row["kind"] or "none")
            if found is not None and found.product is not None:
                claim.add(product.id)
    wrong = [
        f"{row['name']} ({row['kind']}): {sorted(claim)}, not {row['product'] or 'nothing'}"
        for claim, (row, _) in zip(claims, rows, strict=True)
        if claim != {row["product"]} - {""}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_entries_changes_nothing(catalogue: Catalogue, today: date, seed: int) -> None:
    def shuffled(entries: Mapping[str, Any]) -> dict[str, Any]:
        order = list(entries)
        Random(seed).shuffle(order)
        return {name: entries[name] for name in order}

    products = {
        name: replace(product, cycles=shuffled(product.cycles), aliases=shuffled(product.aliases))
        for name, product in shuffled(catalogue.products).items()
    }
    other = replace(catalogue, products=products, helpers=shuffled(catalogue.helpers))
    for row in labelled():
        asked = (row["name"], row["version"] or None, row["publisher"] or None, row["kind"] or None, today)
        one, two = recognise(catalogue, *asked, near=True), recognise(other, *asked, near=True)
        same = ("product", "cycle", "status", "support", "eol_on", "extended_on", "version_key", "by", "near")
        assert [getattr(one, f) for f in same] == [getattr(two, f) for f in same], row["name"]
        assert set(one.candidates) == set(two.candidates), row["name"]


def say(
    name: str, version: str | None = None, kind: str | None = None, today: date = date(2026, 11, 22), **more: str
) -> Recognition:
    return recognise(CATALOGUE, name, version, more.get("publisher"), kind, today, edition=more.get("edition"))


def test_a_date_is_inclusive() -> None:
    last = date(2023, 10, 10)
    assert say("Windows Server 2012 R2", today=last).status == "supported"
    assert say("Windows Server 2012 R2", today=last + timedelta(days=1)).status == "ended-extension-available"
    assert say("Windows Server 2012 R2", today=date(2026, 10, 13)).status == "ended-extension-available"
    assert say("Windows Server 2012 R2", today=date(2026, 10, 14)).status == "ended"


@pytest.mark.parametrize(
    "name", ["Strawberry Perl (64-bit)", "Strawberry Perl 5.42.0.1", "ActivePerl 5.26.3 Build 2603"]
)
def test_who_packs_perl_answers_for_it_himself(name: str) -> None:
    """They release by themselves and support as they please: the days of Perl's own team say nothing of theirs."""
    assert say(name, "5.24.1", "arp").product is None
    assert say("Perl", "5.24.1").product == "perl"


@pytest.mark.parametrize(
    ("name", "version", "edition", "cycle"),
    [
        ("Windows 10 Pro", "22H2", None, "10-22h2"),
        ("Windows 10 Enterprise", "10.0.19045.5011", None, "10-22h2"),
        ("Windows 11", "10.0.26100.2033", "Enterprise", "11-24h2-e"),
        ("Windows 11", "10.0.26100.2033", "Professional", "11-24h2-w"),
        ("Windows 11 Pro Education", "10.0.26100", None, "11-24h2-w"),
        ("Windows 11 Enterprise LTSC", "10.0.26100", None, "11-24h2-e-lts"),
        ("Windows 11 IoT Enterprise LTSC 2024", None, None, "11-24h2-iot-lts"),
        ("Windows 10 Enterprise LTSC 2019", None, None, "10-1809-e-lts"),
        ("Windows 10 Enterprise", "10.0.17763", "EnterpriseS", "10-1809-e-lts"),
        ("Windows 10 Pro", "10.0.22631.3007", None, "11-23h2-w"),
        ("Windows 11 Enterprise multi-session", "10.0.26200.1", None, "11-25h2-e"),
    ],
)
def test_editions_and_builds_lead_to_the_line(name: str, version: str | None, edition: str | None, cycle: str) -> None:
    found = recognise(CATALOGUE, name, version, None, "os_caption", date(2026, 11, 22), edition=edition)
    assert found.cycle == cycle


def test_build_26100_is_a_client_or_a_server_by_its_name() -> None:
    assert say("Microsoft Windows Server 2025 Datacenter", "10.0.26100.1742", "os_caption").cycle == "2025"
    assert say("Microsoft Windows 11 Enterprise", "10.0.26100.1742", "os_caption").cycle == "11-24h2-e"
    assert say("Windows", "10.0.26100.1742", "os_caption").product is None


def test_candidates_that_disagree_are_unknown_and_have_no_line() -> None:
    found = say("Windows 11", "10.0.26100", "os_caption")
    assert (found.cycle, found.status, found.support, found.eol_on) == (None, "unknown", None, None)
    assert set(found.candidates) == {"11-24h2-e", "11-24h2-w", "11-24h2-e-lts", "11-24h2-iot-lts"}


def test_candidates_that_agree_count_and_the_earliest_end_is_given() -> None:
    found = say("Windows 11", "10.0.22631.1", "os_caption")
    assert (found.cycle, found.status, found.support) == (None, "ended", "dated")
    assert found.eol_on == date(2025, 11, 11)
    assert "earliest" in found.why
    assert say("Windows 11", "10.0.22631.1", "os_caption", today=date(2026, 1, 1)).status == "unknown"


def test_a_release_newer_than_any_known_is_unknown() -> None:
    found = say("Google Chrome", "999.0", "arp")
    assert (found.product, found.cycle, found.status) == ("chrome", None, "unknown")


def test_service_packs_part_the_lines_of_sql_server() -> None:
    assert say("Microsoft SQL Server 2014 (64-bit)", "12.3.6024.0", "arp").cycle == "12.0-sp3"
    assert say("Microsoft SQL Server 2014 (64-bit)", "12.0.6449.1", "arp").cycle == "12.0-sp3"
    assert say("Microsoft SQL Server 2014 (64-bit)", "12.0.5687.1", "arp").cycle == "12.0-sp2"
    assert say("Microsoft SQL Server 2014 (64-bit)", "12.0.2000.8", "arp").cycle == "12.0"
    assert say("Microsoft SQL Server", "10.50.6000.34").cycle == "10.50-sp3"
    assert say("Microsoft SQL Server 2014 (64-bit)").status == "unknown"


def test_office_and_microsoft_365_apps_share_a_version_and_are_told_by_name() -> None:
    assert say("Microsoft Office Professional Plus 2016", "16.0.4266.1001", "arp").cycle == "2016"
    assert say("Microsoft Office Professional Plus 2019 - en-us", "16.0.10416.20058", "arp").cycle == "2019"
    assert say("Microsoft 365 Apps for enterprise - en-us", "16.0.18526.20546", "arp").product == "microsoft-365-apps"
    assert say("office", "16.0.18526.20546").status == "unknown"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("Java 8 Update 202 (64-bit)", "8.0.2020.8"),
        ("jre 1.8.0_202", None),
        ("JRE", "8u202"),
        ("java", "1.8.0_202"),
        ("jre1.8.0_202", ""),
    ],
)
def test_spellings_of_java_are_one_version(name: str, version: str | None) -> None:
    found = say(name, version)
    assert (found.product, found.cycle, found.version_key) == ("oracle-jdk", "8", say("JDK", "8u202").version_key)


def test_a_name_that_two_products_claim_is_nobodys() -> None:
    twin = replace(CATALOGUE.products["filemaker"], id="twin", aliases={})
    both = replace(CATALOGUE, products={**CATALOGUE.products, "twin": twin})
    found = recognise(both, "FileMaker Pro 18 Advanced", None, None, "arp", date(2026, 11, 22))
    assert found.product is None
    assert found.by == "patterns of several products match: filemaker, twin"


def test_a_mariadb_that_greets_as_mysql_is_told_by_its_version() -> None:
    assert say("MySQL", "5.5.5-10.3.39-MariaDB", "service_banner").product == "mariadb"
    assert say("MySQL", "5.7.44-log", "service_banner").product == "mysql"
    assert say("MySQL", None, "service_banner").product == "mysql"


@pytest.mark.parametrize(
    ("name", "kernel", "line"),
    [
        ("Ubuntu 20.04.6 LTS", "5.4.0-190-generic", "20.04"),
        ("Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64", "12"),
        ("Red Hat Enterprise Linux 8.6", "4.18.0-372.9.1.el8.x86_64", "8"),
        ("Debian", "6.1.0-18-amd64", None),
    ],
)
def test_the_number_of_a_kernel_is_no_release_of_the_system(name: str, kernel: str, line: str | None) -> None:
    assert say(name, kernel, "os_caption").cycle == line


def test_a_guess_at_a_span_of_releases_is_all_of_them() -> None:
    assert say("Microsoft Windows 10 1903 - 21H1", None, "os_caption").status == "ended"
    assert say("Microsoft Windows 10 1709 - 1909", None, "os_caption").status == "unknown"  # 1809 has a long-term one


def test_a_publisher_that_does_not_fit_is_a_namesake() -> None:
    assert say("Chrome", "1.0", "arp", publisher="Contoso Metal Finishing").product is None
    assert say("Chrome", "109.0", "arp", publisher="Google LLC").product == "chrome"


def test_packages_of_a_distribution_are_its_own_affair() -> None:
    found = say("openssl", "1.1.1n-0+deb11u4", "dpkg")
    assert (found.product, found.status) == (None, "not-applicable")
    assert say("acme-agent", "2.3.1-1", "rpm", publisher="Acme Ltd").status == "unknown"
    assert say("google-chrome-stable", "120.0.6099.109-1", "dpkg").product == "chrome"
    assert say("nginx", "1.18.0-6ubuntu14.4", "dpkg").status == "not-applicable"
    assert (
        say("nginx", "1.30.1-1~noble", "dpkg", publisher="NGINX Packaging <nginx-packaging@f5.com>").product == "nginx"
    )


def test_a_banner_that_names_its_distribution_says_nothing_of_support() -> None:
    found = say("Apache httpd", "2.2.15 ((CentOS))", "service_banner")
    assert (found.product, found.cycle, found.status, found.support) == ("apache-http-server", "2.2", "unknown", None)
    assert say("Apache httpd", "2.2.15", "service_banner").status == "ended"


LOOK_ALIKES = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "i": "і", "s": "ѕ", "x": "х", "k": "\u212a", "y": "у"}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([row for row in labelled() if row["product"]]), st.data())
def test_a_name_with_one_letter_of_another_alphabet_never_matches(row: dict[str, str], data: st.DataObject) -> None:
    spots = [i for i, letter in enumerate(row["name"]) if letter.lower() in LOOK_ALIKES]
    if not spots:
        return
    at = data.draw(st.sampled_from(spots))
    name = row["name"][:at] + LOOK_ALIKES[row["name"][at].lower()] + row["name"][at + 1 :]
    found = taken({**row, "name": name}, date(2026, 11, 22))
    assert (found.product, found.status) == (None, "unknown")


@pytest.mark.parametrize("tail", ["Viewer", "Backup", "Plugin", "Monitor", "Training"])
def test_a_product_name_inside_a_longer_name_is_not_the_product(tail: str, today: date) -> None:
    for row in labelled():
        found = taken({**row, "name": f"{row['name']} {tail}"}, today)
        # What a device says of itself (its sysDescr) ends as its maker likes.
        described = row["kind"] == "network" and bool({",", ":"} & set(row["name"]))
        assert found.product is None or described, (row["name"], found.by)


@settings(max_examples=500, deadline=None)
@given(
    st.text(max_size=80),
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from([None, "arp", "dpkg", "os_caption", "nonsense"]),
)
def test_any_text_gets_an_answer(name: str, version: str, publisher: str, kind: str | None) -> None:
    found = recognise(CATALOGUE, name, version, publisher, kind, date(2026, 11, 22), near=False)
    assert found.product is None or found.product in CATALOGUE.products


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(labelled()), st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_the_word_follows_from_the_dates(row: dict[str, str], day: date) -> None:
    found = taken(row, day)
    if found.support == "dated":
        assert found.eol_on is not None
        assert (found.status == "supported") == (day <= found.eol_on) or found.cycle is None
    if found.status == "not-applicable" or found.product is None:
        assert found.eol_on is None
        assert found.support is None


def test_an_extension_is_on_offer_only_after_the_end_and_through_its_day(catalogue: Catalogue) -> None:
    cycle = catalogue.products["debian"].cycles["11"]
    assert cycle.word(date(2024, 8, 14)) == "supported"
    assert cycle.word(date(2024, 8, 15)) == "ended-extension-available"
    assert cycle.word(date(2026, 8, 31)) == "ended-extension-available"
    assert cycle.word(date(2026, 9, 1)) == "ended"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Gooogle Chrome", "Google Chrome (chrome)"),
        ("Gооgle Chrome", "Google Chrome (chrome)"),
        ("Windws Server 2012R2", "Microsoft Windows Server 2012 R2 (windows-server)"),
        ("Windows Sever 2012 R2", "Microsoft Windows Server 2012 R2 (windows-server)"),
        ("SQL Servr 2012", "Microsoft SQL Server 2012 (mssqlserver)"),
        ("Microsft Office Professional Plus 2013", "Microsoft Office 2013 (office)"),
        ("Windows 10 Profesional", "Microsoft Windows 10 (windows)"),
        ("Apache Tomct 9.0.41", "Apache Tomcat (tomcat)"),
        ("Share Point Server 2013", "Microsoft SharePoint Server 2013 (sharepoint)"),
        ("VMware vCentre 7", "VMware vCenter Server (vcenter)"),
        ("Palo Alto PANOS 10.1", "Palo Alto Networks PAN-OS (panos)"),
        ("Netscaller", "NetScaler ADC and Gateway (netscaler-adc)"),
        ("Debian 11 bulseye", "Debian 11 (debian)"),
        ("nginix 1.18", "nginx (nginx)"),
    ],
)
def test_a_slip_of_the_pen_is_told_and_never_decides(name: str, near: str, today: date) -> None:
    found = recognise(CATALOGUE, name, None, None, None, today, near=True)
    assert (found.product, found.status) == (None, "unknown")
    assert found.near[0] == near


@pytest.mark.parametrize(
    "name",
    [
        "Firefux 3000", "Windws Server 2013", "Windows Sever 2012 R3", "SQL Servr 2013", "Microsft Office 2017", "Debian 99 bulseye",
        "Acme Casework", "Civica Pay Client", "Capita One", "Acme Ledger Revenues", "Chrome Remote Desktop Host",
        "Windows Admin Center", "Java Runtime Helper", "", "2012", "x" * 300,
    ],
)  # fmt: skip
def test_numbers_that_differ_and_words_that_are_strange_bar_a_suggestion(name: str, today: date) -> None:
    assert recognise(CATALOGUE, name, None, None, None, today, near=True).near == ()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(labelled()), st.integers(0, 60), st.integers(10_000, 99_999))
def test_a_suggestion_has_the_numbers_of_the_name(row: dict[str, str], at: int, number: int) -> None:
    """A number put anywhere into a name, of five digits as no line has one, leaves nothing to suggest."""
    name = f"{row['name'][:at]} {number} {row['name'][at:]} x"
    assert recognise(CATALOGUE, name, None, None, row["kind"] or None, date(2026, 11, 22), near=True).near == ()


def test_suggestions_for_a_thousand_names_are_quick(today: date) -> None:
    names = [f"{row['name'][1:]} {chr(97 + i % 26) * 3}" for i, row in enumerate(labelled())][:1000]
    started = time.process_time()
    for name in names:
        recognise(CATALOGUE, name, None, None, None, today, near=True)
    print(f"{len(names)} names with suggestions in {time.process_time() - started:.2f} s")
    assert len(names) == 1000
    assert time.process_time() - started < 3  # 0.4 s on an idle machine


@pytest.mark.parametrize(
    ("version", "day", "status"),
    [
        ("8.5", date(2026, 11, 22), "ended"),
        ("8.5", date(2026, 10, 1), "unknown"),  # Server 2012 R2 had its extension, Windows 8.1 none
        ("8.5", date(2022, 12, 1), "supported"),
        ("7.5", date(2026, 11, 22), "ended"),
        ("10.0", date(2026, 11, 22), "unknown"),
        ("10.0", date(2040, 1, 1), "unknown"),  # who knows what the Windows of that day will be
        (None, date(2026, 11, 22), "unknown"),
    ],
)
def test_iis_is_as_supported_as_every_windows_that_its_number_is_on(
    version: str | None, day: date, status: str
) -> None:
    found = say("Microsoft IIS httpd", version, "service_banner", day)
    assert (found.product, found.status) == ("iis", status)


@pytest.mark.parametrize("version", ["11.0.9600.19597", "9.11.17763.0", None])
def test_internet_explorer_11_is_never_called_ended_while_a_windows_keeps_it(version: str | None) -> None:
    for day in (date(2022, 6, 15), date(2026, 11, 22), date(2031, 10, 14)):
        assert say("Internet Explorer 11", version, "arp", day).status == "unknown"
    assert say("Internet Explorer 11", version, "arp", date(2022, 6, 14)).status == "supported"
    assert say("Internet Explorer 11", version, "arp", date(2031, 10, 15)).status == "ended"


def test_the_answer_leads_back_to_the_catalogue(today: date) -> None:
    found = say("Windows Server 2012 R2", "6.3.9600", "os_caption")
    assert found.place is not None
    assert found.place.file == "secscan/knowledge/catalogue/windows.yaml"
    lines = (Path(__file__).parents[2] / found.place.file).read_text(encoding="utf-8").splitlines()
    assert lines[found.place.line - 1].strip().startswith("2012-r2:")
    assert found.by is not None
    assert found.by.startswith("pattern '")
    assert "windows.yaml:" in found.by


def test_a_product_without_a_version_whose_lines_end_every_month_is_unknown_not_ended(catalogue: Catalogue) -> None:
    """The newest line that the catalogue knows ended a while ago; the installed one may be newer than the data."""
    for version in (None, "", "not a version", "9" * 5000):
        found = recognise(catalogue, "Google Chrome", version, None, "arp", date(2026, 11, 22))
        assert (found.product, found.status) == ("chrome", "unknown"), version
    assert recognise(catalogue, "Google Chrome", "120.0", None, "arp", date(2026, 11, 22)).status == "ended"
    assert recognise(catalogue, "Adobe Flash Player", None, None, "arp", date(2026, 11, 22)).status == "ended"
