"""The sandbox as a process: ``python -m sandbox --help``."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sandbox.app import create_app
from sandbox.faults import FaultKind, FaultSpec, Target
from sandbox.journal import JournalError
from sandbox.jsonlines import LoadError, field_path
from sandbox.server import listen, serve
from sandbox.settings import SandboxSettings
from sandbox.shop import LoadKind

SECRET_VARIABLE = "RETURNFLOW_CARRIER_WEBHOOK_SECRET"

_DESCRIPTION = """\
Stand-in providers for the return pipeline: an order system, a payment provider, carriers, stock, coupons,
messages and a warehouse, as one HTTP server that keeps books of everything that happened.
"""

_EPILOG = f"""\
files
  JSON Lines; see sandbox/data for examples. Without --orders, --customers and --catalog the small data set
  there is loaded. A sandbox can also be loaded while it runs:
    curl --data-binary @orders.jsonl http://127.0.0.1:8700/load/orders

time
  The sandbox has no clock: every request says when its effect is (`at`), so virtual days look like real
  ones. Orders that are delivered but do not say when count as delivered --delivered-ago before --now.

books
  curl http://127.0.0.1:8700/books                            how many entries each book has
  curl http://127.0.0.1:8700/books/refunds?order_id=CN-1001   what was refunded for an order
  curl http://127.0.0.1:8700/entries?key_prefix=RMA-1         what was done for a return, in all books
  With --data the books survive the process, even kill -9; a restart with the same folder goes on from
  there and loads no files again.

parcels
  A courier scans a parcel when you say so; the scan is pushed to --webhook-url, signed with the secret in
  {SECRET_VARIABLE}:
    curl -H 'Content-Type: application/json' \\
      -d '{{"kind": "delivered", "occurred_at": "2026-11-22T08:00:00Z"}}' \\
      http://127.0.0.1:8700/carriers/sf/tracking/<tracking_no>/scans

faults
  curl -H 'Content-Type: application/json' -X POST http://127.0.0.1:8700/faults \\
    -d '{{"target": "payments.refund", "kind": "lost_response", "times": 2}}'
  targets: {", ".join(Target)}
  kinds:   {", ".join(FaultKind)}
  The target "*" stands for every call of the pipeline, a list for several. A fault strikes once unless `times`
  says otherwise (null: always), for so many seconds as it `lasts`, with `probability` drawn from `seed`, on calls
  whose fields equal `match`. GET /faults lists the hits, DELETE /faults removes the faults.
  A carrier whose clock is ten minutes ahead:
  curl -H 'Content-Type: application/json' -X PUT http://127.0.0.1:8700/clock -d '{{"ahead_seconds": 600}}'

Every request and answer is described at /docs.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox.

    Returns:
        The exit code: 2 if it cannot start, with the reason on standard error.
    """
    options = _parser().parse_args(arguments)
    try:
        app = create_app(_settings(options))
        listener, url = listen(options.host, options.port)
    except (ValidationError, LoadError, JournalError, OSError) as error:
        sys.stderr.write(_explain(error))
        return 2
    serve(app, listener, lambda: _announce(url))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True, help="where to listen; 0 picks a free port")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the books in this folder (default: memory)")
    for kind in LoadKind:
        parser.add_argument(f"--{kind}", type=Path, metavar="F.jsonl", help=f"load {kind} from this file")
    parser.add_argument(
        "--delivered-ago",
        default="P2D",
        metavar="DURATION",
        help="when delivered orders arrived, as an ISO 8601 duration before --now (default: %(default)s)",
    )
    parser.add_argument("--now", metavar="ISO", help="the time of the loads, with offset (default: wall clock)")
    parser.add_argument(
        "--webhook-url",
        default="",
        metavar="URL",
        help="push every scan to this address; {carrier} in it stands for the carrier",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE.json", help="a JSON array of faults to start with")
    return parser


def _settings(options: argparse.Namespace) -> SandboxSettings:
    files = {kind: getattr(options, kind) for kind in LoadKind if getattr(options, kind)}
    faults = (
        TypeAdapter(tuple[FaultSpec, ...]).validate_json(options.faults.read_bytes()) if options.faults else ()
    )
    return SandboxSettings.model_validate(
        {
            "journal_dir": options.data,
            "files": files,
            "delivered_ago": options.delivered_ago,
            "now": options.now,
            "webhook_url": options.webhook_url,
            "webhook_secret": os.environ.get(SECRET_VARIABLE, ""),
            "faults": faults,
        }
    )


def _explain(error: ValidationError | LoadError | JournalError | OSError) -> str:
    if not isinstance(error, ValidationError):
        return f"sandbox: {error}\n"
    lines = [f"{field_path(each['loc'])}: {each['msg']}".lstrip(": ") for each in error.errors()]
    return "".join(f"sandbox: {line}\n" for line in lines)


def _announce(url: str) -> None:
    sys.stdout.write(f"sandbox ready on {url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
