"""The clock of the providers, which may be wrong."""

from datetime import timedelta


class ProviderClock:
    """How far the providers' clocks are ahead of the callers'; negative if they are behind.

    It is in the times that providers say by themselves: when a parcel was scanned, when a hold lapses. The books
    keep the callers' time.
    """

    def __init__(self) -> None:
        self.ahead = timedelta(0)
