"""Random rulesets in the two languages of netfilter, each from a number: what people write, and the traps in it."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.exposure.netns.site import PORTS, PROXY, PUBLIC, SERVERS

CHAINS = ("alpha", "beta", "gamma")
NETS = ("10.50.1.0/24", "10.50.2.0/24", "10.50.1.8/29", "10.50.0.0/22", "10.50.1.16/30", "10.0.0.0/8")
NETS6 = ("fd50:1::/64", "fd50:2::/64", "fd50:1::8/125", "fd50::/16", "fd50:1::c/126")


class Random(random.Random):
    def word(self, *words: str) -> str:
        return self.choice(words)

    def often(self, share: float) -> bool:
        return self.random() < share

    def bang(self, share: float = 0.2) -> str:
        return "! " if self.often(share) else ""


# ------------------------------------------------------------------------------------------------ iptables


def ipset(seed: int) -> str:
    """Sets that rules may name, as ``ipset restore`` takes them."""
    rng = Random(seed)
    hosts = "\n".join(f"add hosts 10.50.{rng.choice((1, 2))}.{rng.randint(8, 20)} -exist" for _ in range(4))
    pairs = "\n".join(f"add pairs 10.50.1.{rng.randint(8, 20)},tcp:{rng.choice(PORTS)} -exist" for _ in range(5))
    return (
        f"create hosts hash:ip\n{hosts}\ncreate nets hash:net\nadd nets {rng.choice(NETS[2:5])}\n"
        f"add nets 10.50.1.16/29 nomatch\nadd nets 10.50.1.{rng.randint(16, 20)}/32\n"
        f"create pairs hash:ip,port\n{pairs}\ncreate ports bitmap:port range 0-65535\nadd ports {rng.choice(PORTS)}\n"
        f"add ports 8000-8005\n"
    )


def iptables(seed: int, family: int = 4) -> str:
    """A whole ruleset for iptables-restore or ip6tables-restore."""
    rng = Random(seed * 10 + family)
    six = family == 6
    policy = rng.choice(("DROP", "ACCEPT"))
    lines = [
        "*filter",
        f":INPUT {rng.choice(('DROP', 'ACCEPT'))} [0:0]",
        f":FORWARD {policy} [0:0]",
        ":OUTPUT ACCEPT [0:0]",
    ]
    lines += [f":{name} - [0:0]" for name in CHAINS]
    for chain in ("INPUT", "FORWARD"):
        lines.append(
            f"-A {chain} -m conntrack --ctstate {rng.word('ESTABLISHED,RELATED', 'RELATED,ESTABLISHED')} -j ACCEPT"
        )
        if six:
            lines.append(f"-A {chain} -p ipv6-icmp -j ACCEPT")
        if rng.often(0.2):
            kind = f"{rng.bang()}--dst-type {rng.word('UNICAST', 'LOCAL', 'MULTICAST', 'LOCAL,MULTICAST')}"
            lines.append(f"-A {chain} -s {NETS6[3] if six else '10.50.1.16/30'} -m addrtype {kind} -j RETURN")
    if not six and seed % 3 == 0 and rng.often(0.5):
        lines.append(f"-A FORWARD -m conntrack {rng.bang()}--ctstate DNAT -j {rng.word('ACCEPT', 'DROP')}")
    for _ in range(rng.randint(6, 12)):
        lines.append(f"-A FORWARD {_rule(rng, six, CHAINS)}")
    for at, name in enumerate(CHAINS):
        for _ in range(rng.randint(3, 6)):
            lines.append(f"-A {name} {_rule(rng, six, CHAINS[at + 1 :], inner=True)}")
    for _ in range(rng.randint(0, 3)):
        lines.append(
            f"-A INPUT {_match(rng, six, out=False, port=(22, PROXY))} -j {rng.choice(('ACCEPT', 'DROP', 'REJECT'))}"
        )
    lines.append("COMMIT")
    if rng.often(0.4):
        lines += ["*mangle", ":PREROUTING ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]"]
        for chain in ("PREROUTING", "FORWARD", "POSTROUTING"):
            lines.append(f"-A {chain} -m conntrack --ctstate ESTABLISHED -j ACCEPT")
            for _ in range(rng.randint(0, 2)):
                side = {"PREROUTING": "in", "FORWARD": "both", "POSTROUTING": "out"}[chain]
                match = _match(rng, six, out=side != "in", into=side != "out")
                lines.append(
                    f"-A {chain} {match} -m conntrack --ctstate NEW -j {rng.choice(('DROP', 'ACCEPT', 'RETURN', 'MARK --set-mark 1'))}"
                )
        lines.append("COMMIT")
    if rng.often(0.3):
        guarded = f"-A PREROUTING -i {rng.choice(('users', 'guest'))}"
        lines += [
            "*raw",
            ":PREROUTING ACCEPT [0:0]",
            f"{guarded} {_address(rng, six, 's')} {_address(rng, six, 'd')} -j DROP",
            "COMMIT",
        ]
    if not six and seed % 3 == 0:
        lines += _nat(rng, redirect=seed % 6 == 0)
    return "\n".join(lines) + "\n"


def _nat(rng: Random, *, redirect: bool) -> list[str]:
    lines = ["*nat", ":PREROUTING ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]", ":inner - [0:0]"]
    if rng.often(0.5):
        lines.append(
            f"-A PREROUTING {_address(rng, False, 's')} -p tcp -m tcp --dport {rng.choice(PORTS)} -j {rng.choice(('ACCEPT', 'RETURN'))}"
        )
    for public in rng.sample(PUBLIC, 2):
        port = f":{rng.choice(PORTS)}" if rng.often(0.6) else ""
        chain = rng.choice(("PREROUTING", "inner"))
        match = f"-d {public} -p tcp -m tcp --dport {rng.choice(PORTS)}" if rng.often(0.7) else f"-d {public} -p tcp"
        lines.append(f"-A {chain} {match} -j DNAT --to-destination {rng.choice(SERVERS)}{port}")
    if rng.often(0.3):
        lines.append("-A PREROUTING -d 10.50.100.0/30 -i users -j NETMAP --to 10.50.9.8/30")
    if rng.often(0.5):
        at = next((n for n, line in enumerate(lines) if line.startswith("-A inner")), len(lines))
        lines.insert(at, f"-A inner {_address(rng, False, 's')} -p tcp -m tcp --dport {rng.choice(PORTS)} -j RETURN")
    if redirect:
        lines.append(f"-A PREROUTING ! -i dmz -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports {PROXY}")
    lines.append(f"-A PREROUTING -i {rng.choice(('users', 'guest'))} -j inner")
    if rng.often(0.5):
        lines.append(f"-A POSTROUTING -o dmz -p tcp -j {rng.choice(('MASQUERADE', 'SNAT --to-source 10.50.9.1'))}")
    return [*lines, "COMMIT"]


def _match(
    rng: Random,
    six: bool,
    *,
    into: bool = True,
    out: bool = True,
    port: tuple[int, ...] = PORTS,
    least: int = 0,
    most: int = 3,
) -> str:
    choices: list[Callable[[], str]] = [
        lambda: _address(rng, six, "s"), lambda: _address(rng, six, "d"), lambda: _ports(rng, port), lambda: _ports(rng, port),
        lambda: "-m conntrack --ctstate NEW",
    ]  # fmt: skip
    if into:
        choices.append(lambda: f"{rng.bang()}-i {rng.choice(('users', 'guest', 'us+', 'dmz'))}")
    if out:
        choices.append(lambda: f"{rng.bang()}-o {rng.choice(('dmz', 'users', 'd+'))}")
    if not six:
        words = (
            f"{rng.bang()}--match-set hosts src",
            f"{rng.bang()}--match-set nets src",
            "--match-set pairs src,dst",
            "--match-set ports dst",
        )
        choices.append(lambda: f"-m set {rng.choice(words)}")
    found = [one() for one in rng.sample(choices, rng.randint(least, most))]
    once = [one for one in found if " -p " not in f" {one}"]
    return " ".join([*once, *[one for one in found if one not in once][:1]])


def _address(rng: Random, six: bool, side: str) -> str:
    if six:
        return f"{rng.bang()}-{side} {rng.choice(NETS6 if side == 's' else ('fd50:9::/64', 'fd50:9::a', 'fd50:9::b'))}"
    if rng.often(0.25):
        lo = rng.randint(8, 18) if side == "s" else 10
        base = f"10.50.{rng.choice((1, 2)) if side == 's' else 9}"
        return f"-m iprange {rng.bang()}--{'src' if side == 's' else 'dst'}-range {base}.{lo}-{base}.{lo + rng.randint(0, 4)}"
    nets = NETS if side == "s" else (*SERVERS, "10.50.9.0/24", "10.50.9.10/31", "10.50.100.0/24")
    if rng.often(0.1):
        return f"{rng.bang()}-{side} {'10.50.1.0/255.255.255.5' if side == 's' else '10.50.9.10/255.255.255.250'}"
    return f"{rng.bang()}-{side} {rng.choice(nets)}"


def _ports(rng: Random, ports: tuple[int, ...]) -> str:
    one = rng.choice(ports)
    if rng.often(0.08):
        return f"-p udp -m udp --dport {one}"
    if rng.often(0.08):
        return f"{rng.bang(0.5)}-p {rng.choice(('icmp', 'udp', 'tcp'))}"
    if rng.often(0.35):
        some = ",".join(map(str, sorted(rng.sample(ports, min(len(ports), rng.randint(1, 3))))))
        return f"-p tcp -m multiport {rng.bang()}--dports {some},9000:9100"
    flags = rng.choice(
        ("", "", "", " --tcp-flags FIN,SYN,RST,ACK SYN", " --tcp-flags SYN,RST SYN,RST", " ! --tcp-flags ACK ACK")
    )
    return f"-p tcp -m tcp {rng.bang()}--dport {rng.choice((str(one), str(one), f'{one}:{one + 100}', f'{min(ports)}:{one}'))}{flags}"


def _rule(rng: Random, six: bool, chains: tuple[str, ...], *, inner: bool = False) -> str:
    """What it matches, and what it does. Rules that end a packet's way are narrow, so that many packets meet many of them."""
    drawn = rng.random()
    if chains and drawn < 0.35:
        return f"{_match(rng, six, most=1)} -{rng.choice('jjg')} {rng.choice(chains)}"
    if inner and drawn < 0.55:
        return f"{_match(rng, six, most=2)} -j RETURN"
    return f"{_match(rng, six, least=2)} -j {rng.choice(('ACCEPT', 'ACCEPT', 'DROP', 'REJECT'))}"


# ------------------------------------------------------------------------------------------------ nftables


def nft(seed: int, *, six: bool) -> str:
    """A whole ruleset for ``nft -f``: one table for both families or for one, several chains on a hook."""
    rng = Random(seed * 10 + 7)
    family = "inet" if six else rng.choice(("inet", "ip"))
    six = family == "inet"
    lines = [f"table {family} t {{"]
    lines += _sets(rng)
    for at, name in reversed(list(enumerate(CHAINS))):
        lines.append(f"  chain {name} {{")
        lines += [f"    {_nft_rule(rng, six, CHAINS[at + 1 :], inner=True)}" for _ in range(rng.randint(3, 6))]
        lines.append("  }")
    for at, priority in enumerate(rng.sample((-20, -5, 0, 0, 10, 200), rng.choice((1, 1, 2, 3)))):
        policy = rng.choice(("drop", "accept"))
        lines += [f"  chain main{at} {{", f"    type filter hook forward priority {priority}; policy {policy};"]
        lines.append(f"    {rng.choice(ESTABLISHED)}")
        lines.append("    meta l4proto { icmp, icmpv6 } accept")
        if seed % 3 == 0 and rng.often(0.4):
            lines.append(
                f"    ct status {rng.choice(('dnat', '! dnat'))} counter {rng.choice(('accept', 'drop', 'continue'))}"
            )
        lines += [f"    {_nft_rule(rng, six, CHAINS)}" for _ in range(rng.randint(3, 8))]
        lines.append("  }")
    if rng.often(0.4):
        for priority in rng.sample((-300, -150, -95, -50), rng.randint(1, 2)):
            lines += [
                f"  chain early{-priority} {{",
                f"    type filter hook prerouting priority {priority}; policy accept;",
            ]
            lines.append('    iifname "dmz" accept')
            if priority > -200:
                lines.append("    ct state established,related accept")
            lines.append(
                f"    ip saddr {_source(rng)} tcp flags syn {_tcp(rng)} counter {rng.choice(('drop', 'accept'))}"
            )
            lines.append("  }")
    lines += [
        "  chain own {",
        f"    type filter hook input priority 0; policy {rng.choice(('drop', 'accept'))};",
        "    ct state established,related accept",
    ]
    lines.append("    meta l4proto { icmp, icmpv6 } accept")
    lines += [
        f"    ip saddr {_source(rng)} tcp dport {{ 22, {PROXY} }} counter {rng.choice(('accept', 'reject', 'drop'))}"
    ]
    lines.append("  }")
    if seed % 3 == 0:
        lines += _nft_nat(rng, redirect=seed % 6 == 0)
    return "\n".join([*lines, "}"]) + "\n"


INTO = ("users", "guest", "!= guest", '"us*"', "{ users, dmz }", "!= { users, lo }")
OUT = ("dmz", "!= dmz", '"d*"')
VERDICTS = ("accept", "accept", "accept", "drop", "drop", "reject", "reject with tcp reset", "continue")
ESTABLISHED = (
    "ct state established,related accept",
    "ct state { established, related } accept",
    "ct state vmap { established : accept, related : accept, invalid : drop }",
)


def _sets(rng: Random) -> list[str]:
    port, other = rng.sample(PORTS, 2)
    host, low = f"10.50.1.{rng.randint(10, 20)}", rng.randint(10, 15)
    return [
        f"  set hosts {{ type ipv4_addr; elements = {{ {host}, 10.50.2.{low} }}; }}",
        f"  set nets {{ type ipv4_addr; flags interval; elements = {{ 10.50.1.{low}-10.50.1.{low + 4}, 10.50.2.8/29 }}; }}",
        f"  set pairs {{ type ipv4_addr . inet_service; elements = {{ {host} . {port}, 10.50.2.{low} . {other} }}; }}",
        f"  set wide {{ type ipv4_addr . inet_service; flags interval; elements = {{ 10.50.1.8/29 . {port}-{port + 9}, 10.50.2.0/24 . {other} }}; }}",
        f"  map verdicts {{ type inet_service : verdict; elements = {{ {port} : jump gamma, {other} : {rng.choice(('accept', 'drop', 'continue'))} }}; }}",
    ]


def _source(rng: Random) -> str:
    lo = rng.randint(8, 18)
    found = rng.choice((
        rng.choice(NETS), f"10.50.1.{lo}-10.50.1.{lo + 4}", f"{{ 10.50.1.{lo}, 10.50.2.0/28 }}", "@nets", "@hosts", "& 255.255.255.3 == 10.50.1.2",
    ))  # fmt: skip
    return found if found.startswith("&") else rng.choice(("", "", "", "!= ")) + found


def _tcp(rng: Random) -> str:
    one, two = rng.sample(PORTS, 2)
    return rng.choice((
        f"tcp dport {one}", f"tcp dport {{ {one}, {two}, 9000-9100 }}", f"tcp dport != {one}", f"tcp dport != {{ {one}, {two} }}",
        f"tcp dport {min(one, two)}-{max(one, two)}", f"tcp dport >= {one}", f"meta l4proto tcp th dport {one}", f"tcp dport < {two}",
    ))  # fmt: skip


def _nft_rule(rng: Random, six: bool, chains: tuple[str, ...], *, inner: bool = False) -> str:
    one, two = rng.sample(PORTS, 2)
    lo = rng.randint(10, 16)
    if rng.often(0.15):
        return rng.word(
            f"ip saddr . tcp dport vmap {{ 10.50.1.{lo} . {one} : accept, 10.50.1.{lo + 1} . {two} : drop }}",
            f"tcp dport vmap {{ {one} : accept, {two} : drop }}",
            f"ip saddr vmap {{ 10.50.1.{lo}-10.50.1.{lo + 2} : {rng.choice(('drop', 'return', 'continue'))}, 10.50.2.0/24 : accept }}",
            *(("tcp dport vmap @verdicts", f"iifname vmap {{ users : jump {chains[0]}, guest : goto {chains[0]} }}") if "gamma" in chains else ()),
            "meta l4proto . th dport vmap { tcp . 22 : accept, udp . 53 : drop }",
            f"ip saddr vmap {{ 10.50.1.{lo}-10.50.1.{lo + 3} : {f'jump {chains[0]}' if chains else 'continue'}, * : {rng.choice(('continue', 'accept'))} }}",
            f"ip saddr . tcp dport vmap {{ 10.50.1.{lo} . {one} : continue, 10.50.2.{lo} . {two} : accept, * : {rng.choice(('continue', 'drop'))} }}",
        )  # fmt: skip
    found: list[str] = []
    choices: tuple[Callable[[], str], ...] = (
        lambda: f"ip saddr {_source(rng)}", lambda: f"ip daddr {rng.choice(('', '!= '))}{rng.choice((*SERVERS, '10.50.9.0/24', '10.50.9.10-10.50.9.11'))}",
        lambda: _tcp(rng), lambda: f"iifname {rng.choice(INTO)}",
        lambda: f"oifname {rng.choice(OUT)}", lambda: "ct state new",
        lambda: f"ip saddr . tcp dport {rng.choice(('', '!= '))}@{rng.choice(('pairs', 'wide'))}",
        lambda: f"ip saddr . ip daddr {rng.choice(('', '!= '))}{{ 10.50.1.{lo} . 10.50.9.10, 10.50.2.0/28 . 10.50.9.0/24 }}",
        lambda: rng.choice(("tcp flags & (fin|syn|rst|ack) == syn", "tcp flags syn", "tcp flags ! ack", "tcp flags & (syn|rst) == syn|rst")),
        lambda: rng.choice(("meta nfproto ipv4" if six else "meta protocol ip", "ip protocol tcp", "meta l4proto != udp", "ip protocol != udp", "fib daddr type unicast")),
        lambda: rng.choice(("fib saddr . iif oif exists", "fib daddr type != local", "ct direction original", "ct state != established")),
    )  # fmt: skip
    if six and rng.often(0.25):
        choices = (
            lambda: f"ip6 saddr {rng.choice(('', '!= '))}{rng.choice(NETS6)}", lambda: f"ip6 daddr {rng.choice(('', '!= '))}fd50:9::a",
            lambda: _tcp(rng), lambda: "meta nfproto ipv6", lambda: f"ip6 saddr {{ fd50:1::{lo - 2:x}-fd50:1::{lo:x}, fd50:2::/64 }}",
        )  # fmt: skip
    drawn = rng.random()
    if chains and drawn < 0.3:
        least, most, verdict = 0, 1, f"{rng.choice(('jump', 'jump', 'goto'))} {rng.choice(chains)}"
    elif inner and drawn < 0.5:
        least, most, verdict = 1, 2, "return"
    else:
        least, most, verdict = 2, 3, rng.choice(VERDICTS)
    found = [one() for one in rng.sample(choices, rng.randint(least, most))]
    if verdict == "reject with tcp reset":
        found.append("meta l4proto tcp")
    return " ".join([*found, "counter", verdict])


def _nft_nat(rng: Random, *, redirect: bool) -> list[str]:
    one, two = rng.sample(PORTS, 2)
    server, other = rng.sample(SERVERS, 2)
    lines = ["  chain inner {"]
    if rng.often(0.5):
        lines.append(f"    ip saddr {rng.choice(NETS[1:5])} tcp dport {rng.choice((one, two))} return")
    lines += [f"    ip daddr {PUBLIC[2]} tcp dport {one} dnat ip to {other}:{two}", "  }"]
    lines += ["  chain before {", "    type nat hook prerouting priority -110; policy accept;"]
    lines.append(f"    ip daddr {PUBLIC[0]} tcp dport {two} {rng.choice(('accept', f'dnat ip to {other}'))}")
    lines += [
        "  }",
        "  chain turn {",
        f"    type nat hook prerouting priority {rng.choice((-100, -90))}; policy accept;",
    ]
    if redirect:
        lines.append(f'    iifname != "dmz" tcp dport 8080 redirect to :{PROXY}')
    lines.append(
        f"    ip daddr {PUBLIC[0]} tcp dport {rng.choice((one, two))} dnat ip to {server}{rng.choice(('', f':{one}'))}"
    )
    lines.append(rng.choice((
        f"    dnat ip to ip daddr . tcp dport map {{ {PUBLIC[1]} . {one} : {server} . {two} }}",
        f"    dnat ip to ip daddr map {{ {PUBLIC[1]} : {server} }}",
        f"    ip saddr 10.50.1.0/24 dnat ip to ip daddr map {{ {PUBLIC[1]} : {other} }}",
    )))  # fmt: skip
    lines += [f"    tcp dport vmap {{ {one} : jump inner }}", "  }"]
    lines += [
        "  chain sources {",
        "    type nat hook postrouting priority 100; policy accept;",
        '    oifname "dmz" masquerade',
        "  }",
    ]
    return lines
