"""The tool that tries the gates still works: a few edits of each sort."""

import subprocess
import sys

import pytest

from tests.fingerprint.committed import ROOT


@pytest.mark.deep
def test_a_few_edits_are_judged_rightly() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutations", "--short"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = ran.stdout.splitlines()
    assert sum(" caught " in row and " silent " not in row for row in rows) == 3, ran.stdout
    assert sum(row.count(" silent ") for row in rows) == 2, ran.stdout
