"""An asset that stands in a register and that nothing has ever seen.

Why it matters: it may have been scrapped years ago, or it may run where no tool of the council's looks.
How it decides: a register names it, no agent and no scan does, and no source tells a day on which it was seen. Where nothing
that looks was read, it is unknown. One that was seen long ago is inventory.not-seen-lately's.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "inventory.never-seen",
    says="{hostname}: stands in the register and was never seen",
    unknown_says="{hostname}: nobody can tell whether it was ever seen",
    fix="Find it and put it where a tool sees it, or take it out of the register with a note of where it went.",
    about=lambda asset, policy: asset.registered,
    unknown_when=lambda asset, policy: asset.registered.is_missing(),
    shows=("type",),
)
def never_seen(asset: Assets, policy: Params) -> Expr:
    return asset.registered & ~asset.seen
