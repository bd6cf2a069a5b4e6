"""A firewall rule past the day of its review.

Why it matters: what was right when it was opened is forgotten when the need is gone. Cyber Essentials asks for rules that are
no longer needed to be taken out or switched off.
How it decides: the rule is on, and the day by which it was to be looked at again is past. A rule without such a day is
unknown; a rule that is switched off and the device's default are not asked about. The finding is due on the day of review.
"""

from secscan.api import Expr, Params, Rules, check, days_after


@check(
    "firewall.rule-review-overdue",
    says="{device_rule} was to be looked at again by {review_on}",
    unknown_says="{device_rule}: nobody has said when it is to be looked at again",
    fix="Look at the rule with its owner: keep it with a new day, narrow it, or take it out.",
    about=lambda rule, policy: rule.enabled & ~rule.is_default,
    due=lambda rule, policy: rule.review_on,
    shows=("rule_owner", "reason", "hits", "last_hit_on"),
    grace_days=0,
)
def rule_review_overdue(rule: Rules, policy: Params) -> Expr:
    past = days_after(rule.review_on, policy.grace_days) < policy.today
    return rule.enabled & ~rule.is_default & past
