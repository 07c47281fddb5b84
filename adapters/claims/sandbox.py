"""The claims desks of the sandbox."""

import httpx

from adapters.claims.port import ClaimsPort
from adapters.http import ProviderHttp
from domain.claims import ClaimFiling, ClaimLookup, FiledClaim
from domain.record import Record

_FILED = {"reference", "rma_id", "reason", "currency", "claimed_minor", "evidence"}


class _Claims(Record):
    claims: tuple[FiledClaim, ...]


class SandboxClaims(ClaimsPort):
    """The claims port on the sandbox, whose desks open a claim with every request."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "claims")

    async def find(self, lookup: ClaimLookup) -> FiledClaim | None:
        """Look up a claim; None if the party knows none under the reference."""
        answer = await self._http.read(f"/claims/{lookup.party.value}", _Claims, {"reference": lookup.reference})
        return next(iter(answer.claims), None)

    async def submit(self, filing: ClaimFiling) -> FiledClaim:
        """File a claim."""
        body = filing.claim.model_dump(mode="json", include=_FILED) | {"at": filing.at.isoformat()}
        return await self._http.write(f"/claims/{filing.claim.party.value}", body, FiledClaim)

    async def contest(self, filing: ClaimFiling) -> FiledClaim:
        """Object to a rejection."""
        path = f"/claims/{filing.claim.party.value}/{filing.claim.claim_id}/contest"
        evidence = filing.claim.model_dump(mode="json", include={"evidence"})
        body = evidence | {"note": filing.note, "at": filing.at.isoformat()}
        return await self._http.write(path, body, FiledClaim)
