"""A firewall rule that nobody has written down the reason for.

Why it matters: nobody dares to take out a rule that nobody can explain. Cyber Essentials asks for every inbound rule to be
approved and documented by an authorised person, with the need behind it.
How it decides: the rule is on, and one of what policy needs is missing: owner, approver, reason, review_on. A rule that is
switched off is not asked about, and neither is the device's default. Of a rule that cannot be read nothing is known.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.rule-undocumented",
    says="{device_rule}: its owner, its approver or its reason is not recorded",
    unknown_says="{device_rule}: cannot be read, so nobody knows who answers for it",
    fix="Find who needs the rule and have it approved with its reason, or take it out.",
    about=lambda rule, policy: rule.enabled & ~rule.is_default,
    shows=("rule_owner", "approver", "reason", "hits", "last_hit_on"),
    looser={"needed": "fewer"},
    needed=["owner", "approver", "reason"],
)
def rule_undocumented(rule: Rules, policy: Params) -> Expr:
    written = {
        "owner": rule.rule_owner,
        "approver": rule.approver,
        "reason": rule.reason,
        "review_on": rule.review_on,
    }
    lacking = rule.enabled & False
    for name in policy.needed:
        if name not in written:
            raise ValueError(f"'needed' names '{name}'; it may name {', '.join(written)}")
        lacking = lacking | written[name].is_missing()
    return rule.enabled & ~rule.is_default & lacking
