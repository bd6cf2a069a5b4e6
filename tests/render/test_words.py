"""How the pages say things: harmless text, whole months."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from secscan.doors.terminal import safe
from secscan.render import words


@given(text=st.text() | st.text(alphabet="ab \t\n\x7f\x1b\u202e\ud800~"), limit=st.integers(1, 30))
def test_text_is_made_plain_whichever_way_it_takes(text: str, limit: int) -> None:
    assert words.plain(text, limit) == safe(words._BREAKS.sub(" ", text), limit)


@given(day=st.dates(date(1990, 1, 1), date(2090, 12, 31)), months=st.integers(0, 36))
def test_so_many_months_on_is_the_same_day_or_the_last_that_the_month_has(day: date, months: int) -> None:
    on = words.months_on(day, months)
    assert (on.year * 12 + on.month) - (day.year * 12 + day.month) == months
    assert on.day == day.day or (on.day < day.day and (on + timedelta(days=1)).day == 1)


def test_no_sign_that_would_be_taken_out_counts_as_printable() -> None:
    assert not [c for c in map(chr, range(0x110000)) if c.isprintable() and safe(c) != c]
