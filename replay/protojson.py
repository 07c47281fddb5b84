"""Reads the JSON of a history in the form that the SDKs write: in a fraction of the time of protobuf's own reader.

That one takes more forms, and about a quarter of the time that the replay of a history takes.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from temporalio.api.history.v1 import History

_Set = Callable[[Message, Any], None]


class OtherForm(Exception):
    """JSON of another form, such as old names of enums; the reader of protobuf may know it."""


def history_from(content: Any) -> History:
    """Read a history.

    Raises:
        OtherForm: If it is not in the form that this reads.
    """
    history = History()
    try:
        _fill(history, content)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise OtherForm from error
    return history


def _fill(message: Message, content: dict[str, Any]) -> None:
    setters = _setters(message.DESCRIPTOR)
    for name, value in content.items():
        if value is not None:
            setters[name](message, value)
    message.SetInParent()


@cache
def _setters(of: Descriptor) -> dict[str, _Set]:
    return {field.json_name: _setter(field) for field in of.fields}


def _setter(field: FieldDescriptor) -> _Set:
    name, kind = field.name, field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return _map_setter(name, kind.fields_by_name["value"])
    if kind is None:
        read = _scalar(field)
        if field.is_repeated:
            return lambda message, values: getattr(message, name).extend(map(read, values))
        return lambda message, value: setattr(message, name, read(value))
    put: _Set = _SPECIAL.get(kind.full_name, _refuse if kind.file.package == "google.protobuf" else _fill)
    if field.is_repeated:

        def put_all(message: Message, values: Any) -> None:
            items = getattr(message, name)
            for value in values:
                put(items.add(), value)

        return put_all
    return lambda message, value: put(getattr(message, name), value)


def _map_setter(name: str, of: FieldDescriptor) -> _Set:
    if of.message_type is None:
        read = _scalar(of)

        def put_values(message: Message, values: Any) -> None:
            items = getattr(message, name)
            for key, value in values.items():
                items[key] = read(value)

        return put_values

    def put_messages(message: Message, values: Any) -> None:
        items = getattr(message, name)
        for key, value in values.items():
            _fill(items[key], value)

    return put_messages


def _scalar(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.enum_type is not None:
        values = field.enum_type.values_by_name
        return lambda value: values[value].number
    if field.cpp_type in (
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT64,
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_UINT32,
    ):
        return int
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64decode
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _put_moment(message: Any, value: str) -> None:
    """Such as `2026-11-22T08:45:28.920365148Z`."""
    if not value.endswith("Z"):
        raise ValueError(value)
    message.seconds = int(datetime.fromisoformat(f"{value[:19]}+00:00").timestamp())
    message.nanos = int(value[20:-1].ljust(9, "0")) if value[19] == "." else 0
    message.SetInParent()


def _put_duration(message: Any, value: str) -> None:
    """Such as `21599.578050s`."""
    if not value.endswith("s") or value.startswith("-"):
        raise ValueError(value)
    seconds, _, parts = value[:-1].partition(".")
    message.seconds = int(seconds)
    message.nanos = int(parts.ljust(9, "0")) if parts else 0
    message.SetInParent()


def _refuse(message: Message, value: Any) -> None:
    raise ValueError(message.DESCRIPTOR.full_name)


_SPECIAL: dict[str, _Set] = {
    "google.protobuf.Timestamp": _put_moment,
    "google.protobuf.Duration": _put_duration,
}
