"""What a worker needs to know, from the environment; it refuses to start on what is missing or contradictory."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from workflows import ids


class WorkerSettings(BaseSettings):
    """Settings of a worker, each an environment variable with the prefix ``RETURNFLOW_``.

    The connection to Temporal is Temporal's own: ``TEMPORAL_ADDRESS``, ``TEMPORAL_NAMESPACE``, profiles.

    Attributes:
        ledger_url: SQLAlchemy URL of the ledger.
        providers_url: Where the providers' HTTP API is.
        provider_timeout_seconds: Of each phase of one HTTP call (connect, send, wait); three phases must fit
            into the 20 seconds of an activity.
        policy_file: The policy that new returns open under; by default the packaged standard.
        older_policy_files: Versions that open returns may still be on, a JSON list; the packaged ones are known.
        task_queue: The queue that the order system starts returns on.
        outbox_poll_seconds: How often the relay looks for messages to deliver.
    """

    model_config = SettingsConfigDict(env_prefix="RETURNFLOW_", env_ignore_empty=True, frozen=True)

    ledger_url: SecretStr
    providers_url: str
    provider_timeout_seconds: float = Field(default=6.0, gt=0, le=6)
    policy_file: Path | None = None
    older_policy_files: Annotated[tuple[Path, ...], NoDecode] = ()
    task_queue: str = Field(default=ids.DEFAULT_TASK_QUEUE, min_length=1)
    outbox_poll_seconds: float = Field(default=0.5, gt=0, le=60)
    max_concurrent_activities: int = Field(default=100, ge=1, le=1000)

    @field_validator("older_policy_files", mode="before")
    @classmethod
    def _is_a_list_of_files(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            files = json.loads(value)
        except ValueError:
            files = None
        if not isinstance(files, list):
            raise ValueError('must be a JSON list of files, such as ["/etc/returns/2026-11-1.toml"]')
        return files

    @field_validator("providers_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")


def load_settings() -> WorkerSettings:
    """Read the settings, or end the process with a line per setting that is wrong."""
    try:
        return WorkerSettings()
    except ValidationError as error:
        refuse_to_start([_explain(item["loc"], item["msg"]) for item in error.errors()])


def refuse_to_start(reasons: list[str]) -> NoReturn:
    """End the process with code 2, saying what to mend."""
    sys.stderr.write("The worker does not start:\n" + "".join(f"  {reason}\n" for reason in reasons))
    raise SystemExit(2)


def _explain(location: tuple[int | str, ...], message: str) -> str:
    name = "_".join(map(str, location)).upper()
    return f"RETURNFLOW_{name}: {message.removeprefix('Value error, ')}"
