"""Which ways a message goes: always in the app, beside it by SMS or e-mail where it matters (section 11).

Addresses are no part of a message: the messaging service resolves them from the customer's id.
"""

from domain.application import Contact
from domain.outbox import MessageChannel, Template

_SMS = (MessageChannel.SMS,)
_EMAIL = (MessageChannel.EMAIL,)
_BOTH = (MessageChannel.SMS, MessageChannel.EMAIL)

_BESIDE_THE_APP: dict[Template, tuple[MessageChannel, ...]] = {
    Template.EVIDENCE_REQUESTED: _BOTH,
    Template.DECLINED: _EMAIL,
    Template.REFUSED: _EMAIL,
    Template.ORDER_CANCELLED: _EMAIL,
    Template.PICKUP_BOOKED: _SMS,
    Template.PICKUP_REBOOKED: _SMS,
    Template.PICKUP_CHANGED: _SMS,
    Template.PICKUP_CHANGE_LATE: _SMS,
    Template.PICKUP_FAILED: _SMS,
    Template.LABEL_READY: _EMAIL,
    Template.SHIP_YOURSELF: _EMAIL,
    Template.HANDOVER_REMINDER: _SMS,
    Template.PARCEL_LOST: _BOTH,
    Template.INSPECTION_LATE: _BOTH,
    Template.INSPECTION_PARTIAL: _BOTH,
    Template.INSPECTION_REJECTED: _BOTH,
    Template.CONTEST_DISMISSED: _EMAIL,
    Template.REFUND_PAID: _BOTH,
    Template.PAYMENT_METHOD_NEEDED: _BOTH,
    Template.RETURN_REOPENED: _EMAIL,
    Template.REOPENING_DISMISSED: _EMAIL,
}
"""What cannot wait until the customer opens the app goes by SMS; what they may want to keep goes by e-mail."""


def channels_for(template: Template, contact: Contact) -> tuple[MessageChannel, ...]:
    """The ways that a message goes to a customer who can be reached like this."""
    reachable = {MessageChannel.SMS: contact.phone, MessageChannel.EMAIL: contact.email}
    beside = (channel for channel in _BESIDE_THE_APP.get(template, ()) if reachable[channel])
    return (MessageChannel.IN_APP, *beside)
