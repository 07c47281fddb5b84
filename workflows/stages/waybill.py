"""The waybill that goods came with: what else came with it is told to a supervisor (section 4)."""

from domain.outbox import OutboxItem, Template
from workflows.case import ReturnCase


async def record_waybill(case: ReturnCase, name: str, *outbox: OutboxItem, carrier: str, tracking_no: str) -> None:
    """Write down a waybill that others name. One that carries other returns too is a sign, and holds up nothing.

    A receipt does not tell the carrier: then it is empty, and the number alone counts.
    """
    answer = await case.record(
        name,
        *outbox,
        carrier=carrier,
        tracking_no=tracking_no,
        returns_per_waybill=case.rules.returns_per_waybill,
    )
    if not answer.shares_waybill_with:
        return
    waybill = f"{carrier} {tracking_no}".strip()
    others = ", ".join(answer.shares_waybill_with)
    case.note("waybill of several returns", f"{waybill}: {others}")
    await case.record(
        "waybill-shared", case.supervisor_alert(Template.STAFF_WAYBILL_SHARED, waybill=waybill, returns=others)
    )
