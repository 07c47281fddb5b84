"""WeChat Pay's signatures, against one that its own SDK for Go keeps as a test, and over the lines of a call."""

import re

import httpx
import pytest
from pydantic import SecretStr

from adapters.payment.rsa_keys import public_key
from adapters.payment.wechat_signature import SCHEME, MerchantSignature, is_signed, lines
from tests.payments.keys import merchant

KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2VCTd91fnUn73Xy9DLvt/V62TVxRTEEstVdeRaZ3B3leO0pldE806mXO"
    "4RwdHXagHQ4vGeZN0yqm++rDsGK+U3AH7kejyD2pXshNP9Cq5YwbptiLGtjcquw4HNxJQUOmDeJf2vg6byms9RUipiq4SzbJKqJF"
    "lUpbuIPDpSpWz10PYmyCNeDGUUK65E5h2B834uxl1zNLYQCrkdBzb8oUxwYeP5a2DNxmjL5lsJML7DGr5znsevnoqGRwTm9fxCGf"
    "y8wus7hwKz6clt3Whmmda7UAdb1c08hEQFVRbF14AR73xbnd8N0obCWJPCbzMCtkaSef4FdEEgEXJiw0VAJT8wIDAQAB"
)
SIGNATURE = (
    "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoVz+pp4hAm6pHU4ld815U4j"
    "sKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOhuH6I"
    "EqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJGH6/L+"
    "hdwfLpUtJm4QYVazzW7DFD27EpSQEqA8bX9+8m1rLg=="
)


@pytest.mark.parametrize(
    ("content", "signature", "holds"),
    [
        (b"source", SIGNATURE, True),
        (b"wrong source", SIGNATURE, False),
        (b"source", SIGNATURE[:-4], False),
        (b"source", "no Base64", False),
        (b"source", "", False),
    ],
)
def test_a_known_signature(content: bytes, signature: str, holds: bool) -> None:
    assert is_signed(content, signature, public_key("KEY", SecretStr(KEY))) is holds


def test_each_part_stands_on_a_line() -> None:
    assert lines("GET", b"/v3/certificates?a=b", "1554208460", "593BEC0C", b"") == (
        b"GET\n/v3/certificates?a=b\n1554208460\n593BEC0C\n\n"
    )


def test_a_call_is_signed_over_its_address_and_its_body() -> None:
    request = httpx.Request("POST", "https://api.mch.weixin.qq.com/v3/a%20b?mchid=1", content=b'{"reason":"\xe9"}')
    signed = next(MerchantSignature("1900000109", "1DDE55AD", merchant().private).auth_flow(request))
    scheme, _, said = signed.headers["Authorization"].partition(" ")
    fields = dict(re.findall(r'(\w+)="([^"]*)"', said))
    content = lines("POST", "/v3/a%20b?mchid=1", fields["timestamp"], fields["nonce_str"], b'{"reason":"\xe9"}')
    assert (scheme, fields["mchid"], fields["serial_no"]) == (SCHEME, "1900000109", "1DDE55AD")
    assert is_signed(content, fields["signature"], merchant().private.public_key())
