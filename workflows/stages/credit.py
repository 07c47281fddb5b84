"""The customer's store credit: an account per currency, and what is put on it as a gift of the shop."""

from temporalio import workflow

from domain.outbox import Template
from domain.store_credit import CreditAccountRequest, CreditGrant
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import CreditStatus
from workflows.stages.owed import owed


async def credit_account(case: ReturnCase) -> str:
    """The id of the customer's account in the order's currency, opened if there is none."""
    request = CreditAccountRequest(
        customer_id=case.application.customer_id, currency=case.rules.currency, at=workflow.now()
    )
    what, alert = "store-credit account", Template.STAFF_CREDIT_REFUSED
    return (await owed(case, calls.open_credit_account, request, what, alert, case.rma_id)).account_id


async def grant_credit(case: ReturnCase, key: str, account_id: str, amount_minor: int, what: str) -> None:
    """Put an amount on an account, once for the key; the status shows it from when it is owed."""
    grant = CreditGrant(
        key=key,
        rma_id=case.rma_id,
        account_id=account_id,
        amount_minor=amount_minor,
        currency=case.rules.currency,
        at=workflow.now(),
    )
    credit = CreditStatus(key=key, account_id=account_id, amount_minor=amount_minor, currency=grant.currency)
    case.credits[key] = credit
    granted = await owed(case, calls.grant_credit, grant, what, Template.STAFF_CREDIT_REFUSED, key)
    case.credits[key] = credit.model_copy(update={"grant_id": granted.grant_id})
    case.note("store credit granted", granted.grant_id)
