"""A firewall's export with lines that nobody here understood.

Why it matters: such a line may let through or stop anything, so whatever stands behind it cannot be told, and what is
believed of the firewall rests on the rest.
How it decides: the export has a line, or a row, that was not understood or was refused. They are counted, and the first is named.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.lines-not-understood",
    says="{device}: lines of its export that are not understood: {not_understood}; the first is {first_not_understood}",
    unknown_says="{device}: nobody here has its export",
    fix="Mend the row or the line, or export again; where the line is right, tell the project about it.",
    about=lambda rule, policy: rule.is_default,
    shows=("device_rule", "first_not_understood", "exported_on"),
)
def lines_not_understood(rule: Rules, policy: Params) -> Expr:
    return rule.is_default & (rule.not_understood > 0)
