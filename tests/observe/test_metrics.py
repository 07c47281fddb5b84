"""Dashboard and alerts name what a running worker and API expose, and an alert says what to do."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import typer
import yaml

from starters.cli import main as entry
from tests.observe.conftest import ROOT, Told
from tests.observe.exposition import label_sets, missing, samples
from tests.observe.play import PLANTED

DEPLOY = ROOT / "deploy"
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "grafana" / "returnflow.json").read_text("utf-8"))
QUERIES = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]
# Nothing fails while the returns are played.
NOT_PLAYED = {'returnflow_api_requests_total{status="5xx"}'}
ROLES = {"oncall", "supervisor", "warehouse_supervisor"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_names_what_is_exposed(rule: dict[str, Any], told: Told) -> None:
    assert set(missing(rule["expr"], label_sets(told.metrics))) <= NOT_PLAYED


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_a_panel_names_what_is_exposed(title: str, query: str, told: Told) -> None:
    assert missing(query, label_sets(told.metrics)) == []


def test_what_is_not_exposed_is_found() -> None:
    exposed = {"returnflow_waiting": [{"role": "customer"}]}
    assert missing("max by (stage) (returnflow_waiting)", exposed) == ["stage"]
    assert missing('returnflow_waiting{role="nobody"}', exposed) == ['returnflow_waiting{role="nobody"}']
    assert missing("rate(returnflow_awaited_total[5m])", exposed) == ["returnflow_awaited_total"]


def test_what_was_played_was_counted_once(told: Told) -> None:
    counted = {
        (name, *(labels.get(key, "") for key in ("remedy", "stage", "header", "outcome", "currency"))): value
        for name, labels, value in samples(told.metrics)
    }
    assert counted["returnflow_returns_opened_total", "cancel_order", "", "", "", ""] == 1
    assert counted["returnflow_returns_opened_total", "return_and_refund", "", "", "", ""] == 2
    assert counted["returnflow_stage_reached_total", "", "inspection", "", "", ""] == 2
    assert counted["returnflow_returns_closed_total", "", "", "COMPLETED", "", ""] == 2
    assert counted["returnflow_inspection_breaches_total", "", "", "", "", ""] == 1
    assert counted["returnflow_coupons_issued_total", "", "", "", "", "CNY"] == 1
    assert counted["returnflow_payments_total", "", "", "", "unknown", ""] == 1
    assert counted["returnflow_payments_total", "", "", "", "paid", ""] == 2
    assert counted["returnflow_clock_lateness_seconds_count", "", "", "", "", ""] == 1


def test_what_waits_is_counted(told: Told) -> None:
    shown = {(name, *labels.values()): value for name, labels, value in samples(told.metrics)}
    assert shown["returnflow_waiting", "warehouse"] >= 1
    assert shown["returnflow_returns_open", "inspection"] >= 1


def test_metrics_have_no_personal_data_and_few_series(told: Told) -> None:
    assert PLANTED not in told.metrics
    assert "RMA-" not in told.metrics
    ours = [name for name, _, _ in samples(told.metrics) if name.startswith("returnflow_")]
    assert len(ours) < 150


def test_every_metric_of_ours_is_documented(told: Told) -> None:
    text = (ROOT / "docs" / "ops.md").read_text("utf-8")
    families = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for name, _, _ in samples(told.metrics)
        if name.startswith("returnflow_")
    }
    assert {name for name in families if f"`{name}`" not in text} == set()
    assert {rule["alert"] for rule in RULES if f"`{rule['alert']}`" not in text} == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_whom_it_wakes_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["labels"]["role"] in ROLES
    assert rule["annotations"]["summary"]
    commands = [text for text in re.findall(r"`([^`]+)`", rule["annotations"]["do"]) if " " in text]
    ours = [command.split()[1:] for command in commands if command.startswith("returns ")]
    assert ours or any(command.startswith("temporal ") for command in commands)
    for words in ours:
        assert _is_a_command(words), words


def test_the_dashboard_stands_on_the_datasource_that_is_provisioned() -> None:
    provisioned = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8"))
    known = {source["uid"] for source in provisioned["datasources"]}
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert used == known
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "query", [*(rule["expr"] for rule in RULES), *(query for _, query in QUERIES)], ids=lambda query: query[:40]
)
def test_a_query_is_promql(query: str) -> None:
    promql_parser.parse(query.replace("$__rate_interval", "5m"))


def test_what_is_not_promql_is_found() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("sum(rate(returnflow_returns_opened_total[5m])")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("what", "file"),
    [
        (("check", "config"), DEPLOY / "prometheus" / "prometheus.yml"),
        (("test", "rules"), ROOT / "tests" / "observe" / "alerts.test.yml"),
    ],
    ids=["config", "rules"],
)
def test_prometheus_takes_it(what: tuple[str, str], file: Path) -> None:
    assert shutil.which("promtool"), "install it first (Debian: apt install prometheus)"
    done = subprocess.run(["promtool", *what, str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def _is_a_command(words: list[str]) -> bool:
    groups: dict[str, set[str]] = {command: set() for command in _commands(entry.app)}
    for group in entry.app.registered_groups:
        assert group.typer_instance is not None
        groups[group.name or group.typer_instance.info.name or ""] = set(_commands(group.typer_instance))
    name, *rest = words
    return name in groups and (not groups[name] or bool(rest and rest[0] in groups[name]))


def _commands(app: typer.Typer) -> Iterator[str]:
    yield from (command.name for command in app.registered_commands if command.name)
