"""An unsupported system that an untrusted zone can reach.

Why it matters: a hole that will never be mended is only as safe as the network around it.
How it decides: the firewall rules let some packet from the zone through to the asset (or out to the internet), and
something on the asset has no support left. What the rules cannot tell is unknown.
"""

from secscan.api import Expr, Params, Paths, check


@check(
    "network.legacy-reachable",
    says="{unsupported_product}: {path} is let through",
    unknown_says="{path}: cannot be told whether it is let through",
    fix="Close the rule, move the system to a zone of its own, or retire it.",
    looser={"trusted_zones": "more"},
    trusted_zones=[],
)
def legacy_reachable(path: Paths, policy: Params) -> Expr:
    return path.reach & ~path.supported & ~path.from_zone.is_in(policy.trusted_zones)
