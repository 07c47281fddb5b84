"""A story as data: the application, the steps, and the end that the books must show."""

import tomllib
from datetime import timedelta
from importlib import resources
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.actions import Action, Role
from domain.application import ReturnApplication


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Step(_Data):
    """One thing that happens in a story.

    Attributes:
        parcel: Which parcel the courier scans.
        by: Who acts, where two people of a role do.
    """

    lapse: timedelta | None = Field(default=None, alias="pass")
    scan: str | None = None
    act: Action | None = None
    role: Role | None = Field(default=None, alias="as")
    by: str | None = None
    parcel: int = 1
    body: dict[str, Any] = Field(default_factory=dict)
    until: dict[str, str] | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if sum(part is not None for part in (self.lapse, self.scan, self.act, self.until)) != 1:
            raise ValueError("a step has exactly one of pass, scan, act, until")
        if (self.act is None) != (self.role is None):
            raise ValueError("`as` belongs to `act`")
        return self


class Money(_Data):
    """An amount in minor units and where it went, or whom it came from."""

    method_id: str
    amount_minor: int
    currency: str


class CouponEnd(_Data):
    """A coupon that a customer holds."""

    customer_id: str
    amount_minor: int
    currency: str


class Claim(_Data):
    """What a carrier or an insurer is claimed for, in minor units."""

    party: str
    amount_minor: int
    currency: str


class Ending(_Data):
    """What the providers' books say of a return when it is over."""

    refunds: tuple[Money, ...] = ()
    charges: tuple[Money, ...] = ()
    coupons: tuple[CouponEnd, ...] = ()
    replacements: tuple[tuple[str, ...], ...] = ()
    claims: tuple[Claim, ...] = ()
    fulfilment_stopped: bool = False
    pickups_booked: int | None = None
    messages: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()


class Story(_Data):
    """One return from its application to its end."""

    name: str
    title: str
    application: ReturnApplication
    steps: tuple[Step, ...]
    faults: tuple[dict[str, Any], ...] = ()
    expect: Ending

    @model_validator(mode="before")
    @classmethod
    def _gather_application(cls, data: dict[str, Any]) -> dict[str, Any]:
        own = {key: value for key, value in data.items() if key in cls.model_fields}
        asked = {key: value for key, value in data.items() if key not in cls.model_fields}
        return {**own, "application": ReturnApplication.model_validate(asked, extra="forbid")}


def load_stories() -> tuple[Story, ...]:
    """Read the stories that are part of the package, file by file in the order of their names."""
    files = sorted(resources.files("demo").joinpath("stories").iterdir(), key=lambda file: file.name)
    texts = [file.read_text("utf-8") for file in files if file.name.endswith(".toml")]
    return tuple(Story.model_validate(table) for text in texts for table in tomllib.loads(text)["story"])
