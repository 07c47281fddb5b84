"""The compose file and what it mounts: it starts what exists, with settings that are read, without secrets."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.payment.providers import PAYMENT_PROVIDERS
from starters.api.settings import ApiSettings
from starters.cli import main as entry
from workers.settings import WorkerSettings
from workflows.roles import ALL_ROLES, WorkerRole

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
WORKERS = sorted(name for name, service in SERVICES.items() if service.get("command") == ["worker"])
OURS = sorted(name for name, service in SERVICES.items() if service["image"].startswith("returnflow:"))
SCRAPED = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
GUIDE = (ROOT / "docs" / "production.md").read_text("utf-8")

KEYS = {
    *("image", "build", "command", "entrypoint", "environment", "restart", "networks", "volumes", "ports"),
    *("depends_on", "healthcheck", "stop_grace_period", "shm_size"),
}
"""What a service of ours may say; each is a key of the compose specification."""

SECRET = re.compile(r"(PASSWORD|SECRET|TOKEN)$")
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]*\}")


def settings_of(model: Any) -> set[str]:
    return {f"RETURNFLOW_{name.upper()}" for name in model.model_fields}


def roles_of(service: dict[str, Any]) -> set[str]:
    return set(service["environment"].get("RETURNFLOW_WORKER_ROLES", "").split(",")) - {""}


def test_the_file_has_the_parts_of_a_compose_file_only() -> None:
    assert {name for name in COMPOSE if not name.startswith("x-")} == {"name", "services", "volumes"}
    for name, service in SERVICES.items():
        assert service.keys() <= KEYS, name
        assert service["restart"] == "unless-stopped" or re.fullmatch(r"on-failure:\d+", service["restart"]), name
        assert all(isinstance(value, str) for value in service.get("environment", {}).values()), name


@pytest.mark.parametrize("service", OURS)
def test_a_service_runs_a_command_of_the_cli(service: str) -> None:
    commands = {command.name for command in entry.app.registered_commands}
    assert SERVICES[service]["command"][0] in commands


@pytest.mark.parametrize("service", OURS)
def test_a_service_is_given_settings_that_are_read(service: str) -> None:
    known = set[str]().union(*map(settings_of, (WorkerSettings, ApiSettings, *PAYMENT_PROVIDERS.values())))
    given = SERVICES[service]["environment"]
    assert {name for name in given if name.startswith("RETURNFLOW_")} <= known


def test_the_workers_do_everything_and_nothing_twice() -> None:
    roles = {name: roles_of(SERVICES[name]) for name in WORKERS}
    assert sorted(role for each in roles.values() for role in each) == sorted(ALL_ROLES)
    assert {WorkerRole.PAYMENT.value} in roles.values()


def test_prometheus_finds_every_worker_however_many_and_the_api() -> None:
    jobs = {job["job_name"]: job for job in SCRAPED["scrape_configs"]}
    (found,) = jobs["returnflow-worker"]["dns_sd_configs"]
    assert sorted(found["names"]) == WORKERS
    listening = {SERVICES[name]["environment"]["RETURNFLOW_METRICS_ADDRESS"] for name in WORKERS}
    assert listening == {f"0.0.0.0:{found['port']}"}
    (api,) = jobs["returnflow-api"]["static_configs"]
    name, _, port = api["targets"][0].partition(":")
    assert SERVICES[name]["environment"]["RETURNFLOW_API_METRICS_ADDRESS"] == f"0.0.0.0:{port}"


def test_who_waits_for_another_waits_for_something_that_will_come() -> None:
    for name, service in SERVICES.items():
        waits = service.get("depends_on", {})
        for other, how in waits.items() if isinstance(waits, dict) else ((each, {}) for each in waits):
            assert other in SERVICES, name
            if how.get("condition") == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for the health of {other}"
            if how.get("condition") == "service_completed_successfully":
                assert SERVICES[other]["restart"].startswith("on-failure"), f"{other} would start again for ever"


def test_our_image_is_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"returnflow:{project['version']}"}


def test_images_are_pinned() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":v?\d+\.\d+\.?\d*(-\w+)?$", service["image"]), name


def test_secrets_come_from_outside_and_say_how_to_make_one() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) or "@" in value:
                assert REQUIRED.search(value), f"{name}: {variable} must come from the environment"
    text = FILE.read_text("utf-8")
    assert not re.search(r"\$\{\w+(?!\w|:\?)", text), "a variable without a word on how to make it"


def test_every_variable_and_service_is_in_the_guide() -> None:
    for variable in set(REQUIRED.findall(FILE.read_text("utf-8"))):
        assert f"`{variable}`" in GUIDE, variable
    for name in SERVICES:
        assert f"`{name}`" in GUIDE, name


def test_what_listens_is_reached_from_this_machine_only() -> None:
    for name, service in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_what_is_mounted_exists_and_what_is_written_survives() -> None:
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source, target, *mode = mount.split(":")
            if source.startswith("."):
                assert (ROOT / source).exists(), f"{name}: {source}"
                assert mode == ["ro"], f"{name}: {mount}"
            else:
                assert source in COMPOSE["volumes"], f"{name}: {mount}"
            assert target.startswith("/"), mount


def test_every_file_of_the_deployment_is_mounted_or_built() -> None:
    mounted = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    for folder in ("temporal", "postgres"):
        for file in (ROOT / "deploy" / folder).iterdir():
            assert f"./deploy/{folder}/{file.name}" in mounted, file.name


def test_the_server_is_configured_by_what_the_compose_file_gives() -> None:
    template = (ROOT / "deploy" / "temporal" / "server.yaml").read_text("utf-8")
    assert template.startswith("# enable-template\n")
    read = set(re.findall(r'env "(\w+)"', template))
    given = set(SERVICES["temporal"]["environment"]) - {"TEMPORAL_SERVER_CONFIG_FILE_PATH"}
    assert given <= read
    filled = re.sub(r"\{\{ (?:default (\S+) \()?env \"\w+\"\)?(?: \| quote)? \}\}", r"\1", template)
    assert "{{" not in filled
    config = yaml.safe_load(filled)
    stores = config["persistence"]["datastores"]
    assert {stores[name]["sql"]["databaseName"] for name in stores} == {"temporal", "temporal_visibility"}
    created = (ROOT / "deploy" / "postgres" / "databases.sh").read_text("utf-8")
    assert all(f"CREATE DATABASE {stores[name]['sql']['databaseName']} " in created for name in stores)
    assert {"frontend", "history", "matching", "worker"} == config["services"].keys()
    dynamic = yaml.safe_load((ROOT / "deploy" / "temporal" / "dynamicconfig.yaml").read_text("utf-8"))
    assert all(entry.keys() <= {"value", "constraints"} for entries in dynamic.values() for entry in entries)


@pytest.mark.parametrize("script", ["temporal/schema.sh", "temporal/namespace.sh", "postgres/databases.sh"])
def test_a_script_is_given_what_it_needs(script: str) -> None:
    text = (ROOT / "deploy" / script).read_text("utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in text
    (service,) = (
        each for each in SERVICES.values() if any(f"/{script}:" in mount for mount in each.get("volumes", []))
    )
    own = {"name", "kind", "said"}
    assert set(re.findall(r"\$([A-Za-z_]+)", text)) - own <= service["environment"].keys()


def test_the_image_has_every_package_but_those_of_tests() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) \1$", text, re.M))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests", "testkit"}
    assert copied == packages


def test_the_image_does_not_run_as_root() -> None:
    last = (ROOT / "deploy" / "Dockerfile").read_text().rpartition("FROM ")[2]
    assert re.search(r"^USER returnflow$", last, re.M)
