"""Zones: the internet is the rest, the more exact network wins, and councils may use the same addresses."""

from __future__ import annotations

import pytest

from secscan.exposure import intervals as iv
from secscan.exposure import zone_sets
from secscan.exposure.routes import Network
from secscan.exposure.zones import locate
from secscan.model.settings import Zone
from tests.exposure.net import ZONES, settings


def test_the_internet_is_all_that_no_other_zone_lists_in_each_family() -> None:
    found = {z.id: z for z in zone_sets(settings(ZONES))}
    assert list(found) == ["guest", "internet", "servers", "users"]
    assert iv.size(found["internet"].addresses.v4) == 2**32 - 3 * 256
    assert iv.size(found["internet"].addresses.v6) == 2**128 - 2 * 2**64
    assert found["guest"].addresses.v6 == ()


def test_the_internet_is_a_zone_even_where_nobody_names_it() -> None:
    found = {z.id: z for z in zone_sets(settings(ZONES[:3]))}
    assert found["internet"].internet
    assert found["internet"].addresses == next(z for z in zone_sets(settings(ZONES)) if z.internet).addresses


def test_an_internet_zone_that_lists_addresses_has_just_those() -> None:
    found = {
        z.id: z for z in zone_sets(settings([*ZONES, Zone(id="partner", addresses=("192.0.2.0/24",), internet=True)]))
    }
    assert iv.cidrs(found["partner"].addresses.v4, 4) == ("192.0.2.0/24",)
    assert not iv.contains(found["internet"].addresses.v4, iv.number("192.0.2.1")[0])


def test_the_more_exact_network_wins() -> None:
    found = {
        z.id: z
        for z in zone_sets(
            settings(
                [
                    Zone(id="corp", addresses=("10.0.0.0/8", "10.5.0.7/32")),
                    Zone(id="legacy", addresses=("10.5.0.0/24",)),
                ]
            )
        )
    }
    assert iv.size(found["corp"].addresses.v4) == 2**24 - 256 + 1
    assert iv.size(found["legacy"].addresses.v4) == 255
    assert iv.contains(found["corp"].addresses.v4, iv.number("10.5.0.7")[0])


TWICE = (
    Zone(id="a-lan", council="alderbeck", addresses=("10.0.0.0/8",)),
    Zone(id="b-lan", council="brackenford", addresses=("10.5.0.0/16",)),
    Zone(id="shared", addresses=("10.5.9.0/24",)),
)


@pytest.mark.parametrize(
    ("address", "council", "hint", "zone"),
    [
        ("10.5.0.1", "alderbeck", None, "a-lan"),
        ("10.5.0.1", "brackenford", None, "b-lan"),
        ("10.5.0.1", "corvale", None, None),
        ("10.5.0.1", "corvale", "b-lan", "b-lan"),
        ("10.6.0.1", "corvale", None, "a-lan"),
        ("10.5.9.1", "alderbeck", None, "shared"),
        ("172.16.0.1", "alderbeck", None, None),
        ("172.16.0.1", "alderbeck", "a-lan", "a-lan"),
        ("172.16.0.1", "alderbeck", "Server room", None),
        ("198.51.100.1", "alderbeck", None, "internet"),
        ("127.0.0.1", "alderbeck", None, None),
    ],
)
def test_the_zone_of_an_address(address: str, council: str, hint: str | None, zone: str | None) -> None:
    number, family = iv.number(address)
    found = locate(number, family, zone_sets(settings(TWICE)), council, hint)
    assert found.zone == zone
    assert bool(found.why) == (zone is None)


def test_without_any_zone_nobody_stands_in_the_internet() -> None:
    assert locate(*iv.number("198.51.100.1"), zone_sets(settings(()))).zone is None


def test_what_lies_behind_a_zone_meets_no_device_and_no_zone_twice() -> None:
    network = Network(
        {"one": frozenset("abx"), "two": frozenset("xc"), "three": frozenset("bc"), "four": frozenset("yz")}
    )
    assert network.behind("a") == frozenset("bxc")
    assert network.behind("c", frozenset(("two",))) == frozenset("abx")
    assert network.behind("c", frozenset(("two",)), frozenset("b")) == frozenset()
    assert network.behind("y") == frozenset("z")
    assert [name for name, _ in network.beside("b", frozenset(("one",)))] == ["three"]


def test_ways_come_the_shortest_first_and_as_often_as_they_are_asked_for() -> None:
    network = Network({"one": frozenset("abx"), "two": frozenset("xc"), "three": frozenset("bc")})
    ways = [[(step.device, step.near, step.far) for step in way.steps] for way in network.ways("c", "a")]
    assert ways == [
        [("three", "c", "b"), ("one", "b", "a")],
        [("two", "c", "x"), ("one", "x", "a")],
    ]
    assert next(network.ways("c", "a")).steps[0].device == "three"
    assert len(list(network.ways("c", "a"))) == 2
    assert next(network.ways("c", "a", frozenset(("three",)))).steps[0].device == "two"
    assert list(network.ways("a", "nowhere")) == []
