"""What the ledger refuses. Each of these leaves nothing written, and repeating the call cannot help."""


class LedgerError(Exception):
    """The base of everything that the ledger refuses."""


class SchemaOutOfDate(LedgerError):
    """The database has not got the tables that this version of the code needs."""


class EntryKeyReused(LedgerError):
    """The op of an entry was used before in the same return, for an entry of another kind."""


class OrderNotFound(LedgerError):
    """No return of this order was ever opened."""


class ReturnNotFound(LedgerError):
    """No return was opened under this RMA id."""


class UnitsNotHeld(LedgerError):
    """The return holds fewer units of a line than it is to settle."""


class UnitsNotDeducted(LedgerError):
    """The return was not paid less such a deduction for so many units, or it was lowered already."""


class CeilingExceeded(LedgerError):
    """More would be paid back than the line, the payment or the order has left."""


class AuthorizationNotFound(LedgerError):
    """The return has no authorised refund under the op named in `instead_of`."""


class ChargeOutstanding(LedgerError):
    """An exchange cannot be paid out while it is open whether the customer was charged for it."""


class AdvanceNotFound(LedgerError):
    """Nothing was paid in advance for this return."""


class NothingToRecover(LedgerError):
    """Everything that was paid in advance for this return is accounted for."""


class HoldNotFound(LedgerError):
    """No payment hold was made under this key."""


class HoldNotOpen(LedgerError):
    """The payment hold has ended, so nothing can be captured from it."""


class IntentNotFound(LedgerError):
    """There is no payment intent under this key."""


class IntentKeyTaken(LedgerError):
    """The round was used before in this return, so the key of the new intent belongs to another one."""


class IntentNotDeclined(LedgerError):
    """Only a declined intent gets another means of payment."""


class AlreadySuperseded(LedgerError):
    """Something took the place of the declined intent, or of the exchange that fell through, already."""


class CouponNotOwed(LedgerError):
    """A coupon was reported as issued, but the return has no breach that earned one."""


class SubscriberNotFound(LedgerError):
    """No subscriber of this name was ever told anything."""


class DeliveryNotFound(LedgerError):
    """The outbox has no item under this message id."""


class ReceiptIdReused(LedgerError):
    """The id of a receipt was used before for another parcel."""


class ParkedNotFound(LedgerError):
    """There are no parked goods under this id."""


class AlreadyDecided(LedgerError):
    """Somebody has decided on the parked goods already."""


class EventsGone(LedgerError):
    """Events behind the place that a reader has reached were deleted, since they were too old."""


class NewsNotFound(LedgerError):
    """The payment provider's report was never accepted."""


class EventNotFound(LedgerError):
    """The carrier's event was never accepted."""


class GrantNotPending(LedgerError):
    """No grant waits for a second person under this op."""


class SamePerson(LedgerError):
    """A grant above the supervisor's cap needs a second, different person."""


class IntentFrozen(LedgerError):
    """The refund may not be sent while a chargeback of its order is open."""


class ChargebackNotFound(LedgerError):
    """The order has no chargeback under this id."""


class ChargebackConflict(LedgerError):
    """The chargeback was reported with other facts, or was decided already."""


class RefundInFlight(LedgerError):
    """Whether a refund was paid is not known yet, so a chargeback cannot be counted beside it."""


class TaskNotFound(LedgerError):
    """No difference of this key waits for a person."""
