"""A port of administration that a user zone can reach.

Why it matters: whoever is on a user's machine, invited or not, can try passwords and known holes at the door meant for
administrators, and go from machine to machine.
How it decides: the firewall rules let some packet through, inwards, from a zone that policy calls a user zone to one of
the ports that policy calls administrative. The zone internet stands for every internet zone. What the rules cannot tell is
unknown, and so is what gets through while policy names no user zone at all.
"""

from secscan.api import Expr, Params, Paths, check


def users_way_in(path: Paths, policy: Params) -> Expr:
    """It is a way in to a port of administration, for users as far as policy has said who they are."""
    users = path.from_zone.is_in(policy.user_zones)
    if "internet" in policy.user_zones:
        users = users | path.internet
    inwards = (path.direction == "in") & path.proto_port.is_in(policy.ports)
    return inwards & (users | (not policy.user_zones))


@check(
    "network.admin-port-reachable",
    says="{path} is let through: a port of administration is open to users",
    unknown_says="{path}: cannot be told whether users reach this port of administration",
    fix="Let only the administrators' own zone reach it, through a jump host.",
    about=users_way_in,
    unknown_when=lambda path, policy: users_way_in(path, policy) & path.reach & (not policy.user_zones),
    shows=("rule", "partly", "observed"),
    looser={"ports": "fewer", "user_zones": "fewer"},
    ports=["tcp/22", "tcp/23", "tcp/3389", "tcp/5900", "tcp/5985", "tcp/5986"],
    user_zones=[],
)
def admin_port_reachable(path: Paths, policy: Params) -> Expr:
    return users_way_in(path, policy) & path.reach
