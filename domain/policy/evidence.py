"""Which faults have to be shown, and how."""

from typing import Self

from pydantic import model_validator

from domain.application import Evidence, EvidenceKind
from domain.reasons import REASON_RULES, ReturnReason
from domain.record import Record

FAULTS = tuple(reason for reason, rule in REASON_RULES.items() if rule.is_fault)


class EvidenceRules(Record):
    """The reasons that need evidence, and those of them that need a video."""

    required_for: tuple[ReturnReason, ...] = FAULTS
    video_for: tuple[ReturnReason, ...] = ()

    @model_validator(mode="after")
    def _asks_for_videos_of_what_is_asked_for(self) -> Self:
        if alone := [reason for reason in self.video_for if reason not in self.required_for]:
            raise ValueError(f"video_for: {alone[0]} is not in required_for")
        return self

    def missing(self, reason: ReturnReason, shown: tuple[Evidence, ...]) -> EvidenceKind | None:
        """What has still to be shown for a reason: a video, anything (an image), or nothing."""
        if reason in self.video_for and not any(each.kind is EvidenceKind.VIDEO for each in shown):
            return EvidenceKind.VIDEO
        return EvidenceKind.IMAGE if reason in self.required_for and not shown else None
