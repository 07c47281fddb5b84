"""Store credit: accounts and what was put on them, as a fold over their book."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from domain.record import MinorUnits, Record, UtcDatetime
from sandbox.bodies import Amount, Currency, Id, TimedBody, make_id
from sandbox.books import Book, Books, Draft, Entry
from sandbox.faults import Target
from sandbox.movements import Movement
from sandbox.refusals import Refused


class AccountBody(TimedBody):
    """Open the account of a customer in a currency."""

    customer_id: Id
    currency: Currency


class GrantBody(TimedBody):
    """Put an amount on an account, in minor units. The key is not looked at: a repeat is another grant."""

    key: Id
    rma_id: str = ""
    account_id: Id
    amount_minor: Amount
    currency: Currency


class CreditKind(StrEnum):
    """What an entry of the book tells."""

    OPENED = "opened"
    REFUND = "refund"
    GRANT = "grant"


class CreditEntry(Record):
    """A change of an account, in minor units, with the caller's reference of it."""

    kind: CreditKind
    account_id: str
    customer_id: str
    currency: str
    amount_minor: MinorUnits = 0
    balance_minor: MinorUnits = 0
    reference: str = ""
    grant_id: str = ""
    rma_id: str = ""


class AccountAnswer(Record):
    """An account with its balance in minor units."""

    account_id: str
    customer_id: str
    currency: str
    balance_minor: MinorUnits


class AccountsAnswer(Record):
    """The accounts of a customer in a currency: one, or none."""

    accounts: tuple[AccountAnswer, ...]


class GrantAnswer(Record):
    """A grant that was made."""

    key: str
    grant_id: str
    account_id: str
    amount_minor: MinorUnits
    currency: str


class GrantsAnswer(Record):
    """The grants of a key, oldest first; empty if there are none."""

    grants: tuple[GrantAnswer, ...]


class StoreCredit:
    """The balance of every account, and every grant by its key."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._accounts: dict[str, AccountAnswer] = {}
        self._grants: dict[str, list[GrantAnswer]] = {}
        books.fold(Book.STORE_CREDIT, self._take)

    def account(self, account_id: str) -> AccountAnswer | None:
        """The account of an id; None if there is none."""
        return self._accounts.get(account_id)

    def accounts(self, customer_id: str, currency: str) -> tuple[AccountAnswer, ...]:
        """The account of a customer in a currency, if it was opened."""
        account = self._accounts.get(_account_id(customer_id, currency))
        return (account,) if account else ()

    def open(self, body: AccountBody) -> AccountAnswer:
        """Open an account. A repeat finds the first one: a customer has one for a currency."""
        account_id = _account_id(body.customer_id, body.currency)
        if account_id not in self._accounts:
            opened = CreditEntry(
                kind=CreditKind.OPENED,
                account_id=account_id,
                customer_id=body.customer_id,
                currency=body.currency,
            )
            self._books.append(Draft(book=Book.STORE_CREDIT, key=account_id, at=body.at, data=opened))
        return self._accounts[account_id]

    def grant(self, body: GrantBody) -> GrantAnswer:
        """Put an amount on an account.

        Raises:
            Refused: ``unknown_account`` or ``wrong_currency``.
        """
        account = self._accounts.get(body.account_id)
        if account is None:
            raise Refused(404, "unknown_account", f"There is no account {body.account_id}.")
        if account.currency != body.currency:
            raise Refused(409, "wrong_currency", f"The account is in {account.currency}.")
        granted = self._change(account, CreditKind.GRANT, body.amount_minor).model_copy(
            update={
                "reference": body.key,
                "rma_id": body.rma_id,
                "grant_id": make_id("sc_", body.key, self._books.next_seq),
            }
        )
        self._books.append(Draft(book=Book.STORE_CREDIT, key=body.key, at=body.at, data=granted))
        return self._grants[body.key][-1]

    def grants(self, key: str) -> tuple[GrantAnswer, ...]:
        """Every grant of a key."""
        return tuple(self._grants.get(key, ()))

    def refunded(self, refund: Movement, at: UtcDatetime) -> Draft:
        """Draft the entry of a refund that went to an account."""
        account = self._accounts[refund.method_id]
        entry = self._change(account, CreditKind.REFUND, refund.amount_minor).model_copy(
            update={"reference": refund.reference, "rma_id": refund.rma_id}
        )
        return Draft(book=Book.STORE_CREDIT, key=refund.reference, at=at, data=entry)

    def _change(self, account: AccountAnswer, kind: CreditKind, amount_minor: int) -> CreditEntry:
        return CreditEntry(
            kind=kind,
            account_id=account.account_id,
            customer_id=account.customer_id,
            currency=account.currency,
            amount_minor=amount_minor,
            balance_minor=account.balance_minor + amount_minor,
        )

    def _take(self, entry: Entry) -> None:
        change = CreditEntry.model_validate(entry.data)
        self._accounts[change.account_id] = AccountAnswer.model_validate(change.model_dump())
        if change.kind is CreditKind.GRANT:
            granted = GrantAnswer.model_validate({**change.model_dump(), "key": change.reference})
            self._grants.setdefault(change.reference, []).append(granted)


def _account_id(customer_id: str, currency: str) -> str:
    return make_id("SC-", customer_id, currency)


def store_credit_router(credit: StoreCredit, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of the store-credit service."""
    router = APIRouter(prefix="/store-credit", tags=["store credit"], route_class=route_class)

    @router.post("/accounts", name=Target.CREDIT_ACCOUNT)
    async def open_account(body: AccountBody) -> AccountAnswer:
        """Open an account; a repeat finds it."""
        return credit.open(body)

    @router.get("/accounts", name=Target.FIND_CREDIT_ACCOUNT)
    async def find_account(
        customer_id: Annotated[str, Query(min_length=1)], currency: Annotated[str, Query(min_length=3)]
    ) -> AccountsAnswer:
        """Look up a customer's account."""
        return AccountsAnswer(accounts=credit.accounts(customer_id, currency))

    @router.post("/grants", name=Target.CREDIT_GRANT)
    async def grant(body: GrantBody) -> GrantAnswer:
        """Put an amount on an account, anew with each request. 404 ``unknown_account``."""
        return credit.grant(body)

    @router.get("/grants", name=Target.FIND_CREDIT_GRANT)
    async def find_grant(key: Annotated[str, Query(min_length=1)]) -> GrantsAnswer:
        """Look up grants by key."""
        return GrantsAnswer(grants=credit.grants(key))

    return router
