"""Calls that are owed to the customer: one that is refused reaches a person, and is made again each day."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.outbox import Template
from workflows.calls import Input, Output, ProviderCall
from workflows.case import ReturnCase

_ASK_AGAIN = timedelta(hours=24)


async def owed(
    case: ReturnCase, call: ProviderCall[Input, Output], argument: Input, what: str, alert: Template, key: str
) -> Output:
    """Call until it succeeds. `what` names it for people, `key` is what it is known by at the provider."""
    while True:
        try:
            return await call(argument, summary=what)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            case.note(f"{what} refused", str(error.cause))
            await case.record(f"{call.name.replace('.', '-')}-refused", case.supervisor_alert(alert, key=key))
            await workflow.sleep(_ASK_AGAIN, summary=f"ask again: {what}")
