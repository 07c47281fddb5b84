"""JSON from outside, read strictly: unknown fields are refused, and every error names its field."""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from domain.record import Record

Model = TypeVar("Model", bound=BaseModel)

_ERRORS_TOLD = 50
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NAMED_FIELD = re.compile(r"([a-z_]+): (.+)", re.DOTALL)


class FieldError(Record):
    """What is wrong with a field; `field` is a path such as ``lines[0].quantity``, empty for the whole body."""

    field: str
    detail: str


class MalformedJson(Exception):
    """The text is not JSON; the message says where it stops being that."""


class InvalidFields(Exception):
    """The JSON does not have the form that is wanted.

    Attributes:
        errors: At least one, at most 50.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(describe(error) for error in errors))
        self.errors = tuple(errors)


def parse_json(model: type[Model], body: bytes, unknown_fields: Literal["forbid", "ignore"] = "forbid") -> Model:
    """Read a model from JSON. Types are not converted: ``"3"`` is no quantity.

    Args:
        model: What the JSON must be.
        body: The JSON.
        unknown_fields: What to do with fields that the model does not know, at any depth.

    Raises:
        MalformedJson: If it is not JSON.
        InvalidFields: If it is, but not of the model's form.
    """
    try:
        return model.model_validate_json(body, strict=True, extra=unknown_fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise MalformedJson(f"{first['ctx']['error']}.") from error
        raise InvalidFields(field_errors(error)) from error


def field_errors(error: ValidationError) -> list[FieldError]:
    """Tell pydantic's errors as paths and sentences, without the values that were sent."""
    return _told(error.errors(include_url=False, include_input=False))


def told_errors(details: Sequence[Any], skip: int) -> list[FieldError]:
    """Tell errors whose locations begin with `skip` parts that are no field, such as ``query``."""
    return _told([{**each, "loc": each["loc"][skip:]} for each in details])


def field_path(location: Sequence[int | str]) -> str:
    """Write the location of an error as people do: ``lines[0].quantity``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part):
            path += f".{part}" if path else part
        else:
            path += f"[{json.dumps(part[:128])}]"
    return path


def describe(error: FieldError) -> str:
    """One line for a person: the field, if it is known, and what is wrong with it."""
    return f"{error.field}: {error.detail}" if error.field else error.detail


def _told(details: Sequence[Any]) -> list[FieldError]:
    locations = [tuple(each["loc"]) for each in details]
    errors: list[FieldError] = []
    for each, location in zip(details, locations, strict=True):
        # A list whose items are wrong counts as too short as well, which only confuses.
        if each["type"] == "too_short" and any(
            len(other) > len(location) and other[: len(location)] == location for other in locations
        ):
            continue
        errors.append(_tell(each["type"], location, each["msg"], each.get("ctx", {})))
    return errors[:_ERRORS_TOLD]


def _tell(kind: str, location: tuple[int | str, ...], message: str, context: dict[str, Any]) -> FieldError:
    match kind:
        case "extra_forbidden":
            message = "This field is not known here"
        case "value_error":
            message = str(context["error"])
            # A rule over several fields of a record names the field in its text.
            if named := _NAMED_FIELD.fullmatch(message):
                location, message = (*location, named[1]), named[2]
        case "too_short" | "too_long":
            message = message.replace("Tuple", "List")
    return FieldError(field=field_path(location), detail=message)
