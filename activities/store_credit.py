"""Store credit: accounts and grants."""

from temporalio import activity

from activities.errors import provider_errors
from adapters.store_credit.port import StoreCreditPort
from domain.store_credit import CreditAccount, CreditAccountRequest, CreditGrant, GrantedCredit


class StoreCreditActivities:
    """Opens accounts and grants credit, each grant once for its key."""

    def __init__(self, store_credit: StoreCreditPort) -> None:
        self._store_credit = store_credit

    @activity.defn(name="store_credit.open_account")
    async def open_account(self, request: CreditAccountRequest) -> CreditAccount:
        """Find the customer's account, or open it."""
        with provider_errors():
            return await self._store_credit.open_account(request)

    @activity.defn(name="store_credit.grant")
    async def grant(self, grant: CreditGrant) -> GrantedCredit:
        """Find the grant of the key, or make it: an answer that was lost must not give a second one."""
        with provider_errors():
            return await self._store_credit.find_grant(grant.key) or await self._store_credit.grant(grant)
