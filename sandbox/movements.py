"""Money that moved, or was asked to: what the books of refunds and charges hold."""

from enum import StrEnum

from domain.intents import ProviderStatus
from domain.orders import TenderKind
from domain.record import MinorUnits, Record


class Movement(Record):
    """A refund, or what it has in common with a charge. Amounts are minor units of `currency`.

    Attributes:
        reference: The caller's; not unique without an idempotency key, as with real providers.
        provider_reference: The provider's own, unique. Entries that share it tell how one movement went on.
        payment_id: The payment that a refund draws from; what a charge can be refunded by.
        method_id: Where a refund goes, or what a charge is taken from.
        failure: Why it failed; empty otherwise.
    """

    reference: str
    provider_reference: str
    status: ProviderStatus
    failure: str = ""
    amount_minor: MinorUnits
    currency: str
    payment_id: str
    method_id: str
    order_id: str = ""
    customer_id: str = ""
    rma_id: str = ""
    idempotency_key: str = ""

    def asks_the_same_as(self, other: "Movement") -> bool:
        """Whether both come from requests that say the same, whatever became of them."""
        asked = {"reference", "amount_minor", "currency", "payment_id", "method_id", "order_id", "rma_id"}
        return self.model_dump(include=asked) == other.model_dump(include=asked)


class Refund(Movement):
    """Money on its way back to a customer."""


class ChargeOrigin(StrEnum):
    """Whether a payment came with a loaded order or was charged through the API."""

    LOADED = "loaded"
    API = "api"


class Charge(Movement):
    """A payment taken, by its kind of tender. `refunded_before_minor` went back before the order was loaded."""

    origin: ChargeOrigin = ChargeOrigin.API
    refunded_before_minor: MinorUnits = 0
    tender: TenderKind = TenderKind.MONEY
