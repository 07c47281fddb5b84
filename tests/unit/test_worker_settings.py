"""A worker refuses to start on missing or contradictory settings, and says which."""

from pathlib import Path

import pytest

from tests.payments.keys import alipay, merchant, wechat
from tests.unit.refused_starts import Ended, ends_of

GOOD = {
    "RETURNFLOW_LEDGER_URL": "sqlite:///{folder}/ledger.db",
    "RETURNFLOW_PROVIDERS_URL": "http://127.0.0.1:9",
}
STRIPE = {"RETURNFLOW_PAYMENT": "stripe", "RETURNFLOW_STRIPE_API_KEY": "sk_test_s3cret"}
ALIPAY = {
    "RETURNFLOW_PAYMENT": "alipay",
    "RETURNFLOW_ALIPAY_APP_ID": "2021000122671080",
    "RETURNFLOW_ALIPAY_PRIVATE_KEY": merchant().private_base64,
    "RETURNFLOW_ALIPAY_PUBLIC_KEY": alipay().public_base64,
}
WECHAT = {
    "RETURNFLOW_PAYMENT": "wechat",
    "RETURNFLOW_WECHAT_MCHID": "1900000109",
    "RETURNFLOW_WECHAT_SERIAL_NO": "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
    "RETURNFLOW_WECHAT_PRIVATE_KEY": merchant().private_pem,
    "RETURNFLOW_WECHAT_PUBLIC_KEY_ID": "PUB_KEY_ID_0119000001092026",
    "RETURNFLOW_WECHAT_PUBLIC_KEY": wechat().public_pem,
}
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "missing": ({"RETURNFLOW_LEDGER_URL": "", "RETURNFLOW_PROVIDERS_URL": " "}, "RETURNFLOW_LEDGER_URL"),
    "not_http": ({"RETURNFLOW_PROVIDERS_URL": "ftp://shop"}, "RETURNFLOW_PROVIDERS_URL: "),
    "longer_than_the_activity": (
        {"RETURNFLOW_PROVIDER_TIMEOUT_SECONDS": "30"},
        "RETURNFLOW_PROVIDER_TIMEOUT_SECONDS",
    ),
    "no_policy": ({"RETURNFLOW_POLICY_FILE": "{folder}/none.toml"}, "none.toml: No such file"),
    "no_list": ({"RETURNFLOW_OLDER_POLICY_FILES": "a.toml"}, "RETURNFLOW_OLDER_POLICY_FILES: must be a JSON list"),
    "no_older_policy": ({"RETURNFLOW_OLDER_POLICY_FILES": '["{folder}/none.toml"]'}, "none.toml: No such file"),
    "no_url": ({"RETURNFLOW_LEDGER_URL": "ledger of s3cret"}, "RETURNFLOW_LEDGER_URL: is no database URL"),
    "in_memory": ({"RETURNFLOW_LEDGER_URL": "sqlite://"}, "RETURNFLOW_LEDGER_URL: "),
    "no_deployment": (
        {"RETURNFLOW_DEPLOYMENT_NAME": "shop.returns"},
        "RETURNFLOW_DEPLOYMENT_NAME: must be letters",
    ),
    "no_build": ({"RETURNFLOW_BUILD_ID": "main branch"}, "RETURNFLOW_BUILD_ID: must be letters"),
    "no_address": ({"RETURNFLOW_METRICS_ADDRESS": "localhost:9464"}, "RETURNFLOW_METRICS_ADDRESS: must be an IP"),
    "no_cache": ({"RETURNFLOW_MAX_CACHED_WORKFLOWS": "0"}, "RETURNFLOW_MAX_CACHED_WORKFLOWS: "),
    "no_subscribers": (
        {"RETURNFLOW_SUBSCRIBERS": "{folder}/none.toml"},
        "RETURNFLOW_SUBSCRIBERS: {folder}/none.toml cannot be read",
    ),
    "no_such_payment_provider": (
        {"RETURNFLOW_PAYMENT": "paypall"},
        "RETURNFLOW_PAYMENT: must be one of alipay, sandbox, stripe, wechat",
    ),
    "no_key": (STRIPE | {"RETURNFLOW_STRIPE_API_KEY": ""}, "RETURNFLOW_STRIPE_API_KEY: is missing"),
    "no_key_file": (
        STRIPE | {"RETURNFLOW_STRIPE_API_KEY": "", "RETURNFLOW_STRIPE_API_KEY_FILE": "{folder}/none"},
        "RETURNFLOW_STRIPE_API_KEY_FILE: {folder}/none cannot be read: FileNotFoundError",
    ),
    "two_keys": (
        STRIPE | {"RETURNFLOW_STRIPE_API_KEY_FILE": "{folder}/none"},
        "RETURNFLOW_STRIPE_API_KEY, RETURNFLOW_STRIPE_API_KEY_FILE: both are set",
    ),
    "no_word": (
        STRIPE | {"RETURNFLOW_STRIPE_API_KEY": "sk_s3cret of ours"},
        "RETURNFLOW_STRIPE_API_KEY: must be one word",
    ),
    "key_in_clear_text": (
        STRIPE | {"RETURNFLOW_STRIPE_URL": "http://api.stripe.com"},
        "RETURNFLOW_STRIPE_URL: must start with https://",
    ),
    "no_app": (ALIPAY | {"RETURNFLOW_ALIPAY_APP_ID": ""}, "RETURNFLOW_ALIPAY_APP_ID: "),
    "app_of_letters": (
        ALIPAY | {"RETURNFLOW_ALIPAY_APP_ID": "app of s3cret"},
        "RETURNFLOW_ALIPAY_APP_ID: must be",
    ),
    "no_private_key": (
        ALIPAY | {"RETURNFLOW_ALIPAY_PRIVATE_KEY": ""},
        "RETURNFLOW_ALIPAY_PRIVATE_KEY: is missing",
    ),
    "unfit_private_key": (
        ALIPAY | {"RETURNFLOW_ALIPAY_PRIVATE_KEY": "s3cret"},
        "RETURNFLOW_ALIPAY_PRIVATE_KEY: is no RSA private key",
    ),
    "own_public_key": (
        ALIPAY | {"RETURNFLOW_ALIPAY_PUBLIC_KEY": merchant().public_base64},
        "RETURNFLOW_ALIPAY_PUBLIC_KEY: is the app's own",
    ),
    "no_merchant": (WECHAT | {"RETURNFLOW_WECHAT_MCHID": ""}, "RETURNFLOW_WECHAT_MCHID: "),
    "no_serial_number": (
        WECHAT | {"RETURNFLOW_WECHAT_SERIAL_NO": "s3cret"},
        "RETURNFLOW_WECHAT_SERIAL_NO: must be",
    ),
    "no_key_id": (
        WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY_ID": "s3cret"},
        "RETURNFLOW_WECHAT_PUBLIC_KEY_ID: must be",
    ),
    "no_wechat_key": (
        WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY": ""},
        "RETURNFLOW_WECHAT_PUBLIC_KEY: is missing",
    ),
    "unfit_merchant_key": (
        WECHAT | {"RETURNFLOW_WECHAT_PRIVATE_KEY": "s3cret"},
        "RETURNFLOW_WECHAT_PRIVATE_KEY: is no RSA private key",
    ),
    "merchants_public_key": (
        WECHAT | {"RETURNFLOW_WECHAT_PUBLIC_KEY": merchant().public_pem},
        "RETURNFLOW_WECHAT_PUBLIC_KEY: is the merchant's own",
    ),
    "no_schema": ({}, "returns setup"),
    "no_schema_with_alipay": (ALIPAY, "returns setup"),
    "no_schema_with_wechat": (WECHAT, "returns setup"),
    "no_schema_with_stripe": (STRIPE, "returns setup"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def ends(folder: Path) -> dict[str, Ended]:
    environments = [
        {name: value.replace("{folder}", str(folder)) for name, value in (GOOD | changes).items()}
        for changes, _ in WRONG.values()
    ]
    return dict(zip(WRONG, ends_of("workers.main", folder, environments), strict=True))


@pytest.mark.parametrize("case", WRONG)
def test_the_worker_names_what_is_wrong(case: str, ends: dict[str, Ended], folder: Path) -> None:
    ended = ends[case]
    assert ended.code == 2, ended.stderr
    assert WRONG[case][1].replace("{folder}", str(folder)) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "s3cret" not in ended.stderr
