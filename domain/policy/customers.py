"""What customers of a tier may leave out, and whose returns people look at first."""

from enum import StrEnum

from domain.application import Contact, ReturnApplication
from domain.orders import CustomerTier
from domain.record import Record


class FormField(StrEnum):
    """An optional part of an application that a merchant may ask for."""

    DESCRIPTION = "description"
    CONTACT = "contact"
    PICKUP_ADDRESS = "pickup_address"


class FormRules(Record):
    """What an application has to hold so that it can be decided at once; a simplified form may leave it out."""

    required: tuple[FormField, ...] = ()
    simplified_for: tuple[CustomerTier, ...] = (CustomerTier.NEW, CustomerTier.DORMANT)

    def missing(self, application: ReturnApplication, tier: CustomerTier) -> tuple[FormField, ...]:
        """The required parts that a customer of this tier left out."""
        if tier in self.simplified_for:
            return ()
        given = {
            FormField.DESCRIPTION: all(line.description for line in application.lines),
            FormField.CONTACT: application.contact != Contact(),
            FormField.PICKUP_ADDRESS: application.pickup_address is not None,
        }
        return tuple(field for field in self.required if not given[field])


class PriorityRules(Record):
    """Whose returns are looked at first: those of these tiers, and those that show a video."""

    tiers: tuple[CustomerTier, ...] = (CustomerTier.HIGH_VALUE,)
    video_first: bool = True
