"""What the Web UI says of an update, with the input that it takes, so that it can be sent from there."""

import json
from collections.abc import Sequence
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from domain.actions import PERMITTED_ROLES, Action, Role


def described(what: str, request: type[BaseModel], action: Action | None = None) -> str:
    """The description of an update: what it does, the least input, and what may be added.

    Choices are written side by side, those of the actor's role as far as `action` permits them.
    """
    roles = PERMITTED_ROLES[action] if action else tuple(Role)
    optional = [name for name, field in request.model_fields.items() if not field.is_required()]
    added = f" May have: {', '.join(optional)}." if optional else ""
    return f"{what} Input: {json.dumps(_least(request, roles), ensure_ascii=False)}{added}"


def _least(model: type[BaseModel], roles: Sequence[Role]) -> dict[str, Any]:
    fields = model.model_fields.items()
    return {name: _sample(field.annotation, roles) for name, field in fields if field.is_required()}


def _sample(kind: Any, roles: Sequence[Role]) -> Any:
    """A value of a type, as JSON."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _sample(next(part for part in parts if part is not type(None)), roles)
    if origin in (tuple, list, frozenset, set):
        return [_sample(parts[0], roles)]
    if origin is dict:
        return {str(_sample(parts[0], roles)): _sample(parts[1], roles)}
    if origin is not None and parts:
        return _sample(parts[0], roles)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _least(kind, roles)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(each.value) for each in (roles if kind is Role else kind))
    return {bool: True, int: 1}.get(kind, "…")
