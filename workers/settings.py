"""What a worker needs to know, from the environment; it refuses to start on what is missing or contradictory."""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.payment.providers import PAYMENT_PROVIDERS
from adapters.payment.settings import PaymentSettings
from starters.telemetry import listening_address
from workflows import ids
from workflows.roles import ALL_ROLES, WorkerRole

_DEPLOYMENT_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""Temporal separates the name from the build id by a dot in one place and by a colon in another."""

_BUILD_ID = re.compile(r"[A-Za-z0-9._+-]+")


class WorkerSettings(BaseSettings):
    """Settings of a worker, each an environment variable with the prefix ``RETURNFLOW_``.

    The connection to Temporal is Temporal's own: ``TEMPORAL_ADDRESS``, ``TEMPORAL_NAMESPACE``, profiles.

    Attributes:
        ledger_url: SQLAlchemy URL of the ledger.
        providers_url: Where the HTTP API of the providers is that have no setting of their own.
        payment: The payment provider, one of `PAYMENT_PROVIDERS`; what it needs to know is in settings of its own.
        provider_timeout_seconds: Of each phase of one HTTP call (connect, send, wait); three phases must fit
            into the 20 seconds of an activity.
        policy_file: The policy that new returns open under; by default the packaged standard.
        older_policy_files: Versions that open returns may still be on, a JSON list; the packaged ones are known.
        subscribers: The file of who is told of events; by default nobody is.
        event_days: How long events are kept; longer than the four days in which a subscriber is tried.
        task_queue: The queue that the order system starts returns on.
        max_cached_workflows: How many open returns a process keeps in memory between their tasks; one that is
            not kept is replayed when something happens to it.
        outbox_poll_seconds: How often the relay looks for messages to deliver.
        deployment_name: The worker deployment that this worker is a version of.
        build_id: Which build of the code this is; by default the version of the package.
        worker_roles: What this process does; by default everything.
        worker_versioning: Take only the returns that are routed to this build. Such a worker gets no work until
            `returns deploy` gives it some.
        metrics_address: Where `/metrics` is served for Prometheus, `ip:port`; empty serves none.
    """

    model_config = SettingsConfigDict(env_prefix="RETURNFLOW_", env_ignore_empty=True, frozen=True)

    ledger_url: SecretStr
    providers_url: str
    payment: str = "sandbox"
    provider_timeout_seconds: float = Field(default=6.0, gt=0, le=6)
    policy_file: Path | None = None
    older_policy_files: Annotated[tuple[Path, ...], NoDecode] = ()
    subscribers: Path | None = None
    event_days: int = Field(default=30, ge=4, le=3650)
    task_queue: str = Field(default=ids.DEFAULT_TASK_QUEUE, min_length=1)
    worker_roles: Annotated[frozenset[WorkerRole], NoDecode] = ALL_ROLES
    outbox_poll_seconds: float = Field(default=0.5, gt=0, le=60)
    max_concurrent_activities: int = Field(default=100, ge=1, le=1000)
    max_cached_workflows: int = Field(default=1000, ge=10, le=100_000)
    deployment_name: str = Field(default=ids.DEFAULT_DEPLOYMENT, max_length=100)
    build_id: str = Field(default_factory=lambda: version("returnflow"), max_length=100)
    worker_versioning: bool = False
    metrics_address: Annotated[str, AfterValidator(listening_address)] = ""

    @field_validator("deployment_name")
    @classmethod
    def _names_a_deployment(cls, name: str) -> str:
        if not _DEPLOYMENT_NAME.fullmatch(name):
            raise ValueError("must be letters, digits, - and _ only")
        return name

    @field_validator("build_id")
    @classmethod
    def _names_a_build(cls, build_id: str) -> str:
        if not _BUILD_ID.fullmatch(build_id):
            raise ValueError("must be letters, digits, ., -, _ and + only, such as 1.4.0 or a commit")
        return build_id

    @field_validator("worker_roles", mode="before")
    @classmethod
    def _are_roles(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = {name.strip() for name in value.split(",")} - {""}
        unknown = sorted(names - set(WorkerRole))
        if unknown or not names:
            raise ValueError(
                f"must be one or more of {', '.join(WorkerRole)}, separated by commas"
                + (f", not {', '.join(unknown)}" if unknown else "")
            )
        return names

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

    @field_validator("payment")
    @classmethod
    def _is_a_payment_provider(cls, name: str) -> str:
        if name not in PAYMENT_PROVIDERS:
            raise ValueError(f"must be one of {', '.join(PAYMENT_PROVIDERS)}")
        return name

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


def load_payment_settings(provider: str) -> PaymentSettings:
    """Read the settings of a payment provider, or end the process with a line per setting that is wrong."""
    try:
        return PAYMENT_PROVIDERS[provider]()
    except ValidationError as error:
        refuse_to_start([_explain(item["loc"], item["msg"]) for item in error.errors()])


def refuse_to_start(reasons: list[str]) -> NoReturn:
    """End the process with code 2, saying what to mend."""
    sys.stderr.write("The worker does not start:\n" + "".join(f"  {reason}\n" for reason in reasons))
    raise SystemExit(2)


def _explain(location: tuple[int | str, ...], message: str) -> str:
    said = message.removeprefix("Value error, ")
    name = "_".join(map(str, location)).upper()
    # What is said of several settings together names them itself.
    return f"RETURNFLOW_{name}: {said}" if name else said
