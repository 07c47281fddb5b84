"""A worker that never looks up what became of a payment before it sends it again. Only to prove the oracle."""

from activities.payment import PaymentActivities
from adapters.payment.port import PaymentPort
from domain.bookkeeping import IntentCall
from domain.intents import PaymentIntent, ProviderPayment
from workers.main import main


async def _submit_again(self: PaymentActivities, intent: PaymentIntent, call: IntentCall) -> ProviderPayment:
    payment: PaymentPort = self._payment
    return await payment.submit(intent, call.at)


if __name__ == "__main__":
    PaymentActivities._find_or_submit = _submit_again  # type: ignore[method-assign]
    main()
