"""The table of what was noticed."""

from collections import Counter
from dataclasses import dataclass, field

from tests.mutations.edits import Edit
from tests.mutations.trial import Verdict

_ROW = "{:36} {:46} {:7} {:12} {:12} {}"
HEAD = _ROW.format("edit", "site", "replay", "fingerprint", "verdict", "what")


@dataclass
class Report:
    """Prints a row per edit, and adds up."""

    explained: dict[tuple[str, str, str], str]
    counts: dict[tuple[bool, str], Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    """Edits that were missed without an explanation, and false alarms."""

    def add(self, edit: Edit, verdict: Verdict) -> None:
        """Print a row."""
        counts = self.counts.setdefault((edit.harmless, edit.kind), Counter())
        outcome = self._outcome(edit, verdict)
        replay, fingerprint = "caught" if verdict.replay else "-", "caught" if verdict.fingerprint else "-"
        what = f"{edit.function}: {edit.what}"
        row = _ROW.format(edit.kind, edit.site, replay, fingerprint, outcome, what)
        print(row, flush=True)
        counts.update(
            tried=1,
            replay=int(bool(verdict.replay)),
            fingerprint=int(bool(verdict.fingerprint)),
            either=int(verdict.is_caught),
            explained=int(outcome == "explained"),
        )
        if outcome in ("MISSED", "FALSE ALARM"):
            self.wrong.append(
                f"{outcome}: {row}\n    replay: {verdict.replay}\n    fingerprint: {verdict.fingerprint}"
            )

    def _outcome(self, edit: Edit, verdict: Verdict) -> str:
        if edit.harmless:
            return "FALSE ALARM" if verdict.is_caught else "silent"
        if verdict.is_caught:
            return "caught"
        return "explained" if (edit.kind, edit.function, edit.what) in self.explained else "MISSED"

    def summary(self) -> str:
        """The counts per kind, and what is wrong."""
        lines = ["", "| edit | tried | replay | fingerprint | either | explained |", "|---|--:|--:|--:|--:|--:|"]
        for is_harmless in (False, True):
            total: Counter[str] = Counter()
            for kind, counts in (
                (kind, counts) for (each, kind), counts in self.counts.items() if each is is_harmless
            ):
                total.update(counts)
                lines.append(_row(kind, counts))
            lines.append(_row("**all harmless**" if is_harmless else "**all that break**", total))
        return "\n".join([*lines, "", *self.wrong, f"{len(self.wrong)} wrong"])


def _row(kind: str, counts: Counter[str]) -> str:
    numbers = " | ".join(str(counts[name]) for name in ("tried", "replay", "fingerprint", "either", "explained"))
    return f"| {kind} | {numbers} |"
