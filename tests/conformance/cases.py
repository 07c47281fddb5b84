"""Recorded requests: each with the shop as it stood, turned into what the pipeline takes."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.application import ReturnApplication


class Case(BaseModel):
    """A request. `expected` may be missing: then there is nothing to compare with.

    `number` is the case's line in its file; it names the case's own copies of the shop's records.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    case_id: str
    kind: str
    order_id: str
    customer_id: str
    items: tuple[str, ...] | None = None
    new_items: tuple[str, ...] | None = None
    payment_method_id: str | None = None
    expected: dict[str, Any] | None = None

    def own(self, identifier: str) -> str:
        """An identifier in this case: each has copies of its order, customer and means of payment."""
        return f"c{self.number}.{identifier}"

    def original(self, own: str) -> str:
        """The identifier that a copy was made from."""
        return own.removeprefix(f"c{self.number}.")

    def application(self) -> ReturnApplication:
        """What the order system would ask: whole lines unopened, two days after delivery.

        Raises:
            pydantic.ValidationError: If it is not a request at all.
        """
        asked: dict[str, Any] = {
            "order_id": self.own(self.order_id),
            "customer_id": self.own(self.customer_id),
            "desired_resolution": {"return": "return_and_refund", "cancel": "cancel_order"}.get(
                self.kind, self.kind
            ),
        }
        if self.kind != "cancel":
            asked["lines"] = self._lines()
            asked["payment_method_id"] = self.own(self.payment_method_id) if self.payment_method_id else None
        return ReturnApplication.model_validate(asked)

    def _lines(self) -> list[dict[str, Any]]:
        """A line per item with its units; what replaces a unit stands at the unit's place.

        Replacements beyond the last item go to the last line, so that the pipeline sees that they are too many.
        """
        lines: dict[str, dict[str, Any]] = {}
        for item in self.items or ():
            line = lines.setdefault(
                item, {"line_id": item, "quantity": 0, "condition": "unopened", "replacement_item_ids": []}
            )
            line["quantity"] += 1
        for position, new_item in enumerate(self.new_items or ()):
            if self.items:
                item = self.items[min(position, len(self.items) - 1)]
                lines[item]["replacement_item_ids"].append(new_item)
        return list(lines.values())


class Unreadable(BaseModel):
    """A line that is no request at all; it is answered all the same."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    expected: dict[str, Any] | None = None


def read_cases(path: Path) -> list[Case | Unreadable]:
    """Read a cases file: one entry per line that is not blank, whatever is in it."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [_case(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _case(number: int, line: str) -> Case | Unreadable:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return Unreadable(case_id=f"line-{number}")
    try:
        return Case.model_validate({**record, "number": number})
    except ValidationError:
        expected = record.get("expected")
        return Unreadable(
            case_id=str(record.get("case_id") or f"line-{number}"),
            expected=expected if isinstance(expected, dict) else None,
        )


class Shop:
    """The orders, customers and catalogue of a data folder."""

    def __init__(self, folder: Path) -> None:
        self._orders = {record["order_id"]: record for record in _records(folder / "orders.jsonl")}
        self._customers = {record["customer_id"]: record for record in _records(folder / "customers.jsonl")}
        self.catalog = list(_records(folder / "catalog.jsonl"))

    def orders(self, cases: Iterable[Case]) -> list[dict[str, Any]]:
        """A copy of each case's order, under the case's own ids."""
        copies = []
        for case in cases:
            if order := self._orders.get(case.order_id):
                payments = [
                    payment | {"payment_method_id": case.own(payment["payment_method_id"])}
                    for payment in order["payments"]
                ]
                own = {"order_id": case.own(case.order_id), "customer_id": case.own(order["customer_id"])}
                copies.append(order | own | {"payments": payments})
        return copies

    def customers(self, cases: Iterable[Case]) -> list[dict[str, Any]]:
        """A copy of each customer that a case speaks of."""
        copies = {}
        for case in cases:
            order = self._orders.get(case.order_id, {})
            for customer_id in (case.customer_id, order.get("customer_id")):
                if customer := self._customers.get(customer_id or ""):
                    own_id = case.own(customer["customer_id"])
                    methods = [method | {"id": case.own(method["id"])} for method in customer["payment_methods"]]
                    copies[own_id] = customer | {"customer_id": own_id, "payment_methods": methods}
        return list(copies.values())


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as lines:
        for text in lines:
            if text.strip():
                yield json.loads(text)
