"""The tables. Amounts are minor units of the order's currency; moments are UTC, in the workflow's time.

The check constraints are the last line of defence of the ceilings: code that forgot one would fail to write.
"""

from ledger.tables.base import Base
from ledger.tables.desk import (
    AgentBudgetRow,
    AuditRow,
    DeliveryRow,
    DeliveryState,
    GrantState,
    PayoutGrantRow,
    ReconciliationTaskRow,
    RecoveryClaimRow,
)
from ledger.tables.events import EventHorizonRow, EventRow, SubscriberRow
from ledger.tables.inbound import (
    CarrierEventRow,
    ParcelRow,
    ParkedParcelRow,
    PaymentNewsRow,
    ReceiptPartRow,
    ReceiptRow,
)
from ledger.tables.money import (
    AdvanceRow,
    BreachRow,
    ChargebackRow,
    ClaimRow,
    EntryKind,
    EntryRow,
    FollowUpRow,
    HoldRow,
    IntentRow,
    OrderRow,
    PaymentRow,
    ReturnRow,
)

__all__ = [
    "AdvanceRow",
    "AgentBudgetRow",
    "AuditRow",
    "Base",
    "BreachRow",
    "CarrierEventRow",
    "ChargebackRow",
    "ClaimRow",
    "DeliveryRow",
    "DeliveryState",
    "EntryKind",
    "EntryRow",
    "EventHorizonRow",
    "EventRow",
    "FollowUpRow",
    "GrantState",
    "HoldRow",
    "IntentRow",
    "OrderRow",
    "ParcelRow",
    "ParkedParcelRow",
    "PaymentNewsRow",
    "PaymentRow",
    "PayoutGrantRow",
    "ReceiptPartRow",
    "ReceiptRow",
    "ReconciliationTaskRow",
    "RecoveryClaimRow",
    "ReturnRow",
    "SubscriberRow",
]
