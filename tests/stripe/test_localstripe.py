"""The adapter against a stand-in that somebody else wrote."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from adapters.errors import ProviderRefused
from adapters.http import HttpClients
from adapters.payment.port import PaymentProvider
from adapters.payment.stripe import StripeSettings
from domain.intents import PaymentDirection, ProviderStatus
from tests.stripe.localstripe import LocalStripe
from tests.stripe.peer import KEY
from tests.stripe.test_adapter import AT, a_refund

pytestmark = pytest.mark.peers


@pytest.fixture
async def payment(localstripe: LocalStripe) -> AsyncIterator[PaymentProvider]:
    async with HttpClients() as clients:
        yield StripeSettings(stripe_api_key=SecretStr(KEY), stripe_url=localstripe.url).connect(clients)


async def test_a_refund_is_made_and_found(payment: PaymentProvider, localstripe: LocalStripe) -> None:
    intent = a_refund(800, await localstripe.pay(1000))
    assert await payment.find(intent) is None

    made = await payment.submit(intent, AT)

    assert (made.reference, made.status) == (intent.key, ProviderStatus.SUCCEEDED)
    assert (made.amount_minor, made.currency, made.payment_id) == (800, "CNY", intent.payment_id)
    assert await payment.find(intent) == made
    assert await localstripe.refunded(intent.payment_id) == [800]


async def test_a_look_up_goes_through_all_pages(payment: PaymentProvider, localstripe: LocalStripe) -> None:
    payment_id = await localstripe.pay(1000)
    intents = [a_refund(1, payment_id) for _ in range(130)]
    for intent in intents:
        await payment.submit(intent, AT)
    for intent in (intents[0], intents[-1]):
        (found,) = await payment.under(PaymentDirection.REFUND, intent.key, payment_id)
        assert found.reference == intent.key


async def test_it_pays_again_under_the_same_key(payment: PaymentProvider, localstripe: LocalStripe) -> None:
    """What makes it a hard judge: only whoever looks before sending pays once."""
    intent = a_refund(800, await localstripe.pay(1000))
    await payment.submit(intent, AT)
    await payment.submit(intent, AT)
    assert await localstripe.refunded(intent.payment_id) == [800, 800]
    assert len(await payment.under(PaymentDirection.REFUND, intent.key, intent.payment_id)) == 2


async def test_an_unknown_payment_is_refused(payment: PaymentProvider) -> None:
    with pytest.raises(ProviderRefused):
        await payment.submit(a_refund(800, "pi_nowhere"), AT)
