"""``secscan exposure``: who can reach an address, by which rule, file and line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from secscan.cli.common import FORMATS, Out, envelope, open_workspace, options
from secscan.cli.common import as_of as today
from secscan.cli.complete import councils, zones
from secscan.model.errors import UsageError
from secscan.model.net import Answer


@click.command(epilog="Example: secscan exposure --to 10.20.4.10 --port tcp/445 --from guest")
@click.option("--to", required=True, metavar="ASSET|IP", help="The asset's id, its host name, or an address.")
@click.option("--port", default="any", show_default=True, metavar="tcp/N|udp/N", help="The port tried.")
@click.option("--from", "from_", metavar="ZONE|CIDR|IP", shell_complete=zones, help="Who tries (default: every zone).")
@click.option(
    "--council",
    metavar="ID",
    shell_complete=councils,
    help="Whose asset, where several councils have one of that name.",
)
@click.option(
    "--config",
    "configs",
    type=click.Path(path_type=Path),
    metavar="FILE",
    multiple=True,
    help="Ask one export alone, without a workspace; again for each further file of it.",
)
@click.option("--as", "kind", metavar="KIND", help="For --config: what the export is (default: told by its content).")
@click.option(
    "--default", type=click.Choice(["deny", "permit"]), help="For --config: what happens when no rule matches."
)
@click.option(
    "--part",
    metavar="NAME",
    help="For --config: which virtual system, device group or vdom, where an export holds several.",
)
@click.option(
    "--chain", metavar="NAME", help="For --config: the list that the packet meets (default: what passes through)."
)
@click.option("--in-interface", metavar="NAME", help="For --config: where the packet comes in.")
@click.option("--out-interface", metavar="NAME", help="For --config: where it goes out.")
@options(*FORMATS)
def command(
    to: str,
    port: str,
    from_: str | None,
    council: str | None,
    configs: tuple[Path, ...],
    kind: str | None,
    default: str | None,
    part: str | None,
    chain: str | None,
    in_interface: str | None,
    out_interface: str | None,
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> None:
    """Who can reach TO: permitted, blocked, partly or cannot-tell, with the rule that decides and a packet that shows it."""
    from secscan import answers

    warnings: list[str] = []
    if configs:
        way = answers.Way(chain=chain, in_interface=in_interface, out_interface=out_interface)
        found, warnings = answers.exposure_of_config(configs, kind, default, from_, to, port, today(as_of), way, part)
    elif kind or default or part or chain or in_interface or out_interface:
        raise UsageError("--as, --default, --part, --chain, --in-interface and --out-interface belong to --config FILE")
    else:
        held = open_workspace(workspace)
        if council is not None:
            answers.known_council(held, council)
        found, warnings = answers.exposure(held, from_, to, port, council, today(as_of))
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        rows = [
            {
                "from": a.from_, "to": a.to, "port": a.port, "verdict": a.verdict, "sources": list(a.sources),
                "rule": None if a.rule is None else {
                    "device": a.device, "file": a.rule.file, "line": a.rule.line, "text": a.rule.text,
                    "name": a.rule.name or None, "objects": list(a.rule.objects),
                },
                "reason": a.reason or None,
                "witness": None if a.witness is None else {
                    "src": a.witness.src, "dst": a.witness.dst, "proto": a.witness.proto, "sport": a.witness.sport,
                    "dport": a.witness.dport,
                },
                "addresses": a.addresses, "stale": a.stale, "device": a.device,
                "translated": None if a.translated is None else {
                    "dst": a.translated.dst, "dport": a.translated.dport, "device": a.translated.device,
                    "file": a.translated.by.file, "line": a.translated.by.line, "text": a.translated.by.text,
                    "name": a.translated.by.name or None,
                },
            }
            for a in found
        ]  # fmt: skip
        out.json(envelope("exposure", complete=not warnings, warnings=warnings, answers=rows))
        return
    header = ("from", "to", "port", "verdict", "rule", "sources", "reason")
    table = [
        (
            a.from_, a.to, a.port, a.verdict, f"{a.rule.file}:{a.rule.line} {a.rule.text}" if a.rule else "",
            _some(a.sources),
            "; ".join(filter(None, (a.reason, _onward(a), "by an export that is no longer current" if a.stale else ""))),
        )
        for a in found
    ]  # fmt: skip
    (out.csv if format_ == "csv" else out.table)(header, table)
    for warning in warnings:
        out.note(warning)
    if format_ == "text":
        out.next("next: secscan mitigations" if not configs else "next: secscan exposure --help")


def _onward(answer: Answer) -> str:
    """Where the packet that shows it goes on to, where a device translates its destination."""
    if (one := answer.translated) is None:
        return ""
    return f"sent on to {one.dst or 'an address that is not known'} port {one.dport} by {one.by.file}:{one.by.line}"


def _some(sources: tuple[str, ...]) -> str:
    return ", ".join(sources[:4]) + (f" and {len(sources) - 4} more" if len(sources) > 4 else "")
