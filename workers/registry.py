"""Every workflow and activity of the pipeline, in one place: workers and replay tests host the same list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from temporalio.worker import UnsandboxedWorkflowRunner

from activities.carrier import CarrierActivities
from activities.claims import ClaimActivities
from activities.coupons import CouponActivities
from activities.holds import HoldActivities
from activities.inventory import InventoryActivities
from activities.ledger import LedgerActivities
from activities.orders import OrderActivities
from activities.payment import PaymentActivities
from activities.reconciliation import ReconciliationActivities
from activities.return_workflows import ReturnWorkflows
from activities.store_credit import StoreCreditActivities
from activities.workshop import WorkshopActivities
from adapters.carrier.sandbox import SandboxCarrier
from adapters.claims.sandbox import SandboxClaims
from adapters.coupons.sandbox import SandboxCoupons
from adapters.inventory.sandbox import SandboxInventory
from adapters.messaging.sandbox import SandboxMessaging
from adapters.orders.sandbox import SandboxOrders
from adapters.payment.port import PaymentProvider
from adapters.payment.sandbox import SandboxPayment
from adapters.store_credit.sandbox import SandboxStoreCredit
from adapters.warehouse.sandbox import SandboxWarehouse
from adapters.workshop.sandbox import SandboxWorkshop
from ledger.ledger import Ledger
from policy.files import Policies, load_explanations
from workers.quiet_queries import QuietQueries
from workflows.follow_up_workflow import FollowUpWorkflow
from workflows.reconciliation_workflow import ReconciliationWorkflow
from workflows.recovery_claim_workflow import RecoveryClaimWorkflow
from workflows.return_workflow import ReturnWorkflow

WORKFLOWS: list[type] = [ReturnWorkflow, FollowUpWorkflow, RecoveryClaimWorkflow, ReconciliationWorkflow]

REPLAY_RUNNER = UnsandboxedWorkflowRunner()
"""Runs workflow code that is imported once, not anew for each return, which cost about 90 ms of CPU each. What the
sandbox would have watched at run time is checked in the syntax tree and by the sandbox of the tests (ADR 0024)."""

WORKFLOW_RUNNER = QuietQueries(REPLAY_RUNNER)
"""Runs it for workers, who are asked queries as well (ADR 0034)."""


@dataclass(frozen=True)
class Providers:
    """The clients of the providers, made once per process; the stand-ins share one HTTP connection pool."""

    orders: SandboxOrders
    carrier: SandboxCarrier
    payment: PaymentProvider
    messaging: SandboxMessaging
    coupons: SandboxCoupons
    store_credit: SandboxStoreCredit
    inventory: SandboxInventory
    warehouse: SandboxWarehouse
    workshop: SandboxWorkshop
    claims: SandboxClaims

    @classmethod
    def over(cls, http: httpx.AsyncClient, payment: PaymentProvider | None = None) -> "Providers":
        """Make every client over one pool; the payment provider's too, unless it is given."""
        return cls(
            orders=SandboxOrders(http),
            carrier=SandboxCarrier(http),
            payment=payment or SandboxPayment(http),
            messaging=SandboxMessaging(http),
            coupons=SandboxCoupons(http),
            store_credit=SandboxStoreCredit(http),
            inventory=SandboxInventory(http),
            warehouse=SandboxWarehouse(http),
            workshop=SandboxWorkshop(http),
            claims=SandboxClaims(http),
        )


def provider_activities(
    providers: Providers, ledger: Ledger, workflows: ReturnWorkflows
) -> list[Callable[..., Any]]:
    """Every activity that calls a provider, over its adapter; the reconciliation asks for workflows as well."""
    orders = OrderActivities(providers.orders)
    inventory = InventoryActivities(providers.inventory)
    carrier = CarrierActivities(providers.carrier)
    payment = PaymentActivities(providers.payment, ledger)
    holds = HoldActivities(payment, providers.payment, ledger)
    reconciliation = ReconciliationActivities(providers.payment, ledger, workflows)
    coupons = CouponActivities(providers.coupons)
    claims = ClaimActivities(providers.claims)
    store_credit = StoreCreditActivities(providers.store_credit)
    workshop = WorkshopActivities(providers.workshop)
    return [
        orders.fetch_facts,
        orders.cancel_fulfilment,
        orders.create_replacement,
        inventory.hold,
        inventory.release,
        carrier.book_pickup,
        carrier.cancel_pickup,
        carrier.create_label,
        carrier.void_label,
        carrier.track,
        payment.move_money,
        holds.place_hold,
        holds.renew_hold,
        holds.release_hold,
        reconciliation.reconcile,
        coupons.issue,
        store_credit.open_account,
        store_credit.grant,
        workshop.order_repair,
        workshop.cancel_repair,
        claims.file,
        claims.contest,
        claims.look_up,
    ]


def ledger_activities(ledger: Ledger, policies: Policies) -> list[Callable[..., Any]]:
    """Every transaction in the ledger. Workflows run them in their own process, as local activities."""
    books = LedgerActivities(ledger, policies.by_version, policies.current.version, load_explanations())
    return [
        books.review_application,
        books.record_stage,
        books.authorize_refund,
        books.remainder,
        books.authorize_charge,
        books.advance_account,
        books.authorize_recovery,
        books.end_advance,
        books.authorize_hold,
        books.authorize_capture,
        books.replace_tender,
        books.grant_payout,
        books.decide_payout,
        books.take_over,
        books.report_chargeback,
        books.decide_chargeback,
        books.close_return,
        books.open_follow_up,
        books.take_up,
        books.consider_remedy,
        books.open_claim,
        books.record_claim,
    ]
