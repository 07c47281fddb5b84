"""Amounts as Stripe writes them: integers in minor units, which are not ISO 4217's for every currency."""

from domain.currencies import minor_unit_exponent

_TIMES = {"ISK": 100}
"""Króna have no decimals, but Stripe goes on counting them in hundredths."""

_OVER = {"MGA": 100}
"""Ariary have two decimals by ISO 4217, and none at Stripe."""

_UNSURE = frozenset({"UGX"})
"""Stripe's documents do not agree with each other on its decimals."""


def to_stripe(amount_minor: int, currency: str) -> int | None:
    """An amount in ISO 4217 minor units of `currency` in Stripe's; None if it cannot be said there exactly.

    Amounts with three decimals must end in 0.
    """
    if currency in _UNSURE or (minor_unit_exponent(currency) == 3 and amount_minor % 10):
        return None
    amount, rest = divmod(amount_minor * _TIMES.get(currency, 1), _OVER.get(currency, 1))
    return None if rest else amount


def from_stripe(amount: int, currency: str) -> int:
    """An amount of Stripe's in ISO 4217 minor units; a fraction of one, which króna of 2023 had, is left out."""
    return amount * _OVER.get(currency, 1) // _TIMES.get(currency, 1)
