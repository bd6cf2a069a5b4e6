"""An unsupported system that an untrusted zone can reach.

Why it matters: a hole that will never be mended is only as safe as the network around it.
How it decides: the firewall rules let some packet from the zone through to the asset (or out to it), and something on
the asset has no support left. What the rules cannot tell is unknown. With internet_too false, ways from and to the
internet are left to network.unsupported-internet, so that each is told once.
"""

from secscan.api import Expr, Params, Paths, check


@check(
    "network.legacy-reachable",
    says="{unsupported_product}: {path} is let through",
    unknown_says="{path}: cannot be told whether it is let through",
    fix="Close the rule, move the system to a zone of its own, or retire it.",
    about=lambda path, policy: (~path.internet | policy.internet_too) & ~path.supported,
    looser={"trusted_zones": "more", "internet_too": "lower"},
    trusted_zones=[],
    internet_too=True,
)
def legacy_reachable(path: Paths, policy: Params) -> Expr:
    reached = path.reach & ~path.supported & ~path.from_zone.is_in(policy.trusted_zones)
    if policy.internet_too:
        return reached
    # A far end of which nobody knows whether it is the internet is asked about here.
    return reached & (path.internet.is_missing() | ~path.internet)
