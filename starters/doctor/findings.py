"""What an examination says: findings, which checks were made, and which could not be."""

from enum import StrEnum

from pydantic import computed_field

from domain.record import Record, UtcDatetime
from starters.doctor.codes import Code, Severity


class Step(Record):
    """Something to do: a command to type, or, where no command does it, what a person does."""

    command: str = ""
    say: str = ""


class Finding(Record):
    """Something that is wrong. No text holds personal data.

    Attributes:
        code: Which of the known faults it is.
        what: What is wrong, in a sentence.
        why: Why that matters.
        count: How many returns or items it is about; 0 where it is about none.
        at_least: Whether there may be more, since not everything was looked at.
        rma_ids: A few of the returns.
        steps: How it is mended, in order.
    """

    code: Code
    what: str
    why: str
    count: int = 0
    at_least: bool = False
    rma_ids: tuple[str, ...] = ()
    steps: tuple[Step, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def severity(self) -> Severity:
        """How soon it has to be looked at."""
        return self.code.severity


class Looked(Record):
    """What a check came to; `note` says how far it looked, where that was not everywhere."""

    findings: tuple[Finding, ...] = ()
    note: str = ""


class CheckState(StrEnum):
    """What became of a check."""

    CLEAN = "clean"
    FOUND = "found"
    NOT_MADE = "not_made"


class CheckMade(Record):
    """A check and what became of it.

    Attributes:
        name: What was looked at.
        codes: What it can find.
        note: Why it could not be made, or how far it looked where that was not everywhere.
    """

    name: str
    codes: tuple[Code, ...]
    state: CheckState
    note: str = ""


class Verdict(StrEnum):
    """What an examination comes to."""

    WELL = "well"
    """Every check was made, and nothing is wrong."""
    NOT_WELL = "not_well"
    """Something is wrong, or a check could not be made."""
    NOT_EXAMINED = "not_examined"
    """There is no Temporal, or no such namespace: nothing can be said of the returns."""


_UNREACHABLE = (Code.TEMPORAL_AWAY, Code.NAMESPACE_MISSING)


class Examination(Record):
    """The answer of `returns doctor`. `seconds` is how long it took."""

    at: UtcDatetime
    namespace: str
    task_queue: str
    seconds: float
    findings: tuple[Finding, ...]
    checks: tuple[CheckMade, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """What it comes to."""
        if any(finding.code in _UNREACHABLE for finding in self.findings):
            return Verdict.NOT_EXAMINED
        wrong = any(finding.severity is not Severity.INFORMATION for finding in self.findings)
        blind = any(check.state is CheckState.NOT_MADE for check in self.checks)
        return Verdict.NOT_WELL if wrong or blind else Verdict.WELL


class NotMade(Exception):
    """A check cannot be made; the text says why, in words that go on from `not checked`."""
