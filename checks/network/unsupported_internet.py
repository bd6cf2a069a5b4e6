"""An unsupported system with a way from the internet, or to it.

Why it matters: a hole that nobody mends is found from outside, and what gets in calls home. Cyber Essentials accepts
unsupported software only in a sub-set of the network that exchanges no traffic with the internet, in neither direction;
a few permitted addresses are traffic too.
How it decides: something on the asset has no support left, and the firewall rules let some packet through between it and
the internet, in or out. What the rules cannot tell is unknown. Ways from other zones are network.legacy-reachable's.
"""

from secscan.api import Expr, Params, Paths, check


@check(
    "network.unsupported-internet",
    says="{unsupported_product}: {path} is let through",
    unknown_says="{path}: cannot be told whether an unsupported system meets the internet",
    fix="Cut it off from the internet in both directions, upgrade it, or take it out of use.",
    about=lambda path, policy: path.internet & ~path.supported,
    shows=("direction", "rule", "partly"),
)
def unsupported_internet(path: Paths, policy: Params) -> Expr:
    return path.internet & path.reach & ~path.supported
