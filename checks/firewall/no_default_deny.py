"""A firewall that lets through what no rule was written for.

Why it matters: what nobody thought of is then allowed. Cyber Essentials asks for unauthenticated inbound connections to be
blocked by default.
How it decides: what happens to a packet that no rule was written for, as the device's default and its last rules have it.
A deny for everything at the end of the list is a default deny, whatever the device's own default is.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.no-default-deny",
    says="{device} lets through what no rule was written for",
    unknown_says="{device}: nobody here knows what it does when no rule matches",
    fix="End the list with a rule that denies everything, or set the device's default to deny.",
    about=lambda rule, policy: rule.is_default,
    shows=("device_rule",),
)
def no_default_deny(rule: Rules, policy: Params) -> Expr:
    return rule.is_default & (rule.action == "permit")
