"""The wheel as others install it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "histories", "*.pyc")


def packages() -> list[str]:
    """The top-level packages that are ours to ship."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [name.removesuffix("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]


def build_wheel(folder: Path) -> Path:
    """Build the wheel offline from a copy, so that nothing is left in the source tree and nothing old gets in."""
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=_NOT_SOURCE)
    command = [sys.executable, "-c", "from setuptools import build_meta; build_meta.build_wheel('..')"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def run_installed(site: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python where the packages of ours are those of `site` only.

    Without `-S` the .pth file of an editable install would find in the checkout what the wheel lacks. Of pytest's
    plugins only those load that are asked for, as where nothing but the extra is installed.
    """
    path = os.pathsep.join([str(site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "RETURNFLOW"))
    }
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        cwd=cwd,
        env=inherited | {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
