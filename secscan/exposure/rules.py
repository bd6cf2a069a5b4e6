"""From the rows of a rules file to a device with one chain.

Nothing is guessed: a cell that cannot be read makes its rule one that may or may not match, a row that was refused
may be any rule at all, and an export that was held or broken off leaves the list open where its rows are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from secscan.exposure import words
from secscan.model.net import AddressSet, Chain, Device, Origin, PortSet, Rule, Stage, Traffic
from secscan.model.places import Files, Place
from secscan.model.raw import Load, RawTable

if TYPE_CHECKING:
    from secscan.model.settings import Firewall

_NARROWING: Final = frozenset(
    ("schedule", "time_range", "user", "users", "source_user", "application", "applications", "app_id", "url_category",
     "negate", "negate_source", "negate_destination", "src_negate", "dst_negate", "country", "source_country", "fqdn")
)  # fmt: skip
"""Headers no template knows, under which a firewall says when or for whom a rule holds."""
_SWITCHES: Final = {
    "disabled": False,
    "inactive": False,
    "active": True,
    "status": True,
    "enable": True,
    "is_enabled": True,
    "enabled": True,
}
"""Headers under which a firewall says that a rule is off: by a word for yes (False), or by any but a word for yes."""
_ON: Final = frozenset(("", "yes", "true", "y", "1", "on", "enabled", "enable", "active", "up"))
_NO_LIMIT: Final = frozenset(("", "any", "all", "always", "no", "false", "0", "none", "*"))
_ESTABLISHED: Final = frozenset(("established", "related"))
_EVERY_NEW: Final = frozenset(("new", "any", "all", "*"))


CHAIN: Final = "rules"
"""The one chain of our own template."""


def from_table(load: Load, firewall: Firewall, files: Files, today: date) -> Device:
    """One export in our own template as its device applies it, in the order of ``order`` (equal ones in the file's).

    A row that was refused, and a file that is held or not complete, is a line in the chain that nobody understood.
    """
    rules: list[tuple[int, int, Rule]] = []
    unread = [Origin(file=load.file, line=r.line, line_to=r.line, text=r.reason) for r in load.refused]
    warnings: list[str] = []
    orders: dict[int, Place] = {}
    table = load.tables.get("rules")
    last = 0
    for row in range(table.rows if table is not None else 0):
        cells = _Cells(table, row, files)  # type: ignore[arg-type]
        last = max(last, cells.place.line)
        order = cells.get("order")
        if order is None:
            unread.append(replace(cells.origin, text="order is blank, so nobody knows what it stands before"))
            continue
        if order in orders:
            warnings.append(
                f"{cells.place}: order {order} also stands on line {orders[order].line}; the file's own order decides"
            )
        orders.setdefault(order, cells.place)
        rules += [(order, cells.place.line, rule) for rule in _rules(cells, today)]
    rules.sort(key=lambda one: one[:2])
    if load.held is not None:
        unread.append(Origin(file=load.file, line=0, line_to=0, text=f"the export is held: {load.held}"))
    if load.incomplete is not None:
        unread.append(Origin(file=load.file, line=last, line_to=last, text=f"the export ends here: {load.incomplete}"))
    ordered = [replace(rule, position=position) for position, (_, _, rule) in enumerate(rules)]
    found = linear(firewall, load.file, ordered, unread)
    return replace(found, exported_on=load.dated_on, warnings=tuple(warnings), decoded=len(rules))


def linear(firewall: Firewall, file: str, rules: Sequence[Rule], unread: Sequence[Origin] = ()) -> Device:
    """A device with one chain, which is asked for all traffic. Lines without an order stand where the file has them."""
    says = f"no rule matches: {firewall.default or 'not known'} (default of firewall '{firewall.id}' in secscan.yaml)"
    chain = Chain(
        name=CHAIN,
        steps=tuple(_in_order(rules, unread)),
        default=firewall.default,
        default_origin=Origin(file=file, line=0, line_to=0, text=says),
    )
    traffic: tuple[Traffic, ...] = ("through", "to-device", "from-device")
    stages = tuple(Stage(name=CHAIN, chain=CHAIN, traffic=one) for one in traffic)
    return Device(
        name=firewall.id,
        kind="secscan-rules",
        chains={CHAIN: chain},
        stages=stages,
        zones=frozenset(firewall.zones),
    )


def _in_order(rules: Sequence[Rule], unread: Sequence[Origin]) -> Iterator[Rule | Origin]:
    """Rules in their order, each line that was not understood before the first rule that it may stand before."""
    waiting = sorted((_standing(rules, line), line.line, line.text, line) for line in unread)
    lines = [(at, line) for at, _, _, line in waiting]
    for position, rule in enumerate(rules):
        while lines and lines[0][0] <= position:
            yield lines.pop(0)[1]
        yield rule
    yield from (line for _, line in lines)


def _standing(rules: Sequence[Rule], line: Origin) -> int:
    """How many rules surely stand before a line whose own order is not known: none, where file and order differ."""
    known = [(i, rule.origin.line) for i, rule in enumerate(rules) if rule.origin.file == line.file]
    if any(a[1] > b[1] for a, b in pairwise(known)):
        return 0
    return next((i for i, at in known if at > line.line), len(rules) if known else 0)


@dataclass(slots=True)
class _Cells:
    """One row, and its words as the file has them."""

    table: RawTable
    row: int
    files: Files

    def get(self, column: str) -> Any:
        values = self.table.columns.get(column)
        return None if values is None else values[self.row]

    @property
    def place(self) -> Place:
        return self.files.place(int(self.table.places[self.row]))

    @property
    def origin(self) -> Origin:
        order, name = self.get("order"), self.get("name")
        return Origin(
            file=self.place.file, line=self.place.line, line_to=self.place.line, text=self._text(),
            vendor_id="" if order is None else str(order), name=name or "",
        )  # fmt: skip

    def _text(self) -> str:
        get = self.get
        words_ = [get("action"), f"from {get('from_zone')}" if get("from_zone") else "", get("src"), "->"]
        words_ += [f"to {get('to_zone')}" if get("to_zone") else "", get("dst"), get("proto"), get("dport")]
        words_ += [f"sport {get('sport')}" if get("sport") else ""]
        return " ".join(str(word) for word in words_ if word)

    def extras(self) -> Mapping[str, str]:
        """What stands under headers that no template knows, the header in small letters with ``_`` for spaces."""
        found = {}
        for header, values in self.table.extra.items():
            cell = values[self.row]
            if cell:
                found[header.strip(" ?*:").casefold().replace(" ", "_").replace("-", "_")] = cell.strip()
        return found


def _rules(cells: _Cells, today: date) -> list[Rule]:
    """One rule; for an action that cannot be read two, of which either may be meant."""
    src = words.addresses(cells.get("src"), "src")
    dst = words.addresses(cells.get("dst"), "dst")
    reasons = [text for text in (src.unknown, dst.unknown) if text]
    services: tuple[PortSet, ...]
    try:
        services = words.services(cells.get("proto"), cells.get("dport"), cells.get("sport"))
    except words.Unread as error:
        services = words.widest(cells.get("proto"))
        reasons.append(str(error))
    state, narrowed = _limits(cells.extras())
    reasons += narrowed
    actions, action_reason = _actions(cells.get("action"))
    reasons += action_reason
    unknown = reasons[0] if reasons else None
    return [_rule(cells, today, action, src, dst, services, state, unknown) for action in actions]


def _rule(
    cells: _Cells,
    today: date,
    action: Literal["permit", "deny"],
    src: AddressSet,
    dst: AddressSet,
    services: tuple[PortSet, ...],
    state: Literal["new", "established"],
    unknown: str | None,
) -> Rule:
    expires_on = cells.get("expires_on")
    return Rule(
        position=0,
        action=action,
        src=src,
        dst=dst,
        services=services,
        from_zones=words.zones(cells.get("from_zone")),
        to_zones=words.zones(cells.get("to_zone")),
        enabled=cells.get("enabled") is not False,
        state=state,
        unknown=unknown,
        owner=cells.get("owner"),
        approver=cells.get("approver"),
        reason=cells.get("reason"),
        review_on=cells.get("review_on"),
        expires_on=expires_on,
        expired=expires_on is not None and expires_on < today,
        hits=cells.get("hits"),
        last_hit_on=cells.get("last_hit"),
        origin=cells.origin,
    )


def _actions(cell: str | None) -> tuple[Sequence[Literal["permit", "deny"]], list[str]]:
    match words.ACTIONS.get((cell or "").strip().casefold()):
        case "permit":
            return ("permit",), []
        case "deny":
            return ("deny",), []
        case _:
            said = f"action '{cell.strip()[:60]}' is neither permit nor deny" if cell else "action is blank"
            return ("deny", "permit"), [said]


def _limits(extras: Mapping[str, str]) -> tuple[Literal["new", "established"], list[str]]:
    """What columns of the device's own say about when a rule matches: its state, and reasons why that is not known."""
    reasons = [
        f"{header} '{cell[:60]}' limits the rule"
        for header, cell in sorted(extras.items())
        if header in _NARROWING and cell.casefold() not in _NO_LIMIT
    ]
    reasons += [
        f"{header} '{cell[:60]}' may mean that the rule is off; write it under 'enabled', yes or no"
        for header, cell in sorted(extras.items())
        if header in _SWITCHES and (cell.casefold() not in (_ON if _SWITCHES[header] else _NO_LIMIT))
    ]
    states = {part.casefold() for part in words.parts(extras.get("state"))}
    if states and states <= _ESTABLISHED:
        return "established", reasons
    if states and not states & _EVERY_NEW:
        reasons.append(f"state '{extras['state'][:60]}' is neither new nor established")
    return "new", reasons
