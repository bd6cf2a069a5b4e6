"""A raw software name in the one form that aliases and patterns are written for.

Only what says nothing about the product is taken away: trade marks, processor and language tags, doubled
spaces. Letters are lowered in ASCII alone and nothing is folded to look alike. A name with a letter from another
alphabet, or with anything invisible, matches nothing (``Name.plain``); accents of western Europe may stand where a
pattern leaves the words open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 250
"""No product is named at greater length; it also bounds what a pattern can cost."""

_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_SIGNS: Final = str.maketrans({"®": "", "™": "", "©": "", "\u00a0": " ", "–": "-", "—": "-", "’": "'", "\t": " "})
_LATIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u00ff]+")
_MARKS = re.compile(r"\((?:r|tm|c)\)")
_SPACES = re.compile(r" {2,}")
_CPE_STYLE = re.compile(r"[a-z0-9.+-]+(?:_[a-z0-9.+()#-]+)+", re.ASCII)
_LOCALE = r"[a-z]{2}(?:-[a-z]{2,4})?(?:-[a-z]{2})?"
_ARCH = r"x64|x86|x86_64|amd64|arm64|aarch64|win32|win64|64[ -]?bit|32[ -]?bit"
_TAGS = re.compile(
    # In brackets: processor, language, both, or how it was installed.
    rf"\s*\(\s*(?:(?:{_ARCH})(?:[ ,]+(?:{_LOCALE}|{_ARCH}))?(?: edition)?|[a-z]{{2}}-[a-z]{{2,4}}|fr|de|es|it|nl|pl|cy"
    rf"|english|multilingual|user|machine|machine - msi|remove only|all users)\s*\)"
    # At the end and without brackets.
    rf"|(?:\s*-)?\s+(?:{_ARCH})(?: (?:[a-z]{{2}}-[a-z]{{2,4}}))?(?: edition| version)?$"
    r"|\s+-\s+[a-z]{2}-[a-z]{2,4}$",
    re.ASCII,
)
_SERVICE_PACK = re.compile(r"\bsp ?(\d)\b", re.ASCII)
_PLATFORM = re.compile(r"win(?:dows)?(server|srv)?(\d{1,4}(?:\.1)?)(r2)?", re.ASCII)
_OLD_MARKS: Final = (("microsoftr ", "microsoft "), ("windowsr ", "windows "), ("serverr ", "server "))
"""What an old tool makes of the registered sign on a console that lacks it."""
_BANNER = re.compile(
    r"(?P<name>[a-z][a-z0-9 .+-]{1,60}?)[ /](?P<version>\d+(?:\.\d+)+[a-z0-9]{0,8}(?:[-+~.][a-z0-9.+~:-]{1,60})?)"
    r"(?: (?:\(\(?[^()]{0,80}\)?\)|(?:ubuntu|debian|raspbian|freebsd)[- ][a-z0-9.+~-]{1,40}|[a-z][a-z_-]{0,30}/[a-z0-9.+~:-]{1,60})){0,12}",
    re.ASCII,
)
_KERNEL = re.compile(
    r"linux kernel [\w.+~-]{1,60} on (?P<system>.+)|(?P<before>.+ \d[\d.]*) linux kernel [\d.]{1,12}", re.ASCII
)
"""How a scanner of hosts says which kernel it saw beside the distribution, which is what is meant."""
_VERSION_AT_END = re.compile(
    r"^(?P<name>.*[^ \d.])[ -]+(?:version |release |ver\.? |v\.? ?)?"
    r"(?P<version>\d{1,6}(?:\.\d{1,9}){1,5}[a-z]{0,2}\d{0,3}|\d{1,3})$",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as matched. ``bare`` lacks the version that ``clean`` ends with, where it ends with one."""

    clean: str
    bare: str
    version: str | None
    plain: bool
    """Whether it may match at all: not empty, not too long, no letter that only looks Latin."""


def normalise(raw: str | None) -> Name:
    """The raw name in matching form. Never raises; what cannot be a name comes back with ``plain`` false."""
    if not raw or len(raw) > MAX_LENGTH:
        return Name("", "", None, False)
    text = raw if raw.isascii() else raw.translate(_SIGNS)
    text = text.translate(_LOWER).strip()
    if not _LATIN.fullmatch(text):
        return Name(text, text, None, False)
    if "_" in text and " " not in text and _CPE_STYLE.fullmatch(text):
        text = text.replace("_", " ")
    if "(" in text:
        text = _MARKS.sub("", text)
    text = _SPACES.sub(" ", text)
    if "r " in text:
        for worn, whole in _OLD_MARKS:
            text = text.replace(worn, whole)
    if text.startswith("win") and (found := _PLATFORM.fullmatch(text)):
        text = " ".join(filter(None, ("windows", found[1] and "server", found[2], found[3])))
    if "linux kernel" in text and (found := _KERNEL.fullmatch(text)):
        text = found["system"] or found["before"]
    text = _untagged(text)
    if "sp" in text:
        text = _SERVICE_PACK.sub(r"service pack \1", text)
    found = _VERSION_AT_END.fullmatch(text) if text[-1:].isalnum() else None
    if found is None:
        return Name(text, text, None, bool(text))
    return Name(text, found["name"].rstrip(" -,"), found["version"], True)


def banner(name: Name) -> Name | None:
    """What a service greets with, parted into name and version; what it adds of itself is no part of either.

    None where it does not read so. ``Apache/2.4.6 (CentOS) PHP/5.4.16``, ``OpenSSH 8.2p1 Ubuntu 4ubuntu0.5``.
    """
    found = _BANNER.fullmatch(name.clean)
    return None if found is None else Name(found["name"], found["name"], found["version"], True)


def _untagged(text: str) -> str:
    for _ in range(3):
        shorter = _TAGS.sub("", text).rstrip(" -,") if text[-1:].isalnum() or "(" in text else text
        if shorter == text or not shorter:
            break
        text = shorter
    return _SPACES.sub(" ", text).strip()


def words(text: str) -> frozenset[str]:
    """The words of a normalised name, for finding the patterns that could match it."""
    return frozenset(_WORD.findall(text))


_WORD = re.compile(r"[a-z0-9+#]+", re.ASCII)
