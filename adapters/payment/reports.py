"""What payment providers report by themselves, read and trusted no further than their signature goes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.payment_news import PaymentNews


class UnreadableReport(Exception):
    """The signature fits and the body is not what the provider documents; the text names fields and no values."""


class PaymentReports(Protocol):
    """Reads the reports of one provider."""

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> PaymentNews | None:
        """What a report tells; None if it is of nothing that we asked for.

        Args:
            headers: By their names in small letters; those that were sent twice with both values, as in ``a, b``.
            body: As it was received, unparsed.
            now: The wall clock, UTC.

        Raises:
            InvalidSignature: If it need not come from the provider, or not recently.
            UnreadableReport: If it cannot be read.
        """
        ...


class ReportSettings(BaseSettings, ABC):
    """What it takes to trust the reports of one provider, from the environment. Without it none are taken."""

    model_config = SettingsConfigDict(env_prefix="RETURNFLOW_", env_ignore_empty=True, frozen=True)

    @abstractmethod
    def reports(self) -> PaymentReports | None:
        """Make the reader; None if nothing of it is set."""
