"""The typed client of the warehouse's door: over the API, for a dock that has neither Temporal nor the ledger."""

from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.receiving import BlindReceipt, ParkedDisposal, ParkedMatch, ParkedParcel, ParkedState, Received
from domain.record import Record
from starters.errors import (
    ActionNotAllowed,
    InvalidAction,
    ParkedNotFound,
    RequestIdReused,
    ReturnsError,
    RoleNotPermitted,
    ServiceUnavailable,
)

Answer = TypeVar("Answer")

_ERRORS: dict[str, type[ReturnsError]] = {
    "parked_not_found": ParkedNotFound,
    "action_not_allowed": ActionNotAllowed,
    "role_not_permitted": RoleNotPermitted,
    "invalid_action": InvalidAction,
    "idempotency_key_reused": RequestIdReused,
}
_SECONDS = 45.0
_PARKED = TypeAdapter(list[ParkedParcel])


class _Problem(Record):
    code: str = ""
    detail: str = ""
    field: str | None = None


class ReceivingClient:
    """Receives parcels and decides on parked ones, over HTTP. Safe to share between threads."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def receive(self, receipt: BlindReceipt) -> Received:
        """Take a parcel; with the same `receipt_id` a repeat is the same receipt.

        Raises:
            RoleNotPermitted: If the actor may not receive.
            RequestIdReused: If the id was used for another parcel.
            ServiceUnavailable: If the API does not answer: send it again.
        """
        return self._post("/v1/receipts", receipt, TypeAdapter(Received))

    def parked(self, state: ParkedState = ParkedState.PARKED) -> list[ParkedParcel]:
        """What waits for a person, or what became of it.

        Raises:
            ServiceUnavailable: If the API does not answer.
        """
        return self._ask("GET", "/v1/parked-parcels", _PARKED, params={"state": state.value})

    def match(self, parked_id: str, decision: ParkedMatch) -> ParkedParcel:
        """Give parked goods to the return that a person found.

        Raises:
            ParkedNotFound: If nothing is parked under the id.
            InvalidAction: If there is no such return.
            ActionNotAllowed: If somebody decided otherwise before.
            RoleNotPermitted: If the actor may not decide.
            ServiceUnavailable: If the API does not answer: send it again.
        """
        return self._post(f"/v1/parked-parcels/{quote(parked_id, safe='')}/match", decision, _ONE)

    def dispose(self, parked_id: str, decision: ParkedDisposal) -> ParkedParcel:
        """Write down where parked goods go that belong to no return.

        Raises:
            ParkedNotFound: If nothing is parked under the id.
            ActionNotAllowed: If somebody decided otherwise before.
            RoleNotPermitted: If the actor may not decide.
            ServiceUnavailable: If the API does not answer: send it again.
        """
        return self._post(f"/v1/parked-parcels/{quote(parked_id, safe='')}/dispose", decision, _ONE)

    def _post(self, path: str, body: BaseModel, answer: TypeAdapter[Answer]) -> Answer:
        return self._ask("POST", path, answer, json=body.model_dump(mode="json"))

    def _ask(self, method: str, path: str, answer: TypeAdapter[Answer], **content: object) -> Answer:
        try:
            response = self._http.request(method, path, **content)  # type: ignore[arg-type]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(f"The API does not answer at {self._http.base_url}: {error}") from error
        if response.is_success:
            return answer.validate_json(response.content)
        raise _refusal(response)


_ONE = TypeAdapter(ParkedParcel)


def _refusal(response: httpx.Response) -> ReturnsError:
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        problem = _Problem(detail=f"The API answered {response.status_code}.")
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return ServiceUnavailable(problem.detail)
    return _ERRORS.get(problem.code, ReturnsError)(problem.detail, problem.field or "")
