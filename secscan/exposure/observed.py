"""What packets did: from the ports a scan reported to *let through*, *stopped* or *cannot be told*.

===================  ==========================================================================================
open                 let through
closed, by a reset   with the time-to-live of an open port of the same host, the host itself answered: let through;
                     with a somewhat higher one a device before it did: stopped; without such evidence not told
closed, otherwise    not told: an unprivileged scan shows a firewall's reject the same way
filtered             stopped, where the same scan saw another port of the host open: else the host may be down
===================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from secscan.model.estate import Probe
from secscan.model.kleene import any3
from secscan.model.places import Files

MOST_HOPS: Final = 30
"""A time-to-live that is higher by more than this began at another number: it says nothing about distance."""

Key = tuple[str, str, str, str]
"""(council, asset in small letters, zone, proto/port)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One port of an asset as the scans from one zone saw it. ``seen``: it was let through."""

    seen: bool | None
    on: date
    vantage: str
    state: str
    place: int


class Observations:
    """Every probe judged, by whom it is about. Probes after ``today`` and of nobody's address are left out."""

    def __init__(self, probes: Iterable[Probe], files: Files, today: date) -> None:
        past = [p for p in probes if p.seen_on <= today]
        open_ttls = _open_ports(past, files)
        self._by_key: dict[Key, list[Observation]] = {}
        for p in past:
            if p.asset is None:
                continue
            others = {t for port, t in open_ttls.get(_host(p, files), ()) if port != (p.proto, p.port)}
            found = Observation(seen=_seen(p, others), on=p.seen_on, vantage=p.vantage, state=p.state, place=p.place)
            key = (p.council, p.asset.casefold(), p.zone, f"{p.proto}/{p.port}")
            self._by_key.setdefault(key, []).append(found)
        self._by_host: dict[tuple[str, str, str], list[Key]] = {}
        for key in sorted(self._by_key):
            self._by_host.setdefault(key[:3], []).append(key)
        self._tried = {key[:2] for key in self._by_key}

    def any(self, council: str, asset: str) -> bool:
        """Whether some scan tried the asset at all."""
        return (council, asset.casefold()) in self._tried

    def of(self, council: str, asset: str, zone: str, port: str, since: date | None = None) -> Observation | None:
        """What the last look of each vantage point in the zone saw, on or after ``since``; None: nobody looked.

        For ``any`` only an open port says something: no scan tries them all.
        """
        host = (council, asset.casefold(), zone)
        if port == "any":
            seen = [_settled(self._by_key[key], since) for key in self._by_host.get(host, ())]
            return max((o for o in seen if o is not None and o.seen), key=lambda o: (o.on, -o.place), default=None)
        return _settled(self._by_key.get((*host, port), ()), since)


def _settled(found: Sequence[Observation], since: date | None) -> Observation | None:
    """One observation for several vantage points and addresses: any way in is a way in."""
    last: dict[str, date] = {}
    for one in found:
        last[one.vantage] = max(one.on, last.get(one.vantage, one.on))
    newest = [one for one in found if one.on == last[one.vantage] and (since is None or one.on >= since)]
    if not newest:
        return None
    seen = any3(one.seen for one in newest)
    # Of those that say so: the newest, but for *stopped* the oldest, for the proof is as old as its oldest part.
    same = sorted((o for o in newest if o.seen is seen), key=lambda o: (o.on, o.vantage, o.place))
    return same[0] if seen is False else same[-1]


_Host = tuple[str, str, str, date]
_Open = tuple[tuple[str, int], int | None]


def _host(probe: Probe, files: Files) -> _Host:
    """One address as one scan from one vantage point met it."""
    return files.place(probe.place).file, probe.vantage, probe.address, probe.seen_on


def _open_ports(probes: Iterable[Probe], files: Files) -> Mapping[_Host, list[_Open]]:
    found: dict[_Host, list[_Open]] = {}
    for p in probes:
        if p.state == "open":
            found.setdefault(_host(p, files), []).append(((p.proto, p.port), p.reason_ttl))
    return found


def _seen(probe: Probe, open_ttls: set[int | None]) -> bool | None:
    match probe.state:
        case "open":
            return True
        case "closed" if probe.proto == "tcp" and probe.reason == "reset" and probe.reason_ttl is not None:
            return _who_answered(probe.reason_ttl, {t for t in open_ttls if t is not None}, probe.complete)
        case "filtered" if open_ttls and probe.complete:
            return False
        case _:
            return None


def _who_answered(ttl: int, host: set[int], complete: bool) -> bool | None:
    if ttl in host:
        return True
    if host and complete and all(0 < ttl - own <= MOST_HOPS for own in host):
        return False
    return None
