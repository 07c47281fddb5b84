"""The warehouse receives and inspects; who was kept waiting gets a coupon."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from temporalio.exceptions import ApplicationError

from domain.coupons import CouponOrder
from domain.keys import inspection_clock_key
from tests.properties.actors.stage import NOW, Stage
from tests.properties.case import Case
from tests.unit.ledger_builders import a_breach, a_stage


class Warehouse(Stage):
    """Finds out what came back."""

    @precondition(lambda self: self.open_cases(inspected=False))
    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        self.take_in(data, data.draw(st.sampled_from(self.open_cases(inspected=False))))

    @precondition(lambda self: self.open_cases(inspected=False))
    @rule(data=st.data(), late=st.booleans())
    def inspect(self, data: st.DataObject, late: bool) -> None:
        """Accept, reject as worn, or reject as something else; of a return the first broken promise counts."""
        case = data.draw(st.sampled_from(self.open_cases(inspected=False)))
        self.take_in(data, case)
        case.inspected = True
        for line_id, received in case.received.items():
            case.accepted[line_id] = data.draw(st.integers(0, received))
            case.rejected[line_id] = received - case.accepted[line_id]
            case.wrong[line_id] = data.draw(st.integers(0, case.rejected[line_id]))
        self.entitled.add(case.rma_id)
        if late and not any(other.inspected_late for other in self.family(case)):
            case.inspected_late = True
            breach = a_breach(case.rma_id)
            for _ in range(2):
                self.ledger.record(a_stage(case.rma_id, case.op("breach"), breach=breach))

    @precondition(lambda self: any(case.inspected_late for case in self.cases))
    @rule(data=st.data(), fault=st.sampled_from(["", "error_before", "error_after"]))
    def issue_coupon(self, data: st.DataObject, fault: str) -> None:
        """The activity of the coupon, tried again by a worker that does not know that it was tried before."""
        case = data.draw(st.sampled_from([case for case in self.cases if case.inspected_late]))
        self.touch("coupons", case)
        if fault:
            self.run(self.couriers.fault("coupons.issue", fault))
        try:
            coupon = self.run(self.coupons.issue(self.coupon_for(case)))
        except ApplicationError:
            return
        self.ledger.record(a_stage(case.rma_id, case.op("coupon"), coupon_id=coupon.coupon_id))

    def take_in(self, data: st.DataObject, case: Case) -> None:
        """Receive some of what has not come yet, or nothing."""
        for line_id, quantity in case.authorized.items():
            before = case.received.get(line_id, 0)
            case.received[line_id] = before + data.draw(st.integers(0, quantity - before))

    def coupon_for(self, case: Case) -> CouponOrder:
        """The coupon that a late inspection earns."""
        return CouponOrder(
            key=inspection_clock_key(case.rma_id),
            rma_id=case.rma_id,
            customer_id=self.order.customer_id,
            amount_minor=5000,
            currency="CNY",
            at=NOW,
        )

    def coupons_of(self, case: Case) -> list[dict[str, object]]:
        """The coupon service's book on a return and on all that followed it."""
        return self.run(self.couriers.book("coupons", f"{case.root}-"))
