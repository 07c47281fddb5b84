"""What is claimed, and on which evidence."""

import pytest

from domain.claims import (
    ClaimedUnits,
    ClaimEvidenceKind,
    ClaimGrounds,
    ClaimParty,
    ClaimReason,
    TrackedParcel,
    claimed_value,
    evidence_for,
    missing_evidence,
)
from domain.policy.claims import ClaimRules
from tests.unit.ledger_builders import NOW, a_line, an_order

ORDER = an_order(lines=(a_line("L1", 3, 1000), a_line("L2", 1, 500)))


def grounds(reason: ClaimReason = ClaimReason.LOST_IN_TRANSIT, **fields: object) -> ClaimGrounds:
    known = {"party": ClaimParty.CARRIER, "reason": reason, "event_at": NOW, **fields}
    return ClaimGrounds.model_validate(known)


@pytest.mark.parametrize(
    ("units", "worth"),
    [({"L1": 1}, 333), ({"L1": 3}, 1000), ({"L1": 2, "L2": 1}, 666 + 500), ({"L9": 1}, 0), ({}, 0)],
)
def test_a_loss_is_worth_what_was_paid_for_it(units: dict[str, int], worth: int) -> None:
    lost = tuple(ClaimedUnits(line_id=line_id, quantity=count) for line_id, count in units.items())
    assert claimed_value(ORDER, grounds(units=lost)) == worth


def test_a_party_that_answers_for_a_part_is_claimed_for_that_part() -> None:
    half = ClaimedUnits(line_id="L1", quantity=3, share_bps=5_001)
    assert claimed_value(ORDER, grounds(units=(half,))) == 500


def test_a_missed_scan_is_worth_what_the_contract_says() -> None:
    assert claimed_value(ORDER, grounds(ClaimReason.SCAN_MISSING, fixed_minor=500)) == 500


def test_each_reason_has_its_evidence() -> None:
    facts = grounds(
        units=(ClaimedUnits(line_id="L1", quantity=1),),
        parcels=(TrackedParcel(carrier="sf", tracking_no="T-1"), TrackedParcel(carrier="sf", tracking_no="T-2")),
    )
    evidence = evidence_for(ORDER, facts, ["R1-refund-1-t0"])
    assert [piece.reference for piece in evidence] == ["O-1 333 CNY", "R1-refund-1-t0", "sf T-1", "sf T-2"]
    assert missing_evidence(ClaimReason.LOST_IN_TRANSIT, evidence) == ()
    assert missing_evidence(ClaimReason.DAMAGED_IN_TRANSIT, evidence) == (ClaimEvidenceKind.PHOTO,)
    assert missing_evidence(ClaimReason.SCAN_MISSING, ()) == (ClaimEvidenceKind.TRACKING,)


def test_a_merchant_names_who_is_claimed_from() -> None:
    rules = ClaimRules.model_validate({"parties": {"damaged_in_transit": "insurer"}})
    assert rules.party(ClaimReason.DAMAGED_IN_TRANSIT) is ClaimParty.INSURER
    assert rules.party(ClaimReason.LOST_IN_TRANSIT) is ClaimParty.CARRIER
