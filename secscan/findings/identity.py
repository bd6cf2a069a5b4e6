"""The name of a finding: control, council, asset and subject, never its version, wording, severity or date."""

from __future__ import annotations

import hashlib
from functools import lru_cache

_NOBODY = "0" * 16


@lru_cache(maxsize=100_000)
def _number(*parts: str) -> str:
    """64 bits over the parts, as 16 hexadecimal digits. Lengths keep ('ab', 'c') and ('a', 'bc') apart."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint(control: str, council: str, asset: str | None, subject: str) -> str:
    """``<issue>-<asset>``: one number hashed once an issue, one once an asset."""
    who = _NOBODY if asset is None else _number("asset", council, asset.casefold())
    return f"{_number('issue', control, council, subject)}-{who}"
