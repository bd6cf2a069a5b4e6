"""A device on which an update waits for a restart.

Why it matters: until the restart the old code runs, and the list of installed updates says otherwise.
How it decides: some source says that a restart is pending. Where nobody says, it is unknown.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "patching.restart-pending",
    says="An update waits for a restart",
    unknown_says="{hostname}: no source says whether an update waits for a restart",
    fix="Restart the device, and agree a time at which it may restart by itself.",
    shows=("last_seen_on",),
)
def restart_pending(asset: Assets, policy: Params) -> Expr:
    return asset.restart_pending
