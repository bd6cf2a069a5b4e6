"""Malware definitions that are too old.

Why it matters: protection that does not know this week's malware lets it in.
How it decides: on the day on which the device was last seen, its definitions were older than policy allows; where nobody
tells when it was seen, today counts. An export of last week says nothing of this week's definitions, and a device that is
not seen at all is inventory.not-seen-lately's. Where nobody tells the day of the definitions, it is unknown.
"""

from secscan.api import Assets, Expr, Params, check, days_after, earlier_of


@check(
    "device.definitions-old",
    says="Malware definitions are older than policy allows",
    unknown_says="{hostname}: no source tells the day of its malware definitions",
    fix="Find out why the device gets no new definitions.",
    shows=("protection_active",),
    max_age_days=7,
)
def definitions_old(asset: Assets, policy: Params) -> Expr:
    seen = earlier_of(asset.last_seen_on, policy.today)
    return days_after(asset.definitions_on, policy.max_age_days) < seen
