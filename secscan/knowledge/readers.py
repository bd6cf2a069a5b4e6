"""What an inventory writes as a version, brought to dotted numbers.

The same release is spelt in many ways: ``10.0 (19045)`` and ``10.0.19045 N/A Build 19045``, ``8u202`` and
``1.8.0_202`` and ``8.0.2020.8``. A reader knows one family of spellings; the catalogue names the reader of a product.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_LEADING = re.compile(r"\D{0,12}?v?(\d[\d.]*(?:[a-z]{1,2}\d{0,3}(?![a-z0-9]))?)(.*)", re.ASCII | re.DOTALL)
_BEFORE_RELEASE = re.compile(
    r"[-~. _]?(?:alpha|beta|rc|preview|dev|pre)\b|[-~. _]?(?:alpha|beta|rc|preview)\d", re.ASCII
)
_RANGE = re.compile(r"\s*(?:or later|or earlier|- \d|\+)|\.?x\b", re.ASCII)
"""A scanner's guess at a span of versions is no version."""
_MARIADB_BANNER = re.compile(r"5\.5\.5-(?=10\.)", re.ASCII)

_NT = re.compile(r"(\d{1,2}\.\d)(?:\.(\d{3,5})(?:\.(\d{1,6}))?)?", re.ASCII)
_NT_BUILD = re.compile(r"(?:build|\()\s*(\d{4,5})(?:\.(\d{1,6}))?", re.ASCII)
_NT_BARE = re.compile(r"(\d{5}(?:\.\d{1,6})?)", re.ASCII)

_JAVA_OLD = re.compile(r"1\.(\d{1,2})(?:\.(\d))?(?:[_u ](\d{1,3}))?(?:\D.*)?", re.ASCII)
_JAVA_UPDATE = re.compile(r"(\d{1,2})(?:u| update )(\d{1,3})(?:\D.*)?", re.ASCII)
_JAVA_INSTALLER = re.compile(r"([5-8])\.0\.(\d{2,4})(?:\.\d+)?(?:\D.*)?", re.ASCII)

_SQL = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{2,5})(\.\d+)?", re.ASCII)


def read(reader: str, version: str | None) -> str | None:
    """The version as dotted numbers (a letter suffix may follow), or None where none can be read."""
    if not version or len(version) > 200:
        return None
    text = version.strip().lower()
    return READERS[reader](text) if text.isascii() else None


def _dotted(text: str) -> str | None:
    text = _MARIADB_BANNER.sub("", text)
    found = _LEADING.fullmatch(text)
    if found is None or _BEFORE_RELEASE.match(found[2]) or _RANGE.match(found[2]):
        return None
    return found[1].rstrip(".")


def _windows(text: str) -> str | None:
    """``10.0.19045.5011`` out of what consoles, registries and directories write; as much of it as is there."""
    if found := _NT_BARE.fullmatch(text):
        return f"10.0.{found[1]}"
    start = _NT.match(text)
    build = _NT_BUILD.search(text)
    if start is None:
        return f"10.0.{build[1]}" + (f".{build[2]}" if build[2] else "") if build else None
    if start[2] is None and build is not None:
        return f"{start[1]}.{build[1]}" + (f".{build[2]}" if build[2] else "")
    return start[0]


def _java(text: str) -> str | None:
    """``8.0.202`` for update 202 of Java 8; from 9 on the number as it stands."""
    if found := _JAVA_OLD.fullmatch(text):
        return ".".join(filter(None, (found[1], found[2] or "0", found[3])))
    if found := _JAVA_UPDATE.fullmatch(text):
        return f"{found[1]}.0.{found[2]}"
    if (found := _JAVA_INSTALLER.fullmatch(text)) and not (len(found[2]) == 3 and not found[2].endswith("0")):
        # The installer writes update 202 as 2020 and update 45 as 450.
        return f"{found[1]}.0.{found[2][:-1] if found[2].endswith('0') else found[2]}"
    return _dotted(text)


def _sqlserver(text: str) -> str | None:
    """The engine's own number. Setup writes the service pack into the second part: 12.3.6024 is 12.0.6024."""
    found = _SQL.match(text)
    if found is None:
        return _dotted(text)
    minor = int(found[2])
    engine = 50 if minor >= 50 else 0
    return f"{int(found[1])}.{engine}.{int(found[3])}{found[4] or ''}"


READERS: Final[dict[str, Callable[[str], str | None]]] = {
    "dotted": _dotted,
    "windows": _windows,
    "java": _java,
    "sqlserver": _sqlserver,
}
