"""Software that nobody has used for a long time.

Why it matters: it is paid for, and every program that nobody needs is one more to be patched. Cyber Essentials asks for
software that is not needed to be taken off.
How it decides: the last day on which it was used is longer ago than policy allows. Policy may name the products that it is
about; without names it is about all. Where no source tells when it was last used, it is unknown.
"""

from secscan.api import Expr, Installs, Params, check, days_after


@check(
    "inventory.software-unused",
    says="{release}: nobody has used it for longer than policy allows",
    unknown_says="{product_or_name}: no source tells when it was last used",
    fix="Take it off, give its licence back, or say who needs it.",
    about=lambda install, policy: install.product.is_in(policy.products) | (not policy.products),
    shows=("name", "version"),
    looser={"products": "fewer"},
    unused_days=365,
    products=[],
)
def software_unused(install: Installs, policy: Params) -> Expr:
    unused = days_after(install.last_used_on, policy.unused_days) < policy.today
    return install.product.is_in(policy.products) & unused if policy.products else unused
