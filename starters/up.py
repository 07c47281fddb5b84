"""`returns up`: the whole pipeline on this machine, kept running, with its data in files."""

import asyncio
import fcntl
import json
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from starters.ports import Ports
from starters.stack import Stack, StackError

HOME_VARIABLE = "RETURNFLOW_HOME"
DEFAULT_HOME = Path(".returnflow")
_LOOK_EVERY_SECONDS = 1.0


def up_command(
    home: Annotated[
        Path, typer.Option(envvar=HOME_VARIABLE, help="Where the data, the logs and the addresses are kept.")
    ] = DEFAULT_HOME,
) -> None:
    """Start Temporal, the sandbox providers, a worker and the API here, and keep them running.

    The data lies in files and survives a kill: start it again and every return goes on. A part that dies
    is started again. Ctrl-C stops everything. The other commands find this stack by themselves when they
    run in the same folder.

    Example: returns up
    and in another terminal: returns apply --order CN-1001 --customer C-101 --line SHIRT-M-SAND
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        asyncio.run(_keep_up(home))
    except (StackError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


async def _keep_up(home: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with _OnlyOne(home):
        typer.echo("starting Temporal, the providers, a worker and the API ...")
        stack = Stack(home, Ports.preferred())
        starting = asyncio.create_task(stack.start())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                return
            await starting
            _announce(stack, home)
            await _mend_until(stop, stack)
        finally:
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            (home / "stack.json").unlink(missing_ok=True)
            typer.echo("stopping ...")
            await stack.stop()


class _OnlyOne:
    """Keeps a second stack off the same data. The kernel gives the lock back when its process dies, however."""

    def __init__(self, home: Path) -> None:
        self._path = home / "up.pid"
        self._home = home

    def __enter__(self) -> None:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip()
            self._file.close()
            raise StackError(f"A stack runs on {self._home} already (process {owner}).") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _announce(stack: Stack, home: Path) -> None:
    addresses = {
        "temporal": stack.address,
        "namespace": "default",
        "task_queue": stack.task_queue,
        "ui_url": stack.ui_url,
        "api_url": stack.api_url,
        "sandbox_url": stack.sandbox_url,
        "ledger_url": stack.ledger_url,
    }
    (home / "stack.json").write_text(json.dumps(addresses, indent=2) + "\n")
    typer.echo(f"Web UI     {stack.ui_url}")
    typer.echo(f"API        {stack.api_url}/docs")
    typer.echo(f"providers  {stack.sandbox_url}/docs")
    typer.echo(f"Temporal   {stack.address}")
    typer.echo(f"data       {home.resolve()}  (logs in {home / 'logs'})")
    typer.echo("Ctrl-C stops everything; the data stays.")


async def _mend_until(stop: asyncio.Event, stack: Stack) -> None:
    """Start again what dies, until told to stop."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_EVERY_SECONDS)
        except TimeoutError:
            for part in stack.dead_parts():
                typer.echo(f"{part} died; starting it again (its log: {stack.data / 'logs' / part}.log)", err=True)
                try:
                    await stack.restart(part)
                except StackError as error:
                    typer.echo(str(error), err=True)
