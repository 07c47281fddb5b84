"""Chargebacks: the customer's bank takes a payment back, whatever we decided (section 10)."""

from enum import StrEnum

from domain.record import Identifier, MinorUnits, Record


class ChargebackState(StrEnum):
    """OPEN freezes what is not paid yet. WON was won or withdrawn; LOST counts as paid back."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Chargeback(Record):
    """An amount of one captured payment that the bank took back, in minor units of the order's currency."""

    chargeback_id: Identifier
    payment_id: Identifier
    amount_minor: MinorUnits
    state: ChargebackState = ChargebackState.OPEN
