"""One cell at a time: a value, not known, or refused; never a guess."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.sources import values
from secscan.sources.values import Bad

SEPARATORS = "/-."


@given(
    st.dates(date(1990, 1, 1), date(2100, 12, 31)),
    st.sampled_from(SEPARATORS),
    st.sampled_from(["", " 23:59", " 01:30:00"]),
)
def test_a_day_reads_as_its_declared_order_and_no_other(day: date, mark: str, time: str) -> None:
    day_first = f"{day.day:02}{mark}{day.month:02}{mark}{day.year}{time}"
    month_first = f"{day.month:02}{mark}{day.day:02}{mark}{day.year}{time}"
    assert values.day(day_first, "day-first") == day
    assert values.day(month_first, "month-first") == day
    assert isinstance(values.day(day_first, "iso"), Bad)
    for order in ("day-first", "month-first", "iso"):
        assert values.day(day.isoformat() + time, order) == day
    other = values.day(day_first, "month-first")
    assert isinstance(other, Bad) if day.day > 12 else other == date(day.year, day.day, day.month)


def test_every_day_from_1900_to_2100_in_six_forms_is_right_or_refused() -> None:
    forms = (
        "{d:02}/{m:02}/{y}",
        "{d}/{m}/{y}",
        "{d:02}.{m:02}.{y}",
        "{y}-{m:02}-{d:02}",
        "{y}{m:02}{d:02}",
        "{y}-{m:02}-{d:02}T00:00:00Z",
    )
    day = date(1900, 1, 1)
    while day.year < 2101:
        for form in forms:
            found = values.day(form.format(d=day.day, m=day.month, y=day.year), "day-first")
            assert (found == day) if 1990 <= day.year <= 2100 else isinstance(found, Bad)
        day += timedelta(days=17)


def test_for_every_ambiguous_pair_the_declared_order_decides() -> None:
    for d, m in itertools.product(range(1, 13), repeat=2):
        assert values.day(f"{d}/{m}/2026", "day-first") == date(2026, m, d)
        assert values.day(f"{m}/{d}/2026", "month-first") == date(2026, m, d)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("31/02/2026", "is not a date"), ("29/02/2026", "is not a date"), ("00/01/2026", "is not a date"),
        ("31/12/26", "is not a date"), ("31/12-2026", "is not a date"), ("2026-13-01", "is not a date"),
        ("soon", "is not a date"), ("45123", "serial number"), ("45123.5", "serial number"),
        ("9999-12-31", "outside 1990 to 2100"), ("01/01/1601", "outside"), ("1900-01-01", "outside"),
        ("0001-01-01", "outside"), ("133123123123123123", "is not a date"), ("31/12/2026 25 o'clock", "is not a date"),
        ("٣١/١٢/٢٠٢٦", "is not a date"),
    ],
)  # fmt: skip
def test_what_is_no_day_says_why(text: str, words: str) -> None:
    found = values.day(text, "day-first")
    assert isinstance(found, Bad)
    assert words in found.reason


def test_an_hour_that_the_clocks_skip_is_still_a_day() -> None:
    assert values.day("29/03/2026 01:30", "day-first") == date(2026, 3, 29)


def test_what_has_happened_cannot_lie_ahead() -> None:
    today = date(2026, 11, 22)
    assert values.past_day("23/11/2026", "day-first", today) == date(2026, 11, 23)
    assert isinstance(values.past_day("24/11/2026", "day-first", today), Bad)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", ("10.0.0.1",)), ("10.0.0.1; 10.0.0.2", ("10.0.0.1", "10.0.0.2")), ("10.0.0.1 10.0.0.1", ("10.0.0.1",)),
        ("2001:DB8:0:0::1", ("2001:db8::1",)), ("fe80::1%eth0", ("fe80::1",)), ("::ffff:10.0.0.9", ("10.0.0.9",)),
        ("0.0.0.0", None), ("10.0.0.1,n/a", ("10.0.0.1",)),
    ],
)  # fmt: skip
def test_addresses_are_canonical(text: str, expected: Any) -> None:
    assert values.addresses(text) == expected


@pytest.mark.parametrize(
    "text", ["10.4.300.7", "010.0.0.1", "10.0.0", "10.0.0.1/24", "host", "1234", "-oX /tmp/x", "１.1.1.1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert isinstance(values.address(text), Bad)


def test_of_several_addresses_the_good_ones_stay() -> None:
    assert values.addresses("10.0.0.1;10.4.300.7") == Bad("'10.4.300.7' is not an address", ("10.0.0.1",))


@pytest.mark.parametrize(
    ("text", "tenths"), [("7.5", 75), ("10", 100), ("10.0", 100), ("0", 0), ("0.10", 1), ("9.80", 98)]
)
def test_scores_are_tenths(text: str, tenths: int) -> None:
    assert values.tenths(text) == tenths


@pytest.mark.parametrize("text", ["10.1", "11", "-1", "7,5", "7.55", "high", "1e1", ""])
def test_what_is_no_score_is_refused(text: str) -> None:
    assert isinstance(values.tenths(text), Bad)


@pytest.mark.parametrize("text", ["70000", "-1", "1.0", "http", "٢٢", "1" * 5000])
def test_what_is_no_port_is_refused(text: str) -> None:
    assert isinstance(values.port(text), Bad)


def test_words_for_yes_no_and_not_known() -> None:
    assert [values.yes_no(w) for w in ("Yes", "TRUE", "y", "1", "on", "Enabled")] == [True] * 6
    assert [values.yes_no(w) for w in ("No", "false", "N", "0", "OFF", "disabled")] == [False] * 6
    assert isinstance(values.yes_no("maybe"), Bad)
    assert all(values.is_unknown(w) for w in ("", "N/A", "Unknown", "-", "NULL", "None"))
    assert not values.is_unknown("unknown thing")


def test_text_is_trimmed_and_composed() -> None:
    assert values.clean("  Cafe\u0301\u00a0") == "Café"
    assert values.clean("\ufeffx") == "x"
    assert isinstance(values.words("a\ufffdb"), Bad)
    assert isinstance(values.words("a\ud800b"), Bad)
    assert isinstance(values.words("a\0b"), Bad)


@given(st.text(max_size=40))
def test_no_text_breaks_a_conversion(text: str) -> None:
    for convert in (values.yes_no, values.whole, values.port, values.proto, values.tenths, values.address, values.addresses,
                    values.software_kind, values.words):  # fmt: skip
        convert(text)
    for order in ("day-first", "month-first", "iso"):
        assert isinstance(values.day(text, order), date | Bad)
