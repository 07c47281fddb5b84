"""Which problem each error becomes."""

import http

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from starters.api.problems import ProblemError, problem_response
from starters.errors import (
    AboveAuthority,
    ActionNotAllowed,
    CursorExpired,
    InvalidAction,
    InvalidCursor,
    ParkedNotFound,
    RequestIdReused,
    ReturnNotFound,
    ReturnsError,
    RoleNotPermitted,
    ServiceUnavailable,
    VersionOutdated,
)
from starters.json_input import InvalidFields, MalformedJson, describe, told_errors

RETRY_AFTER_SECONDS = "5"

_RETURNS_ERRORS: dict[type[ReturnsError], tuple[int, str]] = {
    ReturnNotFound: (404, "return_not_found"),
    ParkedNotFound: (404, "parked_not_found"),
    ActionNotAllowed: (409, "action_not_allowed"),
    RoleNotPermitted: (403, "role_not_permitted"),
    AboveAuthority: (403, "above_authority"),
    VersionOutdated: (409, "version_outdated"),
    InvalidCursor: (422, "invalid_cursor"),
    CursorExpired: (410, "cursor_expired"),
    InvalidAction: (422, "invalid_action"),
    RequestIdReused: (422, "idempotency_key_reused"),
}

_log = structlog.get_logger(__name__)


def answer_errors(app: FastAPI) -> None:
    """Have the application answer every expected error with a problem document."""

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> Response:
        return problem_response(error, request.scope)

    @app.exception_handler(MalformedJson)
    async def malformed(request: Request, error: MalformedJson) -> Response:
        detail = f"The body is not JSON: {error}"
        return problem_response(ProblemError(400, "malformed_json", detail), request.scope)

    @app.exception_handler(InvalidFields)
    async def invalid(request: Request, error: InvalidFields) -> Response:
        return problem_response(_invalid_request(error), request.scope)

    @app.exception_handler(RequestValidationError)
    async def invalid_parameters(request: Request, error: RequestValidationError) -> Response:
        errors = InvalidFields(told_errors(error.errors(), skip=1))
        return problem_response(_invalid_request(errors), request.scope)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return problem_response(_http_problem(error, request), request.scope)

    @app.exception_handler(ReturnsError)
    async def returns_error(request: Request, error: ReturnsError) -> Response:
        return problem_response(_returns_problem(error), request.scope)

    @app.exception_handler(SQLAlchemyError)
    async def ledger_error(request: Request, error: SQLAlchemyError) -> Response:
        # Its text can quote the row that was to be written.
        _log.error("ledger_unavailable", error=type(error).__name__)
        detail = "The ledger does not answer. Nothing was accepted: send the same request again."
        return problem_response(_unavailable("ledger_unavailable", detail), request.scope)


def _invalid_request(error: InvalidFields) -> ProblemError:
    first = error.errors[0]
    more = f" (and {len(error.errors) - 1} more)" if len(error.errors) > 1 else ""
    return ProblemError(422, "invalid_request", f"{describe(first)}{more}", field=first.field, errors=error.errors)


def _http_problem(error: HTTPException, request: Request) -> ProblemError:
    phrase = http.HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    match error.status_code:
        case 404:
            detail = "There is nothing here; /docs lists what there is."
        case 405:
            detail = f"{request.method} is not possible here."
        case _:
            detail = phrase
    return ProblemError(error.status_code, code, detail, headers=error.headers)


def _returns_problem(error: ReturnsError) -> ProblemError:
    if isinstance(error, ServiceUnavailable):
        _log.error("returns_unavailable", error=str(error))
        return _unavailable(
            "service_unavailable",
            "The pipeline does not answer right now. What was accepted is kept: "
            "send the same request again, with the same Idempotency-Key.",
        )
    known = _RETURNS_ERRORS.get(type(error))
    if known is None:
        _log.error("returns_failed", error=str(error))
        return ProblemError(502, "pipeline_error", "The pipeline refused the request; its log says why.")
    status, code = known
    return ProblemError(status, code, str(error), field=error.field)


def _unavailable(code: str, detail: str) -> ProblemError:
    return ProblemError(503, code, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})
