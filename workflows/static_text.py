"""What the Web UI tells of a workflow from its start on: a line for the list, and what was applied for."""

from domain.application import ReturnApplication
from domain.claims import ClaimGrounds

_LINES = 50
"""Temporal takes details of 20,000 bytes."""


def summary_of_return(application: ReturnApplication) -> str:
    """One line: the remedy, how much, of which order."""
    units = sum(line.quantity for line in application.lines)
    what = f"{units} units of " if units else "all of "
    return f"{application.desired_resolution.value}: {what}order {application.order_id}"


def details_of_return(application: ReturnApplication) -> str:
    """The lines that were applied for, in Markdown; nothing of it is personal."""
    details = [f"Applied for: {_words(application.desired_resolution.value)}, order {application.order_id}."]
    if application.lines:
        details += ["", "| line | units | reason |", "|---|---|---|"]
    for line in application.lines[:_LINES]:
        details.append(f"| {line.line_id} | {line.quantity} | {_words(line.reason.value)} |")
    if len(application.lines) > _LINES:
        details.append(f"| and {len(application.lines) - _LINES} more | | |")
    return "\n".join(details)


def details_of_claim(rma_id: str, grounds: ClaimGrounds) -> str:
    """What is claimed from whom, for which return."""
    units = [f"{entry.quantity} of {entry.line_id}" for entry in grounds.units]
    claimed = units or [f"{parcel.carrier} {parcel.tracking_no}" for parcel in grounds.parcels]
    return f"{_words(grounds.reason.value).capitalize()}, return {rma_id}: {', '.join(claimed[:_LINES])}."


def _words(code: str) -> str:
    return code.replace("_", " ")
