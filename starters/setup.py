"""`returns setup`: prepares a Temporal namespace and a ledger. It may be repeated."""

import asyncio
from typing import Annotated

import typer
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client

from ledger.schema import migrate
from starters.client import connect_temporal
from starters.errors import ReturnsError
from workflows import search_attributes

_VISIBLE_AFTER_SECONDS = 30


async def prepare_namespace(client: Client) -> list[str]:
    """Register the search attributes that the namespace lacks, and wait until it knows them.

    Returns:
        The names that were registered now.

    Raises:
        ReturnsError: If the namespace has one of them with another type.
    """
    wanted = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in search_attributes.ALL}
    existing = await _existing(client)
    for name, kind in wanted.items():
        if name in existing and existing[name] != kind:
            raise ReturnsError(
                f"The namespace {client.namespace} has {name} with another type. "
                "Remove it (temporal operator search-attribute remove) or use another namespace."
            )
    missing = {name: kind for name, kind in wanted.items() if name not in existing}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
    async with asyncio.timeout(_VISIBLE_AFTER_SECONDS):
        while not wanted.keys() <= (await _existing(client)).keys():
            await asyncio.sleep(0.1)
    return sorted(missing)


async def _existing(client: Client) -> dict[str, IndexedValueType.ValueType]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(answer.custom_attributes)


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
) -> None:
    """Prepare a Temporal namespace (search attributes) and the ledger's schema. May be repeated.

    Example: returns setup --address localhost:7233 --ledger-url sqlite:///ledger.db
    """
    try:
        registered = asyncio.run(_setup(address, namespace))
    except (ReturnsError, TimeoutError) as error:
        typer.echo(
            f"setup failed: {error or 'the namespace did not take the search attributes in time'}", err=True
        )
        raise typer.Exit(1) from error
    typer.echo(f"search attributes: {', '.join(registered) if registered else 'all there'}")
    if ledger_url is None:
        typer.echo("ledger: left alone (name it with --ledger-url or RETURNFLOW_LEDGER_URL)")
        return
    migrate(ledger_url)
    typer.echo("ledger: schema is current")


async def _setup(address: str | None, namespace: str | None) -> list[str]:
    return await prepare_namespace(await connect_temporal(address, namespace))
