"""`returns deploy`: it asks before it changes anything, and keeps returns before it takes the others away."""

from collections.abc import Sequence
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner, Result

from starters.cli import deploy
from starters.cli.app import app
from starters.cli.session import Session
from starters.deployment import Deployment, Routing


class RecordedDeployment(Deployment):
    """Writes down what it is asked to change."""

    def __init__(self) -> None:
        super().__init__(Mock(), "returnflow", "returnflow")
        self.changes: list[str] = []

    async def routing(self) -> Routing:
        return Routing(token=b"", current="1.5", ramping="", percent=0)

    async def set_current(self, build_id: str, seen: Routing, force: bool = False) -> None:
        self.changes.append(f"current {build_id}")

    async def keep(self, build_id: str, patches: Sequence[str] = ()) -> set[str]:
        self.changes.append(f"keep {build_id} {' '.join(patches)}".strip())
        return {"return/RMA-1"}

    async def kept(self, build_id: str) -> int:
        return 0


class LocalSession(Session):
    def __init__(self) -> None:
        super().__init__()
        self.made = RecordedDeployment()

    async def deployment(self, name: str) -> Deployment:
        return self.made


def run(session: LocalSession, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["deploy", *arguments], obj=session, input=answer)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_CATCH_UP_SECONDS", 0)


@pytest.mark.parametrize("answer", ["n\n", ""], ids=["no", "nobody"])
def test_without_a_yes_nothing_is_changed(answer: str) -> None:
    session = LocalSession()
    done = run(session, "current", "1.6", answer=answer)
    assert (done.exit_code, session.made.changes) == (1, [])
    assert "nothing was changed" in done.output


def test_what_is_kept_is_kept_before_the_others_go() -> None:
    session = LocalSession()
    done = run(session, "current", "1.4", "--keep", "1.5", "--gate", "shelf", answer="y\n")
    assert done.exit_code == 0, done.output
    assert session.made.changes[:2] == ["keep 1.5 shelf", "current 1.4"]
    assert session.made.changes[-1] == "keep 1.5 shelf"
    assert "1 open returns stay with 1.5" in done.output


@pytest.mark.parametrize(
    "wrong",
    [("--keep", "1.4"), ("--keep", "unversioned"), ("--gate", "shelf")],
    ids=["itself", "nobody", "gate_alone"],
)
def test_what_makes_no_sense_is_wrong_usage(wrong: tuple[str, str]) -> None:
    session = LocalSession()
    assert run(session, "current", "1.4", "--yes", *wrong).exit_code == 2
    assert session.made.changes == []
