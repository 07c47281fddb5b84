"""The commands of every workflow are the committed ones, or the change is gated or acknowledged first."""

import pytest
from temporalio import workflow

from tests.fingerprint.committed import FOLDER, ROOT, changes, unacknowledged
from workers.registry import WORKFLOWS


def test_the_commands_are_those_of_the_committed_fingerprints() -> None:
    found = changes(ROOT)
    if found:
        pytest.fail("\n".join(change.told() for change in found), pytrace=False)


def test_every_fingerprint_is_acknowledged() -> None:
    written_by_hand = unacknowledged()
    assert not written_by_hand, "take the fingerprint with make fingerprint, which says why it changed"


def test_every_registered_workflow_has_a_fingerprint() -> None:
    registered = {workflow._Definition.must_from_class(kind).name for kind in WORKFLOWS}
    assert {file.stem for file in (ROOT / FOLDER).glob("*.txt")} == registered
