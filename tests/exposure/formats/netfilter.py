"""What the tests of netfilter's two languages share: an export as text, and questions to it."""

from __future__ import annotations

from typing import Any

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import read, recognise
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.net import Answer, Device

TO = "10.9.0.5"
FROM = "10.1.0.9"


def device(*texts: str, kind: str = "") -> Device:
    """The device of an export of one file or several, called ``1``, ``2`` and so on, as it is recognised."""
    files = [ConfigFile(data=text.encode(), shown=str(number)) for number, text in enumerate(texts, 1)]
    return read(kind or recognise(files).kind, Export(device="fw", files=files))


def whole(fw: Device, from_: str | None = FROM, to: str = TO, port: str = "tcp/443", **way: Any) -> Answer:
    (found,) = ask_config(fw, from_, to, port, Way(**way))
    return found


def told(
    fw: Device, from_: str | None = FROM, to: str = TO, port: str = "tcp/443", **way: Any
) -> tuple[str, int | None]:
    """The verdict, and the line of the rule that decides."""
    found = whole(fw, from_, to, port, **way)
    return found.verdict, None if found.rule is None else found.rule.line
