"""Deadlines that passed while nothing was done: clocks that nobody watches."""

from collections.abc import Sequence
from enum import StrEnum

from temporalio.client import WorkflowExecution, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.clocks import ClockName, ClockState
from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import RETURNS, Site
from workflows import ids
from workflows.contracts import STATUS_QUERY, ReturnStatus

_WATCHED_BY_A_CALL = (ClockName.FIRST_RESPONSE, ClockName.AUTO_REVIEW)
"""They run on past their due time while the order system is asked; what is wrong then is told of the call."""


class _Answer(StrEnum):
    """What a return that seems to be overdue says."""

    PASSED = "passed"
    MOVED = "moved"
    NONE = "none"


async def deadlines_passed(site: Site) -> Looked:
    """Returns with a clock that ran out, and that did nothing about it.

    The search attribute may lag behind, so each return that seems to be overdue is asked for its status.
    """
    before = site.now - site.limits.overdue
    overdue = site.running(RETURNS, f'ReturnNextDeadline < "{before.isoformat()}"')
    total = await site.count(overdue)
    if not total:
        return Looked()
    asked = await site.found(overdue, site.limits.asked)
    if len(asked) > 50:
        site.progress(f"asking {len(asked)} returns whether their deadline has passed")
    answers = await _ask_all(site, asked)
    passed = [each for each, answer in zip(asked, answers, strict=True) if answer is _Answer.PASSED]
    silent = [each for each, answer in zip(asked, answers, strict=True) if answer is _Answer.NONE]
    note = (
        f"asked {len(asked)} of {total} returns whose deadline seems to have passed" if total > len(asked) else ""
    )
    if not passed and not silent:
        return Looked(note=note)
    return Looked(findings=(_finding(site, passed, silent, total > len(asked)),), note=note)


async def _ask_all(site: Site, asked: Sequence[WorkflowExecution]) -> list[_Answer]:
    """Ask each; where none of the first answers, nobody is there to answer for the others."""
    first, others = asked[: site.limits.at_once], asked[site.limits.at_once :]
    answers = await site.each(first, lambda execution: _ask(site, execution))
    if all(answer is _Answer.NONE for answer in answers):
        return [*answers, *(_Answer.NONE for _ in others)]
    return [*answers, *await site.each(others, lambda execution: _ask(site, execution))]


async def _ask(site: Site, execution: WorkflowExecution) -> _Answer:
    handle = site.client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        status = await handle.query(STATUS_QUERY, result_type=ReturnStatus, rpc_timeout=site.limits.answer)
        passed = _has_passed_clock(status, site)
        # A return that is making a call is doing something about it.
        if (
            not passed
            or (await handle.describe(rpc_timeout=site.limits.answer)).raw_description.pending_activities
        ):
            return _Answer.MOVED
    except WorkflowQueryFailedError:
        return _Answer.NONE
    except RPCError as error:
        return _Answer.MOVED if error.status is RPCStatusCode.NOT_FOUND else _Answer.NONE
    return _Answer.PASSED


def _has_passed_clock(status: ReturnStatus, site: Site) -> bool:
    before = site.now - site.limits.overdue
    return any(
        clock.state is ClockState.RUNNING
        and not clock.held
        and clock.name not in _WATCHED_BY_A_CALL
        and clock.due_at < before
        for clock in status.clocks
    )


def _finding(
    site: Site, passed: list[WorkflowExecution], silent: list[WorkflowExecution], missed: bool
) -> Finding:
    minutes = site.limits.overdue.total_seconds() / 60
    told = []
    if passed:
        told.append(f"{len(passed)} by their own word")
    if silent:
        told.append(f"{len(silent)} without an answer, since no worker gives one or they stand still")
    few = [ids.rma_id_of(each.id) for each in (*passed, *silent)][: site.limits.few]
    return Finding(
        code=Code.DEADLINE_PASSED,
        what=f"Returns whose deadline passed over {minutes:g} minutes ago, with nothing done: {'; '.join(told)}.",
        why="Coupons, escalations and refunds that those clocks owe to customers are late.",
        count=len(passed) + len(silent),
        at_least=missed,
        rma_ids=tuple(few),
        steps=(
            Step(
                say="First mend what else is found of queues, workflow tasks and calls: clocks are then acted on."
            ),
            Step(command=site.commands.show(few[0]), say="which clock it is"),
            Step(
                command=site.commands.of_workflow("describe", few[0]),
                say="whether it waits for a worker, or was paused",
            ),
        ),
    )
