"""The sandbox put together: books, providers, routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_swagger import patch_fastapi

from sandbox.books import Books
from sandbox.carriers import carriers_router
from sandbox.claims import ClaimDesks, claims_router
from sandbox.clock import ProviderClock
from sandbox.control import control_router
from sandbox.coupons import CouponDesk, coupons_router
from sandbox.faults import Faults
from sandbox.faulty_route import faulty_route
from sandbox.gift_cards import GiftCards
from sandbox.inventory import inventory_router
from sandbox.journal import Journal
from sandbox.jsonlines import LoadError, field_path
from sandbox.loading import Loader, read_source
from sandbox.messages import messages_router
from sandbox.orders import orders_router
from sandbox.parcels import Parcels
from sandbox.payment_changes import PaymentChanges
from sandbox.payment_desk import PaymentDesk
from sandbox.payment_holds import PaymentHolds
from sandbox.payments import payment_holds_router, payments_router
from sandbox.refusals import Refused
from sandbox.settings import SandboxSettings
from sandbox.shop import Shop
from sandbox.stock import Stock
from sandbox.store_credit import StoreCredit, store_credit_router
from sandbox.warehouse import warehouse_router
from sandbox.webhooks import Webhooks
from sandbox.workshop import Workshop, workshop_router

_log = structlog.get_logger()


def create_app(settings: SandboxSettings) -> FastAPI:
    """Make the application, with its journal read back or its files loaded.

    Raises:
        LoadError: If a file has bad lines.
        JournalError: If the journal cannot be used.
    """
    journal = Journal(settings.journal_dir) if settings.journal_dir else None
    books = Books(journal)
    faults = Faults(settings.faults)
    clock = ProviderClock()
    shop = Shop(books)
    cards = GiftCards(books)
    stock = Stock(books, shop)
    credit = StoreCredit(books)
    desk = PaymentDesk(books, shop, cards, credit, faults)
    holds = PaymentHolds(books, shop, cards, desk.money, faults, clock)
    changes = PaymentChanges(books)
    parcels = Parcels(books, faults, clock)
    coupons = CouponDesk(books, faults)
    workshop = Workshop(books)
    claims = ClaimDesks(books)
    loader = Loader(books, desk.money, cards)
    secret = settings.webhook_secret.get_secret_value()
    webhooks = Webhooks(settings.webhook_url, secret) if settings.webhook_url else None

    try:
        if not books.restore():
            _load_files(loader, settings)
    except BaseException:
        if journal:
            journal.close()
        raise

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if webhooks:
            await webhooks.close()
        if journal:
            journal.close()

    app = FastAPI(
        title="Returnflow sandbox",
        summary="Stand-in providers with books",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    # FastAPI's own page loads its scripts from elsewhere, which a closed network does not have.
    patch_fastapi(app, redirect_from_root_to_docs=False)
    route_class = faulty_route(faults)
    app.include_router(control_router(books, loader, faults, clock, settings))
    app.include_router(orders_router(shop, stock, desk.money, cards, route_class))
    app.include_router(payments_router(desk, changes, route_class))
    app.include_router(payment_holds_router(holds, route_class))
    app.include_router(carriers_router(parcels, faults, webhooks, route_class))
    app.include_router(inventory_router(stock, route_class))
    app.include_router(coupons_router(coupons, route_class))
    app.include_router(store_credit_router(credit, route_class))
    app.include_router(workshop_router(workshop, route_class))
    app.include_router(messages_router(books, route_class))
    app.include_router(warehouse_router(books, route_class))
    app.include_router(claims_router(claims, route_class))
    _answer_errors(app)
    return app


def _load_files(loader: Loader, settings: SandboxSettings) -> None:
    now = settings.load_time(datetime.now(UTC))
    sources = [read_source(kind, path) for kind, path in settings.files_to_load().items()]
    loader.load(*sources, now=now, delivered_ago=settings.delivered_ago)


def _answer_errors(app: FastAPI) -> None:
    """Give every error the same form: a code for programs, a sentence for people, the fields where known."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return JSONResponse({"code": error.code, "detail": error.detail}, error.status)

    @app.exception_handler(LoadError)
    async def bad_lines(_: Request, error: LoadError) -> Response:
        errors = [line.model_dump() for line in error.lines]
        return JSONResponse({"code": "bad_lines", "detail": str(error.lines[0]), "errors": errors}, 422)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        errors = [{"field": field_path(each["loc"][1:]), "message": each["msg"]} for each in error.errors()]
        first = f"{errors[0]['field']}: {errors[0]['message']}"
        return JSONResponse({"code": "invalid_request", "detail": first, "errors": errors}, 422)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        _log.error("sandbox_is_broken", path=request.url.path, exc_info=error)
        return JSONResponse({"code": "sandbox_is_broken", "detail": "See the sandbox's log."}, 500)
