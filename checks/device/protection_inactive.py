"""A device whose malware protection does not run.

Why it matters: Cyber Essentials asks for one working mechanism against malware on every device in scope.
How it decides: some source says that the protection is not active. Where nobody says, it is unknown.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "device.protection-inactive",
    says="Malware protection is not active",
    unknown_says="{hostname}: no source says whether malware protection is active",
    fix="Start the protection, or find out who switched it off and install it again.",
    shows=("definitions_on",),
)
def protection_inactive(asset: Assets, policy: Params) -> Expr:
    return ~asset.protection_active
