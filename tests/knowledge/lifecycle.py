"""An invented document in the form of the public lifecycle data, as whole or for one product."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

MADE = "2026-11-23T06:00:00+00:00"
"""A day after the shipped catalogue was checked."""
OLDER = "2026-08-22T08:52:34+00:00"


def release(name: str, eol: str | None, *, ended: bool = False, extended: str | None = None) -> dict[str, Any]:
    return {
        "name": name, "label": name, "releaseDate": "2020-01-01", "isLts": False, "ltsFrom": None, "isEol": ended,
        "eolFrom": eol, "isEoes": None, "eoesFrom": extended, "isMaintained": not ended, "latest": None, "custom": None,
    }  # fmt: skip


def product(name: str, label: str, category: str, *releases: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name, "aliases": [], "label": label, "category": category, "tags": [], "versionCommand": None,
        "identifiers": [], "labels": {"eol": "Support", "eoes": "Gold Support"},
        "links": {"html": f"https://lifecycle.example/{name}"}, "releases": list(releases),
    } | more  # fmt: skip


PRODUCTS = [
    product("acme-liftctl", "Acme LiftCtl", "app", release("3", "2030-01-31"), release("2", "2025-06-30", extended="2027-06-30"),
            release("1", None, ended=True), aliases=["acme-lift-control"],
            identifiers=[{"type": "cpe", "id": "cpe:2.3:a:acme:liftctl"}]),
    product("quill", "Quill", "app", release("5", None)),
    product("acmebase", "AcmeBase", "database", release("9.1", "2026-11-24"), release("9.1-ce", "2026-01-31")),
    product("acme-frame", "Acme Frame", "framework", release("4", "2028-01-31"),
            identifiers=[{"type": "purl", "id": "pkg:maven/org.acme/frame-core"}]),
    product("acme-phone", "Acme Phone", "device", release("7", None)),
    product("python", "Python", "lang", release("3.99", "2040-10-31"), release("3.13", "2029-01-31"), release("3.9", "2025-10-31")),
    product("gitlab", "GitLab", "server-app", release("98.1", "2026-10-15")),
]  # fmt: skip
"""Of Python: a line that ours lacks, one of which ours says another day, and one of which it says the same."""


def whole(*products: dict[str, Any], at: str = MADE, **more: Any) -> dict[str, Any]:
    listed = deepcopy(list(products or PRODUCTS))
    return {"schema_version": "1.2.1", "generated_at": at, "total": len(listed), "result": listed} | more


def single(one: dict[str, Any], at: str = MADE, edited: str | None = None) -> dict[str, Any]:
    return {"schema_version": "1.2.1", "generated_at": at, "last_modified": edited or at, "result": deepcopy(one)}


def raw(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=1).encode()
