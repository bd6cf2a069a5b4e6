"""A firewall whose export is too old to be believed.

Why it matters: rules change in a minute. A protection that rests on last year's export may be gone since.
How it decides: the export is older than the limit that secscan.yaml sets for the firewall (max_age_days, else the one for all
sources), or a newer one came and could not be read or is held back.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.export-stale",
    says="{device}: its export of {exported_on} is too old to be believed",
    unknown_says="{device}: nobody here has its export",
    fix="Export the rules again, and have that done by a schedule.",
    about=lambda rule, policy: rule.is_default,
    shows=("device_rule", "exported_on"),
)
def export_stale(rule: Rules, policy: Params) -> Expr:
    return rule.is_default & rule.stale
