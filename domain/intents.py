"""Money that is to move: the intent is recorded before any call, under a key that never changes (section 9)."""

from enum import StrEnum

from domain.record import MinorUnits, Record, UtcDatetime


class PaymentDirection(StrEnum):
    """A refund pays the customer; a charge is what they owe: the difference of an exchange, or an advance.

    A hold sets money aside and moves none; a capture takes money out of a hold.
    """

    REFUND = "refund"
    CHARGE = "charge"
    HOLD = "hold"
    CAPTURE = "capture"


class IntentState(StrEnum):
    """INTENT → SUBMITTED → SUCCEEDED / DECLINED / UNKNOWN; what was unknown and turns out paid is RECONCILED.

    What was never sent, because the customer's bank took the money back first, is CHARGED_BACK.
    """

    INTENT = "INTENT"
    SUBMITTED = "SUBMITTED"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    UNKNOWN = "UNKNOWN"
    RECONCILED = "RECONCILED"
    CHARGED_BACK = "CHARGED_BACK"

    @property
    def is_paid(self) -> bool:
        """Whether the provider confirmed that the money moved."""
        return self in (IntentState.SUCCEEDED, IntentState.RECONCILED)

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to be asked of the provider."""
        return self.is_settled or self is IntentState.DECLINED

    @property
    def is_settled(self) -> bool:
        """Whether the customer has the money: from us, or by a chargeback."""
        return self.is_paid or self is IntentState.CHARGED_BACK


class RefundBasis(StrEnum):
    """What entitles the customer to the money: no refund without one (I5)."""

    INSPECTION = "inspection"
    CANCELLATION = "cancellation"
    LOST_IN_TRANSIT = "lost_in_transit"
    EXCHANGE_DIFFERENCE = "exchange_difference"
    ARBITRATION = "arbitration"
    POLICY_EXCEPTION = "policy_exception"
    AGREEMENT = "agreement"
    ADVANCE = "advance"

    @property
    def takes_goods_back(self) -> bool:
        """Whether the customer keeps nothing for the units that are paid."""
        return self in (RefundBasis.INSPECTION, RefundBasis.CANCELLATION, RefundBasis.LOST_IN_TRANSIT)


class PaymentIntent(Record):
    """One movement of money by one provider call.

    Attributes:
        key: Our reference at the provider, for the life of the intent: letters, digits, ``-``, ``_``, at most 64.
        payment_id: The captured payment that a refund draws from, or the key of the hold that a capture takes
            money out of; empty otherwise.
        method_id: Where a refund goes, or what the others are taken from.
        amount_minor: What the provider has to move, in minor units of `currency`.
        covered_minor: What a chargeback gave the customer in its place.
    """

    key: str
    rma_id: str
    order_id: str
    direction: PaymentDirection
    payment_id: str
    method_id: str
    amount_minor: MinorUnits
    currency: str
    state: IntentState = IntentState.INTENT
    provider_reference: str = ""
    failure: str = ""
    covered_minor: MinorUnits = 0


class ProviderStatus(StrEnum):
    """What a provider says of a payment."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"


class ProviderPayment(Record):
    """A movement as the payment provider knows it; `expires_at` is when a hold lapses, UTC.

    `payment_id` is the payment that a refund draws from, where the provider tells it with the refund.
    """

    reference: str
    provider_reference: str
    status: ProviderStatus
    amount_minor: MinorUnits
    currency: str
    failure: str = ""
    expires_at: UtcDatetime | None = None
    payment_id: str = ""
