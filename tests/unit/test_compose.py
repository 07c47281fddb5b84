"""The compose file starts what exists: commands of the CLI, settings that the processes read, no secrets."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from starters.api.settings import ApiSettings
from starters.cli import main as entry
from workers.settings import WorkerSettings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("setup", "sandbox", "worker", "api")


def settings_of(model: Any) -> set[str]:
    return {f"RETURNFLOW_{name.upper()}" for name in model.model_fields}


@pytest.mark.parametrize("service", OURS)
def test_a_service_runs_a_command_of_the_cli(service: str) -> None:
    commands = {command.name for command in entry.app.registered_commands}
    assert COMPOSE["services"][service]["command"][0] in commands


@pytest.mark.parametrize("service", OURS)
def test_a_service_is_given_settings_that_are_read(service: str) -> None:
    known = settings_of(WorkerSettings) | settings_of(ApiSettings)
    given = COMPOSE["services"][service]["environment"]
    assert {name for name in given if name.startswith("RETURNFLOW_")} <= known


def test_images_are_pinned_and_secrets_come_from_outside() -> None:
    for service in COMPOSE["services"].values():
        assert re.search(r":v?\d", service["image"])
        for name, value in service.get("environment", {}).items():
            if name.endswith(("SECRET", "TOKEN")):
                assert re.fullmatch(r"\$\{\w+:\?.+\}", value), f"{name} must come from the environment"


def test_the_image_has_every_package_but_those_of_tests() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) \1$", text, re.M))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "testkit"}
    assert copied == packages
