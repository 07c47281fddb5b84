"""Who is told what, and when: the outbox items of each step (section 11)."""

from collections.abc import Iterable

from domain.actions import Role
from domain.application import Locale, Remedy, ReturnApplication
from domain.inspection import Disposition, InspectedUnits
from domain.outbox import OutboxItem, OutboxKind, Template
from domain.review import ReviewDecision, ReviewOutcome

MANAGEMENT = "management"
WAREHOUSE_SUPERVISOR = "warehouse_supervisor"

Value = str | int


class Notices:
    """Builds the outbox items of one return."""

    def __init__(self, rma_id: str, customer_id: str, order_id: str, locale: Locale) -> None:
        self._rma_id = rma_id
        self._customer_id = customer_id
        self._order_id = order_id
        self._locale = locale

    @classmethod
    def for_application(cls, rma_id: str, application: ReturnApplication) -> "Notices":
        """The notices of the return that an application opens."""
        return cls(rma_id, application.customer_id, application.order_id, application.locale)

    def customer(self, template: Template, **params: Value) -> OutboxItem:
        """A message to the customer."""
        return self._item(OutboxKind.CUSTOMER_MESSAGE, template, self._customer_id, params)

    def staff(self, template: Template, role: Role | str, **params: Value) -> OutboxItem:
        """An alert to the people of a role."""
        return self._item(OutboxKind.STAFF_ALERT, template, str(role), params)

    def expected_parcel(self, carrier: str, tracking_no: str, lines: dict[str, int]) -> OutboxItem:
        """Tell the warehouse that a parcel is coming, and what should be in it."""
        units = {f"line.{line_id}": quantity for line_id, quantity in lines.items()}
        return self._item(
            OutboxKind.WAREHOUSE_NOTICE,
            "expected_parcel",
            "warehouse",
            {"carrier": carrier, "tracking_no": tracking_no, **units},
        )

    def dispositions(self, units: Iterable[InspectedUnits]) -> tuple[OutboxItem, ...]:
        """Tell the warehouse where the inspected goods go."""
        return tuple(
            self._item(
                OutboxKind.GOODS_DISPOSITION,
                entry.disposition.value,
                "warehouse",
                {"line_id": entry.line_id, "quantity": entry.quantity, "grade": entry.grade.value},
            )
            for entry in units
        )

    def goods_to_customer(self, line_id: str, quantity: int) -> OutboxItem:
        """Tell the warehouse to send goods that were not accepted back to the customer."""
        return self._item(
            OutboxKind.GOODS_DISPOSITION,
            Disposition.RETURN_TO_CUSTOMER.value,
            "warehouse",
            {"line_id": line_id, "quantity": quantity},
        )

    def review(self, decision: ReviewDecision, remedy: Remedy) -> tuple[OutboxItem, ...]:
        """What the customer is told of auto-review."""
        if decision.outcome is ReviewOutcome.EVIDENCE_REQUESTED:
            return (self.customer(Template.EVIDENCE_REQUESTED),)
        if decision.outcome is ReviewOutcome.MANUAL_REVIEW:
            return (self.customer(Template.MANUAL_REVIEW),)
        return (self.customer(Template.APPROVED),) if announced_at_review(decision, remedy) else ()

    def _item(self, kind: OutboxKind, name: str, recipient: str, params: dict[str, Value]) -> OutboxItem:
        return OutboxItem(
            kind=kind,
            name=name,
            recipient=recipient,
            locale=self._locale,
            params={"rma_id": self._rma_id, "order_id": self._order_id, **params},
        )


def announced_at_review(decision: ReviewDecision, remedy: Remedy) -> bool:
    """Whether the review itself tells the approval.

    It does not where a person decides later, or where stock or fulfilment has to say yes first.
    """
    return decision.outcome is ReviewOutcome.APPROVED and remedy is Remedy.RETURN_AND_REFUND
