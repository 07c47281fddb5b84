"""ISO 4217: the currencies that money is paid in, and their minor units."""

from decimal import Decimal

_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_TWO_DECIMALS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG
"""
_EXPONENTS = {
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}


def is_known_currency(code: str) -> bool:
    """Tell whether `code` is the ISO 4217 code of a currency that people pay with: no metal, fund or test code."""
    return code in _EXPONENTS


def minor_unit_exponent(currency: str) -> int:
    """Return the number of decimals of `currency` by ISO 4217: JPY 0, CNY and USD 2, KWD 3."""
    return _EXPONENTS.get(currency, 2)


def as_decimal(amount_minor: int, currency: str) -> Decimal:
    """The amount in whole units of `currency`, with all its decimals: 9900 CNY is 99.00."""
    return Decimal(amount_minor).scaleb(-minor_unit_exponent(currency))
