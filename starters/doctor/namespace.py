"""Temporal and its namespace: whether it answers, is there, and has what returns write."""

import asyncio
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starters.connection import connect_temporal
from starters.doctor.codes import Code
from starters.doctor.commands import Commands
from starters.doctor.findings import Finding, Looked, NotMade, Step
from starters.doctor.limits import Limits
from starters.doctor.site import Site
from starters.errors import ServiceUnavailable
from starters.namespace import attributes_of

_NO_RETURNS = "No return goes on, none can be started, and nothing can be said of those that are open."


@dataclass(frozen=True)
class Reached:
    """What came of connecting: a client, or the finding that says why there is none."""

    client: Client | None = None
    finding: Finding | None = None


async def reach(address: str | None, namespace: str | None, commands: Commands, limits: Limits) -> Reached:
    """Connect, and see that the namespace is there."""
    try:
        async with asyncio.timeout(2 * limits.answer.total_seconds()):
            client = await connect_temporal(address, namespace)
    except ServiceUnavailable as error:
        return Reached(finding=_away(str(error), error.field or "TEMPORAL_ADDRESS"))
    except TimeoutError:
        return Reached(finding=_away("Temporal does not answer.", "TEMPORAL_ADDRESS"))
    try:
        await client.count_workflows('ExecutionStatus = "Running"', rpc_timeout=limits.answer)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Reached(finding=_no_namespace(client.namespace, commands))
        setting = "TEMPORAL_API_KEY" if error.status in _NOT_ALLOWED else "TEMPORAL_ADDRESS"
        return Reached(finding=_away(f"Temporal answers with {error.status.name}.", setting))
    return Reached(client)


async def search_attributes(site: Site) -> Looked:
    """Search attributes that are missing or have another type."""
    try:
        attributes = await attributes_of(site.client)
    except RPCError as error:
        raise NotMade(f"since the server does not list search attributes ({error.status.name})") from error
    findings = []
    if attributes.missing:
        findings.append(
            Finding(
                code=Code.SEARCH_ATTRIBUTES_MISSING,
                what=f"The namespace {site.client.namespace} lacks {', '.join(attributes.missing)}.",
                why="The first step of every return fails, and workers do not start.",
                steps=(Step(command=site.commands.setup()),),
            )
        )
    if attributes.of_another_type:
        names = attributes.of_another_type
        findings.append(
            Finding(
                code=Code.SEARCH_ATTRIBUTES_DIFFER,
                what=f"The namespace {site.client.namespace} has {', '.join(names)} with another type.",
                why="Steps of returns that write them fail, and searches find nothing.",
                steps=(
                    *(
                        Step(
                            command=site.commands.temporal(
                                "operator", "search-attribute", "remove", "--yes", "--name", each
                            )
                        )
                        for each in names
                    ),
                    Step(command=site.commands.setup()),
                ),
            )
        )
    return Looked(findings=tuple(findings))


_NOT_ALLOWED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED)


def _away(told: str, setting: str) -> Finding:
    return Finding(
        code=Code.TEMPORAL_AWAY,
        what=told,
        why=_NO_RETURNS,
        steps=(Step(say=f"Look at {setting}. If it is right, the server is down: start it, returns then go on."),),
    )


def _no_namespace(namespace: str, commands: Commands) -> Finding:
    named = () if "--namespace" in commands.for_temporal else ("--namespace", namespace)
    return Finding(
        code=Code.NAMESPACE_MISSING,
        what=f"Temporal has no namespace {namespace}.",
        why=_NO_RETURNS,
        steps=(
            Step(say="If the name is wrong, mend TEMPORAL_NAMESPACE. If it is a new one:"),
            Step(command=commands.temporal("operator", "namespace", "create", *named, "--retention", "30d")),
            Step(command=commands.setup()),
        ),
    )
