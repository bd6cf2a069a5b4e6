"""Every kind of file that can be read. A module of this folder is a kind, or some that belong together: nothing lists them."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from secscan.sources.kind import Kind


def _found() -> Mapping[str, Kind]:
    modules = (import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__))
    found: dict[str, Kind] = {}
    for kind in sorted((kind for module in modules for kind in module.KINDS), key=lambda kind: kind.name):
        if kind.name in found:
            raise ValueError(f"two readers are called '{kind.name}'")
        found[kind.name] = kind
    return found


KINDS: Final = _found()
"""Kind by name, in the order of names."""

__all__ = ["KINDS", "Kind"]
