"""Versions as text that sorts: plain string ``<`` on two keys of a scheme is the scheme's own order.

A scheme reads what it knows and answers None for the rest: such a version is not known, never older or newer.
Each is held against a reference in ``tests/knowledge/test_versions.py``.

========================  =======================================================================================
scheme                    order
========================  =======================================================================================
``dotted``                numbers parted by dots; trailing zeros change nothing; one letter suffix with a number at
                          the end (``1.0.2k``, ``7.4p1``) comes after the bare number and before its next part
``windows-build``         the revision inside one family of builds; keys of two families must not be compared
                          (``comparable``)
``deb``                   dpkg: epoch, upstream, revision
``rpm``                   rpm: epoch, version, release
``pep440``                Python packages
``semver``                Semantic Versioning 2.0; build metadata changes nothing
========================  =======================================================================================

A number is written as two digits that say how many digits follow, then those digits, so that 9 sorts before 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MAX_LENGTH: Final = 96
"""Longer text is not a version; the cap also keeps every number within two digits of length."""

_DOTTED = re.compile(r"v?(\d+(?:\.\d+)*)(?:([a-z]+)(\d*))?", re.ASCII | re.IGNORECASE)
_NOT_A_PATCH = frozenset(("a", "alpha", "b", "beta", "rc", "pre", "dev", "preview", "snapshot", "m"))
"""Suffix words with a number that mean "before the release": what ``dotted`` does not read."""
_BUILD = re.compile(r"(?:(\d{1,2})\.(\d{1,2})\.)?(\d{4,5})\.(\d{1,6})", re.ASCII)
_DEB = re.compile(r"(?:(\d+):)?(\d[A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9.+~]+))?", re.ASCII)
_RPM = re.compile(r"(?:(\d+):)?([A-Za-z0-9._+~^]+)(?:-([A-Za-z0-9._+~^]+))?", re.ASCII)
_RPM_PART = re.compile(r"\d+|[A-Za-z]+|~|\^", re.ASCII)
_SEMVER = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_DEB_ORDER: Final = str.maketrans("~+-.:", "!{|}~")
"""dpkg's own order for what is not a digit: tilde, end of text (``#``), letters, the rest."""

_FAMILIES: Final = ((19041, 19045), (22621, 22631), (26100, 26200))
"""Windows releases that take the same updates: first and last build."""


def key(scheme: str, version: str | None) -> str | None:
    """The version as text that sorts in the order of ``scheme``; None where the scheme cannot read it.

    ``scheme`` is one of ``SCHEMES``; another raises KeyError.
    """
    read = _READERS[scheme]
    text = (version or "").strip()
    return read(text) if text and len(text) <= MAX_LENGTH else None


def comparable(scheme: str, left: str | None, right: str | None) -> bool:
    """Whether two keys of a scheme say anything about each other."""
    if left is None or right is None:
        return False
    if scheme != "windows-build":
        return True
    return left.rpartition(" ")[0] == right.rpartition(" ")[0]


def numbers(version: str) -> tuple[int, ...] | None:
    """The leading dotted numbers of a version text, for cycles that are named by them; None where there are none."""
    found = re.match(r"\s*v?(\d{1,9}(?:\.\d{1,9})*)", version, re.ASCII)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def _number(digits: str) -> str:
    digits = digits.lstrip("0")
    return f"{len(digits):02}{digits}"


def _dotted(text: str) -> str | None:
    found = _DOTTED.fullmatch(text)
    if found is None:
        return None
    suffix, count = (found[2] or "").lower(), found[3] or ""
    if suffix in _NOT_A_PATCH and (count or len(suffix) > 1):
        return None
    if len(suffix) > 2 or (len(suffix) == 2 and count):
        return None
    parts = [_number(part) for part in found[1].split(".")]
    while len(parts) > 1 and parts[-1] == "00":
        parts.pop()
    # "." after a number starts its next part; "!" starts a suffix and is lower, so 1.0.2a comes before 1.0.2.1.
    # Letters sort by how many there are first: z comes before za.
    tail = f"!{len(suffix)}{suffix}{_number(count)}" if suffix else ""
    return ".".join(parts) + tail


def _windows_build(text: str) -> str | None:
    found = _BUILD.fullmatch(text)
    if found is None:
        return None
    build = int(found[3])
    family = next((first for first, last in _FAMILIES if first <= build <= last), build)
    major, minor = found[1] or "10", found[2] or "0"
    return f"{_number(major)}.{_number(minor)}.{_number(str(family))} {_number(found[4])}"


def _deb(text: str) -> str | None:
    found = _DEB.fullmatch(text)
    if found is None or (found[1] is None and ":" in found[2]):
        return None
    return _number(found[1] or "0") + _deb_part(found[2]) + _deb_part(found[3] or "0")


def _deb_part(text: str) -> str:
    """Runs of non-digits and digits by turns, each run of non-digits closed by ``#``; ``#`` closes the whole."""
    coded: list[str] = []
    for letters, digits in re.findall(r"(\D*)(\d*)", text):
        if letters or digits:
            coded.append(letters.translate(_DEB_ORDER) + "#" + _number(digits))
    return "".join(coded) + "#"


def _rpm(text: str) -> str | None:
    found = _RPM.fullmatch(text)
    if found is None:
        return None
    return _number(found[1] or "0") + _rpm_part(found[2]) + _rpm_part(found[3] or "")


def _rpm_part(text: str) -> str:
    """Tilde below the end, the end below caret, caret below letters, letters below numbers; separators only part."""
    coded: list[str] = []
    for part in _RPM_PART.findall(text):
        if part == "~":
            coded.append("!")
        elif part == "^":
            coded.append("%")
        elif part[0].isdigit():
            coded.append("n" + _number(part))
        else:
            coded.append("a" + part + "!")
    return "".join(coded) + "#"


def _pep440(text: str) -> str | None:
    from packaging.version import InvalidVersion, Version

    try:
        version = Version(text)
    except InvalidVersion:
        return None
    release = list(version.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    coded = _number(str(version.epoch)) + "".join("1" + _number(str(n)) for n in release) + "0"
    if version.pre is not None:
        coded += "1" + version.pre[0][0] + _number(str(version.pre[1]))
    else:
        coded += "0" if version.post is None and version.dev is not None else "2"
    coded += "0" if version.post is None else "1" + _number(str(version.post))
    coded += "2" if version.dev is None else "1" + _number(str(version.dev))
    if version.local is None:
        return coded
    for part in version.local.split("."):
        coded += "2" + _number(part) if part.isdigit() else "1" + part + "!"
    return coded + "0"


def _semver(text: str) -> str | None:
    found = _SEMVER.fullmatch(text)
    if found is None:
        return None
    coded = "".join(_number(found[n]) for n in (1, 2, 3))
    if found[4] is None:
        return coded + "1"
    coded += "0"
    for part in found[4].split("."):
        coded += "1" + _number(part) if part.isdigit() else "2" + part + "!"
    return coded + "0"


_READERS: Final[dict[str, Callable[[str], str | None]]] = {
    "dotted": _dotted,
    "windows-build": _windows_build,
    "deb": _deb,
    "rpm": _rpm,
    "pep440": _pep440,
    "semver": _semver,
}
SCHEMES: Final = tuple(_READERS)
