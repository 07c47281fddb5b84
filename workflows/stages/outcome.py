"""What the customer gets for the units of a parcel, as the terms of the return say (section 6)."""

from temporalio import workflow

from domain.application import Remedy
from domain.intents import RefundBasis
from domain.offers import Offer
from domain.outbox import OutboxItem, Template
from domain.refund import LoweredDeduction, UnitsToSettle
from workflows.case import ReturnCase
from workflows.gates import all_open
from workflows.parcel import Parcel
from workflows.stages.advances import Advances
from workflows.stages.agreed_terms import AgreedTerms
from workflows.stages.exchange import Exchange
from workflows.stages.repair import Repair
from workflows.stages.settlement import Settlement
from workflows.stages.store_credit import StoreCredit
from workflows.stages.trade_in import TradeIn


class Outcome:
    """Settles what each parcel brought. A refund waits for no other parcel; an exchange is one shipment."""

    def __init__(
        self,
        case: ReturnCase,
        settlement: Settlement,
        advances: Advances,
        exchange: Exchange,
        store_credit: StoreCredit,
        trade_in: TradeIn,
        repair: Repair,
        agreed_terms: AgreedTerms,
    ) -> None:
        self._case = case
        self._settlement = settlement
        self._advances = advances
        self._exchange = exchange
        self._store_credit = store_credit
        self._trade_in = trade_in
        self._repair = repair
        self._agreed_terms = agreed_terms
        self._to_exchange: list[UnitsToSettle] = []
        self._exchanging = 0

    async def settle(
        self, parcel: Parcel, accepted: tuple[UnitsToSettle, ...], outbox: tuple[OutboxItem, ...]
    ) -> None:
        """Give the customer what the accepted units of a parcel are worth; the outbox tells what was found."""
        case = self._case
        await self._advances.are_done()
        if not accepted:
            await case.record("inspected", *outbox)
        elif case.remedy is not Remedy.EXCHANGE:
            await self.pay(parcel, RefundBasis.INSPECTION, accepted, outbox)
        elif len(case.parcels) == 1:
            await self._exchange.run(accepted, outbox)
        else:
            await case.record("inspected", *outbox)
            await self._exchange_together(accepted)

    async def pay(
        self,
        parcel: Parcel,
        basis: RefundBasis,
        units: tuple[UnitsToSettle, ...],
        outbox: tuple[OutboxItem, ...],
    ) -> None:
        """Pay for units of a parcel in the way of the remedy; a repair pays only for what was lost.

        Units whose replacement was sent in advance are settled against it.
        """
        await self._advances.are_done()
        match self._case.remedy:
            case Remedy.EXCHANGE if self._exchange.is_sent:
                await self._exchange.run(units, outbox)
            case Remedy.STORE_CREDIT:
                await self._store_credit.refund(basis, units, outbox, parcel)
            case Remedy.TRADE_IN:
                await self._trade_in.pay(units, outbox)
            case Remedy.REPAIR if basis is RefundBasis.INSPECTION:
                await self._repair.run(units, outbox)
            case _:
                await self._settlement.refund(basis, units, outbox, parcel=parcel)

    async def settle_contest(
        self, parcel: Parcel, accepted: tuple[UnitsToSettle, ...], outbox: tuple[OutboxItem, ...]
    ) -> None:
        """Give the customer what a contest won: the exchange, as long as its stock is still held, or the money."""
        if self.exchanges_after_contest():
            await self._exchange.run(accepted, outbox)
        else:
            await self.pay(parcel, RefundBasis.INSPECTION, accepted, outbox)

    def exchanges_after_contest(self) -> bool:
        """Whether units that a contest won are exchanged.

        It is asked before the ledger call that comes first as well: right after one the gate's answer is not safe.
        """
        case = self._case
        exchanges = case.remedy is Remedy.EXCHANGE and case.holds_stock and len(case.parcels) == 1
        return exchanges and (all_open() or workflow.patched("exchange-after-contest"))

    async def settle_lowered(
        self, parcel: Parcel, lowered: tuple[LoweredDeduction, ...], outbox: tuple[OutboxItem, ...]
    ) -> None:
        """Give back what lowered deductions come to, once the units are paid that they were taken off.

        What the customer still owes for a replacement that was sent in advance comes off it.
        """
        await workflow.wait_condition(lambda: not self._exchanging)
        match self._case.remedy:
            case Remedy.STORE_CREDIT:
                await self._store_credit.refund(RefundBasis.INSPECTION, (), outbox, parcel, lowered)
            case Remedy.EXCHANGE:
                unpaid_minor, self._exchange.unpaid_minor = self._exchange.unpaid_minor, 0
                plan = await self._settlement.refund(
                    RefundBasis.EXCHANGE_DIFFERENCE,
                    (),
                    outbox,
                    parcel=parcel,
                    lowered=lowered,
                    less_minor=unpaid_minor,
                )
                self._exchange.unpaid_minor += plan.refund.owed_by_customer_minor
            case _:
                await self._settlement.refund(RefundBasis.INSPECTION, (), outbox, parcel=parcel, lowered=lowered)

    async def settle_agreement(self, parcel: Parcel, offer: Offer, taken: tuple[UnitsToSettle, ...]) -> None:
        """Give the customer what both sides agreed on for what an inspection did not accept."""
        await self._agreed_terms.carry_out(parcel, offer, taken)

    async def pay_what_was_lost(self, parcel: Parcel, claim: OutboxItem) -> None:
        """Pay for a parcel that a carrier lost. A replacement that was sent in advance stays with the customer."""
        await self._advances.are_done()
        lost = Template.PARCEL_LOST_AFTER_EXCHANGE if self._exchange.is_sent else Template.PARCEL_LOST
        units = tuple(
            UnitsToSettle(line_id=line_id, quantity=quantity) for line_id, quantity in parcel.quantities().items()
        )
        told = (self._case.notices.customer(lost), claim)
        await self.pay(parcel, RefundBasis.LOST_IN_TRANSIT, units, told)

    async def _exchange_together(self, accepted: tuple[UnitsToSettle, ...]) -> None:
        """Exchange the units of all parcels at once, as soon as none is awaited any more."""
        is_first = not self._to_exchange
        self._to_exchange.extend(accepted)
        if not is_first:
            return
        self._exchanging += 1
        await workflow.wait_condition(lambda: not self._case.parcels.are_awaited)
        units, self._to_exchange = tuple(self._to_exchange), []
        await self._exchange.run(units, ())
        self._exchanging -= 1
