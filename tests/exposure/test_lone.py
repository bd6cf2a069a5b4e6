"""One export by itself: which list is asked, by which interface, and what is sent on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secscan.exposure import Way, ask_config
from secscan.model.errors import UsageError
from secscan.model.net import AddressSet, Answer, Device, Stage
from tests.exposure.net import FILE, rule
from tests.exposure.test_devices import OPEN, PUBLIC, TO, chain, device, line, route, side, turn


def alone(fw: Device, from_: str | None = "10.1.0.9", to: str = TO, port: str = "tcp/443", **way: str) -> Answer:
    (found,) = ask_config(replace(fw, zones=frozenset()), from_, to, port, Way(**way))
    return found


def bound(*names: str, **more: Any) -> Device:
    """A list for each side, bound inbound; each lets its own network in."""
    chains = [
        chain(f"{n}_in", rule(10 + i, "permit", f"10.{i + 1}.0.0/24", TO), default="deny", line=90 + i)
        for i, n in enumerate(names)
    ]
    stages = [Stage(name=f"access-group {n}_in in", chain=f"{n}_in", in_interfaces=frozenset((n,))) for n in names]
    return device(*chains, stages=stages, **more)


SIDES = (side("users", "10.1.0.0/24"), side("guest", "10.2.0.0/24"), side("dmz", "10.9.0.0/24"))


def test_the_list_on_the_side_of_the_source_is_asked() -> None:
    fw = bound("users", "guest", interfaces=SIDES)
    assert (alone(fw).verdict, line(alone(fw))) == ("permitted", 10)
    assert line(alone(fw, "10.2.0.9")) == 11
    assert (alone(fw, "10.1.0.0/16").verdict, alone(fw, "10.1.0.0/16").sources) == ("partly", ("10.1.0.0/24",))
    assert alone(fw, "10.2.0.9", in_interface="users").verdict == "blocked"
    named = alone(fw, "users")
    assert (named.from_, named.verdict, named.sources) == ("users", "partly", ("10.1.0.0/24",))


def test_what_hangs_on_an_interface_that_nobody_names_cannot_be_told() -> None:
    fw = bound("users", "guest")
    found = alone(fw, "10.3.0.9")
    assert found.verdict == "cannot-tell"
    assert found.reason == f"{FILE}:90: whether it comes in by users is not known; say so with --in-interface"
    assert alone(fw, "10.3.0.9", in_interface="users").verdict == "blocked"
    assert alone(fw, in_interface="users").verdict == "permitted"
    out = device(chain("main", rule(10, "permit", "any", TO, out_interfaces=frozenset(("dmz",))), default="deny"))
    assert "--out-interface" in alone(out).reason
    assert alone(out, out_interface="dmz").verdict == "permitted"
    assert alone(replace(out, interfaces=SIDES)).verdict == "permitted"  # by where the address lies


def test_a_default_route_tells_the_side_of_public_addresses() -> None:
    fw = bound("wan", interfaces=(side("wan"), SIDES[2]), routes=(route("0.0.0.0/0", "wan"),))
    assert alone(fw, "198.51.100.7").verdict == "blocked"
    assert alone(fw, "10.7.0.9").verdict == "cannot-tell"


def test_one_list_is_taken_as_that_and_of_several_one_must_be_named() -> None:
    one = device(chain("inside", rule(10, "permit", "any", TO), default="deny"), stages=())
    assert line(alone(one)) == 10
    two = device(
        chain("inside", rule(10, "permit", "any", TO), default="deny"), chain("outside", default="deny"), stages=()
    )
    found = alone(two)
    assert (found.verdict, found.reason) == (
        "cannot-tell", "the export binds none of its lists to an interface; say which with --chain: inside, outside",
    )  # fmt: skip
    assert alone(two, chain="inside").verdict == "permitted"
    assert alone(two, chain="outside").verdict == "blocked"


def test_a_list_may_be_named_by_its_last_word_and_whatever_it_is_bound_to() -> None:
    fw = bound("users", "guest", interfaces=SIDES)
    assert alone(fw, "10.1.0.9", chain="guest_in").verdict == "blocked"
    spoken = device(
        chain("filter INPUT", rule(10, "permit", "any", TO), default="deny"), chain("filter FORWARD", default="deny")
    )
    assert alone(spoken, chain="INPUT").verdict == "permitted"
    assert alone(spoken, chain="FORWARD").verdict == "blocked"


def test_a_host_s_own_firewall_is_asked_of_what_reaches_it() -> None:
    stages = [
        Stage(name="inbound", chain="in", traffic="to-device"),
        Stage(name="outbound", chain="out", traffic="from-device"),
    ]
    own = device(
        chain("in", rule(10, "permit", "10.9.0.0/24", "any"), default="deny"), chain("out", default="permit"), stages=stages,
        interfaces=(side("eth0", "10.9.0.0/24"),),
    )  # fmt: skip
    assert (alone(own).verdict, line(alone(own, "10.9.0.7"))) == ("blocked", 10)


def test_neighbours_never_meet_the_device() -> None:
    fw = bound("dmz", interfaces=SIDES)
    found = alone(fw, "10.9.0.7")
    assert (found.verdict, found.reason, found.rule) == (
        "permitted",
        "same network zone: the firewall never sees it",
        None,
    )
    everyone = alone(device(chain("main", default="deny"), interfaces=SIDES), None)
    assert everyone.verdict == "blocked"  # neighbours pass no device, so they are not asked about


def test_what_is_sent_to_a_translated_address_is_followed() -> None:
    fw = device(OPEN, translations=(turn(50, PUBLIC, TO, ports="8443", to_ports="443"),))
    found = alone(fw, "198.51.100.7", to=PUBLIC, port="tcp/8443")
    assert (found.verdict, line(found)) == ("permitted", 10)
    assert found.witness is not None and found.translated is not None
    assert (found.witness.dst, found.witness.dport) == (PUBLIC, 8443)
    assert (found.translated.dst, found.translated.dport, found.translated.by.line) == (TO, 443, 50)
    assert alone(fw, "198.51.100.7", to=PUBLIC, port="tcp/443").verdict == "blocked"
    assert alone(fw, "198.51.100.7", to=PUBLIC, port="any").verdict == "permitted"
    inner = alone(fw, "198.51.100.7", to=TO, port="tcp/443")
    assert inner.verdict == "permitted"
    whole = device(OPEN, translations=(turn(50, "192.0.2.0/28", "10.9.0.0/28"),))
    assert alone(whole, "198.51.100.7", to="192.0.2.5", port="any").verdict == "permitted"
    assert alone(whole, "198.51.100.7", to="192.0.2.4", port="any").verdict == "blocked"


def test_what_is_stopped_behind_a_translation_is_told_by_the_rule_that_stops_it_there() -> None:
    met = rule(10, "deny", "any", "any", translations=frozenset(("t50",)))
    fw = device(chain("main", met, default="deny"), translations=(turn(50, PUBLIC, TO),))
    found = alone(fw, "198.51.100.7", to=PUBLIC)
    assert (found.verdict, line(found)) == ("blocked", 10)
    other = alone(fw, "198.51.100.7", to="192.0.2.10")
    assert (other.verdict, line(other)) == ("blocked", 90)


def test_an_own_address_that_nobody_knows_is_no_private_one_that_is_asked_about() -> None:
    own = turn(50, AddressSet(unknown="the address of wan"), "10.9.0.6", dst_own=True)
    fw = device(chain("main", default="permit"), translations=(own,))
    assert alone(fw).verdict == "permitted"
    assert alone(fw, to="198.51.100.1").verdict == "cannot-tell"  # it may be that address
    shut = replace(fw, chains={"main": chain("main", default="deny")})
    assert alone(shut, to="198.51.100.1").verdict == "blocked"


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ({"chain": "user_in"}, "--chain 'user_in' is no chain of the export; did you mean 'users_in'?"),
        ({"in_interface": "user"}, "--in-interface 'user' is no interface of the export; did you mean 'users'?"),
        ({"out_interface": "x"}, "--out-interface 'x' is no interface of the export"),
    ],
)
def test_what_the_export_does_not_have_is_refused(way: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        alone(bound("users", "guest"), **way)
    assert str(caught.value) == says


def test_an_export_that_lists_no_interfaces_may_have_others() -> None:
    first = rule(10, "permit", "any", TO, in_interfaces=frozenset(("lan",)))
    then = rule(20, "deny", "any", TO, not_in_interfaces=frozenset(("wan+",)))
    fw = device(chain("main", first, then, default="permit"), interfaces_listed=False)
    assert (alone(fw, in_interface="lan").verdict, line(alone(fw, in_interface="lan"))) == ("permitted", 10)
    assert (alone(fw, in_interface="ppp0").verdict, line(alone(fw, in_interface="ppp0"))) == ("blocked", 20)
    assert alone(fw, in_interface="wan3").verdict == "permitted"
    assert alone(fw).verdict == "cannot-tell"
