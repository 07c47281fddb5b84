"""The code blocks of the guides, so that what they show is what the tests run."""

import re
from pathlib import Path

_NAMED = re.compile(r"^```(?:python|toml) (?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def named_blocks(guide: Path) -> dict[str, str]:
    """The blocks of a guide that are files: those with a name beside their language."""
    return {block["name"]: block["text"] for block in _NAMED.finditer(guide.read_text("utf-8"))}
