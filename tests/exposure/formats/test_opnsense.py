"""OPNsense's config.xml: where it differs from pfSense's, and the rules of its newer model."""

from __future__ import annotations

from functools import partial

import pytest

from secscan.model.errors import InputError
from secscan.model.net import Device
from tests.exposure.formats import pf
from tests.exposure.formats.pf import DMZ, LAN, SYSTEM, WAN, aliases, ask, config, floating, rule, told

OUT, DESK, HOST = "203.0.113.9", "10.1.0.7", "10.9.0.5"
conf = partial(config, kind="opnsense")


def device(text: str) -> Device:
    return pf.device(text, "opnsense")


def new(
    action: str = "pass",
    on: str = "lan",
    src: str = "any",
    dst: str = "any",
    port: str = "",
    sequence: int = 1,
    **more: str,
) -> str:
    """One rule of the newer model on one line."""
    fields = {
        "enabled": "1", "sequence": str(sequence), "action": action, "quick": "1", "interface": on, "direction": "in", "ipprotocol": "inet",
        "protocol": "TCP", "source_net": src, "destination_net": dst, "destination_port": port, **more,
    }  # fmt: skip
    return (
        '<rule uuid="u">'
        + "".join(f"<{name.replace('_x', '')}>{value}</{name.replace('_x', '')}>" for name, value in fields.items())
        + "</rule>"
    )


def model(*rules: str, version: str = "1.0.9", more: str = "") -> str:
    """On three lines and more: the first rule stands on line 15, behind a configuration's one rule or none."""
    return (
        f'<OPNsense><Firewall><Filter version="{version}"><rules>\n'
        + "\n".join(rules)
        + f"\n</rules>{more}</Filter></Firewall></OPNsense>"
    )


def test_the_newer_rules_decide_alone_where_there_are_no_others() -> None:
    fw = device(conf(more=model(new(dst=HOST, port="443"), new("block"))))
    assert told(fw, DESK, HOST) == ("permitted", 15)
    assert told(fw, DESK, HOST, "tcp/22") == ("blocked", 16)
    assert told(fw, OUT, HOST) == ("blocked", 11)
    (one,) = [r for _, r in fw.rules() if r.origin.line == 15]
    assert one.origin.vendor_id == "lan new rule 1"


def test_the_newer_stand_before_the_older_of_one_tier_and_go_by_their_sequence() -> None:
    both = device(conf(rule("block", dst=HOST), more=model(new(dst=HOST, sequence=900))))
    assert told(both, DESK, HOST) == ("permitted", 15)
    floats = device(conf(floating("block", "lan", "in", dst=HOST, more="<quick>1</quick>"), more=model(new(dst=HOST))))
    assert told(floats, DESK, HOST) == ("blocked", 12)
    swapped = device(conf(more=model(new("block", sequence=20), new(sequence=10))))
    assert told(swapped, DESK, HOST) == ("permitted", 16)


def test_a_newer_rule_for_several_interfaces_or_none_is_floating() -> None:
    for on in ("lan,wan", ""):
        fw = device(conf(rule(dst=HOST), more=model(new("block", on=on, dst=HOST, sequence=5), new(sequence=1))))
        assert told(fw, DESK, HOST) == ("blocked", 15)


def test_the_older_model_stood_before_all_other_rules() -> None:
    older = floating("block", "lan", "in", dst=HOST, more="<quick>1</quick>")
    assert told(device(conf(older, more=model(new(dst=HOST), version="1.0.0"))), DESK, HOST) == ("permitted", 15)
    assert told(device(conf(older, more=model(new(dst=HOST), version="1.0.3"))), DESK, HOST) == ("blocked", 12)


def test_a_rule_for_all_interfaces_but_one_may_stand_in_either_place() -> None:
    fw = device(conf(more=model(new("block", on="wan", interfacenot="1"), new())))
    assert ask(fw, DESK, HOST).verdict == "cannot-tell"
    assert ask(fw, OUT, HOST).verdict == "blocked"


def test_groups_are_asked_by_their_sequence() -> None:
    groups = (
        "<ifgroups><ifgroupentry><ifname>Late</ifname><members>lan</members><sequence>20</sequence></ifgroupentry>"
        "<ifgroupentry><ifname>Soon</ifname><members>lan,opt1</members><sequence>10</sequence></ifgroupentry></ifgroups>"
    )
    fw = device(conf(rule(on="Late"), rule("block", on="Soon"), more=groups))
    assert told(fw, DESK, HOST) == ("blocked", 13)


def test_quick_and_direction_are_for_every_rule() -> None:
    slow = rule(dst=HOST, more="<quick>0</quick>")
    assert told(device(conf(slow, rule("block", more="<quick>0</quick>"))), DESK, HOST) == ("blocked", 13)
    assert told(device(conf(slow, rule("block", port="22"))), DESK, HOST) == ("permitted", 12)
    out = rule("block", on="opt1", dst=HOST, more="<direction>out</direction>")
    assert told(device(conf(rule(), out)), DESK, HOST) == ("blocked", 13)


def test_newer_rules_that_are_off_or_slow_or_for_what_goes_out() -> None:
    assert told(device(conf(more=model(new(enabled="0")))), DESK, HOST) == ("blocked", 11)
    slow = conf(more=model(new(quick="0", sequence=1), new("block", quick="0", sequence=2)))
    assert told(device(slow), DESK, HOST) == ("blocked", 16)
    out = conf(rule(), more=model(new("block", on="opt1", direction="out")))
    assert told(device(out), DESK, HOST) == ("blocked", 15)


@pytest.mark.parametrize(
    ("fields", "to", "verdict"),
    [
        ({"dst": "10.9.0.5,10.9.0.6"}, "10.9.0.6", "permitted"), ({"dst": "opt1"}, HOST, "permitted"), ({"dst": "__opt1_network"}, HOST, "permitted"),
        ({"dst": "opt1", "destination_not": "1"}, HOST, "blocked"), ({"dst": "Hosts"}, HOST, "permitted"), ({"dst": "bogons"}, HOST, "cannot-tell"),
        ({"dst": "opt1ip"}, HOST, "blocked"), ({"dst": "(self)"}, "10.9.0.1", "permitted"), ({"protocol": "any"}, HOST, "permitted"),
        ({"protocol": "UDP"}, HOST, "blocked"), ({"protocol": "TCP/UDP", "port": "https"}, HOST, "permitted"), ({"sched": "nights"}, HOST, "cannot-tell"),
        ({"divert_x-to": "8000"}, HOST, "cannot-tell"), ({"ipprotocol": "inet6"}, HOST, "blocked"), ({"gateway": "GW"}, HOST, "permitted"),
        ({"prio": "0"}, HOST, "cannot-tell"), ({"set_x-prio": "3"}, HOST, "permitted"),
    ],
)  # fmt: skip
def test_fields_of_the_newer_model(fields: dict[str, str], to: str, verdict: str) -> None:
    names = {name.replace("_x", "") if "_x" in name else name: value for name, value in fields.items()}
    inner = aliases(("Hosts", "host", "10.9.0.5"), kind="opnsense")
    text = model(new(**names))  # type: ignore[arg-type]
    whole = text.replace("<Firewall>", inner.removeprefix("<OPNsense>").removesuffix("</Firewall></OPNsense>"))
    assert ask(device(conf(more=whole)), DESK, to).verdict == verdict


@pytest.mark.parametrize(
    ("type_", "words", "to", "verdict"),
    [
        ("network", "10.9.0.0/24 !10.9.0.5", HOST, "blocked"), ("network", "10.9.0.0/24 !10.9.0.5", "10.9.0.6", "permitted"),
        ("network", "!10.9.0.0/24 10.9.0.5", HOST, "permitted"), ("network", "10.9.0.0/0.0.0.255", HOST, "permitted"),
        ("host", "10.9.0.1-10.9.0.9", HOST, "permitted"), ("geoip", "GB", HOST, "cannot-tell"), ("external", "", HOST, "cannot-tell"),
        ("networkgroup", "Inner", HOST, "permitted"), ("host", "server.example.org", HOST, "cannot-tell"), ("mac", "00:11:22", HOST, "cannot-tell"),
        ("dynipv6host", "::5", HOST, "cannot-tell"),
    ],
)  # fmt: skip
def test_kinds_of_alias(type_: str, words: str, to: str, verdict: str) -> None:
    more = aliases(("Some", type_, words), ("Inner", "host", "10.9.0.5"), kind="opnsense")
    assert ask(device(conf(rule(dst="Some"), more=more)), DESK, to).verdict == verdict


def test_an_alias_that_is_switched_off_is_unknown() -> None:
    more = aliases(("Some", "host", HOST), kind="opnsense").replace("<enabled>1</enabled>", "<enabled>0</enabled>")
    assert ask(device(conf(rule(dst="Some"), more=more)), DESK, HOST).verdict == "cannot-tell"


def test_flags_of_the_older_rules_are_values() -> None:
    assert told(device(conf(rule(more="<disabled>1</disabled>"))), DESK, HOST)[0] == "blocked"
    assert told(device(conf(rule(more="<disabled>0</disabled>"))), DESK, HOST)[0] == "permitted"
    assert told(device(conf(rule(more="<disabled/>"))), DESK, HOST)[0] == "cannot-tell"
    faces = "\n".join((WAN.replace("<if>", "<blockpriv>0</blockpriv><if>"), LAN, DMZ))
    assert told(device(conf(rule(on="wan"), faces=faces)), "172.16.0.5", HOST, in_interface="wan")[0] == "cannot-tell"


def test_an_older_rule_that_names_no_family_is_for_both() -> None:
    bare = "<rule><interface>lan</interface><source><any/></source><destination><any/></destination></rule>"
    fw = device(conf(bare))
    assert told(fw, DESK, HOST) == ("permitted", 12)
    assert told(fw, "2001:db8:1::5", "2001:db8:9::5", in_interface="lan") == ("permitted", 12)


def test_administration_is_never_shut_on_any_address_by_way_of_the_lan() -> None:
    gui = SYSTEM + "<webgui><protocol>https</protocol></webgui>"
    fw = device(conf(rule("block"), system=gui))
    assert told(fw, DESK, "10.1.0.1") == ("permitted", 7)
    assert told(fw, DESK, "10.9.0.1") == ("permitted", 7)
    assert told(fw, DESK, "10.1.0.1", "tcp/22") == ("blocked", 12)
    (kept,) = [one for one in fw.translations if one.none]
    assert kept.name.startswith("anti-lockout")


def forward(pass_: str = "", **more: str) -> str:
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        '<rule uuid="u"><sequence>1</sequence><disabled>0</disabled><nordr>0</nordr><interface>wan</interface><ipprotocol>inet</ipprotocol>'
        "<protocol>tcp</protocol><source><network/><port/><not>0</not></source><destination><network>wanip</network><port>8443</port><not>0</not></destination>"
        f"<target>{HOST}</target><local-port>443</local-port><pass>{pass_}</pass>{fields}</rule>"
    )


@pytest.mark.parametrize(
    ("pass_", "rules", "expected"),
    [
        ("", (), "blocked"), ("", (rule(on="wan", dst=HOST, port="443"),), "permitted"), ("pass", (), "permitted"), ("rule", (), "permitted"),
        ("rule", (rule("block", on="wan", dst=HOST),), "cannot-tell"), ("pass", (rule("block", on="wan", dst=HOST),), "permitted"),
    ],
)  # fmt: skip
def test_a_newer_port_forward_and_its_rule(pass_: str, rules: tuple[str, ...], expected: str) -> None:
    fw = device(conf(*rules, nat=forward(pass_)))
    assert ask(fw, OUT, "192.0.2.2", "tcp/8443").verdict == expected
    assert ask(fw, OUT, "192.0.2.2", "tcp/443").verdict == "blocked"


def test_forwards_go_by_their_sequence() -> None:
    other = forward("pass").replace(HOST, "10.9.0.9").replace("<sequence>1<", "<sequence>2<")
    fw = device(conf(nat=other + forward("pass")))
    found = ask(fw, OUT, "192.0.2.2", "tcp/8443")
    assert found.translated is not None
    assert found.translated.dst == HOST


def test_one_to_one_and_source_translation_of_the_newer_model() -> None:
    more = (
        '<onetoone><rule uuid="o"><enabled>1</enabled><sequence>1</sequence><interface>wan</interface><type>binat</type><external>192.0.2.5</external>'
        f"<source_net>{HOST}</source_net><destination_net>any</destination_net></rule></onetoone>"
        '<snatrules><rule uuid="s"><enabled>1</enabled><nonat>0</nonat><sequence>1</sequence><interface>wan</interface><ipprotocol>inet</ipprotocol>'
        "<protocol>any</protocol><source_net>10.1.0.0/24</source_net><destination_net>any</destination_net><target>wanip</target></rule></snatrules>"
    )
    fw = device(conf(rule(on="wan", dst=HOST, port="443"), more=model(more=more)))
    assert told(fw, OUT, "192.0.2.5") == ("permitted", 12)
    kinds = [(one.name, one.kind) for one in fw.translations]
    assert kinds == [("1:1 1 (IPv4)", "dst"), ("1:1 1 (IPv4)", "src"), ("outbound 2", "src")]


def test_where_neither_form_of_rules_is_there_the_file_is_refused() -> None:
    with pytest.raises(InputError, match="has no <filter>: it is no whole configuration"):
        device("<opnsense><interfaces/></opnsense>")
    with pytest.raises(InputError, match="is a configuration of pfSense, not of OPNsense"):
        device(config())


def test_what_stands_among_the_newer_rules_and_is_none_leaves_all_open() -> None:
    fw = device(conf(more=model(new(), "<rulez><action>block</action></rulez>")))
    assert ask(fw, DESK, HOST).verdict == "cannot-tell"
