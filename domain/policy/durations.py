"""Durations in policy data: ISO 8601, longer than nothing."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field


def _has_a_unit(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("write a duration in ISO 8601, such as PT48H")
    return value


PositiveDuration = Annotated[
    timedelta, Field(gt=timedelta(0), le=timedelta(days=366)), BeforeValidator(_has_a_unit)
]
