"""How a provider says that a call is wrong."""


class Refused(Exception):
    """A call that a provider does not carry out.

    Attributes:
        status: The HTTP status, 4xx.
        code: The provider's code, stable and made for programs.
        detail: A sentence for people.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
