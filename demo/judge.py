"""Judges a story by the providers' books: what was really refunded, charged, issued, shipped and sent."""

import asyncio
from collections import defaultdict
from typing import Any

import httpx

from demo.story import Claim, CouponEnd, Ending, Money, Story

_MESSAGES_SECONDS = 40.0
_COME_LATER = ("messages", "alerts", "claims")
"""What goes its own way beside the return and never holds up its money."""


async def read_ending(sandbox: httpx.AsyncClient, rma_id: str, order_id: str) -> Ending:
    """Read what the books say of a return."""
    books: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in await _entries(sandbox, "/entries", key_prefix=rma_id):
        books[entry["book"]].append(entry["data"])
    fulfilments = await _entries(sandbox, "/books/fulfilments", order_id=order_id)
    return Ending(
        refunds=_moved(books["refunds"]),
        charges=_moved(books["charges"]),
        coupons=tuple(
            CouponEnd(
                customer_id=coupon["customer_id"],
                amount_minor=coupon["amount_minor"],
                currency=coupon["currency"],
            )
            for coupon in books["coupons"]
        ),
        replacements=tuple(tuple(replacement["item_ids"]) for replacement in books["replacements"]),
        claims=_claims(books["claims"]),
        fulfilment_stopped=bool(fulfilments),
        pickups_booked=len({pickup["pickup_id"] for pickup in books["pickups"]}),
        messages=_templates(books["messages"], "customer_message"),
        alerts=_templates(books["messages"], "staff_alert"),
    )


async def judge(sandbox: httpx.AsyncClient, story: Story, rma_id: str) -> tuple[Ending, list[str]]:
    """Hold the books against the story's expected end; messages get a moment, since they never hold up money.

    Returns:
        What the books say, and what differs: nothing if the story ended as told.
    """
    deadline = asyncio.get_running_loop().time() + _MESSAGES_SECONDS
    while True:
        ending = await read_ending(sandbox, rma_id, story.application.order_id)
        differences = _differences(story.expect, ending)
        late = asyncio.get_running_loop().time() > deadline
        if late or not any(difference.startswith(_COME_LATER) for difference in differences):
            return ending, differences
        await asyncio.sleep(0.2)


def _differences(told: Ending, found: Ending) -> list[str]:
    differences = []
    for name in Ending.model_fields:
        expected, actual = getattr(told, name), getattr(found, name)
        if name == "pickups_booked" and expected is None:
            continue
        if name in ("refunds", "charges"):
            expected, actual = sorted(expected, key=repr), sorted(actual, key=repr)
        if expected != actual:
            differences.append(f"{name}: told {_plain(expected)}, the books say {_plain(actual)}")
    return differences


def _moved(entries: list[dict[str, Any]]) -> tuple[Money, ...]:
    """Every movement that succeeded. The book has an entry per change of state; the last one counts."""
    last = {entry["provider_reference"]: entry for entry in entries}
    return tuple(
        Money(method_id=entry["method_id"], amount_minor=entry["amount_minor"], currency=entry["currency"])
        for entry in last.values()
        if entry["status"] == "succeeded"
    )


def _claims(entries: list[dict[str, Any]]) -> tuple[Claim, ...]:
    """Every claim once, however often its desk wrote about it."""
    last = {entry["claim_id"]: entry for entry in entries}
    return tuple(
        Claim(party=entry["party"], amount_minor=entry["claimed_minor"], currency=entry["currency"])
        for entry in last.values()
    )


def _templates(messages: list[dict[str, Any]], audience: str) -> tuple[str, ...]:
    """The templates in the order in which they were first sent; a repeat of a message id is the same message.

    Every message goes to the app; the other ways on which it may go tell no other message.
    """
    first = {message["message_id"]: message for message in reversed(messages)}
    in_order = sorted(first.values(), key=messages.index)
    return tuple(
        message["template"]
        for message in in_order
        if (message["audience"], message["channel"]) == (audience, "in_app")
    )


async def _entries(sandbox: httpx.AsyncClient, path: str, **wanted: str) -> list[dict[str, Any]]:
    answer = (await sandbox.get(path, params=wanted)).raise_for_status()
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    match value:
        case Money():
            return f"{value.amount_minor} {value.currency} → {value.method_id}"
        case CouponEnd():
            return f"{value.amount_minor} {value.currency} → {value.customer_id}"
        case Claim():
            return f"{value.amount_minor} {value.currency} ← {value.party}"
    return str(value)
