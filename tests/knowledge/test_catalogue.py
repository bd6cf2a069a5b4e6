from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from secscan.knowledge import Catalogue, load_catalogue, recognise
from secscan.knowledge.catalogue import Pattern
from secscan.knowledge.entries import ProductEntry
from secscan.knowledge.readers import READERS
from secscan.knowledge.versions import SCHEMES
from secscan.model.errors import PolicyError
from secscan.model.places import Place

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "feeds" / "endoflife" / "products-full.json.gz"

WITHOUT_CYCLES = {
    "7-zip", "aos-cx", "apex-one", "arcgis-desktop", "arcgis-enterprise", "arcgis-pro", "arubaos-switch", "autocad",
    "cisco-asa", "cisco-ftd", "cisco-secure-client", "crystal-reports", "eset-endpoint", "filezilla", "forticlient",
    "git", "hpe-comware", "isc-bind", "ivanti-epmm", "ivanti-policy-secure", "junos", "keepass", "onedrive", "openssh",
    "papercut-mf", "papercut-ng", "putty", "qnap-qts", "sonicos", "sophos-endpoint", "sql-server-management-studio",
    "teamviewer", "thunderbird", "unifi-network", "veeam-agent", "vlc", "watchguard-fireware", "winrar", "winscp",
    "zoom",
}  # fmt: skip
"""Products that are recognised by name alone: nobody says in public when their support ends."""
LOCAL_GOVERNMENT = {
    name for name, product in load_catalogue().products.items() if product.place.file.endswith("/local-government.yaml")
}
"""Line-of-business suites, which each council completes."""
PUBLIC_DATA = "endoflife.date, data of 2026-08-22"


def all_patterns(catalogue: Catalogue) -> list[Pattern]:
    found = [p for h in catalogue.helpers.values() for p in h.patterns]
    for product in catalogue.products.values():
        found += [*product.patterns, *product.packages, *product.excluded]
    return found


def test_the_shipped_files_load_fast(catalogue: Catalogue) -> None:
    best = min(timed() for _ in range(3))
    print(
        f"catalogue: {len(catalogue.products)} products, {sum(len(p.cycles) for p in catalogue.products.values())} lines, {best:.3f} s"
    )
    assert len(catalogue.products) >= 240
    assert best < 1.0  # 0.3 s on an idle machine; the rest is for a busy one


def timed() -> float:
    start = time.perf_counter()
    load_catalogue()
    return time.perf_counter() - start


def test_every_line_has_a_source_a_day_and_a_place(catalogue: Catalogue) -> None:
    for product in catalogue.products.values():
        assert product.source.startswith("https://")
        assert product.evidence, product.id
        assert product.checked_on == date(2026, 11, 22)
        # Without a line there is nothing that the data could say, so the entry says what was looked for instead.
        assert bool(product.cycles) != (product.id in WITHOUT_CYCLES | LOCAL_GOVERNMENT), product.id
        assert product.cycles or product.evidence != PUBLIC_DATA, product.id
        for cycle in product.cycles.values():
            assert cycle.source.startswith("https://")
            assert cycle.checked_on <= date(2026, 11, 22)
            assert cycle.place.line > product.place.line
            assert cycle.place.file.startswith("secscan/knowledge/catalogue/")


def test_dates_are_plausible(catalogue: Catalogue) -> None:
    for product in catalogue.products.values():
        for cycle in product.cycles.values():
            for day in filter(None, (cycle.eol_on, cycle.extended_on)):
                assert date(1996, 1, 1) < day < date(2045, 1, 1), (product.id, cycle.id, day)
            if cycle.extended_on and cycle.eol_on:
                assert cycle.extended_on > cycle.eol_on, (product.id, cycle.id)


PUMPS = (
    "a",
    "1",
    "1.",
    " ",
    "windows ",
    "microsoft ",
    "(",
    "sql server ",
    "update ",
    " for",
    "version 1",
    ".*",
    "-",
    ", ",
)


def test_no_pattern_backs_off_out_of_hand(catalogue: Catalogue) -> None:
    """None costs more on a hostile name than the dearest plain pattern that is taken at all: three unlimited repeats."""
    dearest = spent(Pattern(text=".*a.*1.*b", place=Place("x")), pumped(""))
    worst = (0.0, "")
    for pattern in all_patterns(catalogue):
        took = spent(pattern, pumped(pattern.text.split("(")[0].split(".")[0][:30]))
        worst = max(worst, (took / dearest, pattern.text))
    print(f"the dearest pattern costs {worst[0]:.2f} of what is taken: {worst[1][:80]}")
    assert worst[0] < 2


def pumped(head: str) -> list[str]:
    return [(head + pump * 250)[:250] + "!" for pump in PUMPS]


def spent(pattern: Pattern, names: Sequence[str]) -> float:
    """The best of two, so that what else the machine does counts little."""
    took = []
    for _ in range(2):
        start = time.perf_counter()
        for name in names:
            pattern.regex.fullmatch(name)
        took.append(time.perf_counter() - start)
    return min(took)


def test_a_name_longer_than_any_costs_no_more_than_a_long_one(catalogue: Catalogue, today: date) -> None:
    def cost(name: str) -> float:
        start = time.perf_counter()
        for _ in range(20):
            assert recognise(catalogue, name, "1", "x", None, today, near=True).product is None
        return time.perf_counter() - start

    cost("windows server " * 16)
    assert min(cost("windows server " * 100_000) for _ in range(3)) < 20 * min(
        cost("windows server " * 16) for _ in range(3)
    )


def test_every_alias_of_a_product_leads_to_it(catalogue: Catalogue, today: date) -> None:
    for product in catalogue.products.values():
        kind = "os_caption" if product.category == "os" else "network" if product.category == "network" else None
        for alias in product.aliases:
            found = recognise(catalogue, alias, None, None, kind, today)
            assert found.product == product.id, (alias, found)
            assert f"{found.rule_place}" in (found.by or "")


def test_every_line_of_a_product_can_be_reached(catalogue: Catalogue) -> None:
    for product in catalogue.products.values():
        named = {p.cycle for p in (*product.patterns, *product.packages)}
        for cycle in product.cycles.values():
            assert cycle.names or cycle.versions or cycle.at_least or cycle.below or cycle.id in named


@pytest.mark.shared
def test_dates_agree_with_the_public_lifecycle_data(catalogue: Catalogue) -> None:
    if not SHARED.is_file():
        pytest.skip(f"the public lifecycle data is not beside the checkout ({SHARED.name}): dates not compared")
    public = {p["name"]: p for p in json.loads(gzip.decompress(SHARED.read_bytes()))["result"]}
    compared, contradictions = 0, []
    for product in catalogue.products.values():
        for release in public.get(product.id, {"releases": []})["releases"]:
            cycle = product.cycles.get(release["name"])
            if cycle is None:
                continue
            if release["eolFrom"]:
                compared += 1
                if str(cycle.eol_on) != release["eolFrom"]:
                    contradictions.append(
                        f"{cycle.place}: {product.id} {cycle.id} {cycle.eol_on}, public {release['eolFrom']}"
                    )
            elif cycle.eol_on is not None:
                contradictions.append(f"{cycle.place}: {product.id} {cycle.id} {cycle.eol_on}, public data has no day")
            extended = release["eolFrom"] and release.get("eoesFrom")  # what has no end has no extension
            if extended and extended > release["eolFrom"] and str(cycle.extended_on) != extended:
                contradictions.append(
                    f"{cycle.place}: {product.id} {cycle.id} extended {cycle.extended_on}, public {extended}"
                )
    print(f"{compared} days compared with the public lifecycle data")
    print("\n".join(contradictions))
    assert compared > 2000
    assert not contradictions


def test_files_may_name_every_scheme_and_reader_there_is() -> None:
    fields = ProductEntry.model_fields
    assert set(get_args(fields["scheme"].annotation)) == {*SCHEMES, "none"}
    assert set(get_args(fields["reads"].annotation)) == set(READERS)


OWN = """
defaults: {vendor: Acme, checked_on: 2026-11-22, evidence: letter of the vendor}
products:
  acme-liftctl:
    label: Acme LiftCtl
    category: application
    source: https://acme.example/lifecycle
    aliases: [Acme LiftCtl]
    words: [liftctl]
    patterns: ['acme liftctl (?P<line>2019|2022)']
    extension: {name: Gold Support}
    cycles:
      2022: 2028-03-31
      2019: {eol: 2025-03-31, extended: 2027-03-31}
"""


def own(tmp_path: Path, text: str) -> list[tuple[Path, str]]:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return [(path, "policies/own.yaml")]


def test_every_suite_of_local_government_waits_for_the_council(catalogue: Catalogue, today: date) -> None:
    assert len(LOCAL_GOVERNMENT) >= 35
    for name in LOCAL_GOVERNMENT:
        product = catalogue.products[name]
        assert not product.cycles and "the council completes" in product.evidence and product.publishers, name
        assert recognise(catalogue, next(iter(product.aliases)), "99.1", None, "arp", today).status == "unknown"


def test_a_council_completes_a_suite(tmp_path: Path, today: date) -> None:
    text = """
defaults: {vendor: Idox, checked_on: 2026-10-01, evidence: our contract register}
products:
  our-uniform:
    label: Idox Uniform
    category: application
    replaces: idox-uniform
    source: https://www.idoxgroup.com/
    aliases: [Idox Uniform]
    cycles: {10: 2027-03-31}
"""
    catalogue = load_catalogue(own(tmp_path, text))
    found = recognise(catalogue, "Idox Uniform", "10.4.2", "Idox Software Ltd", "arp", today)
    assert (found.product, found.status, found.eol_on) == ("our-uniform", "supported", date(2027, 3, 31))
    assert "stands in for the shipped 'idox-uniform'" in catalogue.replaced[0]


def test_a_council_adds_products_of_its_own(tmp_path: Path, today: date) -> None:
    catalogue = load_catalogue(own(tmp_path, OWN))
    found = recognise(catalogue, "Acme LiftCtl 2019", None, None, "arp", today)
    assert (found.product, found.cycle, found.status) == ("acme-liftctl", "2019", "ended-extension-available")
    assert str(found.place) == "policies/own.yaml:14:7"
    assert ("policies/own.yaml") in dict(catalogue.files)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("acme-liftctl:", "chrome:"), "policies/own.yaml:4:3: 'chrome' is already in the catalogue"),
        (("[Acme LiftCtl]", "[Google Chrome]"), "policies/own.yaml:8:15: the alias 'google chrome' already belongs to 'chrome'"),
        (("2028-03-31", "2028-03-32"), "policies/own.yaml:13:13: '2028-03-32' is not a day of the calendar"),
        (("2028-03-31", "soon"), "it must be one of open-ended, ended-undated, unknown"),
        (("2019: {eol", "2022: {eol"), "'2022' is set twice"),
        (("extended: 2027", "extendet: 2027"), "policies/own.yaml:14:31: unknown key 'extendet'"),
        (("(?P<line>2019|2022)", "(a+)+"), "repeats a group that repeats without limit"),
        (("https://acme", "ftp://acme"), "is not an https address"),
        (("checked_on: 2026-11-22, ", ""), "has no 'checked_on'"),
        (("    words: [liftctl]\n", ""), "'patterns' need 'words'"),
        (("    extension: {name: Gold Support}\n", ""), "need"),
        (("[Acme LiftCtl]", "[Асme LiftCtl]"), "is not plain ASCII"),
        (("category: application", "category: app"), "it must be one of os, network, server"),
        (("label: Acme LiftCtl", "label: *a"), "anchors and aliases are not used"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    assert change[0] in OWN
    with pytest.raises(PolicyError) as refused:
        load_catalogue(own(tmp_path, OWN.replace(*change)))
    assert says in str(refused.value)
    assert "policies/own.yaml:" in str(refused.value)


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_catalogue(own(tmp_path, OWN.replace("2028-03-31", "soon").replace("https://acme", "acme")))
    assert len(refused.value.problems) == 2
