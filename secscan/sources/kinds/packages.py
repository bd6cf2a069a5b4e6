"""Package lists of Debian and Red Hat families: a row is a package, the asset comes from the file's own name.

dpkg: ``dpkg-query -W`` (tabs), ``dpkg -l`` and /var/lib/dpkg/status. rpm: ``rpm -qa`` and its ``--qf`` form with tabs.
A package that is known but not installed (removed, configuration kept) counts as blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from secscan.doors import csv
from secscan.model.raw import Refusal
from secscan.sources import looks, values
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job, Rows
from secscan.sources.sample import Sample
from secscan.sources.values import Bad

_ARCHITECTURES: Final = frozenset(
    [
        "all",
        "any",
        "noarch",
        "src",
        "nosrc",
        "amd64",
        "i386",
        "i486",
        "i586",
        "i686",
        "x86_64",
        "x86_64_v2",
        "arm64",
        "armel",
        "armhf",
        "armv7hl",
        "aarch64",
        "ppc",
        "ppc64",
        "ppc64el",
        "ppc64le",
        "s390",
        "s390x",
        "mips",
        "mipsel",
        "mips64el",
        "riscv64",
        "ia64",
        "sparc",
        "athlon",
        "geode",
        "(none)",
    ]
)
_LINE: Final = 2_000
"""Characters of a line that are looked at; no package is described in more."""
_NOT_INSTALLED: Final = frozenset(("config-files", "not-installed"))
_STATUS_WORDS = re.compile(r"(?:unknown|install|hold|deinstall|purge) (?:ok|reinstreq|hold|hold-reinstreq) ([a-z-]+)")
_STATUS_SHORT = re.compile(r"[uihrp][ncHUFWti][ R]?")
_LISTING = re.compile(r"([uihrp][ncHUFWti])[R ]?\s+(\S+)\s+(\S+)(?:\s+(\S+).*)?")
_LISTING_HEAD: Final = ("Desired=", "| Status=", "|/ Err?=", "||/ Name", "+++-")
_DPKG_ROW = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?\t[^\t\n]*\d[^\t\n]*(?:\t.*)?")
_DPKG_LISTING = re.compile(r"[uihrp][ncHUFWti][R ]?\s+[a-z0-9][a-z0-9+.:-]+\s+\S*\d\S*\s.*|Desired=.*")
_RPM_ROW = re.compile(r"\S+-[^-\s]+-[^-\s]+\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64le|s390x|\(none\))|gpg-pubkey-\S+")
_RPM_TAB = re.compile(
    r"[A-Za-z0-9_+.-]+\t(?:(?:\d+|\(none\))\t)?[^\t]+\t[^\t]*(?:\.(?:el|fc|suse|amzn|mga)\S*|\d+)\t(?:noarch|x86_64|i[3-6]86|aarch64).*"
)
_AGENT_DPKG = re.compile(r"[a-z0-9][a-z0-9+.-]+\t(?:all|amd64|arm64|armhf|i386)\t\S*\d\S*(?:\t.*)?")
_AGENT_RPM = re.compile(r"[A-Za-z0-9_+.-]+\t(?:noarch|x86_64|i[3-6]86|aarch64)\t\S+-\S+(?:\t.*)?")

_NEVRA = re.compile(r"(?:(\d+|\(none\)):)?(\S+)-(?:(\d+|\(none\)):)?([^-\s]+)-([^-\s]+)")


@dataclass(frozen=True, slots=True)
class _Package:
    """One line of a list: ``version`` None for a package that is not installed."""

    line: int
    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Packages:
    """Reads one family of package lists."""

    kind: str

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "text":
            raise job.refuse(f"is {seen.words}" + ("" if seen.kind == "empty" else f", not a {self.kind} list"))
        text = csv.text(job.data, job.shown, job.source.encoding)
        tag = job.named()
        rows = Rows("software")
        refused: list[Refusal] = []
        read = blank = absent = 0
        for item in self._items(text):
            read += 1
            if read > job.limits.rows:
                raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
            match item:
                case _Package(version=None):
                    absent += 1
                case _Package():
                    place = job.files.code(job.shown, item.line)
                    rows.add(place, asset_tag=tag, name=item.name, version=item.version, kind=self.kind)
                case Refusal():
                    refused.append(Refusal(
                        line=item.line, column=item.column, reason=item.reason, asset_tag=tag, raw=item.raw[: csv.RAW_LIMIT]
                    ))  # fmt: skip
                case _:
                    blank += 1
        warnings = [f"{job.shown}: {absent:,} packages are known but not installed; counted as blank"] if absent else []
        return Found(
            rows_read=read, rows_loaded=len(rows.places), rows_blank=blank + absent, refused=refused, warnings=warnings,
            tables={"software": rows.done()},
        )  # fmt: skip

    def _items(self, text: str) -> Iterator[_Package | Refusal | None]:
        """Packages, refused lines, and None for a blank line."""
        lines = [line[:_LINE] for line in re.split(r"\r\n|\r|\n", text)]
        if lines and not lines[-1]:
            lines.pop()
        if self.kind == "rpm":
            return map(_rpm_line, range(1, len(lines) + 1), lines)
        if any(line.startswith("Package:") for line in lines[:200]) and not any("\t" in line for line in lines[:3]):
            return _paragraphs(lines)
        return (
            item
            for n, line in enumerate(lines, 1)
            if not line.startswith(_LISTING_HEAD)
            for item in [_dpkg_line(n, line)]
        )


def _dpkg_line(line: int, text: str) -> _Package | Refusal | None:
    if not text.strip():
        return None
    if "\t" in text:
        return _dpkg_fields(line, text)
    found = _LISTING.fullmatch(text.rstrip())
    if found is None:
        return _broken(line, text, "is no line of dpkg-query -W or dpkg -l")
    return _package(line, text, found[2], None if found[1][1] in "nc" else found[3])


def _dpkg_fields(line: int, text: str) -> _Package | Refusal | None:
    cells = [cell.strip() for cell in text.split("\t")]
    if len(cells) > 2 and cells[1] in _ARCHITECTURES:
        del cells[1]  # inventory agents put the architecture before the version
    for cell in cells[2:]:
        found = _STATUS_WORDS.fullmatch(cell)
        if (found and found[1] in _NOT_INSTALLED) or (_STATUS_SHORT.fullmatch(cell) and cell[1] in "nc"):
            return _package(line, text, cells[0], None)
    return _package(line, text, cells[0], cells[1] or None)


def _paragraphs(lines: list[str]) -> Iterator[_Package | Refusal | None]:
    """/var/lib/dpkg/status: one paragraph a package; its place is the line of ``Package:``."""
    fields: dict[str, str] = {}
    start = 0
    for number, text in enumerate([*lines, ""], 1):
        if text.strip():
            start = start or number
            name, colon, value = text.partition(":")
            if colon and not text[0].isspace():
                if name == "Package":
                    start = number
                fields[name] = value.strip()
            continue
        if fields or start:
            status = _STATUS_WORDS.fullmatch(fields.get("Status", ""))
            raw = "; ".join(f"{key}: {fields[key]}" for key in ("Package", "Status", "Version") if key in fields)
            if "Package" not in fields:
                yield _broken(start, raw, "is a paragraph without 'Package'")
            elif status is None:
                yield _broken(start, raw, "is a paragraph whose 'Status' cannot be read")
            elif status[1] in _NOT_INSTALLED:
                yield _package(start, raw, fields["Package"], None)
            elif not fields.get("Version"):
                yield _broken(start, raw, "is an installed package without a version")
            else:
                yield _package(start, raw, fields["Package"], fields["Version"])
        fields, start = {}, 0


def _rpm_line(line: int, text: str) -> _Package | Refusal | None:
    text = text.strip(" \r")
    if not text.strip():
        return None
    if "\t" in text:
        return _rpm_fields(line, text)
    name, dot, architecture = text.rpartition(".")
    found = _NEVRA.fullmatch(name if dot and architecture in _ARCHITECTURES else text)
    if found is None:
        return _broken(line, text, "is not NAME-VERSION-RELEASE.ARCH")
    return _package(line, text, found[2], _version(found[1] or found[3], found[4], found[5]))


def _rpm_fields(line: int, text: str) -> _Package | Refusal | None:
    """NAME VERSION[-RELEASE] | NAME VERSION RELEASE | NAME EPOCH VERSION RELEASE, each with ARCH anywhere behind the name."""
    name, *cells = [cell.strip() for cell in text.split("\t")]
    if len(cells) > 1 and cells[0] in _ARCHITECTURES - {"(none)"}:
        return _package(line, text, name, cells[1] or None)  # NAME ARCH VERSION-RELEASE ..., as inventory agents write
    if len(cells) > 1 and cells[-1] in _ARCHITECTURES:
        cells.pop()
    match cells:
        case [version] if version:
            return _package(line, text, name, version.removeprefix("(none):").removeprefix("0:"))
        case [version, release] if version and release:
            return _package(line, text, name, _version(None, version, release))
        case [epoch, version, release] if re.fullmatch(r"\d+|\(none\)", epoch) and version and release:
            return _package(line, text, name, _version(epoch, version, release))
    return _broken(line, text, "is not NAME, VERSION, RELEASE, ARCH between tabs")


def _version(epoch: str | None, version: str, release: str) -> str:
    known = epoch not in (None, "(none)", "0")
    return f"{epoch}:{version}-{release}" if known else f"{version}-{release}"


def _package(line: int, raw: str, name: str, version: str | None) -> _Package | Refusal:
    name = values.clean(name)
    bare, _, architecture = name.rpartition(":")
    if bare and architecture in _ARCHITECTURES:
        name = bare
    for text in (name, version or ""):
        if isinstance(found := values.words(text), Bad):
            return _broken(line, raw, found.reason)
    return _Package(line, name, version) if name else _broken(line, raw, "has no package name")


def _broken(line: int, raw: str, reason: str) -> Refusal:
    return Refusal(line=line, column=None, reason=f"{values.shown(raw)} {reason}", raw=raw)


def _fits(kind: str) -> Callable[[Sample], str | None]:
    def fits(sample: Sample) -> str | None:
        found = _told(sample.lines)
        return found[1] if found and found[0] == kind else None

    return fits


def _told(lines: Sequence[str]) -> tuple[str, str] | None:
    """A package list, by the share of its first lines that have the form."""
    if not lines:
        return None
    if lines[0].startswith("Package: ") and any(line.startswith("Status: ") for line in lines):
        return "dpkg", "certain: paragraphs as in /var/lib/dpkg/status"
    if lines[0].startswith("Desired="):
        return "dpkg", "certain: the listing of dpkg -l"
    for kind, pattern, form in (
        ("rpm", _RPM_ROW, "rpm -qa"), ("rpm", _RPM_TAB, "rpm -qa with tabs"),
        ("rpm", _AGENT_RPM, "inventory agents"), ("dpkg", _AGENT_DPKG, "inventory agents"), ("dpkg", _DPKG_ROW, "dpkg-query -W"), ("dpkg", _DPKG_LISTING, "dpkg -l"),
    ):  # fmt: skip
        fits = sum(pattern.fullmatch(line) is not None for line in lines)
        if fits * 10 >= len(lines) * 9:
            return kind, f"likely: {fits} of the first {len(lines)} lines are as {form} writes them"
    return None


KINDS: Final = tuple(
    Kind(name=kind, reader=Packages(kind), tables=frozenset({"software"}), row="package", fits=_fits(kind))
    for kind in ("dpkg", "rpm")
)
