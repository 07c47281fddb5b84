"""`returns policy check`, `show` and `dry-run`."""

from importlib.resources import files
from pathlib import Path

import pytest

from tests.unit.test_cli_support import Cli

HISTORIES = str(Path(__file__).parents[1] / "replay" / "histories")
STANDARD = files("policy").joinpath("standard.toml").read_text("utf-8")


@pytest.fixture
def cli() -> Cli:
    return Cli()


def written(folder: Path, *changes: tuple[str, str]) -> str:
    text = STANDARD.replace('version = "2026-11-2"', 'version = "new"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "policy.toml"
    file.write_text(text, "utf-8")
    return str(file)


def test_a_policy_that_is_fine(cli: Cli, tmp_path: Path) -> None:
    outcome = cli.run("policy", "check", written(tmp_path))
    assert (outcome.code, outcome.err) == (0, "")
    assert "policy new is fine" in outcome.out
    assert cli.run("policy", "check", written(tmp_path), "--json").json == {
        "valid": True,
        "version": "new",
        "problems": [],
    }


def test_every_fault_of_a_policy_is_told_by_its_line(cli: Cli, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        ("return_window_days = 7", "return_window_days = 6"),
        ('inspection = "PT48H"', 'inspection = "soon"'),
    )
    lines = Path(file).read_text("utf-8").splitlines()
    numbers = [lines.index(text) + 1 for text in ("return_window_days = 6", 'inspection = "soon"')]
    outcome = cli.run("policy", "check", file)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.splitlines()[0] == f"{file}:{numbers[0]}: return_window_days: is 6"
    assert outcome.err.splitlines()[1] == "  write 7 or more"
    assert outcome.err.splitlines()[2].startswith(f"{file}:{numbers[1]}: clocks.inspection: is 'soon': ")
    assert outcome.err.splitlines()[3] == "  write a duration in ISO 8601, such as PT48H or P7D"
    answer = cli.run("policy", "check", file, "--json")
    assert answer.code == 1
    assert [problem["line"] for problem in answer.json["problems"]] == numbers


def test_a_file_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    outcome = cli.run("policy", "check", str(tmp_path / "none.toml"))
    assert (outcome.code, outcome.out) == (1, "")
    assert "No such file" in outcome.err
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"a = 1\n\xff")
    assert f"{binary}:2: is not UTF-8" in cli.run("policy", "check", str(binary)).err


def test_the_packaged_versions_are_shown_with_their_defaults(cli: Cli) -> None:
    assert "return_window_days" in cli.run("policy", "show").out
    older = cli.run("policy", "show", "2026-11-1", "--json").json
    assert (older["version"], older["windows"]["anchor"]) == ("2026-11-1", "delivery")


def test_a_version_that_is_not_known_is_told_with_those_that_are(cli: Cli) -> None:
    outcome = cli.run("policy", "show", "1999")
    assert (outcome.code, outcome.out) == (1, "")
    assert "2026-11-1, " in outcome.err


def test_a_shops_own_version_is_shown(cli: Cli, tmp_path: Path) -> None:
    outcome = cli.run("policy", "show", "new", "--older", written(tmp_path), "--json")
    assert outcome.json["version"] == "new"


def test_a_dry_run_reports_decisions_refunds_and_costs(cli: Cli, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        ('inspection = "PT48H"', 'inspection = "PT72H"'),
        ("return_freight_minor = 0", "return_freight_minor = 1000"),
    )
    outcome = cli.run("policy", "dry-run", file, "--histories", HISTORIES)
    assert (outcome.code, outcome.err) == (0, "")
    assert "CN¥56.66" in outcome.out
    assert "coupons for late inspections" in outcome.out
    assert "it is no return but ReconciliationWorkflow" in outcome.out
    answer = cli.run("policy", "dry-run", file, "--histories", HISTORIES, "--json").json
    late = next(each for each in answer["changed"] if each["before"]["coupon_minor"])
    assert (late["before"]["refund_minor"], late["after"]["refund_minor"]) == (6666, 5666)
    assert (late["before"]["coupon_minor"], late["after"]["coupon_minor"]) == (5000, 0)


def test_a_dry_run_of_the_standard_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    answer = cli.run("policy", "dry-run", written(tmp_path), "--histories", HISTORIES, "--json")
    assert (answer.code, answer.json["changed"]) == (0, [])
    assert answer.json["compared"] >= 10


def test_a_dry_run_needs_a_policy_and_a_folder(cli: Cli, tmp_path: Path) -> None:
    broken = written(tmp_path, ("return_window_days = 7", "return_window_days = 6"))
    outcome = cli.run("policy", "dry-run", broken, "--histories", HISTORIES)
    assert (outcome.code, outcome.out) == (1, "")
    assert "return_window_days: is 6" in outcome.err
    outcome = cli.run("policy", "dry-run", written(tmp_path), "--histories", str(tmp_path / "none"))
    assert (outcome.code, outcome.out) == (1, "")
    assert "is no folder" in outcome.err
