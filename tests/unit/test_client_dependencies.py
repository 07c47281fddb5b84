"""The typed client, its errors and the contracts need the base dependencies and nothing of the worker's."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PUBLIC = (
    "starters.client",
    "starters.errors",
    "workflows.contracts",
    "workflows.contracts.claims",
    "domain.terms",
)
PROGRAM = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"{name} is no base dependency")

refused = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Refuse())
for module in sys.argv[2:]:
    importlib.import_module(module)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def with_their_own(requirements: list[str]) -> Iterator[str]:
    """The distributions that requirements bring, with those that these require on this machine."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        yield canonicalize_name(requirement.name)
        try:
            yield from with_their_own(requires(requirement.name) or [])
        except PackageNotFoundError:
            continue


def import_where_only_the_base_is(*modules: str) -> "subprocess.CompletedProcess[str]":
    """Import modules of ours in a process that refuses every package but the base dependencies and their own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    allowed = set(with_their_own(project["dependencies"]))
    refused = {
        package
        for package, distributions in packages_distributions().items()
        if not allowed & {canonicalize_name(each) for each in distributions} and not (ROOT / package).is_dir()
    }
    command = [sys.executable, "-c", PROGRAM, ",".join(refused), *modules]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_client_runs_on_the_base_dependencies() -> None:
    done = import_where_only_the_base_is(*PUBLIC)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not loaded & {"babel", "chinese_calendar", "holidays", "httpx", "sqlalchemy", "structlog", "typer"}
    assert not loaded & {"activities", "adapters", "demo", "ledger", "policy", "sandbox", "testkit", "workers"}


@pytest.mark.parametrize(("module", "needed"), [("domain.money_text", "babel"), ("workers.registry", "httpx")])
def test_what_needs_more_is_noticed(module: str, needed: str) -> None:
    done = import_where_only_the_base_is(module)
    assert done.returncode == 1
    assert re.search(rf"{needed}(\.\w+)* is no base dependency", done.stderr), done.stderr
