"""What a policy says of products and release lines by name, held against the catalogue: a slip there changes nothing,
and would do so silently. Beside it, what the council's own catalogue changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secscan.doors.validate import nearest
from secscan.knowledge.catalogue import Catalogue, Product
from secscan.model.places import Place
from secscan.model.policy import Policy

_GAP = re.compile(r"[\s_-]+")


def unknown_names(catalogue: Catalogue, policy: Policy) -> list[str]:
    """One line, with its place, for each name in the policy that the catalogue or the feeds do not have, and for each shipped
    product that the council's own catalogue stands in for.
    """
    return [*catalogue.replaced, *_unknown(catalogue, policy), *_feeds(policy)]


def cycles(product: Product, written: str) -> frozenset[str]:
    """The release lines that a person means by ``written``: an id (``2012 R2`` is ``2012-r2``), else a name of theirs."""
    folded = _folded(written)
    same = frozenset(cycle for cycle in product.cycles if _folded(cycle) == folded)
    return same or frozenset(c.id for c in product.by_name.get(" ".join(written.casefold().split()), ()))


def _unknown(catalogue: Catalogue, policy: Policy) -> Iterator[str]:
    for entitlement in policy.entitlements:
        product = catalogue.products.get(catalogue.canonical(entitlement.product) or "")
        if product is None:
            yield _line(entitlement.place, entitlement.product, catalogue, "what was bought for it counts nowhere")
        elif entitlement.cycle is not None and not cycles(product, entitlement.cycle):
            yield (
                f"{entitlement.place}: '{entitlement.cycle}' is no release line of {product.id}"
                f"{nearest(entitlement.cycle, product.cycles)}; what was bought for it counts nowhere"
            )
    for name, (_, place) in policy.minimum_versions.items():
        if catalogue.canonical(name) is None:
            yield _line(place, name, catalogue, "its lowest version is asked of nothing")
    for name in policy.free_extensions:
        known = catalogue.canonical(name)
        if known is None:
            yield f"free_extensions: no product '{name}' in the catalogue{nearest(name, catalogue.products)}"
        elif not catalogue.products[known].extension_free:
            yield f"free_extensions: the catalogue has no free extended support for '{name}', so this counts nowhere"


def _feeds(policy: Policy) -> Iterator[str]:
    from secscan.knowledge.feeds import FEEDS

    for name in policy.feeds:
        if name not in FEEDS:
            yield f"feeds: there is no feed '{name}'{nearest(name, FEEDS)}; its limits hold nowhere"


def _line(place: Place, name: str, catalogue: Catalogue, so: str) -> str:
    return f"{place}: no product '{name}' in the catalogue{nearest(name, catalogue.products)}; {so}"


def _folded(text: str) -> str:
    return _GAP.sub("-", text.strip().casefold())
