"""How a provider's failure looks to Temporal: one table, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from adapters.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from ledger.errors import LedgerError

PROVIDER_UNAVAILABLE = "ProviderUnavailable"
OUTCOME_UNKNOWN = "OutcomeUnknown"
PROVIDER_REFUSED = "ProviderRefused"
PAYMENT_PENDING = "PaymentPending"
PAYMENT_FROZEN = "PaymentFrozen"
LEDGER_REFUSED = "LedgerRefused"
POLICY_MISSING = "PolicyMissing"

_LONGEST_PAUSE = timedelta(minutes=10)
"""A provider may ask for more; but a pause beyond the time an activity has would end it at once."""


@contextmanager
def provider_errors() -> Iterator[None]:
    """Turn provider errors into Temporal's: retried, except a refusal, which repeating cannot heal."""
    try:
        yield
    except ProviderError as error:
        raise to_application_error(error) from error


@contextmanager
def ledger_refusals() -> Iterator[None]:
    """Turn what the ledger's rules refuse into an error that is not retried: a person has to look at it.

    Everything else, such as a database that is down, stays an error that is retried.
    """
    try:
        yield
    except LedgerError as error:
        raise ApplicationError(
            f"{type(error).__name__}: {error}", type=LEDGER_REFUSED, non_retryable=True
        ) from error


def to_application_error(error: ProviderError) -> ApplicationError:
    """Map one provider error. The text names the provider and never holds personal data."""
    match error:
        case ProviderRefused():
            return ApplicationError(str(error), type=PROVIDER_REFUSED, non_retryable=True)
        case ProviderUnavailable():
            delay = min(timedelta(seconds=min(error.retry_after or 0, 1e6)), _LONGEST_PAUSE) or None
            return ApplicationError(str(error), type=PROVIDER_UNAVAILABLE, next_retry_delay=delay)
        case OutcomeUnknown():
            return ApplicationError(str(error), type=OUTCOME_UNKNOWN)
        case _:
            return ApplicationError(str(error), type=type(error).__name__)
