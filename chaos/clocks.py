"""A policy whose clocks run in seconds: the packaged standard with shorter durations."""

import re
from importlib import resources
from pathlib import Path

from domain.policy import Policy, parse_policy

VERSION = "chaos-1"
_SECONDS = {
    "lead": "PT1S",
    "slot": "PT2M",
    "manual_review": "PT1M",
    "appeal": "PT4S",
    "offer": "PT1M",
    "approval": "PT1M",
    "acceptance_scan": "PT1M",
    "handover": "PT3M",
    "handover_reminders": ["PT1M", "PT2M"],
    "transit_trace": "PT20S",
    "transit_lost": "PT3M",
    "inspection": "PT10S",
    "inspection_management": "PT20S",
    "contest": "PT1M",
    "expert": "PT1M",
    "complaint": "PT1M",
    "escalation": "PT1M",
    "arbitration": "PT1M",
    "refund_unknown": "PT1M",
    "payment_method": "PT1M",
    "substitute": "PT1M",
    "repair": "PT1M",
    "recovery_notice": "PT10S",
}
"""Long enough that an outage of a minute does not decide a return, short enough that late inspections are late."""


def chaos_policy() -> tuple[Policy, str]:
    """The policy and its TOML.

    Raises:
        ValueError: If the packaged standard has no such durations any more.
    """
    text = resources.files("policy").joinpath("standard.toml").read_text("utf-8")
    for name, value in {"version": VERSION, **_SECONDS}.items():
        shown = str(value).replace("'", '"') if isinstance(value, list) else f'"{value}"'
        text, found = re.subn(rf"^{name} = .*$", f"{name} = {shown}", text, count=1, flags=re.MULTILINE)
        if not found:
            raise ValueError(f"policy/standard.toml has no line `{name} = …`")
    return parse_policy(text), text


def write_policy(folder: Path) -> Path:
    """Write the policy into a folder for the workers' RETURNFLOW_POLICY_FILE."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "policy.toml"
    file.write_text(chaos_policy()[1], "utf-8")
    return file
