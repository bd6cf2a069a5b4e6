"""Names that a council says are a product's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.knowledge import load_catalogue, propose, recognise, unknown_names
from secscan.knowledge.names import normalise
from secscan.model.errors import PolicyError, UsageError
from secscan.model.policy import Policy

DAY = date(2026, 11, 22)
SHIPPED = load_catalogue()
Held = Mapping[Any, int]
NOTHING: Held = {}


def spoken(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue([(path, "policies/own.yaml")])


def product(catalogue: Any, name: str, publisher: str | None = None, kind: str | None = None) -> str | None:
    found: str | None = recognise(catalogue, name, None, publisher, kind, DAY).product
    return found


def test_a_name_holds_exactly_for_its_publisher_and_kind_and_with_any_version_behind_it(tmp_path: Path) -> None:
    own = spoken(
        tmp_path,
        "names:\n  - {name: Client, product: putty, publisher: Acme, kind: arp}\n  - {name: Odd Box 5, product: junos}\n",
    )
    assert product(own, "Client", "ACME Ltd", "arp") == "putty"
    assert product(own, "CLIENT (x64) 4.2", "Acme", "arp") == "putty"
    for other in (
        ("Client", None, "arp"),
        ("Client", "Other", "arp"),
        ("Client", "Acme", None),
        ("Client 5 Pro", "Acme", "arp"),
    ):
        assert product(own, *other) is None
    assert (product(own, "Odd Box 5"), product(own, "Odd Box 6"), product(own, "Odd Box 5", kind="dpkg")) == (
        "junos",
        None,
        None,
    )


def test_a_name_says_its_line_and_leads_to_its_own_line_of_the_file(tmp_path: Path) -> None:
    own = spoken(tmp_path, 'names:\n  - name: Standard Desktop 2019\n    product: office\n    cycle: "2019"\n')
    found = recognise(own, "Standard Desktop 2019", None, None, None, DAY)
    assert (found.cycle, found.status, str(found.rule_place)) == ("2019", "ended", "policies/own.yaml:2:5")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{name: A B, product: pity}", "policies/own.yaml:2:6: the name 'A B' is of 'pity', which is no product of the catalogue; did you mean 'putty'?"),
        ("{name: Gооgle, product: chrome}", "can match nothing: it is not plain ASCII text"),
        ('{name: A B, product: office, cycle: "2018"}', "'2018' is no release line of 'office'"),
        ("{name: A B, produkt: office}", "unknown key 'produkt'; did you mean 'product'?"),
        ("{name: A B, product: office, kind: app}", "is 'app'"),
        ("{name: A B, product: office}\n  - {name: a  b, product: visio}", "the name 'a  b' is there already (policies/own.yaml:2:6)"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(tmp_path: Path, entry: str, says: str) -> None:
    with pytest.raises(PolicyError) as refused:
        spoken(tmp_path, f"names:\n  - {entry}\n")
    assert says in str(refused.value)


def test_a_name_that_the_shipped_catalogue_takes_for_something_else_is_told_in_every_run(tmp_path: Path) -> None:
    own = spoken(
        tmp_path,
        "names:\n  - {name: Google Chrome, product: firefox}\n  - {name: Java Auto Updater, product: oracle-jdk}\n",
    )
    assert product(own, "Google Chrome") == "firefox"
    told = unknown_names(own, Policy(name="baseline", version="1", controls=()))
    assert told[0].startswith(
        "policies/own.yaml:2:6: 'Google Chrome' is taken for 'firefox'; without this line it is chrome, by alias"
    )
    assert "without this line it is part of Java" in told[1]


def ask(name: str | None, product: str = "putty", held: Held = NOTHING, **more: Any) -> Any:
    publisher, kind = more.pop("publisher", None), more.pop("kind", None)
    return propose(SHIPPED, (name, None, publisher, kind), product, more.pop("cycle", None), held, DAY, **more)


def test_what_it_reaches_is_told_with_its_rows_the_most_first() -> None:
    held = {
        ("Acme Shell", "1", "Acme", "arp"): 3, ("ACME Shell (x64) 2.0", None, None, None): 5, ("Acme Shell Pro", None, None, None): 9,
        ("Acme Shell", "1", None, "dpkg"): 7,
    }  # fmt: skip
    found = ask("Acme Shell", held=held)
    assert [(r.name, r.rows) for r in found.reaches] == [("ACME Shell (x64) 2.0", 5), ("Acme Shell", 3)]
    assert found.newly == 8
    assert [r.rows for r in ask("Acme Shell", held=held, kind="arp", publisher="acme").reaches] == [3]


def test_with_any_version_what_ends_in_another_number_is_reached_too() -> None:
    held = {("Acme Shell 4", None, None, None): 1, ("Acme Shell 5", None, None, None): 2}
    assert ask("Acme Shell 4", held=held).newly == 1
    found = ask("Acme Shell 4", held=held, any_version=True)
    assert (found.entry["name"], found.newly) == ("acme shell", 3)


def test_a_name_that_would_take_what_is_something_else_is_refused() -> None:
    """The bare words are nobody's; as an operating system they are somebody's, and the inventory has them so."""
    held = {("Red Hat", None, None, "os_caption"): 4, ("Red Hat", None, None, None): 1}
    with pytest.raises(
        UsageError, match="this would take 'Red Hat' of the inventory too, which is taken for rhel by pattern"
    ):
        ask("Red Hat", held=held)
    assert ask("Red Hat", held=held, kind="arp").newly == 0


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_name_is_either_refused_or_matches_itself(name: str) -> None:
    try:
        found = ask(name)
    except UsageError:
        return
    assert normalise(name).plain
    assert found.after.product == "putty"
    assert normalise(found.entry["name"]).clean == normalise(name).clean


def test_what_a_feed_has_added_to_a_product_counts_for_a_name_of_the_council_too(tmp_path: Path) -> None:
    own = spoken(tmp_path, "names:\n  - {name: Odd Shell, product: putty}\n")
    newer = replace(own.products["putty"], label="PuTTY as a feed has it")
    wider = replace(own, products={**own.products, "putty": newer})
    assert recognise(wider, "Odd Shell", None, None, None, DAY).label == "PuTTY as a feed has it"
