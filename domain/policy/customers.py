"""What customers of a tier may leave out, whose returns people look at first, and how these are collected."""

from enum import StrEnum

from domain.application import Contact, ReturnApplication
from domain.orders import CustomerTier
from domain.record import Record
from domain.shipping import PickupService


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
    """Whose returns are looked at first: those of these tiers, and those that show a video.

    `pickup_service` is what the carriers are asked for where a customer of these tiers has a parcel collected. A
    premium pickup is free for the customer, whoever is liable (section 3).
    """

    tiers: tuple[CustomerTier, ...] = (CustomerTier.HIGH_VALUE,)
    video_first: bool = True
    pickup_service: PickupService = PickupService.PREMIUM

    def service_for(self, tier: CustomerTier) -> PickupService:
        """The pickup that a customer of a tier gets."""
        return self.pickup_service if tier in self.tiers else PickupService.STANDARD
