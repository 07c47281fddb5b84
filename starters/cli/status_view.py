"""A return on the screen."""

from collections.abc import Sequence

from rich.console import Console

from domain.money_text import format_minor
from domain.shipping import PickupService
from starters.cli.next_steps import command_for
from starters.cli.output import moment, table, words
from workflows.contracts import LineStatus, ParcelStatus, ReturnStatus

_QUANTITIES = ("requested", "authorized", "shipped", "received", "accepted", "rejected", "missing", "refunded")


def show_status(out: Console, status: ReturnStatus) -> None:
    """Write where a return stands, from the one word for it down to what may be done next."""
    _show_heading(out, status)
    _show_axes(out, status)
    if status.lines:
        _show_quantities(out, status.lines)
    if len(status.parcels) > 1:
        _show_parcels(out, status.parcels)
    if any(line.department for line in status.lines):
        _show_rules(out, status.lines)
    if status.payments or status.coupons or status.credits:
        _show_money(out, status)
    if status.offers:
        _show_offers(out, status)
    if status.clocks:
        _show_clocks(out, status)
    if status.timeline:
        _show_timeline(out, status)
    _show_next(out, status)


def _show_heading(out: Console, status: ReturnStatus) -> None:
    out.print(f"{status.rma_id}  {status.header.value}", style="bold")
    out.print(f"order {status.order_id}, {words(status.remedy)}")
    if status.follows:
        out.print(f"follows: {status.follows.of} ({words(status.follows.kind)})")
    if status.paid_before_minor:
        out.print(f"paid before: {_amount(status.paid_before_minor, status.currency)}")
    if status.followed_by:
        out.print(f"goes on as: {status.followed_by}")
    if status.refusal:
        out.print(f"refused: {status.refusal.code.value} ({status.refusal.field}): {status.refusal.detail}")
    if status.reasons:
        out.print(f"decided: {', '.join(words(reason) for reason in status.reasons)}")
    for sentence in status.why:
        out.print(f"why:     {sentence}", soft_wrap=True)
    if status.priority:
        out.print("priority: looked at before others")
    if status.agent:
        out.print(f"agent:   {status.agent} looks after this customer")
    if status.pickup_service is PickupService.PREMIUM:
        out.print("pickup:  premium, free for the customer")
    if status.policy_version:
        out.print(f"policy:  {status.policy_version}")
    out.print(f"version: {status.version}")
    if status.pending_payout:
        pending = status.pending_payout
        out.print(
            f"second person: {words(pending.action)} by {pending.requested_by.id} grants "
            f"{_amount(pending.amount_minor, pending.currency)} at version {pending.version} "
            f"({pending.amount_minor} minor units), until {moment(pending.expires_at)}"
        )
    if status.tracking_no and len(status.parcels) < 2:
        out.print(f"parcel:  {status.carrier} {status.tracking_no}")
    if status.warehouse:
        out.print(f"goes to: {status.warehouse}")
    if status.price_difference_minor is not None:
        out.print(f"price difference: {_amount(status.price_difference_minor, status.currency)}")
    if status.quoted_minor is not None:
        out.print(f"quoted:  {_amount(status.quoted_minor, status.currency)} if everything is accepted")
    if status.needs:
        out.print(f"waits for: {words(status.needs)}")
    if status.next_deadline:
        out.print(f"next due: {words(status.next_deadline.clock)}, {moment(status.next_deadline.due_at)}")


def _show_axes(out: Console, status: ReturnStatus) -> None:
    axes = table("approval", "logistics", "inspection", "reimbursement", "final", "money settled")
    axes.add_row(
        status.approval.value,
        status.logistics.value,
        status.inspection.value,
        status.reimbursement.value,
        _yes(status.is_final),
        _yes(status.money_settled),
    )
    out.print(axes)


def _show_parcels(out: Console, parcels: Sequence[ParcelStatus]) -> None:
    rows = table("parcel", "carrier", "tracking number", "logistics", "inspection", "units", "next due")
    for parcel in parcels:
        deadline = parcel.next_deadline
        rows.add_row(
            str(parcel.number),
            parcel.carrier,
            parcel.tracking_no,
            parcel.logistics.value,
            parcel.inspection.value,
            ", ".join(f"{line.expected} x {line.line_id}" for line in parcel.lines),
            f"{words(deadline.clock)} {moment(deadline.due_at)}" if deadline else "",
        )
    out.print(rows)


def _show_quantities(out: Console, lines: Sequence[LineStatus]) -> None:
    quantities = table("line", *_QUANTITIES, title="Quantities")
    for line in lines:
        quantities.add_row(line.line_id, *(str(getattr(line, name)) for name in _QUANTITIES))
    out.print(quantities)


def _show_rules(out: Console, lines: Sequence[LineStatus]) -> None:
    rules = table("line", "return window ends", "department", "inspection checks", title="By the policy")
    for line in lines:
        checks = ", ".join(words(check) for check in line.checks)
        rules.add_row(line.line_id, moment(line.window_ends_at), words(line.department), checks)
    out.print(rules)


def _show_money(out: Console, status: ReturnStatus) -> None:
    money = table("what", "amount", "state", "to or from", "reference", title="Money")
    for payment in status.payments:
        amount = _amount(payment.amount_minor, status.currency)
        money.add_row(payment.direction.value, amount, payment.state.value, payment.method_id, payment.key)
    for coupon in status.coupons:
        amount = _amount(coupon.amount_minor, coupon.currency)
        state = "ISSUED" if coupon.coupon_id else "OWED"
        why = f"{words(coupon.clock)} was late" if coupon.clock else words(status.remedy)
        money.add_row("coupon", amount, state, why, coupon.coupon_id)
    for credit in status.credits:
        amount = _amount(credit.amount_minor, credit.currency)
        state = "GRANTED" if credit.grant_id else "OWED"
        money.add_row("store credit", amount, state, credit.account_id, credit.key)
    out.print(money)


def _show_offers(out: Console, status: ReturnStatus) -> None:
    offers = table("number", "by", "about", "remedy", "amount", "freight", "state", "expires", title="Offers")
    for offer in status.offers:
        offers.add_row(
            str(offer.number),
            offer.side.value,
            f"parcel {offer.parcel}" if offer.parcel else "application",
            words(offer.terms.remedy),
            _amount(offer.terms.amount_minor, status.currency) if offer.terms.amount_minor else "",
            offer.terms.freight.value,
            offer.state.value,
            moment(offer.expires_at),
        )
    out.print(offers)


def _show_clocks(out: Console, status: ReturnStatus) -> None:
    clocks = table("clock", "state", "started", "due", "ended", title="Clocks")
    for clock in status.clocks:
        clocks.add_row(
            words(clock.name),
            clock.state.value,
            moment(clock.started_at),
            moment(clock.due_at) + (" (provisional)" if clock.provisional else ""),
            moment(clock.ended_at),
        )
    out.print(clocks)


def _show_timeline(out: Console, status: ReturnStatus) -> None:
    timeline = table("at", "what", "detail", title="Timeline")
    for entry in status.timeline:
        timeline.add_row(moment(entry.at), entry.what, entry.detail)
    out.print(timeline)


def _show_next(out: Console, status: ReturnStatus) -> None:
    if not status.allowed_actions:
        out.print("Nothing more can be done with it." if status.is_final else "It waits for nobody.")
        return
    out.print("What may be done now:", style="bold")
    for action in status.allowed_actions:
        out.print(f"  {command_for(action, status)}", soft_wrap=True)


def _amount(amount_minor: int, currency: str) -> str:
    return format_minor(amount_minor, currency) if currency else str(amount_minor)


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
