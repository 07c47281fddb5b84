"""Signatures of webhooks: what is trusted, and what every other header is told."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from adapters.signatures import InvalidSignature, verify_timed
from sandbox.webhooks import sign

SECRET = "a-secret-of-the-carriers"
BODY = b'{"event_id": "e-1"}'
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SENT_AT = int(NOW.timestamp())


def digest(secret: str = SECRET, sent_at: int | str = SENT_AT, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "header",
    [
        f"t={SENT_AT},v1={digest()}",
        f" t={SENT_AT} , v1={digest()} ",
        f"v1={digest()},t={SENT_AT}",
        f"t={SENT_AT},v1={digest('the-secret-before')},v1={digest()}",
        f"t={SENT_AT},v1={digest()},v1=garbage",
        f"t={SENT_AT},v0=an-older-scheme,v1={digest()}",
        f"t={SENT_AT - 300},v1={digest(sent_at=SENT_AT - 300)}",
        f"t={SENT_AT + 300},v1={digest(sent_at=SENT_AT + 300)}",
        sign(SECRET, BODY, SENT_AT),
    ],
)
def test_a_recent_signature_with_the_secret_is_trusted(header: str) -> None:
    verify_timed("X-Signature", SECRET, header, BODY, NOW)


def test_a_body_need_not_be_text() -> None:
    body = b"\xff\xfe\x00"
    verify_timed("X-Signature", SECRET, f"t={SENT_AT},v1={digest(body=body)}", body, NOW)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "missing"),
        ("garbage", "must read"),
        (",,,==,", "must read"),
        (f"t={SENT_AT}", "must read"),
        (f"v1={digest()}", "must read"),
        (f"t=,v1={digest(sent_at='')}", "must read"),
        (f"t=now,v1={digest(sent_at='now')}", "must read"),
        (f"t=-{SENT_AT},v1={digest(sent_at=-SENT_AT)}", "must read"),
        (f"t=٢,v1={digest(sent_at='٢')}", "must read"),
        (f"t={'9' * 400},v1={digest(sent_at='9' * 400)}", "must read"),
        (f"t={SENT_AT},t={SENT_AT},v1={digest()}", "must read"),
        (f"t={SENT_AT},v1=", "does not fit"),
        (f"t={SENT_AT},v1=\xff", "does not fit"),
        (f"t={SENT_AT},v1={digest().upper()}", "does not fit"),
        (f"t={SENT_AT},v1={digest('another-secret')}", "does not fit"),
        (f"t={SENT_AT},v1={digest(body=b'another body')}", "does not fit"),
        (f"t={SENT_AT + 1},v1={digest()}", "does not fit"),
        (f"t={SENT_AT - 301},v1={digest(sent_at=SENT_AT - 301)}", "5 minutes"),
        (f"t={SENT_AT + 301},v1={digest(sent_at=SENT_AT + 301)}", "5 minutes"),
    ],
)
def test_everything_else_is_not(header: str, words: str) -> None:
    with pytest.raises(InvalidSignature, match=words):
        verify_timed("X-Signature", SECRET, header, BODY, NOW)
