"""The client and the contracts need the base dependencies only, and each process what its extra brings."""

import subprocess
import sys
import tomllib
from contextlib import suppress
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
            raise ModuleNotFoundError(f"{name} is not brought", name=name)

refused = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Refuse())
for module in sys.argv[2:]:
    importlib.import_module(module)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def brought_by(extra: str) -> set[str]:
    """The distributions that an installation with an extra brings, theirs included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    texts = [*project["dependencies"], *optional.get(extra, [])]
    found: set[str] = set()
    while texts:
        requirement = Requirement(texts.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name == project["name"]:
            texts += [text for name in requirement.extras for text in optional[name]]
        elif (name := canonicalize_name(requirement.name)) not in found:
            found.add(name)
            with suppress(PackageNotFoundError):
                texts += requires(name) or []
    return found


def import_where_only_is(extra: str, *modules: str) -> "subprocess.CompletedProcess[str]":
    """Import modules of ours in a process that refuses every package but those that an extra brings."""
    allowed = brought_by(extra)
    refused = {
        package
        for package, distributions in packages_distributions().items()
        if not allowed & {canonicalize_name(each) for each in distributions} and not (ROOT / package).is_dir()
    }
    command = [sys.executable, "-c", PROGRAM, ",".join(refused), *modules]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_client_runs_on_the_base_dependencies() -> None:
    done = import_where_only_is("", *PUBLIC)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not loaded & {"babel", "chinese_calendar", "holidays", "httpx", "sqlalchemy", "structlog", "typer"}
    assert not loaded & {"activities", "adapters", "demo", "ledger", "policy", "sandbox", "testkit", "workers"}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("extra", "module"),
    [
        ("words", "domain.worksheet_words"),
        ("warehouse", "starters.receiving_client"),
        ("worker", "workers.main"),
        ("api", "starters.api.main"),
        ("tracing", "starters.otlp"),
        ("api", "sandbox.__main__"),
        ("cli", "starters.cli.main"),
        ("testkit", "testkit.plugin"),
    ],
)
def test_an_extra_brings_what_its_part_needs(extra: str, module: str) -> None:
    done = import_where_only_is(extra, module)
    assert done.returncode == 0, done.stderr


def test_what_needs_more_is_noticed() -> None:
    done = import_where_only_is("", "domain.money_text")
    assert done.returncode == 1
    assert "babel is not brought" in done.stderr


def test_the_command_says_what_to_install_where_only_the_client_is() -> None:
    done = import_where_only_is("", "starters.cli.entry")
    assert (done.returncode, done.stdout) == (1, "")
    assert 'pip install "returnflow[cli]"' in done.stderr
