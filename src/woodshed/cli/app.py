"""The command `woodshed`: loads the command that was asked for, and turns errors into exit codes."""

from __future__ import annotations

import difflib
import importlib
import signal
import sys
from types import FrameType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from woodshed.base.errors import WoodshedError
from woodshed.base.version import __version__
from woodshed.cli.render import show_error
from woodshed.cli.table import COMMANDS

EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

FURTHER_CODES = "10 a check did not hold, 11 a check cannot tell, 130 interrupted, 143 ended by kill (SIGTERM)"
EPILOG = (
    "First minute: woodshed generate starter, or woodshed demo.  "
    "Own sounds: woodshed library add FOLDER --mine, then woodshed train NAME.  "
    "Exit codes: 0 well, 1 other, 2 usage, 3 sound, 4 consent, 5 library or ledger, 6 model file, 7 does not fit, "
    f"8 training, 9 disk, {FURTHER_CODES}."
)


class Terminated(KeyboardInterrupt):
    """Someone asked the process to end (SIGTERM); handled as Ctrl-C is."""


class LazyGroup(TyperGroup):
    """Lists commands from the table; imports a command's module only when it is called.

    Contexts and commands are typed Any: some versions of Typer carry their own Click, others use the installed one.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A light stand-in that is enough for help and completion."""
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(name=cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command."""
        name = args[0]
        if name not in COMMANDS:
            near = difflib.get_close_matches(name, COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else " See woodshed --help."
            ctx.fail(f"There is no command {name!r}.{hint}")
        module = importlib.import_module(COMMANDS[name][0])
        command = typer.main.get_command(module.app)
        command.name = name
        return name, command, args[1:]

    def invoke(self, ctx: Any) -> object:
        """Run, and turn our errors into a message with an exit code."""
        try:
            return super().invoke(ctx)
        except WoodshedError as error:
            show_error(error, json_mode="--json" in sys.argv)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            typer.echo("Stopped. Nothing half-written was left behind.", err=True)
            raise typer.Exit(EXIT_TERMINATED if isinstance(error, Terminated) else EXIT_INTERRUPTED) from error


app = typer.Typer(
    cls=LazyGroup,
    help="Woodshed: audio tools that you train on your own sounds. Everything runs on this machine.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"woodshed {__version__}")
        raise typer.Exit


@app.callback()
def woodshed(
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", callback=_say_version, is_eager=True
    ),
) -> None:
    """Woodshed: audio tools that you train on your own sounds. Everything runs on this machine."""


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def main() -> None:
    """Entry point of the command line."""
    signal.signal(signal.SIGTERM, _end)
    app(prog_name="woodshed")
