"""Each scheme against a reference: the keys' plain order is the order that the reference gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version
from univers.versions import DebianVersion, RpmVersion, SemverVersion

from secscan.knowledge.versions import SCHEMES, comparable, key, numbers

NUMBER = st.sampled_from(["0", "1", "2", "9", "10", "11", "100", "010", "20190101", "99999999999999999999"])
MANY = settings(max_examples=400, deadline=None)


def order(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def same_order(scheme: str, reference: Any, left: str, right: str) -> None:
    one, other = key(scheme, left), key(scheme, right)
    assert one is not None, left
    assert other is not None, right
    assert order(one, other) == order(reference(left), reference(right)), (left, right, one, other)


DOTTED = st.lists(st.integers(0, 10**12), min_size=1, max_size=6)


def as_tuple(parts: list[int]) -> tuple[int, ...]:
    while len(parts) > 1 and parts[-1] == 0:
        parts = parts[:-1]
    return tuple(parts)


@MANY
@given(DOTTED, DOTTED)
@example([1, 9], [1, 10])
@example([10, 0, 19045, 5011], [10, 0, 19045, 10000])
def test_dotted_orders_as_tuples_of_numbers_do(left: list[int], right: list[int]) -> None:
    one, other = (key("dotted", ".".join(map(str, parts))) for parts in (left, right))
    assert one is not None
    assert other is not None
    assert order(one, other) == order(as_tuple(left), as_tuple(right))


SUFFIXED = st.tuples(DOTTED, st.sampled_from(["", "a", "b", "k", "w", "z", "za", "zh", "p1", "p2", "p10"]))


def with_suffix(pair: tuple[list[int], str]) -> tuple[Any, ...]:
    parts, suffix = pair
    letters = suffix.rstrip("0123456789")
    # A suffix stands after the bare number and before any further part.
    bare = [(2, part) for part in as_tuple(parts)]
    return (*bare, (1, (len(letters), letters, int(suffix[len(letters) :] or 0)))) if suffix else tuple(bare)


@MANY
@given(SUFFIXED, SUFFIXED)
@example(([1, 0, 2], "k"), ([1, 0, 2], "za"))
@example(([7, 4], "p1"), ([7, 4], "p10"))
def test_dotted_suffixes_come_after_the_number_and_before_its_next_part(
    left: tuple[list[int], str], right: tuple[list[int], str]
) -> None:
    one, other = (key("dotted", ".".join(map(str, parts)) + suffix) for parts, suffix in (left, right))
    assert one is not None
    assert other is not None
    assert order(one, other) == order(with_suffix(left), with_suffix(right))


@pytest.mark.parametrize(
    "text", ["", "1.0-rc1", "1.0rc1", "1.0beta", "2019 CU14", "7.0 Update 3w", "x", "1..2", "1.0a1"]
)
def test_dotted_does_not_read_what_it_cannot_order(text: str) -> None:
    assert key("dotted", text) is None


DEB_TEXT = st.text(alphabet="019abzAZ.+~", max_size=7)
DEB = st.builds(
    lambda epoch, first, rest, revision: f"{epoch}{first}{rest}{revision}",
    st.sampled_from(["", "0:", "1:", "12:"]), NUMBER, DEB_TEXT,
    st.sampled_from(["", "-0", "-1", "-10", "-1~bpo10+1", "-0ubuntu1", "-0ubuntu10", "-1+b1", "-a"]),
)  # fmt: skip


@MANY
@given(DEB, DEB)
@example("1:1.2~rc1-1", "1:1.2-1")
@example("2.31-13+deb11u5", "2.31-13+deb11u11")
def test_deb_orders_as_dpkg_does(left: str, right: str) -> None:
    same_order("deb", DebianVersion, left, right)


RPM_TEXT = st.text(alphabet="019abzAZ.+_~^", max_size=7)
RPM = st.builds(
    lambda epoch, first, rest, release: f"{epoch}{first}{rest}{release}",
    st.sampled_from(["", "0:", "1:"]), NUMBER, RPM_TEXT, st.sampled_from(["-1", "-10", "-1.el7", "-1.el7_9", "-2.fc31", "-0~rc1"]),
)  # fmt: skip


@MANY
@given(RPM, RPM)
@example("1.0.2k-21.el7_9", "1.0.2k-8.el7")
@example("1.0~rc1-1", "1.0-1")
@example("1.0^git1-1", "1.0.1-1")
def test_rpm_orders_as_rpm_does(left: str, right: str) -> None:
    same_order("rpm", RpmVersion, left, right)


PEP440 = st.builds(
    lambda epoch, release, *rest: epoch + ".".join(map(str, release)) + "".join(rest),
    st.sampled_from(["", "1!", "0!"]), st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["", "a0", "a1", "b2", "rc1", "rc10"]), st.sampled_from(["", ".post0", ".post3"]),
    st.sampled_from(["", ".dev0", ".dev12"]), st.sampled_from(["", "+abc", "+1", "+10", "+1.a", "+a.1"]),
)  # fmt: skip


@MANY
@given(PEP440, PEP440)
def test_pep440_orders_as_packaging_does(left: str, right: str) -> None:
    same_order("pep440", Version, left, right)


SEMVER = st.builds(
    lambda release, before, build: ".".join(map(str, release)) + before + build,
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)),
    st.sampled_from(["", "-a", "-a.1", "-1", "-1.a", "-10", "-a.b", "-rc.1", "-rc.11", "-rc-1", "-0.9", "-A"]),
    st.sampled_from(["", "+b1"]),
)  # fmt: skip


@MANY
@given(SEMVER, SEMVER)
def test_semver_orders_as_semver_does(left: str, right: str) -> None:
    same_order("semver", SemverVersion, left, right)


@MANY
@given(st.integers(1, 99999), st.integers(1, 99999))
def test_windows_builds_order_by_revision_within_a_family(left: int, right: int) -> None:
    one, other = key("windows-build", f"10.0.19045.{left}"), key("windows-build", f"10.0.19041.{right}")
    assert one is not None
    assert other is not None
    assert comparable("windows-build", one, other)
    assert order(one, other) == order(left, right)


def test_windows_builds_of_two_families_are_not_compared() -> None:
    older, newer = key("windows-build", "10.0.19045.6000"), key("windows-build", "10.0.22631.3007")
    assert not comparable("windows-build", older, newer)
    assert comparable("dotted", key("dotted", "1"), key("dotted", "2"))
    assert not comparable("dotted", key("dotted", "1"), None)


def test_a_build_without_its_revision_has_no_key() -> None:
    assert key("windows-build", "10.0.19045") is None
    assert key("windows-build", "19045.5011") == key("windows-build", "10.0.19045.5011")


ANY = st.text(max_size=40) | st.text(alphabet="0123456789.:-+~^_ abrcdev!", max_size=40)


@MANY
@given(st.sampled_from(SCHEMES), ANY)
def test_any_text_is_read_or_refused_and_never_fails(scheme: str, text: str) -> None:
    read = key(scheme, text)
    assert read is None or read.isascii()
    assert read == key(scheme, f" {text} ") or len(text) > 90


def test_overlong_text_is_no_version() -> None:
    assert all(key(scheme, "1" * 97) is None for scheme in SCHEMES)


def test_leading_numbers_are_read() -> None:
    assert numbers("8.0.46-log") == (8, 0, 46)
    assert numbers("v22.14.0") == (22, 14, 0)
    assert numbers("unknown") is None
