"""A scan as a carrier pushes it."""

from typing import Annotated

from pydantic import Field

from domain.shipping import CarrierEvent

_Text = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class PushedCarrierEvent(CarrierEvent):
    """A scan by a carrier. Other fields may be sent along and are ignored; so are kinds that we do not know."""

    event_id: _Text
    carrier: _Text
    tracking_no: _Text
    kind: _Text
