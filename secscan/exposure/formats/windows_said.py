"""What every form of a Windows Defender Firewall export says, in one set of words.

A word that is missing was not said, which is not the same as ``Any``; a word without a value was said and is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Final

from secscan.exposure.formats.export import ConfigFile
from secscan.model.net import Origin

Fields = Mapping[str, tuple[str, ...]]

ALIASES: Final[Mapping[str, Sequence[str]]] = {
    "id": ("instanceid", "name", "ruleid"),
    "name": ("displayname", "rulename"),
    "description": ("description",),
    "group": ("displaygroup", "group", "grouping", "rulegroup"),
    "owner": ("owner", "localuserowner"),
    "enabled": ("enabled",),
    "direction": ("direction",),
    "action": ("action",),
    "profile": ("profile", "profiles"),
    "protocol": ("protocol",),
    "localport": ("localport", "localports"),
    "remoteport": ("remoteport", "remoteports"),
    "localaddress": ("localaddress", "localip", "localaddresses"),
    "remoteaddress": ("remoteaddress", "remoteip", "remoteaddresses"),
    "icmptype": ("icmptype", "icmptypes"),
    "program": ("program", "apppath", "applicationname", "application", "programpath"),
    "service": ("service", "servicename"),
    "package": ("package", "applicationpackage"),
    "family": ("packagefamilyname", "policyappid"),
    "interface": ("interfacealias", "interface", "interfaces"),
    "interfacetype": ("interfacetype", "interfacetypes"),
    "authentication": ("authentication", "security"),
    "encryption": ("encryption",),
    "override": ("overrideblockrules", "override"),
    "users": (
        "localuser", "localusers", "remoteuser", "remoteusers", "remotemachine", "remotemachines", "authorizedusers",
        "authorizedcomputers", "authorizedlocalprincipals",
    ),
    "dynamic": ("dynamictarget", "dynamictransport"),
    "keywords": ("remotedynamickeywordaddresses",),
    "platform": ("platform", "platforms"),
    "store": ("policystoresourcetype", "policystoresource", "rulesource"),
    "status": ("primarystatus",),
}  # fmt: skip
"""Our word -> the headings and keys that say it, in the order in which they are believed."""
_UNITED: Final = frozenset(("users", "package", "family", "dynamic"))
"""Words of which every heading counts."""
OF: Final = {alias: word for word, aliases in ALIASES.items() for alias in aliases}
FILTERS: Final = (
    "protocol", "localport", "remoteport", "localaddress", "remoteaddress", "icmptype", "program", "service", "package",
    "interface", "interfacetype", "authentication", "encryption", "override", "users", "dynamic", "keywords",
)  # fmt: skip
"""What PowerShell keeps apart from the rule, in its filters."""
LOST: Final = "(left-out)"

PROFILES: Final = ("Domain", "Private", "Public")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One rule, or one filter of a rule, in our words. ``more``: a condition that was not understood."""

    file: ConfigFile
    line: int
    line_to: int
    fields: Fields
    text: str = ""
    more: str = ""
    shows: frozenset[str] = frozenset()
    """Words that this form never leaves out: that they are missing means that they do not limit the rule."""

    def one(self, word: str) -> str:
        """The first value of a word; "" where it has none."""
        return next(iter(self.fields.get(word, ())), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one file says of one profile; None: it does not say."""

    profile: str
    origin: Origin
    on: bool | None = None
    inbound: bool | None = None
    """Whether what no rule matches is let in."""
    outbound: bool | None = None
    allows: bool | None = None
    """Whether inbound rules that allow count."""
    merges: bool | None = None
    """Whether the rules of the machine itself count beside those of Group Policy."""
    policy: bool = False
    """Group Policy says so."""


@dataclass(slots=True)
class Found:
    """Everything that the files of one export hold."""

    rules: list[Said] = field(default_factory=list)
    filters: list[Said] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    addresses: list[tuple[str, str, str]] = field(default_factory=list)
    """Interface, its address and the length of its prefix."""
    categories: dict[str, Origin] = field(default_factory=dict)
    """The profiles that were active."""
    lost: list[Origin] = field(default_factory=list)
    """What may be any rule."""
    secure: list[Origin] = field(default_factory=list)
    """Connection security rules: they may demand authentication."""
    unread: list[Origin] = field(default_factory=list)
    decoded: int = 0
    version: str | None = None


@lru_cache(maxsize=4096)
def plain(heading: str) -> str:
    """A heading or a key, whatever its case, spaces and dashes."""
    return re.sub(r"[^a-z0-9]", "", heading.casefold())


def in_our_words(
    own: Mapping[str, tuple[str, ...]], among: Sequence[str] = tuple(ALIASES)
) -> dict[str, tuple[str, ...]]:
    """Headings in plain letters, with their values, as our words."""
    found: dict[str, tuple[str, ...]] = {}
    for word in among:
        said = [own[alias] for alias in ALIASES[word] if alias in own]
        if said:
            found[word] = tuple(chain(*said)) if word in _UNITED else next((one for one in said if one), ())
    return found
