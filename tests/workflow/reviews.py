"""What the tests of application and review apply for."""

from datetime import timedelta
from typing import Any

from testkit.pipeline import Pipeline

HOUR = timedelta(hours=1)


DAY = timedelta(days=1)


MINUTE = timedelta(minutes=1)


FAULTY = {"line_id": "SHIRT-M", "quantity": 1, "reason": "quality_defect", "condition": "opened"}


PHOTO = {"kind": "image", "reference": "media/seam.jpg"}


USED = {"line_id": "SHIRT-M", "quantity": 1, "condition": "used"}


async def held(pipeline: Pipeline, order: dict[str, Any]) -> list[int]:
    return [entry.held for entry in pipeline.ledger.order_balance(order["order_id"]).lines]
