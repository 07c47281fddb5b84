"""Every text in the contracts of workflows is decided about: personal, or not."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from domain.record import Record
from replay import personal
from replay.contracts import Contract, activity_contracts, workflow_contracts
from replay.typed_json import holds_text


def models() -> set[type[BaseModel]]:
    """Every model that a payload of a history can hold."""
    found: set[type[BaseModel]] = set()
    waiting: list[Any] = []
    contracts: list[Contract] = [*activity_contracts().values()]
    for each in workflow_contracts().values():
        contracts += [each, *each.signals.values(), *each.updates.values(), *each.queries.values()]
    for contract in contracts:
        waiting += [*contract.takes, contract.answers]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in found:
            found.add(kind)
            waiting += get_type_hints(kind).values()
        waiting += get_args(kind)
    return found


def texts(of: type[BaseModel]) -> Iterator[str]:
    hints = get_type_hints(of)
    return (name for name in of.model_fields if holds_text(hints[name]))


def undecided(found: set[type[BaseModel]]) -> list[str]:
    return sorted(
        f"{model.__name__}.{name}"
        for model in found
        for name in texts(model)
        if not personal.is_decided(model.__name__, name)
    )


def test_every_text_of_the_contracts_is_decided_about() -> None:
    assert len(models()) > 150
    new = undecided(models())
    assert not new, f"say in replay/personal.py if they are personal: {', '.join(new)}"


def test_a_new_field_is_noticed_and_taken_as_personal() -> None:
    class Gift(Record):
        greeting: str = ""
        quantity: int = 1

    assert undecided({Gift}) == ["Gift.greeting"]
    assert personal.is_personal("Gift", "greeting")


def test_nothing_is_decided_twice_and_nothing_that_is_gone() -> None:
    assert not personal.PERSONAL & personal.NOT_PERSONAL
    there = {f"{model.__name__}.{name}" for model in models() for name in texts(model)}
    there |= {name.split(".")[1] for name in there}
    assert (personal.PERSONAL | personal.NOT_PERSONAL | personal.MIXED) - there == set()
