"""Values as people read them: what a value is follows from the end of its name."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.application import Locale
from domain.money_text import format_minor
from domain.offer_text import offer_text
from domain.offers import OfferInWords

_TIME_FORMATS = {Locale.ZH_CN: "%Y年%m月%d日 %H:%M", Locale.EN: "%d %b %Y, %H:%M"}
_DAY_FORMATS = {Locale.ZH_CN: "%Y年%m月%d日", Locale.EN: "%d %b %Y"}


def readable(values: Mapping[str, str | int], locale: Locale, zone: ZoneInfo) -> dict[str, str]:
    """Write values for a text.

    A name that ends in ``_minor`` is an amount in minor units of the value ``currency`` and loses that ending;
    ``_offer`` is the terms of an offer as JSON and loses it too; ``_at`` is a moment, ``_day`` a day, both in ISO
    8601. Everything else stays as it is.
    """
    currency = str(values.get("currency", ""))
    written = {}
    for name, value in values.items():
        if name.endswith("_minor"):
            written[name.removesuffix("_minor")] = format_minor(int(value), currency, locale)
        elif name.endswith("_offer"):
            terms = OfferInWords.model_validate_json(str(value))
            written[name.removesuffix("_offer")] = offer_text(terms, currency, locale, terms.parcel)
        elif name.endswith("_at"):
            local = datetime.fromisoformat(str(value)).astimezone(zone)
            written[name] = local.strftime(_TIME_FORMATS[locale])
        elif name.endswith("_day"):
            written[name] = date.fromisoformat(str(value)).strftime(_DAY_FORMATS[locale])
        else:
            written[name] = str(value)
    return written


def name_in_a_text(name: str) -> str:
    """The field by which a text calls the value of a name."""
    return name.removesuffix("_minor").removesuffix("_offer")
