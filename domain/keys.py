"""Business keys. Each effect has one for life, so that no retry, crash or reset can do it twice."""

import hashlib
import re

_RMA_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAYMENT = re.compile(r"(.+)-(?:refund-\d+-t\d+|charge-\d+|hold-\d+|capture-\d+)")


def rma_id_for(order_id: str, request_id: str) -> str:
    """Derive the RMA id from the order and the caller's request id, so that a repeat finds the same return."""
    number = int.from_bytes(hashlib.sha256(f"{order_id}\n{request_id}".encode()).digest()[:10], "big")
    return "RMA-" + "".join(_RMA_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))


def refund_key(rma_id: str, round_: int, tender: int) -> str:
    """The key of a refund intent: which round of settlement, which tender in it."""
    return f"{rma_id}-refund-{round_}-t{tender}"


def charge_key(rma_id: str, round_: int) -> str:
    """The key of a charge intent."""
    return f"{rma_id}-charge-{round_}"


def hold_key(rma_id: str, round_: int) -> str:
    """The key of the intent to hold money."""
    return f"{rma_id}-hold-{round_}"


def capture_key(rma_id: str, round_: int) -> str:
    """The key of the intent to capture money that is held."""
    return f"{rma_id}-capture-{round_}"


def rma_id_of_payment(key: str) -> str:
    """The RMA id in the key of an intent; empty for a reference that is none of ours."""
    ours = _PAYMENT.fullmatch(key)
    return ours[1] if ours else ""


def inspection_clock_key(rma_id: str) -> str:
    """The key of the inspection clock and so of its coupon. A return earns at most one."""
    return f"{rma_id}-inspection"


def parcel_prefix(rma_id: str, parcel: int) -> str:
    """What the references of a parcel start with; those of the first parcel carry no number."""
    return rma_id if parcel == 1 else f"{rma_id}-p{parcel}"


def pickup_reference(rma_id: str, attempt: int, parcel: int = 1) -> str:
    """Our reference at a carrier for the nth booking of a parcel."""
    return f"{parcel_prefix(rma_id, parcel)}-pickup-{attempt}"


def label_reference(rma_id: str, parcel: int = 1) -> str:
    """Our reference at a carrier for the label of a parcel."""
    return f"{parcel_prefix(rma_id, parcel)}-label"


def parts_reference(rma_id: str) -> str:
    """Our reference for the missing parts that are sent, at the stock and at the order system."""
    return f"{rma_id}-parts"


def compensation_coupon_key(rma_id: str) -> str:
    """The key of the coupon that a customer gets as a compensation."""
    return f"{rma_id}-compensation"


def agreed_coupon_key(rma_id: str, offer_number: int) -> str:
    """The key of the coupon that an offer after an inspection came to."""
    return f"{rma_id}-offer-{offer_number}"


def goodwill_coupon_key(rma_id: str) -> str:
    """The key of the coupon that a supervisor gives on a return that was reopened."""
    return f"{rma_id}-goodwill"


def bonus_key(rma_id: str, number: int) -> str:
    """The key of the bonus on the nth refund of a return that goes to store credit."""
    return f"{rma_id}-bonus-{number}"


def trade_in_key(rma_id: str, number: int) -> str:
    """The key of the nth payout of a trade-in; a contest may earn a second one."""
    return f"{rma_id}-trade-in-{number}"


def repair_reference(rma_id: str, number: int) -> str:
    """Our reference at the workshop for the nth repair of a return."""
    return f"{rma_id}-repair-{number}"


def claim_reference(rma_id: str, party: str) -> str:
    """Our reference for the claim of a return's loss against a party."""
    return f"{rma_id}-claim-{party}"


def replacement_reference(rma_id: str) -> str:
    """Our reference for the replacement of an exchange, at the stock and at the order system."""
    return f"{rma_id}-replacement"


def substitute_reference(rma_id: str, number: int) -> str:
    """Our reference for the nth replacement that takes the place of what could not be had."""
    return f"{rma_id}-substitute-{number}"


def follow_up_id(root: str, number: int) -> str:
    """The RMA id of the nth case of a return; the first one has the return's own."""
    return f"{root}-{number}"
