"""Reading JSON Lines with errors that name the line and the field."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.record import Record

T = TypeVar("T", bound=BaseModel)

_ERRORS_TOLD = 20


class BadLine(Record):
    """What is wrong with a line."""

    source: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.source}:{self.line}: "
        return f"{where}{self.field}: {self.message}" if self.field else where + self.message


class LoadError(Exception):
    """Lines that cannot be read; nothing of their file is loaded."""

    def __init__(self, lines: Sequence[BadLine]) -> None:
        super().__init__("\n".join(str(line) for line in lines))
        self.lines = tuple(lines)


def field_path(location: Sequence[int | str]) -> str:
    """Write pydantic's location of an error as people do: ``lines[0].quantity``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def parse_lines(text: str, source: str, model: type[T], identity: Callable[[T], str]) -> list[T]:
    """Read one record per line; blank lines are skipped.

    Args:
        text: The content of the file.
        source: Its name, for errors.
        model: What a line must be. Types are not converted: ``"3"`` is no quantity.
        identity: The id that must not occur twice.

    Raises:
        LoadError: If any line is wrong; it names up to 20 errors.
    """
    records: list[T] = []
    errors: list[BadLine] = []
    first_line_of: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = model.model_validate_json(line, strict=True)
        except ValidationError as error:
            errors += [
                BadLine(source=source, line=number, field=field_path(each["loc"]), message=each["msg"])
                for each in error.errors(include_url=False, include_input=False)
            ]
            continue
        first = first_line_of.setdefault(identity(record), number)
        if first != number:
            message = f"{identity(record)} was given on line {first} already"
            errors.append(BadLine(source=source, line=number, field="", message=message))
        records.append(record)
    if errors:
        raise LoadError(errors[:_ERRORS_TOLD])
    return records
