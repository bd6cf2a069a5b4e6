"""Rules and profiles as the registry holds them: a ``.reg`` file, or the output of ``reg query``."""

from __future__ import annotations

import re
from typing import Any, Final

from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.windows_said import FILTERS, Found, Said, Setting

_KEY = re.compile(r"\[(-?HKEY_[^\]]+)\]\s*|((?:HKEY_\w+|HKLM|HKCU):?\\[^\[\]]+)")
_REG_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"="((?:[^"\\]|\\.)*)"\s*')
_REG_NUMBER = re.compile(r'"((?:[^"\\]|\\.)*)"=dword:([0-9a-fA-F]{1,8})\s*')
_QUERY = re.compile(r"\sREG_(?:SZ|DWORD)\s")
_VALUE = re.compile(r"v(\d+\.\d+)\|(.*)\|", re.IGNORECASE)
_FORM = re.compile(r"(?im)(?:REG_SZ\s+|=\")v\d+\.\d+\|(?:\w+=[^|\n]*\|)*Dir=")
_RULE = re.compile(r"v\d+\.\d+\|.*\b(?:Action|Dir)=", re.IGNORECASE)
_OTHER = re.compile(
    r"""(?ix) windows\ registry\ editor | regedit4 | end\ of\ search | @= | "[^"]*"=(?:hex|dword|-) | \s+[0-9a-f,]+\\?\s*$
    | .*\sREG_(?:BINARY|MULTI_SZ|EXPAND_SZ|QWORD|NONE|SZ|DWORD)\b | ERROR: """
)
"""Lines that are no rule and no setting."""
_PROFILE_KEYS: Final = {
    "domainprofile": "Domain", "standardprofile": "Private", "privateprofile": "Private", "publicprofile": "Public",
}  # fmt: skip
_REG_WORDS: Final = {
    "action": "action", "dir": "direction", "active": "enabled", "profile": "profile", "protocol": "protocol", "lport": "localport",
    "rport": "remoteport", "icmp4": "icmptype", "icmp6": "icmptype", "app": "program", "svc": "service", "apppkgid": "package",
    "pfn": "package", "if": "interface", "iftype": "interfacetype", "security": "authentication", "authbypassout": "override",
    "rmauth": "users", "ruauth": "users", "luauth": "users", "luown": "owner", "name": "name", "desc": "description",
    "embedctxt": "group", "radynkey": "keywords", "platform": "platform",
}  # fmt: skip
_SHOWS: Final = frozenset((*FILTERS, "profile"))
_REG_ADDRESS = re.compile(r"([lr])a([46])\d?")
_REG_IDLE: Final = frozenset(("edge", "defer", "lsm", "lom", "skipver", "pcross", "autogenipsec"))


def words(head: str) -> str | None:
    if _FORM.search(head):
        return "certain: rules as the registry holds them"
    if re.search(
        r"(?im)^\s*\[?HK\S*\\(?:FirewallPolicy|WindowsFirewall)\\(?:Domain|Standard|Private|Public)Profile\]?\s*$", head
    ):
        return "certain: profiles as the registry holds them"
    return None


def read(file: ConfigFile, found: Found) -> None:
    """Rules and profiles of a .reg file or of the output of reg query. Raises InputError for one that is cut."""
    sets = {one.casefold() for one in re.findall(r"(?im)\\((?:Current)?ControlSet(?:\d{3})?)\\", file.text())}
    chosen = "currentcontrolset" if "currentcontrolset" in sets else min(sets, default="")
    key, profiles = "firewallrules", dict[str, Any]()
    for number, line in file.lines():
        if opened := _KEY.fullmatch(line.rstrip()):
            key = (opened[1] or opened[2]).casefold()
            if key.startswith("-"):
                raise file.refuse(
                    "deletes keys: it changes a registry, and is not what one holds", "export it with reg query", number
                )
            if sets and (own := re.search(r"\\((?:current)?controlset(?:\d{3})?)\\", key)) and own[1] != chosen:
                key = ""
        elif line.strip() and (value := _reg_value(line)) is not None:
            if key and "\\defaults\\" not in key:
                _reg_take(file, found, number, line, key, *value, profiles)
        elif "|action=" in line.casefold():
            raise file.refuse("the rule does not end on its line: the export is cut", "export again, whole", number)
        elif line.strip() and not _OTHER.match(line):
            found.lost.append(file.origin(number, line))  # a key that is broken may hold any rule
    if file.text()[-1:] != "\n":
        raise file.refuse("ends in the middle of a line: the export is cut", "export again, whole")
    found.settings += [Setting(**one) for one in profiles.values()]


def _reg_value(line: str) -> tuple[str, str] | None:
    """Name and value, as they are without the form's own quoting."""
    if line[0].isspace() and (query := _QUERY.search(line)):
        return line[: query.start()].strip(), line[query.end() :].strip()
    if number := _REG_NUMBER.fullmatch(line):
        return number[1], f"0x{number[2]}"
    if text := _REG_STRING.fullmatch(line):
        name, value = (re.sub(r"\\(.)", r"\1", part) for part in text.groups())
        return name, value
    return None


def _reg_take(
    file: ConfigFile, found: Found, number: int, line: str, key: str, name: str, value: str, profiles: dict[str, Any]
) -> None:
    last = key.rsplit("\\", 1)[-1]
    policy = "\\policies\\" in key or "\\mdm\\" in key
    if last == "consecrules":
        if re.search(r"\|Action=Secure(?i:.*\|Active=TRUE)", value):
            found.secure.append(file.origin(number, line, vendor_id=name))
    elif last in _PROFILE_KEYS:
        profile = _PROFILE_KEYS[last]
        word = _REG_SETTINGS.get(name.casefold())
        if word is not None and re.fullmatch(r"0x[0-9a-fA-F]+", value):
            origin = file.origin(number, f"{profile} profile: {line.strip()}")
            one = profiles.setdefault(f"{profile} {policy}", {"profile": profile, "policy": policy, "origin": origin})
            one[word[0]] = (int(value, 16) != 0) is word[1]
            if one[word[0]] is _TELLS.get(word[0]):
                one["origin"] = origin
            found.decoded += 1
    elif re.search(r"\\restrictedservices\\(?:static|configurable)\\", key):
        found.decoded += 1  # by these Windows restricts its own services: they open nothing
    elif last == "firewallrules":
        if (body := _VALUE.fullmatch(value)) is None:
            if _RULE.match(value):
                raise file.refuse("the rule does not end with '|': the export is cut", "export again, whole", number)
            if value:
                found.lost.append(file.origin(number, line))
            return
        found.version = found.version or f"policy version {body[1]}"
        fields, more = _reg_fields(name, body[2])
        fields["store"] = ("GroupPolicy" if policy else "Local",)
        found.rules.append(
            Said(file=file, line=number, line_to=number, fields=fields, text=line, more=more, shows=_SHOWS)
        )
        found.decoded += 1
    elif _RULE.match(value):
        found.lost.append(file.origin(number, line))  # whether it is in force under this key is not known


_REG_SETTINGS: Final = {
    "enablefirewall": ("on", True), "defaultinboundaction": ("inbound", False), "defaultoutboundaction": ("outbound", False),
    "donotallowexceptions": ("allows", False), "allowlocalpolicymerge": ("merges", True),
}  # fmt: skip
"""Value of the registry -> our word, and what it means where the value is not zero."""
_TELLS: Final = {"on": False, "inbound": True}
"""Settings that are worth pointing at."""


def _reg_fields(name: str, body: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """The fields of one value, and what of it was not understood."""
    own: dict[str, list[str]] = {"id": [name]}
    more = ""
    for part in body.split("|"):
        written, equals, value = part.partition("=")
        word = written.casefold().strip()
        bare = re.sub(r"\d_\d+$", "", word)  # LPort2_10: the same, since version 2.10
        if not part.strip() or word in _REG_IDLE:
            continue
        if not equals:
            more = more or f"'{part[:40]}' is not understood"
        elif address := _REG_ADDRESS.fullmatch(word):
            side = "localaddress" if address[1] == "l" else "remoteaddress"
            own.setdefault(side, []).append(f"{value}{address[2]}" if value.isalpha() else value)
        elif word in _REG_WORDS or bare in _REG_WORDS:
            own.setdefault(_REG_WORDS.get(word) or _REG_WORDS[bare], []).append(value)
        else:
            more = more or f"'{written[:40]}' is not understood"
    if own.get("name", [""])[0].startswith("@"):
        del own["name"]
    if not more:
        own.setdefault("enabled", ["FALSE"])  # a rule is only on where it says so
    return {
        word: tuple(values) for word, values in own.items() if not (word == "description" and values[0][:1] == "@")
    }, more
