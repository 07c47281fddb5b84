"""A worker refuses to start on missing or contradictory settings, and says which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = {
    "RETURNFLOW_LEDGER_URL": "sqlite:///{folder}/ledger.db",
    "RETURNFLOW_PROVIDERS_URL": "http://127.0.0.1:9",
}


def start(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RETURNFLOW_")}
    settings = {name: value.format(folder=folder) for name, value in (GOOD | changes).items()}
    return subprocess.run(
        [sys.executable, "-m", "workers.main"],
        env=environment | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"RETURNFLOW_LEDGER_URL": "", "RETURNFLOW_PROVIDERS_URL": " "}, "RETURNFLOW_LEDGER_URL"),
        ({"RETURNFLOW_PROVIDERS_URL": "ftp://shop"}, "RETURNFLOW_PROVIDERS_URL: "),
        ({"RETURNFLOW_PROVIDER_TIMEOUT_SECONDS": "30"}, "RETURNFLOW_PROVIDER_TIMEOUT_SECONDS"),
        ({"RETURNFLOW_POLICY_FILE": "{folder}/none.toml"}, "none.toml: No such file"),
        ({"RETURNFLOW_OLDER_POLICY_FILES": "a.toml"}, "RETURNFLOW_OLDER_POLICY_FILES: must be a JSON list"),
        ({"RETURNFLOW_OLDER_POLICY_FILES": '["{folder}/none.toml"]'}, "none.toml: No such file"),
        ({"RETURNFLOW_LEDGER_URL": "ledger of s3cret"}, "RETURNFLOW_LEDGER_URL: is no database URL"),
        ({"RETURNFLOW_LEDGER_URL": "sqlite://"}, "RETURNFLOW_LEDGER_URL: "),
        ({}, "returns setup"),
    ],
    ids=[
        *("missing", "not_http", "longer_than_the_activity", "no_policy", "no_list", "no_older_policy"),
        *("no_url", "in_memory", "no_schema"),
    ],
)
def test_the_worker_names_what_is_wrong(changes: dict[str, str], named: str, tmp_path: Path) -> None:
    process = start(tmp_path, **changes)
    assert process.returncode == 2
    assert named in process.stderr
    assert "Traceback" not in process.stderr
    assert "s3cret" not in process.stderr
