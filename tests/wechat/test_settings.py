"""The keys for WeChat Pay, which stop a worker that has others, and are shown nowhere."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.payment.wechat import WechatSettings
from tests.payments.keys import merchant, wechat
from tests.wechat.simulator import KEY_ID, MCHID, SERIAL_NO

FIELDS = {"wechat_mchid": MCHID, "wechat_serial_no": SERIAL_NO, "wechat_public_key_id": KEY_ID}


def test_keys_may_be_in_files(tmp_path: Path) -> None:
    own, wechats = tmp_path / "apiclient_key.pem", tmp_path / "pub_key.pem"
    own.write_text(merchant().private_pem)
    wechats.write_text(wechat().public_pem)
    files = {"wechat_private_key_file": own, "wechat_public_key_file": wechats}

    settings = WechatSettings.model_validate(FIELDS | files)

    assert merchant().private_pem[40:80] not in f"{settings!r} {settings} {settings.model_dump()}"
    own.write_text("s3cret")
    with pytest.raises(ValidationError, match="RETURNFLOW_WECHAT_PRIVATE_KEY_FILE: is no RSA private key"):
        WechatSettings.model_validate(FIELDS | files)
