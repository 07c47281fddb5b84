"""Why a payout may not be granted, for the person who asked."""

from domain.actions import Role
from domain.authority import PayoutAnswer, PayoutRule
from domain.money_text import format_minor


def refusal_text(role: Role, answer: PayoutAnswer, currency: str) -> str:
    """Why a role may not grant an amount, and whom to ask."""
    cap, spent = format_minor(answer.limit_minor, currency), format_minor(answer.spent_minor, currency)
    scope = "for one case" if answer.rule is PayoutRule.CASE_CAP else "in one day"
    ask = f" Ask {answer.ask.value}." if answer.ask else ""
    return (
        f"{role.value} may grant {cap} {scope}, {spent} are granted already, and this adds "
        f"{format_minor(answer.amount_minor, currency)}.{ask}"
    )
