"""The webhooks of payment providers: a report is verified and kept; the relay then has the provider asked."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.datastructures import Headers

from adapters.payment.reports import PaymentReports, UnreadableReport
from adapters.signatures import InvalidSignature
from domain.record import Record
from starters.api.documentation import problems
from starters.api.problems import ProblemError
from starters.payment_news import PaymentDesk

_EXAMPLE = {
    "id": "evt_1Nx4",
    "type": "refund.failed",
    "data": {
        "object": {
            "id": "re_1Nx3",
            "amount": 9900,
            "currency": "cny",
            "status": "failed",
            "failure_reason": "expired_or_canceled_card",
            "metadata": {"returnflow_reference": "RMA-7Q2M4K9TZB3X5W8A-refund-1-t0"},
        }
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "As the provider documents it."},
                "examples": {"stripe": {"summary": "Stripe: a refund came back", "value": _EXAMPLE}},
            }
        },
    }
}


class ReportFate(StrEnum):
    """What becomes of a report: it is looked into, that was done before, or it is of nothing that we asked for."""

    KEPT = "kept"
    KNOWN = "known"
    NOT_OURS = "not_ours"


class ReportAccepted(Record):
    """A report that need not be sent again."""

    state: ReportFate


def webhooks_router(desk: PaymentDesk, reports: Mapping[str, PaymentReports]) -> APIRouter:
    """Make the route for the providers whose reports can be trusted, by their names."""
    router = APIRouter(tags=["Payment providers"])

    @router.post(
        "/v1/webhooks/{provider}",
        summary="Report a payment",
        responses=problems(400, 401, 404, 413, 503),
        openapi_extra=_BODY,
    )
    async def report_payment(
        provider: Annotated[str, Path(description="Whose webhook it is, such as `stripe`.")], request: Request
    ) -> ReportAccepted:
        """Take a payment provider's own webhook, in the provider's form and with its signature.

        It may come early, late, twice or out of order. Nothing is booked on it: the provider is asked for the
        payment. One whose payment is not known yet is kept until it is.
        """
        reader = reports.get(provider)
        if reader is None:
            detail = f"No webhook of {provider[:64]} is taken here. Its secret is set in the API's environment."
            raise ProblemError(404, "unknown_provider", detail, field="provider")
        body = await request.body()
        try:
            news = reader.read(_joined(request.headers), body, datetime.now(UTC))
        except InvalidSignature as error:
            raise ProblemError(401, "invalid_signature", str(error)) from error
        except UnreadableReport as error:
            raise ProblemError(400, "unreadable_report", str(error)) from error
        if news is None:
            return ReportAccepted(state=ReportFate.NOT_OURS)
        return ReportAccepted(state=ReportFate.KNOWN if await desk.take(news) else ReportFate.KEPT)

    return router


def _joined(headers: Headers) -> dict[str, str]:
    """Headers by name. One that was sent twice has both values, as HTTP says, so that neither can hide."""
    return {name: ", ".join(headers.getlist(name)) for name in headers}
