"""`returns deploy ...`: which version of the workers gets the returns."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from domain.record import Record
from starters.cli.output import AsJson, console, fail, show_json, table
from starters.cli.session import session_of
from starters.deployment import FAILING, UNVERSIONED, Deployment, DeploymentRefused, DeploymentStatus, Routing
from starters.errors import ReturnsError
from workflows import ids

T = TypeVar("T")

_CATCH_UP_SECONDS = 2.0
"""How long a search may lag behind what the workers did."""

BuildId = Annotated[
    str, typer.Argument(metavar="BUILD_ID", help=f"As `returns deploy status` shows it, or `{UNVERSIONED}`.")
]
Name = Annotated[
    str, typer.Option("--deployment", envvar="RETURNFLOW_DEPLOYMENT_NAME", help="The deployment of the workers.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Force = Annotated[bool, typer.Option("--force", help="Also if no worker of that version polls.")]

deploy_app = typer.Typer(
    name="deploy", help="Which version of the workers gets the returns.", no_args_is_help=True
)


class RoutingChange(Record):
    """What a command changed.

    Attributes:
        build_id: The version that it was about.
        before: Who was current before.
        current: Who is current now.
        ramping: Who gets a share now; empty if nobody does.
        percent: That share, 0 to 100.
        kept: How many returns now stay with another version.
    """

    build_id: str
    before: str
    current: str
    ramping: str
    percent: float
    kept: int = 0


class Released(Record):
    """What `release` did."""

    build_id: str
    released: int


@deploy_app.command("status")
def status_command(
    context: typer.Context, deployment: Name = ids.DEFAULT_DEPLOYMENT, as_json: AsJson = False
) -> None:
    """Show the versions of the workers: who gets the returns, who has workers, where open returns are.

    returns deploy status
    A version that is neither current nor ramping, and has nothing open, needs no workers.
    """
    status = _with_deployment(context, deployment, lambda found: found.status())
    if as_json:
        show_json(status)
    else:
        _show(status)


@deploy_app.command("current")
def current_command(
    context: typer.Context,
    build_id: BuildId,
    keep: Annotated[
        str,
        typer.Option(
            metavar="BUILD_ID",
            help="Leave the open returns that this version worked on last with it: for going back.",
        ),
    ] = "",
    gate: Annotated[
        list[str] | None,
        typer.Option(metavar="PATCH", help="With --keep: only those that passed this patch; may be repeated."),
    ] = None,
    yes: Yes = False,
    force: Force = False,
    deployment: Name = ids.DEFAULT_DEPLOYMENT,
    as_json: AsJson = False,
) -> None:
    """Give all returns to a version, open ones from their next step on.

    Forward:  returns deploy current 1.5.0
    Back:     returns deploy current 1.4.0 --keep 1.5.0
    Old code cannot go on with a return that has passed a patch which only
    new code knows. With --keep it stays; `returns deploy release` ends that.
    """
    if keep in (build_id, UNVERSIONED):
        raise typer.BadParameter("--keep names the version that is left, with its build id")
    if gate and not keep:
        raise typer.BadParameter("--gate narrows --keep: name the version that is left")
    seen = _with_deployment(context, deployment, lambda found: found.routing())
    left = f"Open returns of {keep} stay with it. " if keep else ""
    _confirm(f"{_told(seen)} {left}Make {build_id} current?", yes)
    kept = _with_deployment(
        context, deployment, lambda found: _make_current(found, build_id, seen, force, keep, gate or [])
    )
    after, on_it = _with_deployment(context, deployment, lambda found: _after(found, build_id))
    _report(build_id, seen, after, as_json, kept)
    if not as_json:
        if keep:
            typer.echo(f"{kept} open returns stay with {keep}; to let them go on: returns deploy release {keep}")
        if on_it:
            typer.echo(f"{on_it} open returns were kept with {build_id}: returns deploy release {build_id}")


@deploy_app.command("ramp")
def ramp_command(
    context: typer.Context,
    build_id: BuildId,
    percent: Annotated[float, typer.Argument(metavar="PERCENT", min=0, max=100, help="Its share; 0 ends it.")],
    yes: Yes = False,
    force: Force = False,
    deployment: Name = ids.DEFAULT_DEPLOYMENT,
    as_json: AsJson = False,
) -> None:
    """Give a share of the returns to a version. One return stays on one side while the share stands.

    returns deploy ramp 1.5.0 10
    To end it: returns deploy ramp 1.5.0 0
    """
    seen = _with_deployment(context, deployment, lambda found: found.routing())
    if not percent and seen.ramping != build_id:
        fail(f"{build_id} is not ramping", "See who gets the returns: returns deploy status")
    question = f"Give {build_id} {percent:g} %?" if percent else f"End the ramp of {build_id}?"
    _confirm(f"{_told(seen)} {question}", yes)
    _with_deployment(context, deployment, lambda found: found.set_ramping(build_id, percent, seen, force))
    after = _with_deployment(context, deployment, lambda found: found.routing())
    _report(build_id, seen, after, as_json)


@deploy_app.command("release")
def release_command(
    context: typer.Context,
    build_id: BuildId,
    deployment: Name = ids.DEFAULT_DEPLOYMENT,
    as_json: AsJson = False,
) -> None:
    """Let the returns that were kept with a version go on with the current one.

    returns deploy release 1.5.0
    The current version must know every patch that they have passed.
    """
    released = _with_deployment(context, deployment, lambda found: found.release(build_id))
    if as_json:
        show_json(Released(build_id=build_id, released=released))
        return
    typer.echo(f"{released} returns go on with the current version.")


async def _make_current(
    deployment: Deployment, build_id: str, seen: Routing, force: bool, keep: str, gates: list[str]
) -> int:
    """Keep what is to stay, switch, and keep what the version that is left did meanwhile."""
    if not keep:
        await deployment.set_current(build_id, seen, force)
        return 0
    kept = await deployment.keep(keep, gates)
    await deployment.set_current(build_id, seen, force)
    while more := await deployment.keep(keep, gates) - kept:
        kept |= more
    await asyncio.sleep(_CATCH_UP_SECONDS)
    return len(kept | await deployment.keep(keep, gates))


async def _after(deployment: Deployment, build_id: str) -> tuple[Routing, int]:
    return await deployment.routing(), await deployment.kept(build_id) if build_id != UNVERSIONED else 0


def _with_deployment(context: typer.Context, name: str, work: Callable[[Deployment], Awaitable[T]]) -> T:
    session = session_of(context)

    async def connected() -> T:
        return await work(await session.deployment(name))

    try:
        return asyncio.run(connected())
    except DeploymentRefused as error:
        fail(str(error), error.hint)
    except ReturnsError as error:
        fail(str(error))


def _confirm(question: str, yes: bool) -> None:
    try:
        agreed = yes or typer.confirm(question, err=True)
    except typer.Abort:
        fail("nobody answered, and nothing was changed", "Add --yes where nobody can answer.")
    if not agreed:
        fail("nothing was changed")


def _told(routing: Routing) -> str:
    share = f", {routing.ramping} gets {routing.percent:g} %" if routing.ramping else ""
    return f"Current is {routing.current}{share}."


def _report(build_id: str, before: Routing, after: Routing, as_json: bool, kept: int = 0) -> None:
    if as_json:
        change = {"build_id": build_id, "before": before.current, "kept": kept}
        show_json(RoutingChange(**change, **after.model_dump(exclude={"token"})))
        return
    typer.echo(f"{_told(after)} Before: {_told(before)[0].lower()}{_told(before)[1:]}")


def _show(status: DeploymentStatus) -> None:
    rows = table("version", "state", "share", "workers", "open", "kept", title=f"Deployment {status.deployment}")
    for each in status.versions:
        rows.add_row(
            each.build_id,
            each.state.value,
            f"{each.percent:g} %" if each.percent else "",
            str(each.workers),
            str(each.open),
            str(each.kept or ""),
        )
    out = console()
    out.print(rows)
    for patch, count in status.patches.items():
        out.print(f"patch {patch}: passed by {count} open returns")
    for each in status.versions:
        if each.percent and not each.workers:
            out.print(f"{each.build_id} gets returns and has no workers: start some, or make another current.")
        elif each.kept and not each.workers:
            out.print(
                f"{each.kept} returns are kept with {each.build_id}, which has no workers: "
                f"start some, or let them go on: returns deploy release {each.build_id}"
            )
    if status.failing:
        out.print(f"{status.failing} returns stand still, their workflow task fails: which ones and why:")
        out.print(f"  temporal workflow list --query '{FAILING}'")
