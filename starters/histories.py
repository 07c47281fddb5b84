"""Recorded histories of returns, read from JSON files: as Temporal's tools and SDKs export them."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from domain.actions import Action
from domain.bookkeeping import Review, SettlementPlan
from domain.dry_run import RecordedReturn
from domain.inspection import InspectedUnits, Verdict
from domain.liability import Liability
from domain.orders import OrderFacts
from domain.record import UtcDatetime
from domain.refund import RefundLine, UnitsToSettle
from domain.review import ReviewOutcome
from domain.shipping import CarrierEvent, CarrierEventKind
from workflows import ids
from workflows.contracts import (
    CARRIER_EVENT_SIGNAL,
    EvidenceSubmission,
    InspectionReport,
    Receipt,
    ReturnInput,
    ReviewVerdict,
)

Model = TypeVar("Model", bound=BaseModel)

_PLAIN = b"json/plain"
_LOCAL_ACTIVITY = "core_local_activity"


class UnreadableHistory(Exception):
    """A file that is no history of a return, or one whose payloads cannot be read; the text says why."""


def read_histories(folder: Path) -> tuple[list[RecordedReturn], dict[str, str]]:
    """Read every JSON file below a folder.

    Returns:
        The returns in the order of their files, and why the other files are none, by name.
    """
    records, unreadable = [], {}
    for file in sorted(folder.rglob("*.json")):
        try:
            records.append(read_history(file, str(file.relative_to(folder))))
        except UnreadableHistory as error:
            unreadable[str(file.relative_to(folder))] = str(error)
    return records, unreadable


def read_history(file: Path, name: str) -> RecordedReturn:
    """Read the history of one return.

    Raises:
        UnreadableHistory: If it is none, or its payloads are not plain JSON.
    """
    try:
        events = WorkflowHistory.from_json(name, file.read_text("utf-8")).events
        return _Reading(events).recorded(name)
    except UnreadableHistory:
        raise
    except ValidationError as error:
        raise UnreadableHistory(f"its payloads are not those of a return: {error.title}") from error
    except Exception as error:
        # Any file may lie in the folder, and each JSON and protobuf library has errors of its own for that.
        raise UnreadableHistory(f"it is no history of a workflow: {type(error).__name__}") from error


class _Reading:
    """What the events of one history come to."""

    def __init__(self, events: Iterable[HistoryEvent]) -> None:
        self._events = list(events)

    def recorded(self, name: str) -> RecordedReturn:
        first = self._events[0] if self._events else HistoryEvent()
        started = first.workflow_execution_started_event_attributes
        if started.workflow_type.name != ids.RETURN_WORKFLOW:
            raise UnreadableHistory(f"it is no return but {started.workflow_type.name or 'something else'}")
        start = _decode(started.input.payloads, ReturnInput)
        facts = next((each for each in self._fetched() if each.order), OrderFacts(order=None))
        reviews = list(self._results("ledger.review_application", Review))
        decisions = [review.decision for review in reviews if review.decision]
        verdicts = list(self._updates(Action.REVIEW, ReviewVerdict))
        reports = list(self._updates(Action.INSPECT, InspectionReport))
        by_person = verdicts[-1][1].approve if verdicts else None
        by_itself = bool(decisions) and decisions[-1].outcome is ReviewOutcome.APPROVED
        return RecordedReturn(
            name=name,
            rma_id=start.rma_id,
            policy_version=decisions[-1].policy_version if decisions else "",
            applied_at=_time_of(first),
            application=start.application,
            order=facts.order,
            variants=facts.variants,
            evidence=tuple(
                {line.line_id: line.evidence for line in submission.lines}
                for _, submission in self._updates(Action.SUBMIT_EVIDENCE, EvidenceSubmission)
            ),
            approved_by_person=by_person,
            liability={
                line_id: Liability.of(decided)
                for _, each in verdicts
                for line_id, decided in each.liability.items()
            },
            was_approved=by_itself if by_person is None else by_person,
            settled=tuple(self._settled([unit for _, report in reports for unit in report.units])),
            arrived_at=min(self._arrivals(), default=None),
            inspected_at=reports[0][0] if reports else _time_of(self._events[-1]),
        )

    def _fetched(self) -> Iterator[OrderFacts]:
        names = {}
        for event in self._events:
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_id:
                names[event.event_id] = scheduled.activity_type.name
            completed = event.activity_task_completed_event_attributes
            if names.get(completed.scheduled_event_id) == "orders.fetch_facts":
                yield _decode(completed.result.payloads, OrderFacts)

    def _results(self, activity: str, model: type[Model]) -> Iterator[Model]:
        """What local activities of a name answered."""
        for event in self._events:
            marker = event.marker_recorded_event_attributes
            if marker.marker_name != _LOCAL_ACTIVITY or not marker.details["result"].payloads:
                continue
            about = json.loads(marker.details["data"].payloads[0].data)
            if about["activity_type"] == activity:
                yield _decode(marker.details["result"].payloads, model)

    def _updates(self, action: Action, model: type[Model]) -> Iterator[tuple[UtcDatetime, Model]]:
        """The actions of a name that were accepted, with the workflow's time."""
        for event in self._events:
            sent = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
            if sent.name == action:
                yield _time_of(event), _decode(sent.args.payloads, model)

    def _arrivals(self) -> Iterator[UtcDatetime]:
        """The carrier's delivery scans and our receipts, each by its own time."""
        for event in self._events:
            signal = event.workflow_execution_signaled_event_attributes
            if signal.signal_name == CARRIER_EVENT_SIGNAL:
                scan = _decode(signal.input.payloads, CarrierEvent)
                if scan.kind == CarrierEventKind.DELIVERED:
                    yield scan.occurred_at
        for _, receipt in self._updates(Action.RECEIVE, Receipt):
            yield receipt.received_at

    def _settled(self, found: list[InspectedUnits]) -> Iterator[UnitsToSettle]:
        """The units of every quote, with the deductions that the inspection gives them."""
        accepted = [units for units in found if units.verdict is Verdict.ACCEPTED]
        plans = list(self._results("ledger.authorize_refund", SettlementPlan))
        # An advance is money on account; the refunds after it settle the units.
        for plan in plans[1:] if self._was_advanced(plans) else plans:
            for line in plan.refund.quote.lines:
                yield UnitsToSettle(
                    line_id=line.line_id, quantity=line.quantity, deduction_bps=_deduction(line, accepted)
                )

    @staticmethod
    def _was_advanced(plans: list[SettlementPlan]) -> bool:
        return any(plan.refund.paid_in_advance_minor for plan in plans)


def _deduction(line: RefundLine, accepted: list[InspectedUnits]) -> int:
    if not line.deduction_minor:
        return 0
    alike = (each for each in accepted if (each.line_id, each.quantity) == (line.line_id, line.quantity))
    return next((each.deduction_bps for each in alike if each.deduction_bps), 0)


def _decode(payloads: Iterable[Payload], model: type[Model]) -> Model:
    payload = next(iter(payloads))
    if payload.metadata.get("encoding") != _PLAIN:
        raise UnreadableHistory("its payloads are encoded; export the history decoded")
    return model.model_validate_json(payload.data)


def _time_of(event: HistoryEvent) -> UtcDatetime:
    return event.event_time.ToDatetime(UTC)
