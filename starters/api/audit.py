"""The route of the audit: what was refused and what was granted beyond the rules."""

from typing import Annotated

from fastapi import APIRouter, Query

from domain.audit import AuditEntry
from ledger.ledger import Ledger
from starters.api.documentation import problems
from starters.api.paths import RmaId

_MOST = 1_000


def audit_router(ledger: Ledger) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["Returns"])

    @router.get("/v1/returns/{rma_id}/audit", summary="What was refused and granted", responses=problems(422, 503))
    def audit(
        rma_id: RmaId,
        limit: Annotated[int, Query(ge=1, le=_MOST, description="How many lines at most.")] = 100,
    ) -> list[AuditEntry]:
        """List who was refused or granted what on a return, and by which rule, the newest first.

        Kept are refusals by role, version and authority, and every payout that a person granted beyond the rules.
        A return of which nothing is kept, known or not, has an empty list.
        """
        return ledger.audit_entries(rma_id, limit)

    return router
