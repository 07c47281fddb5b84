"""Amounts as people read them. It needs Babel, which a client of the pipeline does not have."""

from babel.core import Locale
from babel.numbers import format_currency

from domain.currencies import as_decimal, minor_unit_exponent


def format_minor(amount_minor: int, currency: str, locale: str = "en") -> str:
    """Write an amount for a person, in the manner of `locale` (``zh-CN``, ``en``)."""
    exponent = minor_unit_exponent(currency)
    pattern = "¤#,##0" + ("." + "0" * exponent if exponent else "")
    return format_currency(
        as_decimal(amount_minor, currency),
        currency,
        format=pattern,
        locale=Locale.parse(locale, sep="-"),
        currency_digits=False,
    )
