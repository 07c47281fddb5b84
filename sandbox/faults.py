"""Faults on demand: which call goes wrong, how, and how often."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field, field_validator, model_validator

from domain.record import Record, UtcDatetime
from sandbox.bodies import Body


class Target(StrEnum):
    """The calls that a fault can be set for. Also the names of the routes."""

    GET_ORDER = "orders.get"
    GET_VARIANTS = "orders.variants"
    CANCEL_FULFILMENT = "orders.cancel_fulfilment"
    REPLACEMENT = "orders.replacement"
    REFUND = "payments.refund"
    CHARGE = "payments.charge"
    PAYMENT_HOLD = "payments.hold"
    RENEW_PAYMENT_HOLD = "payments.renew_hold"
    CAPTURE_PAYMENT_HOLD = "payments.capture_hold"
    RELEASE_PAYMENT_HOLD = "payments.release_hold"
    FIND_PAYMENT_HOLD = "payments.find_hold"
    FIND_REFUND = "payments.find_refund"
    FIND_CHARGE = "payments.find_charge"
    LIST_PAYMENTS = "payments.list"
    PICKUP = "carriers.pickup"
    FIND_PICKUP = "carriers.find_pickup"
    CANCEL_PICKUP = "carriers.cancel_pickup"
    LABEL = "carriers.label"
    FIND_LABEL = "carriers.find_label"
    VOID_LABEL = "carriers.void_label"
    TRACK = "carriers.track"
    SCAN = "carriers.scan"
    HOLD = "inventory.hold"
    RELEASE = "inventory.release"
    COUPON = "coupons.issue"
    FIND_COUPON = "coupons.find"
    CREDIT_ACCOUNT = "store_credit.account"
    FIND_CREDIT_ACCOUNT = "store_credit.find_account"
    CREDIT_GRANT = "store_credit.grant"
    FIND_CREDIT_GRANT = "store_credit.find_grant"
    REPAIR = "workshop.repair"
    FIND_REPAIR = "workshop.find_repair"
    CANCEL_REPAIR = "workshop.cancel_repair"
    MESSAGE = "messages.send"
    NOTICE = "warehouse.notify"
    CLAIM = "claims.file"
    FIND_CLAIM = "claims.find"
    CONTEST_CLAIM = "claims.contest"
    ANSWER_CLAIM = "claims.answer"


class FaultKind(StrEnum):
    """How a call goes wrong.

    Any call: ``latency`` answers after `seconds`; ``error_before`` is a 500 that did nothing; ``error_after``
    is a 500 that did everything; ``reset`` breaks the connection and did nothing; ``lost_response`` does
    everything and breaks the connection; ``too_busy`` is a 429 with Retry-After; ``unavailable`` is a 503 that
    did nothing.

    The others belong to the calls named in `_ONLY_FOR`: ``duplicate`` issues a second coupon under the key;
    ``closed_method`` declines; ``pending`` answers so first and ends at the look-up; ``forgotten_key`` takes a
    repeat for a new request, as providers do with keys that are a day old; ``not_covered`` refuses the address;
    ``lose_webhook`` records a scan and tells nobody; ``repeat_webhook`` tells of it twice; ``late_webhook`` tells
    of it after `seconds`, so that a later scan comes first.
    """

    LATENCY = "latency"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    RESET = "reset"
    LOST_RESPONSE = "lost_response"
    TOO_BUSY = "too_busy"
    UNAVAILABLE = "unavailable"
    DUPLICATE = "duplicate"
    CLOSED_METHOD = "closed_method"
    NOT_COVERED = "not_covered"
    LOSE_WEBHOOK = "lose_webhook"
    REPEAT_WEBHOOK = "repeat_webhook"
    LATE_WEBHOOK = "late_webhook"
    PENDING = "pending"
    FORGOTTEN_KEY = "forgotten_key"


_ONLY_FOR: dict[FaultKind, frozenset[Target]] = {
    FaultKind.DUPLICATE: frozenset({Target.COUPON}),
    FaultKind.CLOSED_METHOD: frozenset(
        {
            Target.REFUND,
            Target.CHARGE,
            Target.PAYMENT_HOLD,
            Target.RENEW_PAYMENT_HOLD,
            Target.CAPTURE_PAYMENT_HOLD,
        }
    ),
    FaultKind.NOT_COVERED: frozenset({Target.PICKUP}),
    FaultKind.LOSE_WEBHOOK: frozenset({Target.SCAN}),
    FaultKind.REPEAT_WEBHOOK: frozenset({Target.SCAN}),
    FaultKind.LATE_WEBHOOK: frozenset({Target.SCAN}),
    FaultKind.PENDING: frozenset({Target.REFUND, Target.CHARGE}),
    FaultKind.FORGOTTEN_KEY: frozenset({Target.REFUND, Target.CHARGE, Target.COUPON}),
}

_EVERY = "*"
_CALLS_OF_THE_PIPELINE = tuple(target for target in Target if target is not Target.SCAN)
"""A scan is what a courier does."""

_NAMING_FIELDS = (
    "reference",
    "key",
    "message_id",
    "notice_id",
    "event_id",
    "pickup_id",
    "tracking_no",
    "order_id",
)


class FaultSpec(Body):
    """A fault to set.

    Attributes:
        target: A call, several as a list, or ``*`` for every call of the pipeline's.
        times: How often it strikes; None for always.
        lasts: For how many seconds from now it strikes; None for ever.
        probability: The chance that it strikes a call it could strike, 0 to 1; drawn from `seed`.
        seconds: The delay of ``latency`` and ``late_webhook``, or what ``too_busy`` asks the caller to wait.
        match: Fields of the call (path, query, top level of the body) and the values that they must have.
    """

    target: Target | tuple[Target, ...]
    kind: FaultKind
    times: int | None = Field(default=1, ge=1)
    lasts: float | None = Field(default=None, gt=0, le=86_400)
    probability: float = Field(default=1.0, gt=0, le=1)
    seconds: float = Field(default=1.0, ge=0, le=3600)
    match: dict[str, str | int] = Field(default_factory=dict)
    seed: int = 0

    @field_validator("target", mode="before")
    @classmethod
    def _are_targets(cls, target: object) -> object:
        if target == _EVERY:
            return _CALLS_OF_THE_PIPELINE
        named = target if isinstance(target, list | tuple) else [target]
        if not named or any(each not in list(Target) for each in named):
            raise ValueError(f"there is no such call; the calls are {', '.join(Target)}, and {_EVERY} for all")
        return target

    @model_validator(mode="after")
    def _kind_fits_target(self) -> "FaultSpec":
        targets = _ONLY_FOR.get(self.kind)
        if targets and not self.targets <= targets:
            raise ValueError(f"{self.kind} is for {', '.join(sorted(targets))} only")
        return self

    @property
    def targets(self) -> frozenset[Target]:
        """The calls that it may strike."""
        return frozenset([self.target] if isinstance(self.target, Target) else self.target)


class FaultState(Record):
    """A fault with how often it struck."""

    fault_id: str
    spec: FaultSpec
    hits: int


class Hit(Record):
    """A fault that struck a call. `reference` names the call by what it was about.

    Attributes:
        at: When it struck, UTC by this machine's clock.
        answered_at: When a call about the same thing was next answered as it should be, or the webhook was taken;
            None while that has not happened.
    """

    fault_id: str
    target: Target
    kind: FaultKind
    reference: str
    at: UtcDatetime
    answered_at: UtcDatetime | None = None


class _Fault:
    def __init__(self, fault_id: str, spec: FaultSpec) -> None:
        self.fault_id = fault_id
        self.spec = spec
        self.hits = 0
        self._random = random.Random(spec.seed)
        self._ends_at = None if spec.lasts is None else time.monotonic() + spec.lasts

    def strikes(self, fields: Mapping[str, object]) -> bool:
        if self.spec.times is not None and self.hits >= self.spec.times:
            return False
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            return False
        if any(str(fields.get(name)) != str(value) for name, value in self.spec.match.items()):
            return False
        return self._random.random() < self.spec.probability


class Faults:
    """The faults that are set, and every hit so far."""

    def __init__(self, specs: Sequence[FaultSpec] = ()) -> None:
        self._faults: list[_Fault] = []
        self._set_so_far = 0
        self._hits: list[Hit] = []
        self._unanswered: dict[str, list[int]] = {}
        for spec in specs:
            self.add(spec)

    def add(self, spec: FaultSpec) -> FaultState:
        """Set a fault. Several may strike the same call, the oldest of a kind first."""
        self._set_so_far += 1
        self._faults.append(_Fault(f"fault-{self._set_so_far}", spec))
        return self.states()[-1]

    def clear(self, kind: FaultKind | None = None) -> int:
        """Remove every fault, or those of a kind; the hits stay on record.

        Returns:
            How many there were.
        """
        kept = [each for each in self._faults if kind is not None and each.spec.kind is not kind]
        removed = len(self._faults) - len(kept)
        self._faults = kept
        return removed

    def states(self) -> list[FaultState]:
        """The faults that are set, oldest first."""
        return [FaultState(fault_id=each.fault_id, spec=each.spec, hits=each.hits) for each in self._faults]

    def hits(self) -> list[Hit]:
        """Every hit since the start, oldest first."""
        return list(self._hits)

    def concern(self, target: Target) -> bool:
        """Whether any fault is set for a call, or an earlier one waits for its answer."""
        return bool(self._unanswered) or any(target in each.spec.targets for each in self._faults)

    def strike(self, target: Target, kind: FaultKind, fields: Mapping[str, object]) -> FaultSpec | None:
        """Let a fault of this kind strike the call, if one does, and record it."""
        for fault in self._faults:
            if fault.spec.kind is kind and target in fault.spec.targets and fault.strikes(fields):
                fault.hits += 1
                named = _named(fields)
                self._unanswered.setdefault(named or target, []).append(len(self._hits))
                self._hits.append(
                    Hit(fault_id=fault.fault_id, target=target, kind=kind, reference=named, at=datetime.now(UTC))
                )
                return fault.spec
        return None

    def answered(self, target: Target, fields: Mapping[str, object]) -> None:
        """Note that a call was answered as it should be: what struck calls about the same thing is over."""
        for number in self._unanswered.pop(_named(fields) or target, ()):
            self._hits[number] = self._hits[number].model_copy(update={"answered_at": datetime.now(UTC)})


def _named(fields: Mapping[str, object]) -> str:
    """What a call is about; empty if it names nothing."""
    return next((str(fields[name]) for name in _NAMING_FIELDS if fields.get(name)), "")
