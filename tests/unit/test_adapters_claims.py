"""Claims desks over HTTP: looked up before a repeat, contested once, answered by the desk."""

from uuid import uuid4

import httpx
import pytest

from activities.claims import ClaimActivities
from adapters.claims.sandbox import SandboxClaims
from adapters.errors import ProviderRefused
from domain.claims import ClaimFiling, ClaimLookup, ClaimParty, ClaimVerdict
from tests.unit.claim_builders import a_claim
from tests.unit.ledger_builders import NOW

pytest_plugins = ["tests.unit.sandbox_fixtures"]

CARRIER = ClaimParty.CARRIER


@pytest.fixture
def claims(client: httpx.AsyncClient) -> SandboxClaims:
    return SandboxClaims(client)


def filing() -> ClaimFiling:
    return ClaimFiling(claim=a_claim(f"RMA-{uuid4().hex[:8]}"), at=NOW)


async def answer(client: httpx.AsyncClient, claim_id: str, verdict: ClaimVerdict, amount_minor: int = 0) -> None:
    body = {"verdict": verdict, "amount_minor": amount_minor, "at": NOW.isoformat()}
    (await client.post(f"/claims/carrier/{claim_id}/answer", json=body)).raise_for_status()


async def test_a_desk_opens_a_claim_with_each_request_so_the_reference_is_looked_up(
    client: httpx.AsyncClient, claims: SandboxClaims
) -> None:
    asked = filing()
    fault = {"target": "claims.file", "kind": "lost_response", "match": {"reference": asked.claim.reference}}
    (await client.post("/faults", json=fault)).raise_for_status()
    activities = ClaimActivities(claims)
    with pytest.raises(Exception, match="no answer"):
        await activities.file(asked)
    first = await activities.file(asked)
    assert await activities.file(asked) == first
    reference = {"reference": asked.claim.reference}
    assert len((await client.get("/claims/carrier", params=reference)).json()["claims"]) == 1
    await claims.submit(asked)
    assert len((await client.get("/claims/carrier", params=reference)).json()["claims"]) == 2


async def test_the_answer_is_read_and_a_rejection_contested_once(
    client: httpx.AsyncClient, claims: SandboxClaims
) -> None:
    asked = filing()
    filed = await claims.submit(asked)
    lookup = ClaimLookup(reference=asked.claim.reference, party=CARRIER)
    contest = asked.model_copy(update={"claim": asked.claim.model_copy(update={"claim_id": filed.claim_id})})
    with pytest.raises(ProviderRefused, match="not_rejected"):
        await claims.contest(contest)
    await answer(client, filed.claim_id, ClaimVerdict.REJECTED)
    found = await claims.find(lookup)
    assert found is not None
    assert found.answer is not None
    assert (found.answer.verdict, found.answer.round) == (ClaimVerdict.REJECTED, 1)
    assert (await claims.contest(contest)).round == 2
    assert (await claims.contest(contest)).answer is None
    await answer(client, filed.claim_id, ClaimVerdict.PARTLY_ACCEPTED, 100)
    again = await claims.find(lookup)
    assert again is not None
    assert again.answer is not None
    assert (again.answer.amount_minor, again.answer.round) == (100, 2)


async def test_a_claim_that_nobody_filed_is_not_found(claims: SandboxClaims) -> None:
    assert await claims.find(ClaimLookup(reference="RMA-0-claim-carrier", party=CARRIER)) is None
    with pytest.raises(ProviderRefused, match="unknown_claim"):
        await claims.contest(ClaimFiling(claim=a_claim(claim_id="cl_unknown"), at=NOW))
