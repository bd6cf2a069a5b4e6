"""A claimed mitigation that does not hold.

Why it matters: everybody believes the system is protected, and it is not.
How it decides: the firewall rules, or packets sent from a vantage point, show a way through. A claim that cannot be
told either way is unknown; one that nobody has tested is not disproven, and closes nothing.
"""

from secscan.api import Claims, Expr, Params, check


@check(
    "mitigation.claim-disproven",
    says="{claim}: the claimed protection does not hold",
    unknown_says="{claim}: cannot be told whether the claimed protection holds",
    fix="Mend the rule that lets it through, or withdraw the claim and decide about the system.",
    unknown_when=lambda claim, policy: claim.state == "cannot-tell",
    shows=("disagreement",),
)
def claim_disproven(claim: Claims, policy: Params) -> Expr:
    return claim.state == "disproven"
