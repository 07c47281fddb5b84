"""Claims desks of carriers and insurers."""

from temporalio import activity

from activities.errors import provider_errors
from adapters.claims.port import ClaimsPort
from domain.claims import ClaimFiling, ClaimLookup, ClaimLookupAnswer, FiledClaim


class ClaimActivities:
    """Files claims. The desks honour no idempotency key, so our reference is looked up first."""

    def __init__(self, claims: ClaimsPort) -> None:
        self._claims = claims

    @activity.defn(name="claims.file")
    async def file(self, filing: ClaimFiling) -> FiledClaim:
        """Find the claim of our reference, or file it: an answer that was lost must not claim twice."""
        lookup = ClaimLookup(reference=filing.claim.reference, party=filing.claim.party)
        with provider_errors():
            return await self._claims.find(lookup) or await self._claims.submit(filing)

    @activity.defn(name="claims.contest")
    async def contest(self, filing: ClaimFiling) -> FiledClaim:
        """Object to a rejection."""
        with provider_errors():
            return await self._claims.contest(filing)

    @activity.defn(name="claims.look_up")
    async def look_up(self, lookup: ClaimLookup) -> ClaimLookupAnswer:
        """Ask how a claim stands: the news of its answer may have been lost."""
        with provider_errors():
            return ClaimLookupAnswer(claim=await self._claims.find(lookup))
