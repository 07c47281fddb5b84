"""`returns explain`."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console

from domain.application import Locale
from domain.explanation import ExplainedQuote, ExplainedRefund, Explanation
from domain.intents import PaymentIntent
from domain.money_text import format_minor
from domain.worksheet_words import in_words
from starters.cli.look import Rma
from starters.cli.output import AsJson, console, moment, show_json, table, words
from starters.cli.session import with_returns


def explain_command(
    context: typer.Context,
    rma: Rma,
    locale: Annotated[Locale, typer.Option(help="The language of the rows.")] = Locale.EN,
    as_json: AsJson = False,
) -> None:
    """Show every amount of a return: the rule behind it, its inputs, and the money that it went to.

    returns explain RMA
    returns explain RMA --locale zh-CN
    returns explain RMA --json
    """
    explanation = in_words(with_returns(context, lambda returns: returns.explain(rma), rma))
    if as_json:
        show_json(explanation)
    else:
        show_explanation(console(), explanation, locale)


def show_explanation(out: Console, explanation: Explanation, locale: Locale) -> None:
    """Write the quote and each refund, row by row in its words, the sums, and whether it adds up."""
    currency = explanation.currency
    out.print(f"{explanation.rma_id}  order {explanation.order_id}", style="bold")
    if explanation.quote:
        title = f"Quote at the review, if everything is accepted (policy {explanation.quote.policy_version})"
        _show_rows(out, title, explanation.quote, currency, locale)
    for refund in explanation.refunds:
        title = f"{refund.op}, {words(refund.basis)}, {moment(refund.at)} (policy {refund.policy_version})"
        _show_rows(out, title, refund, currency, locale)
        _show_intents(out, refund, currency)
    if explanation.other_payments:
        _show_payments(out, "Charges, and what took the place of a declined tender", explanation.other_payments)
    if not explanation.quote and not explanation.refunds:
        out.print("Nothing was quoted and nothing is paid.")
        return
    out.print("It adds up." if explanation.adds_up else "IT DOES NOT ADD UP: tell a supervisor.", style="bold")


def _show_rows(out: Console, title: str, quote: ExplainedQuote, currency: str, locale: Locale) -> None:
    rows = table("rule", "line", "amount", "beside", "in words", title=title)
    for row in quote.rows:
        amount = format_minor(row.amount_minor, currency)
        rows.add_row(
            words(row.rule),
            row.line_id,
            amount if row.counts else "",
            "" if row.counts else amount,
            row.words[locale],
        )
    rows.add_section()
    rows.add_row("sum", "", format_minor(quote.total_minor, currency), "", "")
    out.print(rows)


def _show_intents(out: Console, refund: ExplainedRefund, currency: str) -> None:
    if refund.owed_by_customer_minor:
        out.print(f"owed by the customer: {format_minor(refund.owed_by_customer_minor, currency)}")
    if refund.intents:
        _show_payments(out, "Drawn from and sent to", refund.intents)


def _show_payments(out: Console, title: str, intents: Iterable[PaymentIntent]) -> None:
    money = table("what", "amount", "drawn from", "to or from", "state", "reference", title=title)
    for intent in intents:
        amount = format_minor(intent.amount_minor, intent.currency)
        money.add_row(
            intent.direction.value, amount, intent.payment_id, intent.method_id, intent.state.value, intent.key
        )
    out.print(money)
