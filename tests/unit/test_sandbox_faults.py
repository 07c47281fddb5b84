"""Which calls a fault strikes."""

import httpx
import pytest
from pydantic import ValidationError

from sandbox.faults import FaultKind, Faults, FaultSpec, Target
from sandbox.server import running_sandbox


def strikes(faults: Faults, calls: int, **fields: object) -> list[bool]:
    return [faults.strike(Target.REFUND, FaultKind.PENDING, fields) is not None for _ in range(calls)]


def test_a_fault_strikes_once_unless_told_otherwise() -> None:
    assert strikes(Faults([FaultSpec(target=Target.REFUND, kind=FaultKind.PENDING)]), 3) == [True, False, False]
    always = FaultSpec(target=Target.REFUND, kind=FaultKind.PENDING, times=None)
    assert strikes(Faults([always]), 3) == [True] * 3


def test_chance_follows_the_seed() -> None:
    spec = FaultSpec(target=Target.REFUND, kind=FaultKind.PENDING, times=None, probability=0.3, seed=5)
    first, again = strikes(Faults([spec]), 1000), strikes(Faults([spec]), 1000)
    other = strikes(Faults([spec.model_copy(update={"seed": 6})]), 1000)
    assert first == again
    assert first != other
    assert 250 < sum(first) < 350


def test_a_fault_strikes_the_calls_that_match() -> None:
    spec = FaultSpec(
        target=Target.REFUND,
        kind=FaultKind.PENDING,
        times=None,
        match={"method_id": "CARD-1", "amount_minor": 500},
    )
    faults = Faults([spec])
    assert strikes(faults, 1, method_id="CARD-1", amount_minor=500) == [True]
    assert strikes(faults, 1, method_id="CARD-1", amount_minor=501) == [False]
    assert strikes(faults, 1, method_id="CARD-1") == [False]
    assert faults.strike(Target.CHARGE, FaultKind.PENDING, {"method_id": "CARD-1", "amount_minor": 500}) is None


def test_a_second_fault_of_a_kind_takes_over_from_the_first() -> None:
    spec = FaultSpec(target=Target.REFUND, kind=FaultKind.PENDING)
    assert strikes(Faults([spec, spec]), 3) == [True, True, False]


@pytest.mark.parametrize(
    "spec",
    [
        {"target": "payments.nothing", "kind": "latency"},
        {"target": "payments.refund", "kind": "duplicate"},
        {"target": "payments.refund", "kind": "latency", "times": 0},
        {"target": "payments.refund", "kind": "latency", "probability": 0},
        {"target": "payments.refund", "kind": "latency", "second": 3},
    ],
)
def test_a_fault_that_could_never_strike_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FaultSpec.model_validate(spec)


def test_a_refused_fault_names_what_there_is() -> None:
    with running_sandbox() as url:
        answer = httpx.post(f"{url}/faults", json={"target": "payments.nothing", "kind": "latency"})
    assert answer.status_code == 422
    assert "payments.refund" in answer.json()["detail"]
