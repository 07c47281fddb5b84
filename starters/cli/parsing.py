"""The small notations of options, such as ``LINE:QTY``; each error shows the form that is wanted."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from domain.inspection import Grade
from starters.json_input import InvalidFields, MalformedJson, describe, field_errors, parse_json

Model = TypeVar("Model", bound=BaseModel)

_COUNT = re.compile(r"[0-9]{1,9}")
_GRADES = ", ".join(Grade)


def line_and_quantity(text: str) -> tuple[str, int]:
    """Read ``LINE[:QTY]``; one unit where no quantity is given."""
    line, colon, quantity = text.rpartition(":")
    if colon and _COUNT.fullmatch(quantity):
        return _line(line, text, "LINE[:QTY]"), int(quantity)
    return _line(text, text, "LINE[:QTY]"), 1


def counted_line(text: str) -> tuple[str, int]:
    """Read ``LINE:QTY``."""
    line, _, quantity = text.rpartition(":")
    if not _COUNT.fullmatch(quantity):
        raise typer.BadParameter(f"{text!r} must read LINE:QTY, such as 1:2")
    return _line(line, text, "LINE:QTY"), int(quantity)


def graded_line(text: str, default: Grade | None = None) -> tuple[str, int, Grade]:
    """Read ``LINE:QTY:GRADE``; with a `default`, the grade may be left out."""
    counted, _, grade = text.rpartition(":")
    if grade.upper() in Grade.__members__:
        return (*counted_line(counted), Grade(grade.upper()))
    if default is None:
        raise typer.BadParameter(f"{text!r} must read LINE:QTY:GRADE, such as 1:2:C; grades: {_GRADES}")
    return (*counted_line(text), default)


def assignment(text: str, form: str) -> tuple[str, str]:
    """Read ``LEFT=RIGHT``."""
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise typer.BadParameter(f"{text!r} must read {form}")
    return left, right


def field_values(texts: Sequence[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` fields; a dot in a key goes into an object, a value is JSON where it can be."""
    fields: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        *path, name = key.split(".")
        if not equals or not all((*path, name)):
            raise typer.BadParameter(
                f"{text!r} must read KEY=VALUE, such as offer_number=2 or terms.freight=merchant"
            )
        into = fields
        for part in path:
            into = into.setdefault(part, {})
            if not isinstance(into, dict):
                raise typer.BadParameter(f"{text!r}: {part} has a value of its own already")
        if name in into:
            raise typer.BadParameter(f"{key} is given twice")
        into[name] = _value(value)
    return fields


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def point_in_time(text: str) -> datetime:
    """Read an ISO 8601 moment with its offset."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("it has no offset")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f"{text!r} must be a moment with its offset, such as 2026-11-22T08:00:00Z"
        ) from error


def built(model: type[Model], values: dict[str, Any]) -> Model:
    """Make a record from options; what is wrong with it is an error of usage."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(describe(each) for each in field_errors(error)[:3])) from error


def read_record(model: type[Model], text: bytes) -> Model:
    """Read a record from JSON, as strictly as the API does."""
    try:
        return parse_json(model, text)
    except MalformedJson as error:
        raise typer.BadParameter(f"it is not JSON: {error}") from error
    except InvalidFields as error:
        raise typer.BadParameter("; ".join(describe(each) for each in error.errors[:3])) from error


def file_content(file: Path) -> bytes:
    """Read a file; ``-`` is standard input."""
    if str(file) == "-":
        return typer.get_binary_stream("stdin").read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from error


def _line(line: str, text: str, form: str) -> str:
    if not line:
        raise typer.BadParameter(f"{text!r} must read {form}, such as 1:2")
    return line
