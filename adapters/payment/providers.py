"""The payment providers that a worker can be told to use. Each is a file of this folder and a line here."""

from adapters.payment.alipay import AlipaySettings
from adapters.payment.sandbox import SandboxPaymentSettings
from adapters.payment.settings import PaymentSettings
from adapters.payment.stripe import StripeSettings
from adapters.payment.wechat import WechatSettings

PAYMENT_PROVIDERS: dict[str, type[PaymentSettings]] = {
    "alipay": AlipaySettings,
    "sandbox": SandboxPaymentSettings,
    "stripe": StripeSettings,
    "wechat": WechatSettings,
}
