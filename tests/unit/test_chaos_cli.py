"""What `returns chaos` refuses, and that it loads nothing that other commands would wait for."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from chaos.refusals import NotASandbox
from chaos.staging import require_sandbox
from sandbox.server import running_sandbox
from starters.cli.main import app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_sandbox() as url:
        yield url


async def test_a_sandbox_is_known_as_one(url: str) -> None:
    await require_sandbox(url)


@pytest.mark.parametrize("wrong", ["http://127.0.0.1:9", "{url}/healthz"])
async def test_what_is_not_the_sandbox_is_refused(url: str, wrong: str) -> None:
    with pytest.raises(NotASandbox, match="Nothing was done"):
        await require_sandbox(wrong.format(url=url))


def test_a_platform_that_is_not_a_sandbox_ends_the_command_before_anything_is_sent() -> None:
    asked = ["chaos", "--api", "http://127.0.0.1:9", "--sandbox", "http://127.0.0.1:9", "--seed", "1"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    assert "There is no sandbox at http://127.0.0.1:9" in result.stderr


def test_the_api_and_its_sandbox_are_named_together() -> None:
    result = CliRunner().invoke(app, ["chaos", "--api", "http://127.0.0.1:9"])
    assert result.exit_code == 2
    assert "--sandbox" in result.stderr


def test_other_commands_do_not_load_it() -> None:
    heavy = "{'chaos.run', 'chaos.report', 'replay.replaying'}"
    code = f"import sys, starters.cli.main; sys.exit(bool({heavy} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
