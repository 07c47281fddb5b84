"""The typed client: how the order system starts returns, follows them, and passes on what people decide.

It needs Temporal and the contracts only, never the worker's dependencies.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from temporalio.client import (
    Client,
    RPCError,
    RPCStatusCode,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from domain.actions import Action
from domain.application import ReturnApplication
from domain.explanation import Explanation, MoneyOfReturn, explain
from domain.follow_up import FollowUpAnswer, FollowUpKind, FollowUpRefusalCode, FollowUpRequest
from domain.keys import follow_up_id, rma_id_for
from domain.record import Record, UtcDatetime
from domain.shipping import CarrierEvent
from starters.errors import (
    AboveAuthority,
    ActionNotAllowed,
    DecisionPending,
    InvalidAction,
    RequestIdReused,
    ReturnNotFound,
    ReturnsError,
    RoleNotPermitted,
    ServiceUnavailable,
    VersionOutdated,
)
from workflows import ids, search_attributes
from workflows.contracts import (
    CARRIER_EVENT_SIGNAL,
    DECISION_UPDATE,
    EXPLAIN_QUERY,
    STATUS_QUERY,
    ActionAnswer,
    ActionRequest,
    Decision,
    DecisionRequest,
    FollowUpOpened,
    ReopenRequest,
    ReturnInput,
    ReturnResult,
    ReturnStatus,
)

Answer = TypeVar("Answer", bound=Record)

_FINGERPRINT = "request_fingerprint"
_UNAVAILABLE = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,  # the connection broke
    RPCStatusCode.FAILED_PRECONDITION,  # a query while no worker polls
    RPCStatusCode.RESOURCE_EXHAUSTED,
)
_REFUSALS: dict[str, type[ReturnsError]] = {
    "ActionNotAllowed": ActionNotAllowed,
    "RoleNotPermitted": RoleNotPermitted,
    "InvalidAction": InvalidAction,
    "RequestIdReused": RequestIdReused,
    "VersionOutdated": VersionOutdated,
    "AboveAuthority": AboveAuthority,
}
_FOLLOW_UP_REFUSALS: dict[FollowUpRefusalCode, tuple[type[ReturnsError], str]] = {
    FollowUpRefusalCode.NOT_FOUND: (ReturnNotFound, "rma_id"),
    FollowUpRefusalCode.ROLE_NOT_PERMITTED: (RoleNotPermitted, "actor.role"),
    FollowUpRefusalCode.UNKNOWN_LINE: (InvalidAction, "lines"),
}


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


class ReturnsClient:
    """Starts returns and talks to them. One per process; safe to share between tasks."""

    def __init__(self, client: Client, task_queue: str = ids.DEFAULT_TASK_QUEUE) -> None:
        self._client = client
        self._task_queue = task_queue

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
            if _ended_before_the_answer(error):
                return await self._decision_of_ended(rma_id, fingerprint)
            raise _refusal(error) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            if await self._exists(rma_id):
                raise DecisionPending(rma_id) from error
            raise ServiceUnavailable("Temporal does not answer; nothing was started.") from error
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                return await self._decision_of_ended(rma_id, fingerprint)
            raise _unavailable(error) from error

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
            if _ended_before_the_answer(error):
                raise _ended(rma_id, action) from error
            raise _refusal(error) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise ServiceUnavailable(
                f"No worker answered for {rma_id}. Send it again with the same request id."
            ) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and await self._exists(rma_id):
                raise _ended(rma_id, action) from error
            raise _not_found_or_unavailable(error, rma_id) from error
        if answer.action is not action:
            raise RequestIdReused(
                f"This request id was used for {answer.action.value}; {action.value} needs one of its own.",
                "Idempotency-Key",
            )
        return answer

    async def reopen(self, rma_id: str, request: ReopenRequest, request_id: str | None = None) -> FollowUpOpened:
        """Take up a return that has ended: a supervisor looks at it again, as a case with a number of its own.

        Args:
            rma_id: The return that has ended.
            request: Who asks, and why.
            request_id: With the same id a repeat finds the same follow-up.

        Raises:
            ReturnNotFound: If there is no such return.
            ActionNotAllowed: If it has not ended, was reopened before, or its time has passed.
            RoleNotPermitted: If the actor may not do it.
            RequestIdReused: If the id was used for another request.
            ServiceUnavailable: If no worker answers.
        """
        return await self.follow_up(
            FollowUpRequest(
                of=rma_id,
                request_id=request_id or uuid4().hex,
                kind=FollowUpKind.REOPENED,
                actor=request.actor,
                reason=request.note,
            )
        )

    async def follow_up(self, request: FollowUpRequest) -> FollowUpOpened:
        """Take up a return that has ended, for whatever came after its end.

        Raises:
            ReturnNotFound: If there is no such return.
            ActionNotAllowed: If it has not ended, another follow-up is open, or its time has passed.
            RoleNotPermitted: If the actor may not do it.
            InvalidAction: If it names a line that the return does not have.
            RequestIdReused: If the id was used for another request.
            ServiceUnavailable: If no worker answers.
        """
        try:
            async with asyncio.timeout(30):
                answer: FollowUpAnswer = await self._client.execute_workflow(
                    ids.FOLLOW_UP_WORKFLOW,
                    request,
                    id=ids.follow_up_workflow_id(request.of, request.request_id),
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    result_type=FollowUpAnswer,
                )
        except TimeoutError as error:
            raise ServiceUnavailable(
                f"No worker answered for {request.of}. Send it again with the same request id."
            ) from error
        except RPCError as error:
            raise _unavailable(error) from error
        if answer.request != request:
            raise RequestIdReused(
                f"This request id was used for another request to {request.of}. Use a new id for a new request.",
                "Idempotency-Key",
            )
        if answer.refusal:
            refused, field = _FOLLOW_UP_REFUSALS.get(answer.refusal.code, (ActionNotAllowed, "rma_id"))
            raise refused(answer.refusal.detail, field)
        if answer.follows is None:
            raise ReturnsError(f"{request.of} was neither taken up nor refused.")
        return FollowUpOpened(rma_id=answer.rma_id, follows=answer.follows)

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
            raise _unavailable(error) from error
        return True

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
            raise _not_found_or_unavailable(error, rma_id) from error

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
            raise _unavailable(error) from error

    async def of_order(self, order_id: str) -> list[ReturnSummary]:
        """List the returns of an order."""
        quoted = order_id.replace("\\", "\\\\").replace('"', '\\"')
        query = f'{search_attributes.ORDER_ID.name} = "{quoted}"'
        return [summary async for summary in self.search(query)]

    def _handle(self, rma_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(ids.return_workflow_id(rma_id))

    async def _ask(self, rma_id: str, query: str, answer_type: type[Answer]) -> Answer:
        try:
            answer: Answer = await self._handle(rma_id).query(
                query, result_type=answer_type, rpc_timeout=timedelta(seconds=10)
            )
        except WorkflowQueryFailedError as error:
            raise ServiceUnavailable(f"The {query} of {rma_id} cannot be read: {error}") from error
        except RPCError as error:
            raise _not_found_or_unavailable(error, rma_id) from error
        return answer

    async def _start_and_decide(self, rma_id: str, fingerprint: str, application: ReturnApplication) -> Decision:
        units = sum(line.quantity for line in application.lines)
        what = f"{units} units of " if units else "all of "
        start: WithStartWorkflowOperation[Any, ReturnResult] = WithStartWorkflowOperation(
            ids.RETURN_WORKFLOW,
            ReturnInput(rma_id=rma_id, request_fingerprint=fingerprint, application=application),
            id=ids.return_workflow_id(rma_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search_attributes.at_start(application.order_id),
            memo={_FINGERPRINT: fingerprint},
            static_summary=f"{application.desired_resolution.value}: {what}order {application.order_id}",
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
            raise _not_found_or_unavailable(error, rma_id) from error
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

    async def _followed_by(self, status: ReturnStatus) -> str:
        """The case that took up this one; its number is the next one."""
        root, number = (status.follows.root, status.follows.number) if status.follows else (status.rma_id, 1)
        following = follow_up_id(root, number + 1)
        return following if await self._exists(following) else ""

    async def _exists(self, rma_id: str) -> bool:
        try:
            await self._handle(rma_id).describe(rpc_timeout=timedelta(seconds=5))
        except RPCError:
            return False
        return True


async def connect_temporal(address: str | None = None, namespace: str | None = None) -> Client:
    """Connect to Temporal with the converter that every part of the pipeline shares.

    Raises:
        ServiceUnavailable: If the server cannot be reached.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    if address:
        config["target_host"] = address
    if namespace:
        config["namespace"] = namespace
    try:
        return await Client.connect(**config, data_converter=pydantic_data_converter)
    except RuntimeError as error:
        raise ServiceUnavailable(
            f"No Temporal server answers at {config['target_host']}. "
            "Start one with `returns up`, or set TEMPORAL_ADDRESS."
        ) from error


def request_fingerprint(application: ReturnApplication) -> str:
    """Tell one body from another: equal applications have equal fingerprints.

    What an application leaves as it is by default does not count, so that a new field changes no fingerprint.
    """
    return hashlib.sha256(application.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:32]


def _role(shown: str | None) -> str:
    """Who is needed: the search attribute says `nobody` where the contracts leave it empty."""
    return "" if shown in (None, search_attributes.NOBODY) else shown


def _refusal(error: WorkflowUpdateFailedError) -> ReturnsError:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in _REFUSALS:
        field = str(cause.details[0].get("field", "")) if cause.details else ""
        return _REFUSALS[cause.type](cause.message, field)
    return ReturnsError(str(cause))


def _ended_before_the_answer(error: WorkflowUpdateFailedError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == "AcceptedUpdateCompletedWorkflow"


def _ended(rma_id: str, action: Action) -> ActionNotAllowed:
    return ActionNotAllowed(f"{action.value} is not allowed: {rma_id} has ended.", "action")


def _not_found_or_unavailable(error: RPCError, rma_id: str) -> ReturnsError:
    if error.status is RPCStatusCode.NOT_FOUND:
        return ReturnNotFound(f"There is no return {rma_id}.", "rma_id")
    return _unavailable(error)


def _unavailable(error: RPCError) -> ReturnsError:
    if error.status in _UNAVAILABLE:
        return ServiceUnavailable(f"Temporal does not answer: {error.message}. Try again.")
    return ReturnsError(f"Temporal refused the request: {error.message}")
