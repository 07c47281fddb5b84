"""A chargeback of a return that has ended: the ledger keeps it, a supervisor is told, and decides it there."""

from datetime import UTC, datetime

from domain.actions import PERMITTED_ROLES, Action
from domain.application import Locale
from domain.chargeback_entries import decision_entry, report_entry
from domain.chargebacks import Chargeback, ChargebackState
from domain.notices import Notices
from ledger.errors import CeilingExceeded, ChargebackConflict, ChargebackNotFound, RefundInFlight
from ledger.ledger import Ledger
from starters.errors import ActionNotAllowed, InvalidAction, RoleNotPermitted
from workflows.contracts import ActionAnswer, ActionRequest, ChargebackAcceptance, ChargebackNotice, HoldRelease

CHARGEBACK_ACTIONS = (Action.REPORT_CHARGEBACK, Action.RELEASE_HOLD, Action.ACCEPT_CHARGEBACK)


def act_on_closed(ledger: Ledger, rma_id: str, action: Action, request: ActionRequest) -> ActionAnswer | None:
    """Take what concerns a chargeback of a return that has ended; None if it has not, or never held anything.

    Blocks: it is a transaction of the ledger.

    Raises:
        RoleNotPermitted: If the role may not send the action.
        InvalidAction: If the order has no such payment or no such chargeback.
        ActionNotAllowed: If the chargeback was decided before, or a refund has no outcome yet.
    """
    closed = ledger.closed_return(rma_id)
    if closed is None or not closed.order_id:
        return None
    if request.actor.role not in PERMITTED_ROLES[action]:
        roles = ", ".join(PERMITTED_ROLES[action])
        raise RoleNotPermitted(f"Permitted for {action.value}: {roles}.", "actor.role")
    now = datetime.now(UTC)
    try:
        _write(ledger, rma_id, request, now)
    except CeilingExceeded as error:
        raise InvalidAction(str(error), "amount_minor") from error
    except ChargebackNotFound as error:
        raise InvalidAction(str(error), "chargeback_id") from error
    except (ChargebackConflict, RefundInFlight) as error:
        raise ActionNotAllowed(str(error), "chargeback_id") from error
    return ActionAnswer(rma_id=rma_id, action=action, accepted_at=now)


def _write(ledger: Ledger, rma_id: str, request: ActionRequest, now: datetime) -> None:
    order = ledger.frozen_order(rma_id)
    notices = Notices(rma_id, order.customer_id, order.order_id, Locale.ZH_CN)
    if isinstance(request, ChargebackNotice):
        reported = Chargeback(
            chargeback_id=request.chargeback_id, payment_id=request.payment_id, amount_minor=request.amount_minor
        )
        paid = ledger.intents_of(rma_id)
        ledger.report_chargeback(report_entry(rma_id, reported, order.currency, notices, paid, now))
    elif isinstance(request, HoldRelease | ChargebackAcceptance):
        state = ChargebackState.WON if isinstance(request, HoldRelease) else ChargebackState.LOST
        chargeback = ledger.chargeback(rma_id, request.chargeback_id)
        if chargeback.state is ChargebackState.OPEN:
            entry = decision_entry(rma_id, chargeback, order.currency, notices, state, now)
            chargeback = ledger.decide_chargeback(entry).chargeback
        if chargeback.state is not state:
            raise ActionNotAllowed(
                f"{chargeback.chargeback_id} was decided as {chargeback.state.value} before, and that stands.",
                "chargeback_id",
            )
