"""What does not come back without a reason."""

from typing import Self

from pydantic import model_validator

from domain.application import DeclaredCondition
from domain.orders import ProductTag
from domain.record import Record


class ExclusionRules(Record):
    """Goods that are excluded from the return without a reason, as far as the law lets them be.

    A merchant may exclude fewer. A fault stays returnable whatever stands here.
    """

    always: tuple[ProductTag, ...] = (ProductTag.CUSTOM_MADE, ProductTag.PERISHABLE, ProductTag.NEWSPAPER)
    once_opened: tuple[ProductTag, ...] = (ProductTag.DIGITAL_MEDIA,)

    @model_validator(mode="after")
    def _keeps_to_the_law(self) -> Self:
        if ProductTag.DIGITAL_MEDIA in self.always:
            raise ValueError("always: digital_media may be excluded once opened only; move it to once_opened")
        if both := [tag for tag in self.once_opened if tag in self.always]:
            raise ValueError(f"once_opened: {both[0]} is in always as well")
        return self

    def tag_that_excludes(self, tags: tuple[ProductTag, ...], condition: DeclaredCondition) -> ProductTag | None:
        """The tag for which goods in this condition do not come back without a reason; None if there is none."""
        opened = condition is not DeclaredCondition.UNOPENED
        excluded = (*self.always, *(self.once_opened if opened else ()))
        return next((tag for tag in tags if tag in excluded), None)
