"""Software whose end of support nobody has stated.

Why it matters: Cyber Essentials counts software as supported only where its vendor commits to updates and states
when they end. What has no stated end cannot be planned for.
How it decides: the product is recognised, and its vendor supports it without naming a day. Policy may accept that
for all (accept_open_ended) or for named products. Names that nobody recognises are unknown.
"""

from secscan.api import Expr, Installs, Params, check


@check(
    "lifecycle.support-end-unknown",
    says="{product} {version}: its vendor has not said when support ends",
    unknown_says="{product_or_name}: not recognised, so its end of support is not known",
    fix="Ask the vendor for a date, or add the product with its source to the council's own catalogue.",
    shows=("name",),
    looser={"accept_open_ended": "higher", "accepted_products": "more"},
    accept_open_ended=False,
    accepted_products=[],
)
def support_end_unknown(install: Installs, policy: Params) -> Expr:
    if policy.accept_open_ended:
        return install.support.is_in([])
    accepted = ~install.product.is_missing() & install.product.is_in(policy.accepted_products)
    return (install.support == "open-ended") & ~accepted
