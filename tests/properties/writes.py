"""Whether anything was written to a ledger since it was last read."""

from sqlalchemy import Engine, event


class Writes:
    """Counts the transactions that were committed on an engine; reading ones are only rolled back."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        event.listen(engine, "commit", self._on_commit)

    def _on_commit(self, _connection: object) -> None:
        self.count += 1
