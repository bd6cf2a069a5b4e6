"""The name of a finding: control, council, asset and subject, never its version, wording, severity or date."""

from __future__ import annotations

import hashlib

_NOBODY = "0" * 16


def _number(*parts: str) -> str:
    """64 bits over the parts, as 16 hexadecimal digits. Lengths keep ('ab', 'c') and ('a', 'bc') apart."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def issue_number(control: str, council: str, subject: str) -> str:
    """What the finding is about, as one number."""
    return _number("issue", control, council, subject)


def asset_number(council: str, asset: str | None) -> str:
    """Whose it is, as one number; the same for nobody's."""
    return _NOBODY if asset is None else _number("asset", council, asset.casefold())


def fingerprint(control: str, council: str, asset: str | None, subject: str) -> str:
    """``<issue>-<asset>``: one number hashed once an issue, one once an asset."""
    return f"{issue_number(control, council, subject)}-{asset_number(council, asset)}"
