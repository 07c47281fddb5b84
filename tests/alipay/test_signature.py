"""Alipay's signatures, against an answer that Alipay itself signed, and its amounts."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from adapters.payment.alipay_amounts import from_yuan, to_yuan
from adapters.payment.alipay_signature import NotSigned, is_signed, sign, signed_node, text_to_sign
from tests.payments.keys import merchant

# What Alipay's sandbox answered to the tests of its SDK for Node.js, which keep it with the key of that time.
ALIPAYS_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk7LzhmMa2c4qQd4fqAqenfbuFoA7stPKvoS1LrZEsVnOOGUUjwoa1oU9xsSPjcOW"
    "hIerU/VAN4J95GIAXx59ipcleIyfLn2FhHXPgLJpvo+b2jJFyn/1/DbeJDh+0yDVAOf50Z7HhI0mdUhFMkXlT7BU0ZMtJf/TmISFEfhDU/w6"
    "qFd6D42L97byAkq0K6LroglSVF24GqJEa7hSeUIkZWj7RasykXrc2uVJ1+ejkXE0LyPxa2AHykMGbJLf5SiZvaNzUZgnKIR36mLOHpQ/2JCX"
    "xhXZYUWHzy0kMH54JcUEeksFWBYLGvLjV1phbcUIc3Q76tIuqApY6E222OoZZQIDAQAB"
)
SIGNATURE = (
    "F+LDzpTNiavn7xVZPGuPCSSVRSmWzJGgtuji6tVELGEaqMaNj0jRKXUEr5nloZJBBmwEnddOyCjjepMmrTKTvoOqQ0Efxpr/R1iEeHTHVbb/"
    "Q8TTh6Up5gHJDkILdaWS2q1cWeQ6VT+HQY9P3WRXS7uhILHuDODIhpAyCu5KhWGt0rMCIG+Im6NODJP2oohtSCtmTFXg58HH587Z2y2bdbjz"
    "OxLvzD9IrU1imghXQ2S/Q+wMIvRk9on6cWnBLkrNvJKapA2ReNGWOwyuASvB9zDVzhMPbR+3mfRGkVDxsq5HYLjBKGskJMXHw0HuugZij6Sc"
    "RuaLPODhmHwr/pJ9yw=="
)
TEXT = '{"code":"10000","msg":"Success","file_id":"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr"}'
NODE = "alipay_open_file_upload_response"
ANSWER = f'{{"{NODE}":{TEXT},"sign":"{SIGNATURE}"}}'


@pytest.fixture(scope="module")
def alipays() -> RSAPublicKey:
    key = load_der_public_key(base64.b64decode(ALIPAYS_KEY))
    assert isinstance(key, RSAPublicKey)
    return key


@pytest.mark.parametrize(
    "body",
    [
        ANSWER,
        f'{{"sign":"{SIGNATURE}","{NODE}":{TEXT}}}',
        f' {{\n "{NODE}" : {TEXT} ,\r\n"alipay_cert_sn":"1","sign" :"{SIGNATURE}"\t}} ',
    ],
)
def test_an_answer_of_alipays_is_believed(alipays: RSAPublicKey, body: str) -> None:
    assert signed_node(body.encode(), NODE, alipays)["file_id"] == "CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr"


@pytest.mark.parametrize(
    "body",
    [
        ANSWER.replace('"10000"', '"10001"'),
        ANSWER.replace('"code":', '"code": '),
        ANSWER.replace("F+LDzp", "F+LDzq"),
        ANSWER.replace('"sign"', '"signature"'),
        ANSWER.replace(f'"{SIGNATURE}"', "7"),
        ANSWER.replace(SIGNATURE, ""),
        ANSWER.replace(SIGNATURE, "Größe"),
        ANSWER.replace(NODE, "alipay_trade_refund_response"),
        ANSWER + "}",
        f"{ANSWER}{ANSWER}",
        f'{{"{NODE}":{{"code":"10000"}},{ANSWER[1:]}',
        f'{{"{NODE}":{TEXT},"{NODE}":{{}},"sign":"{SIGNATURE}"}}',
        ANSWER[:-1],
        f"{{{TEXT}:1}}",
        "[" * 100_000,
        "{}",
        "[]",
        "",
        "<html>We will be back soon</html>",
    ],
)
def test_nothing_else_is(alipays: RSAPublicKey, body: str) -> None:
    with pytest.raises(NotSigned):
        signed_node(body.encode(), NODE, alipays)


def test_nor_is_what_is_no_text(alipays: RSAPublicKey) -> None:
    with pytest.raises(NotSigned):
        signed_node(ANSWER.replace("Success", "Größe").encode("latin-1"), NODE, alipays)


def test_a_request_is_signed_over_its_fields_by_name() -> None:
    fields = {
        "method": "alipay.trade.refund",
        "app_id": "2014",
        "sign": "x",
        "app_auth_token": "",
        "biz": '{"a":1}',
    }
    assert text_to_sign(fields) == 'app_id=2014&biz={"a":1}&method=alipay.trade.refund'


def test_a_signature_is_of_one_text_and_one_key(alipays: RSAPublicKey) -> None:
    signature = sign("退款", merchant().private)
    assert is_signed("退款", signature, merchant().private.public_key())
    assert not is_signed("退款 ", signature, merchant().private.public_key())
    assert not is_signed("退款", signature, alipays)


@pytest.mark.parametrize(
    ("fen", "yuan"), [(1, "0.01"), (10, "0.10"), (1_230, "12.30"), (9_900, "99.00"), (10**10, "100000000.00")]
)
def test_fen_are_said_in_yuan(fen: int, yuan: str) -> None:
    assert to_yuan(fen) == yuan
    assert from_yuan(yuan) == fen


@pytest.mark.parametrize(("yuan", "fen"), [("0", 0), ("12", 1_200), ("12.3", 1_230), ("012.30", 1_230)])
def test_yuan_are_read_with_fewer_decimals(yuan: str, fen: int) -> None:
    assert from_yuan(yuan) == fen


@pytest.mark.parametrize(
    "text", ["", "12.345", "12.", ".50", "-1.00", "+1.00", "1e2", "1,000", " 1", "１２.00", "NaN", 12, 1.5, None]
)
def test_what_is_no_amount_is_not_read(text: object) -> None:
    with pytest.raises(ValueError, match="yuan"):
        from_yuan(text)


@pytest.mark.parametrize("fen", [0, -1, 10**10 + 1])
def test_what_alipay_does_not_take_is_not_said(fen: int) -> None:
    assert to_yuan(fen) is None


@given(st.integers(1, 10**10))
def test_every_amount_comes_back_as_it_went(fen: int) -> None:
    said = to_yuan(fen)
    assert said is not None
    assert from_yuan(said) == fen
