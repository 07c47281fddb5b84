"""`make conformance`: runs recorded requests through the real pipeline and compares what it did.

Prints each mismatch and `N cases, M as expected`; exits 1 unless all are. Without expectations it only answers.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress

from starters.client import ReturnsClient
from starters.ports import Ports
from starters.stack import Stack
from tests.conformance.cases import Case, Shop, Unreadable, read_cases
from tests.conformance.runner import compare, load, run_cases


def main() -> int:
    """Run the cases that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with orders, customers and catalog (.jsonl)"
    )
    parser.add_argument("--cases", type=Path, required=True, help="the requests, JSON Lines")
    parser.add_argument("--out", type=Path, required=True, help="where the answers go, JSON Lines")
    options = parser.parse_args()
    files = [options.data / f"{name}.jsonl" for name in ("orders", "customers", "catalog")] + [options.cases]
    if missing := [str(file) for file in files if not file.exists()]:
        sys.stderr.write(f"There is no {missing[0]}. Name the folder with DATA= and the requests with CASES=.\n")
        return 2
    cases = read_cases(options.cases)
    answers = asyncio.run(_run(Shop(options.data), cases))
    lines = [json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers]
    options.out.write_text("".join(lines), encoding="utf-8")
    return _report(cases, answers)


async def _run(shop: Shop, cases: list[Case | Unreadable]) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory(prefix="returnflow-conformance-") as folder:
        async with (
            Stack(Path(folder), Ports.free(), with_api=False) as stack,
            httpx.AsyncClient(base_url=stack.sandbox_url, timeout=60) as sandbox,
        ):
            await load(sandbox, shop, cases)
            returns = ReturnsClient(await stack.connect(), stack.task_queue)
            with Progress(console=Console(stderr=True), transient=True) as progress:
                bar = progress.add_task("cases", total=len(cases))
                return await run_cases(returns, sandbox, cases, lambda: progress.advance(bar))


def _report(cases: list[Case | Unreadable], answers: list[dict[str, object]]) -> int:
    expecting = [(case, answer) for case, answer in zip(cases, answers, strict=True) if case.expected]
    mismatches = [text for case, answer in expecting if (text := compare(case, answer))]
    for text in mismatches:
        sys.stdout.write(f"{text}\n")
    if cases and not expecting:
        sys.stdout.write(f"{len(cases)} cases answered; none says what is expected\n")
        return 0
    sys.stdout.write(f"{len(expecting)} cases, {len(expecting) - len(mismatches)} as expected\n")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
