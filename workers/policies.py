"""The policy versions that a worker knows, read from files."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from domain.application import Locale
from domain.messages import MessageTexts
from domain.policy import Policy, parse_policy


@dataclass(frozen=True)
class Policies:
    """Every version that a return may be on, and the one that new returns open under."""

    by_version: dict[str, Policy]
    current: Policy


def load_policies(current_file: Path | None, older_files: tuple[Path, ...] = ()) -> Policies:
    """Read the policies.

    Raises:
        ValueError: If a file is missing or wrong, naming it, or two files share a version.
    """
    standard = resources.files("policy").joinpath("standard.toml")
    texts = [("the standard policy", standard.read_text("utf-8"))] if current_file is None else []
    for path in [*([current_file] if current_file else []), *older_files]:
        try:
            texts.append((str(path), path.read_text("utf-8")))
        except OSError as error:
            raise ValueError(f"policy {path}: {error.strerror}") from error
    by_version: dict[str, Policy] = {}
    current = None
    for name, text in texts:
        try:
            policy = parse_policy(text)
        except ValueError as error:
            raise ValueError(f"policy {name}: {error}") from error
        if policy.version in by_version:
            raise ValueError(f"policy {name}: version {policy.version} is in two files")
        by_version[policy.version] = policy
        current = current or policy
    assert current is not None
    return Policies(by_version, current)


def load_message_texts() -> MessageTexts:
    """Read the texts of messages that are part of the package."""
    folder = resources.files("policy").joinpath("messages")
    return MessageTexts.parse(
        {locale: folder.joinpath(f"{locale.value}.toml").read_text("utf-8") for locale in Locale}
    )
