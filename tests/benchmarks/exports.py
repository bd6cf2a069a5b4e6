"""Five thousand rules as iptables-save and nft write them: what a reader takes, and what a regular expression a line takes.

``python -m tests.benchmarks.exports iptables|nft RULES``: prints seconds of the reader, of the plain look, and the rules read.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from typing import Any, Final

from secscan.exposure.formats import read
from secscan.exposure.formats.export import ConfigFile, Export

KINDS: Final = ("iptables", "nft")


def iptables(rules: int, seed: int = 1) -> str:
    """A ruleset with networks, ports, states, comments and a chain that others call."""
    rng = random.Random(seed)
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]", ":own - [0:0]"]
    lines += (
        f"-A FORWARD -s 10.{rng.randrange(99)}.{rng.randrange(256)}.0/24 -d 10.9.{rng.randrange(256)}.{rng.randrange(256)}/32 -p tcp -m tcp "
        f"--dport {rng.randrange(65536)} -m conntrack --ctstate NEW -m comment --comment \"rule {n}\" -j {rng.choice(('ACCEPT', 'DROP', 'own'))}"
        for n in range(rules)
    )  # fmt: skip
    return "\n".join([*lines, "COMMIT", ""])


def nft(rules: int, seed: int = 1) -> str:
    """The same as nft -j list ruleset writes it."""
    rng = random.Random(seed)
    home = {"family": "inet", "table": "t"}
    hook = {"type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}
    objects: list[dict[str, Any]] = [
        {"metainfo": {"version": "1.0.9", "json_schema_version": 1}}, {"table": {"family": "inet", "name": "t", "handle": 1}},
        {"chain": {**home, "name": "f", "handle": 1, **hook}},
    ]  # fmt: skip
    for n in range(rules):
        expr = [
            _match("ip", "saddr", {"prefix": {"addr": f"10.{rng.randrange(99)}.{rng.randrange(256)}.0", "len": 24}}),
            _match("ip", "daddr", f"10.9.{rng.randrange(256)}.{rng.randrange(256)}"),
            _match("tcp", "dport", {"set": [rng.randrange(65536), {"range": [8000, 8100]}]}),
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}, {"counter": {"packets": n, "bytes": 60 * n}},
            {rng.choice(("accept", "drop")): None},
        ]  # fmt: skip
        objects.append({"rule": {**home, "chain": "f", "handle": n + 2, "comment": f"rule {n}", "expr": expr}})
    return json.dumps({"nftables": objects})


def _match(proto: str, field: str, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"payload": {"protocol": proto, "field": field}}, "right": right}}


def measured(kind: str, rules: int) -> tuple[float, float, int]:
    """Seconds of the reader, seconds of a look at each line or of parsing JSON alone, and the rules that were read."""
    text = iptables(rules) if kind == "iptables" else nft(rules)
    file = ConfigFile(data=text.encode(), shown=kind)
    started = time.process_time()
    device = read(kind, Export(device="fw", files=[file]))
    took = time.process_time() - started
    started = time.process_time()
    looked = json.loads(text) if kind == "nft" else [re.findall(r'"[^"]*"|\S+', line) for line in text.split("\n")]
    return took, time.process_time() - started, len(list(device.rules())) if looked else 0


if __name__ == "__main__":
    print("{:.3f} {:.3f} {}".format(*measured(sys.argv[1], int(sys.argv[2]))))
