"""`returns setup`: prepares a Temporal namespace and a ledger. It may be repeated."""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
)
from temporalio.service import RPCError

from ledger.schema import migrate
from starters.connection import connect_temporal
from starters.errors import ReturnsError
from starters.namespace import WANTED, attributes_of
from workflows import ids

_VISIBLE_AFTER_SECONDS = 30
_RECONCILE_AT_HOUR_UTC = 18
"""Two in the morning in China."""


async def prepare_namespace(client: Client) -> list[str]:
    """Register the search attributes that the namespace lacks, and wait until it knows them.

    Returns:
        The names that were registered now.

    Raises:
        ReturnsError: If the namespace has one of them with another type, or has no room for them.
    """
    found = await attributes_of(client)
    for name in found.of_another_type:
        raise ReturnsError(
            f"The namespace {client.namespace} has {name} with another type. "
            "Remove it (temporal operator search-attribute remove) or use another namespace."
        )
    if found.missing:
        missing = {name: WANTED[name] for name in found.missing}
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
        except RPCError as error:
            raise ReturnsError(
                f"The namespace {client.namespace} does not take {', '.join(sorted(missing))}: {error.message}. "
                "On a SQL database Temporal has room for ten keywords and three of each other type; "
                "give the returns a namespace of their own."
            ) from error
    async with asyncio.timeout(_VISIBLE_AFTER_SECONDS):
        while (await attributes_of(client)).missing:
            await asyncio.sleep(0.1)
    return list(found.missing)


async def prepare_schedules(client: Client, task_queue: str) -> None:
    """Have the reconciliation run each night; a repeat brings the schedule up to date."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            ids.RECONCILIATION_WORKFLOW,
            id="reconciliation",
            task_queue=task_queue,
            static_summary="compare ledger, payment provider and workflows",
        ),
        spec=ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(_RECONCILE_AT_HOUR_UTC)])]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
    try:
        await client.create_schedule(ids.RECONCILIATION_SCHEDULE, schedule)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(ids.RECONCILIATION_SCHEDULE)
        await handle.update(lambda _: ScheduleUpdate(schedule=schedule))


def setup_command(
    ledger_url: Annotated[
        str | None,
        typer.Option(envvar="RETURNFLOW_LEDGER_URL", help="SQLAlchemy URL of the ledger to bring up to date."),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Temporal's address; by default from TEMPORAL_ADDRESS.")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="The namespace; by default from TEMPORAL_NAMESPACE.")
    ] = None,
    task_queue: Annotated[
        str, typer.Option(envvar="RETURNFLOW_TASK_QUEUE", help="The queue that the schedules start work on.")
    ] = ids.DEFAULT_TASK_QUEUE,
) -> None:
    """Prepare a Temporal namespace (search attributes, schedules) and the ledger's schema. May be repeated.

    Example: returns setup --address localhost:7233 --ledger-url sqlite:///ledger.db
    """
    try:
        registered = asyncio.run(_setup(address, namespace, task_queue))
    except (ReturnsError, TimeoutError) as error:
        typer.echo(
            f"setup failed: {error or 'the namespace did not take the search attributes in time'}", err=True
        )
        raise typer.Exit(1) from error
    typer.echo(f"search attributes: {', '.join(registered) if registered else 'all there'}")
    typer.echo(f"schedules: {ids.RECONCILIATION_SCHEDULE}, daily")
    if ledger_url is None:
        typer.echo("ledger: left alone (name it with --ledger-url or RETURNFLOW_LEDGER_URL)")
        return
    try:
        migrate(ledger_url)
    except (ValueError, SQLAlchemyError) as error:
        # An error of the database would repeat its address.
        told = error if isinstance(error, ValueError) else f"the database cannot be opened: {type(error).__name__}"
        typer.echo(f"setup failed: --ledger-url: {told}", err=True)
        raise typer.Exit(1) from error
    typer.echo("ledger: schema is current")


async def _setup(address: str | None, namespace: str | None, task_queue: str) -> list[str]:
    client = await connect_temporal(address, namespace)
    registered = await prepare_namespace(client)
    await prepare_schedules(client, task_queue)
    return registered
