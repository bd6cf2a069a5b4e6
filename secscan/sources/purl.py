"""Package URLs (``pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS``), as bills of materials and scanners name what they found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

_MOST: Final = 4_000
"""Characters of a package URL that are looked at; no package is named in more."""
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*", re.ASCII)
_KINDS: Final = {"deb": "dpkg", "rpm": "rpm", "apk": None}
_JOINED: Final = {
    "maven": ":", **dict.fromkeys(("npm", "composer", "golang", "github", "gitlab", "bitbucket", "docker", "swift", "hex"), "/")
}  # fmt: skip
"""Ecosystems in which a name means nothing without its namespace, and what stands between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purl:
    """One package as its URL names it; "" for what it does not say."""

    type: str
    namespace: str = ""
    name: str
    version: str = ""
    qualifiers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str | None:
        """The kind of software, as recognition knows it. A package of Alpine's is its distribution's, as dpkg's and rpm's
        are, and has no kind of its own."""
        return _KINDS.get(self.type, "sbom")

    @property
    def full_name(self) -> str:
        """As the ecosystem writes it: ``org.apache.struts:struts2-core``, ``@angular/core``, ``laravel/framework``, ``bash``."""
        between = _JOINED.get(self.type)
        return f"{self.namespace}{between}{self.name}" if between and self.namespace else self.name

    @property
    def full_version(self) -> str:
        """With its epoch, which Red Hat's family keeps apart."""
        epoch = self.qualifiers.get("epoch", "0")
        return f"{epoch}:{self.version}" if epoch != "0" and self.version and ":" not in self.version else self.version


def parse(text: object) -> Purl | None:
    """The parts of a package URL; None for what is none. Never raises."""
    if not isinstance(text, str) or len(text) > _MOST:
        return None
    scheme, colon, rest = text.strip().partition(":")
    rest, _, asked = rest.partition("#")[0].partition("?")
    kind, slash, path = rest.lstrip("/").partition("/")
    if scheme.lower() != "pkg" or not colon or not slash or not _TYPE.fullmatch(kind.lower()):
        return None
    *above, last = [part for part in path.split("/") if part] or [""]
    name, _, version = last.partition("@")
    if not name:
        return None
    pairs = (pair.partition("=") for pair in asked.split("&"))
    return Purl(
        type=kind.lower(), namespace="/".join(map(unquote, above)), name=unquote(name), version=unquote(version),
        qualifiers={key.lower(): unquote(value) for key, _, value in pairs if key and value},
    )  # fmt: skip
