"""Problem documents (RFC 9457): the one form of every error of the API."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from fastapi import Response
from starlette.types import Scope

from domain.record import Record
from starters.json_input import FieldError

MEDIA_TYPE = "application/problem+json"


class Problem(Record):
    """An error.

    Attributes:
        type: Names the kind of problem; the same kind has the same one.
        title: The kind in words.
        status: The HTTP status.
        detail: What is wrong this time, and what to do.
        instance: The path of the request.
        code: The kind for programs, the last part of `type`.
        field: The field, parameter or header that it is about.
        rma_id: The return that it is about, where it has an id already.
        errors: Every field that is wrong, where there can be several.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    field: str | None = None
    rma_id: str | None = None
    errors: tuple[FieldError, ...] | None = None


class ProblemError(Exception):
    """Raised anywhere in a request to answer it with a problem document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        rma_id: str | None = None,
        errors: Sequence[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field or None
        self.rma_id = rma_id
        self.errors = tuple(errors) if errors else None
        self.headers = dict(headers or {})


def problem_response(error: ProblemError, scope: Scope) -> Response:
    """Write a problem as the answer to the request of an ASGI scope."""
    problem = Problem(
        type=f"urn:returnflow:problem:{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=error.status,
        detail=error.detail,
        instance=quote(scope["path"]),
        code=error.code,
        field=error.field,
        rma_id=error.rma_id,
        errors=error.errors,
    )
    content = problem.model_dump_json(exclude_none=True)
    return Response(content, error.status, headers=error.headers, media_type=MEDIA_TYPE)
