"""The entry of the command line, with every command."""

import sys
from typing import NoReturn

from chaos.cli import chaos_command
from demo.cli import demo_command
from replay.cli import histories_app, replay_command
from starters.cli.app import HISTORIES, PROCESSES
from starters.cli.app import app as app
from starters.cli.running import run
from starters.process import run_process
from starters.setup import setup_command
from starters.up import up_command

app.command("up", rich_help_panel=PROCESSES)(up_command)
app.command("setup", rich_help_panel=PROCESSES)(setup_command)
app.command("demo", rich_help_panel=PROCESSES)(demo_command)
app.command("chaos", rich_help_panel=PROCESSES)(chaos_command)
app.add_typer(histories_app, name="histories", rich_help_panel=HISTORIES)
app.command("replay", rich_help_panel=HISTORIES)(replay_command)


def main() -> NoReturn:
    """Run the command that the process was started with; the process ends with its exit code."""
    run_process(lambda: run(app, sys.argv[1:]))


if __name__ == "__main__":
    main()
