"""A list of firewall rules that nothing asks.

Why it matters: a list that is bound to no interface and that no other list calls protects nothing, however well it is
written. Often the binding was lost in a change, and nobody noticed.
How it decides: the export has a list with rules that no interface, no default and no other list asks, as far as secscan reads
what asks lists. A list that only says who may log on to the device, or which traffic is to be encrypted, is one too: accept it by
an exception. Where a line was not understood, it may be what asks the list.
"""

from secscan.api import Expr, Params, Rules, check


@check(
    "firewall.list-unasked",
    says="{device}: nothing asks the rules of {unasked}",
    unknown_says="{device}: cannot be told whether every list of rules is asked",
    fix="Bind the list where it was meant to be, or take it out.",
    about=lambda rule, policy: rule.is_default,
    shows=("device_rule", "unasked", "exported_on"),
)
def list_unasked(rule: Rules, policy: Params) -> Expr:
    return rule.is_default & (rule.lists_unasked > 0)
