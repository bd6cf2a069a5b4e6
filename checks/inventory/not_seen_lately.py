"""An asset that no source has seen for a while.

Why it matters: what is not seen is not patched, and may be lost, stolen or forgotten.
How it decides: the newest day on which any source saw it is older than policy allows.
"""

from secscan.api import Assets, Expr, Params, check, days_after


@check(
    "inventory.not-seen-lately",
    says="{hostname}: last seen on {last_seen_on}",
    unknown_says="{hostname}: no source says when it was last seen",
    fix="Find it, or take it out of the register with a note of where it went.",
    max_age_days=45,
)
def not_seen_lately(asset: Assets, policy: Params) -> Expr:
    return days_after(asset.last_seen_on, policy.max_age_days) < policy.today
