"""Which maker's format an export is, and its reader; what is known for something that no reader takes is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from secscan.doors.validate import nearest
from secscan.exposure.formats.export import OPAQUE, ConfigFile, Export, Format
from secscan.model.errors import InputError
from secscan.model.net import Device

KINDS: Final[Mapping[str, str]] = {
    "asa": "asa",
    "fortigate": "fortigate",
    "ios": "ios",
    "iptables": "iptables",
    "nft": "nft",
    "opnsense": "opnsense",
    "panos": "panos",
    "pfsense": "pfsense",
    "windows-firewall": "windows",
}
"""Kind, as ``as:`` and ``--as`` call it -> the module of this folder whose ``READER`` reads it."""

HEAD: Final = 200_000
"""Letters of a file that are looked at to tell what it is."""

_BYTES: Final = (
    (b"regf", "is a registry hive: a Windows firewall policy saved as .wfw",
     "export it as text: Get-NetFirewallRule with its filters to JSON, or netsh advfirewall firewall show rule name=all verbose"),
    (b"PK\x03\x04", "is a ZIP archive", "unpack it first"),
    (b"\x1f\x8b", "is a gzip archive", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive", "unpack it first"),
    (b"BZh", "is a bzip2 archive", "unpack it first"),
    (b"Salted__", "is encrypted", "export it again without a password"),
    (b"-----BEGIN PGP", "is encrypted", "decrypt it first"),
    (b"---- BEGIN config.xml ----", "is an encrypted backup", "export it again without a password"),
    (b"#FGBK|", "is an encrypted FortiGate backup", "export it again without a password"),
)  # fmt: skip
_TEXTS: Final = (
    (r'"xt"\s*:\s*(?:null|\{)', r'"nftables"\s*:', *OPAQUE),
    (r"(?m)^\s*table (?:ip|ip6|inet|bridge|arp|netdev) \S+ \{", "",
     "is nftables' own language", "export it with: nft -j list ruleset"),
    (r"(?m)^set (?:rulebase|(?:pre|post)-rulebase|network|deviceconfig|mgt-config|address|zone|shared|vsys|device-group|template) ", "",
     "is a Palo Alto configuration in 'set' form", "export the XML: Device, Setup, Operations, Export named configuration snapshot"),
    (r"(?m)^(?:config|mgt-config|deviceconfig) \{", r"(?m)^\s*(?:mgt-config|deviceconfig|rulebase|pre-rulebase|vsys|predefined) ?[{;]",
     "is a Palo Alto configuration in the form with braces", "export the XML: Device, Setup, Operations, Export named configuration snapshot"),
    (r"(?m)^set (?:security|interfaces|firewall|system host-name|groups) .*(?:\n|$)", r"(?m)^set (?:version|system|security|firewall) ",
     "is a Juniper configuration, which no reader takes", "write its rules as a secscan-rules table"),
    (r"(?m)^\s*(?:security \{|firewall \{|## Last (?:commit|changed):)", r"(?m)^\s*(?:system|interfaces|policies|version [\w.]+;|family inet) ?\{?",
     "is a Juniper configuration, which no reader takes", "write its rules as a secscan-rules table"),
    (r"(?m)^\s*(?:pass|block)(?: (?:drop|return|in|out|log|quick))* (?:on |proto |from |all|inet)", "",
     "is a pf.conf or the output of pfctl, which no reader takes", "pfSense and OPNsense: export config.xml"),
    (r"(?m)^\s*(?:/s?bin/|/usr/sbin/|sudo )?(?:ip6?tables|\$\w*IPT\w*)(?: -t \w+)? -[APIN] ", "",
     "is a script of iptables commands, not what the kernel holds", "export it with iptables-save and ip6tables-save"),
    (r"<m0n0wall\b", "",
     "is a configuration of m0n0wall, which no reader takes", "write its rules as a secscan-rules table"),
    (r"(?im)^\s*(?:@?(?:call )?netsh(?:\.exe)? +advfirewall +(?:firewall +)?(?:add|set|delete|import|reset)\b|New-NetFirewallRule\b)", "",
     "is a script of firewall commands, not what Windows holds", "run it, and export with Get-NetFirewallRule to JSON"),
)  # fmt: skip
"""(what it holds, what it also holds, what it is, what to do) of what no reader takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What the files of one export are. ``kind`` is "" where no reader takes them."""

    kind: str
    words: str
    """How surely, or what else it is."""


def recognise(files: Sequence[ConfigFile]) -> Recognised:
    """The format of an export, judged by what stands in its files.

    Raises InputError, with what to do, for a file that is known and cannot be read, and for files of two formats.
    """
    found: list[tuple[ConfigFile, Recognised]] = []
    for file in files:
        _refuse_bytes(file)
        found.append((file, _one(file)))
    known = [(file, one) for file, one in found if one.kind]
    for file, one in known:
        if one.kind != known[0][1].kind:
            first = f"{known[0][0].shown} is {known[0][1].kind}"
            raise file.refuse(f"is {one.kind}, and {first}: files asked together are of one device")
    if known and len(known) < len(found):
        other = next(file for file, one in found if not one.kind)
        raise other.refuse(f"is not recognised, and {known[0][0].shown} is {known[0][1].kind}")
    return found[0][1] if found else Recognised(kind="", words="there is no file")


def read(kind: str, export: Export) -> Device:
    """The device of an export of that kind. Raises InputError where it cannot be one whole export."""
    if kind not in KINDS:
        raise export.files[0].refuse(
            f"no reader is called '{kind}'{nearest(kind, KINDS)}", f"known: {', '.join(KINDS)}"
        )
    for file in export.files:
        _refuse_bytes(file)
    return _reader(kind).read(export)


def _one(file: ConfigFile) -> Recognised:
    try:
        head = file.text()[:HEAD]
    except InputError as error:
        return Recognised(kind="", words=error.reason)
    fitting = [(kind, words) for kind in KINDS if (words := _reader(kind).fits(head))]
    fitting.sort(key=lambda one: not one[1].startswith("certain"))
    if fitting:
        return Recognised(kind=fitting[0][0], words=fitting[0][1])
    for pattern, also, what, todo in _TEXTS:
        if (at := re.search(pattern, head)) and re.search(also, head):
            raise file.refuse(what, todo, head.count("\n", 0, at.start()) + 1)
    return Recognised(kind="", words="is not a firewall's export that a reader knows")


def _reader(kind: str) -> Format:
    reader: Format = import_module(f"secscan.exposure.formats.{KINDS[kind]}").READER
    return reader


def _refuse_bytes(file: ConfigFile) -> None:
    for magic, what, todo in _BYTES:
        if file.data.startswith(magic):
            raise InputError(file.refuse(what).place, what, todo)
