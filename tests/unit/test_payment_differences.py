"""What counts as a difference between an intent and what the provider has under its key."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.differences import BookedPayment, DifferenceKind, known_end, payment_difference
from domain.intents import IntentState, PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus
from domain.keys import capture_key, charge_key, hold_key, refund_key, rma_id_of_payment

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
A_DAY_AGO = NOW - timedelta(days=1)
KEY = "RMA-1-refund-1-t0"


def booked(
    state: IntentState,
    direction: PaymentDirection = PaymentDirection.REFUND,
    *,
    is_fresh: bool = False,
    is_frozen: bool = False,
) -> BookedPayment:
    """An intent of 100 minor units."""
    intent = PaymentIntent(
        key=KEY,
        rma_id="RMA-1",
        order_id="O-1",
        direction=direction,
        payment_id="P-1",
        method_id="M-1",
        amount_minor=100,
        currency="CNY",
        state=state,
    )
    touched_at = NOW if is_fresh else A_DAY_AGO
    return BookedPayment(intent=intent, touched_at=touched_at, is_frozen=is_frozen)


def payment(
    status: ProviderStatus = ProviderStatus.SUCCEEDED, amount_minor: int = 100, currency: str = "CNY"
) -> ProviderPayment:
    """What the provider has under the key."""
    return ProviderPayment(
        reference=KEY, provider_reference="re_1", status=status, amount_minor=amount_minor, currency=currency
    )


PAID = payment()
FAILED = payment(ProviderStatus.FAILED)
PENDING = payment(ProviderStatus.PENDING)
OPEN = booked(IntentState.UNKNOWN)
SUCCEEDED = booked(IntentState.SUCCEEDED)
K = DifferenceKind


@pytest.mark.parametrize(
    ("payments", "intent", "kind"),
    [
        ([PAID], SUCCEEDED, None),
        ([FAILED, PAID], SUCCEEDED, None),
        ([PAID], booked(IntentState.RECONCILED), None),
        ([], booked(IntentState.DECLINED), None),
        ([FAILED], booked(IntentState.DECLINED), None),
        ([], booked(IntentState.CHARGED_BACK), None),
        ([FAILED], None, None),
        ([], booked(IntentState.SUBMITTED, is_fresh=True), None),
        ([PAID], booked(IntentState.SUBMITTED, is_fresh=True), None),
        ([], booked(IntentState.INTENT, is_frozen=True), None),
        ([], OPEN, K.PAYMENT_UNSETTLED),
        ([PENDING], OPEN, K.PAYMENT_UNSETTLED),
        ([PAID], booked(IntentState.INTENT, is_frozen=True), K.PAYMENT_UNSETTLED),
        ([PAID], None, K.PAYMENT_NOT_IN_LEDGER),
        ([PENDING], None, K.PAYMENT_NOT_IN_LEDGER),
        ([PAID], booked(IntentState.SUCCEEDED, PaymentDirection.CHARGE), K.PAYMENT_NOT_IN_LEDGER),
        ([payment(amount_minor=99)], SUCCEEDED, K.PAYMENT_AMOUNT),
        ([payment(currency="JPY")], OPEN, K.PAYMENT_AMOUNT),
        ([PAID, PAID], SUCCEEDED, K.PAYMENT_TWICE),
        ([PAID], booked(IntentState.DECLINED), K.PAYMENT_NOT_EXPECTED),
        ([PAID], booked(IntentState.CHARGED_BACK), K.PAYMENT_NOT_EXPECTED),
        ([], SUCCEEDED, K.PAYMENT_NOT_AT_PROVIDER),
        ([FAILED], SUCCEEDED, K.REFUND_RETURNED),
    ],
)
def test_a_refund(
    payments: list[ProviderPayment], intent: BookedPayment | None, kind: DifferenceKind | None
) -> None:
    found = payment_difference(PaymentDirection.REFUND, KEY, payments, intent, A_DAY_AGO)
    assert (found.kind if found else None) is kind
    if found:
        assert (found.key, found.rma_id) == (f"{kind}/{KEY}", "RMA-1")


def test_a_capture_is_a_charge_at_the_provider() -> None:
    capture = booked(IntentState.SUCCEEDED, PaymentDirection.CAPTURE)
    assert payment_difference(PaymentDirection.CHARGE, KEY, [PAID], capture, A_DAY_AGO) is None


def test_a_charge_does_not_come_back() -> None:
    charge = booked(IntentState.SUCCEEDED, PaymentDirection.CHARGE)
    found = payment_difference(PaymentDirection.CHARGE, KEY, [FAILED], charge, A_DAY_AGO)
    assert found is not None
    assert found.kind is K.PAYMENT_NOT_AT_PROVIDER


@pytest.mark.parametrize(
    ("payments", "end"),
    [
        ([PAID], PAID),
        ([FAILED], FAILED),
        ([FAILED, PAID], PAID),
        ([], None),
        ([PENDING], None),
        ([PAID, PAID], None),
        ([PAID, PENDING], None),
        ([payment(amount_minor=99)], None),
        ([payment(ProviderStatus.FAILED, 99)], None),
    ],
)
def test_only_one_fitting_end_is_known(payments: list[ProviderPayment], end: ProviderPayment | None) -> None:
    assert known_end(payments, OPEN) == end


def test_a_key_names_its_return() -> None:
    for rma_id in ("RMA-1", "RMA-1-2"):
        keys = refund_key(rma_id, 3, 1), charge_key(rma_id, 1), hold_key(rma_id, 2), capture_key(rma_id, 1)
        assert {rma_id_of_payment(key) for key in keys} == {rma_id}
    assert rma_id_of_payment("invoice-7") == ""
