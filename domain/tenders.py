"""Which payments a refund is drawn from, and where each part goes (rule 10 of section 9)."""

from collections.abc import Sequence

from domain.money import split_over_tenders
from domain.orders import TenderKind
from domain.record import MinorUnits, Record


class Source(Record):
    """A captured payment that a refund can draw from."""

    payment_id: str
    method_id: str
    captured_minor: MinorUnits
    left_minor: MinorUnits
    tender: TenderKind = TenderKind.MONEY


class Draw(Record):
    """An amount drawn from one payment and sent to one means of payment."""

    payment_id: str
    method_id: str
    amount_minor: MinorUnits


def draw_refund(amount_minor: int, sources: Sequence[Source], destination: str | None) -> list[Draw]:
    """Decide which payments an amount is drawn from and where each part goes.

    Without a destination every part goes back to where it came from, pro rata. Points and coupons always do:
    their pro rata share returns in kind. For the rest, a destination that paid for the order is filled first,
    as far as it paid; any other one, which the customer consented to, gets all.

    Raises:
        ValueError: If the payments together have less left than the amount.
    """
    shares = _shares(sources, amount_minor)
    in_kind = {source.method_id for source in sources if source.tender.is_in_kind}
    if destination is None or destination in in_kind:
        return _draws(sources, shares)
    money = [source for source in sources if not source.tender.is_in_kind]
    kept = [share if source.tender.is_in_kind else 0 for source, share in zip(sources, shares, strict=True)]
    return _draw_money(amount_minor - sum(kept), money, destination) + _draws(sources, kept)


def _draw_money(amount_minor: int, sources: Sequence[Source], destination: str) -> list[Draw]:
    originals = [source for source in sources if source.method_id == destination]
    others = [source for source in sources if source.method_id != destination]
    first = min(amount_minor, sum(source.left_minor for source in originals))
    send_to = None if originals else destination
    return _draws(originals, _shares(originals, first)) + _draws(
        others, _shares(others, amount_minor - first), send_to
    )


def _shares(sources: Sequence[Source], amount_minor: int) -> list[int]:
    return split_over_tenders(
        amount_minor,
        [source.captured_minor for source in sources],
        [source.left_minor for source in sources],
    )


def _draws(sources: Sequence[Source], shares: Sequence[int], destination: str | None = None) -> list[Draw]:
    return [
        Draw(payment_id=source.payment_id, method_id=destination or source.method_id, amount_minor=share)
        for source, share in zip(sources, shares, strict=True)
        if share
    ]
