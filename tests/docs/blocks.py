"""The code and the consoles of the guides, so that what they show is what the tests run."""

import re
from pathlib import Path

_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"^```(?:python|toml) (?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def named_blocks(guide: Path) -> dict[str, str]:
    """The blocks of a guide that are files: those with a name beside their language."""
    return {block["name"]: block["text"] for block in _NAMED.finditer(guide.read_text("utf-8"))}


def shown_runs(guide: Path) -> list[tuple[list[str], str]]:
    """What the consoles of a guide show: each command in its words, and its output."""
    consoles = "".join(_CONSOLE.findall(guide.read_text("utf-8")))
    entries = [entry.partition("\n") for entry in re.split(r"^\$ ", consoles, flags=re.MULTILINE)[1:]]
    return [(command.split(), output) for command, _, output in entries]
