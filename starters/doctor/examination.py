"""An examination: what is connected, the checks, and what they come to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

from temporalio.service import RPCError

from domain.record import Record
from starters.doctor import (
    agreement,
    deadlines,
    ledger_state,
    money,
    namespace,
    outbox,
    queues,
    reconciliation,
    retries,
    standing_still,
)
from starters.doctor.codes import Code
from starters.doctor.commands import Commands
from starters.doctor.findings import CheckMade, CheckState, Examination, Finding, Looked, NotMade
from starters.doctor.limits import Limits
from starters.doctor.site import Site
from starters.errors import ReturnsError
from workflows import ids


class Check(NamedTuple):
    """A check: what it looks at, what it can find, and how it looks."""

    name: str
    codes: tuple[Code, ...]
    look: Callable[[Site], Awaitable[Looked]]


_USUAL = Limits()
_TEMPORAL = ("Temporal and its namespace", (Code.TEMPORAL_AWAY, Code.NAMESPACE_MISSING))
_LEDGER = ("the ledger and its schema", (Code.LEDGER_AWAY, Code.LEDGER_SCHEMA))

CHECKS = (
    Check(
        "search attributes",
        (Code.SEARCH_ATTRIBUTES_MISSING, Code.SEARCH_ATTRIBUTES_DIFFER),
        namespace.search_attributes,
    ),
    Check("workers and their queues", (Code.QUEUE_WITHOUT_WORKERS, Code.WORKERS_SILENT), queues.workers),
    Check("versions of the workers", (Code.VERSION_WITHOUT_WORKERS,), queues.versions),
    Check("workflow tasks", (Code.NONDETERMINISM, Code.WORKFLOW_TASKS_FAIL), standing_still.standing_still),
    Check("calls of providers", (Code.CALLS_RETRIED,), retries.calls_retried),
    Check("deadlines", (Code.DEADLINE_PASSED,), deadlines.deadlines_passed),
    Check(
        "reconciliation",
        (Code.SCHEDULE_MISSING, Code.SCHEDULE_PAUSED, Code.RECONCILIATION_FAILED, Code.RECONCILIATION_LATE),
        reconciliation.reconciliation,
    ),
    Check("what was reconciled", (Code.DIFFERENCES_OPEN,), reconciliation.open_differences),
    Check("the ledger's lock", (Code.LEDGER_LOCKED,), ledger_state.takes_writes),
    Check("payments without an outcome", (Code.PAYMENTS_UNKNOWN,), money.unknown_payments),
    Check("payments left lying", (Code.PAYMENTS_UNTOUCHED,), money.untouched_payments),
    Check(
        "ledger and Temporal agree",
        (Code.RETURN_WITHOUT_WORKFLOW, Code.WORKFLOW_OF_CLOSED_RETURN),
        agreement.agreement,
    ),
    Check("messages", (Code.MESSAGES_UNDELIVERED,), outbox.undelivered_messages),
    Check("parked messages", (Code.MESSAGES_PARKED,), outbox.parked_messages),
    Check("scans", (Code.SCANS_NOT_PASSED_ON,), outbox.scans_not_passed_on),
    Check("receipts", (Code.RECEIPTS_NOT_TAKEN,), outbox.receipts_not_taken),
    Check("parked parcels", (Code.PARCELS_PARKED,), outbox.parked_parcels),
)


class Installation(Record):
    """What is examined. Without an address, Temporal's own settings say it, as the namespace.

    Attributes:
        ledger_url: The ledger; empty if none is named.
        deployment: The worker deployment, where the workers have versions.
        commands: What commands need in order to reach it.
    """

    address: str | None = None
    namespace: str | None = None
    task_queue: str = ids.DEFAULT_TASK_QUEUE
    ledger_url: str = ""
    deployment: str = ids.DEFAULT_DEPLOYMENT
    commands: Commands = Commands()


async def examine(
    installation: Installation,
    limits: Limits = _USUAL,
    progress: Callable[[str], None] = lambda _: None,
    now: datetime | None = None,
) -> Examination:
    """Look at everything, change nothing.

    Args:
        installation: What to look at.
        limits: From when on something is a fault, and how much is looked at.
        progress: Told of each check that takes long.
        now: The moment that everything is held against, UTC; by default this one.
    """
    began, at = time.monotonic(), now or datetime.now(UTC)
    commands = installation.commands
    reached = await namespace.reach(installation.address, installation.namespace, commands, limits)
    opened = ledger_state.Opened()
    if installation.ledger_url:
        opened = await ledger_state.open_ledger(installation.ledger_url, commands, limits)
    site = Site(
        task_queue=installation.task_queue,
        deployment=installation.deployment,
        commands=commands,
        limits=limits,
        connected=reached.client,
        opened=opened.ledger,
        why_no_temporal="since Temporal cannot be examined",
        why_no_ledger=(
            "since the ledger cannot be examined"
            if installation.ledger_url
            else "since no ledger is named (RETURNFLOW_LEDGER_URL, --ledger-url)"
        ),
        progress=progress,
        now=at,
    )
    checks = [_connected(_TEMPORAL, reached.finding), _connected(_LEDGER, opened.finding)]
    if not installation.ledger_url:
        checks[1] = checks[1].model_copy(update={"state": CheckState.NOT_MADE, "note": site.why_no_ledger})
    findings = [each for each in (reached.finding, opened.finding) if each]
    for made, found in await asyncio.gather(*(_made(check, site) for check in CHECKS)):
        checks.append(made)
        findings += found
    if opened.ledger:
        opened.ledger.engine.dispose()
    return Examination(
        at=at,
        namespace=reached.client.namespace if reached.client else installation.namespace or "",
        task_queue=installation.task_queue,
        seconds=round(time.monotonic() - began, 1),
        findings=tuple(sorted(findings, key=lambda each: list(Code).index(each.code))),
        checks=tuple(checks),
    )


def _connected(what: tuple[str, tuple[Code, ...]], finding: Finding | None) -> CheckMade:
    name, codes = what
    return CheckMade(name=name, codes=codes, state=CheckState.FOUND if finding else CheckState.CLEAN)


async def _made(check: Check, site: Site) -> tuple[CheckMade, tuple[Finding, ...]]:
    """Make a check; one that cannot be made says why, and is no reason not to make the others."""
    looked, why_not = Looked(), ""
    try:
        async with asyncio.timeout(site.limits.patience.total_seconds()):
            looked = await check.look(site)
    except NotMade as error:
        why_not = str(error)
    except TimeoutError:
        why_not = f"since it took longer than {site.limits.patience.total_seconds():g} seconds"
    except RPCError as error:
        why_not = f"since Temporal answers with {error.status.name}"
    except ReturnsError as error:
        why_not = f"since {error}"
    except Exception as error:
        # Texts of databases may quote the URL, and so a password; others what a person wrote.
        why_not = f"since it fails with {type(error).__name__}"
    state = CheckState.FOUND if looked.findings else CheckState.CLEAN
    if why_not:
        state = CheckState.NOT_MADE
    return CheckMade(name=check.name, codes=check.codes, state=state, note=why_not or looked.note), looked.findings
