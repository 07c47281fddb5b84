"""What was to be passed on and lies in the ledger: messages, scans, receipts, parcels."""

from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import Site, in_thread

_RELAY = Step(
    command="RETURNFLOW_WORKER_ROLES=messaging returns worker",
    say="the relay; if one runs, read relay_failed in its log",
)


async def undelivered_messages(site: Site) -> Looked:
    """Messages, alerts and notices that wait for long: the relay is dead, or the service does not take them."""
    limits, ledger = site.limits, site.ledger
    waiting = await in_thread(lambda: ledger.undelivered_messages(site.now - limits.undelivered, limits.few))
    if not waiting.count:
        return Looked()
    minutes = limits.undelivered.total_seconds() / 60
    refused = waiting.failed
    told = f"tried and not taken: {refused}" if refused else "none was tried, so no worker delivers"
    first = Step(say="See whether the messaging service and the warehouse answer: they are tried every 2 seconds.")
    return Looked(
        findings=(
            Finding(
                code=Code.MESSAGES_UNDELIVERED,
                what=(
                    f"Messages that wait for over {minutes:g} minutes: {waiting.count}, "
                    f"the oldest since {waiting.oldest_at:%Y-%m-%d %H:%M} UTC; {told}."
                ),
                why="Customers, staff and the warehouse are not told; scans that came early are not passed on.",
                count=waiting.count,
                rma_ids=waiting.rma_ids,
                steps=(first, _RELAY) if refused else (_RELAY,),
            ),
        )
    )


async def parked_messages(site: Site) -> Looked:
    """Messages that were refused for good, and scans that their returns refused."""
    ledger = site.ledger
    messages = await in_thread(lambda: ledger.parked_messages(site.limits.few))
    scans = (await in_thread(ledger.backlog)).scans_parked
    if not messages.count and not scans:
        return Looked()
    return Looked(
        findings=(
            Finding(
                code=Code.MESSAGES_PARKED,
                what=f"Parked, since they were refused for good: {messages.count} messages, {scans} scans.",
                why="Nobody is told, and nothing tries again, until a person has mended the cause.",
                count=messages.count + scans,
                rma_ids=messages.rma_ids,
                steps=(
                    Step(command=site.commands.of_ledger("outbox", "parked"), say="what was refused, and why"),
                    Step(command=site.commands.of_ledger("outbox", "retry", "ID"), say="once the cause is mended"),
                ),
            ),
        )
    )


async def scans_not_passed_on(site: Site) -> Looked:
    """Scans of known parcels that have not reached their return."""
    limits, ledger = site.limits, site.ledger
    before = site.now - limits.undelivered
    waiting = await in_thread(lambda: ledger.undelivered_events(limits.items, before))
    if not waiting:
        return Looked()
    return Looked(
        findings=(
            Finding(
                code=Code.SCANS_NOT_PASSED_ON,
                what=f"Scans of carriers that have not reached their return: {len(waiting)}.",
                why="Returns do not know that their parcel moved, and may call it lost or late.",
                count=len(waiting),
                at_least=len(waiting) == limits.items,
                rma_ids=tuple(dict.fromkeys(rma_id for rma_id, _ in waiting))[: limits.few],
                steps=(_RELAY,),
            ),
        )
    )


async def receipts_not_taken(site: Site) -> Looked:
    """Parcels that the warehouse received and whose return has not taken them."""
    limits, ledger = site.limits, site.ledger
    before = site.now - limits.undelivered
    due = await in_thread(lambda: ledger.due_receipts(limits.items))
    old = [each for each in due if each.receipt.received_at <= before]
    if not old:
        return Looked()
    few = tuple(dict.fromkeys(each.rma_id for each in old))[: limits.few]
    return Looked(
        findings=(
            Finding(
                code=Code.RECEIPTS_NOT_TAKEN,
                what=f"Parcels that the warehouse received and their return has not taken: {len(old)}.",
                why="Their inspection has not begun, and the promise of it runs.",
                count=len(old),
                at_least=len(due) == limits.items,
                rma_ids=few,
                steps=(_RELAY, Step(command=site.commands.show(few[0]), say="whether the return answers")),
            ),
        )
    )


async def parked_parcels(site: Site) -> Looked:
    """Goods for which no return was found, which wait for a person."""
    limits, ledger = site.limits, site.ledger
    parked = await in_thread(lambda: ledger.parked_parcels(limit=limits.items))
    if not parked:
        return Looked()
    return Looked(
        findings=(
            Finding(
                code=Code.PARCELS_PARKED,
                what=f"Parcels that wait for a person to say whose they are: {len(parked)}.",
                why="They stay where they are until somebody decides.",
                count=len(parked),
                at_least=len(parked) == limits.items,
                steps=(Step(command=site.commands.returns("parked", "list")),),
            ),
        )
    )
