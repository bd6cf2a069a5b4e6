"""What a reader of one maker's format gets, and what all of them share: text, lines, secrets taken out, refusals.

A reader never guesses. What it does not understand becomes an ``Origin`` in the chain it stands in (it may match
anything and do either), or one of ``Device.unread`` where it stands in none; a file that cannot be a whole export is
refused with its line and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.net import Device, Origin
from secscan.model.places import Place

MAX_BYTES: Final = 50 * 1024 * 1024
"""No firewall's configuration is longer; a log or a dump may be."""
MAX_LINE: Final = 100_000
SHOWN: Final = 300
"""Letters of a line that an origin keeps."""

_PAGER = re.compile(r"^\s*(?:<---\s*More\s*--->|--\s*More\s*--|--More--|---\(more[^)]*\)---)", re.IGNORECASE)
_SECRET = re.compile(
    r"""(?ix)
    (?P<keep>
        \b(?:enable\s+)?(?:password|passwd|passphrase|secret|psksecret|psk|pre-shared-key|presharedkey|private-?key|
           privatekey|key-string|key-hash|phash|bcrypt-hash|sha512-hash|md5|auth-pwd|auth-key|authkey|crypt|community|
           snmp-community|community-string|api-?key|token|radius-secret|tacacs-key|ldap_bindpw|bindpw)
        (?:["']?\s*[:=]\s*|\s+)(?:(?:ENC|encrypted|hashed|0|5|6|7|8|9|md5|sha\d*|pbkdf2)\s+)?
        | \bserver-key\s+(?:\d\s+)?
        | \bkey\s+(?:[0-9]\s+)?(?=\S{6,})
        | (?-i:\bENC)\s+(?=\S{6,})
    )
    (?P<value>"[^"]*"|'[^']*'|\S+)
    """
)
_LONG = re.compile(r"\b(?:\$[0-9a-z]{1,8}\$\S{8,}|[A-Za-z0-9+/]{60,}={0,2})")
_ELEMENT = re.compile(
    r"(?i)(<(?:[\w.-]*(?:passw(?:or)?d|passphrase|secret|psk|shared[_-]?key|private[_-]?key|prv|hash|bindpw|community|auth[_-]?key|"
    r"api[_-]?key|hash[_-]?key|token|crypt)[\w.-]*)(?:\s[^<>]*)?>)(?!\s*</)[^<]*(?:<!\[CDATA\[.*?\]\]>)?"
)
MASKED: Final = "***"


OPAQUE: Final = (
    "was made by iptables-nft: its 'xt' items do not show what they match", "export it with iptables-save and ip6tables-save",
)  # fmt: skip
"""What is wrong with such an export, and what to do."""


def masked(text: str) -> str:
    """The text without passwords, keys, hashes and community strings: what was there is gone, not hidden."""
    text = _ELEMENT.sub(lambda found: found[1] + MASKED, text)
    return _LONG.sub(MASKED, _SECRET.sub(lambda found: found["keep"] + MASKED, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """One file of an export: its bytes, and the path under which messages and places name it."""

    data: bytes
    shown: str
    encoding: str | None = None

    def text(self) -> str:
        """The file as text. Raises InputError for one that is too long, holds NUL bytes, or was cut by a pager."""
        if len(self.data) > MAX_BYTES:
            raise self.refuse(f"is {len(self.data):,} bytes long; no configuration is longer than {MAX_BYTES:,}")
        marks = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
        mark = next((name for start, name in marks.items() if self.data.startswith(start)), None)
        try:
            text = self.data.decode(mark or self.encoding or "utf-8")
        except (UnicodeDecodeError, LookupError):
            text = self.data.decode("latin-1")  # every byte is a letter, and no rule hangs on an accent
        if (at := text.find("\0")) >= 0:
            raise self.refuse("holds NUL bytes: a binary file, not a text export", line=text.count("\n", 0, at) + 1)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def lines(self) -> Iterator[tuple[int, str]]:
        """(number, line) from 1, without the line's end. Raises InputError at a pager's mark or an endless line."""
        for number, line in enumerate(self.text().split("\n"), 1):
            if _PAGER.match(line):
                raise self.refuse(
                    "the output was cut by a pager",
                    "turn paging off (terminal length 0, or the like) and export again",
                    number,
                )
            if len(line) > MAX_LINE:
                raise self.refuse(f"is longer than {MAX_LINE:,} letters", line=number)
            yield number, line

    def refuse(self, reason: str, hint: str = "", line: int = 0) -> InputError:
        return InputError(Place(self.shown, line), reason, hint)

    def origin(self, line: int, text: str, line_to: int | None = None, **more: Any) -> Origin:
        """Where a rule stands, its secrets taken out and its length bounded; ``name``, which people write, as the text."""
        if "name" in more:
            more["name"] = safe(masked(more["name"]), SHOWN)
        return Origin(
            file=self.shown, line=line, line_to=line_to or line, text=safe(masked(text.strip()), SHOWN), **more
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All files of one device: an iptables-save and its ip6tables-save and ipset save are one export."""

    device: str
    files: Sequence[ConfigFile]
    options: Mapping[str, str] = field(default_factory=dict)
    """What secscan.yaml says of it that the files cannot: ``default``, and ``part`` where the files hold several."""


class Format(Protocol):
    """Reads one maker's format: ``READER`` of its module, which one line of ``registry.KINDS`` names."""

    kind: str

    def fits(self, head: str) -> str | None:
        """How surely a file that begins so belongs to an export of this format; None: it does not.

        ``certain: ...`` by a mark that only this format has, ``likely: ...`` by its form. Companions fit too (an
        ``ipset save`` beside an iptables-save), so long as nothing else is written so.
        """
        ...

    def read(self, export: Export) -> Device:
        """The device as the export has it. Raises InputError when it cannot be one whole export of this format."""
        ...
