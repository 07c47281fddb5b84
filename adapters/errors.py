"""How a provider can fail, as far as the pipeline must tell the cases apart."""


class ProviderError(Exception):
    """A call to a provider did not give an answer.

    Attributes:
        provider: The port, for logs and for the person who has to act.
    """

    def __init__(self, provider: str, detail: str) -> None:
        super().__init__(f"{provider}: {detail}")
        self.provider = provider


class ProviderUnavailable(ProviderError):
    """The provider did not process the call: not reached, or it said that it is too busy. Safe to repeat.

    Attributes:
        retry_after: Seconds that the provider asks us to wait, if it said so.
    """

    def __init__(self, provider: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(provider, detail)
        self.retry_after = retry_after


class OutcomeUnknown(ProviderError):
    """The call was sent and no answer came: a timeout, a reset, a server error. It may have been processed."""


class ProviderRefused(ProviderError):
    """The provider says that the call itself is wrong. Repeating it cannot help.

    Attributes:
        code: The provider's own code for the reason.
    """

    def __init__(self, provider: str, detail: str, code: str) -> None:
        super().__init__(provider, detail)
        self.code = code
