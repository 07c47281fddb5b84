"""How a sandbox is set up."""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from domain.record import Record, UtcDatetime
from sandbox.faults import FaultSpec
from sandbox.shop import LoadKind

DATA = Path(__file__).parent / "data"


class SandboxSettings(Record):
    """What a sandbox starts with.

    Attributes:
        journal_dir: Where the books survive the process; None keeps them in memory.
        files: What to load; the sandbox's own small data set if nothing is named. Files are not loaded into
            a journal that has entries: it holds its loads already.
        delivered_ago: How long before `now` a delivered order without ``delivered_at`` was delivered.
        now: The time of the loads, UTC; None for the wall clock.
        webhook_url: Who gets the scans; empty for nobody.
        webhook_secret: What the scans are signed with.
    """

    journal_dir: Path | None = None
    files: dict[LoadKind, Path] = Field(default_factory=dict)
    delivered_ago: timedelta = Field(default=timedelta(days=2), ge=timedelta(0))
    now: UtcDatetime | None = None
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    faults: tuple[FaultSpec, ...] = ()

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> "SandboxSettings":
        if self.webhook_url and not self.webhook_secret.get_secret_value():
            raise ValueError("a webhook URL needs a secret to sign with")
        return self

    def files_to_load(self) -> dict[LoadKind, Path]:
        """The files to start from, by what they hold."""
        return self.files or {kind: DATA / f"{kind}.jsonl" for kind in LoadKind}

    def load_time(self, wall_clock: datetime) -> datetime:
        """The time of a load in the books."""
        return self.now or wall_clock
