"""What a file looks like by its first bytes, whatever its name says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Looks:
    """``kind`` for programs, ``words`` for the sentence "it is ..."."""

    kind: str
    words: str


_MAGIC: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", "an old Office file (.xls) or a password-protected workbook"),
    (b"%PDF-", "pdf", "a PDF"),
    (b"\x1f\x8b", "gzip", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "a 7-Zip archive"),
    (b"Rar!", "rar", "a RAR archive"),
    (b"SQLite format 3\0", "sqlite", "a SQLite database"),
    (b"\x89PNG", "image", "a picture"),
    (b"\xff\xd8\xff", "image", "a picture"),
    (b"MZ", "program", "a Windows program"),
    (b"\x7fELF", "program", "a Linux program"),
    (b"{\\rtf", "rtf", "a word-processor document"),
    (b"x\x9c", "zlib", "compressed as an OCS agent's .ocs file is (have it write XML)"),
)
_ROOTS: Final = {
    "nmaprun": ("nmap", "nmap XML"),
    "NessusClientData_v2": ("nessus", "a Nessus report (.nessus)"),
    "bom": ("cyclonedx", "a CycloneDX SBOM"),
    "REQUEST": ("agent-xml", "an inventory agent's XML (GLPI, FusionInventory or OCS)"),
    "Workbook": ("xml", "an Excel 2003 XML workbook"),
}
_NAME = re.compile(r"<([A-Za-z_][\w.:-]*)")
_HTML: Final = ("<!doctype html", "<html", "<head", "<body")
_HEAD: Final = 16_384
_BLANK: Final = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"


def like(data: bytes) -> Looks:
    """What the bytes are: ``empty``, ``text``, ``json``, ``nmap``, ``xlsx`` or something that no reader takes."""
    if not data[:_HEAD].strip(_BLANK) and not data.strip(_BLANK):  # the head alone: stripping a large file copies it
        return Looks("empty", "empty")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if b"xl/workbook" in data[:_HEAD] or b"xl/workbook" in data[-65_536:]:
            return Looks("xlsx", "an Excel workbook")
        return Looks("zip", "a ZIP archive")
    for magic, kind, words in _MAGIC:
        if data.startswith(magic) and (kind != "program" or b"\0" in data[:256]):
            return Looks(kind, words)
    head = text(data[:_HEAD]).lstrip("\ufeff \t\r\n")
    if head.startswith("<"):
        return _markup(head)
    if head.startswith(("{", "[")) and re.match(r'[\[{]\s*(?:["\[{\]}]|-?\d|true|false|null)', head):
        return Looks("json", "JSON")
    return Looks("text", "text")


def _markup(head: str) -> Looks:
    """By the root element, after declaration, comments and document type."""
    while head.startswith(("<?", "<!")) and not head[:14].casefold().startswith(_HTML):
        if head.startswith("<!") and "[" in head.partition(">")[0]:
            head = "<!" + head.partition("]")[2]  # the declarations inside have angle brackets of their own
        closing = "?>" if head.startswith("<?") else "-->" if head.startswith("<!--") else ">"
        head = head.partition(closing)[2].lstrip()
    if head[:14].casefold().startswith(_HTML):
        return Looks("html", "an HTML page (a login page saved in place of the export?)")
    found = _NAME.match(head)
    if found is None:
        return Looks("xml", "XML")
    kind, words = _ROOTS.get(found[1], ("xml", f"XML with the root element '{found[1][:40]}'"))
    return Looks(kind, words)


def text(head: bytes) -> str:
    """The beginning of a file as text, whatever cannot be decoded left out."""
    if head[:2] == b"\xff\xfe":
        return head.decode("utf-16-le", "ignore")
    if head[:2] == b"\xfe\xff":
        return head.decode("utf-16-be", "ignore")
    return head.decode("utf-8", "ignore")
