"""``secscan completion``: the script that makes your shell complete commands and options."""

from __future__ import annotations

import click


@click.command(epilog="Example: secscan completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL."""
    from click.shell_completion import get_completion_class

    from secscan.cli.main import secscan

    kind = get_completion_class(shell)
    assert kind is not None  # the choices above are the shells that click knows
    click.echo(kind(secscan, {}, "secscan", "_SECSCAN_COMPLETE").source())
