"""The reconciliation goes on where an earlier attempt stopped, and costs a page per so many payments."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.reconciliation import ReconciliationActivities
from activities.reconciliation_run import Progress
from adapters.errors import ProviderRefused, ProviderUnavailable
from adapters.payment.port import ListedPayment, PaymentPage
from domain.bookkeeping import HoldAuthorization
from domain.intents import PaymentDirection, ProviderPayment, ProviderStatus
from domain.reconciliation import ReconciliationReport, ReconciliationRequest
from domain.refund import UnitsToSettle
from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, an_opening, an_order, open_and_authorize

pytest_plugins = ["tests.unit.ledger_fixtures"]

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

REQUEST = ReconciliationRequest(
    at=NOW, untouched_since=NOW - timedelta(days=1), payments_since=NOW - timedelta(hours=12)
)


class Records:
    """A provider that paid `listed`, all in the first hours, and does not answer `outages` times after that."""

    def __init__(
        self, listed: Sequence[ListedPayment] = (), outages: int = 0, *, refuses_look_ups: bool = False
    ) -> None:
        self.listed = listed
        self.outages = outages
        self.refuses_look_ups = refuses_look_ups
        self.asked: list[tuple[datetime, str]] = []
        self.looked_up = 0

    async def under(
        self, direction: PaymentDirection, reference: str, payment_id: str
    ) -> tuple[ProviderPayment, ...]:
        self.looked_up += 1
        if self.refuses_look_ups:
            raise ProviderRefused("payment", "refused: 400", "bad_reference")
        return tuple(each for each in self.listed if each.reference == reference)

    async def changed(self, since: datetime, until: datetime, after: str = "") -> PaymentPage:
        self.asked.append((since, after))
        if since > NOW - timedelta(hours=12):
            if self.outages:
                self.outages -= 1
                raise ProviderUnavailable("payment", "away")
            return PaymentPage(payments=())
        begin = int(after or 0)
        end = begin + 500
        return PaymentPage(payments=tuple(self.listed[begin:end]), next=str(end) if end < len(self.listed) else "")


class Workflows:
    """Temporal, with the workflow of one return."""

    def __init__(self) -> None:
        self.asked = 0

    async def is_running(self, rma_id: str) -> bool:
        return rma_id == "R1"

    async def running_among(self, rma_ids: Sequence[str]) -> set[str]:
        return {"R1"} & set(rma_ids)

    async def running(self, after: str = "") -> tuple[list[str], str]:
        self.asked += 1
        return ["R1"], ""


async def attempt(
    activities: ReconciliationActivities, earlier: Progress | str | None = None
) -> tuple[ReconciliationReport | ApplicationError, Progress]:
    """One attempt; what it came to, and its last heartbeat."""
    beats: list[Progress] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details[0])
    told: list[Any] = [earlier.model_dump(mode="json") if isinstance(earlier, Progress) else earlier]
    environment.info = dataclasses.replace(environment.info, heartbeat_details=told if earlier else [])
    try:
        return await environment.run(activities.reconcile, REQUEST), beats[-1]
    except ApplicationError as error:
        return error, beats[-1]


async def test_a_second_attempt_begins_where_the_first_one_stopped(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", an_order(), {"L1": 1})
    records, workflows = Records(outages=1), Workflows()
    activities = ReconciliationActivities(records, ledger, workflows)

    failed, progress = await attempt(activities)
    assert isinstance(failed, ApplicationError)
    report, _ = await attempt(activities, progress)

    assert isinstance(report, ReconciliationReport)
    half = NOW - timedelta(hours=6)
    assert records.asked == [(NOW - timedelta(hours=12), ""), (half, ""), (half, "")]
    assert (workflows.asked, report.workflows, report.payments_until) == (1, 1, NOW)


async def test_ten_thousand_payments_cost_a_page_per_five_hundred(ledger: Ledger) -> None:
    (intent,) = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents
    listed = [
        ListedPayment(
            direction=PaymentDirection.REFUND,
            reference=f"{intent.key}-{number}",
            provider_reference=f"re_{number}",
            status=ProviderStatus.FAILED,
            amount_minor=1,
            currency="CNY",
        )
        for number in range(10_000)
    ]
    records = Records(listed)
    report, _ = await attempt(ReconciliationActivities(records, ledger, Workflows()))
    assert isinstance(report, ReconciliationReport)
    assert (report.payments, len(records.asked), records.looked_up) == (10_000, 21, 0)


async def test_an_end_that_the_ledger_does_not_take_is_for_a_person(ledger: Ledger) -> None:
    """The provider placed a hold and does not say when it lapses; the run goes on with the others."""
    ledger.open_return(an_opening("R1", an_order(), {"L1": 1}))
    asked = {"op": "hold-1", "at": NOW - timedelta(days=2), "round": 1, "method_id": "M1"}
    units = (UnitsToSettle(line_id="L1", quantity=1),)
    hold = ledger.authorize_hold(HoldAuthorization.model_validate({"rma_id": "R1", "units": units, **asked}))
    placed = ListedPayment(
        direction=PaymentDirection.HOLD,
        reference=hold.key,
        provider_reference="ho_1",
        status=ProviderStatus.SUCCEEDED,
        amount_minor=hold.amount_minor,
        currency=hold.currency,
    )
    report, _ = await attempt(ReconciliationActivities(Records([placed]), ledger, Workflows()))
    assert isinstance(report, ReconciliationReport)
    assert (report.open, report.settled) == ((hold.key,), ())
    assert [task.key for task in ledger.open_tasks()] == [f"payment_unsettled/{hold.key}"]


async def test_what_cannot_be_looked_up_is_judged_by_the_list(ledger: Ledger) -> None:
    listed = ListedPayment(
        direction=PaymentDirection.REFUND,
        reference="invoice-7",
        provider_reference="re_1",
        status=ProviderStatus.SUCCEEDED,
        amount_minor=1,
        currency="CNY",
    )
    records = Records([listed], refuses_look_ups=True)
    report, _ = await attempt(ReconciliationActivities(records, ledger, Workflows()))
    assert isinstance(report, ReconciliationReport)
    assert (report.opened, report.not_answered) == (("payment_not_in_ledger/invoice-7",), 1)


async def test_an_attempt_of_an_older_version_is_begun_anew(ledger: Ledger) -> None:
    records = Records()
    await attempt(ReconciliationActivities(records, ledger, Workflows()), "RMA-1-refund-1-t0")
    assert len(records.asked) == 2
