"""Asking a carrier what happened to a parcel, where the webhook of a scan may have been lost."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.shipping import TrackingRequest
from workflows import calls
from workflows.case import ReturnCase
from workflows.stages.parcel import Parcel


class Tracking:
    """Reads the scans of a return's parcel."""

    def __init__(self, case: ReturnCase, parcel: Parcel) -> None:
        self._case = case
        self._parcel = parcel

    async def ask(self) -> None:
        """Take every scan that the carrier has. No answer changes nothing."""
        case = self._case
        if not case.tracking_no:
            return
        request = TrackingRequest(carrier=case.carrier, tracking_no=case.tracking_no, at=workflow.now())
        try:
            answer = await calls.track_parcel(request, summary=f"ask {case.carrier}")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            case.note("carrier did not answer", case.carrier)
            return
        for event in answer.events:
            self._parcel.take(event)
