"""Which kind a file is, judged by what stands in it and never by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from secscan.doors import csv, files, json, xlsx
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.raw import RAW_COLUMNS
from secscan.sources import glpi, looks, templates
from secscan.sources.collect import SCHEMA
from secscan.sources.tabular import folded

_DPKG_ROW = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?\t[^\t\n]*\d[^\t\n]*(?:\t.*)?")
_DPKG_LISTING = re.compile(r"[uihrp][ncHUFWti][R ]?\s+[a-z0-9][a-z0-9+.:-]+\s+\S*\d\S*\s.*|Desired=.*")
_RPM_ROW = re.compile(r"\S+-[^-\s]+-[^-\s]+\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64le|s390x|\(none\))|gpg-pubkey-\S+")
_RPM_TAB = re.compile(
    r"[A-Za-z0-9_+.-]+\t(?:(?:\d+|\(none\))\t)?[^\t]+\t[^\t]*(?:\.(?:el|fc|suse|amzn|mga)\S*|\d+)\t(?:noarch|x86_64|i[3-6]86|aarch64).*"
)
_AGENT_DPKG = re.compile(r"[a-z0-9][a-z0-9+.-]+\t(?:all|amd64|arm64|armhf|i386)\t\S*\d\S*(?:\t.*)?")
_AGENT_RPM = re.compile(r"[A-Za-z0-9_+.-]+\t(?:noarch|x86_64|i[3-6]86|aarch64)\t\S+-\S+(?:\t.*)?")


def recognise_kind(path: Path, shown: str | None = None, limit: int = 200 * files.MEGABYTE) -> tuple[str, str]:
    """(kind, how surely in words). The kind is "" where no reader takes the file; the words then say what it is.

    Raises InputError when the file cannot be read at all.
    """
    name = shown or path.name
    data = files.read_bytes(path, shown=name, limit=limit)
    seen = looks.like(data)
    match seen.kind:
        case "nmap":
            return "nmap-xml", "certain: the root element is nmaprun"
        case "json":
            return _json(data, name)
        case "agent-xml":
            return "", f"is {seen.words}; {glpi.XML_HINT}"
        case "xlsx":
            return _table(lambda: xlsx.read(data, name), "the first sheet")
        case "text":
            return _list(data) or _table(lambda: csv.read(data, name), "the header")
    return "", f"is {seen.words}; no reader takes it"


def _json(data: bytes, name: str) -> tuple[str, str]:
    try:
        document = json.loads(data, name)
    except InputError as error:
        return "", f"looks like JSON but {error.reason}"
    if isinstance(document, dict) and document.get("schema") == SCHEMA:
        return "secscan-collect", f"certain: its schema is {SCHEMA}"
    if glpi.is_inventory(document):
        return "glpi", "certain: an inventory with its deviceid and content"
    return "", "is JSON of a kind that no reader takes"


def _table(read: Any, where: str) -> tuple[str, str]:
    try:
        table = read()
    except InputError as error:
        return "", f"{error.reason}" + (f"; {error.hint}" if error.hint else "")
    best = templates.header_fits(table.header)
    if best is not None:
        known = len({folded(cell) for cell in table.header} & set(RAW_COLUMNS[best]))
        says = f"{known} of {len(table.header)} columns in {where} are the template's"
        if known == len(table.header):
            return f"secscan-{best}", f"certain: {says}"
        if known * 2 >= len(table.header):
            return f"secscan-{best}", f"likely: {says}"
    if len(table.header) < 2:
        return "", "is text, but no table and no list that a reader knows"
    headed = ", ".join(safe(cell, 30) for cell in table.header[:8])
    return (
        "table",
        f"possible: a table with the columns {headed}; it needs a source with 'table' and 'map' in secscan.yaml",
    )


def _list(data: bytes) -> tuple[str, str] | None:
    """A package list, by the share of its first lines that have the form."""
    lines = [line[:500] for line in data[:20_000].decode("utf-8", "replace").splitlines()[:60] if line.strip()]
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
