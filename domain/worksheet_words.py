"""The rows of a worksheet in words, for customers and staff.

It needs Babel, which a client of the pipeline does not have, and reads its data from files: it runs with those who
show the rows and not in a workflow.
"""

from collections import defaultdict
from typing import TypeVar

from domain.application import Locale
from domain.explanation import ExplainedQuote, ExplainedRow, Explanation
from domain.money_text import format_minor
from domain.worksheet import WorksheetRow, WorksheetRule

AnyQuote = TypeVar("AnyQuote", bound=ExplainedQuote)

_EN = {
    WorksheetRule.UNITS: "{units} of {quantity} units ({settled_units} settled before) of a line that was paid "
    "{paid_minor}",
    WorksheetRule.TAX_INCLUDED: "contains {name}: the share of {units} of {quantity} units in {tax_minor}",
    WorksheetRule.DISCOUNT_FUNDER: "goes back to the {funder}, which funded {discount_minor} of the discounts",
    WorksheetRule.DIMINISHED_VALUE: "diminished value: {deduction_bps} basis points of {gross_minor}, rounded "
    "in the customer's favour",
    WorksheetRule.DEDUCTION_LOWERED: "deduction lowered after a contest: {units} of {quantity} units that were "
    "paid less {before_bps} basis points, now less {deduction_bps}; {before_minor} was taken off {gross_minor}, "
    "{deduction_minor} is due, each rounded in the customer's favour",
    WorksheetRule.COMPENSATED_BEFORE: "paid before as compensation: the share of these units in "
    "{outstanding_minor}",
    WorksheetRule.PROMOTION_LOST: "promotion lost: the goods that are kept come to {kept_minor}, too little "
    "for it; its share in them is {loss_minor}, of which {taken_before_minor} was taken off before",
    WorksheetRule.PROMOTION_RESTORED: "promotion given back: the goods that are kept come to {kept_minor} "
    "and lose {loss_minor}; {taken_before_minor} was taken off before",
    WorksheetRule.OUTBOUND_SHIPPING: "outbound shipping, once per order",
    WorksheetRule.RESTOCKING_FEE: "restocking fee: {fee_bps} basis points",
    WorksheetRule.RETURN_FREIGHT: "return freight that the shop laid out: {share_bps} basis points of "
    "{fee_minor}, once per return and never more than the refund",
    WorksheetRule.PREMIUM_PICKUP: "premium pickup, free by policy for this customer: {share_bps} basis points of "
    "{fee_minor} return freight are not taken off",
    WorksheetRule.COMPENSATION: "agreed compensation; {compensated_before_minor} was paid on the line before",
    WorksheetRule.ARBITRATION: "ruled by the platform: this line's share of the amount, by what each line had "
    "left; {compensated_before_minor} was paid on the line as compensation before",
    WorksheetRule.FREIGHT_INSURANCE: "beside the refund: {insurer} insures the return freight and pays the "
    "customer directly, up to this amount",
    WorksheetRule.REPLACEMENT: "price of the replacement",
    WorksheetRule.MOVED_BEFORE: "charged for the exchange before, less what was paid back for it",
    WorksheetRule.CHARGED_BACK: "taken back by the bank in a chargeback that was lost",
    WorksheetRule.PAID_IN_ADVANCE: "paid in advance, before the inspection",
    WorksheetRule.OWED_BY_CUSTOMER: "the customer pays the rest of the replacement",
    WorksheetRule.ORDER_REMAINDER: "everything that is left of the payments goes back: the rest of the order",
}
_ZH_CN = {
    WorksheetRule.UNITS: "该行实付 {paid_minor}，共 {quantity} 件，此前已结算 {settled_units} 件，本次 {units} 件",
    WorksheetRule.TAX_INCLUDED: "其中含{name}：{tax_minor} 按 {quantity} 件中的 {units} 件分摊",
    WorksheetRule.DISCOUNT_FUNDER: "退还给优惠出资方 {funder}，该行由其出资 {discount_minor}",
    WorksheetRule.DIMINISHED_VALUE: "商品减值：{gross_minor} 的万分之 {deduction_bps}，零头归顾客",
    WorksheetRule.DEDUCTION_LOWERED: "异议后减值扣款下调：按万分之 {before_bps} 扣款的 {quantity} 件中，"
    "{units} 件改按万分之 {deduction_bps}；{gross_minor} 原扣 {before_minor}，应扣 {deduction_minor}，零头归顾客",
    WorksheetRule.COMPENSATED_BEFORE: "此前已作补偿支付：这些商品在 {outstanding_minor} 中的份额",
    WorksheetRule.PROMOTION_LOST: "优惠失效：保留商品合计 {kept_minor}，不再满足条件；其优惠份额 {loss_minor}，"
    "此前已扣 {taken_before_minor}",
    WorksheetRule.PROMOTION_RESTORED: "优惠扣款返还：保留商品合计 {kept_minor}，失效优惠 {loss_minor}，"
    "此前已扣 {taken_before_minor}",
    WorksheetRule.OUTBOUND_SHIPPING: "发货运费，每单只退一次",
    WorksheetRule.RESTOCKING_FEE: "重新上架费：万分之 {fee_bps}",
    WorksheetRule.RETURN_FREIGHT: "商家垫付的退货运费：{fee_minor} 的万分之 {share_bps}，每次退货只扣一次，"
    "且不超过退款",
    WorksheetRule.PREMIUM_PICKUP: "按政策该顾客免费享受优先上门取件："
    "不扣退货运费 {fee_minor} 的万分之 {share_bps}",
    WorksheetRule.COMPENSATION: "协商补偿；该行此前已补偿 {compensated_before_minor}",
    WorksheetRule.ARBITRATION: "平台裁决金额，按各行剩余可退金额分摊；该行此前已补偿 {compensated_before_minor}",
    WorksheetRule.FREIGHT_INSURANCE: "不在退款之内：{insurer} 承保退货运费，直接赔付顾客，最高为此金额",
    WorksheetRule.REPLACEMENT: "换货商品价格",
    WorksheetRule.MOVED_BEFORE: "此前为换货收取的差价，减去已退部分",
    WorksheetRule.CHARGED_BACK: "银行拒付败诉，款项已由银行划走",
    WorksheetRule.PAID_IN_ADVANCE: "验货前已预付",
    WorksheetRule.OWED_BY_CUSTOMER: "换货差额由顾客支付",
    WorksheetRule.ORDER_REMAINDER: "支付余额全部退回：订单其余部分",
}
_DISCOUNTED = {
    Locale.EN: ": unit price {unit_price_minor}, less {line_discount_minor} of discounts on the line and "
    "{order_discount_minor} of discounts on the order",
    Locale.ZH_CN: "（单价 {unit_price_minor}，减行优惠 {line_discount_minor}、订单优惠 {order_discount_minor}）",
}
_WORDS = {Locale.EN: _EN, Locale.ZH_CN: _ZH_CN}


def words_for(row: WorksheetRow | ExplainedRow, currency: str, locale: Locale) -> str:
    """Tell a row in words; amounts are written in the manner of the locale.

    A row of before inputs were written down shows a question mark for each.
    """
    inputs = defaultdict[str, str](lambda: "?")
    for name, value in row.inputs.items():
        is_amount = name.endswith("_minor") and isinstance(value, int)
        inputs[name] = format_minor(int(value), currency, locale.value) if is_amount else str(value)
    text = _WORDS[locale][row.rule]
    if row.inputs.get("line_discount_minor") or row.inputs.get("order_discount_minor"):
        text += _DISCOUNTED[locale]
    return text.format_map(inputs)


def in_words(explanation: Explanation) -> Explanation:
    """Put the words of every locale into the rows of an explanation."""
    currency, quote = explanation.currency, explanation.quote
    return explanation.model_copy(
        update={
            "quote": quote and _with_words(quote, currency),
            "refunds": tuple(_with_words(refund, currency) for refund in explanation.refunds),
        }
    )


def _with_words(quote: AnyQuote, currency: str) -> AnyQuote:
    rows = tuple(
        row.model_copy(update={"words": {locale: words_for(row, currency, locale) for locale in Locale}})
        for row in quote.rows
    )
    return quote.model_copy(update={"rows": rows})
