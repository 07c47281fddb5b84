"""The policy versions at hand: those of this package, and a shop's own files."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from domain.application import Locale
from domain.explanations import Explanations, ReasonTexts
from domain.policy import Policy, parse_policy


@dataclass(frozen=True)
class Policies:
    """Every version that a return may be on, and the one that new returns open under."""

    by_version: dict[str, Policy]
    current: Policy


def load_policies(current_file: Path | None, older_files: Sequence[Path] = ()) -> Policies:
    """Read the policies. The packaged versions are always known, so that an upgrade strands no open return.

    Args:
        current_file: The policy that new returns open under; None takes the packaged standard.
        older_files: Versions that open returns may still be on. A shop's file comes before a packaged version
            of the same name.

    Raises:
        ValueError: If a file is missing or wrong, naming it, or two files share a version.
    """
    packaged = _packaged()
    current = read_policy(current_file) if current_file else packaged[0]
    own = {current.version: current} if current_file else {}
    for path in older_files:
        policy = read_policy(path)
        if policy.version in own:
            raise ValueError(f"policy {path}: version {policy.version} is in two files")
        own[policy.version] = policy
    return Policies({policy.version: policy for policy in packaged} | own, current)


def read_policy(path: Path) -> Policy:
    """Read one file.

    Raises:
        ValueError: If it is missing or wrong; it names the file and the line.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"policy {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"policy {path}: is not UTF-8") from error
    try:
        return parse_policy(text)
    except ValueError as error:
        raise ValueError(f"policy {path}: {error}") from error


def load_explanations() -> Explanations:
    """Read the sentences that explain decisions, which are part of the package."""
    folder = resources.files("policy").joinpath("reasons")
    return Explanations(
        {
            locale: ReasonTexts.parse(folder.joinpath(f"{locale.value}.toml").read_text("utf-8"))
            for locale in Locale
        }
    )


def _packaged() -> list[Policy]:
    """The standard, and the versions before it."""
    folder = resources.files("policy")
    older = [file for file in folder.joinpath("older").iterdir() if file.name.endswith(".toml")]
    return [parse_policy(file.read_text("utf-8")) for file in [folder.joinpath("standard.toml"), *older]]
