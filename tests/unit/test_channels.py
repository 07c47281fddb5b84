"""Which ways a message goes, each with an id of its own."""

import pytest

from domain.application import Contact, Locale
from domain.channels import channels_for
from domain.notices import Notices
from domain.outbox import MessageChannel, Template
from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, a_stage

pytest_plugins = ["tests.unit.ledger_fixtures"]

APP, SMS, EMAIL = MessageChannel.IN_APP, MessageChannel.SMS, MessageChannel.EMAIL
PHONE = Contact(phone="13800000000")
MAIL = Contact(email="li@example.com")
BOTH = Contact(phone="13800000000", email="li@example.com")


@pytest.mark.parametrize(
    ("template", "contact", "channels"),
    [
        (Template.REFUND_PAID, Contact(), (APP,)),
        (Template.REFUND_PAID, PHONE, (APP, SMS)),
        (Template.REFUND_PAID, BOTH, (APP, SMS, EMAIL)),
        (Template.PICKUP_BOOKED, MAIL, (APP,)),
        (Template.APPROVED, BOTH, (APP,)),
    ],
)
def test_a_message_goes_to_the_app_and_beside_it_where_it_matters(
    template: Template, contact: Contact, channels: tuple[MessageChannel, ...]
) -> None:
    assert channels_for(template, contact) == channels


def test_each_way_is_a_delivery_of_its_own_in_order_and_names_no_address(ledger: Ledger) -> None:
    notices = Notices("R1", "C-1", "O-1", Locale.EN, contact=BOTH)
    told = (
        notices.customer(Template.REFUND_PAID, amount_minor=1, currency="CNY"),
        notices.customer(Template.APPROVED),
        notices.staff(Template.STAFF_SETTLEMENT_LATE, "supervisor"),
    )
    ledger.record(a_stage("R1", "s-1", outbox=told))
    ledger.record(a_stage("R1", "s-1", outbox=told))
    sent = []
    while claimed := ledger.claim_deliveries(NOW, 10, NOW - NOW):
        sent += claimed
        ledger.delivered([delivery.message_id for delivery in claimed], NOW)
    assert [(delivery.message_id, delivery.item.channels) for delivery in sent] == [
        ("R1/s-1/0", (APP,)),
        ("R1/s-1/0/sms", (SMS,)),
        ("R1/s-1/0/email", (EMAIL,)),
        ("R1/s-1/1", (APP,)),
        ("R1/s-1/2", ()),
    ]
    written = "".join(delivery.model_dump_json() for delivery in sent)
    assert "13800000000" not in written
    assert "example.com" not in written
