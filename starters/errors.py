"""What a caller of the client has to tell apart."""


class ReturnsError(Exception):
    """A request that could not be carried out.

    Attributes:
        field: What it is about: a field of the request, or the name of a header.
    """

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


class ReturnNotFound(ReturnsError):
    """There is no such return."""


class ParkedNotFound(ReturnsError):
    """Nothing is parked under this id."""


class CursorExpired(ReturnsError):
    """Events after the cursor were deleted, since they were too old."""


class InvalidCursor(ReturnsError):
    """A cursor that no page of events gave out."""


class DifferenceNotFound(ReturnsError):
    """No difference of this key waits for a person."""


class RequestIdReused(ReturnsError):
    """The request id already started a return with another body."""


class ActionNotAllowed(ReturnsError):
    """The return does not allow the action now, or has ended."""


class RoleNotPermitted(ReturnsError):
    """The role may not send this action."""


class InvalidAction(ReturnsError):
    """The action names something that the return does not have."""


class VersionOutdated(ReturnsError):
    """The return has changed since the version that the action was decided on."""


class AboveAuthority(ReturnsError):
    """The actor may not grant so much; somebody above may."""


class DecisionPending(ReturnsError):
    """The return was accepted, but its decision did not come in the time that the caller waits.

    Attributes:
        rma_id: The return to ask for later.
    """

    def __init__(self, rma_id: str) -> None:
        super().__init__(f"{rma_id} was accepted; its decision is not there yet.")
        self.rma_id = rma_id


class ServiceUnavailable(ReturnsError):
    """Temporal or its workers do not answer. What was accepted is kept; ask again later."""


class LedgerUnusable(ReturnsError):
    """The ledger cannot be opened, or its schema is another one. The text quotes no URL."""
