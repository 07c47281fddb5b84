"""The carriers' webhook: a scan is verified, kept, and only then passed on to its return."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from adapters.signatures import InvalidSignature, verify_timed
from domain.record import Record
from domain.shipping import CarrierEvent
from ledger.ledger import Ledger
from starters.api.carrier_event import PushedCarrierEvent
from starters.api.documentation import json_body, problems
from starters.api.problems import ProblemError
from starters.client import ReturnsClient
from starters.errors import ReturnsError
from starters.json_input import FieldError, InvalidFields, parse_json

SIGNATURE_HEADER = "X-Returnflow-Signature"

# Carriers give up on a webhook after seconds; what is not passed on by then is left to the relay.
_PASS_ON_SECONDS = 3.0

_EXAMPLE = {
    "event_id": "SF-88231-4",
    "carrier": "sf",
    "tracking_no": "SF1389007",
    "kind": "delivered",
    "occurred_at": "2026-11-22T08:00:00Z",
}

_log = structlog.get_logger(__name__)


class ScanFate(StrEnum):
    """What became of a scan: it reached its return, or it is kept until it can."""

    DELIVERED = "delivered"
    KEPT = "kept"


class ScanAccepted(Record):
    """A scan that will not be lost any more; it need not be sent again."""

    event_id: str
    state: ScanFate


def carrier_events_router(returns: ReturnsClient, ledger: Ledger, secret: str) -> APIRouter:
    """Make the webhook's route."""
    router = APIRouter(tags=["Carriers"])

    async def signed_body(
        request: Request,
        signature: Annotated[
            str,
            Header(
                alias=SIGNATURE_HEADER,
                description='`t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + body)>`; at most 5 minutes '
                "old. Several `v1` may be given while a secret changes.",
            ),
        ] = "",
    ) -> bytes:
        body = await request.body()
        try:
            verify_timed(SIGNATURE_HEADER, secret, signature, body, datetime.now(UTC))
        except InvalidSignature as error:
            raise ProblemError(401, "invalid_signature", str(error), field=SIGNATURE_HEADER) from error
        return body

    @router.post(
        "/v1/carrier-events/{carrier}",
        summary="Report a scan",
        responses={
            202: {"model": ScanAccepted, "description": "Kept; it is passed on when its parcel is known."},
            **problems(400, 401, 413, 422, 503),
        },
        openapi_extra=json_body(PushedCarrierEvent, {"The parcel reached the warehouse": _EXAMPLE}),
    )
    async def report_scan(
        carrier: str, body: Annotated[bytes, Depends(signed_body)], response: Response
    ) -> ScanAccepted:
        """Take a scan of a parcel, signed. It may come late, twice or out of order; a repeat does no harm.

        200: it has reached its return. 202: it is kept, because its parcel is not known yet or the pipeline
        does not answer, and is passed on later. Both mean that it need not be sent again.
        """
        event = _parse(body, carrier)
        rma_id, was_delivered = await asyncio.to_thread(ledger.accept_event, event, datetime.now(UTC))
        if was_delivered or (rma_id is not None and await _pass_on(returns, ledger, rma_id, event)):
            return ScanAccepted(event_id=event.event_id, state=ScanFate.DELIVERED)
        response.status_code = 202
        return ScanAccepted(event_id=event.event_id, state=ScanFate.KEPT)

    return router


def _parse(body: bytes, carrier: str) -> CarrierEvent:
    pushed = parse_json(PushedCarrierEvent, body, unknown_fields="ignore")
    if pushed.carrier != carrier:
        raise InvalidFields([FieldError(field="carrier", detail="differs from the carrier in the path")])
    return CarrierEvent.model_validate(pushed.model_dump())


async def _pass_on(returns: ReturnsClient, ledger: Ledger, rma_id: str, event: CarrierEvent) -> bool:
    """Whether the scan reached its return. It is kept already, so that no failure here can lose it."""
    try:
        async with asyncio.timeout(_PASS_ON_SECONDS):
            await returns.report_carrier_event(rma_id, event)
        await asyncio.to_thread(ledger.event_delivered, event.carrier, event.event_id, datetime.now(UTC))
    except (TimeoutError, ReturnsError, SQLAlchemyError) as error:
        _log.warning("scan_left_to_the_relay", rma_id=rma_id, error=type(error).__name__)
        return False
    return True
