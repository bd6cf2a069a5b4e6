"""The objects of ``nft -j list ruleset`` as they stand in the file: chains with their rules, sets and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from secscan.doors import json
from secscan.exposure.formats import nftmatch
from secscan.exposure.formats.export import OPAQUE, ConfigFile
from secscan.exposure.formats.nftfields import Named
from secscan.exposure.formats.nftwords import words
from secscan.model.errors import InputError
from secscan.model.net import Origin

Key = tuple[str, str, str]
"""Family, table and chain."""

_PRIORITIES: Final = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_FAMILIES: Final = frozenset(("ip", "ip6", "inet", "netdev", "bridge", "arp"))
_COMMANDS: Final = frozenset(("add", "create", "insert", "delete", "destroy", "flush", "replace", "reset", "rename"))
_NO_MATTER: Final = frozenset(
    (
        "element",
        "counter",
        "quota",
        "limit",
        "ct helper",
        "ct timeout",
        "ct expectation",
        "flowtable",
        "secmark",
        "synproxy",
        "tunnel",
    )
)


@dataclass(slots=True, kw_only=True)
class Written:
    """One rule as written."""

    expr: list[dict[str, Any]]
    origin: Origin


@dataclass(slots=True, kw_only=True)
class Block:
    """One chain. ``hook``: what it is bound to; "" for one that others call."""

    key: Key
    origin: Origin
    hook: str = ""
    kind: str = "filter"
    priority: int = 0
    policy: str | None = None
    devices: frozenset[str] | None = None
    """Of a chain at ingress or egress, where the export says so."""
    order: int = 0
    rules: list[Written] = field(default_factory=list)

    @property
    def name(self) -> str:
        return " ".join(self.key)


class Listing:
    """A whole file. Raises InputError where it is none."""

    def __init__(self, file: ConfigFile) -> None:
        self.file = file
        self.version: str | None = None
        self.blocks: dict[Key, Block] = {}
        self.sets: dict[tuple[str, str], dict[str, Named]] = {}
        self.warnings: list[str] = []
        self.decoded = 0
        self._dormant: set[tuple[str, str]] = set()
        text = file.text()
        raw = text.encode()
        try:
            held = json.loads(raw, file.shown)
        except InputError as error:
            raise InputError(error.place, error.reason, "it is cut or was changed: export it again, whole") from None
        objects = held.get("nftables") if isinstance(held, dict) else None
        if not isinstance(objects, list):
            raise file.refuse("has no list 'nftables'", "export it with: nft -j list ruleset", 1)
        starts = json.places(raw).get(("nftables",), [])
        if len(starts) != len(objects):
            raise file.refuse("'nftables' holds what is not an object", "export it again, whole", 1)
        last = text.rstrip().count("\n") + 1
        for number, (one, line) in enumerate(zip(objects, starts, strict=True)):
            after = starts[number + 1] if number + 1 < len(starts) else last + 1
            for kind, body in one.items():
                self._object(number, kind, body, line, max(line, after - 1))
        self._settle()

    def base(self) -> Iterator[Block]:
        """The chains that are bound to a hook, in the order in which packets meet them."""
        bound = (one for one in self.blocks.values() if one.hook and one.key[:2] not in self._dormant)
        # Of one priority the kernel asks what was bound last first.
        yield from sorted(bound, key=lambda one: (one.priority, -one.order))

    def below(self, top: Block) -> list[Block]:
        """A chain and all that it may call."""
        found, waiting = {top.key: top}, [top]
        while waiting:
            block = waiting.pop()
            for name in _called(block, self.sets.get(block.key[:2], {})):
                target = self.blocks.get((*block.key[:2], name))
                if target is not None and target.key not in found:
                    found[target.key] = target
                    waiting.append(target)
        return list(found.values())

    # -- objects

    def _object(self, number: int, kind: str, body: Any, line: int, end: int) -> None:
        if kind in _COMMANDS:
            raise self.file.refuse(
                f"holds the command '{kind}': it is written for nft, not what the kernel holds", "export it with: nft -j list ruleset",
                line,
            )  # fmt: skip
        if not isinstance(body, dict):
            raise self.file.refuse(f"'{kind[:40]}' is not an object", "export it again, whole", line)
        match kind:
            case "metainfo":
                if (form := body.get("json_schema_version", 1)) != 1:
                    raise self.file.refuse(f"is written in form {str(form)[:10]}, and only form 1 is known", line=line)
                self.version = f"nftables {str(body.get('version', ''))[:40]}".strip()
            case "table":
                key = self._text(body, "family", line), self._text(body, "name", line)
                if "dormant" in listed(body.get("flags")):
                    self._dormant.add(key)
                    self.warnings.append(
                        f"{self.file.shown}:{line}: table {' '.join(key)} is dormant: nothing asks its chains"
                    )
            case "chain":
                self._chain(number, body, line, end)
            case "rule":
                self._rule(number, body, line, end)
            case "set" | "map":
                name, elements = self._text(body, "name", line), body.get("elem", [])
                if not isinstance(elements, list):
                    raise self.file.refuse(f"the members of {kind} '{name[:60]}' are not a list", line=line)
                own = self.sets.setdefault((self._text(body, "family", line), self._text(body, "table", line)), {})
                own[name] = Named(name=name, elements=elements, unknown=_moving(body))
            case _ if kind not in _NO_MATTER:
                raise self.file.refuse(f"object '{kind[:40]}' is not known", line=line)
        self.decoded += 1

    def _text(self, body: Mapping[str, Any], key: str, line: int) -> str:
        found = body.get(key)
        if not isinstance(found, str) or not found:
            raise self.file.refuse(f"an object without its '{key}'", "export it again, whole", line)
        return found

    def _key(self, body: Mapping[str, Any], chain: str, line: int) -> Key:
        family = self._text(body, "family", line)
        if family not in _FAMILIES:
            raise self.file.refuse(f"'{family[:40]}' is not a family of nftables", line=line)
        return family, self._text(body, "table", line), self._text(body, chain, line)

    def _chain(self, number: int, body: Mapping[str, Any], line: int, end: int) -> None:
        key, hook, policy = self._key(body, "name", line), str(body.get("hook", "")), body.get("policy")
        if key in self.blocks:
            raise self.file.refuse(f"chain {' '.join(key)[:80]} stands here twice; two exports in one file?", line=line)
        said = f"hook {hook} priority {body.get('prio', 0)}; policy {policy}" if hook else "called by others"
        self.blocks[key] = Block(
            key=key, hook=hook, kind=str(body.get("type", "filter")), priority=self._priority(body.get("prio", 0), line),
            origin=self.file.origin(line, f"/nftables/{number} chain {' '.join(key)}: {said}", end, vendor_id=" ".join(key)),
            policy=policy if isinstance(policy, str) else None, order=number,
            devices=frozenset(str(one) for one in listed(body.get("dev"))) or None,
        )  # fmt: skip

    def _priority(self, written: Any, line: int) -> int:
        found = written if isinstance(written, int) else _PRIORITIES.get(str(written))
        if found is None:
            raise self.file.refuse(f"'{str(written)[:40]}' is not a priority", line=line)
        return found

    def _rule(self, number: int, body: Mapping[str, Any], line: int, end: int) -> None:
        key = self._key(body, "chain", line)
        block, expr, comment = self.blocks.get(key), body.get("expr"), body.get("comment")
        if block is None:
            raise self.file.refuse(
                f"the rule is for chain '{' '.join(key)[:80]}', which does not stand before it",
                "export the whole ruleset",
                line,
            )
        if not isinstance(expr, list) or not all(isinstance(one, dict) and len(one) == 1 for one in expr):
            raise self.file.refuse("a rule without its list 'expr' of statements", "export it again, whole", line)
        if any("xt" in one for one in expr):
            raise self.file.refuse(*OPAQUE, line)
        origin = self.file.origin(
            line, f"/nftables/{number} {words(expr)}", end, vendor_id=f"{block.name} handle {str(body.get('handle', '?'))[:20]}",
            name=comment if isinstance(comment, str) else "",
        )  # fmt: skip
        block.rules.append(Written(expr=expr, origin=origin))

    def _settle(self) -> None:
        """Sets as their members are now; those that rules fill are not what the export shows."""
        for block in self.blocks.values():
            own = self.sets.get(block.key[:2], {})
            for statement in (one for rule in block.rules for one in rule.expr):
                for kind in ("set", "map"):
                    filled = statement.get(kind)
                    name = filled.get(kind, filled.get("set")) if isinstance(filled, dict) else None
                    if isinstance(name, str) and (found := own.get(name.removeprefix("@"))) is not None:
                        own[found.name] = replace(found, unknown="is filled by rules as packets come")
        for sets in self.sets.values():
            for name, one in sets.items():
                elements, unknown = nftmatch.plain(one.elements)
                sets[name] = replace(one, elements=elements, unknown=one.unknown or unknown)


def listed(value: Any) -> list[Any]:
    """What nft writes as one value or as a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _moving(body: Mapping[str, Any]) -> str | None:
    """Why a set's members are not those that the export shows."""
    if "timeout" in body or {"timeout", "dynamic"} & {str(flag) for flag in listed(body.get("flags"))}:
        return "has members that come and go"
    asked = [next(iter(one), "") for one in listed(body.get("stmt")) if isinstance(one, dict)]
    return next((f"asks for a {name}" for name in asked if name != "counter"), None)


def _called(block: Block, maps: Mapping[str, Named]) -> Iterator[str]:
    """The chains that the rules of a chain name."""
    for statement in (one for rule in block.rules for one in rule.expr):
        match statement:
            case {"vmap": {"data": {"set": list() as pairs}}}:
                yield from _targets(pairs)
            case {"vmap": {"data": str() as name}}:
                yield from _targets(maps[name.removeprefix("@")].elements if name.removeprefix("@") in maps else ())
            case {"jump": {"target": str() as target}} | {"goto": {"target": str() as target}}:
                yield target


def _targets(pairs: Any) -> Iterator[str]:
    for pair in pairs:
        match pair:
            case [_, {"jump": {"target": str() as target}} | {"goto": {"target": str() as target}}]:
                yield target
