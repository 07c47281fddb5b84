"""The department that each root cause goes to."""

from typing import Annotated

from pydantic import AfterValidator, Field

from domain.reasons import RootCause

DEPARTMENTS = {
    RootCause.PRODUCT_QUALITY: "quality",
    RootCause.PACKAGING: "packaging",
    RootCause.LOGISTICS: "logistics",
    RootCause.LISTING: "merchandising",
    RootCause.SERVICE: "customer_service",
    RootCause.CUSTOMER_CHOICE: "merchandising",
}


def _names_every_cause(departments: dict[RootCause, str]) -> dict[RootCause, str]:
    return DEPARTMENTS | departments


Departments = Annotated[
    dict[RootCause, Annotated[str, Field(min_length=1, max_length=64)]], AfterValidator(_names_every_cause)
]
"""A department by root cause; a cause that is left out goes where it goes by default."""
