"""Which warehouse a parcel goes to."""

from collections.abc import Collection
from typing import Self

from pydantic import Field, model_validator

from domain.record import Identifier, Record


class Route(Record):
    """A warehouse for some parcels. What is left empty holds for every parcel.

    Attributes:
        regions: Cities or countries that the parcel is collected in, as the application writes them.
        categories: Every line is of one of these.
        risky: Whether there is a risk signal.
    """

    warehouse: Identifier
    regions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    risky: bool | None = Field(default=None, strict=True)

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if not self.regions and not self.categories and self.risky is None:
            raise ValueError("warehouse: would take every parcel; give regions, categories or risky")
        return self

    def fits(self, regions: Collection[str], categories: Collection[str], risky: bool) -> bool:
        """Tell whether a parcel goes this way."""
        here = {region.casefold() for region in regions}
        return (
            (not self.regions or any(region.casefold() in here for region in self.regions))
            and (not self.categories or set(categories) <= set(self.categories))
            and self.risky in (None, risky)
        )


class RoutingRules(Record):
    """The first route that fits counts; without one a parcel goes to the default warehouse."""

    default: Identifier = "main"
    routes: tuple[Route, ...] = ()

    def warehouse(self, regions: Collection[str], categories: Collection[str], risky: bool) -> str:
        """The warehouse of a parcel."""
        fitting = (route.warehouse for route in self.routes if route.fits(regions, categories, risky))
        return next(fitting, self.default)
