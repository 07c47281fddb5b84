"""Which parcel an action is for: the one that is named, or else the only one that allows it."""

from domain.actions import Action, allows_for_parcel
from workflows.case import ReturnCase
from workflows.contracts import ParcelRequest
from workflows.parcel import Parcel
from workflows.validation.rules import ACTION_NOT_ALLOWED, INVALID_ACTION, allowed, refuse


def allowed_parcel(
    case: ReturnCase, action: Action, request: ParcelRequest, tracking_no: str | None = None
) -> Parcel:
    """Find the parcel; refuse what it does not allow now, and an action that several parcels allow.

    Args:
        case: The return.
        action: What is done.
        request: Its input, which may name the parcel by its number.
        tracking_no: A tracking number that may name it instead.
    """
    allowed(case, action, request)
    parcel = _named(case, request.parcel, tracking_no)
    if parcel is None:
        return _only_one(case, action)
    if not allows_for_parcel(case.standing(parcel), action):
        refuse(
            ACTION_NOT_ALLOWED,
            "parcel",
            f"Parcel {parcel.number} is {parcel.logistics.value} and does not allow {action.value}. "
            f"Parcels that do: {_listed(_allowing(case, action))}.",
        )
    return parcel


def _named(case: ReturnCase, number: int | None, tracking_no: str | None) -> Parcel | None:
    if number is not None:
        parcel = next((parcel for parcel in case.parcels if parcel.number == number), None)
        if parcel is None:
            refuse(INVALID_ACTION, "parcel", f"The return has the parcels {_listed(list(case.parcels))}.")
        return parcel
    if tracking_no is None:
        return None
    return next((parcel for parcel in case.parcels if parcel.follows(tracking_no)), None)


def _only_one(case: ReturnCase, action: Action) -> Parcel:
    parcels = _allowing(case, action)
    if len(parcels) > 1:
        refuse(
            INVALID_ACTION,
            "parcel",
            f"Several parcels allow {action.value}; name one of them: {_listed(parcels)}.",
        )
    return parcels[0]


def _allowing(case: ReturnCase, action: Action) -> list[Parcel]:
    return [parcel for parcel in case.parcels if allows_for_parcel(case.standing(parcel), action)]


def _listed(parcels: list[Parcel]) -> str:
    return ", ".join(
        f"{parcel.number} ({parcel.carrier} {parcel.tracking_no})" if parcel.tracking_no else str(parcel.number)
        for parcel in parcels
    )
