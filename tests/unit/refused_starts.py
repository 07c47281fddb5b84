"""Starts of a process that end before it serves: one interpreter imports the code, and each case is a fork of it.

Importing takes longer than everything that such a start does.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    stdout: str
    stderr: str


def ends_of(module: str, folder: Path, environments: Sequence[dict[str, str]]) -> list[Ended]:
    """Run the `main` of a module in a folder, once with each environment and nothing of ours besides."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RETURNFLOW_", "TEMPORAL_"))}
    subprocess.run(
        [sys.executable, "-m", __name__, module, json.dumps(environments)],
        cwd=folder,
        env=own | {"PYTHONPATH": str(_ROOT)},
        timeout=100,
        check=True,
    )
    return [_ended(folder / f"case-{number}") for number in range(len(environments))]


def _ended(case: Path) -> Ended:
    code, stdout, stderr = (case.with_suffix(suffix).read_text() for suffix in (".code", ".out", ".err"))
    return Ended(int(code), stdout, stderr)


def _run(module: str, environments: Sequence[dict[str, str]]) -> None:
    main = importlib.import_module(module).main
    for number, environment in enumerate(environments):
        child = os.fork()
        if not child:
            os.environ.update(environment)
            for stream, suffix in ((1, "out"), (2, "err")):
                os.dup2(os.open(f"case-{number}.{suffix}", os.O_CREAT | os.O_WRONLY), stream)
            main()
        _, status = os.waitpid(child, 0)
        Path(f"case-{number}.code").write_text(str(os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    _run(sys.argv[1], json.loads(sys.argv[2]))
