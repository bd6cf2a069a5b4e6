"""An export is told by what stands in it; what no reader takes is refused by name, with what to do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from secscan.exposure.formats import export, read, recognise, registry
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.errors import InputError
from secscan.model.net import Device
from tests.exposure.toy import teach


def file(text: str | bytes, shown: str = "fw.txt") -> ConfigFile:
    return ConfigFile(data=text if isinstance(text, bytes) else text.encode(), shown=shown)


@dataclass(frozen=True)
class Toy:
    """A reader of files that begin with its own word."""

    kind: str
    sure: str = "certain"

    def fits(self, head: str) -> str | None:
        return f"{self.sure}: it begins with {self.kind}" if head.startswith((self.kind, "both")) else None

    def read(self, given: Export) -> Device:
        return Device(name=given.device, kind=self.kind, chains={}, stages=())


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in (Toy("one", "likely"), Toy("two")):
        teach(monkeypatch, reader)


@pytest.mark.usefixtures("toys")
def test_the_surest_reader_takes_a_file() -> None:
    assert recognise([file("one ...")]).kind == "one"
    assert recognise([file("both")]) == registry.Recognised(kind="two", words="certain: it begins with two")
    assert recognise([file("three")]).kind == ""
    assert recognise([]).kind == ""


@pytest.mark.usefixtures("toys")
def test_all_files_of_an_export_are_of_one_format() -> None:
    assert recognise([file("two a"), file("two b")]).kind == "two"
    with pytest.raises(InputError, match=r"b: is two, and a is one: files asked together are of one device"):
        recognise([file("one", "a"), file("two", "b")])
    with pytest.raises(InputError, match=r"b: is not recognised, and a is one"):
        recognise([file("one", "a"), file("three", "b")])


@pytest.mark.usefixtures("toys")
def test_a_kind_is_read_by_its_reader() -> None:
    found = read("two", Export(device="fw", files=[file("two")]))
    assert (found.name, found.kind) == ("fw", "two")
    with pytest.raises(InputError, match=r"no reader is called 'twoo'; did you mean 'two'\?"):
        read("twoo", Export(device="fw", files=[file("two")]))
    with pytest.raises(InputError, match="ZIP archive"):
        read("two", Export(device="fw", files=[file(b"PK\x03\x04")]))


JUNIPER = """set version 12.1X46-D40.2
set system host-name edge
set security policies from-zone trust to-zone untrust policy out match source-address any
"""
BRACES = """## Last commit: 2026-01-01 by somebody
version 12.1;
system {
    host-name edge;
}
security {
    policies {
"""
XT = '{"nftables": [{"rule": {"family": "ip", "expr": [{"xt": null}, {"counter": {}}]}}]}'
NFT = "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n"
PF = 'ext_if = "em0"\nset skip on lo\nblock in all\npass out quick on $ext_if inet proto tcp from any to any\n'
SCRIPT = "#!/bin/sh\n/sbin/iptables -P INPUT DROP\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\n"
NETSH = (
    'rem open the web\nnetsh advfirewall firewall add rule name="web" dir=in action=allow protocol=TCP localport=80\n'
)
PAN = "set deviceconfig system hostname edge\nset rulebase security rules web from trust\n"


@pytest.mark.parametrize(
    ("held", "says", "line"),
    [
        (b"regf\x01\x00\x00", "registry hive", 0),
        (b"PK\x03\x04....", "ZIP archive; unpack it first", 0),
        (b"\x1f\x8b\x08", "gzip archive", 0),
        (b"Salted__abc", "is encrypted", 0),
        (b"---- BEGIN config.xml ----\n", "encrypted backup; export it again without a password", 0),
        (b"#FGBK|4|FGT|", "encrypted FortiGate backup", 0),
        (XT, "'xt' items do not show what they match; export it with iptables-save", 1),
        (NFT, "nftables' own language; export it with: nft -j list ruleset", 1),
        (JUNIPER, "Juniper configuration", 2),
        (BRACES, "Juniper configuration", 1),
        (PF, "pf.conf", 3),
        (SCRIPT, "script of iptables commands", 2),
        (NETSH, "script of firewall commands, not what Windows holds; run it, and export with Get-NetFirewallRule", 2),
        (PAN, "Palo Alto configuration in 'set' form", 1),
        ('<?xml version="1.0"?>\n<m0n0wall>', "configuration of m0n0wall", 2),
    ],
)
def test_what_no_reader_takes_is_refused_with_what_to_do(held: str | bytes, says: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        recognise([file(held, "fw.bin")])
    assert says in str(caught.value)
    assert caught.value.place.line == line
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["order,action,src,dst,proto,dport\n1,permit,any,any,tcp,80\n", "set of shoes, pass on the left\n", "", "{}"],
)
def test_other_text_is_only_not_recognised(text: str) -> None:
    assert recognise([file(text)]).kind == ""


def test_binary_and_endless_files_are_only_not_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "NUL" in recognise([file(b"abc\0def")]).words
    monkeypatch.setattr(export, "MAX_BYTES", 10)
    assert recognise([file("x" * 11)]).kind == ""


def test_a_file_is_read_whatever_its_marks_and_line_ends() -> None:
    assert list(file("a\r\nb\rc\n").lines()) == [(1, "a"), (2, "b"), (3, "c"), (4, "")]
    assert file("é\n".encode("utf-16")).text() == "é\n"
    assert file(b"\xef\xbb\xbfx").text() == "x"
    assert file(b"caf\xe9").text() == "café"
    for mark in ("--More--", " -- More --", "<--- More --->", "---(more 12%)---"):
        with pytest.raises(InputError, match=r"fw.txt:2: the output was cut by a pager"):
            list(file(f"a\n{mark} \nb").lines())
    with pytest.raises(InputError, match=r"fw.txt:2: holds NUL bytes"):
        file("a\nb\0").text()


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("enable secret 5 $1$abcd$0123456789abcdef", "$1$abcd$0123456789abcdef"),
        ("username ops password 7 094F471A1A0A", "094F471A1A0A"),
        ("snmp-server community s3cr3t RO", "s3cr3t"),
        ("set psksecret ENC AbCdEfGh1234==", "AbCdEfGh1234=="),
        ('pre-shared-key "hush hush"', "hush hush"),
        ("tacacs-server key 0822455D0A16", "0822455D0A16"),
        ("<bcrypt-hash>$2y$10$abcdefghijklmnopqrstuv</bcrypt-hash>", "abcdefghijklmnopqrstuv"),
        ("set anything ENC AbCdEfGh1234==", "AbCdEfGh1234=="),
        ("A" * 80, "A" * 60),
    ],
)
def test_secrets_are_taken_out_of_what_is_kept(line: str, secret: str) -> None:
    assert secret not in file(line).origin(1, line).text
    assert secret not in export.masked(line)


def test_what_is_no_secret_stays() -> None:
    line = "-A FORWARD -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j ACCEPT"
    assert file(line).origin(4, line).text == line
