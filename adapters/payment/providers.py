"""The payment providers that can be used, and whose reports can be taken. Each is a file and a line here."""

from adapters.payment.alipay import AlipaySettings
from adapters.payment.reports import ReportSettings
from adapters.payment.sandbox import SandboxPaymentSettings
from adapters.payment.settings import PaymentSettings
from adapters.payment.stripe import StripeSettings
from adapters.payment.stripe_reports import StripeReportSettings
from adapters.payment.wechat import WechatSettings
from adapters.payment.wechat_reports import WechatReportSettings

PAYMENT_PROVIDERS: dict[str, type[PaymentSettings]] = {
    "alipay": AlipaySettings,
    "sandbox": SandboxPaymentSettings,
    "stripe": StripeSettings,
    "wechat": WechatSettings,
}

PAYMENT_REPORTS: dict[str, type[ReportSettings]] = {
    "stripe": StripeReportSettings,
    "wechat": WechatReportSettings,
}
