"""iptables-save and its companions: what is read, by which line, what cannot be told, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.exposure.formats import export
from secscan.model.errors import InputError
from tests.benchmarks import exports
from tests.exposure.formats.netfilter import FROM, TO, device, told, whole

P, B, C = "permitted", "blocked", "cannot-tell"


def table(*rules: str, policy: str = "DROP", chains: str = "", name: str = "filter") -> str:
    """One table: rules of FORWARD begin on the line behind the chains."""
    own = "".join(f":{chain} - [0:0]\n" for chain in chains.split())
    lines = "".join(f"{rule if rule.startswith(COMMANDS) else f'-A FORWARD {rule}'}\n" for rule in rules)
    inner = (
        ":PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n"
        if name in ("nat", "mangle", "raw")
        else ":INPUT DROP\n:OUTPUT ACCEPT\n"
    )
    return f"*{name}\n:FORWARD {policy} [0:0]\n{inner}{own}{lines}COMMIT\n"


COMMANDS = ("-A ", "-I ", "-D ", "-P ", "-N ", "-F", "[")
FIRST = 5
"""The line of the first rule of ``table`` where it has no chains of its own."""


# ------------------------------------------------------------------------------------------------ matches


@pytest.mark.parametrize(
    ("rule", "asked", "matches"),
    [
        ("-s 10.1.0.0/24", {}, True), ("-s 10.1.0.0/255.255.255.0", {}, True), ("-s 10.2.0.0/24", {}, False),
        ("! -s 10.2.0.0/24", {}, True), ("-s ! 10.2.0.0/24", {}, True), ("! -s 10.1.0.0/24", {}, False), ("-s ! 10.1.0.9", {}, False),
        ("-s 10.1.0.9/255.0.255.255", {"from_": "10.77.0.9"}, True), ("-s 10.1.0.9/255.0.255.255", {"from_": "10.77.0.8"}, False),
        ("-d 10.9.0.5", {}, True), ("! -d 10.9.0.5/32", {}, False), ("-d 10.9.0.4/31", {}, True),
        ("-p tcp", {}, True), ("-p 6", {}, True), ("! -p tcp", {}, False), ("! -p udp", {}, True), ("-p udp", {}, False), ("-p all", {}, True),
        ("-p tcp -m tcp --dport 443", {}, True), ("-p tcp -m tcp ! --dport 443", {}, False), ("-p tcp -m tcp --dport ! 80", {}, True),
        ("-p tcp --dport 400:500", {}, True), ("-p tcp --dport :442", {}, False), ("-p tcp --dport 443:", {}, True), ("-p tcp --dport https", {}, True),
        ("-p tcp -m multiport --dports 22,443", {}, True), ("-p tcp -m multiport --dports 22,80:90", {"port": "tcp/85"}, True),
        ("-p tcp -m multiport ! --dports 22,443", {}, False), ("-p tcp -m multiport ! --dports 22,80", {}, True),
        ("-p tcp -m multiport --ports 22,443", {}, True), ("-p tcp -m multiport ! --ports 22,443", {}, False),
        ("-m iprange --src-range 10.1.0.5-10.1.0.9", {}, True), ("-m iprange --src-range 10.1.0.10-10.1.0.20", {}, False),
        ("-m iprange ! --src-range 10.1.0.5-10.1.0.8", {}, True), ("-m iprange --dst-range 10.9.0.5-10.9.0.5", {}, True),
        ("-s 10.1.0.0/16 -m iprange ! --src-range 10.1.0.9-10.1.0.9", {}, False),
        ("-i eth1", {"in_interface": "eth1"}, True), ("-i eth2", {"in_interface": "eth1"}, False), ("! -i eth2", {"in_interface": "eth1"}, True),
        ("-i eth+ -m comment --comment eth1", {"in_interface": "eth1"}, True), ("-i +", {}, True),
        ("-o eth1", {"out_interface": "eth1"}, True), ("! -o eth1", {"out_interface": "eth1"}, False),
        ("-m conntrack --ctstate NEW", {}, True), ("-m conntrack --ctstate NEW,ESTABLISHED", {}, True), ("-m state --state ESTABLISHED", {}, False),
        ("-m conntrack ! --ctstate ESTABLISHED", {}, True), ("-m conntrack --ctstate INVALID", {}, False), ("-m conntrack --ctstate DNAT", {}, False),
        ("-m conntrack ! --ctstate DNAT", {}, True), ("-m conntrack --ctstatus CONFIRMED", {}, False),
        ("-p tcp --syn", {}, True), ("-p tcp ! --syn", {}, False), ("-p tcp --tcp-flags FIN,SYN,RST,ACK SYN", {}, True),
        ("-p tcp --tcp-flags ALL NONE", {}, False), ("-p tcp --tcp-flags SYN,RST SYN,RST", {}, False), ("-p tcp ! --tcp-flags ACK ACK", {}, True),
        ("-f", {}, False), ("! -f", {}, True), ("-m addrtype --dst-type UNICAST", {}, True), ("-m addrtype --dst-type LOCAL", {}, False),
        ("-m addrtype ! --dst-type LOCAL", {}, True), ("-m addrtype --dst-type BROADCAST", {}, False), ("-m addrtype --src-type LOCAL", {}, False),
        ("-m rpfilter --invert", {}, False), ('-m comment --comment "two \\"words\\""', {}, True), ("-4", {}, True), ("-6", {}, False),
        ("-p icmp -m icmp --icmp-type 8", {}, False),
    ],
)  # fmt: skip
def test_what_a_rule_matches(rule: str, asked: dict[str, str], matches: bool) -> None:
    fw = device(table("-i eth1 -p 99 -j DROP", f"{rule} -j ACCEPT", "-o eth1 -p 99 -j DROP"))
    assert told(fw, **asked) == ((P, FIRST + 1) if matches else (B, 2))
    refused = device(table("-i eth1 -p 99 -j DROP", f"{rule} -j REJECT", "-o eth1 -p 99 -j DROP", policy="ACCEPT"))
    assert told(refused, **asked) == ((B, FIRST + 1) if matches else (P, 2))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("-m limit --limit 3/min", "it hangs on a rate (match limit)"), ("-m recent --rcheck --name x", "it hangs on a list that fills itself"),
        ("-m time --timestart 09:00 --timestop 17:00", "it hangs on the time of day"), ("-m mark --mark 0x1", "it hangs on a mark"),
        ("-m owner --uid-owner 0", "it hangs on the user that sends"), ("-m set --match-set gone src", "set 'gone' is not in the export"),
        ("-m conntrack --ctorigdstport 80", "it hangs on what connection tracking knows"), ("-m conntrack --ctstate SNAT", "source is translated"),
        ("-d gateway.example", "host name 'gateway.example' is not resolved"), ("-m mac --mac-source 00:11:22:33:44:55", "a hardware address"),
        ("-m strange --what 1", "match 'strange' is not known"), ("--odd 1", "'--odd' is not understood"), ("-p tcp --dport 70000", "is not a tcp port"),
        ("-p tcp --dport 90:80", "is not a range of ports"), ("-s 300.1.1.1", "is not an address"), ("-m iprange --src-range fd00::1-fd00::5", "is IPv6 in rules for IPv4"),
        ("-m iprange --src-range 10.1.0.9-10.1.0.5", "is not a range"), ("-p nonsense", "is not a protocol"), ("-s", "has no value"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_never_taken_for_a_pass_or_a_block(rule: str, why: str) -> None:
    for target in ("ACCEPT", "DROP"):
        text = table(f"{rule} -j {target}", policy="DROP" if target == "ACCEPT" else "ACCEPT")
        if rule == "-s":
            text = text.replace(f"-s -j {target}", "-s")
        found = whole(device(text))
        assert (found.verdict, found.rule and found.rule.line) == (C, FIRST)
        assert why in f"{found.reason} {found.rule and found.rule.text}"


def test_an_unknown_target_may_do_either_and_one_that_goes_on_does_neither() -> None:
    assert told(device(table("-j NFQUEUE --queue-num 1", policy="ACCEPT"))) == (C, FIRST)
    assert told(device(table("-j CHAINTHATISNOT", policy="ACCEPT"))) == (C, FIRST)
    for target in ("LOG --log-prefix x", "MARK --set-mark 1", "TCPMSS --clamp-mss-to-pmtu", "NFLOG"):
        assert told(device(table(f"-p tcp -j {target}", policy="ACCEPT"))) == (P, 2)
    assert told(device(table("-s 10.1.0.0/24", policy="ACCEPT"))) == (P, 2)  # a rule that only counts


# ------------------------------------------------------------------------------------------------ chains and tables


def test_chains_are_walked_as_the_kernel_walks_them() -> None:
    rules = (
        "-s 10.1.0.0/24 -j inner", "-s 10.1.0.0/25 -g aside", "-j ACCEPT", "-A inner -s 10.1.0.9 -j RETURN", "-A inner -s 10.1.0.8 -j DROP",
        "-A aside -s 10.1.0.9 -j RETURN", "-A aside -s 10.1.0.7 -j REJECT",
    )  # fmt: skip
    fw = device(table(*rules, chains="inner aside"))
    assert told(fw, "10.1.0.9") == (B, 2)  # what a goto's chain leaves over meets the policy
    assert told(fw, "10.1.0.8") == (B, 11)
    assert told(fw, "10.1.0.7") == (B, 13)
    assert told(fw, "10.1.0.200") == (P, 9)
    assert told(fw, "10.2.0.9") == (P, 9)
    assert whole(fw, "10.1.0.0/24").sources == ("10.1.0.128/25",)


def test_every_table_must_let_a_packet_through_and_raw_sees_it_as_it_was_sent() -> None:
    nat = table("-A PREROUTING -d 192.0.2.9 -p tcp --dport 8443 -j DNAT --to-destination 10.9.0.5:443", name="nat")
    for name, seen in (("raw", "192.0.2.9"), ("mangle", "192.0.2.9")):
        for at in (seen, TO):
            text = table(f"-A PREROUTING -d {at} -j DROP", name=name, policy="ACCEPT")
            found = told(device(table("-j ACCEPT") + nat + text), "198.51.100.7", "192.0.2.9", "tcp/8443")
            assert found == ((B, 17) if at == seen else (P, 5)), (name, at)
    for chain in ("FORWARD", "POSTROUTING"):
        text = table(f"-A {chain} -d {TO} -p tcp --dport 443 -j DROP", name="mangle", policy="ACCEPT")
        assert told(device(table("-j ACCEPT") + nat + text), "198.51.100.7", "192.0.2.9", "tcp/8443") == (B, 17)
    assert told(device(table("-j ACCEPT") + table("-j DROP", name="security"))) == (B, 11)


def test_a_table_that_is_not_there_says_nothing() -> None:
    fw = device(table("-A PREROUTING -s 10.1.0.8 -j DROP", name="raw"))
    assert told(fw, "10.1.0.8")[0] == B
    found = whole(fw)
    assert found.verdict == C
    assert "no rule matches, and nothing says what the device does then" in found.reason


def test_what_reaches_the_device_itself_meets_its_input() -> None:
    fw = device(table("-j ACCEPT", "-A INPUT -p tcp --dport 22 -s 10.1.0.0/24 -j ACCEPT"))
    assert told(fw, port="tcp/22", chain="INPUT") == (P, 6)
    assert told(fw, "10.2.0.9", port="tcp/22", chain="INPUT") == (B, 3)
    own = device(
        table("-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT", "-A INPUT -m addrtype --dst-type UNICAST -j DROP")
    )
    assert told(own, chain="INPUT") == (P, 5)


def test_a_chain_of_its_own_that_nobody_knows_the_way_to_cannot_tell_whose_an_address_is() -> None:
    fw = device(table("-j own", "-A own -m addrtype --dst-type LOCAL -j DROP", policy="ACCEPT", chains="own"))
    assert "the device's own addresses are not in the export" in whole(fw, to="198.51.100.1").reason


def test_commands_in_a_table_count_as_iptables_restore_takes_them() -> None:
    fw = device(table("-j DROP", "-I FORWARD -s 10.1.0.9 -j ACCEPT", "-I FORWARD 2 -s 10.1.0.8 -j ACCEPT"))
    assert (told(fw), told(fw, "10.1.0.8"), told(fw, "10.1.0.7")) == ((P, 6), (P, 7), (B, 5))
    assert told(device(table("-j DROP", "-F FORWARD", "-P FORWARD ACCEPT"))) == (P, 7)
    assert told(device(table("-j ACCEPT", "-F", "-N other", "-A other -j ACCEPT"))) == (B, 2)
    unsure = device(table("-s 10.1.0.9 -j ACCEPT", "-D FORWARD 1"))
    assert told(unsure) == (C, 6)
    assert [line.line for line in unsure.unread] == [6]


def test_connections_that_are_not_tracked_have_no_state() -> None:
    raw = table("-A PREROUTING -p tcp --dport 443 -j CT --notrack", name="raw")
    found = whole(device(table("-m conntrack --ctstate NEW -j ACCEPT") + raw))
    assert found.verdict == C
    assert "untracked by line 11" in found.reason
    assert told(device(table("-m conntrack --ctstate NEW,UNTRACKED -j ACCEPT") + raw)) == (P, 5)
    assert told(device(table("-m conntrack --ctstate INVALID -j DROP", "-j ACCEPT") + raw)) == (P, 6)


def test_rules_say_why_they_are_there_and_how_often_they_were_met() -> None:
    fw = device(table('[12:720] -A FORWARD -m comment --comment "web for the registrars" -j ACCEPT'))
    ((_, rule),) = [pair for pair in fw.rules() if pair[1].origin.line == FIRST]
    assert (rule.reason, rule.hits, rule.origin.name, rule.origin.vendor_id) == (
        "web for the registrars", 12, "web for the registrars", "FORWARD 1",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ both families


SIX = "# Generated by ip6tables-save v1.8.9\n" + table("-s fd00:1::/64 -j ACCEPT", "-p ipv6-icmp -j ACCEPT")


def test_ipv6_is_known_where_ip6tables_was_saved_too() -> None:
    alone = device(table("-j ACCEPT", policy="ACCEPT"))
    found = whole(alone, "fd00:1::9", "fd00:9::5")
    assert (found.verdict, found.reason) == (C, "1:2: the export says nothing of IPv6")
    both = device(table("-j ACCEPT"), SIX)
    assert (told(both), told(both, "fd00:1::9", "fd00:9::5"), told(both, "fd00:2::9", "fd00:9::5")) == (
        (P, 5),
        (P, 6),
        (B, 3),
    )
    assert {line.file for _, r in both.rules() for line in [r.origin] if line.line == 6} == {"2"}
    assert told(device(SIX))[0] == C
    by_content = device(SIX.split("\n", 1)[1])
    assert told(by_content, "fd00:1::9", "fd00:9::5") == (P, 5)


def test_what_returns_in_one_family_meets_the_policy_of_its_own() -> None:
    four, six = table("-s 10.1.0.9 -j RETURN", "-j DROP", policy="ACCEPT"), SIX.replace("-j ACCEPT", "-j RETURN", 1)
    assert told(device(four, six)) == (P, 2)
    assert told(device(four, six), "fd00:1::9", "fd00:9::5") == (B, 3)
    mangle = table("-A FORWARD -m conntrack --ctstate NEW -j RETURN", name="mangle", policy="ACCEPT")
    assert told(device(table("-j ACCEPT") + mangle, SIX)) == (P, 5)
    assert told(device(table("-j ACCEPT") + mangle, SIX), "fd00:1::9", "fd00:9::5") == (
        P,
        6,
    )  # untouched by IPv4's mangle


# ------------------------------------------------------------------------------------------------ sets


SETS = """create hosts hash:ip family inet hashsize 1024 maxelem 65536
add hosts 10.1.0.9
create nets hash:net family inet hashsize 1024 maxelem 65536
add nets 10.1.0.0/16
add nets 10.1.0.0/24 nomatch
add nets 10.1.0.8/30
create pairs hash:ip,port family inet
add pairs 10.1.0.9,tcp:443
add pairs 10.1.0.8,udp:443
create ports bitmap:port range 0-65535
add ports 440-450
create come hash:ip timeout 300
add come 10.1.0.9 timeout 100
create wide hash:ip netmask 24
add wide 10.1.0.0
create many list:set size 8
add many hosts
create six hash:net family inet6
add six fd00:1::/64
"""


@pytest.mark.parametrize(
    ("words", "from_", "verdict"),
    [
        ("--match-set hosts src", FROM, P), ("--match-set hosts src", "10.1.0.10", B), ("! --match-set hosts src", FROM, B),
        ("--match-set hosts dst", FROM, B), ("--match-set nets src", "10.1.0.10", P), ("--match-set nets src", "10.1.0.20", B),
        ("--match-set nets src", "10.1.1.1", P), ("! --match-set nets src", "10.1.0.20", P), ("--match-set pairs src,dst", FROM, P),
        ("--match-set pairs src,dst", "10.1.0.8", B), ("--match-set pairs dst,dst", FROM, B), ("--match-set ports dst", FROM, P),
        ("! --match-set ports dst", FROM, B), ("--match-set come src", FROM, C), ("--match-set wide src", FROM, C),
        ("--match-set many src", FROM, C), ("--match-set six src", FROM, B), ("! --match-set pairs src,dst", FROM, C),
    ],
)  # fmt: skip
def test_sets_are_read_from_ipset_save(words: str, from_: str, verdict: str) -> None:
    assert told(device(table(f"-p tcp -m set {words} -j ACCEPT"), SETS), from_)[0] == verdict
    assert told(device(SETS, table(f"-p tcp -m set {words} -j ACCEPT")), from_)[0] == verdict


def test_a_set_that_rules_fill_is_not_what_was_saved() -> None:
    found = whole(device(table("-m set --match-set hosts src -j ACCEPT", "-p 99 -j SET --add-set hosts src"), SETS))
    assert found.verdict == C
    assert "set 'hosts' is filled by rules as packets come" in found.reason


# ------------------------------------------------------------------------------------------------ translations


def turned(*rules: str, chains: str = "") -> str:
    return table("-j ACCEPT", "-A INPUT -p tcp --dport 3128 -j ACCEPT") + table(
        *(f"-A {rule}" for rule in rules), name="nat", chains=chains
    )


@pytest.mark.parametrize(
    ("rule", "sent", "onward"),
    [
        ("PREROUTING -d 192.0.2.9 -p tcp --dport 8443 -j DNAT --to-destination 10.9.0.5:443", 8443, ("10.9.0.5", 443)),
        ("PREROUTING -d 192.0.2.9 -j DNAT --to-destination 10.9.0.5", 443, ("10.9.0.5", 443)),
        ("PREROUTING -d 192.0.2.9 -p tcp --dport 8443 -j DNAT --to-destination :443", 8443, ("192.0.2.9", 443)),
        ("PREROUTING -d 192.0.2.8/30 -j NETMAP --to 10.9.0.4/30", 443, ("10.9.0.5", 443)),
    ],
)
def test_what_is_sent_to_a_translated_address_goes_on(rule: str, sent: int, onward: tuple[str, int]) -> None:
    found = whole(device(turned(rule)), "198.51.100.7", "192.0.2.9", f"tcp/{sent}")
    assert found.verdict == P
    assert found.translated is not None
    assert (found.translated.dst, found.translated.dport) == onward


def test_of_several_addresses_the_kernel_picks_any_and_netmap_the_one_of_the_same_place() -> None:
    rule = "PREROUTING -d 192.0.2.8/30 -j {}"
    deny = "-d 10.9.0.4 -j DROP"
    for target, verdict in (("DNAT --to-destination 10.9.0.4-10.9.0.7", C), ("NETMAP --to 10.9.0.4/30", P)):
        text = turned(rule.format(target)).replace("-A FORWARD -j ACCEPT", f"-A FORWARD {deny}\n-A FORWARD -j ACCEPT")
        assert told(device(text), "198.51.100.7", "192.0.2.9")[0] == verdict
        assert told(device(text), "198.51.100.7", "192.0.2.8")[0] == (B if verdict == P else C)


def test_the_ports_of_a_redirect_are_those_of_the_device() -> None:
    fw = device(turned("PREROUTING -i lan -p tcp --dport 80 -j REDIRECT --to-ports 3128"))
    (one,) = fw.translations
    assert (one.to_own, one.to_ports) == (True, ((3128, 3128),))
    assert told(fw, port="tcp/80", in_interface="lan")[0] == B  # it never gets there
    assert told(fw, port="tcp/81", in_interface="lan") == (P, 5)


def test_what_leaves_the_chain_is_not_translated() -> None:
    dnat = "-d 192.0.2.9 -j DNAT --to-destination 10.9.0.5"
    for word in ("ACCEPT", "RETURN"):
        fw = device(turned(f"PREROUTING -s 10.1.0.9 -j {word}", f"PREROUTING {dnat}"))
        assert whole(fw, to="192.0.2.9").translated is None
        assert whole(fw, "10.1.0.8", to="192.0.2.9").translated is not None
    inner = device(turned("PREROUTING -j inner", "inner -s 10.1.0.9 -j RETURN", f"inner {dnat}", chains="inner"))
    assert (told(inner, to="192.0.2.9")[0], whole(inner, to="192.0.2.9").translated) == (P, None)
    assert whole(inner, "10.1.0.8", to="192.0.2.9").translated is not None
    doubtful = device(
        turned("PREROUTING -j inner", "inner -m mark --mark 1 -j RETURN", f"inner {dnat}", chains="inner")
    )
    assert "line 14 may have left the chain before it" in whole(doubtful, to="192.0.2.9").reason
    ring = device(turned("PREROUTING -j one", "one -j two", "two -j one", chains="one two"))
    assert told(ring, to="192.0.2.9")[0] == C


def test_sources_are_translated_behind_every_rule() -> None:
    fw = device(
        turned("POSTROUTING -s 10.1.0.0/24 -o wan -j MASQUERADE", "POSTROUTING -j SNAT --to-source 192.0.2.1-192.0.2.3")
    )
    assert [(t.kind, t.to.unknown is None) for t in fw.translations] == [("src", False), ("src", True)]
    assert told(fw, out_interface="wan") == (P, 5)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (table("-j ACCEPT").removesuffix("COMMIT\n"), "1: ends inside table filter, which line 1 began: it is cut"),
        (table("-j ACCEPT").replace("COMMIT\n", "") + table("-j DROP", name="nat"), "1:6: table filter of line 1 is not ended by COMMIT"),
        (table("-j ACCEPT") + table("-j DROP"), "1:7: table filter stands here twice"),
        (table("-A NOWHERE -j DROP"), "1:5: the rule is for chain 'NOWHERE', which the table does not have"),
        (table("-j ACCEPT") + "iptables -A FORWARD -j ACCEPT\n", "1:7: is a script of iptables commands"),
        (table("-j ACCEPT") + "what is this\n", "1:7: 'what is this' stands outside of any table"),
        (table("-j ACCEPT") + "--More--\n", "1:7: the output was cut by a pager"),
    ],
)  # fmt: skip
def test_what_is_no_whole_save_is_refused_by_line(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        device(text, kind="iptables")
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ((table("-j ACCEPT"), table("-j DROP")), "2: is a second IPv4 ruleset beside 1; name one of them"),
        ((SETS,), "1: holds sets and no rules; add the output of iptables-save"),
        (
            (table("-j ACCEPT"), "create x hash:ip\nadd y 10.0.0.1\n"),
            "2:2: adds to set 'y', which no line before creates",
        ),
        ((table("-j ACCEPT"), "create x hash:ip\nrename x y\n"), "2:2: 'rename x y' is not a line of ipset save"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(files: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError) as caught:
        device(*files, kind="iptables")
    assert str(caught.value).startswith(says)


def test_scripts_are_refused_and_other_tables_are_not_taken() -> None:
    with pytest.raises(InputError, match="script of iptables commands"):
        device("iptables -P FORWARD DROP\niptables -A FORWARD -j ACCEPT\n")
    with pytest.raises(InputError, match="script"):
        device("#!/bin/sh\n/sbin/iptables -A FORWARD -j ACCEPT\n", kind="iptables")


# ------------------------------------------------------------------------------------------------ properties


RULES = st.lists(
    st.builds(
        lambda src, dport, target: f"{src} -p tcp {dport} -j {target}",
        st.sampled_from(["", "-s 10.1.0.0/24", "! -s 10.1.0.9", "-m iprange --src-range 10.1.0.5-10.1.0.9", "-m limit --limit 1/s"]),
        st.sampled_from(["", "--dport 443", "! --dport 443", "-m multiport --dports 22,443"]),
        st.sampled_from(["ACCEPT", "DROP", "REJECT", "RETURN", "LOG"]),
    ),
    max_size=8,
)  # fmt: skip


@given(RULES, st.integers(0, 8), st.sampled_from(["ACCEPT", "DROP"]))
def test_a_deny_more_never_opens_a_way(rules: list[str], at: int, policy: str) -> None:
    before, after = (
        told(device(table(*some, policy=policy)))[0] for some in (rules, [*rules[:at], "-j DROP", *rules[at:]])
    )
    assert (before, after) not in {(B, P), (B, C), (C, P)}


@given(RULES, st.integers(0, 400), st.sampled_from(["", "\x7f", "-j ACCEPT\n", "!", "\n"]))
def test_a_mangled_or_cut_save_never_lets_through_what_the_whole_one_stops(
    rules: list[str], at: int, more: str
) -> None:
    text = table(*rules, "-j DROP")
    assert told(device(text))[0] in (P, B, C)
    cut = text[: at % len(text)]
    if "COMMIT" not in cut:
        with pytest.raises(InputError):
            device(cut + more.replace("-j ACCEPT", ""), kind="iptables")
    strange = text.replace(" -p tcp", f" {more.strip() or '?'}? -p tcp")
    if told(device(text))[0] == B and strange != text:
        assert told(device(strange, kind="iptables"))[0] != P


def test_five_thousand_rules_are_read_whole() -> None:
    _, _, rules = exports.measured("iptables", 5_000)
    assert rules == 5_000


def test_endless_files_and_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="1:5: is longer than 100,000 letters"):
        device(table(f"-m comment --comment {'x' * 100_001} -j ACCEPT"), kind="iptables")
    monkeypatch.setattr(export, "MAX_BYTES", 50)
    with pytest.raises(InputError, match="no configuration is longer than 50"):
        device(table("-j ACCEPT"), kind="iptables")
