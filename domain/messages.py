"""Texts for people: a template per step and language, filled with plain values (section 11)."""

import tomllib
from collections.abc import Mapping
from string import Formatter
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from domain.application import Locale
from domain.message_fields import fields_given
from domain.outbox import MessageChannel, OutboxItem, Template
from domain.readable import readable

_MAY_LACK = {"why": ""}
"""Values that items from before the text named them lack; those are delivered all the same."""


class Text(BaseModel):
    """One template in one language, with ``{fields}``. An SMS is short: its own text, or else the subject."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1)
    body: str = Field(min_length=1)
    sms: str = ""

    def fields(self) -> set[str]:
        """The names that the text needs."""
        parts = (self.subject, self.body, self.sms)
        return {name for part in parts for _, name, _, _ in Formatter().parse(part) if name is not None}


class MessageTexts:
    """Every template in every language."""

    def __init__(self, texts: Mapping[Locale, Mapping[Template, Text]]) -> None:
        self._texts = texts

    @classmethod
    def parse(cls, sources: Mapping[Locale, str]) -> "MessageTexts":
        """Read the texts from TOML, a table per template.

        Raises:
            ValueError: If a text is missing, malformed, of no step, or needs a field that its step does not give.
        """
        return cls({locale: _read(locale, source) for locale, source in sources.items()})

    def text(self, template: Template, locale: Locale) -> Text:
        """The unfilled text."""
        return self._texts[locale][template]

    def render(self, item: OutboxItem, zone: ZoneInfo) -> tuple[str, str]:
        """Fill the item's template in its language, for the channel that it goes.

        Returns:
            Subject and body; an SMS has no subject.

        Raises:
            KeyError: If the item lacks a value that the text needs.
        """
        text = self.text(Template(item.name), item.locale)
        values = _MAY_LACK | readable(item.params, item.locale, zone)
        if MessageChannel.SMS in item.channels:
            return "", (text.sms or text.subject).format_map(values)
        return text.subject.format_map(values), text.body.format_map(values)


def _read(locale: Locale, source: str) -> dict[Template, Text]:
    tables = tomllib.loads(source)
    if missing := [template.value for template in Template if template.value not in tables]:
        raise ValueError(f"{locale}: no text for {', '.join(missing)}")
    if unknown := [name for name in tables if name not in list(Template)]:
        raise ValueError(f"{locale}: there is no step {', '.join(unknown)}")
    texts = {Template(name): Text.model_validate(table) for name, table in tables.items()}
    for template, text in texts.items():
        if not_given := sorted(text.fields() - fields_given(template)):
            known = ", ".join(sorted(fields_given(template)))
            raise ValueError(
                f"{locale}: the text {template.value} needs {', '.join(not_given)}, which its step does not give; "
                f"it gives {known} (domain/message_fields.py)"
            )
    return texts
