"""`returns chaos`. What it runs is loaded only then: it is the whole worker."""

import asyncio
import importlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.status import Status

from chaos.caller import OutOfTime
from chaos.plan import FAULT_RATE, Plan, Size, make_plan
from chaos.progress import Progress
from chaos.refusals import NotASandbox
from starters.cli.output import AsJson, console, fail
from starters.cli.session import Session, session_of
from starters.errors import ReturnsError
from starters.stack import StackError

_FULL, _SHORT = 2_000, 200
_TOLD_EACH_SECONDS = 10.0


def chaos_command(
    context: typer.Context,
    short: Annotated[bool, typer.Option("--short", help="200 returns in about two minutes.")] = False,
    returns: Annotated[
        int | None, typer.Option(min=1, max=20_000, help="How many returns; by default 2,000, with --short 200.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="What the run is drawn from; the same one plans the same run.")
    ] = None,
    fault_rate: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="The share of provider calls that go wrong, besides outages.")
    ] = FAULT_RATE,
    api: Annotated[str, typer.Option(metavar="URL", help="The API of a platform that is yours.")] = "",
    sandbox: Annotated[str, typer.Option(metavar="URL", help="The sandbox providers of that platform.")] = "",
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the data and logs of the run in this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play many returns while everything breaks, and judge them by the providers' books.

    Provider calls fail, answers get lost, carriers' events come twice and in
    the wrong order, clocks are stepped, providers are down. Workers, the API
    and Temporal's server are killed, and two workers hold one activity. When
    it is calm again an oracle looks for money paid twice, coupons given
    twice, returns that nobody has, and histories that do not replay.

    On this machine, in a folder of its own; everything is started for it:
      returns chaos --short
      returns chaos --seed 7
    Against a staging namespace whose providers are a sandbox. Nothing is
    killed then, that is left to you; the providers are disturbed:
      returns --address staging:7233 --namespace returns-staging \\
        chaos --short --api https://returns.staging --sandbox http://sandbox:8700
    Its workers need a policy with clocks of seconds, and the ledger is read
    where RETURNFLOW_LEDGER_URL names it: docs/chaos.md.

    Exit codes: 0 every invariant holds, 1 one does not or a return is lost,
    2 wrong usage.
    """
    if bool(api) != bool(sandbox):
        typer.echo("returns: --api and --sandbox belong together: name both, or none.", err=True)
        raise typer.Exit(2)
    if api and keep:
        typer.echo("returns: --keep is for a run on this machine; leave it out with --api.", err=True)
        raise typer.Exit(2)
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    count = returns or (_SHORT if short else _FULL)
    size = Size.short(count) if short else Size.full(count)
    run = f"S{seed}-{secrets.token_hex(3)}" if api else ""
    plan = make_plan(seed, size, run, kills=not api, fault_rate=fault_rate)
    typer.echo(f"seed {seed}: {count} returns, {len(plan.strikes)} strikes planned", err=True)
    try:
        report = _run(plan, api, sandbox, keep, session_of(context))
    except (StackError, NotASandbox, OutOfTime, ReturnsError, httpx.HTTPError) as error:
        fail(str(error), f"The seed was {seed}.")
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        _module("chaos.report").show(report, console())
    raise typer.Exit(0 if report.holds else 1)


def _run(plan: Plan, api: str, sandbox: str, keep: Path | None, session: Session) -> Any:
    errors = Console(stderr=True, highlight=False)
    with errors.status("") as status:
        told = _teller(errors, status)
        if api:
            token = os.environ.get("RETURNFLOW_API_TOKEN", "")
            run = _module("chaos.staging").run_on_platform(plan, api, sandbox, token, session, told)
            return asyncio.run(run)
        run_on_stack = _module("chaos.run").run_on_stack
        if keep:
            return asyncio.run(run_on_stack(plan, keep, told))
        with tempfile.TemporaryDirectory(prefix="returnflow-chaos-") as folder:
            return asyncio.run(run_on_stack(plan, Path(folder), told))


def _teller(errors: Console, status: Status) -> Callable[[Progress], None]:
    """Tell how far the run is: in one line of a terminal, elsewhere a line now and then."""
    told_at: dict[str, float] = {}

    def tell(now: Progress) -> None:
        line = (
            f"{now.doing} · {now.seconds:.0f} s · {now.ended} of {now.returns} returns ended, {now.open} open · "
            f"{now.strikes} strikes"
        )
        if errors.is_terminal:
            status.update(line)
        elif now.doing not in told_at or now.seconds - told_at[now.doing] >= _TOLD_EACH_SECONDS:
            told_at[now.doing] = now.seconds
            errors.print(line, soft_wrap=True)

    return tell


def _module(name: str) -> Any:
    return importlib.import_module(name)
