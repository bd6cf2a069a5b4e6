"""A device that does not update itself.

Why it matters: an update that waits for somebody's hand comes late. Cyber Essentials asks for automatic updates to be on
wherever that is possible.
How it decides: some source says that automatic updates are off. Where nobody says, it is unknown.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "device.automatic-updates-off",
    says="Automatic updates are off",
    unknown_says="{hostname}: no source says whether automatic updates are on",
    fix="Switch automatic updates on, or put the device under a tool that installs them.",
)
def automatic_updates_off(asset: Assets, policy: Params) -> Expr:
    return ~asset.auto_update
