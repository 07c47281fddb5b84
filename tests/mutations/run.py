"""Tries edits side by side."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutations.edits import Edit
from tests.mutations.trial import Trial, Verdict

SIDE_BY_SIDE = min(2, os.cpu_count() or 1)


def tried(edits: Sequence[Edit], histories: Sequence[Path]) -> Iterator[tuple[Edit, Verdict]]:
    """Each edit with its verdict on some histories, as they come."""
    waiting = list(reversed(edits))
    running: list[Trial] = []
    while waiting or running:
        while waiting and len(running) < SIDE_BY_SIDE:
            running.append(Trial.begin(waiting.pop(), histories))
        for trial in list(running):
            verdict = trial.ended()
            if verdict is not None:
                running.remove(trial)
                yield trial.edit, verdict
        time.sleep(0.01)
