"""Running a command from its arguments, and telling the errors of usage."""

from collections.abc import Sequence
from typing import NoReturn

import typer
from typer.exceptions import TyperException


def run(app: typer.Typer, arguments: Sequence[str]) -> NoReturn:
    """Run the command that the arguments name; without any, show what there is.

    Raises:
        SystemExit: With 0 if it is done, 1 if it was refused or failed, 2 if it was used wrongly.
    """
    try:
        code = app(list(arguments) or ["--help"], prog_name="returns", standalone_mode=False)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        message = " ".join(error.format_message().split())
        plain = message.removeprefix("Invalid value: ").replace("Value error, ", "")
        typer.echo(f"returns: {plain}", err=True)
        typer.echo(f"Try: {context.command_path if context else 'returns'} --help", err=True)
        raise SystemExit(error.exit_code) from error
    raise SystemExit(code if isinstance(code, int) else 0)
