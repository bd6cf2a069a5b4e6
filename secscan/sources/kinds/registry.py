"""Exports of the Windows registry (.reg) with the Uninstall keys: the programs of one machine; and SQL Server's setup keys.

A row is a key below ``CurrentVersion\\Uninstall``, of either view and of any user, or an instance's ``Setup`` key. Which
machine it is stands nowhere in the file: the source's ``asset`` or the file's name says. Licence keys, user names and
paths are never read. Format: Microsoft's "How to add, modify, or delete registry subkeys and values by using a .reg file".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from secscan.doors import csv
from secscan.doors.terminal import safe
from secscan.model.raw import Refusal
from secscan.sources import looks, objects, values, windows
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.values import Bad

_HEADS: Final = ("Windows Registry Editor Version 5.00", "REGEDIT4")
_KEY = re.compile(r"\[(-?)(HK[^\n]*)\]\s*", re.IGNORECASE)
_UNINSTALL = re.compile(r".*\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\[^\\]+", re.IGNORECASE)
_SETUP = re.compile(r".*\\Microsoft SQL Server\\(MSSQL|MSAS|MSRS)[\d_]+\.([^\\]+)\\Setup", re.IGNORECASE)
_SQL: Final = {
    "MSSQL": "Microsoft SQL Server", "MSAS": "Microsoft SQL Server Analysis Services",
    "MSRS": "Microsoft SQL Server Reporting Services",
}  # fmt: skip
_QUERY = re.compile(r"\s*HKEY_[^\r\n]+[\r\n]+ {4}\S[^\r\n]* {4}REG_", re.ASCII)
_VALUE = re.compile(r'(?:@|"((?:[^"\\]|\\.)*)")\s*=(.*)', re.DOTALL)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_OPEN = re.compile(r'(?:@|"(?:[^"\\]|\\.)*")\s*="(?:[^"\\]|\\.)*\\?', re.DOTALL)
_HEX = re.compile(r"hex(?:\(([0-9a-f]{1,8})\))?:([0-9a-f,\s]*)", re.IGNORECASE)
_DWORD = re.compile(r"dword:([0-9a-f]{1,8})\s*", re.IGNORECASE)
_READ: Final = frozenset(
    ("displayname", "displayversion", "publisher", "installdate", "systemcomponent", "parentkeyname", "releasetype",
     "version", "patchlevel", "edition")
)  # fmt: skip
"""The values that are looked at; of all others not even the text is decoded."""
_LONGEST: Final = 100_000
"""Characters of one value."""


@dataclass(slots=True)
class _Found:
    """One key: the line on which it begins, and what its values say."""

    path: str
    line: int
    said: dict[str, str] = field(default_factory=dict)
    broken: str | None = None


class _Broken(Exception):
    """A value that cannot be read."""


class Registry:
    """Reads one export."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "text":
            raise job.refuse(f"is {seen.words}" + ("" if seen.kind == "empty" else ", not a registry export"))
        text = csv.text(job.data, job.shown, job.source.encoding)
        if _QUERY.match(text):
            raise job.refuse("is the output of 'reg query'", "write it with 'reg export KEY FILE', which quotes", 1)
        if not text.lstrip("\ufeff \t\r\n").startswith(_HEADS):
            raise job.refuse("does not begin as a registry export does", f"its first line is '{_HEADS[0]}'", 1)
        tag = values.clean(job.tag)
        if values.is_unknown(tag) or isinstance(values.words(tag), Bad):
            raise job.refuse(
                "does not say which asset it is of", "set 'asset' for the source, or name the file ASSET.reg"
            )
        keys, first, cut = _keys(text, job)
        if not keys:
            raise job.refuse(
                f"holds no list of programs: its first key is '{safe(first, 80) or 'none'}'",
                "export HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall and the same below WOW6432Node",
            )
        return _built(tag, keys, cut, job)


def _built(tag: str, keys: Sequence[_Found], cut: str | None, job: Job) -> Found:
    rows: list[Mapping[str, Any]] = []
    lines: list[int] = []
    refused: list[Refusal] = []
    nameless = updates = 0
    for key in keys:
        if key.broken:
            refused.append(Refusal(
                line=key.line, column=None, reason=key.broken, asset_tag=tag, raw=f"[{key.path}]"[: csv.RAW_LIMIT]
            ))  # fmt: skip
        elif row := _instance(key):
            rows.append({"asset_tag": tag, **row})
            lines.append(key.line)
        elif windows.is_update(key.said.get("releasetype", "")) or windows.has_parent(
            key.said.get("parentkeyname", "")
        ):
            updates += 1
        elif values.is_unknown(values.clean(key.said.get("displayname", ""))):
            nameless += 1
        else:
            rows.append({"asset_tag": tag, **_program(key)})
            lines.append(key.line)
    found = objects.built("software", rows, lines, _iso(job), ("asset_tag", "name"))
    warnings = [
        f"{job.shown}: {count:,} rows counted as blank: {what}"
        for count, what in ((updates, windows.NOT_PROGRAMS), (nameless, "keys without a DisplayName are no programs"))
        if count
    ]
    return replace(
        found, rows_read=len(keys), rows_blank=updates + nameless,
        refused=sorted([*refused, *found.refused], key=lambda one: one.line), warnings=[*warnings, *found.warnings],
        incomplete=cut,
    )  # fmt: skip


def _iso(job: Job) -> Job:
    """``InstallDate`` is yyyymmdd where an installer keeps to the rule."""
    return replace(job, source=job.source.model_copy(update={"dates": "iso"}))


def _program(key: _Found) -> dict[str, Any]:
    said = key.said
    return {
        "name": said["displayname"], "version": said.get("displayversion"), "publisher": said.get("publisher"),
        "install_date": said.get("installdate"), "kind": "arp",
        "system_component": "yes" if said.get("systemcomponent") == "1" else None,
    }  # fmt: skip


def _instance(key: _Found) -> dict[str, Any] | None:
    """An instance of SQL Server by its own version, which says more than the entry of its installer."""
    found = _SETUP.fullmatch(key.path)
    if found is None:
        return None
    return {
        "name": _SQL[found[1].upper()], "version": key.said.get("patchlevel") or key.said.get("version"),
        "publisher": "Microsoft Corporation", "kind": "arp", "instance": found[2], "edition": key.said.get("edition"),
    }  # fmt: skip


# -- the text


def _keys(text: str, job: Job) -> tuple[list[_Found], str, str | None]:
    """The keys that count in their order, each once; the file's first key; and where the file breaks off, if it does."""
    keys: dict[str, _Found] = {}
    now: _Found | None = None
    first = cut = None
    wide = "Version 5" in text[:60]
    for line, words, state in _logical(text):
        if head := _KEY.fullmatch(words):
            path = head[2]
            first = first or path
            if head[1]:  # a key that the file would delete is not there
                keys.pop(path.casefold(), None)
                now = None
            elif _UNINSTALL.fullmatch(path) or _SETUP.fullmatch(path):
                now = keys.setdefault(path.casefold(), _Found(path, line))
                if len(keys) > job.limits.rows:
                    raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
            else:
                now = None
        elif state == "cut" or words.startswith("["):
            cut = f"{job.shown}:{line}: breaks off: what stood behind it may be installed all the same"
            if now is not None and not words.startswith("["):
                now.broken = f"line {line}: {values.shown(words)} breaks off"
        elif state == "open" and now is not None:
            now.broken = f"line {line}: {values.shown(words)} is never closed"
        elif now is not None and words.strip() and not words.startswith(";"):
            _take(now, line, words, wide)
    return list(keys.values()), first or "", cut


def _take(key: _Found, line: int, words: str, wide: bool) -> None:
    found = _VALUE.fullmatch(words)
    if found is None:
        key.broken = key.broken or f"line {line}: {values.shown(words)} is no value of a registry key"
        return
    name = _unescaped(found[1] or "").casefold()
    if name not in _READ:
        return
    try:
        said = _decoded(found[2].strip(), wide)
    except _Broken as broken:
        key.broken = key.broken or f"line {line}: {name} {broken}"
        return
    if said is None:
        key.said.pop(name, None)
    else:
        key.said[name] = said


def _decoded(text: str, wide: bool) -> str | None:
    """A value as text: a string, a number, several strings; None for one that the file would delete."""
    if text == "-":
        return None
    if found := _TEXT.fullmatch(text):
        return _unescaped(found[1])
    if found := _DWORD.fullmatch(text):
        return str(int(found[1], 16))
    if found := _HEX.fullmatch(text):
        try:
            raw = bytes(int(pair, 16) for pair in re.sub(r"\s", "", found[2]).split(",") if pair)
        except ValueError:
            raise _Broken("is not written in bytes") from None
        return _of_bytes(found[1], raw, wide)
    raise _Broken(f"{values.shown(text)} is no value of a kind that is known here")


def _of_bytes(kind: str | None, raw: bytes, wide: bool) -> str:
    """REG_SZ (1), REG_EXPAND_SZ (2) and REG_MULTI_SZ (7) are text, REG_DWORD (4) and REG_QWORD (b) numbers."""
    match int(kind, 16) if kind else 3:
        case 1 | 2 | 7:
            try:
                text = raw.decode("utf-16-le" if wide else "cp1252")
            except UnicodeDecodeError:
                raise _Broken("is not text") from None
            return "; ".join(part for part in text.split("\0") if part)
        case 4 | 11:
            return str(int.from_bytes(raw, "little"))
    raise _Broken("is bytes, and not text")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _logical(text: str) -> Iterator[tuple[int, str, str]]:
    """(its first line, the text, whole/open/cut) of each entry: bytes go on behind a backslash, a text to its quote."""
    lines = re.split(r"\r\n|\r|\n", text)
    at = 0
    while at < len(lines):
        start, parts, state = at + 1, [lines[at]], "whole"
        at += 1
        if parts[0].startswith(("[", ";")) or not parts[0]:
            yield start, parts[0], state
            continue
        bytes_follow = _BYTES.search(parts[0]) is not None
        size, open_text = len(parts[0]), not bytes_follow and _OPEN.fullmatch(parts[0]) is not None
        while open_text or (bytes_follow and parts[-1].rstrip().endswith("\\")):
            ends = at == len(lines) or (at == len(lines) - 1 and not lines[at])
            if ends or size > _LONGEST or lines[at].startswith("[HK") or (bytes_follow and not lines[at].strip()):
                state = "cut" if ends else "open"
                break
            if bytes_follow:
                parts[-1] = parts[-1].rstrip()[:-1]
            parts.append(lines[at])
            size += len(lines[at])
            open_text = open_text and not _TEXT_ENDS.search(lines[at])
            at += 1
        yield start, ("" if bytes_follow else "\n").join(parts), state


_TEXT_ENDS = re.compile(r'(?:^|[^\\])(?:\\\\)*"\s*$')
_BYTES = re.compile(r"=\s*hex(?:\([0-9a-fA-F]+\))?:", re.IGNORECASE)


def _fits(sample: Sample) -> str | None:
    if sample.lines and sample.lines[0].lstrip("\ufeff ").startswith(_HEADS):
        return "certain: the first line of a registry export"
    return "likely: the output of reg query" if _QUERY.match("\n".join(sample.lines).lstrip("\ufeff")) else None


KINDS: Final = (
    Kind(name="windows-registry", reader=Registry(), tables=frozenset({"software"}), row="key", fits=_fits),
)
