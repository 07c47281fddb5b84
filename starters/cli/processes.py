"""The processes of the pipeline, each imported only when it is started: what one needs is not there for all."""

import importlib
from typing import Any

import typer


def worker_command() -> None:
    """Run a worker until SIGTERM or Ctrl-C; its settings are environment variables (RETURNFLOW_*)."""
    _module("workers.main").main()


def api_command() -> None:
    """Run the HTTP API until SIGTERM or Ctrl-C; its settings are environment variables (RETURNFLOW_*)."""
    _module("starters.api.main").main()


def sandbox_command(context: typer.Context) -> None:
    """Run the stand-in providers; `returns sandbox --help` lists the options."""
    raise typer.Exit(_module("sandbox.__main__").main(context.args))


def _module(name: str) -> Any:
    return importlib.import_module(name)
