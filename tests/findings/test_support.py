"""Ends of support over release lines and councils, and what nobody knows the end of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.findings.support import support_ends, support_known
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.horizon import PAST_DAYS, months_after
from secscan.model.places import Files, Place

TODAY = date(2026, 10, 31)
SOON = date(2026, 12, 31)
COLUMNS = (
    "council", "asset", "service", "name", "recognised", "product", "release", "support", "eol_on", "extended_on",
    "entitled_until",
)  # fmt: skip


def install(asset: str = "S1", **given: Any) -> dict[str, Any]:
    made = {
        "council": "oak", "asset": asset, "service": None, "name": "PHP 8.2", "recognised": True, "product": "php",
        "release": "PHP 8.2", "support": "dated", "eol_on": SOON, "extended_on": None, "entitled_until": None,
    }  # fmt: skip
    return {**made, **given}


def unknown(asset: str = "S9", **given: Any) -> dict[str, Any]:
    return install(asset, **{"support": None, "eol_on": None, **given})


def unlisted(asset: str = "S8") -> dict[str, Any]:
    """The row of an asset without a software list."""
    return dict.fromkeys(COLUMNS) | {"council": "oak", "asset": asset}


def estate(*rows: dict[str, Any]) -> Estate:
    files = Files()
    columns = {name: Col([r[name] for r in rows]) for name in COLUMNS}
    dates = Col([files.code("catalogue/php.yaml", 7) if r["eol_on"] else None for r in rows])
    bought = Col([files.code("policies/entitlements.csv", 2) if r["entitled_until"] else None for r in rows])
    places = {"eol_on": dates, "extended_on": dates, "entitled_until": bought}
    return Estate(today=TODAY, files=files, frames={"installs": Frame("installs", len(rows), columns, places)})


def ends(*rows: dict[str, Any]) -> list[tuple[str, date, int, int]]:
    return [(e.what, e.on, e.assets, e.installs) for e in support_ends(estate(*rows))]


def test_one_row_a_council_line_day_and_kind_with_its_devices_and_services() -> None:
    (oak, elm) = support_ends(
        estate(
            install("S1", service="Rents"), install("S1", service="Rents", name="php-cli"), install("S2", service="Events"),
            install("S1", council="elm"),
        )
    )  # fmt: skip
    assert (elm.council, elm.assets, elm.installs, elm.services) == ("oak", 2, 3, ["Events", "Rents"])
    assert (oak.council, oak.assets, oak.installs, oak.services) == ("elm", 1, 1, [])
    assert (elm.product, elm.label, elm.what, elm.on) == ("php", "PHP 8.2", "support", SOON)
    assert elm.place == Place("catalogue/php.yaml", 7)


@pytest.mark.parametrize(
    ("on", "listed"),
    [
        (TODAY, True),
        (months_after(TODAY, 24), True),
        (months_after(TODAY, 24) + timedelta(days=1), False),
        (TODAY - timedelta(days=PAST_DAYS), True),
        (TODAY - timedelta(days=PAST_DAYS + 1), False),
    ],
)
def test_two_years_ahead_and_one_back_are_listed_and_no_day_more(on: date, listed: bool) -> None:
    assert bool(ends(install(eol_on=on))) is listed


def test_an_extension_on_offer_and_one_that_is_held_are_told_apart_and_none_twice() -> None:
    offer = date(2027, 10, 13)
    assert ends(install(extended_on=offer)) == [("support", SOON, 1, 1), ("extension", offer, 1, 1)]
    held = ends(install(extended_on=offer, entitled_until=offer))
    assert held == [("support", SOON, 1, 1), ("entitlement", offer, 1, 1)]
    shorter = date(2027, 3, 31)
    assert ends(install(extended_on=offer, entitled_until=shorter))[1:] == [
        ("entitlement", shorter, 1, 1),
        ("extension", offer, 1, 1),
    ]


def test_an_entitlement_leads_to_the_line_that_says_what_was_bought() -> None:
    found = support_ends(estate(install(eol_on=date(2020, 1, 14), entitled_until=SOON)))
    assert [(e.what, e.place) for e in found] == [("entitlement", Place("policies/entitlements.csv", 2))]


def test_nothing_ends_where_nothing_is_known_or_installed() -> None:
    assert ends(unknown(), unlisted(), install(support="open-ended", eol_on=None)) == []
    assert ends() == []


def known(*rows: dict[str, Any]) -> dict[str, int]:
    (found,) = support_known(estate(*rows), ["oak"])
    return {name: getattr(found, name) for name in found.__dataclass_fields__ if getattr(found, name) and name != "council"}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (install(), "ahead"),
        (install(eol_on=TODAY), "ahead"),
        (install(eol_on=TODAY - timedelta(days=1)), "ended"),
        (install(eol_on=date(2020, 1, 1), extended_on=SOON), "ended"),  # on offer is not bought
        (install(eol_on=date(2020, 1, 1), entitled_until=SOON), "ahead"),
        (install(eol_on=date(2040, 1, 1)), "later"),
        (install(support="ended-undated", eol_on=None), "ended"),
        (install(support="ended-undated", eol_on=None, entitled_until=SOON), "ahead"),
        (install(support="open-ended", eol_on=None), "open_ended"),
        (unknown(), "undated"),
        (unknown(recognised=False, product=None), "unrecognised"),
    ],
)
def test_what_is_known_of_an_installs_end(row: dict[str, Any], kind: str) -> None:
    assert known(row) == {"installs": 1, kind: 1}


def test_an_asset_without_a_list_is_no_install_and_a_council_without_assets_has_none() -> None:
    assert known(unlisted()) == {}
    (elm,) = support_known(estate(install()), ["elm"])
    assert elm.installs == 0


day = st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2032, 1, 1)))
any_install = st.builds(
    install, st.sampled_from(["S1", "S2", "S3"]), council=st.sampled_from(["oak", "elm"]), recognised=st.booleans(),
    product=st.sampled_from(["php", "java"]), release=st.sampled_from(["1", "2"]), eol_on=day, extended_on=day,
    entitled_until=day, support=st.sampled_from([None, "dated", "open-ended", "ended-undated"]),
    service=st.sampled_from([None, "Rents"]),
)  # fmt: skip


@given(rows=st.lists(any_install, max_size=12), order=st.randoms())
def test_parts_add_up_and_the_order_of_rows_changes_nothing(rows: list[dict[str, Any]], order: Any) -> None:
    mixed = list(rows)
    order.shuffle(mixed)
    assert support_ends(estate(*rows)) == support_ends(estate(*mixed))
    for one in support_known(estate(*rows), ["oak", "elm"]):
        parts = one.ended + one.ahead + one.later + one.open_ended + one.undated + one.unrecognised
        assert parts == one.installs == sum(r["council"] == one.council for r in rows)


@given(rows=st.lists(any_install, max_size=12))
def test_every_end_is_what_a_plain_loop_over_the_installs_finds(rows: list[dict[str, Any]]) -> None:
    wanted: dict[tuple[Any, ...], set[str]] = {}
    for r in rows:
        for what, column in (("support", "eol_on"), ("extension", "extended_on"), ("entitlement", "entitled_until")):
            on = r[column]
            within = on and TODAY - timedelta(days=PAST_DAYS) <= on <= months_after(TODAY, 24)
            if within and not (what == "extension" and on == r["entitled_until"]):
                wanted.setdefault((r["council"], r["product"], r["release"], what, on), set()).add(r["asset"])
    found = {(e.council, e.product, e.label, e.what, e.on): e.assets for e in support_ends(estate(*rows))}
    assert found == {key: len(assets) for key, assets in wanted.items()}


@pytest.mark.parametrize(
    ("months", "then"),
    [(1, date(2026, 11, 30)), (4, date(2027, 2, 28)), (24, date(2028, 10, 31)), (2, date(2026, 12, 31))],
)
def test_months_end_where_the_calendar_says(months: int, then: date) -> None:
    assert months_after(TODAY, months) == then
