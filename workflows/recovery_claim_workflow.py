"""A claim against whoever answers for a loss. It lives for months and never delays the customer (section 5)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.actions import Role
from domain.bookkeeping import ClaimEntry, ClaimOpening
from domain.claims import (
    ClaimAnswer,
    ClaimFiling,
    ClaimLookup,
    ClaimState,
    ClaimVerdict,
    FiledClaim,
    RecoveryClaim,
    missing_evidence,
    scan_evidence,
)
from domain.notices import Notices
from domain.outbox import OutboxItem, Template
from domain.shipping import TrackingRequest
from workflows import calls, ids, search_attributes
from workflows.contracts import CLAIM_STATUS_QUERY, PARCEL_FOUND_SIGNAL
from workflows.contracts.claims import (
    ClaimAction,
    ClaimActionAnswer,
    ClaimInput,
    ClaimResult,
    ClaimStatus,
    ClaimWriteOff,
    EvidenceAddition,
    PartyAnswer,
)
from workflows.handlers.described import described
from workflows.validation import claims as validation

_ASK_AGAIN = timedelta(days=1)
_REPEAT_ALERT = timedelta(days=7)
_OUTCOMES = {
    ClaimVerdict.ACCEPTED: ClaimState.ACCEPTED,
    ClaimVerdict.PARTLY_ACCEPTED: ClaimState.PARTLY_ACCEPTED,
    ClaimVerdict.REJECTED: ClaimState.REJECTED,
}


@workflow.defn(name=ids.RECOVERY_CLAIM_WORKFLOW)
class RecoveryClaimWorkflow:
    """Gathers the evidence, files the claim, and waits for its answer under deadlines of its own."""

    @workflow.init
    def __init__(self, start: ClaimInput) -> None:
        self._start = start
        self._notices = Notices(start.rma_id, start.customer_id, start.order_id, start.locale)
        self._claim: RecoveryClaim | None = None
        self._answers: list[ClaimAnswer] = []
        self._needs = ""
        self._steps = 0

    @workflow.run
    async def run(self, start: ClaimInput) -> ClaimResult:
        """Take the claim from the loss to its outcome."""
        await self._open()
        await self._read_the_scans()
        await self._gather_evidence()
        await self._file()
        await self._hear_the_party()
        await self._record(*self._farewell())
        await workflow.wait_condition(workflow.all_handlers_finished)
        claim = self.claim
        return ClaimResult(
            reference=claim.reference,
            state=claim.state,
            awarded_minor=claim.awarded_minor,
            currency=claim.currency,
        )

    @property
    def claim(self) -> RecoveryClaim:
        """The claim, once it is open."""
        assert self._claim is not None, "a claim is opened first"
        return self._claim

    async def _open(self) -> None:
        start = self._start
        opening = ClaimOpening(
            rma_id=start.rma_id,
            op=self._op(),
            at=workflow.now(),
            grounds=start.grounds,
            due_at=start.grounds.event_at + start.rules.filing,
        )
        self._claim = await calls.open_claim(opening)

    async def _read_the_scans(self) -> None:
        """Have the carrier's own scans in the evidence; without its answer the claim goes on without them."""
        for parcel in self._start.grounds.parcels:
            request = TrackingRequest(carrier=parcel.carrier, tracking_no=parcel.tracking_no, at=workflow.now())
            try:
                tracking = await calls.track_parcel(request, summary=f"scans of {parcel.carrier}")
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                continue
            self._change(evidence=(*self.claim.evidence, *scan_evidence(tracking)))

    async def _gather_evidence(self) -> None:
        """Give people some time for what is missing; then the claim is filed with what there is."""
        missing = missing_evidence(self.claim.reason, self.claim.evidence)
        if not missing:
            return
        await self._record(self._alert(Template.STAFF_CLAIM_EVIDENCE, missing=", ".join(missing)))
        self._need(Role.AGENT_TIER_1)
        due_at = min(workflow.now() + self._start.rules.evidence, self.claim.due_at)
        await self._until(
            due_at,
            lambda: self._is_over or not missing_evidence(self.claim.reason, self.claim.evidence),
            "claim evidence",
        )
        self._need("")

    async def _file(self) -> None:
        """File it; a desk that does not answer is asked each day, and a person is told."""
        while not self._is_over:
            now = workflow.now()
            try:
                filed = await calls.file_claim(
                    ClaimFiling(claim=self.claim, at=now), summary=f"claim from {self.claim.party.value}"
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._not_answered()
                continue
            self._need("")
            self._change(
                state=ClaimState.FILED,
                claim_id=filed.claim_id,
                filed_at=now,
                due_at=now + self._start.rules.answer,
            )
            self._take(filed)
            await self._record()
            return

    async def _not_answered(self) -> None:
        await self._record(self._alert(Template.STAFF_CLAIM_STUCK, due_at=self.claim.due_at.isoformat()))
        self._need(Role.SUPERVISOR)
        await self._until(workflow.now() + _ASK_AGAIN, lambda: self._is_over, "ask the claims desk again")

    async def _hear_the_party(self) -> None:
        """Wait for the answer. A first rejection is contested once; silence reaches a person."""
        while not self._is_over:
            if not await self._until(self.claim.due_at, lambda: self._is_over or self._is_answered, "answer"):
                await self._ask_or_alert()
                continue
            if self._is_over:
                return
            answer = self._answers[-1]
            if answer.verdict is ClaimVerdict.REJECTED and answer.round == 1:
                await self._contest(answer)
            else:
                self._change(state=_OUTCOMES[answer.verdict], awarded_minor=answer.amount_minor)

    async def _ask_or_alert(self) -> None:
        """News of an answer may have been lost, so the party is asked before a person is told of its silence."""
        lookup = ClaimLookup(reference=self.claim.reference, party=self.claim.party)
        try:
            found = (await calls.look_up_claim(lookup, summary="ask how the claim stands")).claim
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            found = None
        if found is not None:
            self._take(found)
        if self._is_answered or self._is_over:
            return
        self._change(due_at=workflow.now() + _REPEAT_ALERT)
        await self._record(self._alert(Template.STAFF_CLAIM_SILENT))
        self._need(Role.SUPERVISOR)

    async def _contest(self, answer: ClaimAnswer) -> None:
        """Object once, with everything that was gathered since."""
        while not self._is_over:
            filing = ClaimFiling(claim=self.claim, at=workflow.now(), note=answer.note)
            try:
                contested = await calls.contest_claim(filing, summary="contest the rejection")
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._not_answered()
                continue
            self._need("")
            self._change(state=ClaimState.CONTESTED, due_at=workflow.now() + self._start.rules.answer)
            self._take(contested)
            await self._record()
            return

    def _farewell(self) -> tuple[OutboxItem, ...]:
        """What people should know of the end: money that did not come, or has to be given back."""
        self._need("")
        claim = self.claim
        if claim.state in (ClaimState.REJECTED, ClaimState.PARTLY_ACCEPTED):
            return (
                self._alert(Template.STAFF_CLAIM_LOST, amount_minor=claim.awarded_minor, currency=claim.currency),
            )
        if claim.state is ClaimState.WITHDRAWN and claim.filed_at is not None:
            return (self._alert(Template.STAFF_CLAIM_MOOT),)
        return ()

    # Small helpers

    @property
    def _is_over(self) -> bool:
        return self._claim is not None and self._claim.state.is_final

    @property
    def _is_answered(self) -> bool:
        return len(self._answers) >= self._round

    @property
    def _round(self) -> int:
        return 2 if self.claim.state is ClaimState.CONTESTED else 1

    def _take(self, filed: FiledClaim) -> None:
        """Take the party's answer, if it gave one in this round and nobody has told it yet."""
        if filed.answer is not None and filed.answer.round == self._round and not self._is_answered:
            self._answers.append(filed.answer)

    def _change(self, **changes: object) -> None:
        self._claim = self.claim.model_copy(update=changes)

    async def _record(self, *outbox: OutboxItem) -> None:
        entry = ClaimEntry(
            rma_id=self._start.rma_id, op=self._op(), at=workflow.now(), outbox=outbox, claim=self.claim
        )
        await calls.record_claim(entry)

    def _op(self) -> str:
        self._steps += 1
        return f"claim-{self._start.grounds.party.value}-{self._steps}"

    def _alert(self, template: Template, **params: str | int) -> OutboxItem:
        return self._notices.staff(template, Role.SUPERVISOR, party=self.claim.party.value, **params)

    def _need(self, role: str) -> None:
        if role == self._needs:
            return
        self._needs = role
        workflow.upsert_search_attributes([search_attributes.NEEDS.value_set(role or search_attributes.NOBODY)])

    async def _until(self, due_at: datetime, condition: Callable[[], bool], summary: str) -> bool:
        remaining = due_at - workflow.now()
        if not condition() and remaining > timedelta(0):
            with suppress(TimeoutError):
                await workflow.wait_condition(condition, timeout=remaining, timeout_summary=summary)
        return condition()

    # What may be asked and sent

    @workflow.query(name=CLAIM_STATUS_QUERY, description="Where the claim stands.")
    def status(self) -> ClaimStatus:
        """Answer where the claim stands."""
        allowed = () if self._is_over else validation.allowed_actions(self.claim.state)
        return ClaimStatus(claim=self.claim, is_final=self._is_over, needs=self._needs, allowed_actions=allowed)

    @workflow.signal(name=PARCEL_FOUND_SIGNAL, description="The parcel came after all.")
    def parcel_found(self) -> None:
        """Withdraw a claim for a parcel that is not lost; one that was decided is a person's to undo."""
        if self._claim is not None and not self._is_over:
            self._change(state=ClaimState.WITHDRAWN)

    @workflow.update(
        name=ClaimAction.ADD_EVIDENCE, description=described("More evidence for the claim.", EvidenceAddition)
    )
    def add_evidence(self, request: EvidenceAddition) -> ClaimActionAnswer:
        """Take evidence."""
        self._change(evidence=(*self.claim.evidence, *request.evidence))
        return self._accepted(ClaimAction.ADD_EVIDENCE)

    @add_evidence.validator
    def _validate_add_evidence(self, request: EvidenceAddition) -> None:
        validation.allowed(self._claim, ClaimAction.ADD_EVIDENCE, request)

    @workflow.update(
        name=ClaimAction.ANSWER, description=described("What the party said to the claim.", PartyAnswer)
    )
    def answer(self, request: PartyAnswer) -> ClaimActionAnswer:
        """Take the party's answer."""
        self._answers.append(
            ClaimAnswer(
                verdict=request.verdict,
                amount_minor=request.amount_minor,
                note=request.note,
                round=self._round,
            )
        )
        return self._accepted(ClaimAction.ANSWER)

    @answer.validator
    def _validate_answer(self, request: PartyAnswer) -> None:
        validation.answer(self._claim, request, self._claim is not None and self._is_answered)

    @workflow.update(name=ClaimAction.WRITE_OFF, description=described("Give the claim up.", ClaimWriteOff))
    def write_off(self, request: ClaimWriteOff) -> ClaimActionAnswer:
        """Give the claim up."""
        self._change(state=ClaimState.WRITTEN_OFF)
        return self._accepted(ClaimAction.WRITE_OFF)

    @write_off.validator
    def _validate_write_off(self, request: ClaimWriteOff) -> None:
        validation.allowed(self._claim, ClaimAction.WRITE_OFF, request)

    def _accepted(self, action: ClaimAction) -> ClaimActionAnswer:
        return ClaimActionAnswer(reference=self.claim.reference, action=action, accepted_at=workflow.now())
