"""``secscan collect``: this machine as an inventory file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from secscan.cli.common import Out, options
from secscan.cli.common import as_of as today
from secscan.doors.terminal import typed


@click.command(epilog="Example: secscan collect --out this-machine.json")
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write here (default: print).",
)
@click.option(
    "--script",
    type=click.Choice(["windows"]),
    help="Write the script that does this on a Windows machine, to be read before it is run.",
)
@options()
def command(file: Path | None, script: str | None, workspace: str | None, as_of: date | None, **how: Any) -> None:
    """Write this machine's system, packages and listening ports. It only reads."""
    from secscan import sources
    from secscan.doors import files
    from secscan.doors.json import dumps

    out = Out(quiet=how["quiet"], verbose=how["verbose"])
    if script is not None:
        text = sources.windows_script()
        if file is None:
            click.echo(text, nl=False)
            return
        files.write(file, text)
        out.last(f"next, on the Windows machine: powershell -NoProfile -ExecutionPolicy Bypass -File {file.name}")
        return
    found = sources.collect(today(as_of))
    if file is None:
        click.echo(dumps(found, ascii=True))
        return
    files.write(file, dumps(found) + "\n")
    # None is "no list was found", which is not the same as an empty one.
    listed = "no package list" if found["software"] is None else f"{len(found['software'])} packages"
    out.line(f"{found['asset']['hostname']}: {listed}, {len(found['services'])} listening ports")
    for warning in found["warnings"]:
        out.note(warning)
    out.last(f"next: {typed('import', file, '--council', 'ID')}")
