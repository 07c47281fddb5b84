"""WeChat Pay's notices at the API: read only if WeChat signed them now, and kept before they are answered."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from wechatpayv3 import WeChatPay, WeChatPayType

from adapters.payment.wechat_reports import WechatReports
from ledger.tables import PaymentNewsRow
from tests.payments.keys import merchant, stranger, wechat
from tests.unit.test_api_support import Api, problem_of, running_api
from tests.wechat.notices import APIV3_KEY, Notice, a_notice, signed
from tests.wechat.simulator import KEY_ID, MCHID, SERIAL_NO


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    reader = WechatReports(KEY_ID, wechat().private.public_key(), APIV3_KEY.encode())
    with running_api(tmp_path_factory.mktemp("api"), reports={"wechat": reader}) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.empty()
    return running


def push(api: Api, notice: Notice) -> httpx.Response:
    headers = [(name.encode(), value.encode()) for name, value in notice.headers.items()]
    return api.http.post("/v1/webhooks/wechat", content=notice.body, headers=headers)


def kept(api: Api) -> list[tuple[str, str, str]]:
    with api.ledger.engine.connect() as connection:
        rows = connection.execute(select(PaymentNewsRow.event_id, PaymentNewsRow.reference, PaymentNewsRow.status))
        return [(event_id, reference, status.value) for event_id, reference, status in rows]


@pytest.mark.parametrize(
    ("event", "status"),
    [("REFUND.SUCCESS", "succeeded"), ("REFUND.CLOSED", "failed"), ("REFUND.ABNORMAL", "pending")],
)
def test_a_notice_is_kept_once(api: Api, event: str, status: str) -> None:
    for _ in range(2):
        answer = push(api, a_notice(event=event))
        assert (answer.status_code, answer.json()) == (200, {"state": "kept"})
    assert kept(api) == [("EV-1", "RMA-1-refund-1-t0", status)]
    assert api.ledger.due_news(datetime.now(UTC)) == []


def test_the_notices_of_these_tests_are_read_by_an_sdk_of_others() -> None:
    sdk = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=MCHID,
        private_key=merchant().private_pem,
        cert_serial_no=SERIAL_NO,
        apiv3_key=APIV3_KEY,
        appid="wx8888888888888888",
        public_key=wechat().public_pem,
        public_key_id=KEY_ID,
    )
    notice = a_notice()
    read: dict[str, Any] = sdk.callback(notice.headers, notice.body)
    assert read["resource"]["out_refund_no"] == "RMA-1-refund-1-t0"
    assert not sdk.callback(signed(notice.body, stranger()).headers, notice.body)


@pytest.mark.parametrize(
    "notice",
    [a_notice(event="TRANSACTION.SUCCESS"), a_notice(out_refund_no="by-hand-1")],
)
def test_what_we_did_not_ask_for_is_answered_and_not_kept(api: Api, notice: Notice) -> None:
    assert push(api, notice).json() == {"state": "not_ours"}
    assert kept(api) == []


@pytest.mark.parametrize(
    "notice",
    [
        signed(b""),
        signed(b"[]"),
        signed(b'{"id": "EV-1"}'),
        signed(a_notice().body.replace(b"AEAD_AES_256_GCM", b"none")),
        signed(a_notice().body.replace(b'"ciphertext": "', b'"ciphertext": "!')),
        a_notice(key="another key of 32 letters, or so"),
        a_notice(out_refund_no=None),
        a_notice(event_id="an id with blanks"),
    ],
)
def test_a_notice_that_cannot_be_read_is_refused(api: Api, notice: Notice) -> None:
    problem_of(push(api, notice), 400, "unreadable_report")
    assert kept(api) == []


def hostile(number: int) -> tuple[str, Notice]:
    """A notice that must not be trusted, and what is wrong with it."""
    draw = random.Random(number)
    body = a_notice(f"EV-{number}").body
    right = signed(body).headers
    garbled = bytearray(body)
    garbled[draw.randrange(len(body))] ^= 1 << draw.randrange(7)
    signature = right["Wechatpay-Signature"]

    def altered(name: str, value: str) -> Notice:
        return Notice(body, right | {f"Wechatpay-{name}": value})

    wrong = {
        "no headers": Notice(body),
        "another body": Notice(bytes(garbled), right),
        "cut body": Notice(body[: draw.randrange(len(body))], right),
        "another key": signed(body, stranger()),
        "ten days old": signed(body, seconds_ago=864_000),
        "six minutes old": signed(body, seconds_ago=360),
        "of the future": signed(body, seconds_ago=-360),
        "another key id": altered("Serial", "PUB_KEY_ID_0"),
        "a time that is no number": altered("Timestamp", draw.choice(["now", "NaN", "٢", ""])),
        "a long time": altered("Timestamp", "9" * draw.randint(13, 4_000)),
        "another nonce": altered("Nonce", f"{number}"),
        "no base64": altered("Signature", "!" + signature[1:]),
        "cut signature": altered("Signature", signature[: draw.randrange(len(signature))]),
        "a signature that is no text": altered("Signature", "ÿþ" * 20),
        "WeChat's own probe": altered("Signature", f"WECHATPAY/SIGNTEST/{signature[20:]}"),
    }
    kind = list(wrong)[number % len(wrong)]
    return kind, wrong[kind]


@pytest.mark.parametrize("count", [45, pytest.param(1_000, marks=pytest.mark.deep)])
def test_hostile_notices_are_refused(api: Api, count: int) -> None:
    seen: Counter[tuple[str, int]] = Counter()
    for number in range(count):
        kind, notice = hostile(number)
        seen[kind, push(api, notice).status_code] += 1
    assert {status for _, status in seen} == {401}, seen
    assert (sum(seen.values()), kept(api)) == (count, [])
