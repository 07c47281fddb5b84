"""The API put together."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import Depends
from fastapi_swagger import patch_fastapi
from temporalio.common import MetricMeter

from adapters.payment.reports import PaymentReports
from ledger.ledger import Ledger
from starters.api.access_log import AccessLog
from starters.api.actions import actions_router
from starters.api.audit import audit_router
from starters.api.auth import require_token
from starters.api.body_limit import BodyLimit
from starters.api.carrier_events import carrier_events_router
from starters.api.claims import claims_router
from starters.api.documentation import DocumentedApi, problems
from starters.api.error_handlers import answer_errors
from starters.api.events import events_router
from starters.api.health import health_router
from starters.api.outbox import outbox_router
from starters.api.receiving import receiving_router
from starters.api.request_metrics import RequestMetrics
from starters.api.request_spans import RequestSpans
from starters.api.returns import returns_router
from starters.api.settings import ApiSettings
from starters.api.webhooks import webhooks_router
from starters.client import ReturnsClient
from starters.payment_news import PaymentDesk
from starters.receiving import Receiving

NO_REPORTS: Mapping[str, PaymentReports] = MappingProxyType({})

_DESCRIPTION = """\
Start returns, follow them, and pass on what people and carriers report. A return that was accepted cannot be
lost: it goes on by itself, and every step has a deadline.

Every error is a problem document (RFC 9457, `application/problem+json`) whose `code` is for programs, whose
`detail` is for people, and whose `field` names what it is about, as in `lines[0].quantity`. Unknown fields are
refused. Amounts are integers in the currency's minor unit; times are UTC.
"""


def create_app(
    returns: ReturnsClient,
    ledger: Ledger,
    settings: ApiSettings,
    meter: MetricMeter = MetricMeter.noop,
    is_traced: bool = False,
    reports: Mapping[str, PaymentReports] = NO_REPORTS,
) -> DocumentedApi:
    """Make the application.

    Args:
        returns: The way to the returns, connected.
        ledger: Where scans are kept before they are passed on, and refusals for the audit.
        settings: Of these, the webhook's secret and the token.
        meter: Where requests are counted.
        is_traced: Whether a span is made for each request.
        reports: The payment providers whose webhooks are taken, by their names.
    """
    app = DocumentedApi(
        title="Returnflow",
        summary="A durable return pipeline for online shops",
        description=_DESCRIPTION,
        version="1",
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # Its own spans and logs would quote addresses, bodies and error texts.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # FastAPI's own page loads its scripts from elsewhere, which a closed network does not have.
    patch_fastapi(app, redirect_from_root_to_docs=False)
    token = settings.api_token
    guard = [Depends(require_token(token.get_secret_value()))] if token else []
    for router in (
        returns_router(returns),
        actions_router(returns, ledger),
        audit_router(ledger),
        receiving_router(Receiving(returns, ledger)),
        claims_router(returns, ledger),
        outbox_router(ledger),
        events_router(ledger),
    ):
        app.include_router(router, dependencies=guard, responses=problems(401) if token else {})
    app.include_router(carrier_events_router(returns, ledger, settings.carrier_webhook_secret.get_secret_value()))
    app.include_router(webhooks_router(PaymentDesk(returns, ledger), reports))
    app.include_router(health_router(returns, ledger))
    answer_errors(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessLog, metrics=RequestMetrics(meter))
    if is_traced:
        app.add_middleware(RequestSpans)
    return app
