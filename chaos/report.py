"""What a run came to, for people and for programs."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from chaos.oracle import Judgement
from chaos.people import Seen
from chaos.plan import Disturbance, Plan
from chaos.strikes import Struck
from chaos.tally import Row
from domain.record import Record

_MOST_SHOWN = 20


class Report(Record):
    """A run.

    Attributes:
        holds: Whether every invariant holds, every return is final or with a person, and no part died by itself.
        broken: The invariants that do not hold, with the return and what contradicts them.
        lost: Returns that are neither final, nor in somebody's queue, nor waiting under a live deadline.
        by_hand: Returns that wait for a person, by RMA id, with the role.
        otherwise: Returns that ended otherwise than their story tells, with what differs.
        double_refunds: Refunds that the provider made more than once.
        double_coupons: Coupons and credits that were given more than once.
        refused_actions: What people sent and the return did not take.
        not_checked: What could not be read, and so was not judged.
        not_done: How many disturbances of the plan did not happen: the run was over, or what they strike was down.
        crashed: Parts that died and that nobody killed.
    """

    seed: int
    returns: int
    seconds: float
    holds: bool
    final: int
    refunds: int
    late: int
    coupons: int
    double_refunds: int
    double_coupons: int
    histories: int
    stories: dict[str, int]
    disturbances: tuple[Row, ...]
    broken: tuple[str, ...]
    lost: dict[str, str]
    by_hand: dict[str, str]
    waiting: dict[str, str]
    otherwise: dict[str, str]
    refused_actions: dict[str, tuple[str, ...]]
    failed: dict[str, str]
    not_checked: tuple[str, ...]
    not_done: dict[str, int]
    crashed: tuple[str, ...]


def make_report(
    plan: Plan,
    judgement: Judgement,
    rows: Sequence[Row],
    seconds: float,
    histories: int,
    seen: Sequence[Seen],
    ledger_was_read: bool,
    crashed: Sequence[str],
    struck: Sequence[Struck],
) -> Report:
    """Put the report of a run together."""
    twice = [each for each in judgement.broken if each.invariant == "I2"]
    coupons = [each for each in twice if each.told.startswith("given")]
    without_ledger = "the ledger (I4, I6, open payments in I3, the outbox in I8): set RETURNFLOW_LEDGER_URL"
    not_checked = [] if ledger_was_read else [without_ledger]
    # Outages are told by what they struck.
    planned = Counter(strike.kind.value for strike in plan.strikes if strike.kind is not Disturbance.OUTAGE)
    not_done = planned - Counter(each.strike.kind.value for each in struck)
    return Report(
        seed=plan.seed,
        returns=len(plan.lives),
        seconds=round(seconds, 1),
        holds=judgement.holds and not crashed,
        final=judgement.final,
        refunds=judgement.refunds,
        late=judgement.late,
        coupons=judgement.coupons,
        double_refunds=len(twice) - len(coupons),
        double_coupons=len(coupons),
        histories=histories,
        stories=dict(Counter(life.story.value for life in plan.lives)),
        disturbances=tuple(rows),
        broken=tuple(map(str, judgement.broken)),
        lost=judgement.lost,
        by_hand=judgement.by_hand,
        waiting=judgement.waiting,
        otherwise=judgement.otherwise,
        refused_actions={each.life.rma_id: tuple(each.refusals) for each in seen if each.refusals},
        failed={each.life.rma_id: each.failed for each in seen if each.failed},
        not_checked=tuple(not_checked),
        not_done=dict(not_done),
        crashed=tuple(crashed),
    )


def show(report: Report, console: Console) -> None:
    """Write the report for people."""
    table = Table(title="Disturbances", title_justify="left")
    for name in ("what was done", "injected", "returns touched", "survived", "by hand", "p95 recovery"):
        table.add_column(name, justify="left" if name == "what was done" else "right")
    for row in report.disturbances:
        recovery = "" if row.p95_recovery_seconds is None else f"{row.p95_recovery_seconds:.1f} s"
        table.add_row(
            row.name,
            *(str(count) for count in (row.injected, row.touched, row.survived, row.by_hand)),
            recovery + (f" ({row.never} never)" if row.never else ""),
        )
    console.print(table)
    console.print(
        f"{report.returns} returns in {report.seconds:.0f} s: {report.final} final, "
        f"{len(report.by_hand)} with a person, {len(report.waiting)} waiting, {len(report.lost)} lost. "
        f"{report.refunds} refunds, {report.double_refunds} double; {report.late} late inspections, "
        f"{report.coupons} coupons for them, {report.double_coupons} double; "
        f"{report.histories} histories replayed."
    )
    for title, entries in (
        ("Lost", report.lost),
        ("With a person", report.by_hand),
        ("Waiting", report.waiting),
        ("Ended otherwise than told", report.otherwise),
        ("Not played to its end", report.failed),
    ):
        _list(console, title, [f"{rma_id}  {what}" for rma_id, what in entries.items()])
    _list(
        console,
        "Refused",
        [f"{rma_id}  {each}" for rma_id, all_ in report.refused_actions.items() for each in all_],
    )
    _list(console, "Died without being killed", report.crashed)
    _list(console, "Planned and not done", [f"{count} × {name}" for name, count in report.not_done.items()])
    _list(console, "Not checked", report.not_checked)
    _list(console, "Broken", report.broken, every=True)
    if not report.holds:
        left = len(report.lost) + len(report.waiting)
        verdict = f"{len(report.broken)} broken, {left} not at an end, {len(report.crashed)} parts died."
    elif report.not_checked:
        verdict = "Every invariant that was checked holds."
    else:
        verdict = "Every invariant holds."
    console.print(f"{verdict} Seed {report.seed}.")


def _list(console: Console, title: str, lines: Sequence[str], every: bool = False) -> None:
    if not lines:
        return
    console.print(f"{title}:")
    shown = lines if every else lines[:_MOST_SHOWN]
    for line in shown:
        console.print(f"  {line}", soft_wrap=True)
    if len(lines) > len(shown):
        console.print(f"  and {len(lines) - len(shown)} more; --json has them all")
