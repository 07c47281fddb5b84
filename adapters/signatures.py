"""Signatures of webhooks: proof that a body comes from whoever shares the secret, and is recent."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)

_SECONDS = re.compile(r"[0-9]{1,11}")


class InvalidSignature(Exception):
    """The signature is missing, malformed, wrong or too old; the text says which."""


def verify_timed(name: str, secret: str, header: str, body: bytes, now: datetime) -> None:
    """Check a signature header: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." and the body>``.

    It is what our own carriers' webhook asks for, and what Stripe sends.

    Several ``v1`` may be given, so that a sender can change its secret; one that fits is enough. Parts with
    other names are ignored, so that a newer scheme can be sent along.

    Args:
        name: Of the header, for the text of the error.
        secret: What the sender and we share.
        header: The header's value; empty if it was not sent.
        body: The body as it was received, unparsed.
        now: The wall clock, against which the signature's own time may be off by `TOLERANCE` either way.

    Raises:
        InvalidSignature: If the body must not be trusted.
    """
    if not header:
        raise InvalidSignature(f"The {name} header is missing.")
    signed_at, candidates = _parse(name, header)
    expected = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, candidate.encode()) for candidate in candidates):
        raise InvalidSignature("The signature does not fit the body and the secret.")
    if abs(now.timestamp() - int(signed_at)) > TOLERANCE.total_seconds():
        raise InvalidSignature("The signature's time is more than 5 minutes away from now; check the clocks.")


def _parse(name: str, header: str) -> tuple[str, list[str]]:
    times: list[str] = []
    candidates: list[str] = []
    for part in header.split(","):
        key, _, value = part.strip().partition("=")
        if key == "t":
            times.append(value)
        elif key == "v1":
            candidates.append(value)
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not candidates:
        raise InvalidSignature(f"The {name} header must read t=<unix seconds>,v1=<hex HMAC-SHA256>.")
    return times[0], candidates
