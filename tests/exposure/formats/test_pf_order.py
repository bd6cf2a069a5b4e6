"""The order in which pf decides, of random rules: each packet against the slow witness."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exposure.formats import pf
from tests.exposure.formats.pf import Kind

seeds = st.integers(0, 2**32)
kinds: st.SearchStrategy[Kind] = st.sampled_from(["pfsense", "opnsense"])


def differences(seed: int, kind: Kind) -> list[tuple[str, str, int, str, bool]]:
    rules = pf.draw(random.Random(seed), kind)
    fw = pf.device(pf.written(rules, kind), kind)
    found = []
    for from_, sources in pf.HOSTS.items():
        for to, targets in pf.HOSTS.items():
            for src, dst in zip(sources, reversed(targets), strict=True) if from_ != to else ():
                for port in (80, 81):
                    answer = pf.ask(fw, src, dst, f"tcp/{port}")
                    expected = pf.passes(rules, kind, src, dst, port)
                    if answer.verdict != ("permitted" if expected else "blocked"):
                        found.append((src, dst, port, answer.verdict, expected))
    return found


@settings(max_examples=120, deadline=None)
@given(seeds, kinds)
def test_every_packet_fares_as_with_pf(seed: int, kind: Kind) -> None:
    assert differences(seed, kind) == []


@settings(max_examples=40, deadline=None)
@given(seeds, kinds, st.sampled_from(["floating", "lan", "G1"]), st.booleans())
def test_a_further_block_never_opens_a_path(seed: int, kind: Kind, tab: str, quick: bool) -> None:
    rng = random.Random(seed)
    rules = pf.draw(rng, kind)
    more = pf.Drawn(
        tab=tab, faces=(), direction="in", quick=quick or tab != "floating", action="block", src=rng.choice(pf.NETS), dst=rng.choice(pf.NETS), port=None,
    )  # fmt: skip
    at = rng.randint(0, len(rules))
    before, after = (pf.device(pf.written(some, kind), kind) for some in (rules, [*rules[:at], more, *rules[at:]]))
    for src in (hosts[0] for hosts in pf.HOSTS.values()):
        for dst in (hosts[1] for hosts in pf.HOSTS.values()):
            if pf.ask(before, src, dst, "tcp/80").verdict == "blocked":
                assert pf.ask(after, src, dst, "tcp/80").verdict == "blocked"
