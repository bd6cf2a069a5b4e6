"""The text of ``netsh advfirewall``: rules as ``firewall show rule name=all verbose`` writes them, profiles as ``show allprofiles``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.windows_said import FILTERS, OF, Found, Said, Setting, in_our_words, plain

_RULE_NAME = re.compile(r"Rule Name:\s*(.*)")
_RULED = re.compile(r"-{30,}\s*")
_LABEL = re.compile(r"([A-Z][A-Za-z0-9 ]{1,36}?):(?:\s+(.*))?")
_PROFILE = re.compile(r"(Domain|Private|Public) Profile Settings:\s*")
_GAP = re.compile(r"\s{2,}")
_OTHER_LANGUAGE = re.compile(
    r"(?m)^\S[^\n:：]{0,40}[:：][ \t]{6,}\S[^\n]*\n-{50,}[ \t]*\n(?:\S[^\n:：]{0,40}[:：][^\n]*\n){3}"
)
_OTHER_PROFILE = re.compile(r"(?m)^\S[^\n]{4,60}[:：][ \t]*\n-{50,}[ \t]*\n\S[^\n]* {6}\S[^\n]*\n\S[^\n]* {6}\S[^\n]*,")
_Lines = list[tuple[int, str, str]]
"""Number, key and value of each line of a profile."""
_SHOWN: Final = frozenset(FILTERS) - {"package"}


def words(head: str) -> str | None:
    """What of netsh advfirewall's output a text holds; None: nothing."""
    if re.search(r"(?m)^Rule Name:\s", head) and re.search(r"(?m)^(?:Direction|Action):\s", head):
        return "certain: rules as netsh advfirewall firewall show rule writes them"
    if re.search(r"(?m)^(?:Domain|Private|Public) Profile Settings:", head):
        return "certain: profiles as netsh advfirewall show allprofiles writes them"
    if re.search(r"(?m)^No rules match the specified criteria\.", head):
        return "certain: netsh advfirewall found no rules"
    if _OTHER_LANGUAGE.search(head) or _OTHER_PROFILE.search(head):
        return "likely: the form of netsh advfirewall, in another language than English"
    return None


def read(file: ConfigFile, found: Found) -> None:
    """Rules and profiles of a text. Raises InputError for one that is cut or in another language."""
    kind = words(file.text()) or ""
    if kind.startswith("likely"):
        raise file.refuse(
            "is the output of netsh in another language than English",
            "export it with PowerShell: Get-NetFirewallRule with its filters, to JSON",
        )
    rule: _Block | None = None
    profile: _Lines | None = None
    name, began, ended = "", 0, False
    for number, line in file.lines():
        text = line.strip()
        if opened := _RULE_NAME.fullmatch(line.rstrip()):
            _close(found, file, rule, name, profile)
            rule, profile, ended = _Block(number, opened[1].strip()), None, False
        elif opened := _PROFILE.fullmatch(line):
            _close(found, file, rule, name, profile)
            rule, profile, name, began, ended = None, [], opened[1], number, False
        elif text == "Ok.":
            _close(found, file, rule, name, profile)
            rule, profile, ended = None, None, True
        elif rule is not None:
            rule.take(number, line)
        elif profile is not None:
            if len(parts := _GAP.split(text, maxsplit=1)) == 2:
                profile.append((number, parts[0], parts[1]))
        elif text and not _RULED.fullmatch(text) and not _of_a_shell(text):
            found.unread.append(file.origin(number, line))
    if rule is not None or profile is not None or not (ended or kind.endswith("no rules")):
        raise file.refuse("ends without 'Ok.': the output is cut", "export again, whole", rule.line if rule else began)


def _of_a_shell(text: str) -> bool:
    """A prompt, a command, or what netsh says of having found nothing."""
    return bool(re.match(r"(?:PS )?[A-Za-z]:\\.*>|netsh\b|No rules match", text))


class _Block:
    """One rule's lines as they come."""

    def __init__(self, line: int, name: str) -> None:
        self.line = self.last = line
        self.own: dict[str, list[str]] = {"rulename": [name]}
        self.more = ""
        self.broken = ""
        """Why it is not one rule."""
        self._label = "rulename"

    def take(self, number: int, line: str) -> None:
        text = line.strip()
        if not text or _RULED.fullmatch(text):
            return
        self.last = number
        if line[0].isspace():
            self._go_on(text)
            return
        label = _LABEL.fullmatch(line.rstrip())
        word = plain(label[1]) if label else ""
        if label is None or (word not in OF and word not in _IDLE and self._label == "description"):
            if self._label == "description":
                self.own["description"].append(text)
            else:
                self.more = self.more or f"'{text[:40]}' is not understood"
            return
        value = (label[2] or "").strip()
        if word in self.own:
            self.broken = self.broken or f"'{label[1]}' stands twice in the rule"
        if word in OF:
            self.own[word] = [value] if value else []
        elif word not in _IDLE:
            self.more = self.more or f"'{label[1]}' is not understood"
        self._label = word

    def _go_on(self, text: str) -> None:
        """A line that goes on with the value before it: the kinds of ICMP stand below the protocol."""
        if self._label == "protocol":
            kind = re.fullmatch(r"(\S+)\s+(\S+)", text)
            if kind and kind[1] != "Type":
                self.own.setdefault("icmptype", []).append(f"{kind[1]}:{kind[2]}")
        elif self._label in self.own:
            self.own[self._label].append(text)
        else:
            self.more = self.more or f"'{text[:40]}' is not understood"


_IDLE: Final = frozenset(("edgetraversal", "defer", "deferapp", "deferuser"))
_MUST: Final = ("enabled", "direction", "profiles", "localip", "remoteip", "protocol", "action")
_VERBOSE: Final = frozenset(("interfacetypes", "security", "rulesource", "program"))


def _close(found: Found, file: ConfigFile, rule: _Block | None, name: str, profile: _Lines | None) -> None:
    """The rule or the profile that ends here is taken. Raises InputError for half a rule."""
    if profile is not None:
        found.settings.append(_netsh_profile(file, name, profile))
        found.decoded += len(profile)
    if rule is None:
        return
    if missing := next((label for label in _MUST if label not in rule.own), None):
        raise file.refuse(
            f"the rule has no '{_AS_WRITTEN[missing]}': the output is cut", "export again, whole", rule.line
        )
    if rule.broken:
        origin = file.origin(rule.line, rule.own["rulename"][0], rule.last)
        found.lost.append(replace(origin, text=f"{rule.broken}: {origin.text}"))
        return
    fields = in_our_words({label: tuple(values) for label, values in rule.own.items()})
    verbose = bool(_VERBOSE & rule.own.keys())
    found.rules.append(
        Said(
            file=file, line=rule.line, line_to=rule.last, fields=fields, more=rule.more,
            shows=_SHOWN if verbose else _SHOWN - {"program", "service", "interfacetype", "authentication"},
        )
    )  # fmt: skip
    found.decoded += rule.last - rule.line + 1


_AS_WRITTEN: Final = {
    "enabled": "Enabled", "direction": "Direction", "profiles": "Profiles", "localip": "LocalIP", "remoteip": "RemoteIP",
    "protocol": "Protocol", "action": "Action",
}  # fmt: skip


def _netsh_profile(file: ConfigFile, name: str, lines: _Lines) -> Setting:
    said = {key: value for _, key, value in lines}
    at = {key: number for number, key, _ in lines}
    if missing := next((key for key in ("State", "Firewall Policy") if key not in said), None):
        raise file.refuse(
            f"profile {name} has no '{missing}': the output is cut", "export again, whole", lines[0][0] if lines else 0
        )
    inbound, _, outbound = said["Firewall Policy"].partition(",")
    line = at["State"] if said["State"] == "OFF" else at["Firewall Policy"]

    def one(key: str, value: str, words: Mapping[str, bool | None]) -> bool | None:
        if value not in words:
            raise file.refuse(f"{key} '{value[:40]}' is not known: one of {', '.join(words)}", line=at[key])
        return words[value]

    policy = "Firewall Policy"
    return Setting(
        profile=name,
        origin=file.origin(line, f"{name} profile: State {said['State']}, {policy} {said[policy]}"),
        on=one("State", said["State"], {"ON": True, "OFF": False, "NotConfigured": None}),
        inbound=one(policy, inbound, _INBOUND),
        outbound=one(policy, outbound, {"BlockOutbound": False, "AllowOutbound": True, "NotConfigured": None}),
        allows=False if inbound == "BlockInboundAlways" else None,
        merges={"enable": True, "disable": False}.get(said.get("LocalFirewallRules", "").casefold()),
    )


_INBOUND: Final = {"BlockInbound": False, "BlockInboundAlways": False, "AllowInbound": True, "NotConfigured": None}
