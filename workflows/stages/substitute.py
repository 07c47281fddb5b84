"""Where a remedy cannot be carried out, the customer chooses what takes its place (section 6)."""

from datetime import datetime

from domain.application import Remedy
from domain.clocks import ClockName
from workflows.case import ReturnCase
from workflows.contracts import SubstituteChoice


class Substitutes:
    """Takes the customer's choice. What silence means is for the stage to say that asks."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._choice: SubstituteChoice | None = None

    def on_choice(self, choice: SubstituteChoice) -> None:
        """Take the customer's choice."""
        self._choice = choice
        self._case.substitutes = ()
        self._case.note("substitute chosen", choice.remedy.value)

    async def choice(self, remedies: tuple[Remedy, ...], due_at: datetime) -> SubstituteChoice | None:
        """Let the customer choose one of the remedies until a moment; None if they do not.

        A withdrawal and an agreement on other terms end the wait as well.
        """
        case = self._case
        terms = case.terms
        self._choice = None
        case.substitutes = remedies
        case.publish()
        await case.clocks.wait(
            ClockName.SUBSTITUTE,
            due_at,
            lambda: self._choice is not None or case.canceled or case.terms != terms,
        )
        case.substitutes = ()
        return self._choice
