"""An asset of which nobody lists the software.

Why it matters: what is not listed is not patched, and its end of support comes unseen.
How it decides: some software source of its council was read, and it lists nothing of this asset. A council of which no
such source was read, or an asset of which a row was refused, is unknown.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "inventory.software-list-missing",
    says="No source lists its software",
    unknown_says="{hostname}: no source of software lists was read",
    fix="Install the agent that lists software on it, or say by what else its software is known.",
    shows=("os_product", "last_seen_on"),
)
def software_list_missing(asset: Assets, policy: Params) -> Expr:
    return ~asset.software_listed
