"""PAN-OS configurations as text for tests, one element a line, so that a rule is found by its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import read
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.net import Answer, Device

SHOWN = "edge.xml"
USERS, GUEST, OUTSIDE = "10.1.0.9", "10.2.0.9", "198.51.100.7"
WEB, DB = "10.9.0.5", "10.9.0.20"


def listed(tag: str, names: str) -> str:
    """``a, b`` as the members of an element."""
    found = "".join(f"<member>{name.strip()}</member>" for name in names.split(",") if name.strip())
    return f"<{tag}>{found}</{tag}>\n"


def rule(
    name: str, from_: str = "any", to: str = "any", src: str = "any", dst: str = "any", svc: str = "any", app: str = "any",
    action: str = "allow", extra: str = "",
) -> str:  # fmt: skip
    lists = (("from", from_), ("to", to), ("source", src), ("destination", dst), ("application", app), ("service", svc))
    body = "".join(listed(tag, names) for tag, names in lists)
    return f'<entry name="{name}">\n{body}{extra}\n<action>{action}</action>\n</entry>\n'


def nat(name: str, from_: str, to: str, src: str, dst: str, does: str, svc: str = "any", extra: str = "") -> str:
    lists = "".join(
        listed(t, names) for t, names in (("from", from_), ("to", to), ("source", src), ("destination", dst))
    )
    return f'<entry name="{name}">\n{lists}<service>{svc}</service>\n{does}{extra}\n</entry>\n'


def to_address(address: str, port: str = "") -> str:
    more = f"<translated-port>{port}</translated-port>" if port else ""
    return (
        f"<destination-translation><translated-address>{address}</translated-address>{more}</destination-translation>\n"
    )


OUT = (
    "<source-translation><dynamic-ip-and-port><interface-address><interface>ethernet1/1</interface>"
    "</interface-address></dynamic-ip-and-port></source-translation>\n"
)


def base(rules: str, nats: str = "", kind: str = "rulebase", more: str = "") -> str:
    return f"<{kind}>\n<security>\n<rules>\n{rules}</rules>\n</security>\n<nat>\n<rules>\n{nats}</rules>\n</nat>\n{more}</{kind}>\n"


def address(name: str, value: str, kind: str = "ip-netmask") -> str:
    return f'<entry name="{name}"><{kind}>{value}</{kind}></entry>\n'


def addresses(*entries: str) -> str:
    return f"<address>\n{''.join(entries)}</address>\n"


def groups(**named: str) -> str:
    inner = "".join(f'<entry name="{name}">{listed("static", members)}</entry>\n' for name, members in named.items())
    return f"<address-group>\n{inner}</address-group>\n"


def service(name: str, ports: str, proto: str = "tcp", sport: str = "") -> str:
    more = f"<source-port>{sport}</source-port>" if sport else ""
    return f'<entry name="{name}"><protocol><{proto}><port>{ports}</port>{more}</{proto}></protocol></entry>\n'


def services(*entries: str) -> str:
    return f"<service>\n{''.join(entries)}</service>\n"


def zone(name: str, *interfaces: str, kind: str = "layer3") -> str:
    return f'<entry name="{name}"><network>{listed(kind, ",".join(interfaces))}</network></entry>\n'


ZONES = (
    zone("untrust", "ethernet1/1")
    + zone("trust", "ethernet1/2")
    + zone("guest", "ethernet1/4")
    + zone("dmz", "ethernet1/3.9")
)
NETWORK = """<network>
<profiles><interface-management-profile><entry name="inside"><ping>yes</ping><ssh>yes</ssh>
<permitted-ip><entry name="10.1.0.0/24"/></permitted-ip></entry></interface-management-profile></profiles>
<interface>
<ethernet>
<entry name="ethernet1/1"><layer3><ip><entry name="203.0.113.2/29"/></ip></layer3></entry>
<entry name="ethernet1/2"><layer3><ip><entry name="10.1.0.1/24"/></ip><ipv6><address><entry name="2001:db8:1::1/64"/></address></ipv6>
<interface-management-profile>inside</interface-management-profile></layer3></entry>
<entry name="ethernet1/3"><layer3><units><entry name="ethernet1/3.9"><ip><entry name="10.9.0.1/24"/></ip>
<ipv6><address><entry name="2001:db8:9::1/64"/></address></ipv6></entry></units></layer3></entry>
<entry name="ethernet1/4"><layer3><ip><entry name="10.2.0.1/24"/></ip></layer3></entry>
</ethernet>
</interface>
<virtual-router><entry name="default"><routing-table><ip><static-route>
<entry name="default"><destination>0.0.0.0/0</destination><nexthop><ip-address>203.0.113.1</ip-address></nexthop></entry>
</static-route></ip></routing-table></entry></virtual-router>
</network>
"""


def firewall(
    vsys: str, *, shared: str = "", zones: str = ZONES, network: str = NETWORK, panorama: str = "", systems: Sequence[str] = (),
    device: str = "", version: str = "10.1.0",
) -> str:  # fmt: skip
    """A firewall whose first virtual system holds ``vsys``; ``systems`` are further ones, whole."""
    first = f'<entry name="vsys1">\n<zone>\n{zones}</zone>\n{vsys}</entry>\n'
    return (
        f'<?xml version="1.0"?>\n<config version="{version}" urldb="paloaltonetworks">\n<shared>\n{shared}</shared>\n<devices>\n'
        f'<entry name="localhost.localdomain">\n{network}{device}<vsys>\n{first}{"".join(systems)}</vsys>\n</entry>\n</devices>\n'
        f"{panorama}</config>\n"
    )


def panorama(groups_: str, shared: str = "", readonly: str = "", version: str = "10.1.0") -> str:
    return (
        f'<config version="{version}" urldb="paloaltonetworks">\n<shared>\n{shared}</shared>\n<devices>\n'
        f'<entry name="localhost.localdomain">\n<device-group>\n{groups_}</device-group>\n</entry>\n</devices>\n'
        f'<readonly><devices><entry name="localhost.localdomain"><device-group>{readonly}</device-group></entry></devices></readonly>\n'
        f"</config>\n"
    )


def group(name: str, inner: str) -> str:
    return f'<entry name="{name}">\n{inner}</entry>\n'


def below(name: str, above: str = "") -> str:
    return f'<entry name="{name}">{f"<parent-dg>{above}</parent-dg>" if above else "<id>1</id>"}</entry>\n'


def given(text: str | bytes, **options: str) -> Device:
    data = text if isinstance(text, bytes) else text.encode()
    return read("panos", Export(device="edge", files=[ConfigFile(data=data, shown=SHOWN)], options=options))


def ask(text: str | Device, from_: str | None, to: str, port: str, **way: str) -> Answer:
    device = text if isinstance(text, Device) else given(text)
    (found,) = ask_config(replace(device, zones=frozenset()), from_, to, port, Way(**way))
    return found


def line(text: str, name: str) -> int:
    """The line on which the entry of this name begins; the last of that name."""
    return max(n for n, written in enumerate(text.split("\n"), 1) if f'<entry name="{name}"' in written)


def told(text: str, from_: str | None, to: str, port: str, **way: str) -> tuple[str, str | None]:
    """The verdict, and the name of the rule that decides (its number or words where it has no name)."""
    found = ask(text, from_, to, port, **way)
    by = found.rule
    return found.verdict, None if by is None else by.name or by.vendor_id


def decided(text: str, from_: str | None, to: str, port: str, **way: str) -> tuple[str, int | None]:
    """The verdict, and the line of the rule that decides."""
    found = ask(text, from_, to, port, **way)
    return found.verdict, None if found.rule is None else found.rule.line
