"""Replaces personal data in JSON by the type that the JSON was written from."""

import types
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from replay.personal import MIXED, is_personal
from replay.pseudonyms import Pseudonyms

UNKNOWN = "unknown"
"""The name of what no contract describes, in its pseudonyms."""


class TypedJson:
    """Replaces what is personal, and leaves what code decides on: codes, amounts, moments, quantities."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def redacted(self, value: Any, kind: Any, field: str = UNKNOWN) -> Any:
        """The value without personal data.

        Args:
            value: As JSON was read.
            kind: The type it was written from; None blanks every string, since nobody says what they are.
            field: What to call it.
        """
        if kind is None or kind is Any:
            return self._blanked(value, field)
        origin = get_origin(kind)
        if origin is Annotated:
            return self.redacted(value, get_args(kind)[0], field)
        if origin in (Union, types.UnionType):
            return self.redacted(value, _member(value, get_args(kind)), field)
        if origin is dict and isinstance(value, dict):
            inner = get_args(kind)[1]
            return {self._pseudonyms.within(key): self.redacted(each, inner, field) for key, each in value.items()}
        if origin in (tuple, list, frozenset, set) and isinstance(value, list):
            return [self.redacted(each, _item_type(kind, place), field) for place, each in enumerate(value)]
        if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, dict):
            return {name: self._field(each, kind, name) for name, each in value.items()}
        if isinstance(kind, type) and issubclass(kind, str) and not issubclass(kind, Enum):
            return self._pseudonyms.within(value) if isinstance(value, str) else value
        return value

    def _field(self, value: Any, model: type[BaseModel], name: str) -> Any:
        kind = _fields(model).get(name)
        if kind is None:
            return self._blanked(value, name)
        if holds_text(kind) and is_personal(model.__name__, name):
            return self._personal(value, kind, name)
        return self.redacted(value, kind, name)

    def _personal(self, value: Any, kind: Any, name: str) -> Any:
        """A field that is personal: its own strings, not those of the records below it."""
        if isinstance(value, str):
            return self._pseudonyms.of(value, name, sought=name not in MIXED)
        if isinstance(value, list):
            return [self._personal(each, kind, name) for each in value]
        if isinstance(value, dict):
            return {key: self._personal(each, kind, name) for key, each in value.items()}
        return value

    def _blanked(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {self._pseudonyms.within(key): self._blanked(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._blanked(each, name) for each in value]
        return self._pseudonyms.of(value, UNKNOWN, sought=False) if isinstance(value, str) else value


def holds_text(kind: Any) -> bool:
    """Whether strings that are no codes may stand in a value of the type itself, not in a record below it."""
    if get_origin(kind) is Annotated:
        return holds_text(get_args(kind)[0])
    if get_args(kind):
        return any(holds_text(each) for each in get_args(kind))
    return kind is Any or (isinstance(kind, type) and issubclass(kind, str) and not issubclass(kind, Enum))


@cache
def _fields(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model)
    return {name: hints[name] for name in model.model_fields}


def _member(value: Any, kinds: tuple[Any, ...]) -> Any:
    """The member of a union that the value was written from."""
    if isinstance(value, dict):
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        fitting = [kind for kind in models if value.keys() <= _fields(kind).keys()]
        mappings = [kind for kind in kinds if get_origin(kind) is dict]
        return next(iter(fitting or models or mappings), None)
    if isinstance(value, list):
        return next((kind for kind in kinds if get_origin(kind) in (tuple, list, frozenset, set)), None)
    if isinstance(value, str):
        texts = [kind for kind in kinds if kind is not type(None) and get_origin(kind) is not dict]
        return next((kind for kind in texts if holds_text(kind)), next(iter(texts), None))
    return type(value)


def _item_type(kind: Any, place: int) -> Any:
    kinds = [each for each in get_args(kind) if each is not Ellipsis]
    return kinds[min(place, len(kinds) - 1)] if kinds else None
