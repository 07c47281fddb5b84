"""Why a decision is as it is, in sentences that a customer understands (sections 4 and 11)."""

import tomllib
from collections.abc import Mapping, Sequence
from string import Formatter
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from domain.application import Locale
from domain.readable import readable
from domain.refusals import Refusal, RefusalCode
from domain.review import Finding, ReviewReason


class ReasonTexts(BaseModel):
    """The sentences of one language: one for each reason of a review, one for each refusal.

    `words` say what a code is called in the language; values whose name ends in ``_code`` are looked up there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    review: dict[ReviewReason, str]
    refusal: dict[RefusalCode, str]
    words: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "ReasonTexts":
        """Read the sentences from TOML.

        Raises:
            ValueError: If a reason or a refusal has no sentence, or one is unknown.
        """
        texts = cls.model_validate(tomllib.loads(text))
        if missing := [*(set(ReviewReason) - set(texts.review)), *(set(RefusalCode) - set(texts.refusal))]:
            raise ValueError(f"no sentence for {', '.join(sorted(missing))}")
        return texts


class Explanations:
    """Fills the sentences with the values of a decision."""

    def __init__(self, texts: Mapping[Locale, ReasonTexts]) -> None:
        self._texts = texts

    def of_findings(self, findings: Sequence[Finding], locale: Locale, zone: ZoneInfo) -> tuple[str, ...]:
        """A sentence for each finding, each once.

        Raises:
            KeyError: If a finding lacks a value that its sentence needs.
        """
        texts = self._texts[locale]
        sentences = (
            self._fill(texts, texts.review[finding.reason], finding.values, locale, zone) for finding in findings
        )
        return tuple(dict.fromkeys(sentences))

    def of_refusal(self, refusal: Refusal, locale: Locale, zone: ZoneInfo) -> str:
        """The sentence of a refusal.

        Raises:
            KeyError: If the refusal lacks a value that its sentence needs.
        """
        texts = self._texts[locale]
        return self._fill(texts, texts.refusal[refusal.code], refusal.values, locale, zone)

    @staticmethod
    def _fill(
        texts: ReasonTexts, sentence: str, values: Mapping[str, str | int], locale: Locale, zone: ZoneInfo
    ) -> str:
        written = readable(values, locale, zone)
        for name, value in values.items():
            if name.endswith("_code"):
                written[name] = texts.words.get(str(value), str(value).replace("_", " "))
        return sentence.format_map(written)


def fields_of(sentence: str) -> set[str]:
    """The names of the values that a sentence needs."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
