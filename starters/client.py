"""The typed client: how the order system starts returns, follows them, and passes on what people decide.

It needs Temporal and the contracts only, never the worker's dependencies.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from temporalio.client import (
    RPCError,
    RPCStatusCode,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.actions import Action
from domain.application import ReturnApplication
from domain.explanation import Explanation, MoneyOfReturn, explain
from domain.keys import rma_id_for
from domain.payment_news import PaymentNews
from domain.reconciliation import PaymentQuestion, ReconciliationOrder
from domain.record import Record, UtcDatetime
from domain.shipping import CarrierEvent
from starters.claims import ClaimCalls
from starters.connection import connect_temporal
from starters.errors import (
    DecisionPending,
    RequestIdReused,
    ReturnsError,
    ServiceUnavailable,
)
from starters.follow_ups import FollowUpCalls
from starters.translation import (
    ended,
    ended_before_the_answer,
    not_found_or_unavailable,
    refusal,
    unavailable,
    was_dropped,
)
from workflows import ids, search_attributes, static_text
from workflows.contracts import (
    CARRIER_EVENT_SIGNAL,
    DECISION_UPDATE,
    EXPLAIN_QUERY,
    PAYMENT_NEWS_SIGNAL,
    STATUS_QUERY,
    ActionAnswer,
    ActionRequest,
    Decision,
    DecisionRequest,
    ReturnInput,
    ReturnResult,
    ReturnStatus,
)

Answer = TypeVar("Answer", bound=Record)

_FINGERPRINT = "request_fingerprint"
_DROPPED_PAUSE_SECONDS = 0.1


class ReturnSummary(Record):
    """A return in a list, by what ops search for. `stage` and `needs` may lag behind by a moment."""

    rma_id: str
    order_id: str
    header: str
    stage: str
    needs: str = ""
    breached: bool = False
    next_deadline: UtcDatetime | None = None
    started_at: UtcDatetime
    closed_at: UtcDatetime | None = None


class ReturnsClient(FollowUpCalls, ClaimCalls):
    """Starts returns and talks to them. One per process; safe to share between tasks."""

    @classmethod
    async def connect(
        cls,
        address: str | None = None,
        namespace: str | None = None,
        task_queue: str = ids.DEFAULT_TASK_QUEUE,
    ) -> Self:
        """Connect to Temporal; what is not given comes from Temporal's environment variables and profiles.

        Raises:
            ServiceUnavailable: If the server cannot be reached.
        """
        return cls(await connect_temporal(address, namespace), task_queue)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Temporal's client holds nothing that has to be closed."""

    async def apply(
        self,
        application: ReturnApplication,
        request_id: str,
        wait: timedelta = timedelta(seconds=20),
    ) -> Decision:
        """Start a return and get its first decision in one round trip.

        The request id is the caller's: the same one with the same body finds the same return.

        Args:
            application: What the customer asks for.
            request_id: Unique for the request within its order.
            wait: How long to wait for the decision.

        Returns:
            The decision; a request that is wrong in fact has a `refusal` and holds nothing.

        Raises:
            RequestIdReused: If the id was used with another body.
            DecisionPending: If the decision does not come in time; the return goes on.
            ServiceUnavailable: If Temporal does not answer.
        """
        rma_id = rma_id_for(application.order_id, request_id)
        fingerprint = request_fingerprint(application)
        try:
            async with asyncio.timeout(wait.total_seconds()):
                return await self._start_and_decide(rma_id, fingerprint, application)
        except WorkflowAlreadyStartedError:
            return await self._decision_of_ended(rma_id, fingerprint)
        except WorkflowUpdateFailedError as error:
            if ended_before_the_answer(error):
                return await self._decision_of_ended(rma_id, fingerprint)
            raise refusal(error) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            if await self._exists(rma_id):
                raise DecisionPending(rma_id) from error
            raise ServiceUnavailable("Temporal does not answer; nothing was started.") from error
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                return await self._decision_of_ended(rma_id, fingerprint)
            raise unavailable(error) from error

    async def status(self, rma_id: str) -> ReturnStatus:
        """Read where a return stands, also after its end while Temporal keeps it.

        Raises:
            ReturnNotFound: If there is no such return.
            ServiceUnavailable: If no worker answers.
        """
        status = await self._ask(rma_id, STATUS_QUERY, ReturnStatus)
        if not status.is_final:
            return status
        return status.model_copy(update={"followed_by": await self._followed_by(status)})

    async def explain(self, rma_id: str) -> Explanation:
        """Read the money of a return, row by row, also after its end while Temporal keeps it.

        For sentences pass it to `domain.worksheet_words.in_words`, which needs the extra `words`.

        Raises:
            ReturnNotFound: If there is no such return.
            ServiceUnavailable: If no worker answers.
        """
        return explain(await self._ask(rma_id, EXPLAIN_QUERY, MoneyOfReturn))

    async def act(
        self, rma_id: str, action: Action, request: ActionRequest, request_id: str | None = None
    ) -> ActionAnswer:
        """Send what a person decided or reported; the return says yes or a clear no at once.

        Args:
            rma_id: The return.
            action: What is done.
            request: Its input, as `workflows.contracts.ACTION_REQUESTS` names it.
            request_id: With the same id a repeat is the same action.

        Raises:
            ReturnNotFound: If there is no such return.
            ActionNotAllowed: If the return does not allow it now, or has ended.
            RoleNotPermitted: If the actor may not do it.
            AboveAuthority: If the actor may not grant so much.
            VersionOutdated: If the return has changed since the version that the request expects.
            InvalidAction: If it names what the return does not have.
            RequestIdReused: If the id was used for another action of the return.
            ServiceUnavailable: If no worker answers.
        """
        try:
            async with asyncio.timeout(30):
                answer: ActionAnswer = await self._handle(rma_id).execute_update(
                    action.value, request, id=request_id, result_type=ActionAnswer
                )
        except WorkflowUpdateFailedError as error:
            if ended_before_the_answer(error):
                raise ended(rma_id, action) from error
            raise refusal(error) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise ServiceUnavailable(
                f"No worker answered for {rma_id}. Send it again with the same request id."
            ) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and await self._exists(rma_id):
                raise ended(rma_id, action) from error
            raise not_found_or_unavailable(error, rma_id) from error
        if answer.action is not action:
            raise RequestIdReused(
                f"This request id was used for {answer.action.value}; {action.value} needs one of its own.",
                "Idempotency-Key",
            )
        return answer

    async def report_carrier_event(self, rma_id: str, event: CarrierEvent) -> bool:
        """Pass on a scan; False if the return has ended, so that nobody waits for it any more.

        Raises:
            ServiceUnavailable: If Temporal does not answer.
        """
        try:
            await self._handle(rma_id).signal(CARRIER_EVENT_SIGNAL, event)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise unavailable(error) from error
        return True

    async def report_payment_news(self, rma_id: str, key: str) -> bool:
        """Tell a return that the provider reported something of an intent; False if the return has ended.

        Raises:
            ServiceUnavailable: If Temporal does not answer.
        """
        try:
            await self._handle(rma_id).signal(PAYMENT_NEWS_SIGNAL, key)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise unavailable(error) from error
        return True

    async def look_into_payment(self, news: PaymentNews) -> None:
        """Have one payment compared with the provider, beside the schedule; once for each report.

        Raises:
            ServiceUnavailable: If Temporal does not answer.
        """
        question = PaymentQuestion(direction=news.direction, reference=news.reference)
        try:
            await self._client.start_workflow(
                ids.RECONCILIATION_WORKFLOW,
                ReconciliationOrder(payment=question),
                id=ids.payment_look_workflow_id(news.provider, news.event_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{news.provider} reports {news.reference} as {news.status.value}",
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise unavailable(error) from error

    async def result(self, rma_id: str) -> ReturnResult:
        """Wait for the end of a return.

        Raises:
            ReturnNotFound: If there is no such return.
            ReturnsError: If it was terminated from outside.
        """
        handle: WorkflowHandle[Any, ReturnResult] = self._client.get_workflow_handle(
            ids.return_workflow_id(rma_id), result_type=ReturnResult
        )
        try:
            return await handle.result()
        except WorkflowFailureError as error:
            raise ReturnsError(f"{rma_id} did not end by itself: {error.cause}") from error
        except RPCError as error:
            raise not_found_or_unavailable(error, rma_id) from error

    async def search(self, query: str = "", limit: int = 100) -> AsyncIterator[ReturnSummary]:
        """List returns, the newest first, by a visibility query on top of the workflow type.

        Raises:
            ReturnsError: If the query is not one that Temporal understands.
        """
        full = f'WorkflowType = "{ids.RETURN_WORKFLOW}"' + (f" AND ({query})" if query else "")
        try:
            async for execution in self._client.list_workflows(full, limit=limit):
                found = execution.typed_search_attributes
                yield ReturnSummary(
                    rma_id=ids.rma_id_of(execution.id),
                    order_id=found.get(search_attributes.ORDER_ID) or "",
                    header=found.get(search_attributes.HEADER) or "",
                    stage=found.get(search_attributes.STAGE) or "",
                    needs=_role(found.get(search_attributes.NEEDS)),
                    breached=bool(found.get(search_attributes.BREACHED)),
                    next_deadline=found.get(search_attributes.NEXT_DEADLINE),
                    started_at=execution.start_time,
                    closed_at=execution.close_time,
                )
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise ReturnsError(f"The query is not understood: {error.message}", "query") from error
            raise unavailable(error) from error

    async def of_order(self, order_id: str) -> list[ReturnSummary]:
        """List the returns of an order."""
        quoted = order_id.replace("\\", "\\\\").replace('"', '\\"')
        query = f'{search_attributes.ORDER_ID.name} = "{quoted}"'
        return [summary async for summary in self.search(query)]

    async def _start_and_decide(self, rma_id: str, fingerprint: str, application: ReturnApplication) -> Decision:
        """Ask until the decision is there; what the server dropped while it waited is found by the same call."""
        while True:
            try:
                return await self._start_and_ask(rma_id, fingerprint, application)
            except RPCError as error:
                if not was_dropped(error):
                    raise
                await asyncio.sleep(_DROPPED_PAUSE_SECONDS)

    async def _start_and_ask(self, rma_id: str, fingerprint: str, application: ReturnApplication) -> Decision:
        start: WithStartWorkflowOperation[Any, ReturnResult] = WithStartWorkflowOperation(
            ids.RETURN_WORKFLOW,
            ReturnInput(rma_id=rma_id, request_fingerprint=fingerprint, application=application),
            id=ids.return_workflow_id(rma_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search_attributes.at_start(application),
            memo={_FINGERPRINT: fingerprint},
            static_summary=static_text.summary_of_return(application),
            static_details=static_text.details_of_return(application),
        )
        decision: Decision = await self._client.execute_update_with_start_workflow(
            DECISION_UPDATE,
            DecisionRequest(request_fingerprint=fingerprint),
            start_workflow_operation=start,
            id=ids.decision_update_id(fingerprint),
            result_type=Decision,
        )
        return decision

    async def _decision_of_ended(self, rma_id: str, fingerprint: str) -> Decision:
        """The decision of a return that has ended, for a repeat of its request."""
        try:
            description = await self._handle(rma_id).describe()
        except RPCError as error:
            raise not_found_or_unavailable(error, rma_id) from error
        if await description.memo_value(_FINGERPRINT, "") != fingerprint:
            raise RequestIdReused(
                f"This request id already started {rma_id} with another body. Use a new id for a new request.",
                "Idempotency-Key",
            )
        status = await self.status(rma_id)
        return Decision(
            rma_id=rma_id,
            approval=status.approval,
            refusal=status.refusal,
            reasons=status.reasons,
            policy_version=status.policy_version,
            price_difference_minor=status.price_difference_minor,
            quoted_minor=status.quoted_minor,
            currency=status.currency,
        )


def request_fingerprint(application: ReturnApplication) -> str:
    """Tell one body from another: equal applications have equal fingerprints.

    What an application leaves as it is by default does not count, so that a new field changes no fingerprint.
    """
    return hashlib.sha256(application.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:32]


def _role(shown: str | None) -> str:
    """Who is needed: the search attribute says `nobody` where the contracts leave it empty."""
    return "" if shown in (None, search_attributes.NOBODY) else shown
