"""Takes up a return that has ended: numbers the follow-up case and starts it. It lives for seconds."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.bookkeeping import FollowUpOpening
from domain.follow_up import FollowUpAnswer, FollowUpRequest
from workflows import calls, ids, search_attributes, static_text
from workflows.contracts import ReturnInput


@workflow.defn(name=ids.FOLLOW_UP_WORKFLOW)
class FollowUpWorkflow:
    """Between the number and the start of its case nothing can be lost, which a caller of both could not say."""

    @workflow.run
    async def run(self, request: FollowUpRequest) -> FollowUpAnswer:
        """Open the follow-up, or answer why not; a repeat finds the one that there is."""
        opened = await calls.open_follow_up(FollowUpOpening(request=request, at=workflow.now()))
        if opened.follows is None or opened.application is None:
            return opened
        try:
            await workflow.start_child_workflow(
                ids.RETURN_WORKFLOW,
                ReturnInput(
                    rma_id=opened.rma_id,
                    request_fingerprint=request.request_id,
                    application=opened.application,
                    follows=opened.follows,
                ),
                id=ids.return_workflow_id(opened.rma_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=search_attributes.at_start(opened.application),
                static_summary=f"{opened.follows.kind.value}: follows {opened.follows.of}",
                static_details=static_text.details_of_return(opened.application),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("follow-up was started before")
        return opened
