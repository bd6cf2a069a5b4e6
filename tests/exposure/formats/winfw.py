"""One Windows rule set written in every form in which it is exported, and a slow judge of what it does.

The judge knows nothing of chains, intervals or the reader: it holds one packet against one rule after the other, in each
profile, with what is not certain once for it and once against it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import read
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.net import Answer, Device

HOST = "10.9.0.5"
PROFILES = ("Domain", "Private", "Public")
NUMBERS = {"ICMPv4": 1, "TCP": 6, "UDP": 17}


@dataclass(frozen=True, kw_only=True)
class WinRule:
    """A rule in the words of PowerShell."""

    name: str = "rule"
    inbound: bool = True
    allow: bool = True
    on: bool = True
    profiles: tuple[str, ...] = PROFILES
    protocol: str = "TCP"
    local_port: tuple[str, ...] = ("Any",)
    remote_port: tuple[str, ...] = ("Any",)
    local: tuple[str, ...] = ("Any",)
    remote: tuple[str, ...] = ("Any",)
    program: str = "Any"
    service: str = "Any"
    icmp: tuple[str, ...] = ("Any",)


@dataclass(frozen=True, kw_only=True)
class Packet:
    src: str = "10.1.0.5"
    dst: str = HOST
    proto: str = "tcp"
    port: int = 443
    inbound: bool = True


# ------------------------------------------------------------------------------------------------ forms


def netsh(rules: Sequence[WinRule], *, verbose: bool = True) -> str:
    blocks = []
    for r in rules:
        lines = [
            ("Rule Name", r.name), None, ("Enabled", "Yes" if r.on else "No"), ("Direction", "In" if r.inbound else "Out"),
            ("Profiles", ",".join(r.profiles)), ("Grouping", ""), ("LocalIP", ",".join(r.local)), ("RemoteIP", ",".join(r.remote)),
            ("Protocol", r.protocol),
        ]  # fmt: skip
        if r.protocol in ("TCP", "UDP"):
            lines += [("LocalPort", ",".join(r.local_port)), ("RemotePort", ",".join(r.remote_port))]
        if r.icmp != ("Any",):
            lines += [("", "Type    Code"), *(("", one.replace(":", "       ")) for one in r.icmp)]
        lines += [("Edge traversal", "No")]
        if verbose:
            lines += [("Program", r.program)] * (r.program != "Any") + [("Service", r.service)] * (r.service != "Any")
            lines += [("InterfaceTypes", "Any"), ("Security", "NotRequired"), ("Rule source", "Local Setting")]
        lines += [("Action", "Allow" if r.allow else "Block")]
        blocks.append(
            "\r\n".join("-" * 70 if one is None else f"{one[0] + ':' if one[0] else '':38}{one[1]}" for one in lines)
        )
    return "\r\n" + "\r\n\r\n".join(blocks) + "\r\nOk.\r\n\r\n"


def objects(rules: Sequence[WinRule]) -> list[dict[str, Any]]:
    """One flattened object a rule."""
    return [
        {
            "Name": f"{{id-{n}}}", "DisplayName": r.name, "Description": None, "Enabled": 1 if r.on else 2, "Direction": 1 if r.inbound else 2,
            "Action": 2 if r.allow else 4, "Profile": sum(1 << PROFILES.index(p) for p in r.profiles) if r.profiles != PROFILES else 0,
            "InstanceID": f"{{id-{n}}}", "Protocol": r.protocol, "LocalPort": _one(r.local_port), "RemotePort": _one(r.remote_port),
            "IcmpType": _one(r.icmp), "LocalAddress": _one(r.local), "RemoteAddress": _one(r.remote), "Program": r.program,
            "Package": "Any", "Service": r.service, "InterfaceAlias": "Any", "InterfaceType": 0, "Authentication": 0, "LocalUser": "Any",
        }
        for n, r in enumerate(rules)
    ]  # fmt: skip


def _one(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def as_json(rules: Sequence[WinRule]) -> str:
    return json.dumps(objects(rules), indent=4) + "\n"


def as_files(rules: Sequence[WinRule]) -> list[str]:
    """The rules and their filters, each in a file of its own, the filters in another order."""
    kinds = (
        ("Name", "DisplayName", "Description", "Enabled", "Direction", "Action", "Profile"),
        ("Protocol", "LocalPort", "RemotePort", "IcmpType"), ("LocalAddress", "RemoteAddress"), ("Program", "Package"),
        ("Service",), ("InterfaceAlias",), ("InterfaceType",), ("Authentication", "LocalUser"),
    )  # fmt: skip
    whole = objects(rules)
    return [
        json.dumps([{k: o[k] for k in (*keys, "InstanceID")} for o in (whole if not n else whole[::-1])], indent=2)
        for n, keys in enumerate(kinds)
    ]


def as_csv(rules: Sequence[WinRule], delimiter: str = ",") -> str:
    out = io.StringIO()
    whole = objects(rules)
    writer = csv.DictWriter(out, list(whole[0]), delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({k: " ".join(v) if isinstance(v, list) else v for k, v in o.items()} for o in whole)
    return "#TYPE Selected.Microsoft.Management.Infrastructure.CimInstance\r\n" + out.getvalue()


def registry(rules: Sequence[WinRule]) -> str:
    lines = [
        "Windows Registry Editor Version 5.00",
        "",
        r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]",
    ]
    lines += [f'"{{id-{n}}}"="{reg_value(r)}"' for n, r in enumerate(rules)]
    return "\r\n".join(lines) + "\r\n\r\n"


def query(rules: Sequence[WinRule]) -> str:
    lines = [
        "",
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules",
    ]
    lines += [f"    {{id-{n}}}    REG_SZ    {reg_value(r)}".replace("\\\\", "\\") for n, r in enumerate(rules)]
    return "\r\n".join(lines) + "\r\n\r\n"


def reg_value(r: WinRule) -> str:
    parts = [
        f"Action={'Allow' if r.allow else 'Block'}",
        f"Active={str(r.on).upper()}",
        f"Dir={'In' if r.inbound else 'Out'}",
    ]
    parts += [f"Protocol={NUMBERS[r.protocol]}"] if r.protocol != "Any" else []
    parts += [f"Profile={p}" for p in r.profiles] if r.profiles != PROFILES else []
    for word, values in (("LPort", r.local_port), ("RPort", r.remote_port)):
        parts += [f"{word}2_10={v}" if "-" in v else f"{word}={v}" for v in values if v != "Any"]
    for side, values in (("LA", r.local), ("RA", r.remote)):
        parts += [f"{side}{6 if ':' in v else 4}={v}" for v in values if v not in ("Any", "LocalSubnet")]
        parts += [f"{side}{family}=LocalSubnet" for v in values if v == "LocalSubnet" for family in (4, 6)]
    parts += [f"ICMP4={one}" for one in r.icmp if one != "Any"]
    parts += ["App=" + r.program.replace("\\", "\\\\")] if r.program != "Any" else []
    parts += [f"Svc={r.service}"] if r.service != "Any" else []
    return "|".join(("v2.33", *parts, f"Name={r.name}", ""))


ALL_FORMS = ("netsh", "json", "files", "csv", "reg", "query")


def written(form: str, rules: Sequence[WinRule]) -> list[str]:
    match form:
        case "netsh":
            return [netsh(rules)]
        case "json":
            return [as_json(rules)]
        case "files":
            return as_files(rules)
        case "csv":
            return [as_csv(rules)]
        case "reg":
            return [registry(rules)]
    return [query(rules)]


def profiles(**said: tuple[str, str]) -> str:
    """``netsh advfirewall show allprofiles``; a profile that is not named is as shipped."""
    blocks = []
    for name in PROFILES:
        state, policy = said.get(name.lower(), ("ON", "BlockInbound,AllowOutbound"))
        blocks.append(
            f"{name} Profile Settings: \r\n{'-' * 70}\r\nState                                 {state}\r\n"
            f"Firewall Policy                       {policy}\r\nLocalFirewallRules                    N/A (GPO-store only)\r\n\r\n"
            "Logging:\r\nLogAllowedConnections                 Disable\r\nMaxFileSize                           4096\r\n"
        )
    return "\r\n" + "\r\n".join(blocks) + "\r\nOk.\r\n\r\n"


# ------------------------------------------------------------------------------------------------ asking


def files(*texts: str | bytes) -> list[ConfigFile]:
    names = ("fw.txt", *(f"more-{n}.txt" for n in range(1, 20)))
    return [
        ConfigFile(data=t if isinstance(t, bytes) else t.encode(), shown=n) for t, n in zip(texts, names, strict=False)
    ]


def device(*texts: str | bytes, **options: str) -> Device:
    return read("windows-firewall", Export(device="pc", files=files(*texts), options=options))


def ask(fw: Device, port: str = "tcp/443", from_: str | None = "10.1.0.5", to: str = HOST, **way: str) -> Answer:
    (found,) = ask_config(fw, from_, to, port, Way(**way))
    return found


def verdict(fw: Device, packet: Packet) -> str:
    chain = {} if packet.inbound else {"chain": "outbound"}
    return ask(fw, f"{packet.proto}/{packet.port}", packet.src, packet.dst, **chain).verdict


# ------------------------------------------------------------------------------------------------ the judge


def judged(rules: Sequence[WinRule], packet: Packet, off: Sequence[str] = (), always: Sequence[str] = ()) -> str:
    """``off``: profiles in which the firewall is off; ``always``: those that block whatever comes in."""
    worlds = [_passes(rules, packet, p, off, always, kind=kind) for p in PROFILES for kind in (True, False)]
    return "permitted" if all(worlds) else "cannot-tell" if any(worlds) else "blocked"


def _passes(
    rules: Sequence[WinRule], packet: Packet, profile: str, off: Sequence[str], always: Sequence[str], *, kind: bool
) -> bool:
    """``kind``: what is not certain lets through."""
    if profile in off:
        return True
    mine = [r for r in rules if r.on and r.inbound == packet.inbound and profile in r.profiles]
    for r in mine:
        if not r.allow and _matches(r, packet, sure=kind):
            return False
    if packet.inbound and profile in always:
        return False
    if any(r.allow and _matches(r, packet, sure=not kind) for r in mine):
        return True
    return not packet.inbound


def _matches(r: WinRule, packet: Packet, *, sure: bool) -> bool:
    """Whether a rule matches; of what is not certain, only what surely does where ``sure``."""
    local, remote = (packet.dst, packet.src) if packet.inbound else (packet.src, packet.dst)
    ports = r.local_port if packet.inbound else r.remote_port
    if r.protocol not in ("Any", packet.proto.upper()):
        return False
    hit = [
        _held(r.local, local),
        _held(r.remote, remote),
        _port(ports, packet.port),
        r.program == r.service == "Any" or None,
    ]
    return all(one is not False for one in hit) and (not sure or None not in hit)


def _held(written_: Sequence[str], address: str) -> bool | None:
    number, found = ip_address(address), []
    for one in written_:
        if one in ("Any", "LocalSubnet"):
            found.append(True if one == "Any" else None)
        elif "-" in one:
            lo, hi = (ip_address(part) for part in one.split("-"))
            found.append(lo.version == number.version and int(lo) <= int(number) <= int(hi))
        else:
            found.append(number in ip_network(one))
    return True if True in found else None if None in found else False


def _port(written_: Sequence[str], port: int) -> bool | None:
    found: list[bool | None] = []
    for one in written_:
        if one == "RPC":
            found.append(None if port >= 49152 else False)
        elif one == "Any":
            found.append(True)
        else:
            lo, _, hi = one.partition("-")
            found.append(int(lo) <= port <= int(hi or lo))
    return True if True in found else None if None in found else False
