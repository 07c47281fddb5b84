import re
import zipfile
from pathlib import Path

import pytest

from tests.docs.blocks import named_blocks
from tests.packaging.wheels import ROOT, build_wheel, packages, run_installed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """A folder of packages with the wheel in it."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_the_wheel_has_every_module_and_data_file_and_no_test(wheel: Path) -> None:
    ours = {
        str(file.relative_to(ROOT))
        for package in packages()
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == ours
    assert {"policy/standard.toml", "demo/stories/everyday.toml", "ledger/migrations/script.py.mako"} < packed


def test_every_package_is_shipped() -> None:
    here = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert here - {"bench", "tests"} == set(packages())


@pytest.mark.deep
def test_another_project_tests_with_the_plugin_of_the_wheel(site: Path, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    project.mkdir()
    for name, text in named_blocks(ROOT / "docs" / "testing.md").items():
        (project / name).write_text(text, encoding="utf-8")
    done = run_installed(site, "-m", "pytest", "-q", "-p", "pytest_asyncio.plugin", cwd=project)
    # Not the exit code: Temporal's client may abort the process after its end, see starters/process.py.
    assert re.search(r"^2 passed in ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert (project / "histories" / "delivered.json").stat().st_size > 10_000
