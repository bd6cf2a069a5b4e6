"""Short ways to write rules, zones and settings in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from secscan.exposure import zone_sets
from secscan.exposure.rules import linear
from secscan.exposure.words import addresses, services
from secscan.model.net import Device, Origin, Rule, ZoneSet
from secscan.model.places import Files
from secscan.model.raw import RAW_COLUMNS, Load, RawTable, Refusal
from secscan.model.settings import Council, Firewall, Partnership, Settings, Zone

TODAY = date(2026, 3, 1)
FILE = "firewalls/2026-03-01/fw.csv"


def settings(zones: Sequence[Zone], firewalls: Sequence[Firewall] = (), **more: Any) -> Settings:
    councils = tuple(Council(id=c, name=c.title()) for c in ("alderbeck", "brackenford", "corvale"))
    return Settings(
        partnership=Partnership(name="Test"), councils=councils, zones=tuple(zones), firewalls=tuple(firewalls), **more
    )


def plain_zones() -> tuple[ZoneSet, ...]:
    """users 10.1.0.0/24, guest 10.2.0.0/24, servers 10.9.0.0/24 and the internet."""
    return zone_sets(settings(ZONES))


ZONES = (
    Zone(id="users", addresses=("10.1.0.0/24", "fd00:1::/64")),
    Zone(id="guest", addresses=("10.2.0.0/24",)),
    Zone(id="servers", addresses=("10.9.0.0/24", "fd00:9::/64")),
    Zone(id="internet", internet=True),
)
ALL = frozenset(("users", "guest", "servers", "internet"))


def rule(line: int, action: str, src: str, dst: str, proto: str = "any", dport: str = "any", **more: Any) -> Rule:
    sport = more.pop("sport", None)
    origin = Origin(file=FILE, line=line, line_to=line, text="", vendor_id=str(line * 10))
    return Rule(
        position=line, action=action, src=addresses(src, "src"), dst=addresses(dst, "dst"),  # type: ignore[arg-type]
        services=services(proto, dport, sport), origin=origin, **more,
    )  # fmt: skip


def listed(
    *rules: Rule,
    device: str = "fw",
    default: Literal["permit", "deny"] | None = "deny",
    undecoded: Sequence[Origin] = (),
    **more: Any,
) -> Device:
    """A device with one list, as our own template gives it."""
    told = Firewall(id="fw", file="fw.csv", zones=tuple(sorted(ALL)), default=default)
    found = linear(told, FILE, rules, undecoded)
    return replace(found, **{"name": device, "exported_on": TODAY, **more})


def steps(one: Device) -> list[Rule]:
    """The rules of a device with one list."""
    return [rule for _, rule in one.rules()]


def undecoded(line: int, text: str = "what is this") -> Origin:
    return Origin(file=FILE, line=line, line_to=line, text=text)


def firewall(**more: Any) -> Firewall:
    return Firewall(**{"id": "fw", "file": "fw.csv", "zones": tuple(sorted(ALL)), "default": "deny", **more})


def load(files: Files, rows: Sequence[dict[str, Any]], **more: Any) -> Load:
    """A rules file: rows start on line 2, or on their ``line``."""
    columns = {name: [row.get(name) for row in rows] for name in RAW_COLUMNS["rules"]}
    lines = [row.get("line", at) for at, row in enumerate(rows, 2)]
    extra = {name: [row.get(name) for row in rows] for name in more.pop("extra", ())}
    refused: Sequence[Refusal] = more.pop("refused", ())
    table = RawTable(table="rules", columns=columns, places=[files.code(FILE, line) for line in lines], extra=extra)
    return Load(
        **{
            "source": "fw", "council": "", "kind": "secscan-rules", "file": FILE, "sha256": "0" * 64, "size": 1,
            "dated_on": TODAY, "rows_read": len(rows) + len(refused), "rows_loaded": len(rows),
            "rows_refused": len(refused), "rows_blank": 0, "refused": refused, "tables": {"rules": table}, **more,
        }
    )  # fmt: skip


def row(
    order: int, action: str, src: str = "any", dst: str = "any", proto: str = "tcp", dport: str = "any", **more: Any
) -> dict[str, Any]:
    return {"order": order, "action": action, "src": src, "dst": dst, "proto": proto, "dport": dport, **more}
