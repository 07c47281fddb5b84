"""Where a local stack is, as `returns up` writes it down."""

import os
from pathlib import Path

import typer
from pydantic import ValidationError

from domain.record import Record
from starters.json_input import describe, field_errors
from workflows import ids

_FOLDER = ".returnflow"
_FILE = "stack.json"


class StackFile(Record):
    """The addresses of a running stack."""

    temporal: str
    namespace: str = "default"
    task_queue: str = ids.DEFAULT_TASK_QUEUE
    api_url: str = ""
    sandbox_url: str = ""
    ui_url: str = ""
    ledger_url: str = ""


def find_stack() -> StackFile | None:
    """Read the file that `returns up` keeps in RETURNFLOW_HOME, or else in `.returnflow`; None if there is none.

    Raises:
        typer.BadParameter: If there is one that cannot be read.
    """
    home = os.environ.get("RETURNFLOW_HOME", "").strip()
    file = Path(home or _FOLDER) / _FILE
    return _read(file) if file.is_file() else None


def _read(file: Path) -> StackFile:
    try:
        return StackFile.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise typer.BadParameter(
            f"{file} cannot be read ({describe(field_errors(error)[0])}); run `returns up`, or remove it"
        ) from error
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from error
