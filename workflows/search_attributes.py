"""What ops search returns by: few, typed, without personal data. `returns setup` registers them.

A namespace on a SQL database has room for ten keywords, and for three of each other type.
"""

from collections.abc import Iterable

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.application import ReturnApplication
from domain.status import Header, Stage

ORDER_ID = SearchAttributeKey.for_keyword("ReturnOrderId")
STAGE = SearchAttributeKey.for_keyword("ReturnStage")
HEADER = SearchAttributeKey.for_keyword("ReturnHeader")
REMEDY = SearchAttributeKey.for_keyword("ReturnRemedy")
REASONS = SearchAttributeKey.for_keyword_list("ReturnReasons")
NEEDS = SearchAttributeKey.for_keyword("ReturnNeeds")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("ReturnNextDeadline")
LATE = SearchAttributeKey.for_keyword_list("ReturnLate")
BREACHED = SearchAttributeKey.for_bool("ReturnBreached")
BREACHED_AT = SearchAttributeKey.for_datetime("ReturnBreachedAt")
CARRIERS = SearchAttributeKey.for_keyword_list("ReturnCarriers")
WAREHOUSE = SearchAttributeKey.for_keyword("ReturnWarehouse")
CUSTOMER_TIER = SearchAttributeKey.for_keyword("ReturnCustomerTier")
LIABLE_PARTY = SearchAttributeKey.for_keyword("ReturnLiableParty")
REFUND = SearchAttributeKey.for_int("ReturnRefundMinor")
CURRENCY = SearchAttributeKey.for_keyword("ReturnCurrency")

NOBODY = "nobody"
"""What `NEEDS` says while the return goes on by itself, so that it can be searched for."""

SHARED = "shared"
"""What `LIABLE_PARTY` says where several answer for a return."""

ALL = (
    ORDER_ID,
    STAGE,
    HEADER,
    REMEDY,
    REASONS,
    NEEDS,
    NEXT_DEADLINE,
    LATE,
    BREACHED,
    BREACHED_AT,
    CARRIERS,
    WAREHOUSE,
    CUSTOMER_TIER,
    LIABLE_PARTY,
    REFUND,
    CURRENCY,
)


def at_start(application: ReturnApplication) -> TypedSearchAttributes:
    """The attributes of a return that just started."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(ORDER_ID, application.order_id),
            SearchAttributePair(STAGE, Stage.REVIEW.value),
            SearchAttributePair(HEADER, Header.REQUESTED.value),
            SearchAttributePair(REMEDY, application.desired_resolution.value),
            SearchAttributePair(REASONS, distinct(line.reason.value for line in application.lines)),
            SearchAttributePair(BREACHED, False),
        ]
    )


def of_claim(order_id: str) -> TypedSearchAttributes:
    """The attributes of a claim that just started: nobody has to act for it yet."""
    return TypedSearchAttributes([SearchAttributePair(ORDER_ID, order_id), SearchAttributePair(NEEDS, NOBODY)])


def distinct(names: Iterable[str]) -> list[str]:
    """Each name once, sorted; without the empty one."""
    return sorted({name for name in names if name})
