"""Whether a namespace is there and prepared: without the search attributes every step of a return would fail."""

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starters.namespace import attributes_of

log = structlog.get_logger(__name__)


class NotPrepared(Exception):
    """The namespace cannot host returns; the text says what to do."""


async def require_prepared_namespace(client: Client) -> None:
    """Check that the namespace has what returns write. A server that does not say is not asked again.

    Raises:
        NotPrepared: If there is no such namespace, or it lacks a search attribute or has it with another type.
    """
    try:
        found = await attributes_of(client)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotPrepared(
                f"There is no namespace {client.namespace}. Make it with "
                f"`temporal operator namespace create --namespace {client.namespace}`, then run `returns setup`."
            ) from error
        log.warning("search_attributes_unknown", reason=error.message)
        return
    if found.of_another_type:
        raise NotPrepared(
            f"The namespace {client.namespace} has {', '.join(found.of_another_type)} with another type. "
            "Remove them (`temporal operator search-attribute remove`), then run `returns setup`."
        )
    if found.missing:
        raise NotPrepared(
            f"The namespace {client.namespace} lacks the search attributes {', '.join(found.missing)}. "
            "Run `returns setup`."
        )
