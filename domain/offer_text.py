"""An offer in a sentence or two that a customer reads before consenting."""

from domain.application import Locale, Remedy
from domain.money_text import format_minor
from domain.offers import OfferTerms
from domain.reasons import LiableParty

_REMEDIES = {
    Locale.EN: {
        Remedy.RETURN_AND_REFUND: "return and refund",
        Remedy.REFUND_ONLY: "refund, and you keep the goods",
        Remedy.EXCHANGE: "exchange",
        Remedy.REPAIR: "repair",
        Remedy.REISSUE_PARTS: "the missing parts",
        Remedy.PRICE_COMPENSATION: "compensation, and you keep the goods",
        Remedy.COUPON_COMPENSATION: "a coupon, and you keep the goods",
        Remedy.STORE_CREDIT: "store credit",
        Remedy.TRADE_IN: "trade-in",
    },
    Locale.ZH_CN: {
        Remedy.RETURN_AND_REFUND: "退货退款",
        Remedy.REFUND_ONLY: "仅退款，商品归您",
        Remedy.EXCHANGE: "换货",
        Remedy.REPAIR: "维修",
        Remedy.REISSUE_PARTS: "补发配件",
        Remedy.PRICE_COMPENSATION: "差价补偿，商品归您",
        Remedy.COUPON_COMPENSATION: "优惠券补偿，商品归您",
        Remedy.STORE_CREDIT: "购物金",
        Remedy.TRADE_IN: "以旧换新",
    },
}
_PARTIES = {
    Locale.EN: {
        LiableParty.MERCHANT: "the shop",
        LiableParty.CARRIER: "the carrier",
        LiableParty.CUSTOMER: "you",
        LiableParty.PLATFORM: "the platform",
    },
    Locale.ZH_CN: {
        LiableParty.MERCHANT: "商家",
        LiableParty.CARRIER: "快递公司",
        LiableParty.CUSTOMER: "您",
        LiableParty.PLATFORM: "平台",
    },
}


def offer_text(terms: OfferTerms, currency: str, locale: Locale, parcel: int | None = None) -> str:
    """Remedy, amount, basis, process, time limits and every fee, in the customer's language.

    `parcel` is the number of the parcel that the offer is about, where a return has several.
    """
    remedy = _REMEDIES[locale][terms.remedy]
    amount = f" {format_minor(terms.amount_minor, currency, locale)}" if terms.amount_minor else ""
    payer = _PARTIES[locale]
    fees = [
        f"{fee.name} {format_minor(fee.amount_minor, currency, locale)} ({payer[fee.payer]})" for fee in terms.fees
    ]
    if locale is Locale.ZH_CN:
        about = f"第 {parcel} 个包裹：" if parcel else ""
        return (
            f"{about}{remedy}{amount}。依据：{terms.basis}。流程：{terms.process}。时限：{terms.time_limits}。"
            f"退货运费由{payer[terms.freight]}承担。其他费用：{'、'.join(fees) or '无'}。"
        )
    about = f"For parcel {parcel}: " if parcel else ""
    return (
        f"{about}{remedy}{amount}. Basis: {terms.basis}. What happens: {terms.process}. "
        f"By when: {terms.time_limits}. Return freight is paid by {payer[terms.freight]}. "
        f"Other fees: {', '.join(fees) or 'none'}."
    )
