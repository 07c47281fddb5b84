"""The parts of the OpenAPI document that FastAPI cannot know: bodies that are parsed by hand, and problems."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from domain.application import ReturnApplication
from domain.receiving import BlindReceipt, ParkedDisposal, ParkedMatch
from starters.api.carrier_event import PushedCarrierEvent
from starters.api.problems import MEDIA_TYPE, Problem
from starters.outbox import RetryRequest
from workflows.contracts import ACTION_REQUESTS, ReopenRequest
from workflows.contracts.claims import CLAIM_REQUESTS

_REFERENCE = "#/components/schemas/{model}"
_STRICT_BODIES: tuple[type[BaseModel], ...] = (
    ReturnApplication,
    ReopenRequest,
    *ACTION_REQUESTS.values(),
    BlindReceipt,
    ParkedMatch,
    ParkedDisposal,
    *CLAIM_REQUESTS.values(),
    RetryRequest,
)
_LENIENT: tuple[type[BaseModel], ...] = (PushedCarrierEvent, Problem)
_PROBLEMS = {
    400: "The body is not JSON.",
    401: "The bearer token is missing or wrong.",
    403: "The role may not send this.",
    404: "It does not exist.",
    409: "The state of the order, the stock or the return does not allow it.",
    410: "It is not kept any more.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not application/json.",
    422: "A field, parameter or header is wrong; `errors` names each.",
    502: "The pipeline refused the request.",
    503: "Something behind the API does not answer; try again after `Retry-After`.",
}


class DocumentedApi(FastAPI):
    """An application whose OpenAPI document has the schemas of hand-parsed bodies and of problems."""

    def openapi(self) -> dict[str, Any]:
        """Make the document once."""
        if self.openapi_schema is None:
            document = super().openapi()
            document.setdefault("components", {}).setdefault("schemas", {}).update(_schemas())
        return super().openapi()


def json_body(model: type[BaseModel], examples: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a hand-parsed body for a route's `openapi_extra`; `examples` by their summary."""
    named = {
        f"example{number}": {"summary": text, "value": value} for number, (text, value) in _numbered(examples)
    }
    content = {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}, "examples": named}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems of a route for its `responses`."""
    schema = {"$ref": _REFERENCE.format(model=Problem.__name__)}
    return {
        status: {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted(statuses)
    }


def _numbered(examples: Mapping[str, Any]) -> enumerate[tuple[str, Any]]:
    return enumerate(examples.items(), start=1)


def _schemas() -> dict[str, Any]:
    strict = _definitions(_STRICT_BODIES)
    for schema in strict.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return {**strict, **_definitions(_LENIENT)}


def _definitions(models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    _, document = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
    definitions: dict[str, Any] = document["$defs"]
    return definitions
