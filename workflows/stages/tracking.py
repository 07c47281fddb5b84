"""Asking a carrier what happened to a parcel, where the webhook of a scan may have been lost."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.shipping import TrackingRequest
from workflows import calls
from workflows.case import ReturnCase
from workflows.parcel import Parcel


class Tracking:
    """Reads the scans of one parcel."""

    def __init__(self, case: ReturnCase, parcel: Parcel) -> None:
        self._case = case
        self._parcel = parcel

    async def ask(self) -> None:
        """Take every scan that the carrier has. No answer changes nothing."""
        case = self._case
        carrier, tracking_no = self._parcel.carrier, self._parcel.tracking_no
        if not tracking_no:
            return
        request = TrackingRequest(carrier=carrier, tracking_no=tracking_no, at=workflow.now())
        try:
            answer = await calls.track_parcel(request, summary=f"ask {carrier}")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            case.note("carrier did not answer", carrier)
            return
        for event in answer.events:
            case.parcels.scan(event)
