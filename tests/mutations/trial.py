"""Tries an edit in a process of its own: replays every recorded history, and takes the fingerprint."""

import asyncio
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.fingerprint.committed import ROOT, changes
from tests.fingerprint.source import PACKAGE, Source
from tests.fingerprint.walk import entries
from tests.mutations.edits import Edit

HISTORIES = ROOT / "tests" / "replay" / "histories"
PATIENCE = 60.0
"""Seconds for one edit. A replay that takes longer goes round in circles, which counts as caught."""


def recorded() -> list[Path]:
    """Every recorded history, short ones first: most breaks show in any."""
    return sorted(HISTORIES.glob("*/*.json"), key=lambda file: (file.stat().st_size, file.name))


@dataclass(frozen=True)
class Verdict:
    """What was noticed of an edit; empty texts where nothing was."""

    replay: str
    fingerprint: str

    @property
    def is_caught(self) -> bool:
        """Whether one of the two noticed it."""
        return bool(self.replay or self.fingerprint)


@dataclass
class Trial:
    """An edit that is being tried."""

    edit: Edit
    folder: Path
    process: int
    started: float

    @classmethod
    def begin(cls, edit: Edit, histories: Sequence[Path]) -> "Trial":
        """Copy the workflow code, edit the copy, and try it on histories in a fork of this process.

        The fork has Temporal and the domain imported, but no workflow code yet: it imports the copy.
        """
        assert not any(name.split(".")[0] == PACKAGE for name in sys.modules), (
            "workflow code is imported in a fork only"
        )
        folder = Path(tempfile.mkdtemp(prefix="returnflow-mutation-"))
        shutil.copytree(ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        file = folder / edit.file
        file.write_text(edit.applied(file.read_text("utf-8")), "utf-8")
        process = os.fork()
        if process == 0:
            _in_the_fork(folder, histories)
        return cls(edit, folder, process, time.monotonic())

    def ended(self) -> Verdict | None:
        """The verdict, once there is one."""
        done, _ = os.waitpid(self.process, os.WNOHANG)
        if not done and time.monotonic() - self.started < PATIENCE:
            return None
        if not done:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        found = {name: self._said(name) for name in ("fingerprint", "replay")}
        shutil.rmtree(self.folder)
        return Verdict(
            **{name: f"no end within {PATIENCE:g} s" if said is None else said for name, said in found.items()}
        )

    def _said(self, name: str) -> str | None:
        file = self.folder / name
        return json.loads(file.read_text("utf-8")) if file.exists() else None


def _in_the_fork(folder: Path, histories: Sequence[Path]) -> None:
    """Try the copy in a folder, write the verdicts next to it, and end this process without a trace."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        warnings.simplefilter("ignore")
        looks: dict[str, Callable[[Path], str]] = {
            "fingerprint": _fingerprint,
            "replay": partial(_replay, histories=histories),
        }
        for name, look in looks.items():
            try:
                said = look(folder)
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            (folder / name).write_text(json.dumps(said), "utf-8")
        os._exit(0)


def _fingerprint(folder: Path) -> str:
    found = [change for change in changes(folder) if not change.is_gated]
    return ", ".join(change.now.workflow for change in found)


def _replay(folder: Path, histories: Sequence[Path]) -> str:
    """The first history that does not replay, and why."""
    sys.path.insert(0, str(folder))
    kinds = [
        getattr(importlib.import_module(of.module.name), name) for name, (of, _) in entries(Source(folder)).items()
    ]
    replayer = Replayer(
        workflows=kinds, workflow_runner=UnsandboxedWorkflowRunner(), data_converter=pydantic_data_converter
    )
    for file in histories:
        history = WorkflowHistory.from_json(file.stem, file.read_text("utf-8"))
        try:
            asyncio.run(replayer.replay_workflow(history))
        except Exception as error:
            return f"{file.parent.name}/{file.stem}: {type(error).__name__}"
    return ""
