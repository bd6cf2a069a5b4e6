"""What PowerShell gives: rules, their filters, profiles, networks and addresses as JSON, and rules as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from secscan.doors import csv, json
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.windows_said import FILTERS, LOST, OF, PROFILES, Found, Said, Setting, in_our_words, plain

_LOST = re.compile(r"System\.\w+\[\]|^MSFT_\w+ \(|\.\.\.$|…$")
"""What PowerShell writes where it leaves a list or an object out."""


def words(head: str) -> str | None:
    """What of PowerShell's objects a JSON text holds; None: nothing."""
    if not re.match(r"\s*[\[{]", head):
        return None
    keys = {plain(key) for key in re.findall(r'"([A-Za-z][\w ]{2,40})"\s*:', head)}
    if {"direction", "action", "enabled"} <= keys and keys & {
        "displayname", "instanceid", "localport", "remoteaddress", "profile",
    }:  # fmt: skip
        return "certain: rules as Get-NetFirewallRule gives them"
    if "defaultinboundaction" in keys:
        return "certain: profiles as Get-NetFirewallProfile gives them"
    if "instanceid" in keys and keys & {
        "localport", "localaddress", "localip", "apppath", "program", "servicename", "service", "interfacealias",
        "interfacetype", "authentication", "overrideblockrules",
    }:  # fmt: skip
        return "certain: filters of rules as Get-NetFirewallPortFilter and its like give them"
    if {"networkcategory", "interfacealias"} <= keys:
        return "certain: networks as Get-NetConnectionProfile gives them"
    if {"ipaddress", "prefixlength", "interfacealias"} <= keys:
        return "certain: addresses as Get-NetIPAddress gives them"
    return None


def read(file: ConfigFile, found: Found) -> None:
    """Every object of a JSON file. Raises InputError for what is not JSON."""
    raw = file.text().encode()
    document = json.loads(raw, file.shown)
    places = {path: iter(lines) for path, lines in json.places(raw).items()}
    objects = list(_objects(document, (), places))
    last = file.text().rstrip().rstrip("]").rstrip().count("\n") + 1
    after = [line for line, _ in objects[1:]]
    for (line, own), next_line in zip(objects, [*after, last + 1], strict=True):
        _take_object(file, found, line, max(line, next_line - 1), own)


def _objects(
    value: Any, path: tuple[str, ...], places: Mapping[tuple[str, ...], Iterator[int]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object that is a thing of its own, with its line, the objects within it flattened."""
    if isinstance(value, list):
        for one in value:
            yield from _objects(one, path, places)
    elif isinstance(value, dict):
        line = next(places.get(path, iter(())), 0)
        if _THINGS.isdisjoint(map(plain, value)):
            for key, inner in value.items():
                yield from _objects(inner, (*path, key), places)
        else:
            yield line, _flat(value)


_THINGS: Final = frozenset(
    ("direction", "action", "displayname", "defaultinboundaction", "networkcategory", "prefixlength", "instanceid")
)
"""Keys of which each thing has one."""


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """An object's keys in plain letters, with those of the filters that stand inside it."""
    own: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    for key, one in value.items():
        word = plain(key)
        if isinstance(one, str) and one.startswith("@{") and one.endswith("}"):
            one = dict(part.strip().partition("=")[::2] for part in one[2:-1].split(";"))  # noqa: PLW2901
        if isinstance(one, dict) and word not in OF and not word.startswith("cim"):
            inner |= {k: v for k, v in _flat(one).items() if OF.get(k) in FILTERS}
        else:
            own.setdefault(word, one)
    return inner | own


def _take_object(file: ConfigFile, found: Found, line: int, line_to: int, own: Mapping[str, Any]) -> None:
    said = {key: _values(value, key) for key, value in own.items()}
    found.decoded += 1
    if own.keys() & {"direction", "action", "displayname"}:
        _take_rule(file, found, line, line_to, said)
    elif "defaultinboundaction" in own:
        found.settings.append(_profile(file, line, said))
    elif "networkcategory" in own:
        number = next(iter(said["networkcategory"]), "")
        profile = {"0": "Public", "1": "Private", "2": "Domain", "domainauthenticated": "Domain"}.get(
            number.casefold(), number.capitalize()
        )
        if profile in PROFILES:
            found.categories.setdefault(profile, file.origin(line, f"NetworkCategory {number}"))
    elif {"ipaddress", "prefixlength"} <= own.keys():
        alias, address, length = (
            next(iter(said.get(k, ())), "") for k in ("interfacealias", "ipaddress", "prefixlength")
        )
        found.addresses.append((alias, address.partition("%")[0], length))
    else:
        found.filters.append(Said(file=file, line=line, line_to=line_to, fields=in_our_words(said, ("id", *FILTERS))))


def _values(value: Any, key: str) -> tuple[str, ...]:
    """The value of a key as text: what PowerShell left out of it is ``LOST``."""
    match value:
        case None:
            return ()
        case dict() if "value" in {one.casefold() for one in value}:
            # PowerShell 5 wraps some lists, with their count, and some enumerations, with their number.
            return _values(value.get("Value", value.get("value")), key)
        case dict():
            return (LOST,) if value else ()
        case list():
            return tuple(part for one in value for part in _values(one, key))
        case str():
            text = value.strip()
            lost = OF.get(key) in (*FILTERS, "profile") and _LOST.search(text)
            return (LOST if lost else text,) if text and text not in ("{}", "[]") else ()
    return (str(value),)


def _take_rule(file: ConfigFile, found: Found, line: int, line_to: int, said: Mapping[str, tuple[str, ...]]) -> None:
    """A rule; those by which Windows restricts its own services open nothing and are left out."""
    fields = in_our_words(said)
    if said.get("displayname") is None and "name" in said and "instanceid" not in said:
        fields["name"] = fields.pop("id")
    if (store := fields.get("store")) and "policystoresource" in said:
        fields["store"] = (*store, *said["policystoresource"])
    if not any(one.casefold().endswith("servicestore") for one in fields.get("store", ())):
        found.rules.append(Said(file=file, line=line, line_to=line_to, fields=fields))


_GPO_BOOLEAN: Final[Mapping[str, bool | None]] = {
    "1": True, "true": True, "0": False, "false": False, "2": None, "notconfigured": None, "": None,
}  # fmt: skip
_DEFAULTS: Final[Mapping[str, bool | None]] = {
    "2": True, "allow": True, "4": False, "block": False, "0": None, "notconfigured": None, "": None,
}  # fmt: skip


def _profile(file: ConfigFile, line: int, said: Mapping[str, tuple[str, ...]]) -> Setting:
    """Raises InputError for a profile or a value that is none."""

    def word(*keys: str) -> str:
        return next((value for key in keys for value in said.get(key, ())), "")

    def one(key: str, words: Mapping[str, bool | None] = _GPO_BOOLEAN) -> bool | None:
        if (value := word(key.casefold())).casefold() not in words:
            raise file.refuse(f"{key} '{value[:40]}' is not known", line=line)
        return words[value.casefold()]

    named = word("name", "profile", "instanceid").rsplit("|", 1)[-1].capitalize()
    if named not in PROFILES:
        raise file.refuse(f"'{named[:40]}' is not a profile", "one of " + ", ".join(PROFILES), line)
    keys = ("Enabled", "DefaultInboundAction", "DefaultOutboundAction")
    texts = [f"{key} {word(key.casefold()) or 'NotConfigured'}" for key in keys]
    return Setting(
        profile=named, origin=file.origin(line, f"{named} profile: {', '.join(texts)}"), on=one("Enabled"),
        inbound=one("DefaultInboundAction", _DEFAULTS), outbound=one("DefaultOutboundAction", _DEFAULTS),
        allows=one("AllowInboundRules"), merges=one("AllowLocalFirewallRules"),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ CSV


def _is_header(cells: Sequence[str]) -> bool:
    words = {plain(cell) for cell in cells}
    return {"action", "enabled"} <= words and bool(
        words & {"displayname", "name", "instanceid", "rulename", "localport"}
    )


def table_words(head: str) -> str | None:
    """What of a table of rules a text holds; None: nothing."""
    lines = [
        line for line in head[:20_000].split("\n")[:10] if line.strip() and not line.startswith(("#TYPE ", "sep="))
    ]
    if lines:
        cells = [cell.strip().strip('"') for cell in re.split(r"[,;\t|]", lines[0])]
        words = {plain(cell) for cell in cells}
        if _is_header(cells) and words & {"profile", "profiles", "localport", "remoteaddress", "program", "direction"}:
            return "certain: a table of rules with the headings of Get-NetFirewallRule"
        if {"defaultinboundaction", "enabled"} <= words:
            return "certain: a table of profiles with the headings of Get-NetFirewallProfile"
    return None


def read_table(file: ConfigFile, found: Found) -> None:
    """Every row of a CSV. Raises InputError for one without the columns that a rule needs."""
    text = file.text()
    if not text.endswith("\n"):
        raise file.refuse(
            "ends in the middle of a line: the export is cut", "export again, whole", text.count("\n") + 1
        )
    read = csv.read(text.encode(), file.shown, is_header=_is_header, cell=1_000_000)
    headings = [plain(name) for name in read.header]
    if "defaultinboundaction" not in headings and "direction" not in headings:
        raise file.refuse(
            "has no column Direction: whether its rules are for what comes in or goes out is not said",
            "export it with PowerShell: Get-NetFirewallRule with its filters, to JSON or CSV", read.header_line,
        )  # fmt: skip
    for at, line in enumerate(read.lines):
        said = {word: _values(column[at], word) for word, column in zip(headings, read.columns, strict=True)}
        if "defaultinboundaction" in headings:
            found.settings.append(_profile(file, line, said))
        else:
            _take_rule(file, found, line, line, said)
        found.decoded += 1
    for row in read.bad:
        origin = file.origin(row.line, row.raw)
        found.lost.append(replace(origin, text=f"{row.reason}: {origin.text}"))
