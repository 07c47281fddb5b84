"""Every timeout and retry of the pipeline's activities, in one place.

An adapter's own HTTP timeout lies below `start_to_close_timeout`; adapters never retry by themselves.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.common import RetryPolicy


def _patient() -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
    )


@dataclass(frozen=True)
class ActivityOptions:
    """How an activity is run. Without `give_up_after` it is retried until it succeeds or cannot heal."""

    start_to_close: timedelta
    give_up_after: timedelta | None = None
    heartbeat: timedelta | None = None
    retry: RetryPolicy = field(default_factory=_patient)


PROVIDER_CALL = ActivityOptions(start_to_close=timedelta(seconds=20), give_up_after=timedelta(hours=1))
"""A call that has another way out after an hour: another carrier, a person, a later attempt."""

MUST_SUCCEED = ActivityOptions(start_to_close=timedelta(seconds=20))
"""A call that is owed and has no other way out, such as the coupon of a broken promise."""

CLEANUP = ActivityOptions(start_to_close=timedelta(seconds=20), give_up_after=timedelta(hours=24))
"""Giving back what is held elsewhere: after a day a person does it."""

SWEEP = ActivityOptions(
    start_to_close=timedelta(hours=2), give_up_after=timedelta(hours=6), heartbeat=timedelta(minutes=1)
)
"""A pass over many records, which says how far it is."""

LEDGER = ActivityOptions(
    start_to_close=timedelta(seconds=30),
    retry=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)),
)
"""One transaction in the ledger, run as a local activity."""

LEDGER_RETRIES_AT_ONCE = timedelta(seconds=1)
"""A longer wait between attempts is a timer, so that queries are answered while the ledger is away (ADR 0034)."""
