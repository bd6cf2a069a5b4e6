"""Which rows are one asset: by declared keys, surest first, whatever the order, and never by a guess."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.inventory.joining import NAME, Thing, join, join_weakly
from secscan.model.keys import comparable, meaningless, names_differ
from tests.inventory import reference

ORDER = ("asset_tag", "serial", "fqdn")


def thing(source: str, **keys: str) -> Thing:
    return Thing(source, keys)


def assets(*things: Thing, order: Sequence[str] = ORDER) -> list[tuple[int, ...]]:
    return list(join(things, order).groups)


@st.composite
def estates(draw: st.DrawFn) -> list[Thing]:
    """Few values for many things, so that keys repeat, agree and contradict each other all the time."""
    value = st.none() | st.sampled_from("abcd")
    keys = st.fixed_dictionaries(dict.fromkeys(ORDER, value))
    rows = draw(st.lists(st.tuples(st.sampled_from("XYZ"), keys), max_size=9))
    return [Thing(source, {k: v for k, v in known.items() if v is not None}) for source, known in rows]


@given(estates())
def test_joining_is_as_the_plain_reference_says(things: list[Thing]) -> None:
    assert {frozenset(group) for group in join(things, ORDER).groups} == reference.joined(things, ORDER)


@given(estates(), st.randoms(use_true_random=False))
def test_order_of_sources_and_rows_changes_nothing(things: list[Thing], chance: random.Random) -> None:
    turned = list(range(len(things)))
    chance.shuffle(turned)
    before = {frozenset(group) for group in join(things, ORDER).groups}
    after = {frozenset(turned[i] for i in group) for group in join([things[i] for i in turned], ORDER).groups}
    assert before == after


@given(estates())
def test_every_thing_is_in_exactly_one_asset_and_no_source_twice_in_one(things: list[Thing]) -> None:
    groups = join(things, ORDER).groups
    assert sorted(i for group in groups for i in group) == list(range(len(things)))
    for group in groups:
        sources = [things[i].source for i in group]
        assert len(sources) == len(set(sources))


@given(estates())
def test_two_things_alone_are_one_exactly_where_the_surest_key_that_both_have_agrees(things: list[Thing]) -> None:
    for one in things:
        for other in things:
            if one.source != other.source:
                both = [k for k in ORDER if k in one.keys and k in other.keys]
                same = bool(both) and one.keys[both[0]] == other.keys[both[0]]
                assert (len(join([one, other], ORDER).groups) == 1) == same


@given(estates())
def test_what_is_joined_holds_together_without_the_others(things: list[Thing]) -> None:
    groups = join(things, ORDER).groups
    for group in groups:
        assert len(join([things[i] for i in group], ORDER).groups) == 1


# --- weak keys ------------------------------------------------------------------------------------------------------

AGAINST = (*ORDER, "mac", NAME)
Weak = dict[str, list[set[str]]]


def told(weak: Weak) -> dict[str, dict[int, set[str]]]:
    return {key: dict(enumerate(values)) for key, values in weak.items()}


def weakly(things: Sequence[Thing], weak: Weak) -> set[frozenset[int]]:
    return {frozenset(group) for group in join_weakly(things, join(things, ORDER), told(weak), AGAINST).groups}


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Thing], Weak]:
    """The same, with names (one of them cut off), and hardware and network addresses that repeat all the time."""
    cut, long = "finance-server-", "finance-server-7"
    names = st.none() | st.sampled_from(["a", cut, long])
    things = [
        Thing(thing.source, {**thing.keys, **({NAME: name} if name else {})})
        for thing in draw(estates())
        for name in [draw(names)]
    ]
    held = st.sets(st.sampled_from("1234"), max_size=2)
    return things, {key: [draw(held) for _ in things] for key in ("mac", "ip")}


@given(networks())
def test_joining_by_weak_keys_is_as_the_plain_reference_says(made: tuple[list[Thing], Weak]) -> None:
    things, weak = made
    assert weakly(things, weak) == reference.joined_weakly(things, reference.joined(things, ORDER), weak, AGAINST)


@given(networks(), st.randoms(use_true_random=False))
def test_order_changes_nothing_with_weak_keys_either(made: tuple[list[Thing], Weak], chance: random.Random) -> None:
    things, weak = made
    turned = list(range(len(things)))
    chance.shuffle(turned)
    again = {key: [values[i] for i in turned] for key, values in weak.items()}
    after = weakly([things[i] for i in turned], again)
    assert weakly(things, weak) == {frozenset(turned[i] for i in group) for group in after}


@given(networks())
def test_weak_keys_part_nothing_that_is_joined_and_join_no_two_of_one_source(made: tuple[list[Thing], Weak]) -> None:
    things, weak = made
    after = weakly(things, weak)
    for group in join(things, ORDER).groups:
        assert any(set(group) <= whole for whole in after)
    for whole in after:
        assert len({things[i].source for i in whole}) == len(whole)


@st.composite
def truths(draw: st.DrawFn) -> tuple[list[Thing], Weak, list[int]]:
    """Sources that tell the truth in part: each thing is one real machine, and machines share nothing. With which is which."""
    things, weak, machines = list[Thing](), Weak(mac=[], ip=[]), list[int]()
    for source in "XYZ":
        for machine in draw(st.sets(st.integers(0, 3))):
            told = draw(st.sets(st.sampled_from((*ORDER, "mac", NAME, "ip"))))
            things.append(Thing(source, {key: f"{key}-{machine}" for key in told - {"ip"}}))
            for key in weak:
                weak[key].append({f"{key}-{machine}"} & {f"{key}-{machine}" if key in told else ""})
            machines.append(machine)
    return things, weak, machines


@given(truths())
def test_sources_that_tell_the_truth_never_make_two_machines_one(made: tuple[list[Thing], Weak, list[int]]) -> None:
    things, weak, machines = made
    for group in weakly(things, weak):
        assert len({machines[i] for i in group}) == 1


@given(truths())
def test_one_more_source_never_parts_an_asset_where_nobody_contradicts(
    made: tuple[list[Thing], Weak, list[int]],
) -> None:
    things, weak, _ = made
    fewer = [i for i, one in enumerate(things) if one.source != "Z"]
    before = weakly([things[i] for i in fewer], {key: [values[i] for i in fewer] for key, values in weak.items()})
    after = weakly(things, weak)
    for group in before:
        assert any({fewer[i] for i in group} <= whole for whole in after)


def test_an_address_links_two_that_each_have_a_number_of_their_own_only_where_they_have_one_name() -> None:
    def found(**name: str) -> int:
        rows = thing("x", asset_tag="1", **name), thing("y", serial="s", **name)
        return len(weakly(rows, {"ip": [{"10.1.0.1"}, {"10.1.0.1"}]}))

    assert (found(), found(**{NAME: "srv-1"})) == (2, 1)


def test_what_a_weak_key_would_have_joined_is_told() -> None:
    rows = thing("x", asset_tag="1"), thing("x", asset_tag="2"), thing("y")
    found = join_weakly(rows, join(rows, ORDER), told({"ip": [{"10.1.0.1"}] * 3}), AGAINST)
    assert found.unsure == {0: {1, 2}, 1: {0, 2}, 2: {0, 1}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"asset_tag": "1"}, {"asset_tag": "1"}, True),
        ({"serial": "s"}, {"serial": "s"}, True),
        ({"fqdn": "a.example"}, {"fqdn": "a.example"}, True),
        ({"asset_tag": "1", "serial": "s"}, {"asset_tag": "1", "serial": "t"}, True),
        ({"asset_tag": "1", "serial": "s"}, {"asset_tag": "2", "serial": "s"}, False),
        ({"serial": "s", "fqdn": "a.example"}, {"serial": "t", "fqdn": "a.example"}, False),
        ({"serial": "s", "fqdn": "a.example"}, {"fqdn": "a.example"}, True),
        ({"hostname": "a"}, {"hostname": "a"}, False),
        ({"asset_tag": "1"}, {"serial": "s"}, False),
        ({}, {}, False),
    ],
)
def test_the_surest_key_that_both_have_decides(one: dict[str, str], other: dict[str, str], same: bool) -> None:
    assert (len(assets(thing("x", **one), thing("y", **other))) == 1) == same


def test_a_host_name_joins_where_it_is_declared_and_only_there() -> None:
    rows = thing("x", hostname="pc-1"), thing("y", hostname="pc-1")
    assert len(assets(*rows)) == 2
    assert len(assets(*rows, order=(*ORDER, "hostname"))) == 1


def test_a_key_on_two_rows_of_one_source_joins_neither_with_a_third_and_says_so() -> None:
    rows = thing("x", serial="s", asset_tag="1"), thing("x", serial="s", asset_tag="2"), thing("y", serial="s")
    found = join(rows, ORDER)
    assert len(found.groups) == 3
    assert [(r.key, r.value, r.things, r.against) for r in found.refused] == [("serial", "s", (0, 1), None)]


def test_a_key_twice_in_one_source_that_nobody_else_has_is_nothing_to_tell() -> None:
    found = join([thing("x", serial="s"), thing("x", serial="s"), thing("y", serial="t")], ORDER)
    assert (len(found.groups), list(found.refused)) == (3, [])


def test_where_a_serial_tells_nobody_apart_the_name_may() -> None:
    rows = (
        thing("x", serial="s", fqdn="a.example"), thing("x", serial="s", fqdn="b.example"), thing("y", serial="s", fqdn="b.example")
    )  # fmt: skip
    assert assets(*rows) == [(0,), (1, 2)]


def test_a_conflict_keeps_apart_and_names_the_key_that_differs() -> None:
    found = join([thing("x", serial="s", fqdn="a.example"), thing("y", serial="t", fqdn="a.example")], ORDER)
    assert [(r.key, r.things, r.against) for r in found.refused] == [("fqdn", (0, 1), "serial")]


def test_a_third_that_fits_two_who_contradict_each_other_joins_neither() -> None:
    rows = thing("x", asset_tag="1", serial="s"), thing("y", asset_tag="2", serial="s"), thing("z", serial="s")
    found = join(rows, ORDER)
    assert len(found.groups) == 3
    assert [(r.key, r.against) for r in found.refused] == [("serial", "asset_tag")]


def test_an_ambiguous_value_spoils_no_join_by_another() -> None:
    rows = (
        thing("a", serial="s"),
        thing("b", serial="s", fqdn="f.example"),
        thing("b", serial="s"),
        thing("c", fqdn="f.example"),
    )
    assert assets(*rows) == [(0,), (1, 3), (2,)]


def test_one_that_fits_a_half_of_an_asset_and_not_the_other_stays_apart() -> None:
    rows = thing("x", asset_tag="1", serial="s"), thing("y", asset_tag="1", serial="t"), thing("z", serial="s")
    found = join(rows, ORDER)
    assert list(found.groups) == [(0, 1), (2,)]
    assert [(r.key, r.value, r.things, r.against) for r in found.refused] == [("serial", "s", (1, 2), "serial")]


def test_two_things_of_one_source_never_meet_through_a_third() -> None:
    rows = thing("x", asset_tag="1"), thing("y", asset_tag="1", serial="s"), thing("x", serial="s")
    found = join(rows, ORDER)
    assert list(found.groups) == [(0, 1), (2,)]
    assert [(r.key, r.things, r.against) for r in found.refused] == [("serial", (0, 2), None)]


def test_three_sources_meet_by_different_keys_and_the_least_sure_one_is_told() -> None:
    rows = thing("x", asset_tag="1"), thing("y", asset_tag="1", serial="s"), thing("z", serial="s")
    found = join(rows, ORDER)
    assert list(found.groups) == [(0, 1, 2)]
    assert list(found.by) == ["serial"]


@pytest.mark.parametrize(
    "text",
    [
        "To be filled by O.E.M.", "TO BE FILLED BY O.E.M", "Default string", "None", "0", "00000000", "System Serial Number",
        "N/A", "xxxxxxxx", "................", "1234567890", "Not Specified", "-", "INVALID", "ab", "VMware-00 00 00 00 00",
        "VMware Virtual Platform", "03000200-0400-0500-0006-000700080009", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
)  # fmt: skip
def test_placeholders_are_no_serial_numbers(text: str) -> None:
    assert meaningless(text)
    assert comparable("serial", text) is None


@pytest.mark.parametrize(
    "text", ["5CG1234XYZ", "VMware-42 1a 0f 33 8b 5c 9d 01-aa bb cc dd ee ff 00 11", "PF0ABC12", "640HP72"]
)
def test_real_serial_numbers_are_kept(text: str) -> None:
    assert comparable("serial", text) == "".join(text.split()).replace("-", "").casefold()
    assert comparable("serial", f" {text.upper()} ") == comparable("serial", text.lower())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PC-1.Example.Org.", "pc-1.example.org"), ("pc-1", None), ("localhost.localdomain", None), ("10.1.2.3", None),
        ("a b.example", None), ("", None), (".", None), ("pc_1.ad.example", "pc_1.ad.example"), ("x" * 300 + ".example", None),
    ],
)  # fmt: skip
def test_a_full_name_has_a_domain(text: str, value: str | None) -> None:
    assert comparable("fqdn", text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00:1A:2b:3c:4D:5e", "001a2b3c4d5e"),
        ("001a.2b3c.4d5e", "001a2b3c4d5e"),
        ("00:00:00:00:00:00", None),
        ("ff:ff:ff:ff:ff:ff", None),
        ("02:42:ac:11:00:02", None),
        ("01:00:5e:00:00:fb", None),
        ("00:00:5e:00:01:0a", None),
        ("wifi", None),
    ],
)
def test_a_hardware_address_is_twelve_digits(text: str, value: str | None) -> None:
    assert comparable("mac", text) == value


@pytest.mark.parametrize(("one", "other"), [
    ("VMware-42 1a 0f 33 8b 5c 9d 01-aa bb cc dd ee ff 00 11", "vmware-421a0f338b5c9d01aabbccddeeff0011"), (" 5cg 1234xyz", "5CG1234XYZ"),
])  # fmt: skip
def test_a_serial_number_is_one_value_however_it_is_spaced(one: str, other: str) -> None:
    assert comparable("serial", one) == comparable("serial", other) is not None


@pytest.mark.parametrize("key", ["asset_tag", "serial", "fqdn", "hostname"])
def test_a_letter_of_another_alphabet_is_never_one_of_ours(key: str) -> None:
    for real, alike in (("k", "\u212a"), ("s", "\u017f"), ("o", "\u043e"), ("a", "\u0430")):
        text = f"srv-{real}1.example"
        assert comparable(key, text) != comparable(key, text.replace(real, alike))


def test_a_name_that_is_an_address_is_no_name() -> None:
    assert comparable("hostname", "10.1.2.3") is comparable("hostname", "fd00::1") is None


def test_a_name_cut_at_fifteen_characters_is_one_key_where_it_is_declared_and_differs_from_no_longer_one() -> None:
    assert (
        comparable("netbios", "FINANCE-SERVER-07.ad.example")
        == comparable("netbios", "finance-server-")
        == "finance-server-"
    )
    assert not names_differ("finance-server-", "finance-server-07")
    assert names_differ("finance-serve", "finance-server-07")
    assert names_differ("finance-server-07", "finance-server-08")


@given(st.text(max_size=40), st.sampled_from(["asset_tag", "serial", "fqdn", "mac", "hostname", "netbios"]))
def test_a_key_compares_with_itself_however_it_is_written(text: str, key: str) -> None:
    value = comparable(key, text)
    if value is not None and value.isascii():
        assert comparable(key, f" {text.upper()} ") == comparable(key, text.lower())


def test_a_large_council_with_two_sources_is_joined_in_a_moment() -> None:
    count = 20_000
    things = [thing("x", asset_tag=f"t{i}", serial=f"s{i}") for i in range(count)]
    things += [thing("y", serial=f"s{i}", fqdn=f"{i}.example") for i in range(count)]
    begun = time.process_time()
    found = join(things, ORDER)
    assert len(found.groups) == count
    weak = {"ip": [{str(i % count)} for i in range(2 * count)]}
    assert len(join_weakly(things, found, told(weak), AGAINST).groups) == count
    assert time.process_time() - begun < 3  # a third of a second on the machine it was written on
