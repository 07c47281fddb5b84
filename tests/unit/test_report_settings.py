"""Whose webhooks the API takes: those of providers whose secrets it has; it does not start on half of one."""

import os
from pathlib import Path

import pytest

from starters.api.settings import load_reports
from tests.payments.keys import wechat

STRIPE = "RETURNFLOW_STRIPE_WEBHOOK_SECRET"
WECHAT = {
    "RETURNFLOW_WECHAT_APIV3_KEY": "a" * 32,
    "RETURNFLOW_WECHAT_PUBLIC_KEY_ID": "PUB_KEY_ID_0119000001092026",
    "RETURNFLOW_WECHAT_PUBLIC_KEY": wechat().public_pem,
}


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RETURNFLOW_")]:
        monkeypatch.delenv(name)


def test_without_secrets_none_are_taken() -> None:
    assert load_reports() == {}


def test_the_keys_of_the_worker_alone_do_not_turn_them_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETURNFLOW_WECHAT_PUBLIC_KEY_ID", WECHAT["RETURNFLOW_WECHAT_PUBLIC_KEY_ID"])
    monkeypatch.setenv("RETURNFLOW_STRIPE_API_KEY", "sk_test")
    assert load_reports() == {}


def test_each_provider_with_its_secret_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("whsec_1\n")
    for name, value in {f"{STRIPE}_FILE": str(file), **WECHAT}.items():
        monkeypatch.setenv(name, value)
    assert sorted(load_reports()) == ["stripe", "wechat"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({STRIPE: "whsec_1", f"{STRIPE}_FILE": "/nowhere"}, f"{STRIPE}, {STRIPE}_FILE: both are set"),
        ({f"{STRIPE}_FILE": "/nowhere"}, f"{STRIPE}_FILE: /nowhere cannot be read"),
        (WECHAT | {"RETURNFLOW_WECHAT_APIV3_KEY": "short"}, "RETURNFLOW_WECHAT_APIV3_KEY: must have 32"),
        (WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY_ID": ""}, "RETURNFLOW_WECHAT_PUBLIC_KEY_ID: is missing"),
        (WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY_ID": "0119"}, "RETURNFLOW_WECHAT_PUBLIC_KEY_ID: must be"),
        (WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY": ""}, "RETURNFLOW_WECHAT_PUBLIC_KEY: is missing"),
        (
            WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY": "s3cret"},
            "RETURNFLOW_WECHAT_PUBLIC_KEY: is no RSA public key",
        ),
    ],
)
def test_the_api_does_not_start_on_half_of_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], values: dict[str, str], named: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        load_reports()
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert f"  {named}" in said
    assert "s3cret" not in said
