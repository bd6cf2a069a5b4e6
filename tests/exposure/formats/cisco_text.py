"""Short ways to put questions to a Cisco configuration that a test writes down."""

from __future__ import annotations

from typing import Any

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import read
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.net import Answer, Device


def config(text: str, shown: str = "edge.cfg") -> ConfigFile:
    return ConfigFile(data=text.encode(), shown=shown)


def device(kind: str, text: str, *more: str) -> Device:
    files = [config(text), *(config(one, f"more{n}.txt") for n, one in enumerate(more))]
    return read(kind, Export(device="edge", files=files))


def answer(found: Device, from_: str | None, to: str, port: str, **way: Any) -> Answer:
    (one,) = ask_config(found, from_, to, port, Way(**way))
    return one


def line_of(text: str, needle: str) -> int:
    """The number of the first line that holds these words."""
    return next(number for number, line in enumerate(text.split("\n"), 1) if needle in line)


def told(found: Device, text: str, question: str) -> tuple[str, str]:
    """(verdict, the line that decides) of ``SOURCE > ADDRESS PORT [in=NAME] [out=NAME] [chain=NAME]``."""
    words = question.split()
    options = dict(word.split("=") for word in words[4:])
    names = {"in": "in_interface", "out": "out_interface", "chain": "chain"}
    one = answer(found, words[0], words[2], words[3], **{names[k]: v for k, v in options.items()})
    lines = text.split("\n")
    return one.verdict, lines[one.rule.line - 1].strip() if one.rule is not None and one.rule.line else ""
