"""How long each promise runs."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from domain.policy.durations import PositiveDuration
from domain.record import Record


class ClockDurations(Record):
    """How long each promise runs (the table of section 2). Wall clock, except business days by name."""

    manual_review: PositiveDuration = timedelta(hours=24)
    evidence: PositiveDuration = timedelta(days=7)
    appeal: PositiveDuration = timedelta(days=7)
    offer: PositiveDuration = timedelta(hours=72)
    approval: PositiveDuration = timedelta(hours=24)
    acceptance_scan: PositiveDuration = timedelta(hours=2)
    handover: PositiveDuration = timedelta(days=7)
    handover_reminders: tuple[PositiveDuration, ...] = (timedelta(days=3), timedelta(days=6))
    transit_trace: PositiveDuration = timedelta(hours=72)
    transit_lost: PositiveDuration = timedelta(days=10)
    inspection: PositiveDuration = timedelta(hours=48)
    inspection_management: PositiveDuration = timedelta(hours=96)
    contest: PositiveDuration = timedelta(hours=72)
    expert: PositiveDuration = timedelta(hours=48)
    complaint: PositiveDuration = timedelta(hours=24)
    escalation: PositiveDuration = timedelta(hours=72)
    arbitration: PositiveDuration = timedelta(days=15)
    chargeback: PositiveDuration = timedelta(days=7)
    refund_unknown: PositiveDuration = timedelta(hours=1)
    payment_method: PositiveDuration = timedelta(hours=72)
    substitute: PositiveDuration = timedelta(hours=72)
    repair: PositiveDuration = timedelta(days=14)
    recovery_notice: PositiveDuration = timedelta(days=7)
    reopen: PositiveDuration = timedelta(days=7)
    settlement_business_days: int = Field(default=3, strict=True, ge=1, le=60)

    @model_validator(mode="after")
    def _orders_its_steps(self) -> Self:
        if self.evidence < timedelta(days=1):
            raise ValueError("evidence: must be a day at least, since customers are told it in days")
        if self.transit_lost <= self.transit_trace:
            raise ValueError("transit_lost: must be longer than transit_trace")
        if self.inspection_management <= self.inspection:
            raise ValueError("inspection_management: must be longer than inspection")
        reminders = list(self.handover_reminders)
        if reminders != sorted(set(reminders)) or any(at >= self.handover for at in reminders):
            raise ValueError("handover_reminders: must be ascending and before handover ends")
        return self
