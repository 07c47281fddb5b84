"""The simulator against Alipay's own SDK, a process in an environment of its own that `make peers` makes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.alipay.simulator import APP_ID, AlipaySimulator
from tests.payments.keys import KeyPair, alipay, merchant, stranger

pytestmark = pytest.mark.peers

PYTHON = Path(__file__).parents[2] / ".peers" / "alipay" / "bin" / "python"
TRADE = "2026030122001419121412730660"
REFERENCE = {"trade_no": TRADE, "out_request_no": "RMA-1-refund-1-t0"}
REFUND = {"method": "refund", **REFERENCE, "refund_amount": "3.00"}
QUERY = {"method": "query", **REFERENCE}


async def answers(
    simulator: AlipaySimulator, ours: KeyPair, theirs: KeyPair, *calls: object
) -> list[dict[str, Any]]:
    """What the SDK made of the simulator's answers to calls."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: run `make peers`")
    keys = {"private_key": ours.private_base64, "public_key": theirs.public_base64}
    pipe = asyncio.subprocess.PIPE
    async with simulator.running() as url:
        told = {"url": f"{url}/gateway.do", "app_id": APP_ID, "calls": calls, **keys}
        process = await asyncio.create_subprocess_exec(
            PYTHON, "-P", Path(__file__).with_name("official.py"), stdin=pipe, stdout=pipe
        )
        said, _ = await process.communicate(json.dumps(told).encode())
    assert process.returncode == 0
    made: list[dict[str, Any]] = json.loads(said)
    return made


@pytest.fixture
def simulator() -> AlipaySimulator:
    return AlipaySimulator(trades={TRADE: 1_000})


async def test_a_refund_a_repeat_and_a_query(simulator: AlipaySimulator) -> None:
    none, made, again, found, other = await answers(
        simulator, merchant(), alipay(), QUERY, REFUND, REFUND, QUERY, REFUND | {"refund_amount": "5.00"}
    )
    assert none == {"code": "10000", "msg": "Success"}
    assert (made["code"], made["fund_change"], made["refund_fee"]) == ("10000", "Y", "3.00")
    assert (again["code"], again["fund_change"], again["refund_fee"]) == ("10000", "N", "3.00")
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "3.00")
    assert found["deposit_back_info"]["dback_status"] == "S"
    assert other["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert simulator.refunded(TRADE) == [300]


async def test_what_another_key_signed_is_not_done(simulator: AlipaySimulator) -> None:
    (refused,) = await answers(simulator, stranger(), alipay(), REFUND)
    assert refused["sub_code"] == "isv.invalid-signature"
    assert simulator.refunds == []


async def test_the_sdk_does_not_believe_what_another_key_signed(simulator: AlipaySimulator) -> None:
    (unbelieved,) = await answers(simulator, merchant(), stranger(), QUERY)
    assert "sign verify failed" in unbelieved["raised"]
