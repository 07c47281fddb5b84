"""The store-credit service of the sandbox."""

import httpx

from adapters.http import ProviderHttp
from adapters.store_credit.port import StoreCreditPort
from domain.record import Record
from domain.store_credit import CreditAccount, CreditAccountRequest, CreditGrant, GrantedCredit


class _Accounts(Record):
    accounts: tuple[CreditAccount, ...]


class _Grants(Record):
    grants: tuple[GrantedCredit, ...]


class SandboxStoreCredit(StoreCreditPort):
    """The store-credit port on the sandbox, which grants anew with every request, so we look first."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "store_credit")

    async def open_account(self, request: CreditAccountRequest) -> CreditAccount:
        """Find the customer's account in the currency, or open it."""
        asked = {"customer_id": request.customer_id, "currency": request.currency}
        found = await self._http.read("/store-credit/accounts", _Accounts, asked)
        if found.accounts:
            return found.accounts[0]
        return await self._http.write("/store-credit/accounts", request.model_dump(mode="json"), CreditAccount)

    async def find_grant(self, key: str) -> GrantedCredit | None:
        """Look up the grant of a key; None if nothing was granted."""
        answer = await self._http.read("/store-credit/grants", _Grants, {"key": key})
        return next(iter(answer.grants), None)

    async def grant(self, grant: CreditGrant) -> GrantedCredit:
        """Put an amount on an account; a repeat is another grant."""
        return await self._http.write("/store-credit/grants", grant.model_dump(mode="json"), GrantedCredit)
