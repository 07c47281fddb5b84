"""How far a run is."""

from domain.record import Record


class Progress(Record):
    """Where a run is; `open` counts the returns that are being played."""

    doing: str
    returns: int
    begun: int = 0
    ended: int = 0
    strikes: int = 0
    seconds: float = 0.0

    @property
    def open(self) -> int:
        """How many returns are being played."""
        return self.begun - self.ended
