"""Amounts and numbers in policy data."""

from typing import Annotated

from pydantic import Field

from domain.record import MinorUnits

PositiveMinor = Annotated[MinorUnits, Field(gt=0)]
"""An amount that is set, in the minor unit of its currency: never nothing."""

Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
