"""Payments without an end: what the ledger knows of them."""

from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import Site, in_thread
from workflows import ids

_ASK = "asks the provider; writes the ends down that it knows, and sends nothing"


async def unknown_payments(site: Site) -> Looked:
    """Refunds and charges whose outcome has not been known for over an hour."""
    limits, ledger = site.limits, site.ledger
    waiting = await in_thread(lambda: ledger.unknown_payments(site.now - limits.unknown, limits.few))
    if not waiting.count:
        return Looked()
    return Looked(
        findings=(
            Finding(
                code=Code.PAYMENTS_UNKNOWN,
                what=(
                    f"Payments whose outcome is not known: {waiting.count}, "
                    f"the oldest since {waiting.oldest_at:%Y-%m-%d %H:%M} UTC."
                ),
                why="A customer may have the money or not; the return does not end before that is known.",
                count=waiting.count,
                rma_ids=waiting.rma_ids,
                steps=(
                    Step(say="See whether the payment provider answers: each return asks it again by itself."),
                    Step(command=_reconcile(site), say=f"for those untouched for a day: {_ASK}"),
                    Step(command=site.commands.returns("explain", waiting.rma_ids[0]), say="which payment it is"),
                ),
            ),
        )
    )


async def untouched_payments(site: Site) -> Looked:
    """Payments that were neither made nor given up, and that nothing has touched for a day."""
    limits, ledger = site.limits, site.ledger
    waiting = await in_thread(lambda: ledger.untouched_payments(site.now - limits.untouched, limits.few))
    if not waiting.count:
        return Looked()
    return Looked(
        findings=(
            Finding(
                code=Code.PAYMENTS_UNTOUCHED,
                what=(
                    f"Payments that were begun, have no end, and that nothing touches: {waiting.count}, "
                    f"the oldest since {waiting.oldest_at:%Y-%m-%d %H:%M} UTC."
                ),
                why="Their returns have stopped asking; a customer may wait for money that nobody will send.",
                count=waiting.count,
                rma_ids=waiting.rma_ids,
                steps=(
                    Step(command=site.commands.show(waiting.rma_ids[0]), say="whether the return still goes on"),
                    Step(command=_reconcile(site), say=f"{_ASK}; the rest is in its result, for a person"),
                ),
            ),
        )
    )


def _reconcile(site: Site) -> str:
    return site.commands.temporal("schedule", "trigger", "--schedule-id", ids.RECONCILIATION_SCHEDULE)
