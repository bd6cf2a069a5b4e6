"""What a lifecycle document adds to the catalogue, and that it takes nothing from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from secscan.knowledge import Catalogue, feeds, load_catalogue, recognise, widen
from secscan.knowledge.catalogue import Cycle
from secscan.knowledge.feeds import FEEDS
from secscan.knowledge.feeds.feed import Document, Sample, Source
from secscan.knowledge.widen import in_words, release
from secscan.model.policy import FeedLimits
from tests.knowledge.lifecycle import OLDER, PRODUCTS, product, raw, single, whole
from tests.knowledge.lifecycle import release as line
from tests.knowledge.test_feeds import SHARED, taken
from tests.knowledge.test_recognise import labelled

FEED = FEEDS["endoflife"]
DAY = date(2026, 11, 24)
NOW_THEMSELVES = {
    ("GitLab Runner", "gitlab-runner"), ("Apache Maven", "apache-maven"), ("@angular/core", "angular"), ("Apache Cassandra", "apache-cassandra"),
    ("Apache Kafka", "apache-kafka"), ("Apache Subversion 1.14", "apache-subversion"), ("Linux Mint 20.3", "linuxmint"),
    ("org.springframework.security:spring-security-core", "spring-security"),
}  # fmt: skip
"""Near misses of the shipped catalogue that the public document has as products of their own, under these very names."""


def read(data: bytes) -> Any:
    document: Document = FEED.read(Sample(raw=data, shown="x"))
    return FEED.facts([Source(document=document, file="knowledge/feeds/endoflife/x.json")])


def wider(catalogue: Catalogue, *products: dict[str, Any], at: str | None = None, trusted: bool = True) -> Catalogue:
    return widen(catalogue, FEED.id, read(raw(whole(*products, **({"at": at} if at else {})))), trusted=trusted)


@pytest.fixture(scope="module")
def wide(catalogue: Catalogue) -> Catalogue:
    return wider(catalogue)


@pytest.fixture(scope="module")
def public() -> Any:
    file = SHARED / "products-full.json.gz"
    if not file.is_file():
        pytest.skip(f"the public lifecycle data is not beside the checkout ({file.name}): nothing compared")
    import gzip

    return read(gzip.decompress(file.read_bytes()))


@pytest.mark.parametrize(
    ("name", "version", "publisher", "kind", "product", "status"),
    [
        ("Acme LiftCtl", "3.1", None, "arp", "acme-liftctl", "supported"),
        ("acme liftctl 2.4", None, None, "arp", "acme-liftctl", "ended-extension-available"),
        ("Acme LiftCtl (64-bit)", "1.9", "Acme", "arp", "acme-liftctl", "ended"),
        ("acme_liftctl", "3", None, None, "acme-liftctl", "supported"),
        ("Acme Lift Control", "3.0", None, None, "acme-liftctl", "supported"),
        ("Acme LiftCtl", "4.0", None, "arp", "acme-liftctl", "unknown"),
        ("Acme LiftCtl Viewer", "3.1", None, "arp", None, "unknown"),
        ("Acme LiftCtl", "3.1", None, "sbom", None, "unknown"),
        ("Acme LiftCtl", "3.1", None, "os_caption", None, "unknown"),
        ("Quill", "5.0", "Quill Software GmbH", "arp", "quill", "supported"),
        ("Quill", "5.0", None, "arp", None, "unknown"),
        ("Quill", "5.0", "Somebody Else Ltd", "arp", None, "unknown"),
        ("AcmeBase 9.1.4", None, None, "arp", "acmebase", "unknown"),
        ("AcmeBase", "9.1.4", None, "service_banner", "acmebase", "unknown"),
        ("org.acme:frame-core", "4.2", None, "sbom", "acme-frame", "supported"),
        ("Acme Frame", "4.2", None, "arp", None, "unknown"),
        ("frame-core", "4.2", None, "sbom", None, "unknown"),
        ("Acme Phone", "7", None, None, None, "unknown"),
        ("AcmeBase", "9.1-1", None, "dpkg", None, "not-applicable"),
    ],
)  # fmt: skip
def test_a_product_of_the_document_is_known_by_its_whole_name_alone(
    wide: Catalogue,
    name: str,
    version: str | None,
    publisher: str | None,
    kind: str | None,
    product: str | None,
    status: str,
) -> None:
    found = recognise(wide, name, version, publisher, kind, DAY)
    assert (found.product, found.status) == (product, status)


def test_two_lines_of_one_number_count_only_where_they_agree(wide: Catalogue) -> None:
    found = recognise(wide, "AcmeBase", "9.1.4", None, None, DAY)
    assert set(found.candidates) == {"9.1", "9.1-ce"}
    assert recognise(wide, "AcmeBase", "9.1.4", None, None, DAY + timedelta(days=1)).status == "ended"


def test_an_answer_from_the_document_says_so(wide: Catalogue) -> None:
    found = recognise(wide, "Acme LiftCtl", "3.1", None, None, DAY)
    assert (
        str(found.place).startswith("knowledge/feeds/endoflife/x.json:")
        and found.by == f"name 'acme liftctl' ({found.rule_place})"
    )
    assert (found.source, found.checked_on) == ("https://lifecycle.example/acme-liftctl", date(2026, 11, 23))
    assert (found.extension, recognise(wide, "Acme LiftCtl", "2", None, None, DAY).extension) == (None, "Gold Support")


def claims(catalogue: Catalogue, row: dict[str, str]) -> Any:
    return recognise(
        catalogue,
        row["name"],
        row["version"] or None,
        row["publisher"] or None,
        row["kind"] or None,
        date(2026, 11, 22),
    )


def agree(catalogue: Catalogue, other: Catalogue) -> list[str]:
    """Where the two take a labelled name for different things, or hold different words to be true of it."""
    return [
        f"{row['name']} {row['version']}: {two.product} {two.status}, not {one.product} {one.status}"
        for row in labelled()
        for one, two in [(claims(catalogue, row), claims(other, row))]
        if (one.product, one.status) != (two.product, two.status) and (row["name"], two.product) not in NOW_THEMSELVES
    ]


def test_the_labelled_names_are_the_same_with_the_document(catalogue: Catalogue, wide: Catalogue) -> None:
    assert agree(catalogue, wide) == []


@pytest.mark.shared
def test_the_labelled_names_are_as_right_with_the_public_document(catalogue: Catalogue, public: Any) -> None:
    wide = widen(catalogue, FEED.id, public, trusted=True)
    added = sum(p.feed is not None for p in wide.products.values())
    lines = sum(len(p.cycles) for p in wide.products.values()) - sum(len(p.cycles) for p in catalogue.products.values())
    rows = [(row, claims(wide, row)) for row in labelled()]
    wrong = [row["name"] for row, one in rows if (one.product or "") != row["product"]]
    words = [row["name"] for row, one in rows if one.status != row["status"]]
    false = {(row["name"], one.product) for row, one in rows if one.product and not row["product"]} - NOW_THEMSELVES
    print(f"{added} products and {lines} lines more, {len(wide.told)} names; {len(wide.disputes)} disputes")
    print(f"{len(rows)} names: {len(wrong)} other products, {len(words)} other words, {len(false)} false matches")
    assert added > 150 and not false
    assert max(len(wrong), len(words)) <= 0.03 * len(rows)
    assert agree(catalogue, wide) == []


@pytest.mark.shared
def test_no_name_of_the_public_document_takes_what_a_rule_of_ours_claims(catalogue: Catalogue, public: Any) -> None:
    wide = widen(catalogue, FEED.id, public, trusted=True)
    for name, told in wide.told.items():
        for kind in (*told.kinds, "arp", "os_caption", "sbom", "network", "service_banner"):
            for text in (name, f"{name} 3.2.1", f"{name} agent"):
                ours = recognise(catalogue, text, "3.2.1", told.publisher, kind, DAY)
                if ours.product or ours.status == "not-applicable":
                    theirs = recognise(wide, text, "3.2.1", told.publisher, kind, DAY)
                    assert (theirs.product, theirs.status) == (ours.product, ours.status), text
                elif text.endswith("agent"):
                    assert recognise(wide, text, None, None, kind, DAY).product is None, text


@pytest.mark.shared
def test_what_ended_since_the_public_document_was_made_has_ended(public: Any) -> None:
    """149 release lines passed their end between its day and 22 November 2026: words are worked out, no flag is read."""
    made, until = date(2026, 8, 22), date(2026, 11, 22)
    lines = [release(FEED.id, said, one) for said in public["products"] for one in said["lines"]]
    passed = [one for one in lines if one.eol_on is not None and made <= one.eol_on < until]
    assert len(passed) == 149
    assert {one.word(made) for one in passed} == {"supported"}
    assert {one.word(DAY) for one in passed} <= {"ended", "ended-extension-available"}


def py(catalogue: Catalogue, cycle: str) -> Cycle:
    return catalogue.products["python"].cycles[cycle]


def test_the_newer_statement_of_a_line_is_used_and_the_other_is_kept(catalogue: Catalogue, wide: Catalogue) -> None:
    ours = py(catalogue, "3.13")
    assert (py(wide, "3.13").eol_on, py(wide, "3.13").feed) == (date(2029, 1, 31), FEED.id)
    (dispute,) = wide.disputes
    assert (dispute.product, dispute.cycle, dispute.used) == ("python", "3.13", "feed")
    assert (dispute.catalogue, dispute.feed) == (in_words(ours), "ends 2029-01-31")
    assert dispute.places[0] == ours.place and dispute.places[1].file.startswith("knowledge/feeds/")
    older = wider(catalogue, at=OLDER)
    assert py(older, "3.13") == ours
    assert [d.used for d in older.disputes] == ["catalogue"]
    same_day = wider(catalogue, at=f"{ours.checked_on}T23:00:00Z")
    assert py(same_day, "3.13") == ours


def test_a_single_documents_edit_decides_how_new_it_is(catalogue: Catalogue) -> None:
    old = read(raw(single(PRODUCTS[5], edited="2026-01-01T00:00:00Z")))
    assert py(widen(catalogue, FEED.id, old, trusted=True), "3.13") == py(catalogue, "3.13")


def test_a_line_that_ours_lacks_is_added(catalogue: Catalogue, wide: Catalogue) -> None:
    assert "3.99" not in catalogue.products["python"].cycles
    found = recognise(wide, "Python 3.99.1 (64-bit)", None, None, "arp", DAY)
    assert (found.product, found.cycle, found.eol_on) == ("python", "3.99", date(2040, 10, 31))
    assert recognise(catalogue, "Python 3.99.1 (64-bit)", None, None, "arp", DAY).status == "unknown"


def test_a_line_beside_finer_ones_of_ours_is_not_added(catalogue: Catalogue) -> None:
    """FreeBSD's minor releases end by themselves: that 14 goes on says nothing of 14.0."""
    free = wider(catalogue, product("freebsd", "FreeBSD", "os", line("14", "2040-01-01"), line("99", "2040-01-01")))
    assert "14" not in free.products["freebsd"].cycles and "99" in free.products["freebsd"].cycles
    assert recognise(free, "FreeBSD 14.99", None, None, "os_caption", DAY).status == "unknown"


def test_what_the_council_wrote_stands_over_a_newer_document(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "defaults: {vendor: Acme, checked_on: 2020-01-01, evidence: letter}\nproducts:\n  acme-liftctl:\n    label: LiftCtl\n"
        "    category: application\n    source: https://acme.example/a\n    aliases: [Acme LiftCtl]\n    cycles: {3: 2027-07-31}\n"
    )
    catalogue = wider(load_catalogue([(own, "policies/own.yaml")]))
    found = recognise(catalogue, "Acme LiftCtl", "3.1", None, None, DAY)
    assert (found.eol_on, str(found.place)) == (date(2027, 7, 31), "policies/own.yaml:8:14")
    assert ("acme-liftctl", "catalogue") in {(d.product, d.used) for d in catalogue.disputes}


def test_past_its_limit_a_document_says_nothing_of_support_and_turns_nothing_green(catalogue: Catalogue) -> None:
    shorter = product("python", "Python", "lang", line("3.13", "2026-01-31"))
    old = wider(catalogue, *PRODUCTS[:5], shorter, trusted=False)
    assert recognise(old, "Acme LiftCtl", "3.1", None, None, DAY).product == "acme-liftctl"
    assert recognise(old, "Acme LiftCtl", "3.1", None, None, DAY).status == "unknown"
    assert recognise(old, "Acme LiftCtl", "1.0", None, None, DAY).status == "unknown"
    assert (
        recognise(old, "Python 3.13.1", None, None, "arp", DAY).status == "unknown"
    )  # not ours of before: it knew less
    assert recognise(old, "Python 3.12.1", None, None, "arp", DAY).status == "supported"


def test_a_feeds_state_decides_whether_it_is_trusted(tmp_path: Path, catalogue: Catalogue) -> None:
    taken(tmp_path, raw(whole()))
    late = DAY + timedelta(days=400)
    limits = {FEED.id: FeedLimits()}

    def lift(**how: Any) -> str:
        wide = feeds.widened(catalogue, tmp_path, limits, late, **how)
        return recognise(wide, "Acme LiftCtl", "3.1", None, None, late).status

    assert (lift(), lift(allow_stale=True)) == ("unknown", "supported")
    assert feeds.widened(catalogue, tmp_path / "nothing", limits, late) is catalogue


def test_a_name_that_two_products_of_a_document_have_is_neithers(catalogue: Catalogue) -> None:
    twins = [product(f"twin-{n}", "Acme Twin", "app", line("1", None)) for n in "ab"]
    assert recognise(wider(catalogue, *twins), "Acme Twin", "1", None, None, DAY).product is None


@pytest.mark.parametrize(
    ("label", "name", "publisher"),
    [("Google Chrome Helper 7-Zip", "Google Chrome", None), ("Microsoft Visual C++ Redistributable", "Microsoft Visual C++ 2019 Redistributable", None),
     ("Chrome", "Chrome", "Chrome Ltd"), ("GitLab", "GitLab", "GitLab")],
)  # fmt: skip
def test_a_document_cannot_take_a_name_over(catalogue: Catalogue, label: str, name: str, publisher: str | None) -> None:
    thief = wider(
        catalogue, product("thief", label, "app", line("1", "2040-01-01"), aliases=[name.lower().replace(" ", "-")])
    )
    for kind in (None, "arp", "service_banner"):
        one, two = (recognise(c, name, "1.2", publisher, kind, DAY) for c in (catalogue, thief))
        assert (one.product, one.status) == (two.product, two.status)
        assert two.product != "thief"


def test_the_order_of_a_document_changes_nothing(catalogue: Catalogue, wide: Catalogue) -> None:
    turned = wider(catalogue, *reversed(PRODUCTS))
    assert {n: replace(t, product=t.product).product.id for n, t in turned.told.items()} == {
        n: t.product.id for n, t in wide.told.items()
    }


@pytest.mark.shared
def test_widening_costs_little(tmp_path: Path, catalogue: Catalogue, public: Any) -> None:
    def timed(what: Callable[[], Any]) -> float:
        start = time.perf_counter()
        what()
        return time.perf_counter() - start

    taken(tmp_path, (SHARED / "products-full.json.gz").read_bytes())
    limits = {FEED.id: FeedLimits()}
    best = min(timed(lambda: feeds.widened(catalogue, tmp_path, limits, DAY)) for _ in range(3))
    plain = min(timed(load_catalogue) for _ in range(2))
    print(
        f"widening by the public document: {best:.3f} s, {best / plain:.2f} of what the shipped catalogue takes to load"
    )
    assert best < plain
