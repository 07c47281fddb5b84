"""How a provider's answer is understood that may be no success. By default by its status, as HTTP means it."""

import re
from dataclasses import dataclass
from enum import StrEnum

import httpx
from pydantic import JsonValue

# Wrong credentials say nothing of the request; a customer's card is not declined because our key expired.
OURS_TO_MEND = (401, 403, 407)
_NOT_FINISHED = (408, 425)

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Meaning(StrEnum):
    """What such an answer says of the call."""

    NOT_DONE = "not_done"
    UNCLEAR = "unclear"
    REFUSED = "refused"


@dataclass(frozen=True)
class Failure:
    """An answer that is no success, as it was understood.

    Attributes:
        detail: For errors and logs; no personal data.
        code: The provider's own code for a refusal.
    """

    meaning: Meaning
    detail: str
    code: str = ""


def by_status(response: httpx.Response) -> Failure | None:
    """Understand an answer by its status; a refusal's code stands as `code` in its body."""
    status = response.status_code
    if response.is_success:
        return None
    if status == 429 or (status == 503 and "Retry-After" in response.headers):
        return Failure(Meaning.NOT_DONE, f"too busy: {status}")
    if status in OURS_TO_MEND:
        return Failure(Meaning.NOT_DONE, f"our access is refused: {status}")
    if status in _NOT_FINISHED:
        return Failure(Meaning.UNCLEAR, f"not finished: {status}")
    if response.is_client_error:
        code = code_or(json_object(response).get("code"), f"http_{status}")
        return Failure(Meaning.REFUSED, f"refused: {status} {code}", code)
    return Failure(Meaning.UNCLEAR, f"not the promised answer: {status}")


def json_object(response: httpx.Response) -> dict[str, JsonValue]:
    """The JSON object that is the body; an empty one if the body is anything else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def code_or(value: object, otherwise: str) -> str:
    """A provider's code if it looks like one, so that nothing else of an answer gets into errors."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else otherwise
