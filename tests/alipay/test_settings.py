"""The keys for Alipay: every form in which they are handed out is read, and nothing else starts a worker."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from adapters.payment.alipay import AlipaySettings
from adapters.payment.rsa_keys import private_key, public_key
from tests.payments.keys import a_key_pair, alipay, merchant

PKCS8 = "".join(merchant().private_pem.split("\n")[1:-2])


@pytest.mark.parametrize(
    "text", [merchant().private_pem, merchant().private_pem.strip(), merchant().private_base64, PKCS8]
)
def test_a_private_key_is_read_in_each_of_its_forms(text: str) -> None:
    assert private_key("THE_KEY", SecretStr(text)).private_numbers() == merchant().private.private_numbers()


@pytest.mark.parametrize("text", [alipay().public_pem, alipay().public_base64])
def test_a_public_key_is_read_in_each_of_its_forms(text: str) -> None:
    assert public_key("THE_KEY", SecretStr(text)) == alipay().private.public_key()


SHORT = a_key_pair(1024)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3cret",
        "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----",
        "-----BEGIN ",
        merchant().public_base64[:-8],
        SHORT.private_base64,
        SHORT.public_pem,
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(text: str) -> None:
    for read in (private_key, public_key):
        with pytest.raises(ValueError, match=r"^THE_KEY: is no RSA ") as refused:
            read("THE_KEY", SecretStr(text))
        assert "s3cret" not in str(refused.value)


def test_keys_may_be_in_files(tmp_path: Path) -> None:
    own, alipays = tmp_path / "own.pem", tmp_path / "alipay.txt"
    own.write_text(merchant().private_pem)
    alipays.write_text(f"{alipay().public_base64}\n")
    settings = AlipaySettings(
        alipay_app_id="2021000122671080", alipay_private_key_file=own, alipay_public_key_file=alipays
    )
    assert merchant().private_base64[:40] not in f"{settings!r} {settings} {settings.model_dump()}"
    own.write_text("s3cret")
    with pytest.raises(ValidationError, match="RETURNFLOW_ALIPAY_PRIVATE_KEY_FILE: is no RSA private key"):
        AlipaySettings(
            alipay_app_id="2021000122671080", alipay_private_key_file=own, alipay_public_key_file=alipays
        )
