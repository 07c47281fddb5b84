"""Histories as files: `<workflow type>/<scenario>@<version of the code that wrote it>.json`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._+-]+")


def file_of(folder: Path, workflow_type: str, scenario: str, version: str) -> Path:
    """Where the history of a scenario is kept."""
    parts = (_NOT_IN_A_NAME.sub("_", part).strip(".") or "unknown" for part in (workflow_type, scenario, version))
    kind, name, written_by = parts
    return folder / kind / f"{name}@{written_by}.json"


def text_of(history: Mapping[str, Any]) -> str:
    """A history as it is written: events in their order, a line per value, so that changes can be read."""
    return json.dumps(history, ensure_ascii=False, indent=1) + "\n"


def write(file: Path, text: str) -> None:
    """Write a history, and the folder of its workflow type if that is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def files_in(folder: Path) -> list[Path]:
    """Every JSON file below a folder, in the order of their names."""
    return sorted(folder.rglob("*.json"))
