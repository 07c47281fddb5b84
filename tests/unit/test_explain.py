"""`returns explain` and the worksheet of the API, over an explanation made by the domain."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from domain.application import Locale
from domain.bookkeeping import AuthorizedRefund
from domain.explanation import Authorization, Explanation, MoneyOfReturn, explain
from domain.intents import IntentState, PaymentDirection, PaymentIntent, RefundBasis
from domain.reasons import LiableParty
from domain.refund import RefundLine, RefundQuote, RefundRules
from domain.worksheet_words import in_words
from starters.errors import ReturnNotFound
from tests.unit.quotes import Books, liable, line, order
from tests.unit.test_api_support import NOW, Api, problem_of, running_api
from tests.unit.test_cli_support import Cli

RULES = RefundRules(policy_version="2026-11-1", return_freight_minor={"CNY": 1000})


def intent(key: str, payment_id: str, amount_minor: int, state: IntentState) -> PaymentIntent:
    return PaymentIntent(
        key=key,
        rma_id="RMA-1",
        order_id="O-1",
        direction=PaymentDirection.REFUND,
        payment_id=payment_id,
        method_id=f"{payment_id}-method",
        amount_minor=amount_minor,
        currency="CNY",
        state=state,
    )


def authorization(quote: RefundQuote, *intents: PaymentIntent) -> Authorization:
    return Authorization(
        op="settle-1",
        at=NOW,
        basis=RefundBasis.INSPECTION,
        refund=AuthorizedRefund(quote=quote, intents=intents),
    )


def explained(
    quote: RefundQuote | None, *authorized: Authorization, moved: Sequence[PaymentIntent] = ()
) -> Explanation:
    return explain(
        MoneyOfReturn(
            rma_id="RMA-1",
            order_id="O-1",
            currency="CNY",
            quote=quote,
            authorizations=authorized,
            payments=tuple(moved),
        )
    )


def explanation() -> Explanation:
    books = Books(order([line("SHIRT", 3, 1000, taxes=[300])]), RULES)
    expected = books.pay({"SHIRT": 2}, liability=liable(LiableParty.CUSTOMER, "SHIRT"))
    authorized = [
        intent("RMA-1-refund-1-t0", "card", 700, IntentState.INTENT),
        intent("RMA-1-refund-1-t1", "points", 300, IntentState.INTENT),
    ]
    moved = [each.model_copy(update={"state": IntentState.SUCCEEDED}) for each in authorized]
    charge = intent("RMA-1-charge-2", "", 5, IntentState.SUCCEEDED)
    return explained(expected, authorization(expected, *authorized), moved=[*moved, charge])


def test_every_row_is_in_words_of_both_languages_and_adds_up() -> None:
    told = in_words(explanation())
    assert told.adds_up
    assert told.quote is not None
    assert told.quote.total_minor == 1000
    assert [row.rule.value for row in told.refunds[0].rows if row.counts] == ["units", "return_freight"]
    assert all(set(row.words) == set(Locale) and all(row.words.values()) for row in told.refunds[0].rows)
    assert {each.state for each in told.refunds[0].intents} == {IntentState.SUCCEEDED}
    assert [each.key for each in told.other_payments] == ["RMA-1-charge-2"]


def test_the_quote_of_an_exchange_takes_off_the_replacement() -> None:
    quote = Books(order([line("SHIRT", 1, 1000)]), RULES).pay({"SHIRT": 1}, ship_back=None)
    money = MoneyOfReturn(rma_id="RMA-1", order_id="O-1", currency="CNY", quote=quote, replacement_minor=1300)
    told = explain(money)
    assert told.quote is not None
    assert (told.quote.total_minor, told.adds_up) == (-300, True)


def test_money_that_is_not_what_the_rows_come_to_is_told() -> None:
    told = explanation()
    quote = Books(order([line("SHIRT", 3, 1000)]), RULES).pay({"SHIRT": 2})
    short = authorization(quote, intent("RMA-1-refund-1-t0", "card", 999, IntentState.INTENT))
    wrong = explained(None, short)
    assert (told.adds_up, wrong.adds_up, wrong.refunds[0].adds_up) == (True, False, False)


def test_a_quote_of_before_worksheets_is_told_by_its_components() -> None:
    old = RefundQuote(
        currency="CNY",
        lines=(RefundLine(line_id="L1", quantity=1, gross_minor=900, deduction_minor=90, tax_minor=0),),
        shipping_minor=50,
    )
    told = in_words(explained(old))
    assert told.quote is not None
    assert [row.amount_minor for row in told.quote.rows] == [900, -90, 50]
    assert told.adds_up


# The command


def test_a_person_sees_the_rows_the_sum_and_the_money() -> None:
    cli = Cli()
    cli.returns.explanation = explanation()
    out = cli.run("explain", "RMA-1").out
    for words in (
        "RMA-1  order O-1",
        "Quote at the review, if everything is accepted (policy 2026-11-1)",
        "settle-1, inspection, 2026-11-22 08:00 UTC",
        "2 of 3 units",
        "-CN¥10.00",
        "CN¥2.00",
        "RMA-1-refund-1-t1",
        "points-method",
        "SUCCEEDED",
        "It adds up.",
    ):
        assert words in out, words
    assert "共 3 件" in cli.run("explain", "RMA-1", "--locale", "zh-CN").out


def test_a_program_gets_the_whole_explanation() -> None:
    cli = Cli()
    cli.returns.explanation = explanation()
    assert cli.run("explain", "RMA-1", "--json").json == in_words(explanation()).model_dump(mode="json")


def test_a_return_without_money_says_so() -> None:
    cli = Cli()
    cli.returns.explanation = Explanation(rma_id="RMA-1", order_id="O-1", currency="")
    assert "Nothing was quoted and nothing is paid." in cli.run("explain", "RMA-1").out


def test_an_unknown_return_is_refused() -> None:
    cli = Cli()
    cli.returns.fails_with = ReturnNotFound("There is no return RMA-9.")
    outcome = cli.run("explain", "RMA-9")
    assert (outcome.code, outcome.out) == (1, "")
    assert "There is no return RMA-9." in outcome.err


# The API


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("api")
    with running_api(folder) as running:
        yield running


def test_the_worksheet_is_read_over_http(api: Api) -> None:
    rma_id = api.new_return()
    api.returns.explanation = explanation()
    answer = api.http.get(f"/v1/returns/{rma_id}/worksheet")
    assert answer.status_code == 200
    assert answer.json() == in_words(explanation()).model_dump(mode="json")


def test_the_worksheet_of_an_unknown_return_is_a_problem(api: Api) -> None:
    problem_of(api.http.get("/v1/returns/RMA-UNKNOWN/worksheet"), 404, "return_not_found", "rma_id")
