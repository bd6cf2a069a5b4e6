"""A rule that lets everything through.

Why it matters: whatever the rules around it say, this one opens every door; one line above the last deny is enough.
How it decides: the rule is on, it permits, and it is for every source, every destination and every port, however that is
written: two halves of the address space are all of it. Where a part that cannot be read may make it so, it is unknown.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.any-any-rule",
    says="{device_rule} lets every source reach every destination on every port",
    unknown_says="{device_rule}: cannot be told whether it lets everything through",
    fix="Replace it by rules for what is really needed, and take it out.",
    about=lambda rule, policy: rule.enabled & ~rule.is_default,
    shows=("position", "rule_owner", "reason", "hits", "last_hit_on"),
)
def any_any_rule(rule: Rules, policy: Params) -> Expr:
    return rule.enabled & (rule.action == "permit") & rule.any_any
