"""The explanation of a return's money: the quote and every authorised refund, row by row."""

from collections.abc import Iterable

from pydantic import Field

from domain.application import Locale
from domain.bookkeeping import AuthorizedRefund
from domain.intents import PaymentIntent, RefundBasis
from domain.record import MinorUnits, Record, UtcDatetime
from domain.refund import RefundQuote
from domain.worksheet import WorksheetRow, WorksheetRule, sum_of_rows


class ExplainedRow(Record):
    """A row of the worksheet: the rule, the amount in minor units, and what it was worked out from.

    Attributes:
        counts: Whether the amount is part of the sum.
        words: The row in words, by locale, once `domain.worksheet_words.in_words` has put them there.
    """

    rule: WorksheetRule
    counts: bool
    line_id: str
    amount_minor: int
    inputs: dict[str, int | str]
    words: dict[Locale, str] = Field(default_factory=dict)


class ExplainedQuote(Record):
    """A quote with its worksheet; minor units. For an exchange, a total below zero is what the customer pays."""

    policy_version: str
    rows: tuple[ExplainedRow, ...]
    total_minor: int
    adds_up: bool


class ExplainedRefund(ExplainedQuote):
    """An authorised refund: the rows come to `total_minor`, which is what its intents draw.

    Attributes:
        op: The ledger entry that authorised it.
        at: When, UTC.
        owed_by_customer_minor: What the customer was left owing, for an exchange that costs more.
        intents: The movements that it was recorded as, in their present state.
    """

    op: str
    at: UtcDatetime
    basis: RefundBasis
    owed_by_customer_minor: MinorUnits
    intents: tuple[PaymentIntent, ...]


class Explanation(Record):
    """All the money of a return.

    Attributes:
        quote: What was expected at the review if everything is accepted; None if nothing was to be paid.
        refunds: What was authorised, in sequence.
        other_payments: Movements beyond the authorised ones: charges, and intents in the place of declined ones.
        adds_up: Whether every worksheet comes to its total and to the money that was drawn.
    """

    rma_id: str
    order_id: str
    currency: str
    quote: ExplainedQuote | None = None
    refunds: tuple[ExplainedRefund, ...] = ()
    other_payments: tuple[PaymentIntent, ...] = ()
    adds_up: bool = True


class Authorization(Record):
    """A refund that was authorised, by which ledger entry, when (UTC) and why."""

    op: str
    at: UtcDatetime
    basis: RefundBasis
    refund: AuthorizedRefund


class MoneyOfReturn(Record):
    """What a return knows of its money.

    `replacement_minor` is what the replacements of an exchange cost by the quote, `payments` are the movements as
    they stand.
    """

    rma_id: str
    order_id: str
    currency: str = ""
    quote: RefundQuote | None = None
    replacement_minor: MinorUnits = 0
    authorizations: tuple[Authorization, ...] = ()
    payments: tuple[PaymentIntent, ...] = ()


def explain(money: MoneyOfReturn) -> Explanation:
    """Lay out the money of a return row by row, and hold the sums against each other."""
    explained_quote = _quote(money.quote, money.replacement_minor) if money.quote else None
    payments = {intent.key: intent for intent in money.payments}
    refunds = tuple(_refund(each, payments) for each in money.authorizations)
    authorized = {intent.key for refund in refunds for intent in refund.intents}
    return Explanation(
        rma_id=money.rma_id,
        order_id=money.order_id,
        currency=money.currency,
        quote=explained_quote,
        refunds=refunds,
        other_payments=tuple(intent for intent in money.payments if intent.key not in authorized),
        adds_up=all(each.adds_up for each in (*refunds, *((explained_quote,) if explained_quote else ()))),
    )


def _quote(quote: RefundQuote, replacement_minor: int) -> ExplainedQuote:
    replacement = WorksheetRow(rule=WorksheetRule.REPLACEMENT, amount_minor=-replacement_minor)
    rows = (*quote.worksheet(), replacement) if replacement_minor else quote.worksheet()
    total_minor = quote.total_minor - replacement_minor
    return ExplainedQuote(
        policy_version=quote.policy_version,
        rows=_rows(rows),
        total_minor=total_minor,
        adds_up=sum_of_rows(rows) == total_minor,
    )


def _refund(authorization: Authorization, payments: dict[str, PaymentIntent]) -> ExplainedRefund:
    refund = authorization.refund
    rows = (*refund.quote.worksheet(), *refund.adjustments)
    drawn_minor = sum(intent.amount_minor for intent in refund.intents)
    return ExplainedRefund(
        policy_version=refund.quote.policy_version,
        rows=_rows(rows),
        total_minor=drawn_minor,
        adds_up=sum_of_rows(rows) == drawn_minor,
        op=authorization.op,
        at=authorization.at,
        basis=authorization.basis,
        owed_by_customer_minor=refund.owed_by_customer_minor,
        intents=tuple(payments.get(intent.key, intent) for intent in refund.intents),
    )


def _rows(rows: Iterable[WorksheetRow]) -> tuple[ExplainedRow, ...]:
    return tuple(
        ExplainedRow(
            rule=row.rule,
            counts=row.rule.counts,
            line_id=row.line_id,
            amount_minor=row.amount_minor,
            inputs=row.inputs,
        )
        for row in rows
    )
