"""Returns on which the ledger and Temporal disagree: one says open, the other does not."""

from collections import Counter
from collections.abc import Sequence

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import RETURNS, Site, in_thread
from workflows import ids

_FORGOTTEN = "forgotten"
_TAKES_LONG = 2000
_MOST_ASKED = 200
"""A disagreement that seems to be one is looked up, since searches lag behind."""


async def agreement(site: Site) -> Looked:
    """Open returns of the ledger without a running workflow; running workflows of returns that it has closed."""
    limits, ledger = site.limits, site.ledger
    before = site.now - limits.settled_in
    query = site.running(RETURNS)
    total = await site.count(query)
    if total > _TAKES_LONG:
        site.progress(f"holding {min(total, limits.compared)} open returns against the ledger")
    running = {ids.rma_id_of(execution.id) for execution in await site.found(query, limits.compared)}
    in_ledger = await in_thread(lambda: ledger.all_open_returns(before, limits.compared + 1))
    is_partial = max(total, len(in_ledger)) > limits.compared
    findings = [
        await _open_without_workflow(site, [each for each in in_ledger if each not in running], is_partial),
        await _closed_with_workflow(site, sorted(running), is_partial),
    ]
    note = f"compared the newest {limits.compared} open returns of each" if is_partial else ""
    return Looked(findings=tuple(each for each in findings if each), note=note)


async def _open_without_workflow(site: Site, suspects: Sequence[str], is_partial: bool) -> Finding | None:
    ledger, asked = site.ledger, suspects[:_MOST_ASKED]
    states = dict(zip(asked, await site.each(asked, lambda rma_id: _state(site, rma_id)), strict=True))
    ended = [rma_id for rma_id, state in states.items() if state]
    closed = set(await in_thread(lambda: ledger.closed_among(ended)))
    lost = {rma_id: states[rma_id] for rma_id in ended if rma_id not in closed}
    return _lost(site, lost, is_partial or len(suspects) > len(asked)) if lost else None


async def _closed_with_workflow(site: Site, running: Sequence[str], is_partial: bool) -> Finding | None:
    ledger, before = site.ledger, site.now - site.limits.settled_in
    suspects = await in_thread(lambda: ledger.closed_among(running, before))
    asked = suspects[:_MOST_ASKED]
    states = await site.each(asked, lambda rma_id: _state(site, rma_id))
    still = [rma_id for rma_id, state in zip(asked, states, strict=True) if not state]
    return _undead(site, still, is_partial or len(suspects) > len(asked)) if still else None


async def _state(site: Site, rma_id: str) -> str:
    """How the workflow of a return ended; empty if it runs."""
    handle = site.client.get_workflow_handle(ids.return_workflow_id(rma_id))
    try:
        status = (await handle.describe(rpc_timeout=site.limits.answer)).status
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return _FORGOTTEN
        raise
    return "" if status in (None, WorkflowExecutionStatus.RUNNING) else status.name.lower()


def _lost(site: Site, lost: dict[str, str], missed: bool) -> Finding:
    few = tuple(lost)[: site.limits.few]
    how = ", ".join(f"{count} {state}" for state, count in sorted(Counter(lost.values()).items()))
    steps = []
    ended = [rma_id for rma_id, state in lost.items() if state != _FORGOTTEN]
    if ended:
        reset = ("--type", "LastWorkflowTask", "--reason", "ended from outside")
        steps.append(
            Step(
                command=site.commands.of_workflow("reset", ended[0], *reset),
                say="it goes on from its last step; nothing is paid twice",
            )
        )
    if _FORGOTTEN in lost.values():
        steps.append(
            Step(
                say="For those that Temporal does not know, have the order system send the same request again, "
                "under the same idempotency key: the return begins again, with the answers that the ledger kept."
            )
        )
    return Finding(
        code=Code.RETURN_WITHOUT_WORKFLOW,
        what=f"Returns that the ledger holds open and no workflow takes to their end: {len(lost)}, {how}.",
        why="Nothing goes on for them, and their units and money stay reserved: no new return can claim them.",
        count=len(lost),
        at_least=missed,
        rma_ids=few,
        steps=tuple(steps),
    )


def _undead(site: Site, still: list[str], missed: bool) -> Finding:
    return Finding(
        code=Code.WORKFLOW_OF_CLOSED_RETURN,
        what=f"Workflows that run although the ledger has closed their return: {len(still)}.",
        why="They were reset, or ledger and Temporal come from backups of different times: their status is wrong.",
        count=len(still),
        at_least=missed,
        rma_ids=tuple(still[: site.limits.few]),
        steps=(
            Step(command=site.commands.show(still[0]), say="what it believes it is waiting for"),
            Step(command=site.commands.of_ledger("audit", still[0]), say="what the ledger refused it"),
            Step(
                command=site.commands.of_workflow("terminate", still[0], "--reason", "the ledger has closed it"),
                say="once it is certain that nothing is owed",
            ),
        ),
    )
