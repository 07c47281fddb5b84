"""`returns scan`: has the sandbox's carrier scan a parcel, for trying things out."""

import uuid
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import httpx
import typer

from domain.record import Record, UtcDatetime
from domain.shipping import CarrierEventKind
from starters.cli.look import Rma
from starters.cli.output import AsJson, console, fail, moment, show_json, words
from starters.cli.parsing import point_in_time
from starters.cli.session import session_of, with_returns

_ANSWER_SECONDS = 10.0


class Scan(Record):
    """A scan that the carrier made."""

    event_id: str
    carrier: str
    tracking_no: str
    kind: CarrierEventKind
    occurred_at: UtcDatetime


def scan_command(
    context: typer.Context,
    rma: Rma,
    kind: Annotated[CarrierEventKind, typer.Argument(help="What the courier does.")],
    at: Annotated[str | None, typer.Option(metavar="ISO", help="When; by default now.")] = None,
    sandbox_url: Annotated[
        str | None,
        typer.Option(envvar="RETURNFLOW_PROVIDERS_URL", help="The sandbox; by default the one of `returns up`."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have the sandbox's carrier scan the parcel of a return. Only for the local stack.

    returns scan RMA picked_up
    returns scan RMA delivered --at 2026-11-22T08:00:00Z
    """
    occurred_at = point_in_time(at) if at else datetime.now(UTC)
    url = sandbox_url or session_of(context).sandbox_url()
    if not url:
        fail("no sandbox is known.", "Start one with `returns up`, or name it with --sandbox-url")
    status = with_returns(context, lambda returns: returns.status(rma), rma)
    if not status.tracking_no:
        fail(f"{rma} has no parcel to scan.", f"See where it stands: returns status {rma}")
    scan = Scan(
        event_id=f"cli-{uuid.uuid4().hex}",
        carrier=status.carrier,
        tracking_no=status.tracking_no,
        kind=kind,
        occurred_at=occurred_at,
    )
    _ask(url, scan)
    if as_json:
        show_json(scan)
    else:
        out = console()
        out.print(f"{scan.carrier} {scan.tracking_no}  {words(kind)}, {moment(occurred_at)}", style="bold")
        out.print(f"next:  returns status {rma}")


def _ask(url: str, scan: Scan) -> None:
    path = f"/carriers/{quote(scan.carrier, safe='')}/tracking/{quote(scan.tracking_no, safe='')}/scans"
    body = scan.model_dump(mode="json", include={"event_id", "kind", "occurred_at"})
    try:
        answer = httpx.post(url.rstrip("/") + path, json=body, timeout=_ANSWER_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"the sandbox does not answer at {url}: {error}", "Start one with `returns up`")
    if not answer.is_success:
        fail(f"the sandbox refused the scan with {answer.status_code}: {answer.text[:300]}")
