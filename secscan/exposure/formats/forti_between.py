"""What passes from one vdom of a FortiGate to another: out of the first and into the second, by the policies of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from secscan.exposure.formats.forti_sides import Side
from secscan.exposure.formats.forti_vdom import Vdom
from secscan.model.net import Chain, Origin, Rule, Stage


def between(vdoms: Sequence[Vdom], chains: dict[str, Chain]) -> Iterator[tuple[Stage, Chain]]:
    """What comes in by one vdom and goes out by another: out of the first by its policies, into the second by its own.

    Between two vdoms that are linked the policies towards the link decide. Elsewhere nobody knows by which interface
    it crosses: what a policy for some interface does is not certain then.
    """
    links = {vdom.mark: {name for name, side in vdom.sides.items() if _is_link(side, vdom.sides)} for vdom in vdoms}
    linked = len(vdoms) == 2 and all(links.values())
    every = frozenset(name for vdom in vdoms for name in vdom.names())
    for vdom in vdoms:
        own, chain = vdom.names(), chains[f"{vdom.mark}policy"]
        turned = any(
            other.hosts or any(one.on("nat") for one in other.node.listed("firewall policy")) for other in vdoms
        )
        for way, into, out in (("leaving", own, every - own), ("entering", every - own, own)):
            crossed = (_crossed(step, way, links[vdom.mark], linked, turned) for step in chain.steps)
            steps = [step for step in crossed if step is not None]
            name = f"{vdom.mark}policy {way}"
            yield (
                Stage(name=f"vdom {name}", chain=name, in_interfaces=into, out_interfaces=out),
                replace(chain, name=name, steps=tuple(steps)),
            )


def _is_link(side: Side, sides: dict[str, Side]) -> bool:
    node = side.node
    if node.word("type") == "vdom-link" or re.fullmatch(r"npu\d+_vlink\d+", side.name):
        return True
    return bool(re.fullmatch(r"npu\d+_vlink\d+", node.word("interface")))


def _crossed(rule: Rule | Origin, way: str, links: set[str], linked: bool, turned: bool) -> Rule | Origin | None:
    """A policy as it meets what leaves its vdom for another, or enters it from one."""
    if isinstance(rule, Origin):
        return rule
    gate = rule.out_interfaces if way == "leaving" else rule.in_interfaces
    if linked and gate is not None and not gate & links:
        return None
    sure = linked or (gate is None and rule.action == "deny")
    why = rule.unknown or (None if sure else "by which interface it crosses from one vdom to another is not known")
    if turned and (way == "entering" or rule.translations is not None):
        why = why or "what another vdom makes of its addresses is not known"
    if way == "leaving":
        return replace(rule, out_interfaces=None, unknown=why, implied=True)
    return replace(rule, in_interfaces=None, not_in_interfaces=frozenset(), unknown=why, implied=True)
