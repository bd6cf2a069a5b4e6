"""A maker's format that tests may read: one line a rule, ``bind`` for stages, anything else is not understood."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, cast

import pytest

from secscan.exposure.formats import registry
from secscan.exposure.formats.export import Export, Format
from secscan.exposure.words import addresses, services
from secscan.model.net import Chain, Device, Interface, Origin, Rule, Stage, Translation

MARK = "toy firewall\n"


class Reader:
    kind = "toy"

    def fits(self, head: str) -> str | None:
        return "certain: its first line says so" if head.startswith(MARK) else None

    def read(self, export: Export) -> Device:
        steps: dict[str, list[Rule | Origin]] = {}
        ends: dict[str, tuple[str, Origin]] = {}
        stages, interfaces, turned, stray, decoded = [], [], [], [], 0
        for file in export.files:
            chain = ""
            for line, text in file.lines():
                words, origin = text.split(), file.origin(line, text)
                match words:
                    case [] | ["toy", "firewall"]:
                        continue
                    case ["chain", chain, default]:
                        steps.setdefault(chain, [])
                        ends[chain] = default, origin
                    case ["bind", bound, traffic, *sides]:
                        name: Any = traffic
                        stages.append(
                            Stage(
                                name=f"bind {bound}", chain=bound, traffic=name, in_interfaces=frozenset(sides) or None
                            )
                        )
                    case ["interface", name, network]:
                        interfaces.append(Interface(name=name, networks=addresses(network, "network")))
                    case ["translate", dst, to]:
                        turned.append(Translation(
                            name=f"t{line}", kind="dst", src=addresses("any", "src"), dst=addresses(dst, "dst"),
                            services=services("any", None, None), to=addresses(to, "to"), origin=origin,
                        ))  # fmt: skip
                    case [("permit" | "deny") as action, src, dst, proto, port]:
                        verb: Any = action
                        steps[chain].append(Rule(
                            position=line, action=verb, src=addresses(src, "src"), dst=addresses(dst, "dst"),
                            services=services(proto, port, None), origin=origin,
                        ))  # fmt: skip
                    case ["cut"]:
                        raise file.refuse("the export ends in the middle", "export it again", line)
                    case _ if chain:
                        steps[chain].append(origin)
                        continue
                    case _:
                        stray.append(origin)
                        continue
                decoded += 1
        chains = {}
        for name, (word, origin) in ends.items():
            default: Any = None if word == "unknown" else word
            chains[name] = Chain(name=name, steps=tuple(steps[name]), default=default, default_origin=origin)
        return Device(
            name=export.device, kind=self.kind, chains=chains, stages=tuple(stages), interfaces=tuple(interfaces),
            translations=tuple(turned), unread=tuple(stray), decoded=decoded,
        )  # fmt: skip


def teach(monkeypatch: pytest.MonkeyPatch, reader: Format | None = None) -> None:
    """A format is known wherever makers' formats are: this file's, or another."""
    reader = reader or Reader()
    module = ModuleType(f"toy_{reader.kind}")
    module.__dict__["READER"] = reader
    monkeypatch.setitem(sys.modules, f"secscan.exposure.formats.{module.__name__}", module)
    monkeypatch.setitem(cast("dict[str, str]", registry.KINDS), reader.kind, module.__name__)
