"""A claimed isolation held against the rules and against packets.

=============  ==============================================================================================
disproven      some rule lets some packet through, the asset stands in a zone it must be shut off from, or a scan got in
cannot-tell    some way is not decided: an unknown rule, no address, an export that is too old or was not read
claimed        no firewall export covers some way, so nothing has been tested
proven         every way is blocked, and for every zone and port a fresh scan saw it stopped
configured     every way is blocked by the rules, and nobody has sent the packets, or not lately, or not since something
               that the answer rests on has changed
=============  ==============================================================================================

The first that fits holds. A scan counts for the claim's ``proof_days``, and for as long as what it was a proof of stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from secscan.exposure.asset_reach import Passage, Passages, Subject
from secscan.exposure.basis import Standing
from secscan.exposure.observed import Observation, Observations
from secscan.exposure.services import is_port
from secscan.exposure.told import NOT_CURRENT
from secscan.exposure.zones import INTERNET
from secscan.model.net import Witness, ZoneSet
from secscan.model.policy import Isolation, Mitigation
from secscan.model.words import ClaimState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One way that the claim says is shut: what the rules say, and what a scan saw."""

    zone: str
    port: str
    inward: bool
    passage: Passage
    observation: Observation | None
    last: Observation | None = None
    """The newest, where it is too old to count."""

    def __str__(self) -> str:
        return f"{self.port} {'from' if self.inward else 'to'} {self.zone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The state of a claim's proof, and what it rests on."""

    state: ClaimState
    reason: str
    passage: Passage | None = None
    observation: Observation | None = None
    by_packet: bool = False
    """The scan decided, not the rules."""
    lapses_on: date | None = None
    disagreement: bool | None = None
    standing: Standing | None = None
    """What the answer rests on, where every way is blocked."""
    tried: Sequence[Tried] = ()
    """Every way that the claim says is shut."""
    decided: Tried | None = None
    """The one that decides."""
    packet: Witness | None = None
    """One that fares as the rule says that decides."""


Stands = Callable[[Sequence[Tried]], Standing]
"""What the answers to these ways rest on, and since when."""


def tries(isolation: Isolation, zones: Sequence[ZoneSet]) -> list[tuple[str, str, bool]]:
    """(zone, port, inward) of every way that an isolation shuts; ``internet`` is every internet zone."""
    known = {zone.id for zone in zones}
    named: dict[str, None] = {}
    for zone in isolation.blocked_from:
        every = [z.id for z in zones if z.internet] if zone == INTERNET and zone not in known else [zone]
        named.update(dict.fromkeys(every))
    found = [(zone, port, True) for zone in named for port in dict.fromkeys(isolation.ports)]
    return found + ([(zone, "any", False) for zone in named] if isolation.both_directions else [])


def judge(
    claim: Mitigation,
    subject: Subject | None,
    passages: Passages,
    observations: Observations,
    zones: Sequence[ZoneSet],
    today: date,
    stands: Stands,
) -> Judged:
    """The state of an isolation claim today. ``subject`` None: no register knows the asset."""
    if subject is None:
        return Judged(state="cannot-tell", reason=f"no register knows asset '{claim.asset}'")
    if claim.isolation is None:
        return Judged(state="cannot-tell", reason="the claim does not say what is shut off from what")
    known = {zone.id for zone in zones}
    wanted = tries(claim.isolation, zones)
    since = today - timedelta(days=claim.proof_days)
    for zone, port, _ in wanted:
        if zone not in known:
            return Judged(state="cannot-tell", reason=f"zone '{zone}' is not defined in secscan.yaml")
        if not is_port(port):
            return Judged(state="cannot-tell", reason=f"'{port}' is not a port")
    tried = [
        Tried(
            zone=zone,
            port=port,
            inward=inward,
            passage=passages.of(subject, port, inward=inward)[zone],
            observation=observations.of(subject.council, subject.asset, zone, port, since) if inward else None,
            last=observations.of(subject.council, subject.asset, zone, port) if inward else None,
        )
        for zone, port, inward in wanted
    ]
    if not tried:
        return Judged(state="cannot-tell", reason="the claim names no way")
    found, packet = _judged(claim, tried, _disagreement(tried), stands), None
    if (one := found.decided) is not None and one.passage.origin is not None and one.passage.reach is not None:
        packet = passages.packet(subject, one.zone, one.port, inward=one.inward)
    if one is not None and found.state == "disproven" and not found.by_packet:
        found = replace(found, reason=f"{found.reason}{_shown(one.passage, packet)}")
    return replace(found, tried=tried, packet=packet)


def _judged(claim: Mitigation, tried: Sequence[Tried], disagreement: bool | None, stands: Stands) -> Judged:
    """The state of a claim by its ways: what the rules surely let through decides first."""
    for one in tried:
        if one.passage.reach and not one.passage.stale:
            return _of(one, "disproven", f"{one} gets through", disagreement)
    for one in tried:
        if one.observation is not None and one.observation.seen:
            seen = f"a scan from {one.observation.vantage} saw {one} {one.observation.state} on {one.observation.on}"
            return replace(_of(one, "disproven", seen, disagreement), by_packet=True)
    for one in tried:
        if one.passage.reach is not False and one.passage.covered:
            why = NOT_CURRENT if one.passage.stale else one.passage.reason
            return _of(one, "cannot-tell", f"{one}: {why}", disagreement)
    for one in tried:
        if not one.passage.covered:
            return _of(one, "claimed", f"{one}: {one.passage.reason}", disagreement)
    standing = stands(tried)
    return replace(_blocked(claim, tried, disagreement, standing), standing=standing)


def _blocked(claim: Mitigation, tried: Sequence[Tried], disagreement: bool | None, standing: Standing) -> Judged:
    """Proven or configured, now that the rules block every way."""
    seen: list[tuple[Tried, Observation]] = []
    for one in tried:
        if not one.inward:
            continue
        if (lack := _lack(claim, one, standing)) is not None or one.observation is None:
            return _of(one, "configured", f"every way is blocked by the rules; {lack}", disagreement)
        seen.append((one, one.observation))
    if not seen:
        return _of(
            tried[0], "configured", "every way out is blocked by the rules; no scan shows the way out", disagreement
        )
    oldest, observation = min(seen, key=lambda pair: (pair[1].on, pair[0].zone, pair[0].port))
    rest = "; the way out rests on the rules alone" if len(seen) < len(tried) else ""
    return Judged(
        state="proven",
        reason=f"every way is blocked by the rules, and scans saw it stopped, the oldest on {observation.on}{rest}",
        decided=oldest,
        passage=oldest.passage,
        observation=observation,
        lapses_on=observation.on + timedelta(days=claim.proof_days),
        disagreement=disagreement,
    )


def _lack(claim: Mitigation, one: Tried, standing: Standing) -> str | None:
    """What a way still lacks to be proven."""
    observation, since = one.observation, standing.since
    if observation is None and one.last is not None and one.last.seen is False:
        return f"the proof of {one} lapsed: the scan of {one.last.on} is more than {claim.proof_days} days old"
    if observation is None:
        return f"no scan has tried {one} lately"
    if observation.seen is not False:
        return f"the scan of {observation.on} could not tell whether {one} was stopped"
    if since is None:
        return f"the day of the export is not known, so the scan of {observation.on} may be older"
    if observation.on < since and standing.changed:
        return f"the proof of {one} on {observation.on} lapsed: {', '.join(standing.changed)} (seen on {since})"
    if observation.on < since:
        return f"the scan of {one} on {observation.on} is older than the export of {since}"
    return None


def _disagreement(tried: Sequence[Tried]) -> bool | None:
    """Whether the rules and the packets differ anywhere; null where they cannot be compared."""
    compared = [
        one.passage.reach is not one.observation.seen
        for one in tried
        if one.observation is not None and one.observation.seen is not None
        # Where only some addresses of a zone get through, the vantage point may be one of the others.
        and one.passage.reach is not None and not (one.passage.partly and not one.observation.seen)
    ]  # fmt: skip
    return any(compared) if compared else None


def _of(one: Tried, state: ClaimState, reason: str, disagreement: bool | None) -> Judged:
    return Judged(
        state=state,
        reason=reason,
        decided=one,
        passage=one.passage,
        observation=one.observation,
        disagreement=disagreement,
    )


def _shown(passage: Passage, packet: Witness | None) -> str:
    if passage.origin is None:
        return f": {passage.reason}"
    example = ""
    if packet is not None:
        example = f", for example {packet.src} to {packet.dst}, {packet.proto} {packet.sport} to {packet.dport}"
    return f" by {passage.origin.file}:{passage.origin.line}{example}"
