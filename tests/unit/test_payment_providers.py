"""A payment provider is chosen by configuration, and its secrets stay in it."""

from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from adapters.http import HttpClients
from adapters.payment.alipay import AlipayPayment
from adapters.payment.providers import PAYMENT_PROVIDERS
from adapters.payment.sandbox import SandboxPayment
from adapters.payment.settings import secret_of
from adapters.payment.stripe import StripePayment, StripeSettings
from adapters.payment.wechat import WechatPayment
from tests.payments.keys import alipay, merchant, wechat
from workers.settings import WorkerSettings

SECRET = "sk_test_s3cret"
ENVIRONMENT = {
    "sandbox": {"RETURNFLOW_PROVIDERS_URL": "http://127.0.0.1:9/"},
    "stripe": {"RETURNFLOW_STRIPE_API_KEY": SECRET, "RETURNFLOW_STRIPE_URL": "http://127.0.0.1:9/"},
    "alipay": {
        "RETURNFLOW_ALIPAY_APP_ID": "2021000122671080",
        "RETURNFLOW_ALIPAY_PRIVATE_KEY": merchant().private_pem,
        "RETURNFLOW_ALIPAY_PUBLIC_KEY": alipay().public_pem,
    },
    "wechat": {
        "RETURNFLOW_WECHAT_MCHID": "1900000109",
        "RETURNFLOW_WECHAT_SERIAL_NO": "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
        "RETURNFLOW_WECHAT_PRIVATE_KEY": merchant().private_pem,
        "RETURNFLOW_WECHAT_PUBLIC_KEY_ID": "PUB_KEY_ID_0119000001092026",
        "RETURNFLOW_WECHAT_PUBLIC_KEY": wechat().public_pem,
    },
}
ADAPTERS = [
    ("sandbox", SandboxPayment),
    ("stripe", StripePayment),
    ("alipay", AlipayPayment),
    ("wechat", WechatPayment),
]


@pytest.mark.parametrize(("name", "adapter"), ADAPTERS)
async def test_a_provider_is_made_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, adapter: type
) -> None:
    for setting, value in ENVIRONMENT[name].items():
        monkeypatch.setenv(setting, value)
    async with HttpClients() as clients:
        assert isinstance(PAYMENT_PROVIDERS[name]().connect(clients), adapter)


def test_the_sandbox_is_the_default() -> None:
    given = {"ledger_url": "sqlite:///ledger.db", "providers_url": "http://127.0.0.1:9"}
    assert WorkerSettings.model_validate(given).payment == "sandbox"


async def test_the_sandbox_shares_the_connections_of_the_other_stand_ins() -> None:
    async with HttpClients() as clients:
        shared = clients.to("http://127.0.0.1:9")
        assert clients.to("http://127.0.0.1:9") is shared
        assert clients.to("http://127.0.0.1:9", {"Authorization": "Bearer x"}) is not shared
    assert shared.is_closed


async def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    settings = StripeSettings(stripe_api_key_file=file, stripe_url="http://127.0.0.1:9")
    async with HttpClients() as clients:
        settings.connect(clients)
        (client,) = clients.open
        assert client.headers["Authorization"] == f"Bearer {SECRET}"
        assert SECRET not in repr(client.headers)
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("content", [b"", b" \n", b"two words", "schlüssel".encode(), b"\xff\xfe"])
def test_a_file_without_a_secret_is_refused_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"^THE_KEY_FILE: ") as refused:
        secret_of("THE_KEY", None, file)
    assert "two words" not in str(refused.value)


def test_settings_of_all_providers_are_told_apart() -> None:
    names: dict[str, str] = {}
    for provider, settings in PAYMENT_PROVIDERS.items():
        assert issubclass(settings, BaseModel)
        for field in settings.model_fields:
            assert names.setdefault(field, provider) == provider
            assert provider == "sandbox" or field.startswith(provider)


def test_a_secret_is_shown_nowhere() -> None:
    settings = StripeSettings(stripe_api_key=SecretStr(SECRET))
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()}"
