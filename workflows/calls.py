"""The activities that workflows call: name, input and output of each.

Workflows know activities by these references, so that workflow code never imports what does the I/O. The
worker's inventory test holds the references against the activities that are registered.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.advances import AdvanceAccount
from domain.authority import PayoutAnswer, PayoutApproval, PayoutRequest
from domain.bookkeeping import (
    AdvanceEnd,
    AdvanceQuestion,
    CaptureAuthorization,
    ChargeAuthorization,
    ChargebackDecision,
    ChargebackOutcome,
    ChargebackReport,
    ClaimEntry,
    ClaimOpening,
    FollowUpOpening,
    HoldAuthorization,
    IntentCall,
    LedgerEntry,
    RecoveryAuthorization,
    ReturnClosing,
    Review,
    ReviewRequest,
    SettlementPlan,
    SettlementRequest,
    StageAnswer,
    StageEntry,
    TakenUpCase,
    TakeUp,
    TenderReplacement,
    UnitsTakenOver,
)
from domain.chargebacks import Chargeback
from domain.claims import ClaimFiling, ClaimLookup, ClaimLookupAnswer, FiledClaim, RecoveryClaim
from domain.coupons import Coupon, CouponOrder
from domain.exchange import HoldAnswer, HoldRelease, ReplacementAnswer, ReplacementOrder, StockHold
from domain.follow_up import FollowUpAnswer
from domain.holds import HoldCall, PaymentHold
from domain.intents import PaymentIntent
from domain.orders import FactsRequest, FulfilmentAnswer, FulfilmentCancellation, OrderFacts
from domain.reconciliation import ReconciliationReport, ReconciliationRequest
from domain.record import Done, Record
from domain.remainder import Remainder, RemainderQuestion
from domain.remedy_change import RemedyAnswer, RemedyQuestion
from domain.repair import RepairCancellation, RepairOrder, RepairTicket
from domain.shipping import (
    CancellationAnswer,
    Label,
    LabelRequest,
    LabelVoiding,
    PickupBooking,
    PickupCancellation,
    PickupRequest,
    TrackingAnswer,
    TrackingRequest,
)
from domain.store_credit import CreditAccount, CreditAccountRequest, CreditGrant, GrantedCredit
from workflows import ids, options
from workflows.options import ActivityOptions

Input = TypeVar("Input", bound=Record)
Output = TypeVar("Output", bound=Record)


@dataclass(frozen=True)
class ProviderCall(Generic[Input, Output]):
    """An activity that calls another system."""

    name: str
    input: type[Input]
    output: type[Output]
    options: ActivityOptions

    async def __call__(self, argument: Input, summary: str = "", give_up_after: timedelta | None = None) -> Output:
        """Run the activity.

        Raises:
            ActivityError: If it cannot heal, or was given up after the time of its options.
        """
        result = await workflow.execute_activity(
            self.name,
            argument,
            result_type=self.output,
            # Replay does not compare it: returns that began on one queue for all go on.
            task_queue=ids.activity_queue(workflow.info().task_queue, self.name),
            start_to_close_timeout=self.options.start_to_close,
            schedule_to_close_timeout=give_up_after or self.options.give_up_after,
            heartbeat_timeout=self.options.heartbeat,
            retry_policy=self.options.retry,
            summary=summary or None,
        )
        return cast(Output, result)


@dataclass(frozen=True)
class LedgerCall(Generic[Input, Output]):
    """One transaction in the ledger, as a local activity: one event in the history, no task of its own."""

    name: str
    input: type[Input]
    output: type[Output]

    async def __call__(self, argument: Input) -> Output:
        """Run the transaction; it is retried until it succeeds."""
        result = await workflow.execute_local_activity(
            self.name,
            argument,
            result_type=self.output,
            start_to_close_timeout=options.LEDGER.start_to_close,
            retry_policy=options.LEDGER.retry,
            local_retry_threshold=options.LEDGER_RETRIES_AT_ONCE,
            summary=argument.op if isinstance(argument, LedgerEntry) else None,
        )
        return cast(Output, result)


def reason_of(failure: ActivityError | ApplicationError) -> str:
    """Why a call failed, for people. A cancellation is no answer of the other side and goes on.

    A local activity fails with its own error, where another one wraps it in an ActivityError.
    """
    if is_cancelled_exception(failure):
        raise failure
    return str(failure.cause or failure)


fetch_facts = ProviderCall("orders.fetch_facts", FactsRequest, OrderFacts, options.PROVIDER_CALL)
cancel_fulfilment = ProviderCall(
    "orders.cancel_fulfilment", FulfilmentCancellation, FulfilmentAnswer, options.PROVIDER_CALL
)
create_replacement = ProviderCall(
    "orders.create_replacement", ReplacementOrder, ReplacementAnswer, options.PROVIDER_CALL
)
hold_stock = ProviderCall("inventory.hold", StockHold, HoldAnswer, options.PROVIDER_CALL)
release_stock = ProviderCall("inventory.release", HoldRelease, Done, options.CLEANUP)
book_pickup = ProviderCall("carrier.book_pickup", PickupRequest, PickupBooking, options.PROVIDER_CALL)
cancel_pickup = ProviderCall("carrier.cancel_pickup", PickupCancellation, CancellationAnswer, options.CLEANUP)
create_label = ProviderCall("carrier.create_label", LabelRequest, Label, options.PROVIDER_CALL)
void_label = ProviderCall("carrier.void_label", LabelVoiding, Done, options.CLEANUP)
track_parcel = ProviderCall("carrier.track", TrackingRequest, TrackingAnswer, options.PROVIDER_CALL)
move_money = ProviderCall("payment.move_money", IntentCall, PaymentIntent, options.PROVIDER_CALL)
place_hold = ProviderCall("payment.place_hold", IntentCall, PaymentHold, options.PROVIDER_CALL)
renew_hold = ProviderCall("payment.renew_hold", HoldCall, PaymentHold, options.PROVIDER_CALL)
release_hold = ProviderCall("payment.release_hold", HoldCall, Done, options.CLEANUP)
issue_coupon = ProviderCall("coupons.issue", CouponOrder, Coupon, options.MUST_SUCCEED)
open_credit_account = ProviderCall(
    "store_credit.open_account", CreditAccountRequest, CreditAccount, options.MUST_SUCCEED
)
grant_credit = ProviderCall("store_credit.grant", CreditGrant, GrantedCredit, options.MUST_SUCCEED)
order_repair = ProviderCall("workshop.order_repair", RepairOrder, RepairTicket, options.PROVIDER_CALL)
cancel_repair = ProviderCall("workshop.cancel_repair", RepairCancellation, Done, options.CLEANUP)
file_claim = ProviderCall("claims.file", ClaimFiling, FiledClaim, options.PROVIDER_CALL)
contest_claim = ProviderCall("claims.contest", ClaimFiling, FiledClaim, options.PROVIDER_CALL)
look_up_claim = ProviderCall("claims.look_up", ClaimLookup, ClaimLookupAnswer, options.PROVIDER_CALL)
reconcile = ProviderCall("payment.reconcile", ReconciliationRequest, ReconciliationReport, options.SWEEP)

review_application = LedgerCall("ledger.review_application", ReviewRequest, Review)
record_stage = LedgerCall("ledger.record_stage", StageEntry, StageAnswer)
authorize_refund = LedgerCall("ledger.authorize_refund", SettlementRequest, SettlementPlan)
left_to_pay = LedgerCall("ledger.remainder", RemainderQuestion, Remainder)
authorize_charge = LedgerCall("ledger.authorize_charge", ChargeAuthorization, PaymentIntent)
advance_account = LedgerCall("ledger.advance_account", AdvanceQuestion, AdvanceAccount)
authorize_recovery = LedgerCall("ledger.authorize_recovery", RecoveryAuthorization, PaymentIntent)
authorize_hold = LedgerCall("ledger.authorize_hold", HoldAuthorization, PaymentIntent)
authorize_capture = LedgerCall("ledger.authorize_capture", CaptureAuthorization, PaymentIntent)
end_advance = LedgerCall("ledger.end_advance", AdvanceEnd, Done)
replace_tender = LedgerCall("ledger.replace_tender", TenderReplacement, PaymentIntent)
grant_payout = LedgerCall("ledger.grant_payout", PayoutRequest, PayoutAnswer)
decide_payout = LedgerCall("ledger.decide_payout", PayoutApproval, Done)
take_over_units = LedgerCall("ledger.take_over", UnitsTakenOver, Done)
report_chargeback = LedgerCall("ledger.report_chargeback", ChargebackReport, Chargeback)
decide_chargeback = LedgerCall("ledger.decide_chargeback", ChargebackDecision, ChargebackOutcome)
close_return = LedgerCall("ledger.close_return", ReturnClosing, Done)
open_follow_up = LedgerCall("ledger.open_follow_up", FollowUpOpening, FollowUpAnswer)
open_claim = LedgerCall("ledger.open_claim", ClaimOpening, RecoveryClaim)
record_claim = LedgerCall("ledger.record_claim", ClaimEntry, Done)
consider_remedy = LedgerCall("ledger.consider_remedy", RemedyQuestion, RemedyAnswer)
take_up = LedgerCall("ledger.take_up", TakeUp, TakenUpCase)

PROVIDER_CALLS: tuple[ProviderCall, ...] = (  # type: ignore[type-arg]
    fetch_facts,
    cancel_fulfilment,
    create_replacement,
    hold_stock,
    release_stock,
    book_pickup,
    cancel_pickup,
    create_label,
    void_label,
    track_parcel,
    move_money,
    place_hold,
    renew_hold,
    release_hold,
    issue_coupon,
    open_credit_account,
    grant_credit,
    order_repair,
    cancel_repair,
    file_claim,
    contest_claim,
    look_up_claim,
    reconcile,
)
LEDGER_CALLS: tuple[LedgerCall, ...] = (  # type: ignore[type-arg]
    review_application,
    record_stage,
    authorize_refund,
    left_to_pay,
    authorize_charge,
    advance_account,
    authorize_recovery,
    end_advance,
    authorize_hold,
    authorize_capture,
    replace_tender,
    grant_payout,
    decide_payout,
    take_over_units,
    report_chargeback,
    decide_chargeback,
    close_return,
    open_follow_up,
    take_up,
    consider_remedy,
    open_claim,
    record_claim,
)
