"""What the pipeline asks of the store-credit service."""

from typing import Protocol

from domain.store_credit import CreditAccount, CreditAccountRequest, CreditGrant, GrantedCredit


class StoreCreditPort(Protocol):
    """Accounts by customer and currency, grants by key.

    The service honours no key, so a client looks up before it asks. Every method raises the errors of
    `adapters.errors`.
    """

    async def open_account(self, request: CreditAccountRequest) -> CreditAccount:
        """Find the customer's account in the currency, or open it."""
        ...

    async def find_grant(self, key: str) -> GrantedCredit | None:
        """Look up the grant of a key; None if nothing was granted."""
        ...

    async def grant(self, grant: CreditGrant) -> GrantedCredit:
        """Put an amount on an account."""
        ...
