"""``ipset save``: the members of the sets that an iptables ruleset names, as they were at the time of the export."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from secscan.exposure.formats.export import ConfigFile

_CREATE = re.compile(r"create\s+(\S+)\s+(\S+)((?:\s+\S+)*)\s*")
_ADD = re.compile(r"add\s+(\S+)\s+(\S+)((?:\s+\S+)*)\s*")
_OTHERWISE: Final = ("netmask", "bitmask", "skbinfo", "forceadd")
MOST: Final = 200_000
"""Members over all sets."""


@dataclass(slots=True)
class Set:
    """One set. ``kind``: what a member is, for example ``hash:ip,port``."""

    name: str
    kind: str
    line: int
    members: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    """Members with ``nomatch``."""
    unknown: str | None = None
    """Why its members are not those that match."""
    known: dict[tuple[str, ...], Any] = field(default_factory=dict)
    """What has been worked out of it, however many rules name it."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The dimensions: ``("ip", "port")``."""
        return tuple(self.kind.partition(":")[2].split(","))


def looks_like(text: str) -> bool:
    """Whether the first line that says something creates a set."""
    first = next((line for line in text[:4000].split("\n") if line.strip() and not line.startswith("#")), "")
    return bool(_CREATE.fullmatch(first.strip()))


def read(file: ConfigFile) -> dict[str, Set]:
    """The sets by name. Raises InputError for a line that is neither ``create`` nor ``add``."""
    found: dict[str, Set] = {}
    count = 0
    for number, line in file.lines():
        line = line.strip()  # noqa: PLW2901
        if not line or line.startswith("#"):
            continue
        if create := _CREATE.fullmatch(line):
            options = create[3].split()
            asked = next((f"has the option {word}" for word in options if word in _OTHERWISE), None)
            unknown = "has members that come and go" if "timeout" in options else asked
            found[create[1]] = Set(create[1], create[2], number, unknown=unknown)
        elif add := _ADD.fullmatch(line):
            if add[1] not in found:
                raise file.refuse(f"adds to set '{add[1][:60]}', which no line before creates", line=number)
            count += 1
            if count > MOST:
                raise file.refuse(f"holds more than {MOST:,} members", line=number)
            own = found[add[1]]
            (own.excluded if "nomatch" in add[3].split() else own.members).append(add[2])
        else:
            raise file.refuse(f"'{line[:60]}' is not a line of ipset save", line=number)
    return found
