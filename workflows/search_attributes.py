"""What ops search returns by: few, typed, without personal data. `returns setup` registers them."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

ORDER_ID = SearchAttributeKey.for_keyword("ReturnOrderId")
STAGE = SearchAttributeKey.for_keyword("ReturnStage")
HEADER = SearchAttributeKey.for_keyword("ReturnHeader")
NEEDS = SearchAttributeKey.for_keyword("ReturnNeeds")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("ReturnNextDeadline")
BREACHED = SearchAttributeKey.for_bool("ReturnBreached")

NOBODY = "nobody"
"""What `NEEDS` says while the return goes on by itself, so that it can be searched for."""

ALL = (ORDER_ID, STAGE, HEADER, NEEDS, NEXT_DEADLINE, BREACHED)


def at_start(order_id: str) -> TypedSearchAttributes:
    """The attributes of a return that just started."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(ORDER_ID, order_id),
            SearchAttributePair(STAGE, "review"),
            SearchAttributePair(HEADER, "REQUESTED"),
            SearchAttributePair(BREACHED, False),
        ]
    )


def of_claim(order_id: str) -> TypedSearchAttributes:
    """The attributes of a claim that just started: nobody has to act for it yet."""
    return TypedSearchAttributes([SearchAttributePair(ORDER_ID, order_id), SearchAttributePair(NEEDS, NOBODY)])
