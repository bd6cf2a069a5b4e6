"""The command ``secscan``: finds the command asked for, runs it, and ends with its exit code.

Only click is imported here. A command's file, and every heavy library with it, is imported when that command
is asked for, so that ``secscan --help`` stays as quick as click itself.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from secscan import __version__

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # numpy would start a thread a processor for algebra nobody does here

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("secscan.cli.init", "Make a workspace, empty or with three invented councils."),
    "doctor": ("secscan.cli.doctor", "Check this machine and workspace, with the fix for each fault."),
    "collect": ("secscan.cli.collect", "Write this machine's inventory to a file; reads only."),
    "import": ("secscan.cli.import_", "Take an export into the workspace and say what was read."),
    "scan": ("secscan.cli.scan", "Read, judge, record and report: the main job."),
    "findings": ("secscan.cli.findings", "List the current findings."),
    "explain": ("secscan.cli.explain", "Say why: rule, values, source rows, and what would make it pass."),
    "recognise": ("secscan.cli.recognise", "Say what a software name and version is taken for."),
    "feeds": (
        "secscan.cli.feeds",
        "Show and import what others publish: lifecycle dates, builds, exploited vulnerabilities.",
    ),
    "exposure": ("secscan.cli.exposure", "Say who can reach an address, by which rule, file and line."),
    "mitigations": ("secscan.cli.mitigations", "List each claimed mitigation and the state of its proof."),
    "trend": ("secscan.cli.trend", "Show a measure month by month, like for like."),
    "exceptions": ("secscan.cli.exceptions", "List the accepted risks, overdue first, or check that none is overdue."),
    "checks": ("secscan.cli.checks", "List, show, write and test checks."),
    "policy": ("secscan.cli.policy", "Lint policy files and print their JSON Schema."),
    "report": ("secscan.cli.report", "Publish the report of a run again, as another edition or elsewhere."),
    "runs": ("secscan.cli.runs", "List the recorded runs."),
    "completion": ("secscan.cli.completion", "Print the completion script of your shell."),
}

NEXT: Final = """secscan: cyber-security posture and legacy-system risk scanner for councils.
Begin:   secscan init DIR --sample
Help:    secscan --help, or secscan COMMAND --help
Version: {version}"""


class Commands(click.Group):
    """Knows every command's name and sentence, and imports a command's file only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else "; 'secscan --help' lists the commands"
            raise click.UsageError(f"no command '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SECSCAN", "max_content_width": 100},
    epilog="Example: secscan init demo --sample && secscan -w demo scan",
)
@click.version_option(__version__, prog_name="secscan")
@click.option(
    "-w",
    "--workspace",
    type=click.Path(file_okay=False),
    envvar="SECSCAN_WORKSPACE",
    metavar="DIR",
    help="The workspace (default: found upwards from here).",
)
@click.option("--debug", is_flag=True, envvar="SECSCAN_DEBUG", help="Show a traceback when the fault is ours.")
@click.pass_context
def secscan(ctx: click.Context, workspace: str | None, debug: bool) -> None:
    """Compare each council's asset inventory with policy, and publish where it stands."""
    ctx.obj = {"workspace": workspace, "debug": debug}
    if ctx.invoked_subcommand is None:
        click.echo(NEXT.format(version=__version__))


def main(argv: list[str] | None = None) -> None:
    """Run one command and exit with its code (docs/exit-codes.md)."""
    sys.exit(run(argv))


def run(argv: list[str] | None = None) -> int:
    """The same, answering the exit code: what tests call."""
    if "_SECSCAN_COMPLETE" in os.environ:
        return _complete(argv)
    try:
        answer: Any = secscan.main(args=argv, prog_name="secscan", standalone_mode=False)
        sys.stdout.flush()
        return answer if isinstance(answer, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    except click.ClickException as error:
        _say(f"secscan: {error.format_message()}")
        return 2
    except (click.Abort, KeyboardInterrupt):
        _say("secscan: stopped; what was finished is kept")
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        _say("secscan: there is not enough memory; nothing was changed by what did not finish")
        return 4
    except Exception as error:
        return _failed(error, argv)


def _complete(argv: list[str] | None) -> int:
    """What a shell may type next, on stdout. Half a command line may be wrong in any way: that is no fault to tell."""
    try:
        secscan.main(args=argv, prog_name="secscan")
    except SystemExit as stop:
        return int(stop.code or 0)
    except Exception:
        return 1
    return 0


def _failed(error: Exception, argv: list[str] | None) -> int:
    from secscan.model.errors import PolicyError, SecscanError

    if isinstance(error, PolicyError):
        for problem in error.problems[:50]:
            _say(str(problem))
        if len(error.problems) > 50:
            _say(f"... and {len(error.problems) - 50} more")
        return error.exit_code
    if isinstance(error, SecscanError) and error.exit_code != 70:
        _say(f"secscan: {error}")
        return error.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        _say(f"secscan: {error.filename}: {error.strerror or type(error).__name__}")
        return 4
    from secscan.cli.fault import keep

    _say(f"secscan: a fault of ours: {type(error).__name__}; the trace is in {keep(error)}. Please report it.")
    if "--debug" in (argv if argv is not None else sys.argv) or os.environ.get("SECSCAN_DEBUG"):
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True)
    return 70


def _say(text: str) -> None:
    from secscan.doors.terminal import safe

    for line in text.splitlines():
        click.echo(safe(line), err=True)


if __name__ == "__main__":
    main()
