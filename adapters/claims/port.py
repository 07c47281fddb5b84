"""What the pipeline asks of the claims desks of carriers and insurers."""

from typing import Protocol

from domain.claims import ClaimFiling, ClaimLookup, FiledClaim


class ClaimsPort(Protocol):
    """Claims by our reference. Every method raises the errors of `adapters.errors`."""

    async def find(self, lookup: ClaimLookup) -> FiledClaim | None:
        """Look up a claim; None if the party knows none under the reference."""
        ...

    async def submit(self, filing: ClaimFiling) -> FiledClaim:
        """File a claim, one more with each call: look it up before a repeat."""
        ...

    async def contest(self, filing: ClaimFiling) -> FiledClaim:
        """Object to a rejection, once; a repeat is the same objection."""
        ...
