"""What ops search a return by: the values of its search attributes."""

from typing import TYPE_CHECKING, Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from domain.clocks import ClockName, ClockState
from domain.intents import IntentState, PaymentDirection
from domain.reasons import LiableParty
from workflows import search_attributes

if TYPE_CHECKING:
    from workflows.case import ReturnCase


class ShownAttributes:
    """Makes the updates of a return's search attributes, and knows which have a value that may have to go."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def updates(self, case: "ReturnCase") -> list[SearchAttributeUpdate[Any]]:
        """All that is known now, also what did not change; what is gone is taken away at the end.

        An earlier version may have written less at the same place of the history, so a replay cannot tell what
        Temporal has. Nor may an update ever be empty: Temporal writes no event for it, and one of an earlier
        version would not replay.
        """
        updates: list[SearchAttributeUpdate[Any]] = []
        for key, value in _attributes(case):
            if value is not None:
                self._shown.add(key.name)
                updates.append(key.value_set(value))
            elif case.ended and key.name in self._shown:
                # Before the end a deadline that passed says more than none, until the next one goes along.
                updates.append(key.value_unset())
        return updates


def _attributes(case: "ReturnCase") -> list[tuple[SearchAttributeKey[Any], Any]]:
    """What is known of the return; None where nothing is."""
    deadline = case.clocks.next_deadline()
    return [
        (search_attributes.STAGE, case.stage().value),
        (search_attributes.HEADER, case.header().value),
        (search_attributes.REMEDY, case.remedy.value),
        (search_attributes.NEEDS, case.needs or search_attributes.NOBODY),
        (search_attributes.NEXT_DEADLINE, deadline.due_at if deadline else None),
        (search_attributes.LATE, _late(case) or None),
        (search_attributes.BREACHED, case.breach is not None),
        (search_attributes.BREACHED_AT, case.breach.observed_at if case.breach else None),
        (search_attributes.CARRIERS, search_attributes.distinct(p.carrier for p in case.parcels) or None),
        (search_attributes.WAREHOUSE, case.rules.warehouse or None),
        (search_attributes.CUSTOMER_TIER, case.order.customer_tier.value if case.order else None),
        (search_attributes.LIABLE_PARTY, _liable_party(case)),
        (search_attributes.REFUND, _refund_minor(case)),
        (search_attributes.CURRENCY, case.rules.currency or None),
    ]


def _late(case: "ReturnCase") -> list[str]:
    """The promises to the customer that were not kept."""
    late = {clock.name for clock in case.clocks.all if clock.state is ClockState.BREACHED and clock.name.is_ours}
    if case.breach is not None:
        late.add(ClockName.INSPECTION)
    return sorted(name.value for name in late)


def _liable_party(case: "ReturnCase") -> str | None:
    parties: set[LiableParty] = set()
    for liability in case.liability.values():
        parties.update(liability.shares)
    if len(parties) > 1:
        return search_attributes.SHARED
    return next(iter(parties)).value if parties else None


def _refund_minor(case: "ReturnCase") -> int | None:
    """What goes back to the customer's means of payment, paid or on its way, in minor units."""
    refunds = [
        intent.amount_minor
        for intent in case.payments.values()
        if intent.direction is PaymentDirection.REFUND
        and intent.state not in (IntentState.DECLINED, IntentState.CHARGED_BACK)
    ]
    return sum(refunds) if refunds else None
