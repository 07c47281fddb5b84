"""Stock that is held elsewhere for a return."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.exchange import HoldRelease
from domain.outbox import Template
from workflows import calls
from workflows.case import ReturnCase


async def give_back_stock(case: ReturnCase, reference: str) -> None:
    """Give a hold back; after a day of trying a person does it."""
    release = HoldRelease(reference=reference, at=workflow.now())
    try:
        await calls.release_stock(release, summary="give the held stock back")
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        await case.record("cleanup-failed", case.supervisor_alert(Template.STAFF_CLEANUP_FAILED, what="stock"))
