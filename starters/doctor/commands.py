"""The commands that mend something, so that they can be typed as they stand."""

from shlex import join, quote

from domain.record import Record
from workflows import ids


class Commands(Record):
    """What has to be added to commands so that they reach the installation that was examined.

    Attributes:
        for_returns: Options of `returns`, before the command.
        for_setup: Options of `returns setup`, which has its own.
        ledger: Where the ledger is, if the environment does not say so.
        for_temporal: Options of `temporal`, after the command.
    """

    for_returns: tuple[str, ...] = ()
    for_setup: tuple[str, ...] = ()
    for_temporal: tuple[str, ...] = ()
    ledger: str = ""

    def returns(self, *words: str) -> str:
        """A command of ours."""
        return join(["returns", *self.for_returns, *words])

    def of_ledger(self, *words: str) -> str:
        """A command of ours that reads the ledger."""
        where = f"RETURNFLOW_LEDGER_URL={quote(self.ledger)} " if self.ledger else ""
        return where + self.returns(*words)

    def setup(self) -> str:
        """The preparation of namespace and ledger."""
        return join(["returns", "setup", *self.for_setup])

    def temporal(self, *words: str) -> str:
        """A command of Temporal's own command line."""
        return join(["temporal", *words, *self.for_temporal])

    def show(self, rma_id: str) -> str:
        """Where a return stands."""
        return self.returns("status", rma_id)

    def of_workflow(self, what: str, rma_id: str, *words: str) -> str:
        """A command of Temporal's for the workflow of a return: `show`, `describe`, `reset` …"""
        return self.temporal("workflow", what, "--workflow-id", ids.return_workflow_id(rma_id), *words)
