"""Makers' exports handed to their readers: what ``sources`` finds, dates and holds, read here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from secscan.exposure.formats import KINDS, read
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.net import Device

if TYPE_CHECKING:
    from secscan.model.settings import Firewall, Source


class Makers:
    """Reads the formats of makers. ``firewalls``: what secscan.yaml says of them beside their files."""

    def __init__(self, firewalls: Iterable[Firewall] = ()) -> None:
        self._options = {
            one.id: {key: said for key, said in (("default", one.default), ("part", one.part)) if said is not None}
            for one in firewalls
        }

    @property
    def kinds(self) -> Collection[str]:
        return KINDS

    def read(self, source: Source, files: Sequence[tuple[str, bytes]]) -> Device:
        """The device that the files are one export of. Raises InputError when they are not."""
        found = [ConfigFile(data=data, shown=shown, encoding=source.encoding) for shown, data in files]
        options = self._options.get(source.id, {})
        return read(source.kind, Export(device=source.id, files=found, options=options))
