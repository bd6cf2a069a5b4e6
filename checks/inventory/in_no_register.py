"""Something on the network that stands in no register.

Why it matters: nobody patches, protects or switches off what nobody knows that they have.
How it decides: an agent or a scan saw it, and no register of its council names it. An address that is no asset's is in no
register; what it may be stands beside it. A council of which no register was read is unknown.
"""

from secscan.api import Expr, Params, Sightings, check


@check(
    "inventory.in-no-register",
    says="{sighting} was seen and stands in no register",
    unknown_says="Whether everything that was seen stands in a register cannot be told",
    fix="Find out whose it is: enter it in the register, or take it off the network.",
    shows=("address", "seen_by", "seen_on", "ports", "maybe"),
)
def in_no_register(sighting: Sightings, policy: Params) -> Expr:
    return ~sighting.registered
