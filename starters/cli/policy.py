"""`returns policy`: check a file, show a version, try one out on recorded returns. No server is needed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from domain.dry_run import DryRun, Forecast, dry_run
from domain.money_text import format_minor
from domain.policy import PolicyProblem, PolicyRefused, parse_policy
from domain.record import Record
from policy.files import Policies, load_explanations, load_policies, read_policy
from starters.cli.output import AsJson, console, fail, show_json, table, words
from starters.histories import read_histories

policy_app = typer.Typer(help="Check policies, show them, and try them out.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in TOML.")]
Older = Annotated[
    list[Path] | None,
    typer.Option("--older", metavar="FILE", help="A policy that recorded returns are on; may be repeated."),
]

_SHOWN_AMOUNTS = {
    "refund_minor": "refunds",
    "freight_minor": "return freight charged",
    "coupon_minor": "coupons for late inspections",
    "kept_goods_minor": "goods that stay with customers",
}


class PolicyCheck(Record):
    """Whether a file is a policy, and what is wrong with it."""

    valid: bool
    version: str = ""
    problems: tuple[PolicyProblem, ...] = ()


@policy_app.command("check")
def check_command(file: File, as_json: AsJson = False) -> None:
    """Check a policy file; each fault is told with its line, its key and what to write instead.

    returns policy check policy.toml
    Exit codes: 0 it is a policy, 1 it is not.
    """
    check = _check(file)
    if as_json:
        show_json(check)
    elif check.valid:
        typer.echo(f"{file}: policy {check.version} is fine")
    else:
        for problem in check.problems:
            key = f"{problem.key}: " if problem.key else ""
            typer.echo(f"{file}:{problem.line}: {key}{problem.problem}", err=True)
            if problem.advice:
                typer.echo(f"  {problem.advice}", err=True)
    if not check.valid:
        raise typer.Exit(1)


@policy_app.command("show")
def show_command(
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="By default the packaged standard.")
    ] = None,
    older: Older = None,
    as_json: AsJson = False,
) -> None:
    """Show a policy version with everything that it leaves to defaults, or list the versions that are known.

    returns policy show
    returns policy show 2026-11-1 --json
    """
    policies = _known(older)
    wanted = version or policies.current.version
    if wanted not in policies.by_version:
        fail(
            f"there is no policy {wanted}",
            f"Known: {', '.join(sorted(policies.by_version))}. Add files with --older.",
        )
    policy = policies.by_version[wanted]
    if as_json:
        show_json(policy)
        return
    rows = table("key", "value", title=f"Policy {policy.version}")
    for key, value in _flat(policy.model_dump(mode="json")):
        rows.add_row(key, value)
    console().print(rows)


@policy_app.command("dry-run")
def dry_run_command(
    file: File,
    histories: Annotated[Path, typer.Option(metavar="DIR", help="Folder with recorded histories in JSON.")],
    older: Older = None,
    as_json: AsJson = False,
) -> None:
    """Say what a policy would have changed: decisions, refunds and costs of recorded returns.

    returns policy dry-run policy.toml --histories tests/replay/histories
    Histories come from: temporal workflow show -w return/RMA --output json > RMA.json
    """
    if not histories.is_dir():
        fail(f"{histories} is no folder", "Name a folder with JSON files, one per workflow.")
    try:
        new = read_policy(file)
    except ValueError as error:
        fail(str(error), f"See: returns policy check {file}")
    records, unreadable = read_histories(histories)
    result = dry_run(records, new, _known(older).by_version, load_explanations())
    result = result.model_copy(update={"not_compared": unreadable | result.not_compared})
    if as_json:
        show_json(result)
    else:
        _show(console(), result)


def _check(file: Path) -> PolicyCheck:
    try:
        policy = parse_policy(file.read_text("utf-8"))
    except PolicyRefused as refused:
        return PolicyCheck(valid=False, problems=refused.problems)
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return PolicyCheck(valid=False, problems=(PolicyProblem(line=line, key="", problem="is not UTF-8"),))
    return PolicyCheck(valid=True, version=policy.version)


def _known(older: list[Path] | None) -> Policies:
    try:
        return load_policies(None, older or [])
    except ValueError as error:
        fail(str(error))


def _flat(content: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)))
    return rows


def _show(out: Console, result: DryRun) -> None:
    if result.changed:
        rows = table(
            "return", "from", "what", "before", f"with {result.policy_version}", title="What would change"
        )
        for each in result.changed:
            for number, name in enumerate(each.changes):
                shown = (each.rma_id, each.policy_version) if number == 0 else ("", "")
                before, after = (_value(name, side, each.currency) for side in (each.before, each.after))
                rows.add_row(*shown, words(name.removesuffix("_minor")), before, after)
        out.print(rows)
    for total in result.totals:
        rows = table("sum of", "before", f"with {result.policy_version}", "difference", title=total.currency)
        for name, title in _SHOWN_AMOUNTS.items():
            old, new_sum = total.before[name], total.after[name]
            amounts = (format_minor(amount, total.currency) for amount in (old, new_sum, new_sum - old))
            rows.add_row(title, *amounts)
        out.print(rows)
    out.print(f"{result.compared} returns compared, {len(result.changed)} would change.")
    out.print("A refund that a person still has to decide counts as nothing in the sums.")
    for name, why in result.not_compared.items():
        out.print(f"not compared: {name}: {why}")


def _value(name: str, side: Forecast, currency: str) -> str:
    value = getattr(side, name)
    if name.endswith("_minor"):
        return "a person decides" if value is None else format_minor(value, currency)
    if isinstance(value, tuple):
        return ", ".join(words(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
