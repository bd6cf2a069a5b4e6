"""``secscan completion``: the script that makes your shell complete commands and options."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from secscan.cli.common import Out, options

_INSTALL: Final = {
    "bash": "secscan completion bash >> ~/.bashrc",
    "zsh": "secscan completion zsh >> ~/.zshrc",
    "fish": "secscan completion fish > ~/.config/fish/completions/secscan.fish",
    "powershell": "secscan completion powershell >> $PROFILE",
}


@click.command(epilog="Example: secscan completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(list(_INSTALL)))
@options(workspace=False)
def command(shell: str, **how: Any) -> None:
    """Print the completion script of SHELL: commands, options, and the words of the workspace that you are in."""
    from click.shell_completion import get_completion_class

    from secscan.cli.main import secscan

    kind = get_completion_class(shell)
    assert kind is not None  # the choices above are the shells that click knows
    click.echo(kind(secscan, {}, "secscan", "_SECSCAN_COMPLETE").source())
    if sys.stdout.isatty():  # not where the script goes to a file, or to the shell at every start
        Out(quiet=how["quiet"]).note(f"next: {_INSTALL[shell]}, then open a new shell")
