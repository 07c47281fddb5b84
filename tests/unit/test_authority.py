"""Caps: per case and per day, whoever asks first; above the supervisor's a second person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.actions import AGENTS, Role
from domain.authority import PayoutRule, PayoutState, beyond_the_rules, cap_of, judge_payout
from domain.policy.authority import PayoutCaps

CAPS = PayoutCaps(agent_tier_1=3_000, agent_tier_2=50_000, agent_tier_3=500_000, supervisor=500_000)
AMOUNTS = st.integers(0, 1_000_000)


@pytest.mark.parametrize(
    ("role", "amount", "in_case", "on_day", "state", "rule", "ask"),
    [
        (Role.AGENT_TIER_1, 3_000, 0, 0, PayoutState.GRANTED, PayoutRule.WITHIN_CAP, None),
        (Role.AGENT_TIER_1, 3_001, 0, 0, PayoutState.REFUSED, PayoutRule.CASE_CAP, Role.AGENT_TIER_2),
        (Role.AGENT_TIER_1, 1_500, 1_501, 0, PayoutState.REFUSED, PayoutRule.CASE_CAP, Role.AGENT_TIER_2),
        (Role.AGENT_TIER_1, 1_500, 0, 1_501, PayoutState.REFUSED, PayoutRule.DAY_CAP, Role.AGENT_TIER_2),
        (Role.AGENT_TIER_1, 60_000, 0, 0, PayoutState.REFUSED, PayoutRule.CASE_CAP, Role.AGENT_TIER_3),
        (Role.AGENT_TIER_2, 50_000, 0, 0, PayoutState.GRANTED, PayoutRule.WITHIN_CAP, None),
        (Role.AGENT_TIER_3, 500_001, 0, 0, PayoutState.REFUSED, PayoutRule.CASE_CAP, Role.SUPERVISOR),
        (Role.SUPERVISOR, 500_000, 0, 0, PayoutState.GRANTED, PayoutRule.WITHIN_CAP, None),
        (Role.SUPERVISOR, 500_001, 0, 0, PayoutState.PENDING, PayoutRule.SECOND_PERSON, Role.SUPERVISOR),
        (Role.SUPERVISOR, 1, 0, 500_000, PayoutState.PENDING, PayoutRule.SECOND_PERSON, Role.SUPERVISOR),
        (Role.WAREHOUSE, 1, 0, 0, PayoutState.REFUSED, PayoutRule.CASE_CAP, Role.AGENT_TIER_1),
    ],
)
def test_who_may_grant_what(
    role: Role,
    amount: int,
    in_case: int,
    on_day: int,
    state: PayoutState,
    rule: PayoutRule,
    ask: Role | None,
) -> None:
    answer = judge_payout(role, amount, in_case, on_day, CAPS)
    assert (answer.state, answer.rule, answer.ask) == (state, rule, ask)


@given(st.sampled_from(AGENTS), AMOUNTS, AMOUNTS, AMOUNTS)
def test_nobody_grants_alone_beyond_either_cap(role: Role, amount: int, in_case: int, on_day: int) -> None:
    answer = judge_payout(role, amount, in_case, on_day, CAPS)
    within = max(in_case, on_day) + amount <= cap_of(role, CAPS)
    assert (answer.state is PayoutState.GRANTED) is within
    if answer.state is PayoutState.PENDING:
        assert role is Role.SUPERVISOR
    if answer.state is PayoutState.REFUSED:
        assert answer.ask is not None
        assert AGENTS.index(answer.ask) > AGENTS.index(role)


@given(st.sampled_from(AGENTS), st.lists(st.integers(1, 200_000), max_size=12))
def test_a_split_never_gets_more_than_the_cap(role: Role, parts: list[int]) -> None:
    spent = 0
    for part in parts:
        if judge_payout(role, part, spent, spent, CAPS).state is PayoutState.GRANTED:
            spent += part
    assert spent <= cap_of(role, CAPS)


@pytest.mark.parametrize(
    ("added", "kept", "beyond"), [(0, 2_000, 0), (0, 2_001, 2_001), (500, 2_000, 500), (500, 9_000, 9_500)]
)
def test_goods_below_the_returnless_limit_are_no_favour(added: int, kept: int, beyond: int) -> None:
    assert beyond_the_rules(added, kept, 2_000) == beyond


def test_a_higher_tier_may_not_grant_less() -> None:
    with pytest.raises(ValidationError, match="may not grant less"):
        PayoutCaps(agent_tier_1=3_000, agent_tier_2=2_999, agent_tier_3=500_000, supervisor=500_000)
