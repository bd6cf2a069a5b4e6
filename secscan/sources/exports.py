"""Makers' exports of firewalls: found, dated and held like every other source, and read by whoever understands them.

One export may be several files (rules for IPv4, rules for IPv6, sets of addresses), so a set is read as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from secscan.doors import files as door
from secscan.doors.terminal import safe
from secscan.model.net import Device, Origin
from secscan.model.raw import Load, Refusal
from secscan.sources.reader import SHOWN_WARNINGS

if TYPE_CHECKING:
    from secscan.model.settings import Limits, Source


class Exports(Protocol):
    """Reads the formats that are no tables. ``kinds``: their names."""

    @property
    def kinds(self) -> Collection[str]: ...

    def read(self, source: Source, files: Sequence[tuple[str, bytes]]) -> Device:
        """The device that the files (path as shown, bytes) are one export of. Raises InputError when they are not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """One file of an export: ``shown`` is the path that messages and places use."""

    path: Path
    shown: str
    dated_on: date


def read_export(source: Source, files: Sequence[ExportFile], limits: Limits, exports: Exports) -> list[Load]:
    """A load for each file; the first has the device. A row is a rule, a refused one a line that was not understood.

    Raises InputError when the files are not one whole export.
    """
    limit = limits.file_mb * door.MEGABYTE
    read = [(safe(one.shown), door.read_bytes(one.path, shown=safe(one.shown), limit=limit)) for one in files]
    device = exports.read(source, read)
    loads = []
    for number, (one, (name, data)) in enumerate(zip(files, read, strict=True)):
        rules = {
            (r.origin.line, r.origin.line_to, r.origin.vendor_id) for _, r in device.rules() if r.origin.file == name
        }
        lost = [step for step in _not_understood(device) if step.file == name]
        loads.append(
            Load(
                source=source.id, council="", kind=source.kind, file=name, sha256=door.sha256(data), size=len(data),
                dated_on=one.dated_on, rows_read=len(rules) + len(lost), rows_loaded=len(rules), rows_refused=len(lost),
                rows_blank=0, refused=tuple(Refusal(line=o.line, column=None, reason=_says(o)) for o in lost),
                warnings=_warnings(device, name), device=device if number == 0 else None,
            )
        )  # fmt: skip
    return loads


def _not_understood(device: Device) -> list[Origin]:
    return [step for chain in device.chains.values() for step in chain.steps if isinstance(step, Origin)]


def _says(origin: Origin) -> str:
    return f"not understood: {origin.text}" if origin.text else "not understood"


def _warnings(device: Device, name: str) -> tuple[str, ...]:
    """What the reader says of this file; lines that stand in no list are counted after the first of them."""
    stray = [o for o in device.unread if o.file == name]
    found = [f"{name}:{o.line}: {_says(o)}" for o in stray[:SHOWN_WARNINGS]]
    if len(stray) > SHOWN_WARNINGS:
        found.append(f"{name}: {len(stray) - SHOWN_WARNINGS:,} more lines were not understood")
    return tuple(found)
