"""An asset that nobody answers for.

Why it matters: a decision about it has no one to take it, and its risks no one to accept them.
How it decides: the register names no owner. A council whose register was not read is unknown as a whole.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "inventory.owner-missing",
    says="{hostname}: the register names no owner",
    unknown_says="{hostname}: no register says who owns it",
    fix="Name the role that answers for it in the register.",
)
def owner_missing(asset: Assets, policy: Params) -> Expr:
    # Where no register was read, sources_seen is not known and neither is the answer.
    return asset.owner.is_missing() & (asset.sources_seen >= 0)
