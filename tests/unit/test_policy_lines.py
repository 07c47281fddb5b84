"""Every key of a TOML text is found in its line."""

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.lines import Path, key_lines, line_of

TEXT = '''# a comment with [brackets] and key = 1
version = "a # no comment"   # a comment
"quoted key" = 1
a.b.'c d' = 2
list = [
  "one", # with a "quote
  { x = 1, y = [2,
    3] },
]
long = """
[no.table]
no = 1 \\""" ""
"""
raw = \'\'\'x = "\'\'\'
[table]
key = 2026-11-11
[table.below]
key = 1.5
[[rows]]
name = "first"
[[rows]]
name = "second"
[rows.inner]
deep = true
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 2),
        (("quoted key",), 3),
        (("a",), 4),
        (("a", "b", "c d"), 4),
        (("list",), 5),
        (("list", 0), 6),
        (("list", 1), 7),
        (("list", 1, "y"), 7),
        (("list", 1, "y", 1), 8),
        (("long",), 10),
        (("raw",), 14),
        (("table",), 15),
        (("table", "key"), 16),
        (("table", "below", "key"), 18),
        (("rows",), 19),
        (("rows", 0, "name"), 20),
        (("rows", 1), 21),
        (("rows", 1, "name"), 22),
        (("rows", 1, "inner", "deep"), 24),
        (("rows", 1, "missing"), 21),
        (("table", "below", "missing"), 17),
        (("missing",), 1),
    ],
)
def test_the_line_of_a_key(path: Path, line: int) -> None:
    assert line_of(TEXT, path) == line


def paths_of(content: Any, path: Path = ()) -> set[Path]:
    items = content.items() if isinstance(content, dict) else enumerate(content)
    found = {path} - {()}
    for key, value in items:
        below = (*path, key)
        found |= paths_of(value, below) if isinstance(value, dict | list) else {below}
    return found


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.rstrip(),
        files("policy").joinpath("standard.toml").read_text("utf-8"),
    ],
)
def test_every_path_of_a_document_has_a_line(text: str) -> None:
    assert set(key_lines(text)) == paths_of(tomllib.loads(text))


KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
VALUES = st.recursive(
    st.sampled_from(
        ["1", "-2.5", '"x"', '"a # b = [c]"', "'[t]'", '"""\nx = 1\n"""', "true", "2026-11-11", '"\\""']
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS, inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), max_size=4))
def test_any_document_is_mapped_as_tomllib_reads_it(tables: dict[str, dict[str, str]]) -> None:
    lines = []
    for name, pairs in tables.items():
        lines += [f"[{name}] # a = 1", *(f"{key} = {value}" for key, value in pairs.items())]
    text = "\n".join(lines)
    found = key_lines(text)
    assert set(found) == paths_of(tomllib.loads(text))
    for path, line in found.items():
        if len(path) == 2:
            assert text.splitlines()[line - 1].startswith(f"{path[1]} =")
