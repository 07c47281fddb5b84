"""The OpenAPI document: complete, and true of what the server answers to whatever is generated from it."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.payment.stripe_reports import StripeReports
from domain.actions import Action
from domain.explanation import Explanation
from sandbox.webhooks import sign
from starters.api.carrier_events import SIGNATURE_HEADER
from tests.unit.ledger_builders import a_message, a_stage, an_opening, an_order
from tests.unit.test_api_support import SECRET, Api, running_api

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    reports = {"stripe": StripeReports(SecretStr(SECRET))}
    with running_api(tmp_path_factory.mktemp("api"), reports=reports) as running:
        yield running


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    loaded: dict[str, Any] = api.http.get("/openapi.json").json()
    return loaded


class Signed(AuthBase):
    """Signs a request as a carrier does, and as Stripe does."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        for header in (SIGNATURE_HEADER, "Stripe-Signature"):
            request.headers[header] = sign(SECRET, raw, int(time.time()))
        return request


def play(api: Api, document: dict[str, Any], mode: GenerationMode, examples: int) -> dict[str, Counter[int]]:
    """Send what is generated for each operation, about things that are there; the statuses by operation."""
    api.returns.explanation = Explanation(rma_id="RMA-1", order_id="O-1", currency="CNY")
    known = {"rma_id": api.new_return(), "parked_id": api.new_parked(), "provider": "stripe", "party": "carrier"}
    answered: dict[str, Counter[int]] = {}

    def call(case: schemathesis.Case[Any]) -> None:
        case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        auth = Signed() if {"carrier-events", "webhooks"} & set(case.path.split("/")) else None
        answer = case.call_and_validate(base_url=api.url, auth=auth, headers=authorization(api), checks=CHECKS)
        answered.setdefault(case.operation.label, Counter())[answer.status_code] += 1

    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not operation.body and not list(operation.iter_parameters()):
            continue
        settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))(
            given(operation.as_strategy(generation_mode=mode))(call)
        )()
    return answered


def send_examples(api: Api, document: dict[str, Any]) -> Iterator[tuple[str, requests.Response]]:
    """Send every documented example, about things that are there; the answers, each with its operation."""
    api.ledger.open_return(an_opening("RMA-7Q2M4K9TZB3X5W8A", an_order(), {"L1": 1}))
    api.ledger.record(a_stage("RMA-7Q2M4K9TZB3X5W8A", "settle-1", outbox=(a_message("paid"),)))
    api.ledger.park_delivery("RMA-7Q2M4K9TZB3X5W8A/settle-1/0", "refused")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for body in operation.get("requestBody", {}).get("content", {}).values():
                for example in body["examples"].values():
                    named = {"rma_id": api.new_return(), "parked_id": api.new_parked()}
                    target = path.format(carrier="sf", party="carrier", provider="stripe", **named)
                    headers = {"Idempotency-Key": "k-2", **authorization(api)}
                    yield (
                        f"{method.upper()} {path}",
                        requests.post(
                            f"{api.url}{target}", json=example["value"], headers=headers, auth=Signed(), timeout=10
                        ),
                    )


def authorization(api: Api) -> dict[str, str]:
    """The header that shows the key, if there is one."""
    return {name: value for name, value in api.http.headers.items() if name == "authorization"}


# Wrong requests are refused alike by what validates all of them, and are the dearer ones to make.
@pytest.mark.parametrize(("mode", "examples"), [(GenerationMode.POSITIVE, 4), (GenerationMode.NEGATIVE, 2)])
def test_the_server_answers_as_documented(
    api: Api, document: dict[str, Any], mode: GenerationMode, examples: int
) -> None:
    seen = set(sum(play(api, document, mode, examples).values(), Counter()))
    assert seen >= ({200, 201, 202} if mode is GenerationMode.POSITIVE else {422})


@pytest.mark.deep
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_documented_to_whoever_has_the_key(
    tmp_path: Path, mode: GenerationMode
) -> None:
    reports = {"stripe": StripeReports(SecretStr(SECRET))}
    with running_api(tmp_path, token="a-key-of-the-shop", reports=reports) as api:
        api.http.headers["Authorization"] = "Bearer a-key-of-the-shop"
        document = api.http.get("/openapi.json").json()
        seen = play(api, document, mode, 200)
        # What is about things that no generator can name reaches its good end by its example.
        for label, answer in send_examples(api, document):
            seen[label][answer.status_code] += 1
    if mode is GenerationMode.POSITIVE:
        assert [label for label, statuses in seen.items() if not any(200 <= each < 300 for each in statuses)] == []
        assert [label for label, statuses in seen.items() if 401 in statuses] == []


def test_every_action_is_documented(document: dict[str, Any]) -> None:
    for action in Action:
        assert f"/v1/returns/{{rma_id}}/actions/{action.value}" in document["paths"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    references = set(_references(document))
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= schemas.keys()


def test_the_examples_are_accepted(api: Api, document: dict[str, Any]) -> None:
    for label, answer in send_examples(api, document):
        assert answer.ok, (label, answer.text)


def test_bodies_take_no_unknown_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("ReturnApplication", "ApplicationLine", "Contact", "Actor", "ReviewVerdict", "InspectedUnits"):
        assert schemas[name]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["PushedCarrierEvent"]


def test_the_documentation_is_served(api: Api) -> None:
    assert "swagger" in api.http.get("/docs").text.lower()


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)
