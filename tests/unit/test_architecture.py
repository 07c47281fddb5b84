"""Imports point one way: towards the domain. What workflow code may import besides: `test_determinism_rules`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "domain": set(),
    "policy": {"domain"},
    "workflows": {"domain"},
    "adapters": {"domain"},
    "ledger": {"domain"},
    "activities": {"adapters", "ledger", "domain"},
    "workers": {"activities", "adapters", "ledger", "domain", "policy", "workflows", "starters"},
    "starters": {"domain", "policy", "workflows", "ledger", "adapters", "demo", "replay", "chaos"},
    "sandbox": {"domain"},
    "replay": {"domain", "workflows", "workers", "starters"},
    "demo": {"domain", "starters", "workflows"},
    "chaos": {"domain", "policy", "starters", "workflows", "ledger", "replay"},
    "testkit": {
        *(
            "adapters",
            "demo",
            "domain",
            "ledger",
            "policy",
            "replay",
            "sandbox",
            "starters",
            "workers",
            "workflows",
        )
    },
}


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_arrows_point_one_way(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        used = {name.split(".")[0] for name in imports_of(file)} & set(ALLOWED) - {package}
        assert used <= ALLOWED[package], f"{file.relative_to(ROOT)} imports {used - ALLOWED[package]}"


def test_the_domain_knows_nothing_of_temporal() -> None:
    for file in (ROOT / "domain").rglob("*.py"):
        assert not any(name.startswith("temporalio") for name in imports_of(file)), file


def test_starters_reach_of_the_ledger_only_its_door() -> None:
    for file in (ROOT / "starters").rglob("*.py"):
        doors = {name for name in imports_of(file) if name.startswith("ledger")}
        assert doors <= {"ledger.ledger", "ledger.schema", "ledger.errors"}, file


def test_starters_reach_of_the_adapters_only_what_reads_reports() -> None:
    for file in (ROOT / "starters").rglob("*.py"):
        used = {name for name in imports_of(file) if name.startswith("adapters")}
        assert used <= {"adapters.payment.providers", "adapters.payment.reports", "adapters.signatures"}, file
