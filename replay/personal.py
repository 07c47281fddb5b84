"""Which fields of the contracts hold personal data: the one place where that is decided.

A field is named for every model (`note`), or for one (`Contact.name`), which counts for more. A field that nobody
decided about is taken as personal, and `tests/unit/test_personal_fields.py` fails until somebody does.
"""

PERSONAL = frozenset(
    {
        # People, and what they are known by
        *("Actor.id", "agent", "author", "customer_agent", "customer_id", "recipient"),
        *("Contact.name", "email", "phone"),
        *("PickupAddress.lines", "city", "country", "postal_code"),
        # What leads to a person: orders, means of payment, parcels, the goods themselves, documents of others
        *("order_id", "replacement_order_id", "payment_id", "method_id", "payment_method_id", "settle_method_id"),
        *("destination", "account_id", "provider_reference", "coupon_id", "grant_id", "chargeback_id", "claim_id"),
        *("tracking_no", "ticket_id", "serial_numbers", "url", "photos", "event_id"),
        *("Evidence.reference", "ClaimEvidence.reference"),
        *("ArbitrationRuling.reference", "Escalation.reference", "HoldRelease.reference"),
        *("request_id", "request_fingerprint"),
        # What people wrote, and what others said of them
        *("note", "description", "basis", "process", "time_limits", "failure", "item", "params", "snapshot"),
        *("FollowUp.reason", "FollowUpRequest.reason", "Pause.reason", "OfferFee.name", "ReplacementAnswer.why"),
    }
)

MIXED = frozenset({"params"})
"""Personal fields that hold our codes as well: their values are not looked for elsewhere."""

NOT_PERSONAL = frozenset(
    {
        # What we name ourselves: numbers of returns, keys that are made of them, steps
        *("rma_id", "of", "root", "key", "op", "request_op", "declined_key", "hold_key", "instead_of"),
        *("followed_by", "shares_waybill_with", "open", "settled", "unpaid_advances", "clock", "subject"),
        *("ReconciliationReport.opened", "ReconciliationReport.closed", "ReconciliationReport.returned"),
        *("ClaimActionAnswer.reference", "ClaimLookup.reference", "ClaimResult.reference", "releases"),
        *("FulfilmentCancellation.reference", "LabelRequest.reference", "LabelVoiding.reference"),
        *("PickupCancellation.reference", "PickupReference.reference", "PickupRequest.reference"),
        *("RecoveryClaim.reference", "RepairCancellation.reference", "RepairOrder.reference"),
        *("RepairReport.reference", "RepairStatus.reference", "RepairTicket.reference"),
        *("PaymentQuestion.reference", "ReplacementOrder.reference", "StockHold.reference"),
        # Goods and lines of the shop's catalogue
        *("line_id", "item_id", "item_ids", "product_id", "part_item_ids", "replacement_item_ids"),
        *("missing_item_id", "category", "OrderLine.name", "ConditionCheck.code", "checks"),
        # Codes, companies and policy
        *("carrier", "carriers", "insurer", "warehouse", "currency", "department", "policy_version", "peak"),
        *("Peak.name", "TaxComponent.name", "OutboxItem.name", "PaymentMethod.source", "CarrierEvent.kind"),
        *("header", "needs", "what", "field", "detail", "refusal_code", "told", "late_refusals"),
        # Sentences and numbers that rules made; the personal values of the history are replaced in them
        *("Decision.why", "Review.why", "ReturnStatus.why", "values", "inputs"),
        # Keyed by a line or an item
        *("authorized", "liability", "lines", "released", "replacement_prices_minor", "units"),
    }
)


def is_decided(model: str, field: str) -> bool:
    """Whether somebody said of a field if it is personal."""
    return bool({f"{model}.{field}", field} & (PERSONAL | NOT_PERSONAL))


def is_personal(model: str, field: str) -> bool:
    """Whether the strings below a field of a model are personal data; what nobody decided about is."""
    for name in (f"{model}.{field}", field):
        if name in PERSONAL:
            return True
        if name in NOT_PERSONAL:
            return False
    return True
