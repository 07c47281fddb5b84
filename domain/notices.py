"""Who is told what, and when: the outbox items of each step (section 11)."""

from collections.abc import Iterable, Sequence

from domain.actions import Role
from domain.application import Contact, Locale, Remedy, ReturnApplication
from domain.channels import channels_for
from domain.fees import customers_freight_bps
from domain.inspection import Disposition, InspectedUnits, SerialCheck, UnexpectedGoods
from domain.orders import OrderSnapshot
from domain.outbox import OutboxItem, OutboxKind, Template
from domain.refund import RefundClaim
from domain.review import ReviewDecision, ReviewOutcome

MANAGEMENT = "management"
WAREHOUSE_SUPERVISOR = "warehouse_supervisor"

Value = str | int


class Notices:
    """Builds the outbox items of one return."""

    def __init__(
        self,
        rma_id: str,
        customer_id: str,
        order_id: str,
        locale: Locale,
        warehouse: str = "warehouse",
        contact: Contact | None = None,
    ) -> None:
        self._rma_id = rma_id
        self._customer_id = customer_id
        self._order_id = order_id
        self._locale = locale
        self._warehouse = warehouse
        self._contact = contact or Contact()

    def routed_to(self, warehouse: str) -> "Notices":
        """The same notices, with the parcels announced to a warehouse; no name keeps the one it has."""
        return Notices(
            self._rma_id,
            self._customer_id,
            self._order_id,
            self._locale,
            warehouse or self._warehouse,
            self._contact,
        )

    @classmethod
    def for_application(cls, rma_id: str, application: ReturnApplication) -> "Notices":
        """The notices of the return that an application opens."""
        return cls(
            rma_id,
            application.customer_id,
            application.order_id,
            application.locale,
            contact=application.contact,
        )

    def customer(self, template: Template, **params: Value) -> OutboxItem:
        """A message to the customer, on each channel that it goes."""
        item = self._item(OutboxKind.CUSTOMER_MESSAGE, template, self._customer_id, params)
        return item.model_copy(update={"channels": channels_for(template, self._contact)})

    def staff(self, template: Template, role: Role | str, **params: Value) -> OutboxItem:
        """An alert to the people of a role."""
        return self._item(OutboxKind.STAFF_ALERT, template, str(role), params)

    def expected_parcel(self, carrier: str, tracking_no: str, lines: dict[str, int]) -> OutboxItem:
        """Tell the warehouse that a parcel is coming, and what should be in it."""
        units = {f"line.{line_id}": quantity for line_id, quantity in lines.items()}
        return self._item(
            OutboxKind.WAREHOUSE_NOTICE,
            "expected_parcel",
            self._warehouse,
            {"carrier": carrier, "tracking_no": tracking_no, "warehouse": self._warehouse, **units},
        )

    def dispositions(self, units: Iterable[InspectedUnits]) -> tuple[OutboxItem, ...]:
        """Tell the warehouse where the inspected goods go."""
        return tuple(
            self._item(
                OutboxKind.GOODS_DISPOSITION,
                entry.disposition.value,
                self._warehouse,
                {"line_id": entry.line_id, "quantity": entry.quantity, "grade": entry.grade.value},
            )
            for entry in units
        )

    def wrong_serials(self, units: Iterable[InspectedUnits]) -> tuple[OutboxItem, ...]:
        """Tell a supervisor of goods whose serial number is not the one that was sold, once for an inspection."""
        wrong = [entry for entry in units if entry.serial is SerialCheck.MISMATCH]
        if not wrong:
            return ()
        findings = "; ".join(
            f"{entry.quantity} x {entry.line_id}" + (f": {entry.note}" if entry.note else "") for entry in wrong
        )
        return (self.staff(Template.STAFF_SERIAL_MISMATCH, Role.SUPERVISOR, findings=findings),)

    def goods_to_customer(self, line_id: str, quantity: int) -> OutboxItem:
        """Tell the warehouse to send goods that were not accepted back to the customer."""
        return self._item(
            OutboxKind.GOODS_DISPOSITION,
            Disposition.RETURN_TO_CUSTOMER.value,
            "warehouse",
            {"line_id": line_id, "quantity": quantity},
        )

    def unexpected(self, goods: Sequence[UnexpectedGoods]) -> tuple[OutboxItem, ...]:
        """Tell the customer and the desk of goods that are not of the return, and the warehouse where they go."""
        findings = "; ".join(
            f"{found.quantity} x {found.item}" + (f": {found.note}" if found.note else "") for found in goods
        )
        photos = ", ".join(photo for found in goods for photo in found.photos) or "-"
        return (
            self.customer(Template.UNEXPECTED_GOODS, findings=findings, photos=photos),
            self.staff(Template.STAFF_UNEXPECTED_GOODS, Role.SUPERVISOR, findings=findings),
            *(
                self._item(
                    OutboxKind.GOODS_DISPOSITION,
                    found.disposition.value,
                    "warehouse",
                    {"item": found.item, "quantity": found.quantity, "grade": found.grade.value},
                )
                for found in goods
            ),
        )

    def review(self, decision: ReviewDecision, remedy: Remedy, why: Iterable[str]) -> tuple[OutboxItem, ...]:
        """What the customer is told of auto-review, with its reasons in sentences."""
        if decision.outcome is ReviewOutcome.EVIDENCE_REQUESTED:
            return (self.customer(Template.EVIDENCE_REQUESTED, why=" ".join(why)),)
        if decision.outcome is ReviewOutcome.MANUAL_REVIEW:
            return (self.customer(Template.MANUAL_REVIEW, why=" ".join(why)),)
        return (self.customer(Template.APPROVED),) if announced_at_review(decision, remedy) else ()

    def freight_insured(self, order: OrderSnapshot, expected: RefundClaim | None) -> tuple[OutboxItem, ...]:
        """Who pays the return freight beside the refund, if it is the customer's to bear and insured."""
        insurance = order.freight_insurance
        if insurance is None or expected is None or not customers_freight_bps(expected):
            return ()
        return (
            self.customer(
                Template.FREIGHT_INSURED,
                insurer=insurance.insurer,
                cover_minor=insurance.cover_minor,
                currency=order.currency,
            ),
        )

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

    It does not where a person decides later, where stock or fulfilment has to say yes first, or where the
    goods stay with the customer and the remedy itself is what there is to tell.
    """
    sees_goods_first = remedy is Remedy.RETURN_AND_REFUND and not decision.returnless
    return decision.outcome is ReviewOutcome.APPROVED and sees_goods_first
