"""What a payment provider reports by itself: a hint, until the provider is asked (section 9)."""

from domain.intents import IntentState, PaymentDirection, PaymentIntent, ProviderStatus
from domain.record import Identifier, Record


class PaymentNews(Record):
    """A payment changed at a provider, by its own report. Nothing is booked on it: the provider is asked.

    Attributes:
        provider: Whose report it is.
        event_id: The provider's id of the report; repeats share it.
        reference: Ours of the payment, the key of its intent.
        provider_reference: The provider's own; empty if the report does not tell it.
    """

    provider: str
    event_id: Identifier
    direction: PaymentDirection
    reference: Identifier
    provider_reference: str = ""
    status: ProviderStatus

    def is_known_to(self, intent: PaymentIntent) -> bool:
        """Whether the end that it reports is the one that the ledger has, of the same payment."""
        if self.status is ProviderStatus.PENDING:
            return True
        same = self.provider_reference in ("", intent.provider_reference)
        if self.status is ProviderStatus.SUCCEEDED:
            return intent.state.is_paid and same
        return intent.state is IntentState.DECLINED and (same or not intent.provider_reference)
