"""Questions a person puts: who can reach this address on this port, and by which line?"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

from secscan.exposure import intervals
from secscan.exposure.board import FAR_UNKNOWN
from secscan.exposure.engine import Engine, Lone, answer
from secscan.exposure.intervals import Family
from secscan.exposure.services import wanted
from secscan.exposure.zones import PRIVATE, locate
from secscan.model.errors import UsageError
from secscan.model.net import AddressSet, Answer, Intervals, RuleList, ZoneSet


def ask(
    rule_lists: Sequence[RuleList],
    zones: Sequence[ZoneSet],
    from_: str | None,
    to: str,
    port: str,
    *,
    council: str | None = None,
    zone: str | None = None,
) -> list[Answer]:
    """Who reaches ``to`` on ``port``: one answer for each zone, or one for the zone, network or address ``from_``.

    ``port`` is tcp/N, udp/N or any. ``council``: whose asset it is, where councils use the same addresses.
    ``zone``: the register's word for where ``to`` stands, used where no zone lists its address.
    Raises UsageError for what is not an address, a port or a zone.
    """
    end, family = _address(to)
    wanted(port)
    source = (
        None if from_ is None or any(z.id == from_ for z in zones) else _network(from_, family, [z.id for z in zones])
    )
    extra = AddressSet(v4=source or ()) if family == 4 else AddressSet(v6=source or ())
    engine = Engine(rule_lists, zones, extra)
    starts = [z.id for z in engine.zones if from_ in (None, z.id)] if source is None else []
    located = locate(end, family, zones, council, zone)
    if located.zone is None:
        return [_cannot_tell(name, to, port, located.why) for name in (starts or [from_ or "any"])]
    if source is not None:
        return [_from_network(engine, source, from_ or "", to, port, located.zone, end, family)]
    asked = engine.ask(end, family, located.zone, port)
    internet = {z.id for z in zones if z.internet}
    found = []
    for name in starts:
        one = answer(asked, asked.board.axis.zone[name], from_=name, to=to, port=port)
        found.append(_noted(one, family) if name in internet else one)
    return found


def ask_config(rule_list: RuleList, from_: str | None, to: str, port: str) -> list[Answer]:
    """The same for one export by itself, without zones: new connections through the device.

    ``from_`` is a network, an address, or a zone as the export names it; None is every address. A rule for a zone
    that nobody named is not decided. Raises UsageError as ``ask`` does.
    """
    end, family = _address(to)
    wanted(port)
    named = {n for r in rule_list.rules for names in (r.from_zones, r.to_zones) for n in names or ()}
    zone, source = FAR_UNKNOWN, intervals.everything(family)
    if from_ is not None and from_ in named:
        zone = from_
    elif from_ is not None:
        source = _network(from_, family, sorted(named))
    asked = Lone(rule_list, family, zone, source).ask(end, port)
    return [answer(asked, asked.board.axis.all, from_=from_ or "any", to=to, port=port)]


def _from_network(
    engine: Engine, source: Intervals, from_: str, to: str, port: str, zone: str, end: int, family: Family
) -> Answer:
    """One answer for a network, whatever zones it touches; addresses in no zone cannot be told."""
    asked = engine.ask(end, family, zone, port)
    axis = asked.board.axis
    columns = axis.mask(source)
    found = answer(asked, columns, from_=from_, to=to, port=port) if columns else None
    outside = intervals.subtract(source, axis.addresses(columns))
    if not outside:
        return found or _cannot_tell(from_, to, port, "it holds no address")
    why = f"{intervals.cidrs(outside, family)[0]} is in no zone that secscan.yaml lists"
    if found is None or found.verdict in ("blocked", "cannot-tell"):
        return _cannot_tell(from_, to, port, why)
    return replace(found, verdict="partly", reason=f"the rest cannot be told: {why}")


def _noted(found: Answer, family: Family) -> Answer:
    """The answer for the internet says so where only addresses get through that the internet does not route."""
    if found.verdict != "partly" or found.reason:
        return found
    through = intervals.of(intervals.networks(found.sources), family)
    if intervals.subtract(through, intervals.of(PRIVATE, family)):
        return found
    return replace(found, reason="only private addresses that no zone lists; list them in a zone of their own")


def _cannot_tell(from_: str, to: str, port: str, why: str) -> Answer:
    return Answer(from_=from_, to=to, port=port, verdict="cannot-tell", reason=why)


def _address(written: str) -> tuple[int, Family]:
    try:
        return intervals.number(written)
    except ValueError:
        raise UsageError(f"'{written}' is not an address") from None


def _network(written: str, family: Family, zones: Sequence[str]) -> Intervals:
    """The addresses of a network or an address of one family."""
    try:
        found = ip_network(written)
    except ValueError:
        close = difflib.get_close_matches(written, zones, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise UsageError(f"'{written}' is not a zone, a network or an address{hint}") from None
    if found.version != family:
        raise UsageError(f"'{written}' is IPv{found.version}, and the other end is IPv{family}: packets never mix them")
    return ((int(found.network_address), int(found.broadcast_address)),)
