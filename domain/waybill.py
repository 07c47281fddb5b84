"""Returns of one waybill: a sign that a person should look, never a reason to refuse anything (section 4)."""

from collections.abc import Mapping

MOST_NAMED = 20
"""Of the other returns of a waybill, so that an alert can be read."""


def returns_to_look_at(customer_id: str, others: Mapping[str, str], returns_per_waybill: int) -> tuple[str, ...]:
    """The other returns of a waybill, by number, if a person should look at them; else none.

    They should where another customer sent goods with it, or where it carries more returns of one customer than
    the policy lets pass. A few of one customer in one parcel are nothing unusual.

    Args:
        customer_id: Whose return it is.
        others: The customer of each other return that was handed over with the waybill, by its number.
        returns_per_waybill: From so many other returns on a person looks at them.
    """
    of_another = any(customer != customer_id for customer in others.values())
    if not of_another and len(others) < returns_per_waybill:
        return ()
    return tuple(sorted(others))[:MOST_NAMED]
