"""Recovery of a loss: starts a claim beside the return once the customer is paid (section 5)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.claims import ClaimedUnits, ClaimGrounds, ClaimReason, TrackedParcel
from domain.clocks import Clock, ClockName, ClockState
from domain.liability import CUSTOMERS
from domain.reasons import LiableParty, ReturnReason
from domain.status import Logistics
from workflows import ids, search_attributes, static_text
from workflows.case import ReturnCase
from workflows.contracts.claims import ClaimInput
from workflows.gates import all_open
from workflows.parcel import Parcel

_PATCH = "recovery-claims"


class Recovery:
    """Finds out whether somebody else answers for a loss, and leaves the rest to a claim of its own."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case

    async def start(self) -> None:
        """Start a claim if there is something to claim. It takes its own time; nothing here waits for it."""
        grounds = self._grounds()
        if grounds is None or not (all_open() or workflow.patched(_PATCH)):
            return
        case = self._case
        try:
            await workflow.start_child_workflow(
                ids.RECOVERY_CLAIM_WORKFLOW,
                ClaimInput(
                    rma_id=case.rma_id,
                    order_id=case.application.order_id,
                    customer_id=case.application.customer_id,
                    locale=case.application.locale,
                    grounds=grounds,
                    rules=case.rules.claims,
                ),
                id=ids.claim_workflow_id(case.rma_id, grounds.party.value),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=search_attributes.of_claim(case.application.order_id),
                static_summary=f"{grounds.reason.value}: from {grounds.party.value}",
                static_details=static_text.details_of_claim(case.rma_id, grounds),
            )
        except WorkflowAlreadyStartedError:
            # A reset of the return finds the claim that it started before.
            return
        case.note("claim started", f"{grounds.party.value}: {grounds.reason.value}")

    def _grounds(self) -> ClaimGrounds | None:
        """What is claimed, if anything: a loss comes before a damage, and a damage before a missed scan."""
        case = self._case
        lost = [parcel for parcel in case.parcels if parcel.logistics is Logistics.LOST]
        if lost:
            return self._claim(ClaimReason.LOST_IN_TRANSIT, workflow.now(), _units_in(lost), lost)
        if damaged := self._damaged_on_the_way():
            delivered_at = case.order.delivered_at if case.order else None
            return self._claim(ClaimReason.DAMAGED_IN_TRANSIT, delivered_at or case.opened_at, damaged)
        missed = self._missed_scan()
        if missed and case.rules.missed_scan_minor:
            late = [parcel for parcel in case.parcels if parcel.subject == missed.subject]
            return self._claim(ClaimReason.SCAN_MISSING, missed.due_at, (), late, case.rules.missed_scan_minor)
        return None

    def _damaged_on_the_way(self) -> tuple[ClaimedUnits, ...]:
        """The units that were paid because they broke on their way to the customer, with the carrier's share."""
        case = self._case
        return tuple(
            ClaimedUnits(line_id=line.line_id, quantity=case.lines[line.line_id].refunded, share_bps=share_bps)
            for line in case.application.lines
            if line.reason is ReturnReason.DAMAGED_IN_TRANSIT
            and case.lines[line.line_id].refunded
            and (share_bps := case.liability.get(line.line_id, CUSTOMERS).shares.get(LiableParty.CARRIER, 0))
        )

    def _missed_scan(self) -> Clock | None:
        missed = (
            clock
            for clock in self._case.clocks.all
            if clock.name is ClockName.ACCEPTANCE_SCAN and clock.state is ClockState.BREACHED
        )
        return next(missed, None)

    def _claim(
        self,
        reason: ClaimReason,
        event_at: datetime,
        units: Sequence[ClaimedUnits],
        parcels: Sequence[Parcel] = (),
        fixed_minor: int = 0,
    ) -> ClaimGrounds:
        """The grounds of a claim. Damaged goods travelled in the order's parcel, which we do not know."""
        case = self._case
        claimed = [entry.line_id for entry in units]
        return ClaimGrounds(
            party=case.rules.claims.party(reason),
            reason=reason,
            event_at=event_at,
            parcels=tuple(
                TrackedParcel(carrier=parcel.carrier, tracking_no=parcel.tracking_no)
                for parcel in parcels
                if parcel.tracking_no
            ),
            units=tuple(units),
            photos=tuple(
                item.reference
                for line in case.application.lines
                if line.line_id in claimed
                for item in line.evidence
            ),
            fixed_minor=fixed_minor,
        )


def _units_in(parcels: Sequence[Parcel]) -> tuple[ClaimedUnits, ...]:
    units: Counter[str] = Counter()
    for parcel in parcels:
        units.update(parcel.quantities())
    return tuple(ClaimedUnits(line_id=line_id, quantity=count) for line_id, count in units.items() if count)
