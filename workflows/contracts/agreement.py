"""What the two sides send while they negotiate."""

from pydantic import Field

from domain.offers import OfferTerms
from workflows.contracts.base import ActionRequest, ParcelRequest

_LARGEST_NUMBER = 1_000


class OfferProposal(ParcelRequest):
    """Make the customer an offer. It takes effect only if they accept it.

    Under review it is about the application. After an inspection it is about what was not accepted of a parcel.
    """

    terms: OfferTerms


class OfferAcceptance(ActionRequest):
    """Consent to the other side's offer; it names the number that was read."""

    offer_number: int = Field(ge=1, le=_LARGEST_NUMBER)


class CounterOffer(ActionRequest):
    """Answer the other side's offer with another one."""

    offer_number: int = Field(ge=1, le=_LARGEST_NUMBER)
    terms: OfferTerms


class OfferRefusal(ActionRequest):
    """Turn the other side's offer down; the return goes on as it was first decided."""

    offer_number: int = Field(ge=1, le=_LARGEST_NUMBER)
    note: str = Field(default="", max_length=2_000)
