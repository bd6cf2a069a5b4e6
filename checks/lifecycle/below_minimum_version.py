"""Software older than the lowest version that policy accepts.

Why it matters: the same software in the same versions is easier to keep safe, and an old version misses fixes.
How it decides: policy names a lowest version for the product, and the installed version sorts before it in the
product's own order. A version that no scheme reads is unknown, never older or newer.
"""

from secscan.api import Expr, Installs, Params, check


@check(
    "lifecycle.below-minimum-version",
    says="{product} {version} is older than {minimum_version}, the lowest that policy accepts",
    unknown_says="{product_or_name} {version}: cannot be compared with the lowest version that policy accepts",
    fix="Update it to at least the lowest version that policy accepts.",
    shows=("name",),
    # A name that nobody recognises might be a product that policy names.
    unknown_when=lambda install, policy: install.recognised.is_missing() | ~install.recognised,
)
def below_minimum_version(install: Installs, policy: Params) -> Expr:
    named = ~install.minimum_version.is_missing()
    return named & (install.version_key < install.minimum_key)
