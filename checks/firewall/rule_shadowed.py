"""A firewall rule that never decides anything.

Why it matters: whoever reads the list believes it. A deny that never decides is a protection that is not there, and a permit
that never does hides what really happens. Cyber Essentials asks for rules that are no longer needed to be taken out.
How it decides: the rule is on, and no packet gets to it that it would match. The rules before it take them all, alone or
together, however they are written; or only a rule that is off leads to its list; or it matches nothing at all. Only what surely
matches takes anything: behind a rule that hangs on a schedule, a name or a line that cannot be read it is unknown. Each list is
looked at by itself, whatever another list let through before. A rule that only logs decides nothing and is not asked about.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.rule-shadowed",
    says="{device_rule} never decides anything: {shadowed_by}",
    unknown_says="{device_rule}: cannot be told whether any packet gets to it; {shadowed_by}",
    fix="Take it out, or move it before the rules that take its packets if it is meant to count.",
    about=lambda rule, policy: rule.enabled & ~rule.is_default & (rule.action != "continue"),
    shows=("position", "action", "written", "shadowed_by", "covering", "rule_owner", "hits", "last_hit_on"),
)
def rule_shadowed(rule: Rules, policy: Params) -> Expr:
    return rule.enabled & ~rule.is_default & (rule.action != "continue") & rule.shadowed
