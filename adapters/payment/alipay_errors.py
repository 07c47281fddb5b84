"""What Alipay's answers mean. Its gateway says everything with HTTP's 200, and how it went in the body."""

from collections.abc import Mapping

from pydantic import JsonValue

from adapters.failures import Failure, Meaning, code_or

_SUCCESS = "10000"

_BY_SUB_CODE: dict[str, Meaning] = {
    # Alipay does not know how it ended, and asks for the same call again.
    "ACQ.SYSTEM_ERROR": Meaning.UNCLEAR,
    "ACQ.REFUND_CHARGE_ERROR": Meaning.UNCLEAR,
    # A refund with this reference and another amount was paid. A decline would have the customer paid once more.
    "ACQ.DISCORDANT_REPEAT_REQUEST": Meaning.UNCLEAR,
    # Ours to mend: the merchant's balance, contract or request, or a freeze that Alipay lifts. The customer and
    # the payment are not at fault.
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": Meaning.NOT_DONE,
    "ACQ.REFUND_ACCOUNT_NOT_EXIST": Meaning.NOT_DONE,
    "ACQ.OVERDRAFT_AGREEMENT_NOT_MATCH": Meaning.NOT_DONE,
    "ACQ.OVERDRAFT_ASSIGN_ACCOUNT_INVALID": Meaning.NOT_DONE,
    "ACQ.INVALID_PARAMETER": Meaning.NOT_DONE,
    "ACQ.REASON_TRADE_BEEN_FREEZEN": Meaning.NOT_DONE,
    # More than is left of the payment.
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": Meaning.REFUSED,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": Meaning.REFUSED,
    "ACQ.REFUND_FEE_ERROR": Meaning.REFUSED,
    # The payment is not refunded (any more), or not there.
    "ACQ.TRADE_NOT_EXIST": Meaning.REFUSED,
    "ACQ.TRADE_HAS_CLOSE": Meaning.REFUSED,
    "ACQ.TRADE_HAS_FINISHED": Meaning.REFUSED,
    "ACQ.TRADE_STATUS_ERROR": Meaning.REFUSED,
    "ACQ.REASON_TRADE_STATUS_INVALID": Meaning.REFUSED,
    "ACQ.TRADE_NOT_ALLOW_REFUND": Meaning.REFUSED,
    "ACQ.NOT_ALLOW_PARTIAL_REFUND": Meaning.REFUSED,
    "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND": Meaning.REFUSED,
    "ACQ.CURRENCY_NOT_SUPPORT": Meaning.REFUSED,
    "ACQ.USER_NOT_MATCH_ERR": Meaning.REFUSED,
    # The customer's account cannot take it.
    "ACQ.BUYER_ERROR": Meaning.REFUSED,
    "ACQ.BUYER_NOT_EXIST": Meaning.REFUSED,
    "ACQ.BUYER_ENABLE_STATUS_FORBID": Meaning.REFUSED,
    "ACQ.CUSTOMER_VALIDATE_ERROR": Meaning.REFUSED,
}
_BY_CODE: dict[str, Meaning] = {
    # The gateway did not let the call through: authorization, a missing or invalid field or signature, too many
    # calls, no permission.
    "20001": Meaning.NOT_DONE,
    "40001": Meaning.NOT_DONE,
    "40002": Meaning.NOT_DONE,
    "40005": Meaning.NOT_DONE,
    "40006": Meaning.NOT_DONE,
}
"""What is in neither table is unclear, so 20000 (the service behind the gateway is not available, which may have
done its work) and what Alipay may add. A look-up costs little, a wrong decline a second payment.
"""

UNSIGNED = Failure(Meaning.UNCLEAR, "not signed by Alipay")
"""What anybody may have said. Some errors of the gateway's are not signed either."""


def understand(said: Mapping[str, JsonValue]) -> Failure | None:
    """What a node says whose signature was verified; None for a success."""
    code = code_or(said.get("code"), "without_code")
    if code == _SUCCESS:
        return None
    sub_code = code_or(said.get("sub_code"), code).removeprefix("aop.")
    meaning = _BY_SUB_CODE.get(sub_code, _BY_CODE.get(code, Meaning.UNCLEAR))
    return Failure(meaning, f"Alipay says {code} {sub_code}", sub_code)
