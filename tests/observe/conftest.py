"""One process that tells everything, for all tests of what it told."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testkit.environment import TimeSkippingEnv

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Told:
    """What a process told while it played.

    Attributes:
        logs: The lines on its standard error.
        metrics: What `/metrics` answered.
        spans: What a collector took, each with the scope and the resource that it came with.
        replayed: The histories that were replayed: of what was played, and of what was recorded before.
        forgetful: The return that was played on a worker without a cache.
    """

    logs: list[str]
    metrics: str
    spans: list[dict[str, Any]]
    replayed: list[str]
    forgetful: str

    def ours(self) -> list[dict[str, Any]]:
        """The spans of worker and API; the stand-in providers have their own."""
        return [span for span in self.spans if span["scope"] == "returnflow"]


@pytest.fixture(scope="session")
def told(time_skipping_env: TimeSkippingEnv, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = _played(time_skipping_env.address, tmp_path_factory)
    return Told(
        logs=(folder / "log.txt").read_text("utf-8").splitlines(),
        metrics=(folder / "metrics.txt").read_text("utf-8"),
        spans=_spans(json.loads((folder / "spans.json").read_text("utf-8"))),
        replayed=json.loads((folder / "replayed.json").read_text("utf-8")),
        forgetful=(folder / "forgetful.txt").read_text("utf-8"),
    )


def _played(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what was told; of the processes of pytest-xdist the first one plays for all."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tmp_path_factory.mktemp("told")
        _play(address, folder)
        return folder
    folder = tmp_path_factory.getbasetemp().parent / "told"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (folder / "ended").exists():
            assert time.monotonic() < deadline, "the process that plays for all did not end"
            time.sleep(0.1)
    else:
        try:
            _play(address, folder)
        finally:
            (folder / "ended").touch()
    return folder


def _play(address: str, folder: Path) -> None:
    log = folder / "log.txt"
    with log.open("wb") as stderr:
        done = subprocess.run(
            [sys.executable, "-m", "tests.observe.play", address, str(folder)],
            cwd=ROOT,
            stderr=stderr,
            timeout=_PATIENCE_SECONDS,
        )
    assert done.returncode == 0, log.read_text("utf-8")[-4000:]


def _spans(taken: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**span, "scope": scope["scope"]["name"], "resource": resource["resource"]}
        for request in taken
        for resource in request["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
