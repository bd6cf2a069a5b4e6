"""Interval sets hold what Python's own sets hold."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.exposure import intervals as iv
from secscan.model.net import V4_ALL, Intervals

pairs = st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1]))
sets = st.lists(pairs, max_size=8).map(iv.normal)


def numbers(intervals: Intervals) -> set[int]:
    return {n for lo, hi in intervals for n in range(lo, hi + 1)}


@given(sets, sets)
def test_the_laws_of_sets_hold(a: Intervals, b: Intervals) -> None:
    within = ((0, 50),)
    assert numbers(iv.union(a, b)) == numbers(a) | numbers(b)
    assert numbers(iv.intersect(a, b)) == numbers(a) & numbers(b)
    assert numbers(iv.subtract(a, b)) == numbers(a) - numbers(b)
    assert numbers(iv.complement(a, within)) == numbers(within) - numbers(a)
    assert iv.complement(iv.complement(a, within), within) == a
    assert iv.size(a) == len(numbers(a))


@given(sets, sets)
def test_equal_sets_are_equal_tuples(a: Intervals, b: Intervals) -> None:
    assert (numbers(a) == numbers(b)) == (a == b)
    for found in (iv.union(a, b), iv.intersect(a, b), iv.subtract(a, b)):
        assert all(x[1] + 1 < y[0] for x, y in pairwise(found))


@given(sets, st.integers(0, 50))
def test_contains_is_membership(a: Intervals, n: int) -> None:
    assert iv.contains(a, n) == (n in numbers(a))


@given(st.lists(sets, max_size=6), st.integers(0, 50))
def test_an_index_finds_the_sets_that_hold_a_number(many: list[Intervals], n: int) -> None:
    assert iv.Index(many).at(n).tolist() == [i for i, s in enumerate(many) if n in numbers(s)]


@given(sets)
def test_the_n_th_number_and_its_place_are_each_others_reverse(a: Intervals) -> None:
    held = sorted(numbers(a))
    assert [iv.nth(a, i) for i in range(len(held))] == held
    assert [iv.place(a, n) for n in held] == list(range(len(held)))
    with pytest.raises(IndexError):
        iv.nth(a, len(held))
    with pytest.raises(ValueError, match="not among"):
        iv.place(a, 99)


@given(sets)
def test_cidrs_hold_exactly_the_addresses(a: Intervals) -> None:
    held = [int(address) for text in iv.cidrs(a, 4) for address in ipaddress.ip_network(text)]
    assert sorted(held) == sorted(numbers(a))


def test_six_is_wider_than_any_machine_integer() -> None:
    whole = iv.networks(("::/0",)).v6
    assert iv.size(whole) == 2**128
    assert iv.cidrs(iv.subtract(whole, iv.networks(("8000::/1",)).v6), 6) == ("::/1",)


def test_a_pair_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="5 is after 4"):
        iv.normal([(5, 4)])


def test_an_address_is_read_strictly() -> None:
    assert iv.number("10.0.0.1") == (167772161, 4)
    for text in ("10.0.0.256", "010.0.0.1", "fe80::1%eth0", "", "x"):
        with pytest.raises(ValueError, match=r".+"):
            iv.number(text)


def test_everything_of_a_family() -> None:
    assert iv.everything(4) == V4_ALL
    assert iv.of(iv.networks(("10.0.0.0/8",)), 6) == ()
