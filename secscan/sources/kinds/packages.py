"""Package lists of Debian and Red Hat families: a row is a package, the asset comes from the file's own name.

dpkg: ``dpkg-query -W`` (tabs), ``dpkg -l``, ``apt list`` and /var/lib/dpkg/status. rpm: ``rpm -qa``, with ``--last`` and in
its ``--qf`` form with tabs, and ``dnf list`` or ``yum list``. A package that is known but not installed (removed,
configuration kept, only on offer) counts as blank. A ``dpkg -l`` that was cut to the width of a terminal loses the ends of
names and versions: what may have lost its end is refused.
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
_LISTING_RULE = re.compile(r"\+\+\+-=+(?:-=+)*\s*")
_RULE_WITHIN: Final = 12
"""The line below the headings of ``dpkg -l``, which another language may wrap, stands among so many."""
_CUT_AT: Final = 3
"""So many different descriptions that end at one column were cut there: no three are as long as the longest by chance."""
_LEAST: Final = ((14, 12, 12, 33), (14, 14, 44))
"""The widths of its columns on a terminal of 80, now and before it named the architecture: it makes them no narrower."""
_APT_ROW = re.compile(r"([a-z0-9][a-z0-9+.-]+)/\S+ (\S+) [a-z0-9-]+(?: \[([^\]]*)\])?\s*")
_APT_LEFT: Final = "residual-config"
_SELECTION = re.compile(r"[a-z0-9][a-z0-9+.:-]+\t+(?:install|deinstall|purge|hold)\s*")
_RPM_LAST = re.compile(r"(\S+) {2,}(\S.*\d{4}.*\d{1,2}[:.]\d{2}.*)")
_DNF_ROW = re.compile(r"(\S+)\.([a-z0-9_]+) +(\S*\d\S*-\S+) +(\S+)\s*")
_DNF_WRAPPED = re.compile(r"\S+\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64le|s390x)\s*")
_DNF_SECTIONS: Final = {
    "installed packages": True, "available packages": False, "available upgrades": False, "updated packages": False,
    "upgraded packages": False, "obsoleting packages": False, "extra packages": True, "recently added packages": False,
}  # fmt: skip
"""The headings of dnf's and yum's lists, and whether what stands below is installed."""
_RPM_INFO = re.compile(r"Name +: \S+[^\n]*\nVersion +: ")
_DPKG_ROW = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?\t[^\t\n]*\d[^\t\n]*(?:\t.*)?")
_DPKG_LISTING = re.compile(r"[uihrp][ncHUFWti][R ]?\s+[a-z0-9][a-z0-9+.:-]+\s+\S*\d\S*\s.*|Desired=.*")
_RPM_ROW = re.compile(r"\S+-[^-\s]+-[^-\s]+\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64le|s390x|\(none\))|gpg-pubkey-\S+")
_RPM_TAB = re.compile(
    r"[A-Za-z0-9_+.-]+\t(?:(?:\d+|\(none\))\t)?[^\t]+\t[^\t]*(?:\.(?:el|fc|suse|amzn|mga)\S*|\d+)\t(?:noarch|x86_64|i[3-6]86|aarch64).*"
)
_RPM_DATED = re.compile(rf"(?:{_RPM_ROW.pattern}) {{2,}}\S.*\d{{4}}.*")
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
        if unread := _unread(text[:4_000].lstrip("\ufeff\r\n")):
            raise job.refuse(*unread, 1)
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
            return _dnf(lines) if _is_dnf(lines) else map(_rpm_line, range(1, len(lines) + 1), lines)
        if any(line.startswith("Package:") for line in lines[:200]) and not any("\t" in line for line in lines[:3]):
            return _paragraphs(lines)
        if (first := _apt_begins(lines)) is not None:
            return (_apt_line(n, line) for n, line in enumerate(lines[first:], first + 1))
        return _listing(lines)


def _unread(head: str) -> tuple[str, str] | None:
    """Why a list that is known is not read, and what to write in its place."""
    lines = head.splitlines()[:20]
    if lines and all(_SELECTION.fullmatch(line) for line in lines[:-1] or lines):
        return "is dpkg's list of selections, which has no versions", "write it with dpkg-query -W"
    if _RPM_INFO.match(head):
        return "is a description of packages (rpm -qi, pacman -Qi), not a list", "write it with rpm -qa"
    return None


def _listing(lines: Sequence[str]) -> Iterator[_Package | Refusal | None]:
    """``dpkg -l``, or ``dpkg-query -W``, which has no headings."""
    rule = next((n for n, line in enumerate(lines[:_RULE_WITHIN]) if _LISTING_RULE.fullmatch(line)), -1)
    cut = _cut(lines[rule + 1 :], lines[rule].rstrip()) if rule >= 0 else ()
    for number, line in enumerate(lines[rule + 1 :], rule + 2):
        if line.startswith(_LISTING_HEAD):
            continue
        end = next((line[a:b] for a, b in cut if len(line[a:b].strip()) == b - a), None)
        yield _dpkg_line(number, line) if end is None else _broken(number, end, _ENDLESS)


_ENDLESS: Final = (
    "fills its column and may have lost its end (dpkg -l cuts at the width of a terminal); write dpkg-query -W"
)


def _cut(lines: Sequence[str], rule: str) -> Sequence[tuple[int, int]]:
    """Where names and versions stand of a listing that was cut to a width; nothing where it was not."""
    starts = [found.start() + 1 for found in re.finditer("-", rule)]
    spans = list(zip(starts, [*(start - 1 for start in starts[1:]), len(rule)], strict=True))
    last, end = spans[-1]
    if tuple(b - a for a, b in spans) in _LEAST:
        return spans[:2]
    return spans[:2] if len({line[last:] for line in lines if len(line.rstrip()) == end}) >= _CUT_AT else ()


def _apt_begins(lines: Sequence[str]) -> int | None:
    """Where the list begins, behind apt's warning and its heading in whatever language."""
    return next((n for n, line in enumerate(lines[:6]) if _APT_ROW.fullmatch(line)), None)


def _apt_line(line: int, text: str) -> _Package | Refusal | None:
    """``adduser/stable,now 3.118 all [installed]``; without the brackets it is on offer and not here."""
    if not text.strip():
        return None
    found = _APT_ROW.fullmatch(text)
    if found is None:
        return _broken(line, text, "is no line of apt list")
    installed = found[3] is not None and not found[3].startswith(_APT_LEFT)
    return _package(line, text, found[1], found[2] if installed else None)


def _is_dnf(lines: Sequence[str]) -> bool:
    return any(line.strip().casefold() in _DNF_SECTIONS for line in lines[:20])


def _dnf(lines: Sequence[str]) -> Iterator[_Package | Refusal | None]:
    """``dnf list`` and ``yum list``, which puts what follows a long name on a line of its own."""
    here: bool | None = None
    start, wrapped = 0, ""
    for number, line in enumerate(lines, 1):
        if (section := _DNF_SECTIONS.get(line.strip().casefold())) is not None:
            here = section
        elif here is None:
            continue  # what plug-ins say before the first heading
        elif not wrapped and _DNF_WRAPPED.fullmatch(line):
            start, wrapped = number, line.rstrip()
        else:
            at, text = (start, f"{wrapped} {line.strip()}") if wrapped else (number, line)
            wrapped = ""
            found = _DNF_ROW.fullmatch(text)
            if not text.strip():
                yield None
            elif found is None:
                yield _broken(at, text, "is no line of dnf list")
            else:
                yield _package(at, text, found[1], found[3].removeprefix("0:") if here else None)
    if wrapped:
        yield _broken(start, wrapped, "is no line of dnf list")


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
    if dated := _RPM_LAST.fullmatch(text):
        text = dated[1]  # the day of rpm -qa --last is written as its locale writes it
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
    if any(_LISTING_RULE.fullmatch(line) for line in lines[:_RULE_WITHIN]):
        return "dpkg", "certain: the listing of dpkg -l"
    if (first := _apt_begins(lines)) is not None and all(map(_APT_ROW.fullmatch, lines[first:])):
        return "dpkg", "likely: lines as apt list writes them"
    if _is_dnf(lines) and any(_DNF_ROW.fullmatch(line) for line in lines):
        return "rpm", "likely: a heading and lines as dnf list writes them"
    if unread := _unread("\n".join(lines)):
        return ("dpkg" if "dpkg" in unread[0] else "rpm"), f"likely: it {unread[0]}"
    for kind, pattern, form in (
        ("rpm", _RPM_ROW, "rpm -qa"), ("rpm", _RPM_DATED, "rpm -qa --last"), ("rpm", _RPM_TAB, "rpm -qa with tabs"),
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
