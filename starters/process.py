"""The end of a process that talked to Temporal."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn


def run_process(work: Callable[[], None]) -> NoReturn:
    """Run a process's main function, then end the process at once with its exit code.

    Threads of Temporal's client can still hand in an answer while the interpreter shuts down, which then aborts
    with code 134 (temporalio/sdk-python#300). By then everything of ours is closed, so that shutdown is left out.
    """
    code = _exit_code(work)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _exit_code(work: Callable[[], None]) -> int:
    try:
        work()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
            return 1
        return end.code or 0
    except KeyboardInterrupt:
        return 130
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
