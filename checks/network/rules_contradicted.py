"""A packet that got where the rules say that none can.

Why it matters: there is a way round the firewall, or its rules are not those that were exported. Whatever else is
believed because of these rules is in doubt too.
How it decides: the firewall rules block the port from the zone, and a scan from that zone saw it let through. The reverse is
no failure of security and is told as unknown: the rules let it through and packets were stopped, so something else
stops them that no export shows, or the host was down. Where only some addresses of a zone get through, the probe may be one
of the others. What the rules cannot tell, and what nobody has tried, cannot be compared.
"""

from secscan.api import Expr, Params, Paths, check


def comparable(path: Paths, policy: Params) -> Expr:
    """The rules say something of it, and so do packets."""
    return ~path.observed.is_missing() & ~path.reach.is_missing()


@check(
    "network.rules-contradicted",
    says="{path}: a packet got through that the rules block",
    unknown_says="{path}: the rules let it through, and packets were stopped: something else stops them, or the host was down",
    fix="Look for a way round the firewall (a second device, a wireless bridge, a rule changed since), and export its rules again.",
    about=comparable,
    unknown_when=lambda path, policy: comparable(path, policy) & path.reach & ~path.observed & ~path.partly,
    shows=("rule", "observed_on", "partly"),
)
def rules_contradicted(path: Paths, policy: Params) -> Expr:
    return comparable(path, policy) & ~path.reach & path.observed
