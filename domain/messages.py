"""Texts for people: a template per step and language, filled with plain values (section 11)."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.application import Locale
from domain.money import format_minor
from domain.offer_text import offer_text
from domain.offers import OfferTerms
from domain.outbox import OutboxItem, Template

_TIME_FORMATS = {Locale.ZH_CN: "%Y年%m月%d日 %H:%M", Locale.EN: "%d %b %Y, %H:%M"}


class Text(BaseModel):
    """The subject and body of one template in one language, with ``{fields}``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    body: str

    def fields(self) -> set[str]:
        """The names that the text needs."""
        return {name for part in (self.subject, self.body) for _, name, _, _ in Formatter().parse(part) if name}


class MessageTexts:
    """Every template in every language."""

    def __init__(self, texts: Mapping[Locale, Mapping[Template, Text]]) -> None:
        self._texts = texts

    @classmethod
    def parse(cls, sources: Mapping[Locale, str]) -> "MessageTexts":
        """Read the texts from TOML, a table per template.

        Raises:
            ValueError: If a template is missing, unknown or malformed in a language.
        """
        texts: dict[Locale, dict[Template, Text]] = {}
        for locale, source in sources.items():
            tables = tomllib.loads(source)
            if missing := [template.value for template in Template if template.value not in tables]:
                raise ValueError(f"{locale}: no text for {', '.join(missing)}")
            texts[locale] = {Template(name): Text.model_validate(table) for name, table in tables.items()}
        return cls(texts)

    def text(self, template: Template, locale: Locale) -> Text:
        """The unfilled text."""
        return self._texts[locale][template]

    def render(self, item: OutboxItem, zone: ZoneInfo) -> tuple[str, str]:
        """Fill the item's template in its language.

        Returns:
            Subject and body.

        Raises:
            KeyError: If the item lacks a value that the text needs.
        """
        text = self.text(Template(item.name), item.locale)
        values = _readable(item, zone)
        return text.subject.format_map(values), text.body.format_map(values)


def _readable(item: OutboxItem, zone: ZoneInfo) -> dict[str, str]:
    """Amounts in the currency's form, moments in local time, offers in words; everything else as it is."""
    currency = str(item.params.get("currency", ""))
    values = {}
    for name, value in item.params.items():
        if name.endswith("_minor"):
            values[name.removesuffix("_minor")] = format_minor(int(value), currency, item.locale)
        elif name.endswith("_offer"):
            terms = OfferTerms.model_validate_json(str(value))
            values[name.removesuffix("_offer")] = offer_text(terms, currency, item.locale)
        elif name.endswith("_at"):
            local = datetime.fromisoformat(str(value)).astimezone(zone)
            values[name] = local.strftime(_TIME_FORMATS[item.locale])
        else:
            values[name] = str(value)
    return values
